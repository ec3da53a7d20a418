"""Ops that tell, change and move: shapes, slices, gathers, scatters, segments."""

import numpy as np

from opGoldens.recorder import BF16, FLOATS, INTS, NUMBERS, case, f32, i32, i64, pool, ramp, random, strs

MOVED = [np.float32, np.float64, np.float16, BF16, np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64, np.complex64, bool, object]


def record(rng):
    shapes()
    joins()
    slices()
    pads()
    layouts()
    gathers()
    scatters(rng)
    segments(rng)
    picks()


def shapes():
    for x in (f32(1), ramp(np.float32, 2, 3), ramp(object, 2, 0, 3), ramp(np.int64, 1, 1, 2, 1)):
        for out in (np.int32, np.int64):
            case("Shape", x, out_type=out)
            case("Size", x, out_type=out)
        case("Rank", x)
        for op in ("Identity", "Snapshot", "StopGradient", "PreventGradient"):
            case(op, x)
    case("Shape", f32([1]))
    case("Size", f32([1]))
    case("ShapeN", [ramp(np.float32, 2, 3), f32(0)])
    case("ShapeN", [ramp(np.float32, 2), ramp(np.float32, 0)], out_type=np.int64)
    case("IdentityN", [f32([1]), i64(2), strs(["x"])])
    for dtype in MOVED:
        x = ramp(dtype, 2, 3)
        case("Reshape", x, i32([3, -1]))
        case("Transpose", x, i32([1, 0]))
        case("ExpandDims", x, i32(1))
        case("Squeeze", x.reshape(1, 2, 1, 3))
        case("BroadcastTo", x[:, :1], i32([2, 2, 3]))
        case("Fill", i32([2, 2]), x[1, 1])
        case("Tile", x, i32([2, 1]))
        case("ReverseV2", x, i32([1]))
        case("Roll", x, i32(1), i32(1))
    for shape in ([6], [-1], [1, 6, 1], [2, -1, 3]):
        case("Reshape", ramp(np.float32, 2, 3), i64(shape))
    case("Reshape", f32([7]), i32([]))
    case("Reshape", f32([]).reshape(0, 3), i32([3, -1]))
    for shape in ([4, 2], [4, -1], [-1, -1], [-2, 3], [[2, 3]]):
        case("Reshape", ramp(np.float32, 2, 3), i32(shape))
    case("Reshape", ramp(np.float32, 0, 3), i32([0, -1]))
    case("Reshape", ramp(np.float32, 3), i32([0, -1]))
    for permutation in ([2, 0, 1], [0, 2, 1], [0, 1, 2], [-1, 0, 1], [0, 0, 1], [0, 1], [0, 1, 3]):
        case("Transpose", ramp(np.float32, 2, 3, 2), i32(permutation))
    case("Transpose", ramp(np.float32, 2, 1, 2, 3), i64([3, 1, 0, 2]))
    case("Transpose", f32(2), i32([]))
    for axis in (0, 2, -1, -3, 3, -4):
        case("ExpandDims", ramp(np.float32, 2, 3), i32(axis))
    case("ExpandDims", f32(1), i64(0))
    case("ExpandDims", f32(1), i32([0, 1]))
    for axes in ([0], [-1], [0, 2], [1], [5], [0, -4]):
        case("Squeeze", ramp(np.float32, 1, 2, 1, 1), squeeze_dims=axes)
    for given, target in [((1,), (3,)), ((2, 1), (2, 3)), ((), (2, 2)), ((3,), (2,)), ((2, 3), (3,)), ((1,), (0,)), ((2,), (-1,))]:
        case("BroadcastTo", ramp(np.float32, *given), i32(target))
    case("BroadcastTo", f32([1]), i64([2, 2]))
    for a, b in [([2, 1], [3]), ([], [4]), ([5, 1, 2], [3, 1]), ([2], [3])]:
        case("BroadcastArgs", i32(a), i32(b))
    case("BroadcastArgs", i64([1]), i64([2]))
    case("Fill", i64([]), f32(3))
    case("Fill", i32([0, 2]), f32(3))
    case("Fill", i32([-1]), f32(3))
    case("Fill", i32([[1]]), f32(3))
    case("Fill", i32([1]), f32([3, 4]))
    for times in ([0, 1], [2, 3], [1, 1], [-1, 1], [2]):
        case("Tile", ramp(np.float32, 2, 2), i32(times))
    case("Tile", f32(5), i32([]))
    for start, limit, delta in [(0, 5, 1), (5, 0, -2), (0, 0, 1), (0, 5, 0), (5, 0, 1), (0, 5, -1), (3, 10, 4)]:
        for dtype in (np.int32, np.int64, np.float32, np.float64):
            case("Range", dtype(start), dtype(limit), dtype(delta))
    case("Range", f32(0), f32(1), f32(0.1))
    case("Range", i64(2**53), i64(2**53 + 3), i64(1))
    case("Range", i32([0, 1]), i32(5), i32(1))
    for dtype in (np.float32, np.float64):
        case("LinSpace", dtype(0), dtype(1), i32(7))
        case("LinSpace", dtype(3), dtype(-2), i64(1))
    case("LinSpace", f32(0), f32(1), i32(0))
    for axes in ([0], [0, 1], [-1], [], [2], [0, 0], [0, -2]):
        case("ReverseV2", ramp(np.float32, 2, 3), i32(axes))
    case("ReverseV2", f32(1), i32([]))
    case("ReverseSequence", ramp(np.float32, 2, 4), i64([3, 2]), seq_dim=1)
    case("ReverseSequence", ramp(np.int32, 3, 2, 2), i32([1, 3]), seq_dim=0, batch_dim=2)
    case("ReverseSequence", ramp(np.float32, 2, 4), i64([5, 2]), seq_dim=1)
    case("ReverseSequence", ramp(np.float32, 2, 4), i64([1]), seq_dim=1)
    case("ReverseSequence", ramp(np.float32, 2, 4), i64([1, 1]), seq_dim=2)
    for shift, axis in [([1, -1], [0, 1]), ([5], [-1]), ([1, 2], [1, 1]), ([1], [2]), ([1, 2], [0])]:
        case("Roll", ramp(np.float32, 2, 3), i32(shift), i64(axis))
    case("Roll", f32(1), i32(0), i32(0))
    case("EnsureShape", ramp(np.float32, 2, 3), shape=[None, 3])
    case("EnsureShape", ramp(np.float32, 2, 3), shape=None)
    case("EnsureShape", ramp(np.float32, 2, 3), shape=[3, None])
    case("EnsureShape", ramp(np.float32, 2, 3), shape=[2])
    case("InvertPermutation", i32([2, 0, 1]))
    case("InvertPermutation", i64([]))
    case("InvertPermutation", i32([0, 0]))
    case("InvertPermutation", i32([0, 2]))
    case("InvertPermutation", i32([[0]]))
    case("ShardedFilename", strs("a/part"), i32(3), i32(12))


