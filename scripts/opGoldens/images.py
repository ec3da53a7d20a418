"""Images, boxes and Fourier transforms."""

import numpy as np

from opGoldens.recorder import FLOATS, INTS, case, f32, i32, random


def record(rng):
    def r(*shape, dtype=np.float32):
        return random(rng, dtype, *shape)

    for op in ("ResizeBilinear", "ResizeBicubic", "ResizeNearestNeighbor"):
        for dtype in FLOATS + INTS:
            case(op, r(1, 2, 3, 1, dtype=dtype), i32([3, 2]))
        for more in ({}, {"align_corners": True}, {"half_pixel_centers": True}):
            for size in ([7, 3], [4, 5], [1, 1], [2, 9]):
                case(op, r(1, 4, 5, 1), i32(size), **more)
        case(op, r(2, 2, 2, 2), i32([3, 3]), half_pixel_centers=True)
        case(op, r(0, 2, 2, 1), i32([3, 3]))
        case(op, r(1, 3, 3, 1), i32([0, 9]))
        case(op, r(1, 3, 3, 1), i32([3]))
        case(op, r(3, 3, 1), i32([2, 2]))
        case(op, r(1, 3, 3, 1), i32([2, 2]), align_corners=True, half_pixel_centers=True)
    boxes = f32([[0.1, 0.2, 0.8, 0.9], [-0.2, 0, 1.3, 1]])
    for method in ("bilinear", "nearest"):
        case("CropAndResize", r(2, 4, 5, 1), boxes, i32([0, 1]), i32([3, 4]), method=method, extrapolation_value=-1.0)
        case("CropAndResize", r(2, 4, 5, 2, dtype=np.uint8), boxes, i32([1, 1]), i32([2, 1]), method=method)
    case("CropAndResize", r(1, 4, 5, 1), boxes, i32([0, 1]), i32([3, 4]))
    case("CropAndResize", r(1, 4, 5, 1), boxes[:1], i32([0]), i32([0, 4]))
    case("CropAndResize", r(1, 4, 5, 1), boxes[:, :3], i32([0, 0]), i32([2, 4]))
    boxes = f32([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3], [0.1, 2, 1.1, 3], [5, 5, 6, 6], [1, 1, 0, 0]])
    scores = f32([0.9, 0.75, 0.6, 0.95, 0.3, 0.9])
    overlap, least = f32(0.5), f32(0.35)
    case("NonMaxSuppression", boxes, scores, i32(3), iou_threshold=0.4)
    case("NonMaxSuppressionV2", boxes, scores, i32(3), overlap)
    for count in (0, 3, 9):
        case("NonMaxSuppressionV3", boxes, scores, i32(count), overlap, least)
        case("NonMaxSuppressionV4", boxes, scores, i32(count), overlap, least, pad_to_max_output_size=True)
        case("NonMaxSuppressionV5", boxes, scores, i32(count), overlap, least, f32(0))
        case("NonMaxSuppressionV5", boxes, scores, i32(count), overlap, f32(0.1), f32(0.5), pad_to_max_output_size=True)
    case("NonMaxSuppressionV4", boxes, scores, i32(3), overlap, least)
    case("NonMaxSuppressionV3", boxes, scores[:3], i32(3), overlap, least)
    case("NonMaxSuppressionV3", boxes, scores, i32(3), f32(1.5), least)
    case("NonMaxSuppressionV3", f32(np.zeros([0, 4])), f32([]), i32(3), overlap, least)
    for dtype in FLOATS:
        case("RGBToHSV", np.abs(r(4, 3, dtype=dtype)) / dtype(3))
        case("HSVToRGB", np.abs(r(4, 3, dtype=dtype)) / dtype(3))
    for op in ("RGBToHSV", "HSVToRGB"):
        case(op, f32([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.2, 0.7]]))
        case(op, r(2, 2))
    case("AdjustContrastv2", np.abs(r(2, 2, 2, 3)), f32(1.5))
    case("AdjustContrastv2", np.abs(r(2, 2, 1)), f32(0.5))
    case("AdjustContrastv2", r(2, 2), f32(0.5))
    for length in (8, 6, 7, 10, 1):
        case("RFFT", r(2, 8), i32([length]))
        case("IRFFT", (r(5) + 1j * r(5)).astype(np.complex64), i32([length]))
    case("RFFT", r(8, dtype=np.float64), i32([8]), Tcomplex=np.complex128)
    case("RFFT", f32(1), i32([8]))
    for dtype in (np.complex64, np.complex128):
        for size in (1, 4, 6, 7):
            case("FFT", (r(2, size) + 1j * r(2, size)).astype(dtype))
            case("IFFT", (r(size) + 1j * r(size)).astype(dtype))
    case("FFT", np.array(1j, np.complex64))
