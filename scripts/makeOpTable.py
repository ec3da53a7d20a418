"""Writes the op definitions of the installed TensorFlow as compact JSON: one op a line.

    python -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0
    venv/bin/python scripts/makeOpTable.py > src/main/savedmodel/opTable.json

An op is [inputs, outputs, attribute defaults, stateful]. An argument is `name:type`, `name*attr:type` for as many tensors as the
integer attribute says, `name*` + `[attr]` for as many as the list of types has; a leading `&` marks a reference; the type is an
attribute's name or a dtype's number. Defaults are in the types of JSON; a dtype is its enum's number, a tensor, shape or function is
left out.
"""

import json

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session


def argument(arg):
    count = f"*{arg.number_attr}" if arg.number_attr else f"*[{arg.type_list_attr}]" if arg.type_list_attr else ""
    kind = "" if arg.type_list_attr else f":{arg.type_attr or arg.type}"
    return f"{'&' if arg.is_ref else ''}{arg.name}{count}{kind}"


def default(value):
    kind = value.WhichOneof("value")
    if kind == "list":
        items = value.list
        for field in ("s", "i", "f", "b", "type"):
            if getattr(items, field):
                return [one.decode("latin1") if field == "s" else one for one in getattr(items, field)]
        return []
    if kind == "s":
        return value.s.decode("latin1")
    if kind in ("i", "f", "b", "type"):
        number = getattr(value, kind)
        return str(number) if isinstance(number, float) and number in (float("inf"), float("-inf")) else number
    return None


def definition(op):
    defaults = {attr.name: default(attr.default_value) for attr in op.attr if attr.HasField("default_value")}
    known = {name: value for name, value in defaults.items() if value is not None}
    parts = [[argument(arg) for arg in op.input_arg], [argument(arg) for arg in op.output_arg], known, 1 if op.is_stateful else 0]
    while parts and parts[-1] in ({}, 0):
        parts.pop()
    return parts


ops = op_def_pb2.OpList()
ops.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
lines = [f"{json.dumps(op.name)}: {json.dumps(definition(op), separators=(',', ':'))}" for op in sorted(ops.op, key=lambda op: op.name)]
print('{\n"release": ' + json.dumps(tf.__version__) + ',\n"ops": {\n' + ",\n".join(lines) + "\n}\n}")
