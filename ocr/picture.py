"""Pictures as files bring them: decoded in memory, or refused for what they are before a dot of them is decoded.

Pillow decodes: it reads sizes from headers alone, is strict about torn files, and prints nothing.
"""

import warnings
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from ocr.arrays import Pixels
from ocr.id_card import Unreadable
from ocr.sizes import refused

MOST_BYTES = 32_000_000
_MOST_WORK = 500_000_000  # dots times scans: a progressive JPEG may go over its dots as often as it likes
_DECODED = {"JPEG": "JPEG", "PNG": "PNG", "WebP": "WEBP", "BMP": "BMP"}
_STARTS = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "BMP": (b"BM",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "PDF": (b"%PDF-",),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
    "PSD": (b"8BPS",),
}
_BRANDS = {
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    "AVIF": (b"avif", b"avis"),
}
# How EXIF's orientations 1 to 8 are set upright: turned, then mirrored left to right (EXIF 2.32, tag 0112).
_TURNS: dict[int, tuple[int | None, bool]] = {
    2: (None, True),
    3: (cv2.ROTATE_180, False),
    4: (cv2.ROTATE_180, True),
    5: (cv2.ROTATE_90_CLOCKWISE, True),
    6: (cv2.ROTATE_90_CLOCKWISE, False),
    7: (cv2.ROTATE_90_COUNTERCLOCKWISE, True),
    8: (cv2.ROTATE_90_COUNTERCLOCKWISE, False),
}


def format_name(data: bytes) -> str | None:
    """Return what kind of picture a file says it is, as people call it ("JPEG", "HEIC"); None for an unknown kind."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return next((name for name, brands in _BRANDS.items() if data[8:12] in brands), None)
    return next((name for name, starts in _STARTS.items() if data.startswith(starts)), None)


def decode(data: bytes) -> Pixels | Unreadable:
    """Return the picture in a JPEG, PNG, WebP or BMP file, upright, height x width x 3, BGR; or why there is none.

    What is transparent becomes white; a torn file is no picture. Of several pictures in a file the first is taken.
    """
    name = format_name(data)
    if name is None:
        return Unreadable.NOT_A_PICTURE
    if name not in _DECODED:
        return Unreadable.UNSUPPORTED
    if len(data) > MOST_BYTES:
        return Unreadable.TOO_LARGE
    if name == "BMP" and data[30:34] in (b"\1\0\0\0", b"\2\0\0\0"):  # run lengths: Pillow decodes them in Python
        return Unreadable.UNSUPPORTED
    if name == "WebP":  # Pillow would make room for its dots at once
        size = _webp_size(data)
        why_not = refused(*size) if size else Unreadable.NOT_A_PICTURE
        if why_not:
            return why_not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bombs, which are refused, and of odd EXIF, which does not matter
        try:
            return _decoded(data, _DECODED[name])
        except Image.DecompressionBombError:
            return Unreadable.TOO_LARGE
        except Exception:  # noqa: BLE001  (what a decoder raises on hostile bytes is not told anywhere)
            return Unreadable.NOT_A_PICTURE


def _decoded(data: bytes, plugin: str) -> Pixels | Unreadable:
    with Image.open(BytesIO(data), formats=(plugin,)) as image:
        why_not = refused(*image.size)
        if why_not:
            return why_not
        if plugin == "JPEG" and data.count(b"\xff\xda") * image.width * image.height > _MOST_WORK:
            return Unreadable.TOO_LARGE
        image.load()
        turn, mirrored = _TURNS.get(image.getexif().get(0x0112, 1), (None, False))
        pixels = _pixels(image)
    if turn is not None:
        pixels = np.asarray(cv2.rotate(pixels, turn))
    return np.asarray(cv2.flip(pixels, 1)) if mirrored else pixels


def _pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):  # grey of 16 bits
        deep = np.asarray(image).astype(np.float32)
        return np.asarray(cv2.cvtColor((deep / 257 + 0.5).clip(0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR))
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.new("RGBA", seen.size, "white")
        image.alpha_composite(seen)
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR))


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height by the file's first chunk (RFC 9649, sections 2.5 to 2.7); None where it is torn."""
    head = data[12:30]
    if len(head) < 18:
        return None
    match head[:4]:
        case b"VP8X":
            return 1 + int.from_bytes(head[12:15], "little"), 1 + int.from_bytes(head[15:18], "little")
        case b"VP8L":
            bits = int.from_bytes(head[9:13], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(head[14:16], "little") & 0x3FFF, int.from_bytes(head[16:18], "little") & 0x3FFF
    return None