def joins():
    for dtype in MOVED:
        a, b = ramp(dtype, 2, 2), ramp(dtype, 2, 3)
        case("ConcatV2", [a, b], i32(1))
        case("Pack", [b, b[::-1]])
        case("Unpack", b, num=2)
        case("Split", i32(0), b, num_split=2)
    a, b = ramp(np.float32, 2, 2), ramp(np.float32, 1, 2)
    for axis in (0, -2, 1, 2, -3):
        case("ConcatV2", [a, b], i32(axis))
        case("Concat", i32(axis), [a, b])
    case("ConcatV2", [a, ramp(np.float32, 0, 2)], i64(0))
    case("ConcatV2", [f32([1]), f32([]), f32([2])], i32(0))
    case("ConcatV2", [f32(1), f32(2)], i32(0))
    case("ConcatV2", [f32([1]), f32([[2]])], i32(0))
    case("ConcatV2", [f32([1]), f32([2])], i32([0, 1]))
    case("ConcatOffset", i32(1), [i32([2, 3]), i32([2, 5]), i32([2, 1])])
    case("ConcatOffset", i32(-1), [i32([2, 3]), i32([2, 5])])
    case("ConcatOffset", i32(0), [i32([2, 3]), i32([2, 5])])
    for axis in (0, 1, -1, 2, -3, 3):
        case("Pack", [ramp(np.float32, 2, 2), ramp(np.float32, 2, 2)], axis=axis)
    case("Pack", [f32(1), f32(2), f32(3)])
    case("Pack", [f32([1]), f32([1, 2])])
    for axis, count in [(1, 3), (-1, 3), (-2, 2), (2, 3), (0, 3)]:
        case("Unpack", ramp(np.float32, 2, 3), num=count, axis=axis)
    case("Unpack", ramp(np.float32, 0, 2), num=0)
    for axis, count in [(1, 2), (-1, 4), (0, 2), (2, 2), (-3, 2), (0, 1)]:
        case("Split", i32(axis), ramp(np.float32, 3, 4), num_split=count)
    for sizes, axis in [([1, 2, 1], 1), ([-1, 1], 1), ([4, 0], -1), ([1, 1], 1), ([3, -1, -1], 1), ([5, -1], 1), ([1, 2], 0), ([2, 2], 2)]:
        case("SplitV", ramp(np.float32, 3, 4), i32(sizes), i32(axis), num_split=len(sizes))
    case("SplitV", ramp(object, 3), i64([2, 1]), i32(0), num_split=2)


