"""Sparse and ragged tensors."""

import numpy as np
import tensorflow as tf

from opGoldens.recorder import NUMBERS, case, f32, i32, i64, ramp, random, strs


def record(rng):
    places, shape = i64([[0, 1], [1, 0], [1, 2]]), i64([2, 3])
    for dtype in [*NUMBERS, bool, object]:
        values = ramp(dtype, 4)
        case("SparseToDense", places, shape, values[1:], values[0])
    one = f32(0)
    case("SparseToDense", i32([1, 3]), i32([5]), f32([7, 8]), one)
    case("SparseToDense", i32([1, 3]), i32([5]), f32(7), one)
    case("SparseToDense", i64([[0, 5]]), shape, f32([1]), one)
    case("SparseToDense", i64([[1, 0], [0, 0]]), shape, f32([1, 2]), one)
    case("SparseToDense", i64([[1, 0], [1, 0]]), shape, f32([1, 2]), one)
    case("SparseToDense", i64([[1, 0], [0, 0]]), shape, f32([1, 2]), one, validate_indices=False)
    case("SparseToDense", places, shape, f32([1, 2]), one)
    case("SparseToDense", i64(np.zeros([0, 2])), shape, f32([]), one)
    for op in ("SparseReduceSum", "SparseReduceMax"):
        for dtype in (np.float32, np.float64, np.int32, np.int64):
            case(op, places, random(rng, dtype, 3), shape, i32([1]))
        for axes in ([0], [0, 1], [], [-1]):
            case(op, places, f32([1, 2, 3]), shape, i32(axes))
            case(op, places, f32([1, 2, 3]), shape, i32(axes), keep_dims=True)
        case(op, places, f32([1, 2, 3]), shape, i32([2]))
    for dtype in (np.float32, np.float64, np.int32, np.complex64):
        case("SparseTensorDenseMatMul", places, random(rng, dtype, 3), shape, random(rng, dtype, 3, 2))
    case("SparseTensorDenseMatMul", places, f32([1, 2, 3]), shape, random(rng, np.float32, 2, 2), adjoint_a=True)
    case("SparseTensorDenseMatMul", places, f32([1, 2, 3]), shape, random(rng, np.float32, 2, 3), adjoint_b=True)
    case("SparseTensorDenseMatMul", places, f32([1, 2, 3]), shape, random(rng, np.float32, 2, 2))
    case("SparseTensorDenseMatMul", i64([[0, 9]]), f32([1]), shape, random(rng, np.float32, 3, 2))
    case("SparseTensorDenseMatMul", i64([[9, 0]]), f32([1]), shape, f32(np.ones([3, 2])))
    turned = np.array([1 + 2j, 3, -1j], np.complex64)
    case("SparseTensorDenseMatMul", places, turned, shape, np.full([2, 2], 1 + 3j, np.complex64), adjoint_a=True)
    case("SparseTensorDenseMatMul", places, turned, shape, np.full([2, 3], 1 + 3j, np.complex64), adjoint_b=True)
    case("SparseReduceSum", places, turned, shape, i32([1]))
    data = random(rng, np.float32, 4, 2)
    for kind in ("Sum", "Mean", "SqrtN"):
        for dtype in (np.float32, np.float64):
            case(f"SparseSegment{kind}", data.astype(dtype), i32([0, 3, 1]), i32([0, 0, 1]))
        case(f"SparseSegment{kind}", data, i64([0, 3, 1]), i64([0, 2, 2]))
        case(f"SparseSegment{kind}WithNumSegments", data, i32([0, 3, 1]), i32([0, 0, 2]), i32(4))
        case(f"SparseSegment{kind}WithNumSegments", data, i32([0, 3]), i32([0, 4]), i32(4))
        case(f"SparseSegment{kind}", data, i32([0, 9]), i32([0, 0]))
        case(f"SparseSegment{kind}", data, i32([0, 1]), i32([1, 0]))
        case(f"SparseSegment{kind}", data, i32([0, 1]), i32([0]))
        case(f"SparseSegment{kind}", data, i32([]), i32([]))
    for dtype in (np.float32, np.int64, np.complex64, object):
        values = ramp(dtype, 3)
        case("SparseFillEmptyRows", i64([[0, 0], [2, 1]]), values[:2], i64([4, 2]), values[2])
    case("SparseFillEmptyRows", i64([[0, 0], [1, 1]]), f32([1, 2]), i64([2, 2]), f32(0))
    case("SparseFillEmptyRows", i64(np.zeros([0, 2])), f32([]), i64([2, 2]), f32(-1))
    case("SparseFillEmptyRows", i64(np.zeros([0, 2])), f32([]), i64([0, 2]), f32(-1))
    case("SparseFillEmptyRows", i64([[5, 0]]), f32([1]), i64([2, 2]), f32(0))
    for wanted in ([3, -1], [6], [3, 2], [4, -1], [-1, -1], [5]):
        case("SparseReshape", places, shape, i64(wanted))
    case("SparseReshape", i64(np.zeros([0, 2])), shape, i64([3, 2]))
    splits, first, rowids = "ROW_SPLITS", "FIRST_DIM_SIZE", "VALUE_ROWIDS"

    def dense(shape, values, default, partitions, kinds):
        case("RaggedTensorToTensor", shape, values, default, partitions, row_partition_types=kinds)

    dense(i32([-1, -1]), ramp(np.float32, 5), f32(9), [i64([0, 2, 2, 5])], [splits])
    dense(i64([-1, 2]), ramp(np.int32, 4), i32(-1), [i64(3), i64([0, 0, 0, 2])], [first, rowids])
    dense(i32(-1), ramp(np.float32, 4), f32(9), [i64([0, 1, 3]), i64([0, 2, 3, 4])], [splits, splits])
    dense(i32([2, 4]), ramp(object, 5), strs("?"), [i32([0, 2, 2, 5])], [splits])
    dense(i32([-1, -1, 2]), ramp(np.float32, 3, 2), f32([7, 8]), [i64([0, 1, 3])], [splits])
    dense(i32([-1, -1, 2]), ramp(np.float32, 3, 2), f32(7), [i64([0, 1, 3])], [splits])
    dense(i32([-1]), ramp(np.float32, 3), f32(7), [i64([0, 1, 3])], [splits])
    dense(i32([-1, -1]), f32([]), f32(7), [i64([0])], [splits])
    dense(i32([-1, -1]), ramp(np.complex64, 3) * np.complex64(1 - 2j), np.complex64(1j), [i64([0, 1, 3])], [splits])
    for dtype in (np.int32, np.int64, np.float32):
        case("RaggedRange", np.array([0, 5, 2], dtype), np.array([3, 0, 2], dtype), np.array([1, -2, 1], dtype))
    case("RaggedRange", i32(0), i32([1, 3]), i32(1), Tsplits=tf.int32)
    case("RaggedRange", i32([0, 1]), i32([1]), i32(1))
    case("RaggedRange", i32([0]), i32([1]), i32([0]))
    ragged = {"OUTPUT_RAGGED_RANK": 1}
    case("RaggedGather", [i64([0, 2, 2, 5])], ramp(np.float32, 5), i64([2, 0, 1]), **ragged)
    case("RaggedGather", [i32([0, 2, 2, 5])], ramp(object, 5), i32([2, 2]), **ragged)
    case("RaggedGather", [i32([0, 2, 2, 5])], ramp(np.complex64, 5) * np.complex64(1 - 2j), i32([2, 0]), **ragged)
    case("RaggedGather", [i64([0, 2, 2, 5])], ramp(np.float32, 5), i64([[2], [0]]), OUTPUT_RAGGED_RANK=2)
    case("RaggedGather", [i64([0, 2, 2, 5])], ramp(np.float32, 5), i64([3]), **ragged)
    crosses()


