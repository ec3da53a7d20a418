"""Writes test/engine/ops.jsonl: one op a case, with what TensorFlow answered or the words it refused with.

    python -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0
    venv/bin/python scripts/makeOpGoldens.py > test/engine/ops.jsonl

A case runs in a session, fed through placeholders of unknown shape, so that the kernel answers and not shape inference. oneDNN is off:
its fusions are not the op's definition. Attributes are the node's own, as serialised AttrValue messages in base64.
"""

import base64
import json
import os
import re
import sys

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

tf.compat.v1.disable_eager_execution()
rng = np.random.default_rng(7)
bf16 = tf.bfloat16.as_numpy_dtype
F, D, H = np.float32, np.float64, np.float16
floats = [F, D, H, bf16]
ints = [np.int32, np.int64]
small = [np.int8, np.uint8, np.int16, np.uint16]
S = lambda *texts: np.array([t if isinstance(t, bytes) else t.encode() for t in texts], dtype=object)


def f(*shape, dtype=F, lo=-2.0, hi=2.0):
    return np.round(rng.uniform(lo, hi, shape), 3).astype(dtype)


def i(*shape, dtype=np.int32, lo=-9, hi=10):
    return rng.integers(lo, hi, shape).astype(dtype)


def b(*shape):
    return rng.integers(0, 2, shape).astype(bool)


def I(*values, dtype=np.int32):
    return np.array(values, dtype=dtype)


def scalar(value, dtype=np.int32):
    return np.array(value, dtype=dtype)


def number(value):
    value = float(value)
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value == int(value) and abs(value) < 1e15 and not (value == 0 and np.signbit(value)) else value


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    try:
        plain = value.decode()
        return plain if plain.isprintable() or plain == "" else {"b64": base64.b64encode(value).decode()}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def shortest(value, dtype):
    return number(value) if dtype == np.float64 else number(np.format_float_positional(value, unique=True)) if np.isfinite(value) else number(value)


def tensor(value):
    value = np.asarray(value)
    dtype = tf.as_dtype(value.dtype) if value.dtype != object else tf.string
    name = "DT_" + {"float16": "HALF", "float32": "FLOAT", "float64": "DOUBLE"}.get(dtype.name, dtype.name.upper())
    flat = value.ravel()
    if dtype == tf.string:
        data = [text(one) for one in flat]
    elif dtype.is_complex:
        data = [shortest(part, np.float32 if dtype == tf.complex64 else np.float64) for one in flat for part in (one.real, one.imag)]
    elif dtype.is_floating:
        data = [shortest(np.float32(one) if dtype.size < 4 else one, np.float64 if dtype == tf.float64 else np.float32) for one in flat]
    elif dtype == tf.bool:
        data = [int(one) for one in flat]
    else:
        data = [int(one) if abs(int(one)) < 2**53 else str(int(one)) for one in flat]
    return {"dtype": name, "shape": list(value.shape), "data": data}


class Const:
    """An input that shape inference wants to see."""

    def __init__(self, value):
        self.value = value


def refusal(message):
    """The op's own words, without where Python made the node."""
    return re.search(r"([^\n]*)\n\t \[\[\{\{node", message).group(1)


def case(op, attrs=None, keep=None, **inputs):
    """Runs one raw op. Inputs that are lists of arrays are lists of tensors. `keep`: so many outputs, where the others mean nothing."""
    attrs = attrs or {}
    with tf.Graph().as_default() as graph:
        feeds, given, values = {}, {}, {}

        def place(value):
            if isinstance(value, Const):
                made = tf.constant(value.value)
                values[made.op.name] = value.value
                return made
            value = np.asarray(value)
            dtype = tf.string if value.dtype == object else tf.as_dtype(value.dtype)
            made = tf.compat.v1.placeholder(dtype)
            feeds[made] = values[made.op.name] = value
            return made

        for name, value in inputs.items():
            given[name] = [place(one) for one in value] if isinstance(value, list) else place(value)
        try:
            result = getattr(tf.raw_ops, op)(**given, **attrs)
        except (TypeError, ValueError) as error:
            print(f"left out: {op} {attrs}: {error}", file=sys.stderr)
            return
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        results = [one for part in results for one in (part if isinstance(part, (list, tuple)) else [part])][:keep]
        node = next(n for n in graph.as_graph_def().node if n.op == op)
        record = {
            "op": op,
            "attrs": {key: base64.b64encode(value.SerializeToString()).decode() for key, value in sorted(node.attr.items()) if not key.startswith("_")},
            "inputs": [tensor(values[name]) for name in node.input],
        }
        options = tf.compat.v1.ConfigProto()
        options.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(graph=graph, config=options) as session:
            try:
                record["outputs"] = [tensor(one) for one in session.run(results, feeds)]
            except tf.errors.InternalError as error:
                print(f"left out: {op} {attrs}: {error.message}", file=sys.stderr)
                return
            except tf.errors.OpError as error:
                if "No OpKernel" in error.message:
                    print(f"left out: {op} {attrs}: no kernel", file=sys.stderr)
                    return
                record["error"] = refusal(error.message)
        print(json.dumps(record, separators=(",", ":")))


special = np.array([0.0, -0.0, 1.5, -2.5, 3.5, np.nan, np.inf, -np.inf, 1e-3, 100.0], F)