def slices():
    x = ramp(np.float32, 3, 4)
    for begin, size in [([0, 1], [2, 2]), ([1, 0], [-1, -1]), ([3, 0], [0, 4]), ([0, 3], [1, 2]), ([-1, 0], [1, 1]), ([0], [1]), ([4, 0], [-1, 1])]:
        case("Slice", x, i32(begin), i32(size))
    for dtype in MOVED:
        case("Slice", ramp(dtype, 2, 3), i64([0, 1]), i64([2, 1]))
        case("StridedSlice", ramp(dtype, 2, 3), i32([0, 0]), i32([2, 3]), i32([1, 2]))
    case("Slice", f32(1), i32([]), i32([]))
    cube = ramp(np.int32, 2, 3, 4)
    strided = [
        ([0, 1, 1], [2, 3, 3], [1, 1, 1], {}),
        ([1], [2], [1], {}),
        ([1], [2], [1], {"shrink_axis_mask": 1}),
        ([-1], [0], [1], {"shrink_axis_mask": 1, "end_mask": 1}),
        ([0, 2, 0], [2, -4, 4], [1, -1, 3], {}),
        ([0, 0, 0], [0, 0, 0], [1, -1, -2], {"begin_mask": 7, "end_mask": 7}),
        ([0, 1], [0, 3], [1, 2], {"ellipsis_mask": 1}),
        ([1, 0, 1], [2, 0, 2], [1, 1, 1], {"ellipsis_mask": 2, "shrink_axis_mask": 5}),
        ([0, 0, 1], [0, 0, 2], [1, 1, 1], {"new_axis_mask": 1, "begin_mask": 2, "end_mask": 2}),
        ([0, 0], [0, 0], [1, 1], {"ellipsis_mask": 1, "new_axis_mask": 2}),
        ([5], [9], [1], {}),
        ([-9], [9], [1], {}),
        ([2], [0], [1], {}),
        ([0], [2], [0], {}),
        ([2], [3], [1], {"shrink_axis_mask": 1}),
        ([-3], [0], [1], {"shrink_axis_mask": 1}),
        ([0, 0], [0, 0], [1, 1], {"ellipsis_mask": 3}),
        ([0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], {}),
        ([0, 0], [1, 1], [1], {}),
        ([1], [0], [-1], {"shrink_axis_mask": 1}),
    ]
    for begin, end, stride, masks in strided:
        case("StridedSlice", cube, i32(begin), i32(end), i32(stride), **masks)
    case("StridedSlice", cube, i64([0, 1]), i64([2, 3]), i64([1, 1]))
    case("StridedSlice", f32(3), i32([0]), i32([1]), i32([1]), new_axis_mask=1)
    case("StridedSlice", ramp(np.float32, 0, 3), i32([0]), i32([2]), i32([1]))


