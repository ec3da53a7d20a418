"""Matrix products, convolutions, pools, norms, and blocks between space, depth and batch."""

import numpy as np

from opGoldens.recorder import BF16, FLOATS, NUMBERS, case, f32, i32, i64, ramp, random


def record(rng):
    products(rng)
    convolutions(rng)
    pools(rng)
    norms(rng)
    blocks()
    factors()


def products(rng):
    def r(*shape, dtype=np.float32):
        return random(rng, dtype, *shape)

    one = np.array([[[1 + 2j, 3 - 1j]]], np.complex64)
    case("BatchMatMulV2", one, one, adj_y=True)
    case("BatchMatMulV3", f32(np.ones([2, 2, 3])), f32(np.ones([3, 3, 1])), Tout=np.float32)
    case("MatMul", f32([1, 2]), f32([1]))
    case("MatMul", f32([1, 2]), f32([[1]]))
    case("Einsum", [f32([[-0.0, 0, 1]]), f32([[1, -2, 3]])], equation="ab,ab->ab")
    case("Einsum", [f32([[1, 2, 3]]), f32([[1, -2, 3]])], equation="ab,...b->a")

    for dtype in NUMBERS:
        case("MatMul", r(2, 3, dtype=dtype), r(3, 2, dtype=dtype))
        case("BatchMatMulV2", r(2, 1, 3, dtype=dtype), r(2, 3, 2, dtype=dtype))
        case("Einsum", [r(2, 3, dtype=dtype), r(3, 2, dtype=dtype)], equation="ij,jk->ik")
        case("BiasAdd", r(2, 3, dtype=dtype), r(3, dtype=dtype))
    for a, b in [(True, False), (False, True), (True, True)]:
        case("MatMul", r(*((3, 2) if a else (2, 3))), r(*((4, 3) if b else (3, 4))), transpose_a=a, transpose_b=b)
        for op in ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"):
            more = {"Tout": np.float32} if op == "BatchMatMulV3" else {}
            case(op, r(2, *((3, 2) if a else (2, 3))), r(2, *((4, 3) if b else (3, 4))), adj_x=a, adj_y=b, **more)
    case("BatchMatMulV2", r(2, 2, 2, dtype=np.complex64), r(2, 2, 2, dtype=np.complex64), adj_x=True)
    case("MatMul", r(0, 3), r(3, 2))
    case("MatMul", r(2, 0), r(0, 2))
    case("MatMul", r(2, 3), r(2, 3))
    case("MatMul", r(3), r(3, 2))
    case("MatMul", r(2, 3), r(3))
    case("BatchMatMulV2", r(2, 1, 2, 3), r(3, 3, 1))
    case("BatchMatMulV2", r(2, 3), r(4, 3, 1))
    case("BatchMatMulV2", r(2, 2, 3), r(3, 3, 1))
    case("BatchMatMulV2", r(2, 3), r(2, 1))
    case("BatchMatMulV2", r(3), r(3, 1))
    case("BatchMatMulV2", r(0, 2, 3), r(0, 3, 1))
    case("BatchMatMul", r(1, 2, 3), r(2, 3, 1))
    case("BatchMatMulV3", r(1, 2, 3), r(1, 3, 1), Tout=np.float32)
    equations = [
        ("ij->ji", [(2, 3)]), ("ii->i", [(3, 3)]), ("ii->", [(3, 3)]), ("ij->", [(2, 3)]), ("ijk->ik", [(2, 3, 2)]), ("i,j->ij", [(2,), (3,)]),
        ("ij,ij->ij", [(2, 3), (2, 3)]), ("ij,ij->", [(2, 3), (2, 3)]), ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]), ("...ij,...jk->...ik", [(2, 1, 2, 3), (3, 3, 2)]),
        ("abcd,cde->abe", [(2, 1, 2, 3), (2, 3, 2)]), ("ij,k->jk", [(2, 3), (2,)]), ("...i->...", [(2, 3, 2)]), ("i...->i", [(2, 3)]), ("ab,ab->ba", [(2, 3), (2, 3)]),
        ("bhqd,bkhd->bhqk", [(1, 2, 2, 3), (1, 2, 2, 3)]), (" i j , j k -> i k ", [(2, 3), (3, 2)]), ("ij,jk->ik", [(2, 3), (2, 2)]), ("ij,jk->ik", [(2,), (2, 2)]), ("...,...->...", [(2, 1), (3,)]),
        ("iij,jk->ik", [(2, 2, 3), (3, 2)]), ("->", [()]), (",->", [(), ()]), ("...a->a...", [(2, 3)]),
    ]
    for equation, shapes in equations:
        case("Einsum", [r(*shape) for shape in shapes], equation=equation)
    case("BiasAdd", r(2, 2, 2, 3), r(3))
    case("BiasAdd", r(2, 3, 2, 2), r(3), data_format="NCHW")
    case("BiasAdd", r(2, 3, 2), r(3), data_format="NCHW")
    case("BiasAdd", r(0, 3), r(3))
    case("BiasAdd", r(2, 3), r(2))
    case("BiasAdd", r(3), r(3))
    case("BiasAdd", r(2, 3), r(3, 1))