# Elementwise, two operands.
for op in ["AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference", "FloorDiv", "FloorMod"]:
    for dtype in [F, D, H, np.int32, np.int64]:
        y = f(3, dtype=dtype, lo=0.5, hi=3) if dtype in floats else i(3, dtype=dtype, lo=1, hi=7)
        x = f(2, 3, dtype=dtype) if dtype in floats else i(2, 3, dtype=dtype)
        case(op, x=x, y=y)
case("AddV2", x=f(2, 1, 3), y=f(4, 1))
case("AddV2", x=f(2, 3), y=f(4))
case("AddV2", x=f(2, dtype=bf16), y=f(2, dtype=bf16))
case("AddV2", x=I(127, -128, dtype=np.int8), y=I(1, -1, dtype=np.int8))
case("AddV2", x=I(2**31 - 1), y=I(1))
case("AddV2", x=I(2**62, 2**63 - 1, dtype=np.int64), y=I(2**62, 1, dtype=np.int64))
case("AddV2", x=(f(2) + 1j * f(2)).astype(np.complex64), y=(f(2) + 1j * f(2)).astype(np.complex64))
case("Mul", x=(f(2) + 1j * f(2)).astype(np.complex64), y=(f(2) + 1j * f(2)).astype(np.complex64))
case("Mul", x=I(65537, -70000), y=I(65537, 70001))
case("Mul", x=I(200, 100, dtype=np.uint8), y=I(2, 3, dtype=np.uint8))
case("Add", x=S("ab", "c"), y=S("x"))
case("Add", x=f(2), y=f(2))
case("Sub", x=I(2**63, 5, dtype=np.uint64), y=I(1, 7, dtype=np.uint64))
for op in ["RealDiv", "DivNoNan", "Pow", "Atan2", "Xdivy", "Xlogy", "Mod", "TruncateMod", "MulNoNan"]:
    case(op, x=f(2, 3, lo=0.1, hi=3), y=f(3))
case("RealDiv", x=special, y=F(3))
case("DivNoNan", x=f(4), y=np.array([0, 1, 0, 2], F))
case("FloorDiv", x=I(7, -7, 7, -7), y=I(2, 2, -2, -2))
case("FloorMod", x=I(7, -7, 7, -7), y=I(2, 2, -2, -2))
case("FloorMod", x=f(5), y=f(5))
case("FloorDiv", x=I(1), y=I(0))
case("FloorMod", x=I(1, dtype=np.int64), y=I(0, dtype=np.int64))
case("TruncateDiv", x=I(7, -7), y=I(2, 2))
case("Pow", x=I(2, 3, -2), y=I(10, 4, 3))
case("Pow", x=I(2, 3, dtype=np.int64), y=I(40, 30, dtype=np.int64))
case("Maximum", x=special, y=F(1))
case("Minimum", x=special, y=F(1))
for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift"]:
    case(op, x=I(12, 10, 255), y=I(3, 1, 2))
    case(op, x=I(12, 2**40, dtype=np.int64), y=I(3, 5, dtype=np.int64))
for op in ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]:
    case(op, x=special, y=F(1.5))
    case(op, x=i(5, lo=0, hi=3), y=i(5, lo=0, hi=3))
    case(op, x=I(2**60, 1, dtype=np.int64), y=I(2**60 + 1, 1, dtype=np.int64))
case("Equal", x=S("a", "b"), y=S("a"))
case("NotEqual", x=b(4), y=b(4))
case("Equal", {"incompatible_shape_error": False}, x=f(2), y=f(3))
case("Less", x=f(2), y=f(3))
for op in ["LogicalAnd", "LogicalOr"]:
    case(op, x=b(2, 3), y=b(3))
case("LogicalNot", x=b(4))