def pads():
    for dtype in MOVED:
        x = ramp(dtype, 2, 2)
        case("Pad", x, i32([[1, 0], [0, 2]]))
        case("PadV2", x, i64([[0, 1], [1, 0]]), x[1, 1])
        case("MirrorPad", x, i32([[1, 1], [0, 1]]), mode="REFLECT")
    x = ramp(np.float32, 2, 3)
    case("Pad", f32(1), i32(np.zeros([0, 2])))
    case("Pad", x, i32([[1, -1], [0, 0]]))
    case("Pad", x, i32([[1, 1]]))
    case("Pad", x, i32([1, 1]))
    case("Pad", ramp(np.float32, 0, 2), i32([[1, 0], [0, 1]]))
    for mode in ("REFLECT", "SYMMETRIC"):
        case("MirrorPad", x, i32([[1, 0], [2, 2]]), mode=mode)
        case("MirrorPad", x, i32([[3, 0], [0, 0]]), mode=mode)
        case("MirrorPad", x, i32([[-1, 0], [0, 0]]), mode=mode)
        case("MirrorPad", ramp(np.int32, 2, 1, 3), i64([[0, 1], [0, 0], [1, 2]]), mode=mode)
        case("MirrorPad", x, i32([[1, 1]]), mode=mode)


def layouts():
    for dtype in MOVED:
        x = ramp(dtype, 2, 3)
        on, off = (strs("y"), strs("n")) if dtype is object else (np.asarray(True), np.asarray(False)) if dtype is bool else (dtype(7), dtype(1))
        case("OneHot", i32([0, 2]), i32(3), on, off)
        if dtype is not object:
            case("MatrixBandPart", x, i64(0), i64(1))
            case("MatrixDiag", x)
            case("MatrixDiagPart", x)
            case("MatrixDiagV3", x, i32(0), i32(-1), i32(-1), x[0, 1])
            case("MatrixDiagPartV3", x, i32(0), x[0, 1])
    for axis in (-1, 0, 1, 2, 3, -2):
        case("OneHot", i64([[0, 1], [2, -1]]), i32(3), f32(1), f32(0), axis=axis)
    case("OneHot", np.array([3, 255], np.uint8), i32(4), f32(1), f32(0))
    case("OneHot", i32(1), i32(2), f32(1), f32(0))
    case("OneHot", i32([1]), i32(0), f32(1), f32(0))
    case("OneHot", i32([1]), i32(-1), f32(1), f32(0))
    case("OneHot", i32([1]), i32([2]), f32(1), f32(0))
    x = ramp(np.float32, 2, 3, 4)
    for lower, upper in [(0, 0), (-1, 0), (1, 2), (2, -1), (9, 0)]:
        case("MatrixBandPart", x, i32(lower), i32(upper))
    case("MatrixBandPart", f32([1]), i32(0), i32(0))
    case("MatrixBandPart", x, i32([0, 1]), i32(0))
    for align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"):
        for k in ([-1, 2], [1], [-2, -1], [0]):
            case("MatrixDiagPartV3", x, i32(k), f32(-1), align=align)
        case("MatrixDiagV3", ramp(np.float32, 2, 3), i32([-1, 0]), i32(-1), i32(-1), f32(9), align=align)
        case("MatrixDiagV3", ramp(np.float32, 2, 2, 3), i32([0, 1]), i32(3), i32(4), f32(9), align=align)
    case("MatrixDiagPartV2", x, i32([-1, 1]), f32(0))
    case("MatrixDiagV2", ramp(np.float32, 2), i32(1), i32(-1), i32(-1), f32(0))
    case("MatrixDiagV2", ramp(np.float32, 2), i32(-1), i32(3), i32(-1), f32(5))
    case("MatrixDiagV3", ramp(np.float32, 2), i32(0), i32(3), i32(5), f32(1))
    case("MatrixDiagV3", ramp(np.float32, 2), i32([1, 0]), i32(-1), i32(-1), f32(0))
    case("MatrixDiagV3", f32(1), i32(0), i32(-1), i32(-1), f32(0))
    case("MatrixDiagV3", ramp(np.float32, 3), i32(0), i32(2), i32(2), f32(0))
    case("MatrixDiagPartV3", x, i32([3, 5]), f32(0))
    case("MatrixDiagPartV3", x, i32([1, 0]), f32(0))
    case("MatrixDiagPartV3", f32([1]), i32(0), f32(0))
    case("MatrixDiagPart", f32([1]))
    case("MatrixDiag", f32(1))


