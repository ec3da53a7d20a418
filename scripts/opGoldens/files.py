"""Decoders of image files. The files are made by Pillow: what it writes is in the goldens as it is."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from opGoldens.recorder import case, i32, strs


def pixels(height, width, channels):
    """Slopes, an edge and some noise: what halved colours and cut coefficients show in."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:height, 0:width]
    made = [(x * 9 + y * 4 + 60 * c) % 256 for c in range(channels)]
    image = np.stack(made, -1).astype(np.int64) + rng.integers(-12, 12, [height, width, channels])
    image[height // 3 : height // 2, width // 2 :] = [250, 10, 30, 128][:channels]
    return np.clip(image, 0, 255).astype(np.uint8)


def file(image, kind, mode=None, **options):
    into = io.BytesIO()
    Image.fromarray(image, mode).save(into, kind, **options)
    return np.array(into.getvalue(), object)


def record(rng):
    colour = pixels(11, 19, 3)
    grey = pixels(11, 19, 3)[:, :, 0]
    jpegs = [file(colour, "JPEG", subsampling=way, quality=quality) for way, quality in (("4:4:4", 90), ("4:2:2", 75), ("4:2:0", 60))]
    halved = jpegs[2]
    for one in jpegs:
        case("DecodeJpeg", one)
        case("DecodeJpeg", one, dct_method="INTEGER_ACCURATE")
        case("DecodeJpeg", one, fancy_upscaling=False)
    case("DecodeJpeg", halved, channels=1)
    case("DecodeJpeg", halved, channels=3, dct_method="INTEGER_FAST")
    case("DecodeJpeg", file(colour, "JPEG", subsampling="4:2:0", progressive=True))
    case("DecodeJpeg", file(colour, "JPEG", subsampling="4:2:0", quality=5))
    case("DecodeJpeg", file(colour, "JPEG", subsampling="4:2:0", restart_marker_blocks=1, optimize=True))
    for height, width in ((1, 1), (3, 4), (2, 5), (17, 16), (16, 34)):
        case("DecodeJpeg", file(pixels(height, width, 3), "JPEG", subsampling="4:2:0"))
    for size in ((2, 3), (5, 6)):
        case("DecodeJpeg", file(pixels(*size, 3), "JPEG", subsampling="4:2:2"))
    for channels in (0, 1, 3):
        case("DecodeJpeg", file(grey, "JPEG"), channels=channels)
    case("DecodeJpeg", file(pixels(5, 9, 3), "JPEG", keep_rgb=True, subsampling="4:4:4"))
    case("DecodeJpeg", file(pixels(5, 9, 3), "JPEG", keep_rgb=True, subsampling="4:4:4"), channels=1)
    case("DecodeJpeg", file(pixels(5, 9, 4), "JPEG", "CMYK"))
    case("DecodeJpeg", halved, channels=4)
    case("DecodeJpeg", halved, dct_method="FLOAT")
    case("DecodeJpeg", halved, ratio=3)
    case("DecodeJpeg", np.array(halved.item()[:300], object))
    case("DecodeJpeg", np.array(halved.item()[:20], object))
    case("DecodeJpeg", strs([halved.item()]))
    case("DecodeJpeg", strs(""))
    case("DecodeJpeg", strs("no image"))
    for window in ([2, 3, 5, 7], [0, 0, 11, 19], [8, 1, 4, 4], [0, 0, 0, 1], [1, 2, 3], [[1, 2, 3, 4]]):
        case("DecodeAndCropJpeg", halved, i32(window))
    small = pixels(3, 5, 4)
    pngs = {
        "RGB": file(small[:, :, :3].copy(), "PNG"), "RGBA": file(small, "PNG"), "L": file(small[:, :, 0].copy(), "PNG"),
        "LA": file(small[:, :, 2:].copy(), "PNG", "LA"), "16": file((small[:, :, 0].astype(np.uint16) * 257 - 100), "PNG"), "1": file(small[:, :, 0] > 128, "PNG"),
    }
    for png in pngs.values():
        for channels in (0, 1, 3, 4):
            case("DecodePng", png, channels=channels)
        for channels in (0, 1, 3, 4):
            case("DecodePng", png, channels=channels, dtype=tf.uint16)
        case("DecodeImage", png, dtype=tf.float32)
    indexed = Image.fromarray(pixels(4, 6, 3)).quantize(7)
    for transparent in (False, True):
        into = io.BytesIO()
        indexed.save(into, "PNG", **({"transparency": 2} if transparent else {}))
        for channels in (0, 1, 3, 4):
            case("DecodePng", np.array(into.getvalue(), object), channels=channels)
    case("DecodePng", np.array(pngs["RGB"].item()[:60], object))
    case("DecodePng", halved)
    case("DecodeAndCropJpeg", pngs["RGB"], i32([0, 0, 1, 1]))
    bmps = [file(small[:, :, :3].copy(), "BMP"), file(small, "BMP")]
    for bmp in bmps:
        for channels in (0, 1, 3, 4):
            case("DecodeBmp", bmp, channels=channels)
    top_down = bytearray(bmps[0].item())
    top_down[22:26] = (-3).to_bytes(4, "little", signed=True)
    case("DecodeBmp", np.array(bytes(top_down), object))
    case("DecodeBmp", np.array(bmps[0].item()[:-1], object))
    case("DecodeBmp", np.array(bmps[0].item()[:20], object))
    case("DecodeBmp", pngs["RGB"])
    case("DecodeBmp", halved)
    case("DecodePng", bmps[0])
    for dtype in (tf.uint8, tf.uint16, tf.float32):
        for one in (halved, pngs["RGB"], bmps[0]):
            case("DecodeImage", one, dtype=dtype)
    case("DecodeImage", pngs["RGB"], channels=1)
    case("DecodeImage", halved, channels=2)