# Elementwise, one operand.
for op in ["Abs", "Neg", "Sign", "Square", "Exp", "Expm1", "Log", "Log1p", "Sqrt", "Rsqrt", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Asinh", "Atan", "Erf", "Erfc", "Sigmoid", "Floor", "Ceil", "Round", "Rint", "Reciprocal"]:
    case(op, x=np.concatenate([special, f(4)]))
    case(op, x=f(5, dtype=D, lo=0.1, hi=3))
    case(op, x=f(5, dtype=H, lo=0.1, hi=3))
for op in ["Asin", "Acos", "Atanh", "Erfinv", "Ndtri"]:
    case(op, x=f(8, lo=0.02, hi=0.98))
for op in ["Acosh", "Lgamma", "Digamma"]:
    case(op, x=f(8, lo=1.1, hi=9))
case("Lgamma", x=f(6, lo=-3.9, hi=-0.1))
case("Digamma", x=f(6, lo=-3.9, hi=-0.1))
for op in ["Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign"]:
    case(op, features=np.concatenate([special, f(6, lo=-9, hi=9)]))
    case(op, features=f(4, dtype=H))
case("Relu", features=i(5))
case("LeakyRelu", {"alpha": 0.3}, features=f(6))
for op in ["Abs", "Neg", "Sign", "Square"]:
    case(op, x=i(5))
    case(op, x=i(5, dtype=np.int64))
case("Neg", x=I(-(2**31), 5))
case("Invert", x=i(4))
for op in ["IsNan", "IsInf", "IsFinite"]:
    case(op, x=special)
case("AddN", inputs=[f(2, 2), f(2, 2), f(2, 2)])
case("AddN", inputs=[f(2, 2), f(2, 3)])
case("Round", x=np.array([0.5, 1.5, 2.5, -0.5, -1.5], F))
case("ClipByValue", t=f(6), clip_value_min=F(-0.5), clip_value_max=F(0.5))

# Casts.
for target in [tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.uint8, tf.int16, tf.uint16, tf.int32, tf.uint32, tf.int64, tf.uint64, tf.bool, tf.complex64]:
    case("Cast", {"DstT": target}, x=np.array([0, 1.7, -1.7, 100.5, -100.5], F) if target not in (tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.int8) else np.array([0, 1.7, 100.5], F))
    case("Cast", {"DstT": target}, x=I(0, 1, -1, 300, 70000, 2**31 - 1))
    case("Cast", {"DstT": target}, x=I(0, 1, -1, 2**40 + 5, dtype=np.int64))
    case("Cast", {"DstT": target}, x=b(4))
for source in [D, H, bf16]:
    case("Cast", {"DstT": tf.float32}, x=np.array([1.00390625, 3.14159, -65504, 1e-5], source))
case("Cast", {"DstT": tf.float16}, x=np.array([1e-8, 6e-8, 65519, 65520, 1e6, 2048.5, 0.1], F))
case("Cast", {"DstT": tf.bfloat16}, x=np.array([1.00390625, 1.01171875, 3.4e38, 1e-40, 0.1], F))
case("Bitcast", {"type": tf.int32}, input=f(3))
case("Bitcast", {"type": tf.uint8}, input=I(1, 258))
case("Complex", real=f(3), imag=f(3))
for op in ["Real", "Imag", "Conj"]:
    case(op, input=(f(3) + 1j * f(3)).astype(np.complex64))
case("ComplexAbs", x=(f(3) + 1j * f(3)).astype(np.complex64))
case("Angle", input=(f(3) + 1j * f(3)).astype(np.complex64))

# Reductions.
for op in ["Sum", "Mean", "Max", "Min", "Prod"]:
    for dtype in [F, D, H, np.int32, np.int64]:
        x = f(2, 3, 4, dtype=dtype) if dtype in floats else i(2, 3, 4, dtype=dtype, lo=1, hi=4)
        case(op, input=x, axis=I(1))
    case(op, {"keep_dims": True}, input=f(2, 3, 4), axis=I(0, -1))
    case(op, input=f(2, 3), axis=I(dtype=np.int64))
    case(op, input=f(0, 3), axis=I(0))
    case(op, input=f(2, 3), axis=I(2))
case("Sum", input=f(2, 3), axis=I(1, -1))
case("Mean", input=I(-7, 2, 2), axis=I(0))
case("EuclideanNorm", input=f(2, 3), axis=I(1))
for op in ["All", "Any"]:
    case(op, input=b(3, 4), axis=I(1))
    case(op, {"keep_dims": True}, input=b(3, 4), axis=I(0, 1))
for op in ["ArgMax", "ArgMin"]:
    case(op, input=i(3, 4, lo=0, hi=3), dimension=scalar(1))
    case(op, {"output_type": tf.int32}, input=f(3, 4), dimension=scalar(-2))
    case(op, input=f(3, 0), dimension=scalar(1))
    case(op, input=f(3), dimension=scalar(1))
for op in ["Cumsum", "Cumprod"]:
    for exclusive in [False, True]:
        for reverse in [False, True]:
            case(op, {"exclusive": exclusive, "reverse": reverse}, x=f(2, 3, 2), axis=scalar(1))
    case(op, x=i(4, dtype=np.int64), axis=scalar(0))
for op in ["Softmax", "LogSoftmax"]:
    case(op, logits=f(2, 5))
    case(op, logits=f(2, 5, dtype=H))
    case(op, logits=np.array([[1000.0, 1001.0]], F))
case("TopKV2", input=f(2, 6), k=scalar(3))
case("TopKV2", input=I(3, 1, 3, 2), k=scalar(3))
case("TopKV2", {"sorted": True}, input=f(2), k=scalar(5))
case("InTopKV2", predictions=f(3, 4), targets=I(0, 3, 2), k=scalar(2))
case("Bincount", arr=i(6, lo=0, hi=4), size=scalar(5), weights=f(0))
case("DenseBincount", {"binary_output": False}, input=i(2, 6, lo=0, hi=4), size=scalar(5), weights=f(0))
case("DenseBincount", {"binary_output": True}, input=i(6, lo=0, hi=4), size=scalar(5), weights=f(0))
case("DenseBincount", input=i(6, lo=0, hi=4), size=scalar(5), weights=f(6))
case("DenseBincount", input=I(-1), size=scalar(5), weights=f(0))
case("Unique", x=I(3, 1, 3, 2, 1))
case("UniqueWithCounts", x=S("a", "b", "a"))
case("UniqueV2", x=I(3, 1, 3, dtype=np.int64), axis=I(dtype=np.int64))
for op in ["SegmentSum", "SegmentMean", "SegmentProd", "SegmentMax", "SegmentMin"]:
    case(op, data=f(4, 2), segment_ids=I(0, 0, 2, 2))
for op in ["UnsortedSegmentSum", "UnsortedSegmentProd", "UnsortedSegmentMax", "UnsortedSegmentMin"]:
    case(op, data=f(4, 2), segment_ids=I(2, 0, -1, 2), num_segments=scalar(4))
case("UnsortedSegmentSum", data=f(2), segment_ids=I(0, 5), num_segments=scalar(2))

# Shapes.
case("Shape", input=f(2, 3))
case("Shape", {"out_type": tf.int64}, input=f(2, 0, 3))
case("ShapeN", input=[f(2, 3), f(1)])
case("Size", input=f(2, 3))
case("Rank", input=f(2, 3))
case("Reshape", tensor=f(2, 6), shape=I(3, -1))
case("Reshape", tensor=f(2, 6), shape=I(5, -1))
case("Reshape", tensor=f(2, 6), shape=I(5, 2))
case("Reshape", tensor=f(2, 6), shape=I(-1, -1))
case("Reshape", tensor=f(0, 6), shape=I(3, 0))
case("Squeeze", input=f(1, 2, 1))
case("Squeeze", {"axis": [0]}, input=f(1, 2, 1))
case("Squeeze", {"axis": [1]}, input=f(1, 2, 1))
case("Squeeze", {"axis": [-1]}, input=f(1, 2, 1))
case("ExpandDims", input=f(2, 3), axis=scalar(-1))
case("ExpandDims", input=f(2, 3), axis=scalar(4))
case("Transpose", x=f(2, 3, 4), perm=I(2, 0, 1))
case("Transpose", x=S("a", "b", "c", "d").reshape(2, 2), perm=I(1, 0))
case("Transpose", x=f(2, 3), perm=I(0, 0))
case("InvertPermutation", x=I(2, 0, 1))
case("ConcatV2", values=[f(2, 3), f(2, 1)], axis=scalar(1))
case("ConcatV2", values=[f(2, 3), f(3, 1)], axis=scalar(1))
case("ConcatV2", values=[f(2), f(3)], axis=scalar(-1))
case("ConcatV2", values=[f(2), f(3)], axis=scalar(1))
case("Concat", concat_dim=scalar(0), values=[i(1, 2), i(2, 2)])
case("Pack", {"axis": 1}, values=[f(2, 3), f(2, 3)])
case("Pack", values=[f(2), f(3)])
case("Pack", {"axis": 3}, values=[f(2), f(2)])
case("Unpack", {"num": 3, "axis": 1}, value=f(2, 3))
case("Split", {"num_split": 2}, axis=scalar(1), value=f(2, 4))
case("Split", {"num_split": 3}, axis=scalar(1), value=f(2, 4))
case("SplitV", {"num_split": 2}, value=f(5, 2), size_splits=I(2, -1), axis=scalar(0))
case("SplitV", {"num_split": 2}, value=f(5, 2), size_splits=I(2, 2), axis=scalar(0))
case("Slice", input=f(3, 4), begin=I(1, 0), size=I(2, -1))
case("Slice", input=f(3, 4), begin=I(1, 0), size=I(3, 1))
case("Tile", input=f(2, 2), multiples=I(2, 3))
case("Tile", input=f(2, 2), multiples=I(2))
case("Fill", dims=I(2, 3), value=F(1.5))
case("Fill", dims=I(-1), value=F(1.5))
case("Range", start=scalar(1), limit=scalar(10), delta=scalar(3))
case("Range", start=F(0), limit=F(1), delta=F(0.1))
case("Range", start=scalar(5), limit=scalar(1), delta=scalar(1))
case("Range", start=scalar(5), limit=scalar(1), delta=scalar(-2))
case("LinSpace", start=F(0), stop=F(1), num=scalar(5))
case("BroadcastTo", input=f(2, 1), shape=I(3, 2, 4))
case("BroadcastTo", input=f(2), shape=I(3))
case("BroadcastArgs", s0=I(2, 1), s1=I(3))
case("ReverseV2", tensor=f(2, 3), axis=I(-1))
case("ReverseSequence", {"seq_dim": 1, "batch_dim": 0}, input=f(2, 4), seq_lengths=I(3, 2))
case("Roll", input=f(3, 4), shift=I(1, -1), axis=I(0, 1))
for op in ["ZerosLike", "OnesLike"]:
    case(op, x=f(2, 2))
    case(op, x=f(2, dtype=H))
    case(op, x=i(2, dtype=np.int64))
for masks in [{}, {"begin_mask": 1}, {"end_mask": 3}, {"shrink_axis_mask": 1}, {"new_axis_mask": 1}, {"ellipsis_mask": 1}, {"ellipsis_mask": 2}]:
    case("StridedSlice", masks, input=f(3, 4, 5), begin=I(1, 0), end=I(3, 3), strides=I(1, 2))
case("StridedSlice", input=f(5), begin=I(-1), end=I(-6), strides=I(-2))
case("StridedSlice", {"begin_mask": 1, "end_mask": 1}, input=f(5), begin=I(0), end=I(0), strides=I(-1))
case("StridedSlice", {"shrink_axis_mask": 1}, input=f(3), begin=I(-1), end=I(0), strides=I(1))
case("StridedSlice", {"shrink_axis_mask": 1}, input=f(3), begin=I(3), end=I(4), strides=I(1))
case("StridedSlice", input=f(3), begin=I(0), end=I(2), strides=I(0))
case("StridedSlice", input=f(3), begin=I(0, 0), end=I(2, 1), strides=I(1, 1))
case("StridedSlice", input=f(3), begin=I(7), end=I(9), strides=I(1))

# Indices.
case("GatherV2", params=f(4, 3), indices=i(2, 2, lo=0, hi=4), axis=scalar(0))
case("GatherV2", params=f(2, 4), indices=I(3, 0), axis=scalar(-1))
case("GatherV2", {"batch_dims": 1}, params=f(2, 4), indices=i(2, 3, lo=0, hi=4), axis=scalar(1))
case("GatherV2", params=f(2), indices=I(0, 2), axis=scalar(0))
case("GatherV2", params=S("a", "b"), indices=scalar(1), axis=scalar(0))
case("GatherNd", params=f(2, 3, 2), indices=I([0, 1], [1, 2]))
case("GatherNd", params=f(2, 3), indices=I([0, 3]).reshape(1, 2))
case("ScatterNd", indices=I([1], [3], [1]), updates=f(3, 2), shape=I(5, 2))
case("ScatterNd", indices=I([7]).reshape(1, 1), updates=f(1), shape=I(5))
for op in ["TensorScatterUpdate", "TensorScatterAdd", "TensorScatterSub", "TensorScatterMin", "TensorScatterMax"]:
    case(op, tensor=f(4, 2), indices=I([1], [3]), updates=f(2, 2))
case("DynamicPartition", {"num_partitions": 2}, data=f(4, 2), partitions=I(0, 1, 1, 0))
case("DynamicPartition", {"num_partitions": 2}, data=f(2), partitions=I(0, 2))
case("DynamicStitch", indices=[I(0, 2), I(1, 3)], data=[f(2, 2), f(2, 2)])
case("ParallelDynamicStitch", indices=[I(0, 2), I(1)], data=[f(2), f(1)])
case("OneHot", indices=I(0, 2, -1, 5), depth=scalar(3), on_value=F(1), off_value=F(0))
case("OneHot", {"axis": 0}, indices=i(2, 2, lo=0, hi=3), depth=scalar(3), on_value=scalar(5), off_value=scalar(-1))
case("Where", condition=b(2, 3))
case("Where", condition=f(3))
case("Select", condition=b(3), x=f(3, 2), y=f(3, 2))
case("Select", condition=b(3, 2), x=f(3, 2), y=f(3, 2))
case("SelectV2", condition=b(3, 1), t=f(2), e=f(3, 2))
case("SelectV2", condition=b(2), t=S("a", "b"), e=S("c"))
case("Pad", input=f(2, 2), paddings=I([1, 0], [0, 2]))
case("PadV2", input=i(2, 2), paddings=I([1, 0], [0, 2]), constant_values=scalar(9))
case("PadV2", input=f(1, 2, 2, 2), paddings=I([0, 0], [1, 0], [0, 2], [0, 0]), constant_values=F(-1.5))
case("MirrorPad", {"mode": "REFLECT"}, input=f(3, 3), paddings=I([1, 2], [2, 0]))
case("MirrorPad", {"mode": "SYMMETRIC"}, input=f(3, 3), paddings=I([1, 3], [2, 0]))
case("MirrorPad", {"mode": "REFLECT"}, input=f(2, 2), paddings=I([2, 0], [0, 0]))
case("MatrixBandPart", input=f(3, 4), num_lower=scalar(1, np.int64), num_upper=scalar(-1, np.int64))
case("MatrixDiagPartV3", input=f(3, 4), k=I(-1, 1), padding_value=F(9))
case("MatrixDiagPartV3", {"align": "LEFT_RIGHT"}, input=f(2, 3, 3), k=scalar(1), padding_value=F(0))
case("MatrixDiagV3", diagonal=f(2, 3), k=scalar(0), num_rows=scalar(-1), num_cols=scalar(-1), padding_value=F(0))
case("MatrixDiagV3", diagonal=f(2, 3), k=I(0, 1), num_rows=scalar(3), num_cols=scalar(4), padding_value=F(7))
case("MatrixDiag", diagonal=f(2, 3))
case("MatrixDiagPart", input=f(2, 3, 3))
case("Bucketize", {"boundaries": [0.0, 1.0, 2.5]}, input=f(6, lo=-1, hi=4))
case("LowerBound", sorted_inputs=np.array([[1, 3, 5]], F), values=np.array([[0, 3, 6]], F))
case("UpperBound", sorted_inputs=np.array([[1, 3, 5]], F), values=np.array([[0, 3, 6]], F))
case("ListDiff", x=I(1, 2, 3, 4), y=I(2, 4))
case("Cross", a=f(2, 3), b=f(2, 3))

# Matrices.
case("MatMul", a=f(2, 3), b=f(3, 4))
case("MatMul", {"transpose_a": True, "transpose_b": True}, a=f(3, 2), b=f(4, 3))
case("MatMul", a=i(2, 3), b=i(3, 2))
case("MatMul", a=f(2, 3, dtype=D), b=f(3, 2, dtype=D))
case("MatMul", a=f(2, 3, dtype=H), b=f(3, 2, dtype=H))
case("MatMul", a=f(2, 3), b=f(2, 3))
case("BatchMatMulV2", x=f(2, 1, 3, 4), y=f(2, 4, 2))
case("BatchMatMulV2", {"adj_x": True, "adj_y": True}, x=f(2, 4, 3), y=f(2, 2, 4))
case("BatchMatMulV2", x=f(2, 3, 4), y=f(2, 3, 4))
for equation, shapes in [("ab,bc->ac", [(2, 3), (3, 4)]), ("abc,cd->abd", [(2, 3, 4), (4, 2)]), ("abcd,aecd->acbe", [(2, 3, 2, 4), (2, 5, 2, 4)]), ("...ij,...jk->...ik", [(2, 2, 3), (3, 2)]), ("ii->i", [(3, 3)]), ("ab->", [(2, 3)]), ("ab,ab->a", [(2, 3), (2, 3)]), ("a,b->ab", [(2,), (3,)]), ("abc->cab", [(2, 3, 4)])]:
    case("Einsum", {"equation": equation}, inputs=[f(*shape) for shape in shapes])
case("BiasAdd", value=f(2, 3), bias=f(3))
case("BiasAdd", value=f(2, 2, 2, 3), bias=f(3))
case("BiasAdd", {"data_format": "NCHW"}, value=f(2, 3, 2, 2), bias=f(3))
case("BiasAdd", value=f(2, 3), bias=f(2))

# Convolutions and windows.
for padding in ["SAME", "VALID"]:
    for stride in [1, 2]:
        case("Conv2D", {"strides": [1, stride, stride, 1], "padding": padding}, input=f(1, 5, 6, 2), filter=f(3, 2, 2, 3))
        case("DepthwiseConv2dNative", {"strides": [1, stride, stride, 1], "padding": padding}, input=f(1, 5, 6, 2), filter=f(3, 3, 2, 2))
        case("MaxPool", {"ksize": [1, 2, 3, 1], "strides": [1, stride, stride, 1], "padding": padding}, input=f(1, 5, 6, 2))
        case("AvgPool", {"ksize": [1, 2, 3, 1], "strides": [1, stride, stride, 1], "padding": padding}, value=f(1, 5, 6, 2))
case("Conv2D", {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 2, 2, 1]}, input=f(1, 6, 6, 1), filter=f(3, 3, 1, 2))
case("Conv2D", {"strides": [1, 1, 1, 1], "padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]}, input=f(1, 4, 4, 1), filter=f(3, 3, 1, 1))
case("Conv2D", {"strides": [1, 1, 1, 1], "padding": "SAME"}, input=f(1, 4, 4, 4), filter=f(3, 3, 2, 4))
case("Conv2D", {"strides": [1, 1, 1, 1], "padding": "SAME"}, input=f(1, 4, 4, 3), filter=f(3, 3, 2, 4))
case("Conv2D", {"strides": [1, 1, 1, 1], "padding": "VALID"}, input=f(1, 4, 4, 2, dtype=H), filter=f(3, 3, 2, 2, dtype=H))
case("Conv3D", {"strides": [1, 1, 2, 1, 1], "padding": "SAME"}, input=f(1, 3, 4, 3, 2), filter=f(2, 2, 2, 2, 2))
case("MaxPool3D", {"ksize": [1, 2, 2, 2, 1], "strides": [1, 1, 2, 1, 1], "padding": "SAME"}, input=f(1, 3, 4, 3, 2))
case("AvgPool3D", {"ksize": [1, 2, 2, 2, 1], "strides": [1, 1, 2, 1, 1], "padding": "VALID"}, input=f(1, 3, 4, 3, 2))
for padding, size, output in [("SAME", 3, [1, 6, 6, 2]), ("SAME", 3, [1, 5, 6, 2]), ("VALID", 3, [1, 7, 7, 2])]:
    case("Conv2DBackpropInput", {"strides": [1, 2, 2, 1], "padding": padding}, input_sizes=I(*output), filter=f(3, 3, 2, 3), out_backprop=f(1, size, size, 3))
case("FusedBatchNormV3", {"is_training": False, "epsilon": 0.01}, keep=1, x=f(2, 2, 2, 3), scale=f(3), offset=f(3), mean=f(3), variance=f(3, lo=0.5, hi=2))
case("LRN", {"depth_radius": 2, "bias": 1.0, "alpha": 0.5, "beta": 0.75}, input=f(1, 2, 2, 6))
case("SpaceToBatchND", input=f(1, 4, 4, 2), block_shape=Const(I(2, 2)), paddings=I([0, 0], [2, 0]))
case("BatchToSpaceND", input=f(4, 2, 2, 1), block_shape=Const(I(2, 2)), crops=I([0, 1], [1, 0]))
case("SpaceToDepth", {"block_size": 2}, input=f(1, 4, 4, 2))
case("DepthToSpace", {"block_size": 2}, input=f(1, 2, 2, 8))
for op in ["ResizeBilinear", "ResizeBicubic", "ResizeNearestNeighbor"]:
    for attrs in [{}, {"align_corners": True}, {"half_pixel_centers": True}]:
        case(op, attrs, images=f(1, 4, 5, 2), size=I(7, 3))
        case(op, attrs, images=f(1, 3, 3, 1), size=I(6, 9))
    case(op, images=f(1, 3, 3, 1), size=I(0, 9))
case("ResizeBilinear", images=i(1, 3, 3, 1, dtype=np.uint8, lo=0, hi=255), size=I(5, 5))
for method in ["bilinear", "nearest"]:
    case("CropAndResize", {"method": method, "extrapolation_value": -1.0}, image=f(2, 5, 6, 2), boxes=np.array([[0.1, 0.2, 0.8, 0.9], [-0.2, 0, 1.3, 1]], F), box_ind=I(0, 1), crop_size=I(3, 4))
boxes = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3], [0.1, 2, 1.1, 3], [5, 5, 6, 6]], F)
scores = np.array([0.9, 0.75, 0.6, 0.95, 0.3], F)
case("NonMaxSuppressionV3", boxes=boxes, scores=scores, max_output_size=scalar(3), iou_threshold=F(0.5), score_threshold=F(0.35))
case("NonMaxSuppressionV4", {"pad_to_max_output_size": True}, boxes=boxes, scores=scores, max_output_size=scalar(4), iou_threshold=F(0.5), score_threshold=F(0.35))
case("NonMaxSuppressionV5", boxes=boxes, scores=scores, max_output_size=scalar(5), iou_threshold=F(0.5), score_threshold=F(0.1), soft_nms_sigma=F(0.5))
case("RGBToHSV", images=f(4, 3, lo=0, hi=1))
case("HSVToRGB", images=f(4, 3, lo=0, hi=1))
case("AdjustContrastv2", images=f(1, 3, 3, 3, lo=0, hi=1), contrast_factor=F(1.5))
for n in [8, 6, 7]:
    case("RFFT", input=f(2, 8), fft_length=I(n))
