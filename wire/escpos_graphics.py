"""Graphics of ESC/POS: GS v 0 (rows, printed at once), GS ( L (print buffer and non-volatile memory), FS q and FS p.

Sources: HPRT TP80K p53 (GS v 0); facts/device-protocols.md 3c (functions 112 and 50); Epson TM-U210 specification p233
(function 64); HPRT TP809 p11 (function 66); Epson TM-T81 specification p87 (function 67); Epson TM-L90 specification
p159 (function 69); Microcom 814M p39 (FS q); Custom SMICE p44 (FS p).
"""

import re
from dataclasses import dataclass
from enum import Enum

from wire.errors import WireError
from wire.ranges import within

FS = 0x1C

MAX_RASTER_HEIGHT = 4095
MAX_RASTER_WIDTH = 2047
MAX_RASTER_BYTES = 512 * 1024
_MAX_WIDTH = 8192
_MAX_HEIGHT = 2304
_MAX_NV_IMAGES = 256 * 1024  # bytes: the memory of a Citizen iDP3240; a Microcom 814M has a quarter of it
_KEY = re.compile(r"[ -~]{2}")


class RasterScale(Enum):
    """`m` of GS v 0."""

    NORMAL = 0
    DOUBLE_WIDTH = 1
    DOUBLE_HEIGHT = 2
    QUADRUPLE = 3


@dataclass(frozen=True)
class Raster:
    """GS v 0: `rows` of `width_bytes` bytes, eight dots a byte, most significant bit left, 1 = black.

    1 to 2047 bytes wide, 1 to 4095 rows, at most 512 KiB.
    """

    width_bytes: int
    rows: bytes
    scale: RasterScale = RasterScale.NORMAL


@dataclass(frozen=True)
class AskNvKeys:
    """GS ( L 64: which graphics are in non-volatile memory; answered by `NvKeys` blocks, each of which wants an ACK."""


@dataclass(frozen=True)
class DeleteNvGraphics:
    """GS ( L 66: forget the graphics `key` (two characters of printable ASCII)."""

    key: str


@dataclass(frozen=True)
class DefineNvGraphics:
    """GS ( L 67: keep a picture of `width` dots as `key`; rows as in `Raster`.

    The printer is busy while it writes, and its memory wears: not more than ten times a day (HPRT TP809 p61).
    """

    key: str
    width: int
    rows: bytes


@dataclass(frozen=True)
class PrintNvGraphics:
    """GS ( L 69: print what is kept as `key`, each dot 1 or 2 wide and high."""

    key: str
    wide: int = 1
    high: int = 1


@dataclass(frozen=True)
class StoreGraphics:
    """GS ( L 112: put a picture of `width` dots into the print buffer; rows as in `Raster`."""

    width: int
    rows: bytes
    wide: int = 1
    high: int = 1


@dataclass(frozen=True)
class PrintGraphics:
    """GS ( L 50: print what was stored."""


@dataclass(frozen=True)
class NvImage:
    """A picture as FS q takes it: columns of `height_bytes` bytes from the left, most significant bit on top."""

    width_bytes: int
    height_bytes: int
    columns: bytes


@dataclass(frozen=True)
class DefineNvImages:
    """FS q: keep these pictures as numbers 1, 2 and so on, and none of before."""

    images: tuple[NvImage, ...]


@dataclass(frozen=True)
class PrintNvImage:
    """FS p: print number `number` (1 to 255); `scale` as in `RasterScale`, 0 to 3."""

    number: int
    scale: int = 0


GraphicsCommand = (
    Raster
    | AskNvKeys
    | DeleteNvGraphics
    | DefineNvGraphics
    | PrintNvGraphics
    | StoreGraphics
    | PrintGraphics
    | DefineNvImages
    | PrintNvImage
)


def encode(command: GraphicsCommand) -> bytes:  # noqa: C901  (one line a command)
    """Return the bytes of `command`.

    Raises:
        WireError: a parameter is out of its range, or the picture is not whole or longer than GS ( L can say.
    """
    match command:
        case Raster():
            return _raster(command)
        case AskNvKeys():
            return _function(64, b"KC")
        case DeleteNvGraphics(key):
            return _function(66, _key(key))
        case DefineNvGraphics(key, width, rows):
            return _function(67, b"0" + _key(key) + b"\x01" + _size(width, rows) + b"1" + rows)
        case PrintNvGraphics(key, wide, high):
            return _function(69, _key(key) + _scale(wide, high))
        case StoreGraphics(width, rows, wide, high):
            return _function(112, b"0" + _scale(wide, high) + b"1" + _size(width, rows) + rows)
        case PrintGraphics():
            return _function(50, b"")
        case DefineNvImages(images):
            if not 1 <= len(images) <= 255:
                raise WireError(f"{len(images)} pictures, not 1 to 255")
            return bytes((FS, 0x71, len(images))) + b"".join(map(_nv_image, images))
        case PrintNvImage(number, scale):
            if not (1 <= number <= 255 and 0 <= scale <= 3):
                raise WireError(f"{command} is out of its range")
            return bytes((FS, 0x70, number, scale))


