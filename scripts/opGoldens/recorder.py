"""Runs one op of TensorFlow on given inputs, or a small graph, and keeps what it answers as a line of JSON.

A tensor is [type, shape, values]: values flat, 64-bit integers beyond a double as text, NaN, Infinity and -0 as text, complex numbers
as pairs, bytes that are no UTF-8 as {"b64": ...}. An attribute is [kind, value], the kind by its field's name in AttrValue; those at
their default are left out. An error is [status, message], the message without the node that it names.
"""

import base64
import gzip
import json

import ml_dtypes
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import config_pb2, saved_model_pb2
from tensorflow.python.framework import op_def_registry

CODES = {number: name for name, number in vars(tf.errors).items() if name.isupper() and isinstance(number, int)}
# One thread and no rewriting of graphs: what the op itself answers.
CONFIG = config_pb2.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
CONFIG.graph_options.optimizer_options.opt_level = config_pb2.OptimizerOptions.L0
CONFIG.graph_options.rewrite_options.disable_meta_optimizer = True

lines = {}
skipped = []


def number(value):
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and np.signbit(value):
        return "-0"
    short = float(np.format_float_scientific(value, unique=True)) if not isinstance(value, (float, np.float64)) else float(value)
    return int(short) if short == int(short) and abs(short) < 2**53 else short


