"""Ops that go element by element."""

import numpy as np

from opGoldens.recorder import BF16, COMPLEX, FLOATS, INTS, NUMBERS, case, f32, i32, i64, pool, strs

BINARY = """Add AddV2 Sub Mul MulNoNan Div RealDiv TruncateDiv DivNoNan FloorDiv FloorMod Mod TruncateMod Pow Maximum Minimum
SquaredDifference Atan2 Xdivy Xlogy Xlog1py BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift Equal NotEqual Less LessEqual Greater
GreaterEqual""".split()
UNARY = """Invert IsNan IsInf IsFinite Abs Neg Sign Square Reciprocal Inv Sqrt Rsqrt Exp Expm1 Log Log1p Floor Ceil Round Rint Sin Cos Tan
Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Erfc Erfinv Ndtri Lgamma Digamma Sigmoid Softplus Softsign Relu Relu6 Elu Selu
LeakyRelu ZerosLike OnesLike""".split()
DIVIDES = {"Div", "RealDiv", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod"}
# What these make of such values depends on the machine's vector library.
NO_INFINITY = {"Sin", "Cos", "Tan"}


def pair(op, dtype):
    """Operands that meet in every way that is defined."""
    x = pool(dtype)
    y = np.roll(x, 3)
    if op == "Pow" and dtype in INTS:
        return x, np.array([0, 1, 2, 3, 5, 7, 2, 3, 1, 0][: len(x)], dtype)
    if op in ("LeftShift", "RightShift"):
        return x, np.array([0, 1, 2, 3, 5, 7, 6, 4, 1, 0][: len(x)], dtype)
    if op in DIVIDES and dtype in INTS:
        # The lowest number by -1 is left out: x86 traps it and TensorFlow's answer is not defined.
        keep = (y != 0) & ~((x == np.iinfo(dtype).min) & (y == dtype(-1) if np.iinfo(dtype).min < 0 else False))
        return x[keep], y[keep]
    if op in DIVIDES and dtype in COMPLEX:
        return x[y != 0], y[y != 0]
    if op in {"FloorDiv", "FloorMod", "Mod", "TruncateMod", "Pow", "Atan2"} and dtype in FLOATS:
        keep = np.isfinite(x.astype(np.float64)) & np.isfinite(y.astype(np.float64)) & (y != 0)
        return x[keep], y[keep]
    if op == "Pow" and dtype in COMPLEX:
        return x[x != 0], y[x != 0]
    return x, y


def record(rng):
    for op in BINARY:
        for dtype in NUMBERS:
            case(op, *pair(op, dtype))
        first = np.int32 if op.startswith("Bit") or op.endswith("Shift") else np.float32
        one = lambda *shape: rng.integers(1, 5, shape).astype(first)
        for a, b in [((), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((3,), (2, 1, 3)), ((2, 1, 2, 1), (3, 1, 2)), ((0, 3), (3,)), ((2, 2), (1,))]:
            case(op, one(*a), one(*b))
        case(op, one(2), one(3))
        case(op, one(2, 3), one(2, 2))
    for op in ("Add", "AddV2", "Equal", "NotEqual", "Less", "GreaterEqual"):
        case(op, strs(["", "a", "é"]), strs(["b", "a", "e"]))
        case(op, strs([["x"], ["y"]]), strs(["1", ""]))
    for op in ("Equal", "NotEqual"):
        case(op, np.array([True, False]), np.array([True, True]))
        case(op, f32([1, 2]), f32([1, 2, 3]), incompatible_shape_error=False)
    for op in sorted(DIVIDES):
        for dtype in (np.int32, np.int64, np.uint8):
            case(op, np.array([1, 2], dtype), np.array([1, 0], dtype))
    case("Pow", i32([2]), i32([-1]))
    case("Pow", i64([2]), i64([-1]))
    for op in UNARY:
        for dtype in NUMBERS:
            x = pool(dtype)
            if op in NO_INFINITY and dtype in FLOATS:
                x = x[np.isfinite(x.astype(np.float64))]
            case(op, x)
        dtype = np.int32 if op == "Invert" else np.float32
        case(op, np.array([[1, 2], [3, 1]]).astype(dtype))
        case(op, np.array(1).astype(dtype))
        case(op, np.zeros([0, 2], dtype))
    for op in ("ZerosLike", "OnesLike"):
        case(op, np.array([True, False]))
    case("ZerosLike", strs(["a", "b"]))
    case("LeakyRelu", f32([-2, 0, 3]), alpha=0.5)
    for dtype in FLOATS:
        case("LeakyRelu", np.array([-2, -0.5, 3], dtype), alpha=0.1)
    for op in ("LogicalAnd", "LogicalOr"):
        case(op, np.array([True, True, False, False]), np.array([True, False, True, False]))
        case(op, np.array([[True], [False]]), np.array([True, False]))
        case(op, np.array([True, True, False]), np.array([True, False]))
    case("LogicalNot", np.array([[True, False]]))
    for dtype in NUMBERS:
        case("AddN", [pool(dtype), np.roll(pool(dtype), 1), np.roll(pool(dtype), 2)])
    case("AddN", [f32([[1, 2]])])
    case("AddN", [f32([1, 2]), f32([1, 2, 3])])
    for dtype in FLOATS + INTS:
        x = np.array([0, 1, 2, 3, 5, 100], dtype)
        case("ClipByValue", x, dtype(2), dtype(5))
        case("ClipByValue", x, np.full(6, 1, dtype), np.arange(6).astype(dtype) + dtype(1))
    case("ClipByValue", f32([np.nan, -np.inf, np.inf, -0.0]), f32(-1), f32(1))
    case("ClipByValue", f32([1, 2]), f32([1, 2, 3]), f32(1))
    casts()
    complexes()
    for dtype in FLOATS:
        case("CheckNumerics", np.array([1, 2], dtype), message="m")
    case("CheckNumerics", f32([1, np.nan]), message="wrong")
    case("CheckNumerics", f32([1, np.inf]), message="wrong")
    case("CheckNumerics", f32([-np.inf, np.nan]), message="wrong")
    case("Cross", f32([[1, 2, 3], [4, 5, 6]]), f32([[3, 1, 2], [-1, 0, 1]]))
    case("Cross", i64([1, 2, 3]), i64([2**40, 5, 7]))
    case("Cross", np.array([1, 2, 3], np.float16), np.array([2, 0, 1], np.float16))
    case("Cross", f32([1, 2]), f32([1, 2]))
    for dtype in (np.int32, np.int64, np.float32, np.float64):
        case("Bucketize", np.array([[-5, 0, 1], [10, 9, 100]], dtype), boundaries=[0.0, 1.0, 10.0])
    case("Bucketize", f32([0.1, 0.3, np.nan]), boundaries=[0.1, 0.2, 0.3])
    case("Bucketize", f32([1]), boundaries=[])
    case("Bucketize", f32([1]), boundaries=[2.0, 1.0])


def casts():
    kinds = FLOATS + INTS + COMPLEX + [bool]
    for source in kinds:
        x = pool(source)
        if source in FLOATS:
            # Floats that an integer type does not hold convert as the processor likes.
            whole = np.array([-3, -2.5, -0.75, -0.0, 0, 0.5, 1, 2.5, 100], source)
        for target in kinds:
            if source in FLOATS and target in INTS:
                case("Cast", whole if np.iinfo(target).min < 0 else whole[3:], DstT=target)
            elif source in COMPLEX and target in INTS:
                case("Cast", np.array([0, 1.5 + 2j, 7], source), DstT=target)
            else:
                case("Cast", x, DstT=target)
    case("Cast", f32([[1.5, 2.5]]), DstT=np.int32, Truncate=True)
    case("Cast", f32([1 + 2**-8, 1 + 2**-8 + 2**-20, 3.4e38]), DstT=BF16)
    case("Cast", f32([65519, 65520, 1 + 2**-11, 6.1e-5]), DstT=np.float16)
    case("Cast", i64([2**53 + 1, 2**60 + 1, -(2**63)]), DstT=np.float32)
    case("Cast", strs(["a"]), DstT=np.int32)
    for source, target in [(np.float32, np.int32), (np.int32, np.float32), (np.int64, np.int32), (np.float64, np.uint8), (np.uint8, np.int8)]:
        case("Bitcast", np.array([[1, 2], [3, 4]], source), type=target)
    case("Bitcast", np.array([[1, 2], [3, 4]], np.int32), type=np.int64)
    case("Bitcast", np.array([0x3F80, 0x4000], np.uint16), type=BF16)
    case("Bitcast", i32([1, 2, 3]), type=np.int64)
    case("Bitcast", i32(5), type=np.int64)


def complexes():
    for dtype, real in ((np.complex64, np.float32), (np.complex128, np.float64)):
        x = np.array([[1 + 2j, -3 - 4j], [0, 2j]], dtype)
        for op in ("Real", "Imag", "ComplexAbs", "Angle"):
            case(op, x, Tout=real)
        case("Conj", x)
        case("Complex", np.array([1, -2], real), np.array([0.5, 3], real))
    case("Complex", f32([[1], [2]]), f32([3, 4]))
    case("Complex", f32([1, 2]), f32([3, 4, 5]))
    case("Conj", f32([1, 2]))