case("IRFFT", input=(f(5) + 1j * f(5)).astype(np.complex64), fft_length=I(8))
case("FFT", input=(f(6) + 1j * f(6)).astype(np.complex64))
case("IFFT", input=(f(4) + 1j * f(4)).astype(np.complex64))

# Strings.
words = S("Hello Wörld", "", "ÄÖ tab\tend ", "a-b-c")
case("StringLower", input=words)
case("StringLower", {"encoding": "utf-8"}, input=words)
case("StringUpper", input=words)
case("StringUpper", {"encoding": "utf-8"}, input=words)
case("StringLength", input=words)
case("StringLength", {"unit": "UTF8_CHAR"}, input=words)
case("StringStrip", input=S("  a b ", "\tx\n", ""))
case("StringJoin", {"separator": "-"}, inputs=[S("a", "b"), S("c", "d")])
case("StringSplitV2", input=S("a b  c", " d", ""), sep=np.array(b"", dtype=object))
case("StringSplitV2", {"maxsplit": 1}, input=S("a,b,,c", "d"), sep=np.array(b",", dtype=object))
case("StringSplit", input=S("a b,c", ""), delimiter=np.array(b" ,", dtype=object))
case("Substr", input=S("hello", "wörld"), pos=I(1, 1), len=I(3, 2))
case("Substr", {"unit": "UTF8_CHAR"}, input=S("hello", "wörld"), pos=I(-3, 1), len=I(2, 2))
case("Substr", input=S("abc"), pos=I(5), len=I(1))
for pattern, rewrite in [("[aeiou]", "*"), ("(\\w+) (\\w+)", "\\2 \\1"), ("[[:punct:]]", ""), ("\\s+", "_"), ("(?i)h", "J"), ("\\pL", "L"), ("^", ">")]:
    case("StaticRegexReplace", {"pattern": pattern, "rewrite": rewrite}, input=words)