def text(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def tensor(array):
    array = np.asarray(array)
    shape = list(array.shape)
    flat = array.reshape(-1)
    if array.dtype.kind in "OSU":
        return ["string", shape, [text(one) for one in flat]]
    if array.dtype.kind == "b":
        return ["bool", shape, [int(one) for one in flat]]
    if array.dtype.kind in "iu":
        return [array.dtype.name, shape, [int(one) if abs(int(one)) < 2**53 else str(int(one)) for one in flat]]
    if array.dtype.kind == "c":
        return [array.dtype.name, shape, [number(part) for one in flat for part in (one.real, one.imag)]]
    if array.dtype.name == "bfloat16":
        flat = flat.astype(np.float32)
        return ["bfloat16", shape, [number(float(one)) for one in flat]]
    return [array.dtype.name, shape, [number(one) for one in flat]]


def dtype_of(array):
    return tf.string if np.asarray(array).dtype.kind in "OSU" else tf.as_dtype(np.asarray(array).dtype)


def set_attr(node, kind, name, value):
    """Sets an attribute of a NodeDef; answers how it is written down."""
    attr = node.attr[name]
    if kind.startswith("list("):
        items = attr.list
        items.SetInParent()
        inner = kind[5:-1]
        if inner == "type":
            items.type.extend(tf.as_dtype(one).as_datatype_enum for one in value)
            return ["types", [tf.as_dtype(one).name for one in value]]
        if inner == "shape":
            for one in value:
                items.shape.add().CopyFrom(tf.TensorShape(one).as_proto())
            return ["shapes", [None if one is None else [-1 if dim is None else dim for dim in one] for one in value]]
        if inner == "string":
            items.s.extend(one.encode() for one in value)
            return ["strings", list(value)]
        getattr(items, inner[0]).extend(value)
        return [{"int": "ints", "float": "floats", "bool": "bools"}[inner], list(value)]
    if kind == "type":
        attr.type = tf.as_dtype(value).as_datatype_enum
        return ["type", tf.as_dtype(value).name]
    if kind == "shape":
        attr.shape.CopyFrom(tf.TensorShape(value).as_proto())
        return ["shape", None if value is None else [-1 if dim is None else dim for dim in value]]
    if kind == "string":
        attr.s = value.encode()
        return ["string", value]
    if kind == "tensor":
        attr.tensor.CopyFrom(tf.make_tensor_proto(value))
        return ["tensor", base64.b64encode(attr.tensor.SerializeToString()).decode()]
    setattr(attr, {"int": "i", "float": "f", "bool": "b"}[kind], value)
    return [kind, value]


def run(session, graph, feeds, fetches, targets=()):
    """The values, or the error as TensorFlow's runtime words it, before Python adds its own."""
    fed = {graph.get_tensor_by_name(name)._as_tf_output(): np.asarray(value) for name, value in feeds.items()}
    wanted = [graph.get_tensor_by_name(name)._as_tf_output() for name in fetches]
    try:
        session._extend_graph()
        values = session._call_tf_sessionrun(None, fed, wanted, [graph.get_operation_by_name(name)._c_op for name in targets], None)
        return {"out": [tensor(value) for value in values]}
    except tf.errors.OpError as error:
        return {"error": [CODES[error.error_code], error.message.split("\n\t [[")[0]]}


def case(op, *inputs, shaped=(), **attrs):
    """One op. A list of arrays is an argument of many tensors; `shaped` has the places of those whose shapes its shape function wants to
    know. What this TensorFlow has no kernel for is left out, and counted."""
    definition = op_def_registry.get(op)
    kinds = {attr.name: attr.type for attr in definition.attr}
    graph = tf.Graph()
    graph_def = tf.compat.v1.GraphDef()
    flat, found = [], dict(attrs)
    for argument, given in zip(definition.input_arg, inputs):
        many = bool(argument.number_attr or argument.type_list_attr)
        arrays = [np.asarray(one) for one in given] if many else [np.asarray(given)]
        flat.extend(arrays)
        if argument.number_attr:
            found.setdefault(argument.number_attr, len(arrays))
        if argument.type_list_attr:
            found.setdefault(argument.type_list_attr, [dtype_of(one) for one in arrays])
        if argument.type_attr and arrays:
            found.setdefault(argument.type_attr, dtype_of(arrays[0]))
    for index, array in enumerate(flat):
        placeholder = graph_def.node.add(name=f"in{index}", op="Placeholder")
        placeholder.attr["dtype"].type = dtype_of(array).as_datatype_enum
        if index in shaped:
            placeholder.attr["shape"].shape.CopyFrom(tf.TensorShape(array.shape).as_proto())
    node = graph_def.node.add(name="op", op=op, input=[f"in{index}" for index in range(len(flat))])
    line = {"op": op, "attr": {name: set_attr(node, kinds[name], name, value) for name, value in found.items()}}
    if not line["attr"]:
        del line["attr"]
    line["in"] = [tensor(array) for array in flat]
    try:
        with graph.as_default():
            tf.graph_util.import_graph_def(graph_def, name="")
    except (ValueError, tf.errors.OpError) as error:
        skipped.append((op, str(error)[:90]))
        return
    count = len(graph.get_operation_by_name("op").outputs)
    with tf.compat.v1.Session(graph=graph, config=CONFIG) as session:
        answer = run(session, graph, {f"in{at}:0": array for at, array in enumerate(flat)}, [f"op:{at}" for at in range(count)])
    if "error" in answer and ("No OpKernel" in answer["error"][1] or "Could not find device" in answer["error"][1]):
        skipped.append((op, answer["error"][1][:90]))
        return
    keep(line | answer)


def keep(line):
    lines.setdefault("current", []).append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def graph_case(name, build, *runs):
    """A small graph. `build` names its tensors; a run is (feeds, fetches, targets). The graph is a SavedModel, gzip, base64."""
    graph = tf.Graph()
    with graph.as_default():
        build()
    definition = graph.as_graph_def()
    for nodes in [definition.node, *[function.node_def for function in definition.library.function]]:
        for node in nodes:
            for attr in ("_output_shapes", "_read_only_resource_inputs", "_num_original_outputs", "_lower_using_switch_merge", "parallel_iterations"):
                node.attr.pop(attr, None)
            node.ClearField("experimental_debug_info")
    for function in definition.library.function:
        function.arg_attr.clear()
        function.attr.clear()
    model = saved_model_pb2.SavedModel()
    meta = model.meta_graphs.add()
    meta.meta_info_def.tags.append("serve")
    meta.graph_def.CopyFrom(definition)
    packed = base64.b64encode(gzip.compress(model.SerializeToString(deterministic=True), mtime=0)).decode()
    told = []
    with tf.compat.v1.Session(graph=graph, config=CONFIG) as session:
        for feeds, fetches, *targets in runs:
            answer = run(session, graph, feeds, fetches, targets[0] if targets else ())
            fed = {key: tensor(value) for key, value in feeds.items()}
            told.append({"feeds": fed, "fetch": list(fetches), "targets": list(targets[0]) if targets else []} | answer)
    keep({"graph": name, "model": packed, "runs": told})


def finish(family):
    """The lines since the last call."""
    made = lines.pop("current", [])
    print(family, len(made), "cases", sum(len(line) for line in made), "bytes")
    return made


BF16 = ml_dtypes.bfloat16
FLOATS = [np.float32, np.float64, np.float16, BF16]
INTS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
COMPLEX = [np.complex64, np.complex128]
NUMBERS = FLOATS + INTS + COMPLEX


def f32(values):
    return np.array(values, np.float32)


def i32(values):
    return np.array(values, np.int32)


def i64(values):
    return np.array(values, np.int64)


def strs(values):
    return np.array(values, object)


def is_float(dtype):
    return dtype in FLOATS


def ramp(dtype, *shape):
    """0, 1, 2 … as a type; strings are words, bools alternate."""
    size = int(np.prod(shape))
    if dtype is object:
        return np.array([f"s{i}" for i in range(size)], object).reshape(shape)
    if dtype is bool:
        return np.array([i % 3 == 1 for i in range(size)], bool).reshape(shape)
    return np.arange(size).astype(dtype).reshape(shape)


def random(rng, dtype, *shape):
    """Values from -3 to 3 in steps that every float type holds."""
    values = rng.integers(-24, 25, shape) / 8
    if dtype in COMPLEX:
        return (values + 1j * rng.integers(-24, 25, shape) / 8).astype(dtype)
    return values.astype(dtype) if is_float(dtype) else np.abs(rng.integers(-9, 10, shape)).astype(dtype)


def pool(dtype):
    """Values at which kernels differ: zeros of both signs, ends of the range, NaN, infinities."""
    if dtype in FLOATS:
        return np.array([-np.inf, -40, -2.5, -1, -0.75, -0.5, -0.0, 0, 0.25, 0.5, 1, 1.5, 2.5, 7, 40, np.inf, np.nan], dtype)
    if dtype in COMPLEX:
        return np.array([0, 1, -1, 1j, 2 - 3j, -0.5 + 0.25j, -2 - 1j], dtype)
    if dtype is bool:
        return np.array([True, False, True])
    if dtype is object:
        return strs(["", "a", "b", "héllo", "日本", "a"])
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if low == 0:
        return np.array([0, 1, 2, 3, 7, high // 2 + 1, high - 1, high], dtype)
    return np.array([low, low + 1, -7, -1, 0, 1, 2, 3, high // 2 + 1, high], dtype)