def gathers():
    for dtype in MOVED:
        x = ramp(dtype, 3, 2)
        case("Gather", x, i32([2, 0]))
        case("GatherV2", x, i64([[1, 0]]), i32(1))
        case("GatherNd", x, i32([[0, 1], [2, 0]]))
    cube = ramp(np.float32, 2, 3, 2)
    for axis in (0, 1, 2, -1, 3, -4):
        case("GatherV2", cube, i32([1, 0]), i32(axis))
    case("GatherV2", cube, i32(1), i64(1))
    case("GatherV2", cube, i32([[2, 0], [1, 1]]), i32(1), batch_dims=1)
    case("GatherV2", cube, i32([[2, 0], [1, 1]]), i32(-1), batch_dims=1)
    case("GatherV2", cube, i32([[2, 0], [1, 1]]), i32(1), batch_dims=-1)
    case("GatherV2", cube, i32([[2], [1], [0]]), i32(1), batch_dims=1)
    case("GatherV2", cube, i32([[0, 1], [1, 0]]), i32(0), batch_dims=1)
    case("GatherV2", cube, i32([]), i32(0))
    case("GatherV2", cube, i32([0, 2]), i32(0))
    case("GatherV2", cube, i64([[0, 1], [0, -1]]), i32(0))
    case("GatherV2", cube, i32(3), i32(1))
    case("GatherV2", f32(1), i32([0]), i32(0))
    case("Gather", f32([1]), i32([1]))
    for place in ([], [[]], [[1]], [[1, 2]], [[0, 2, 1], [1, 0, 0]], [1, 1], [[2, 0]], [[0, 0, 0, 0]], [[0, -1]]):
        case("GatherNd", cube, i32(place))
    case("GatherNd", cube, i64([[[0, 1]], [[1, 2]]]))
    case("GatherNd", cube, i32(1))
    for dtype in MOVED:
        case("DynamicPartition", ramp(dtype, 4), i32([1, 0, 1, 2]), num_partitions=3)
        case("DynamicStitch", [i32([0, 2]), i32([[1], [3]])], [ramp(dtype, 2), ramp(dtype, 2, 1)])
    case("DynamicPartition", ramp(np.float32, 3, 2), i32([1, 0, 1]), num_partitions=2)
    case("DynamicPartition", ramp(np.float32, 2, 2), i32([[1, 0], [0, 0]]), num_partitions=2)
    case("DynamicPartition", ramp(np.float32, 3), i32([1, 0, 5]), num_partitions=2)
    case("DynamicPartition", ramp(np.float32, 3), i32([1, 0]), num_partitions=2)
    case("DynamicStitch", [i32([0, 4]), i32(1)], [ramp(np.float32, 2, 3), ramp(np.float32, 3)])
    case("DynamicStitch", [i32([1, 0]), i32([1])], [f32([1, 2]), f32([3])])
    case("DynamicStitch", [i32([0, -1])], [f32([1, 2])])
    case("DynamicStitch", [i32([0, 1])], [f32([1])])
    case("DynamicStitch", [i32([])], [f32([])])
    case("ParallelDynamicStitch", [i32([0, 2]), i32([1])], [f32([1, 2]), f32([3])])