case("StaticRegexReplace", {"pattern": "l", "rewrite": "L", "replace_global": False}, input=words)
case("RegexReplace", input=words, pattern=np.array(b"[a-c]", dtype=object), rewrite=np.array(b"<\\0>", dtype=object))
case("StaticRegexFullMatch", {"pattern": "[a-z]-.*"}, input=words)
case("RegexFullMatch", input=words, pattern=np.array(b"", dtype=object))
case("AsString", input=np.array([1.5, -0.1, 1e10, np.nan, np.inf], F))
case("AsString", {"precision": 2}, input=f(3))
case("AsString", {"scientific": True}, input=np.array([1234.5, 0], F))
case("AsString", {"shortest": True}, input=np.array([1234.5, 0.1, 1e20], F))
case("AsString", {"width": 6, "fill": "0"}, input=I(5, -5, 123456789))
case("AsString", input=b(2))
case("AsString", input=I(2**62, dtype=np.int64))
case("StringToNumber", string_tensor=S("1.5", " -2e3", "inf"))
case("StringToNumber", {"out_type": tf.int64}, string_tensor=S("9007199254740993"))
case("StringToNumber", string_tensor=S("1.5x"))
case("StringToNumber", {"out_type": tf.int32}, string_tensor=S("3000000000"))
case("StringToHashBucketFast", {"num_buckets": 1000}, input=S("", "a", "abcd", "hello world", "x" * 17, "y" * 33, "z" * 65, "long " * 40))
case("ReduceJoin", {"separator": ","}, inputs=S("a", "b", "c", "d").reshape(2, 2), reduction_indices=I(1))
case("UnsortedSegmentJoin", {"separator": ":"}, inputs=S("a", "b", "c"), segment_ids=I(1, 0, 1), num_segments=scalar(3))
case("DecodeBase64", input=S("aGVsbG8", "_-8"))
case("EncodeBase64", {"pad": True}, input=S("hello", "\xff"))
case("DecodeRaw", {"out_type": tf.int16}, bytes=S(b"\x01\x02\x03\x04"))
case("DecodeRaw", {"out_type": tf.int16, "little_endian": False}, bytes=S(b"\x01\x02\x03\x04"))
case("DecodeRaw", {"out_type": tf.int16}, bytes=S(b"\x01\x02\x03"))