def crosses():
    a = (i64([[0, 0], [0, 1], [2, 0]]), strs(["x", "yé", ""]), i64([3, 2]))
    b = (i64([[0, 0], [1, 0], [2, 0], [2, 1]]), i64([7, -2, 2**40 + 3, 5]), i64([3, 2]))
    words, counts = strs([["p", "q"], ["r", "s"], ["t", "p"]]), i64([[1], [2], [-(2**33)]])

    def op(name, sparse, dense, *rest, **more):
        case(name, [one[0] for one in sparse], [one[1] for one in sparse], [one[2] for one in sparse], dense, *rest, **more)

    old = {"hash_key": 0xDECAFCAFFE}
    text = {"hashed_output": False, "num_buckets": 0, "out_type": tf.string}
    hashed = {"hashed_output": True, "out_type": tf.int64, "internal_type": tf.int64}
    for sparse, dense in (([a, b], []), ([a], [words]), ([b, a], [words, counts]), ([a], [])):
        op("SparseCross", sparse, dense, internal_type=tf.int64, **text, **old)
        for buckets in (0, 10):
            op("SparseCross", sparse, dense, num_buckets=buckets, **hashed, **old)
        op("SparseCrossV2", sparse, dense, strs("_Y_"))
    op("SparseCross", [a], [words], internal_type=tf.string, **text, **old)
    op("SparseCross", [a, b], [], internal_type=tf.string, **text, **old)
    op("SparseCross", [a], [counts], internal_type=tf.string, **text, **old)
    # With dense integers beside them the strong hash of this TensorFlow ends the process.
    for sparse, dense in (([a], []), ([b], []), ([a], [words]), ([b, a], [])):
        for strong in (False, True):
            op("SparseCrossHashed", sparse, dense, i64(10), np.array(strong), i64([137, -9]))
    op("SparseCrossHashed", [b], [counts], i64(0), np.array(False), i64([137, -9]))
    op("SparseCrossHashed", [a, b], [], i64(5), np.array(True), i64([1]))
    sep = strs("_")
    for wrong in ((a[0][:2], a[1], a[2]), (a[0][0], a[1], a[2]), (a[0][:, :1], a[1], a[2]), (a[0], a[1].reshape([1, 3]), a[2]), (a[0], a[1], i64([3])), (a[0], a[1], i64([[3, 2]]))):
        op("SparseCrossV2", [b, wrong], [], sep)
    op("SparseCrossV2", [b, (a[0], a[1], i64([4, 2]))], [], sep)
    op("SparseCrossV2", [a], [words[:2]], sep)
    op("SparseCrossV2", [a], [words[0]], sep)
