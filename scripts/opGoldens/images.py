"""Images, boxes, projections and Fourier transforms."""

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
    scaled(rng)
    projected(rng)


def scaled(rng):
    def op(image, size, scale, shift, **more):
        case("ScaleAndTranslate", image, i32(size), f32(scale), f32(shift), **more)

    image = random(rng, np.float32, 1, 5, 6, 2)
    for kernel in ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"):
        for antialias in (True, False):
            op(image, [3, 4], [0.6, 0.7], [0.25, -0.5], kernel_type=kernel, antialias=antialias)
        op(image, [7, 9], [1.5, 2.25], [-1, 3], kernel_type=kernel)
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float16, np.float64):
        op(random(rng, dtype, 1, 3, 3, 1), [2, 5], [0.7, 1.6], [0, 0])
    op(random(rng, np.float32, 2, 3, 3, 1), [4, 4], [1, 1], [9, -9], kernel_type="triangle")
    for size, scale, shift in ([[0, 2], [1, 1], [0, 0]], [[2], [1, 1], [0, 0]], [[2, 2], [0, 1], [0, 0]], [[2, 2], [1], [0, 0]], [[2, 2], [1, 1], [[0, 0]]]):
        op(image, size, scale, shift)
    op(image[0], [2, 2], [1, 1], [0, 0])
    op(image, [2, 2], [1, 1], [0, 0], kernel_type="nearest")


def projected(rng):
    image = random(rng, np.float32, 2, 4, 5, 2)
    turn = [0.8, -0.6, 1.5, 0.6, 0.8, -1.25, 0, 0]
    bend = [1.1, 0.2, -3, -0.1, 0.9, 2, 0.05, -0.1]
    for interpolation in ("NEAREST", "BILINEAR"):
        for mode in ("CONSTANT", "NEAREST", "REFLECT", "WRAP"):
            more = {"interpolation": interpolation, "fill_mode": mode}
            for transform in ([turn], [bend], [turn, bend], [[1, 0, -7.5, 0, 1, 11, 0, 0]]):
                case("ImageProjectiveTransformV3", image, f32(transform), i32([3, 6]), f32(0.5), **more)
            case("ImageProjectiveTransformV2", image, f32([turn]), i32([4, 5]), **more)
            case("ImageProjectiveTransformV3", image[:, :1, :1], f32([bend]), i32([3, 3]), f32(-1), **more)
        for dtype in (np.uint8, np.int32, np.int64, np.float16, np.float64):
            case("ImageProjectiveTransformV3", random(rng, dtype, 1, 3, 3, 1), f32([turn]), i32([3, 3]), f32(2.75), interpolation=interpolation)
    case("ImageProjectiveTransformV3", image, f32([[1, 0, 0, 0, 1, 0, -0.5, 0]]), i32([3, 4]), f32(7), interpolation="NEAREST")
    near = {"interpolation": "NEAREST"}
    case("ImageProjectiveTransformV3", image[0], f32([turn]), i32([3, 3]), f32(0), **near)
    case("ImageProjectiveTransformV3", image, f32([turn[:7]]), i32([3, 3]), f32(0), **near)
    case("ImageProjectiveTransformV3", image, f32([turn] * 3), i32([3, 3]), f32(0), **near)
    case("ImageProjectiveTransformV3", image, f32([turn]), i32([3]), f32(0), **near)
    case("ImageProjectiveTransformV3", image, f32([turn]), i32([3, 0]), f32(0), **near)
    case("ImageProjectiveTransformV3", image, f32([turn]), i32([3, 3]), f32([0]), **near)