def _raster(raster: Raster) -> bytes:
    within(raster.width_bytes, 1, MAX_RASTER_WIDTH, "width in bytes")
    height, rest = divmod(len(raster.rows), raster.width_bytes)
    if rest:
        raise WireError("the raster's rows are not whole")
    within(height, 1, MAX_RASTER_HEIGHT, "height")
    within(len(raster.rows), 1, MAX_RASTER_BYTES, "size in bytes")
    size = raster.width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x1d\x76\x30" + bytes((raster.scale.value,)) + size + raster.rows


def _function(number: int, parameters: bytes) -> bytes:
    length = len(parameters) + 2
    if length > 0xFFFF:
        raise WireError(f"graphics of {len(parameters)} bytes are too long")
    return b"\x1d\x28\x4c" + length.to_bytes(2, "little") + bytes((0x30, number)) + parameters


def _key(key: str) -> bytes:
    if not _KEY.fullmatch(key):
        raise WireError("a key of graphics is two characters of printable ASCII")
    return key.encode("ascii")


def _scale(wide: int, high: int) -> bytes:
    if wide not in (1, 2) or high not in (1, 2):
        raise WireError(f"graphics are printed once or twice as large, not {wide} by {high}")
    return bytes((wide, high))


def _size(width: int, rows: bytes) -> bytes:
    height, rest = divmod(len(rows), (width + 7) // 8) if width > 0 else (0, 0)
    if rest or not (1 <= width <= _MAX_WIDTH and 1 <= height <= _MAX_HEIGHT):
        raise WireError(f"{len(rows)} bytes are no picture of {width} dots")
    return width.to_bytes(2, "little") + height.to_bytes(2, "little")


def _nv_image(image: NvImage) -> bytes:
    width, height = image.width_bytes, image.height_bytes
    if not (1 <= width <= 1023 and 1 <= height <= 8191 and len(image.columns) == width * height * 8):
        raise WireError(f"{len(image.columns)} bytes are no picture of {width} by {height} bytes")
    return width.to_bytes(2, "little") + height.to_bytes(2, "little") + image.columns


def decode_function(body: bytes) -> GraphicsCommand | None:
    """Return what the bytes of a GS ( L behind its length say, None where it is no function of this module."""
    if len(body) < 2 or body[0] != 0x30:
        return None
    function, parameters = body[1], body[2:]
    key = parameters[:2].decode("latin-1")
    match function:
        case 64 if parameters == b"KC":
            return AskNvKeys()
        case 66 if len(parameters) == 2 and _KEY.fullmatch(key):
            return DeleteNvGraphics(key)
        case 69 if len(parameters) == 4 and _KEY.fullmatch(key) and {*parameters[2:]} <= {1, 2}:
            return PrintNvGraphics(key, parameters[2], parameters[3])
        case 50 if not parameters:
            return PrintGraphics()
        case 67:
            return _definition(parameters)
        case 112:
            return _storing(parameters)
        case _:
            return None


def _definition(parameters: bytes) -> DefineNvGraphics | None:
    fixed = parameters[0:1] + parameters[3:4] + parameters[8:9]
    key, rows = parameters[1:3].decode("latin-1"), parameters[9:]
    width = _width(parameters[4:8], rows)
    return DefineNvGraphics(key, width, rows) if fixed == b"0\x011" and _KEY.fullmatch(key) and width else None


def _storing(parameters: bytes) -> StoreGraphics | None:
    fixed = parameters[0:1] + parameters[3:4]
    scale, rows = parameters[1:3], parameters[8:]
    width = _width(parameters[4:8], rows)
    return StoreGraphics(width, rows, *scale) if fixed == b"01" and {*scale} <= {1, 2} and width else None


def _width(size: bytes, rows: bytes) -> int:
    """Return the width that `size` (xL xH yL yH) says, 0 where it is not the size of `rows`."""
    width, height = int.from_bytes(size[:2], "little"), int.from_bytes(size[2:], "little")
    fits = 1 <= width <= _MAX_WIDTH and 1 <= height <= _MAX_HEIGHT and len(rows) == (width + 7) // 8 * height
    return width if fits else 0


def next_nv_images(data: bytes) -> tuple[int, DefineNvImages | None] | None:
    """Return how long the FS q at the beginning of `data` is and the command, None in its place where it is none.

    None for all where bytes are missing.
    """
    if len(data) < 3:
        return None
    if data[2] == 0:
        return 3, None
    at = 3
    images: list[NvImage] = []
    for _ in range(data[2]):
        if len(data) < at + 4:
            return None
        width, height = (int.from_bytes(data[start : start + 2], "little") for start in (at, at + 2))
        end = at + 4 + width * height * 8
        if not (1 <= width <= 1023 and 1 <= height <= 8191) or end > _MAX_NV_IMAGES:
            return 7, None  # what follows are characters (Citizen iDP3240 p138)
        if len(data) < end:
            return None
        images.append(NvImage(width, height, data[at + 4 : end]))
        at = end
    return at, DefineNvImages(tuple(images))