# Sparse and ragged.
rows = I([0, 1], [1, 0], [1, 2], dtype=np.int64)
dense_shape = I(2, 3, dtype=np.int64)
case("SparseToDense", sparse_indices=rows, output_shape=dense_shape, sparse_values=f(3), default_value=F(0))
case("SparseToDense", sparse_indices=I([0, 5], dtype=np.int64).reshape(1, 2), output_shape=dense_shape, sparse_values=f(1), default_value=F(0))
case("SparseReduceSum", input_indices=rows, input_values=f(3), input_shape=dense_shape, reduction_axes=I(1))
case("SparseTensorDenseMatMul", a_indices=rows, a_values=f(3), a_shape=dense_shape, b=f(3, 2))
for op in ["SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"]:
    case(op, data=f(4, 2), indices=I(0, 3, 1), segment_ids=I(0, 0, 1))
case("SparseFillEmptyRows", indices=I([0, 0], [2, 1], dtype=np.int64), values=f(2), dense_shape=I(4, 2, dtype=np.int64), default_value=F(-1))
case("SparseReshape", input_indices=rows, input_shape=dense_shape, new_shape=I(3, -1, dtype=np.int64))
case("RaggedTensorToTensor", {"row_partition_types": ["ROW_SPLITS"]}, shape=I(-1, -1), values=f(5), default_value=F(0), row_partition_tensors=[I(0, 2, 2, 5, dtype=np.int64)])
case("RaggedTensorToTensor", {"row_partition_types": ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]}, shape=I(-1, 2, dtype=np.int64), values=i(4), default_value=scalar(-1), row_partition_tensors=[scalar(3, np.int64), I(0, 0, 0, 2, dtype=np.int64)])
case("RaggedTensorToTensor", {"row_partition_types": ["ROW_SPLITS", "ROW_SPLITS"]}, shape=scalar(-1), values=f(4), default_value=F(0), row_partition_tensors=[I(0, 1, 3, dtype=np.int64), I(0, 2, 3, 4, dtype=np.int64)])
case("RaggedRange", starts=I(0, 2), limits=I(3, 8), deltas=I(1, 2))