def scatters(rng):
    for dtype in [*NUMBERS, bool, object]:
        values = ramp(dtype, 4)
        case("ScatterNd", i32([[1], [0], [1], [3]]), values, i32([5]))
        for op in ("TensorScatterUpdate", "TensorScatterAdd", "TensorScatterSub", "TensorScatterMin", "TensorScatterMax"):
            case(op, values[::-1].copy(), i32([[1], [3]]), values[:2])
    case("ScatterNd", i64([[0, 1], [2, 2]]), f32([5, 6]), i64([3, 3]))
    case("ScatterNd", i32([[2], [0]]), ramp(np.float32, 2, 2), i32([3, 2]))
    case("ScatterNd", i32([[3]]), f32([1]), i32([3]))
    case("ScatterNd", i32([[-1]]), f32([1]), i32([3]))
    case("ScatterNd", i32([[0], [1]]), f32([1]), i32([3]))
    case("ScatterNd", i32(np.zeros([0, 1])), f32([]), i32([3]))
    case("ScatterNd", i32([[0, 0]]), f32([1]), i32([3]))
    case("ScatterNd", i32([[0]]), f32([1]), i32([-3]))
    x = random(rng, np.float32, 3, 2)
    for op in ("TensorScatterUpdate", "TensorScatterAdd", "TensorScatterMax"):
        case(op, x, i64([[2, 1], [0, 0]]), f32([9, -9]))
        case(op, x, i32([[2], [0], [2]]), random(rng, np.float32, 3, 2))
        case(op, x, i32([[3]]), f32([[1, 2]]))
        for updates in ([[1, 2]], [7, 8, 9], 1):
            case(op, x, i32([0]), f32(updates))
        case(op, x, i32([2, 1]), f32([[1, 2], [3, 4]]))
        case(op, x, i32([[0]]), f32([1, 2, 3]))
        case(op, x, i32([0]), f32([1, 2]))
        case(op, x, i32(0), f32([1, 2]))
        case(op, x, i32(np.zeros([0, 2])), f32([]))


def segments(rng):
    for dtype in NUMBERS:
        x = random(rng, dtype, 5, 2)
        for op in ("SegmentSum", "SegmentSumV2", "SegmentProd", "SegmentMax", "SegmentMin", "SegmentMean"):
            more = [i32(4)] if op == "SegmentSumV2" else []
            case(op, x, i32([0, 0, 1, 3, 3]), *more, shaped=(2,) if more else ())
        for op in ("UnsortedSegmentSum", "UnsortedSegmentProd", "UnsortedSegmentMax", "UnsortedSegmentMin"):
            case(op, x, i32([3, 0, -1, 0, 3]), i32(4))
    big = i32([2**31 - 1, 2**31 - 3, 5])
    case("SegmentProd", big, i32([0, 0, 0]))
    case("UnsortedSegmentProd", big, i32([0, 0, 0]), i32(1))
    x = f32([1, 2, 3])
    for count in (3, 5, 2, -1):
        case("SegmentSumV2", x, i32([0, 0, 2]), i32(count), shaped=(2,))
    case("SegmentSumV2", x, i32([1, 0, 2]), i32(3), shaped=(2,))
    case("SegmentSumV2", x, i32([0, 1]), i32(3), shaped=(2,))
    case("SegmentSumV2", ramp(np.float32, 3, 2), i64([0, 2, 2]), i64(4), shaped=(2,))
    for op in ("SegmentSum", "SegmentMean", "SegmentMax"):
        case(op, x, i64([0, 1, 2]))
        case(op, f32([]), i32([]))
        case(op, x, i32([1, 0, 2]))
        case(op, x, i32([-1, 0, 1]))
        case(op, x, i32([0, 1]))
        case(op, x, i32([[0], [1], [2]]))
        case(op, f32([np.nan, 1, 2]), i32([0, 0, 1]))
    for op in ("UnsortedSegmentSum", "UnsortedSegmentMax", "UnsortedSegmentMin"):
        case(op, ramp(np.float32, 2, 2), i64([[0, 1], [1, 0]]), i64(2))
        case(op, x, i32([0, 1, 5]), i32(3))
        case(op, x, i32([0, 1]), i32(3))
        case(op, x, i32([0, 1, 1]), i32(-1))
        case(op, x, i32([0, 1, 1]), i32([2, 2]))