def convolutions(rng):
    def r(*shape, dtype=np.float32):
        return random(rng, dtype, *shape)

    for dtype in FLOATS + [np.int32]:
        case("Conv2D", r(1, 3, 3, 2, dtype=dtype), r(2, 2, 2, 2, dtype=dtype), strides=[1, 1, 1, 1], padding="SAME")
        case("DepthwiseConv2dNative", r(1, 3, 3, 2, dtype=dtype), r(2, 2, 2, 2, dtype=dtype), strides=[1, 1, 1, 1], padding="SAME")
        case("Conv2DBackpropInput", i32([1, 4, 4, 1]), r(2, 2, 1, 2, dtype=dtype), r(1, 2, 2, 2, dtype=dtype), strides=[1, 2, 2, 1], padding="SAME")
        case("Conv3D", r(1, 2, 2, 2, 1, dtype=dtype), r(2, 1, 2, 1, 2, dtype=dtype), strides=[1] * 5, padding="SAME")
    for padding in ("SAME", "VALID"):
        for stride, dilation, window in [(1, 1, 3), (2, 1, 2), (3, 1, 2), (1, 2, 2), (2, 1, 1)]:
            case("Conv2D", r(1, 5, 4, 1), r(window, 2, 1, 2), strides=[1, stride, stride, 1], dilations=[1, dilation, dilation, 1], padding=padding)
            case("DepthwiseConv2dNative", r(1, 5, 4, 2), r(window, window, 2, 1), strides=[1, stride, stride, 1], dilations=[1, dilation, dilation, 1], padding=padding)
        case("Conv2D", r(1, 5, 4, 1), r(2, 2, 1, 1), strides=[1, 2, 1, 1], padding=padding)
        case("Conv3D", r(1, 3, 3, 3, 1), r(2, 2, 2, 1, 1), strides=[1, 2, 2, 1, 1], padding=padding)
        case("Conv2DBackpropInput", i32([1, 5, 5, 1]), r(3, 3, 1, 2), r(1, *((3, 3) if padding == "SAME" else (2, 2)), 2), strides=[1, 2, 2, 1], padding=padding)
        case("Conv3DBackpropInputV2", i32([1, 4, 4, 4, 1]), r(2, 2, 2, 1, 1), r(1, 2, 2, 2, 1), strides=[1, 2, 2, 2, 1], padding=padding)
    case("Conv2D", r(1, 3, 3, 4), r(2, 2, 2, 4), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(1, 3, 3, 1), r(2, 2, 1, 1), strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0])
    case("Conv2D", r(0, 3, 3, 1), r(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(2, 2, 2, 2), r(1, 1, 2, 3), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(1, 3, 3, 3), r(2, 2, 2, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(3, 3, 1), r(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(1, 3, 3, 1), r(2, 2, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(1, 1, 1, 1), r(2, 2, 1, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2D", r(1, 3, 3, 4), r(2, 2, 2, 3), strides=[1, 1, 1, 1], padding="VALID")
    case("DepthwiseConv2dNative", r(1, 3, 3, 2), r(2, 2, 3, 1), strides=[1, 1, 1, 1], padding="VALID")
    case("DepthwiseConv2dNative", r(1, 3, 3, 1), r(2, 2, 1, 2), strides=[1, 1, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 0, 0, 1, 0, 0])
    case("DepthwiseConv2dNative", r(3, 3, 1), r(2, 2, 1, 2), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2DBackpropInput", i32([1, 4, 4, 1]), r(2, 2, 1, 2), r(1, 3, 3, 2), strides=[1, 2, 2, 1], padding="SAME")
    case("Conv2DBackpropInput", i32([1, 4, 4, 1]), r(2, 2, 1, 2), r(1, 2, 2, 3), strides=[1, 2, 2, 1], padding="SAME")
    case("Conv2DBackpropInput", i32([1, 5, 5, 1]), r(2, 2, 1, 1), r(1, 4, 4, 1), strides=[1, 1, 1, 1], padding="VALID", dilations=[1, 1, 1, 1])
    case("Conv3D", r(1, 2, 2, 1), r(1, 1, 1, 1, 1), strides=[1] * 5, padding="VALID")
    case("Conv3D", r(1, 2, 2, 2, 2), r(1, 1, 1, 3, 1), strides=[1] * 5, padding="VALID")


def pools(rng):
    def r(*shape, dtype=np.float32):
        return random(rng, dtype, *shape)

    for dtype in NUMBERS:
        case("MaxPool", r(1, 3, 3, 1, dtype=dtype), ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="VALID")
        case("AvgPool", r(1, 3, 3, 1, dtype=dtype), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    for op in ("MaxPool", "AvgPool"):
        for padding in ("SAME", "VALID"):
            for window, stride in [(2, 2), (3, 1), (3, 2), (1, 2)]:
                case(op, r(1, 4, 5, 2), ksize=[1, window, window, 1], strides=[1, stride, stride, 1], padding=padding)
            case(op + "3D", r(1, 2, 3, 3, 1), ksize=[1, 2, 2, 2, 1], strides=[1, 1, 2, 2, 1], padding=padding)
        case(op, r(0, 4, 4, 1), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
        case(op, r(4, 4, 1), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
        case(op, r(1, 1, 1, 1), ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="VALID")
        case(op + "3D", r(1, 2, 2, 1), ksize=[1, 1, 1, 1, 1], strides=[1] * 5, padding="VALID")
    case("MaxPool", f32([[[[np.nan], [1]], [[2], [-np.inf]]]]), ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME")
    case("MaxPool", r(1, 3, 3, 1), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 0, 0, 1, 0, 0])
    case("MaxPool", -1 - np.abs(r(1, 3, 3, 1)), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME")
    case("MaxPoolV2", r(1, 4, 4, 2), i32([1, 2, 2, 1]), i32([1, 2, 2, 1]), padding="SAME")
    for channels in (1, 3, 8):
        x = (np.arange(16 * channels) * 7 % 16).astype(np.float32).reshape([1, 4, 4, channels])
        x[0, 0, 0], x[0, 1, 1], x[0, 2:, 2:] = np.nan, np.nan, np.nan
        case("MaxPool", x, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME")


def norms(rng):
    def r(*shape, dtype=np.float32):
        return random(rng, dtype, *shape)

    for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        for dtype in FLOATS:
            single = np.float32 if op != "FusedBatchNorm" else dtype
            more = {} if op == "FusedBatchNorm" else {"U": np.float32}
            statistics = [r(2, dtype=single), r(2, dtype=single), r(2, dtype=single), np.abs(r(2, dtype=single)) + single(1)]
            case(op, r(2, 2, 2, 2, dtype=dtype), *statistics, is_training=False, epsilon=0.001, **more)
    four = [r(3), r(3), r(3), np.abs(r(3)) + np.float32(1)]
    case("FusedBatchNormV3", r(1, 2, 2, 3), *four, is_training=False, U=np.float32)
    case("FusedBatchNormV3", r(1, 2, 2, 2, 3), *four, is_training=False, U=np.float32, data_format="NDHWC")
    case("FusedBatchNormV3", r(1, 3, 2, 2), *four, is_training=False, U=np.float32, data_format="NCHW")
    case("FusedBatchNormV3", r(1, 2, 2, 2), *four, is_training=False, U=np.float32)
    case("FusedBatchNormV3", r(2, 3), *four, is_training=False, U=np.float32)
    case("LRN", r(1, 2, 2, 5))
    case("LRN", r(1, 1, 2, 4), depth_radius=1, bias=2.0, alpha=0.5, beta=0.75)
    case("LRN", r(2, 4))


def blocks():
    for dtype in (np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8):
        case("SpaceToBatchND", ramp(dtype, 1, 2, 2, 1), i32([2, 2]), i32([[0, 0], [0, 0]]), shaped=(1, 2))
        case("BatchToSpaceND", ramp(dtype, 4, 1, 1, 1), i32([2, 2]), i32([[0, 0], [0, 0]]), shaped=(1, 2))
        case("SpaceToDepth", ramp(dtype, 1, 2, 4, 1), block_size=2)
        case("DepthToSpace", ramp(dtype, 1, 1, 2, 4), block_size=2)
    case("SpaceToBatchND", ramp(np.float32, 1, 3, 2), i32([2]), i32([[1, 0]]), shaped=(1, 2))
    case("SpaceToBatchND", ramp(np.float32, 1, 4, 2, 1), i64([2, 2]), i64([[0, 0], [2, 0]]), shaped=(1, 2))
    case("SpaceToBatchND", ramp(np.float32, 1, 3, 1, 1), i32([2, 1]), i32([[0, 0], [0, 0]]), shaped=(1, 2))
    case("SpaceToBatchND", ramp(np.float32, 1, 3, 1, 1), i32([0, 1]), i32([[0, 0], [0, 0]]), shaped=(1, 2))
    case("SpaceToBatchND", ramp(np.float32, 1, 3, 1, 1), i32([3, 1]), i32([[-1, 1], [0, 0]]), shaped=(1, 2))
    case("BatchToSpaceND", ramp(np.float32, 4, 2, 3), i32([2]), i32([[1, 1]]), shaped=(1, 2))
    case("BatchToSpaceND", ramp(np.float32, 3, 2, 1), i32([2]), i32([[0, 0]]), shaped=(1, 2))
    case("BatchToSpaceND", ramp(np.float32, 4, 1, 1, 1), i32([2, 2]), i32([[-1, 0], [0, 0]]), shaped=(1, 2))
    case("BatchToSpaceND", ramp(np.float32, 4, 1, 1, 1), i32([2, 2]), i32([[2, 1], [0, 0]]), shaped=(1, 2))
    case("SpaceToBatch", ramp(np.float32, 1, 2, 2, 1), i32([[0, 0], [0, 0]]), block_size=2)
    case("BatchToSpace", ramp(np.float32, 4, 1, 2, 1), i32([[0, 0], [1, 0]]), block_size=2)
    case("SpaceToDepth", ramp(np.float32, 2, 4, 4, 3), block_size=2)
    case("SpaceToDepth", ramp(np.float32, 1, 3, 4, 1), block_size=2)
    case("SpaceToDepth", ramp(np.float32, 2, 4, 3), block_size=2)
    case("DepthToSpace", ramp(np.float32, 1, 2, 1, 8), block_size=2)
    case("DepthToSpace", ramp(np.float32, 1, 1, 1, 9), block_size=3)
    case("DepthToSpace", ramp(np.float32, 1, 1, 1, 3), block_size=2)
    case("DepthToSpace", ramp(np.float32, 1, 2, 8), block_size=2)


def factors():
    for dtype in (np.float32, np.float64, np.float16, np.complex64, np.complex128):
        turn = 1j if dtype in (np.complex64, np.complex128) else 0
        case("Cholesky", np.array([[4, 2 - turn, -2], [2 + turn, 10, 2 * turn + 1], [-2, 1 - 2 * turn, 5.75]], dtype))
    case("Cholesky", f32([[[4, 9], [2, 3]], [[1, 7], [0.5, 2]]]))
    case("Cholesky", f32([[2.5]]))
    case("Cholesky", f32(np.zeros([0, 2, 2])))
    case("Cholesky", f32(np.zeros([0, 0])))
    # Of a larger one TensorFlow leaves the upper half as it finds it.
    for wrong in ([[0]], [[-1]], [[np.nan]], [[np.inf]], [[1, 2, 3], [4, 5, 6]], [1, 2]):
        case("Cholesky", f32(wrong))