# Examples.
example = tf.train.Example(features=tf.train.Features(feature={
    "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1.5, 2.5])),
    "n": tf.train.Feature(int64_list=tf.train.Int64List(value=[7])),
    "s": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a", b"bc"])),
})).SerializeToString()
other = tf.train.Example(features=tf.train.Features(feature={"n": tf.train.Feature(int64_list=tf.train.Int64List(value=[-3, 2**40]))})).SerializeToString()
key = lambda *names: S(*names) if names else np.zeros([0], object)
case("ParseExampleV2", {"num_sparse": 1, "sparse_types": [tf.string], "ragged_value_types": [tf.int64], "ragged_split_types": [tf.int64], "dense_shapes": [[2]]}, serialized=S(example, other), names=key(), sparse_keys=key("s"), dense_keys=key("x"), ragged_keys=key("n"), dense_defaults=[np.array([9, 8], F)])
case("ParseExampleV2", {"num_sparse": 0, "sparse_types": [], "ragged_value_types": [], "ragged_split_types": [], "dense_shapes": [[2]]}, serialized=S(example, other), names=key(), sparse_keys=key(), dense_keys=key("x"), ragged_keys=key(), dense_defaults=[f(0)])
case("ParseExampleV2", {"num_sparse": 0, "sparse_types": [], "ragged_value_types": [], "ragged_split_types": [], "dense_shapes": [[1]]}, serialized=S(example), names=key("first"), sparse_keys=key(), dense_keys=key("x"), ragged_keys=key(), dense_defaults=[I(0, dtype=np.int64)])
case("ParseExampleV2", {"num_sparse": 0, "sparse_types": [], "ragged_value_types": [], "ragged_split_types": [], "dense_shapes": [[1]]}, serialized=S(other), names=key(), sparse_keys=key(), dense_keys=key("n"), ragged_keys=key(), dense_defaults=[I(0, dtype=np.int64)])
case("ParseExampleV2", {"num_sparse": 0, "sparse_types": [], "ragged_value_types": [], "ragged_split_types": [], "dense_shapes": [[1]]}, serialized=S("nonsense"), names=key(), sparse_keys=key(), dense_keys=key("n"), ragged_keys=key(), dense_defaults=[I(0, dtype=np.int64)])
case("ParseSingleExample", {"num_sparse": 1, "sparse_keys": ["s"], "dense_keys": ["x"], "sparse_types": [tf.string], "dense_shapes": [[2]]}, serialized=np.array(example, dtype=object), dense_defaults=[f(0)])
