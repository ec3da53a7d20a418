"""Writes the op names of the installed TensorFlow and its release as JSON.

    python -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0
    venv/bin/python scripts/makeOpNames.py > src/main/savedmodel/opNames.json
"""

import json

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

ops = op_def_pb2.OpList()
ops.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
print(json.dumps({"release": tf.__version__, "ops": sorted({op.name for op in ops.op})}, indent=2))
