"""Ops that sum, rank and count along axes."""

import numpy as np

from opGoldens.recorder import BF16, FLOATS, INTS, NUMBERS, case, f32, i32, i64, pool, ramp, random


def record(rng):
    for op in ("Sum", "Prod", "Mean", "Max", "Min", "EuclideanNorm"):
        for dtype in NUMBERS:
            case(op, random(rng, dtype, 2, 3), i32([1]))
        for dtype in (np.int8, np.int32, np.int64, np.uint8):
            case(op, pool(dtype), i32([0]))
        cube = random(rng, np.float32, 2, 3, 2)
        for axes in ([0], [1], [-1], [0, 2], [2, 0], [], [0, 1, 2], [3], [-4], [0, 0], [0, -3]):
            case(op, cube, i32(axes))
        case(op, cube, i64([1]), keep_dims=True)
        case(op, cube, i32([0, 1, 2]), keep_dims=True)
        case(op, cube, i32(1))
        case(op, f32(3), i32([]))
        case(op, i32([2**31 - 1, 2**31 - 3, 5]), i32([0]))
        case(op, f32(np.zeros([0, 2])), i32([0]))
        case(op, f32(np.zeros([0, 2])), i32([1]))
        case(op, f32([1, np.nan, 2]), i32([0]))
        case(op, f32([np.inf, 1]), i32([0]))
        case(op, f32([-0.0, -0.0]), i32([0]))
        case(op, f32([[1]]), i32([[0]]))
    for op in ("All", "Any"):
        x = np.array([[True, False], [True, True]])
        for axes in ([0], [1], [], [0, 1], [2]):
            case(op, x, i32(axes))
        case(op, x, i32([-1]), keep_dims=True)
        case(op, np.zeros([0, 2], bool), i32([0]))
    for op in ("ArgMax", "ArgMin"):
        for dtype in NUMBERS + [bool]:
            case(op, random(rng, dtype, 2, 3) if dtype is not bool else np.array([[False, True]]), i32(1))
        x = f32([[1, 5, 5], [0, -1, -1]])
        for axis in (0, 1, -1, -2, 2, -3):
            case(op, x, i64(axis))
        case(op, x, i32(1), output_type=np.int32)
        case(op, f32([np.nan, 1, 2]), i32(0))
        case(op, f32([1, np.nan, 2]), i32(0))
        case(op, f32([[np.inf, np.inf]]), i32(1))
        case(op, f32(np.zeros([2, 0])), i32(1))
        case(op, f32(np.zeros([0, 2])), i32(1))
        case(op, f32(1), i32(0))
        case(op, i64([2**53, 2**53 + 1]), i32(0))
    for op in ("Cumsum", "Cumprod"):
        for dtype in NUMBERS:
            case(op, random(rng, dtype, 2, 3), i32(1))
        x = random(rng, np.float32, 2, 3, 2)
        for exclusive in (False, True):
            for reverse in (False, True):
                case(op, x, i64(1), exclusive=exclusive, reverse=reverse)
        for axis in (0, -1, 3, -4):
            case(op, x, i32(axis))
        case(op, i32([2**31 - 1, 2, 3]), i32(0))
        case(op, i32([2**31 - 1, 2**31 - 3, 5]), i32(0))
        case(op, np.array([100, 100, 3], np.int8), i32(0))
        case(op, i64([2**62, 2**62, 5]), i32(0))
        case(op, f32(3), i32(0))
        case(op, f32(np.zeros([0, 2])), i32(0))
        case(op, f32([1]), i32([0, 0]))
    for op in ("Softmax", "LogSoftmax"):
        for dtype in FLOATS:
            case(op, random(rng, dtype, 2, 3))
        case(op, f32([[1000, 1001, 999], [-1000, 0, 1000]]))
        case(op, f32([1, 2, 3]))
        case(op, random(rng, np.float32, 2, 2, 2))
        case(op, f32(np.zeros([0, 3])))
        case(op, f32(1))
        case(op, f32([[np.nan, 1, 2]]))
    for dtype in FLOATS + INTS:
        case("TopKV2", random(rng, dtype, 2, 5), i32(3))
    case("TopKV2", f32([1, 3, 3, 2, 3]), i32(4))
    case("TopKV2", f32([[1, 2, 3], [3, 2, 1]]), i32(0))
    case("TopKV2", f32([1, 2]), i32(3))
    case("TopKV2", f32([1, 2]), i32(-1))
    case("TopKV2", f32(1), i32(1))
    case("TopKV2", f32([1, 2]), i32([1]))
    case("TopKV2", f32([3, 1, 2]), i32(2), sorted=False)
    case("TopK", f32([3, 1, 2]), k=2)
    case("TopK", f32([3, 1, 2]), k=4)
    for targets in (i32([1, 2]), i64([0, 3])):
        case("InTopKV2", f32([[0.1, 0.9, 0.5], [0.4, 0.4, 0.4]]), targets, targets.dtype.type(1))
        case("InTopKV2", f32([[0.1, 0.9, 0.5], [0.4, 0.4, 0.4]]), targets, targets.dtype.type(2))
    case("InTopKV2", f32([[np.inf, 1], [np.nan, 1]]), i32([0, 1]), i32(1))
    case("InTopKV2", f32([[1, 2]]), i32([0, 1]), i32(1))
    for dtype in (np.int32, np.int64, np.float32, np.float64):
        case("Bincount", i32([1, 1, 3, 9]), i32(4), np.array([], dtype))
        case("Bincount", i32([1, 1, 3, 0]), i32(4), np.array([1, 2, 3, 4], dtype))
        for index in (np.int32, np.int64):
            case("DenseBincount", np.array([1, 1, 3, 9], index), index(4), np.array([], dtype))
            case("DenseBincount", np.array([[1, 1, 3], [0, 0, 0]], index), index(4), np.array([[1, 2, 3], [4, 5, 6]], dtype))
    case("Bincount", i32([[1, 0], [0, 0]]), i32(2), f32([]))
    case("Bincount", i32([1, -1]), i32(2), f32([]))
    case("Bincount", i32([1]), i32(-2), f32([]))
    case("Bincount", i32([1, 0]), i32(2), f32([1]))
    case("DenseBincount", i32([1, 1, 3]), i32(4), f32([]), binary_output=True)
    case("DenseBincount", i32([[1, 1], [3, 0]]), i32(4), i64([]), binary_output=True)
    case("DenseBincount", i32([1, -1]), i32(2), f32([]))
    case("DenseBincount", i32([1]), i32(-2), f32([]))
    case("DenseBincount", i32([[[1]]]), i32(2), f32([]))
    case("DenseBincount", i32([1, 0]), i32(2), f32([1]))