def picks():
    for dtype in MOVED:
        a, b = ramp(dtype, 2, 2), ramp(dtype, 2, 2)[::-1]
        case("Select", np.array([[True, False], [False, True]]), a, b)
        case("SelectV2", np.array([True, False]), a, b[:, :1])
        case("Where", np.array([[0, 1], [2, 0]]).astype(dtype) if dtype is not object else strs(["", "a"]))
    a, b = ramp(np.float32, 2, 3), ramp(np.float32, 2, 3) + 10
    case("Select", np.array(True), a, b)
    case("Select", np.array([True, False]), a, b)
    case("Select", np.array([True, False, True]), a, b)
    case("Select", np.array([True, False]), a, b[:1])
    case("SelectV2", np.array([[True], [False]]), a, f32(5))
    case("SelectV2", np.array([True, False]), a, b)
    odd = f32([-0.0, 0, np.nan, np.inf, -np.inf, -0.0, 1, -2])
    case("SelectV2", np.array([True, False] * 4), odd, odd[::-1].copy())
    case("SelectV2", np.array([False] * 8), odd, odd[::-1].copy())
    case("SelectV2", np.array([True] * 8), odd, odd[::-1].copy())
    case("Where", f32([np.nan, 0, -0.0, 1]))
    case("Where", np.array([[[True, False]], [[False, True]]]))
    case("Where", np.array(True))
    case("Where", np.array([], bool))
    for op in ("LowerBound", "UpperBound"):
        for dtype in (np.float32, np.int32, np.int64, np.float64):
            case(op, np.array([[1, 3, 3, 5], [0, 2, 4, 6]], dtype), np.array([[3, 9], [2, -1]], dtype))
        case(op, i64([[1, 3, 2**53, 2**53 + 1]]), i64([[2**53 + 1]]), out_type=np.int64)
        case(op, f32([[1]]), f32([[1], [2]]))
    for dtype in (np.float32, np.int32, np.int64, np.uint8, object):
        x = strs(["a", "b", "a", "é"]) if dtype is object else np.array([3, 1, 3, 2], dtype)
        case("ListDiff", x, x[1:2])
        for op in ("Unique", "UniqueWithCounts"):
            case(op, x)
            case(op, x, out_idx=np.int64)
        for op in ("UniqueV2", "UniqueWithCountsV2"):
            case(op, x, i64([0]))
    case("ListDiff", i64([2**53, 2**53 + 1]), i64([2**53]), out_idx=np.int64)
    case("ListDiff", i32([[1]]), i32([1]))
    case("Unique", f32([np.nan, 0, -0.0, np.nan]))
    case("Unique", i32([[1]]))
    case("Unique", i32([]))
    case("UniqueV2", i32([[1, 2], [3, 4], [1, 2]]), i32([0]))
    case("UniqueV2", i32([[1, 1, 2], [3, 3, 4]]), i32([1]))
    case("UniqueV2", i32([1, 1]), i32([]))
    case("UniqueV2", i32([1, 1]), i32([3]))
