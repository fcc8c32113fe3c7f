"""Pictures that nobody takes of a card, and files that no camera writes: picture number 17 is the same everywhere."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from io import BytesIO
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.arrays import Pixels
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level

KINDS = ("JPEG", "PNG", "WEBP", "BMP")
_LABELS = (
    "姓名 性别 民族 出生 年 月 日 住址 公民身份号码 中华人民共和国 居民身份证 签发机关 有效期限 11010119900307663X "
)
_BASES = 6


def hostile(number: int) -> bytes | Pixels:
    """Return a file or dots."""
    chance = Random(number)
    make = chance.choice(_FILES if chance.random() < 0.7 else _ARRAYS)
    return make(chance, np.random.default_rng(number))


@cache
def _card(number: int) -> Pixels:
    scene = sample(Set.DEV, tuple(Level)[number % 3], number).pixels
    shrink = 640 / max(scene.shape)
    return np.asarray(cv2.resize(scene, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))


def _any_card(chance: Random) -> Pixels:
    return _card(chance.randrange(_BASES))


# -- files -------------------------------------------------------------------------------------------------------


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def _file(number: int, kind: str) -> bytes:
    image = Image.fromarray(_card(number)[..., ::-1])
    return _saved(image, kind, **({"compress_level": 1} if kind == "PNG" else {}))


def _good(chance: Random) -> bytearray:
    return bytearray(_file(chance.randrange(_BASES), chance.choice(KINDS)))


def _torn(chance: Random, _: np.random.Generator) -> bytes:
    data = _good(chance)
    return bytes(data[: chance.randrange(len(data))])


def _flipped(chance: Random, _: np.random.Generator) -> bytes:
    data = _good(chance)
    for _ in range(chance.choice((1, 3, 20, 300))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _header(chance: Random, _: np.random.Generator) -> bytes:
    data = _good(chance)
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(64)] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
    return bytes(data)


def _spliced(chance: Random, _: np.random.Generator) -> bytes:
    data, other = _good(chance), _good(chance)
    at, begin = chance.randrange(len(data)), chance.randrange(len(other))
    data[at : at + chance.randrange(5000)] = other[begin : begin + chance.randrange(5000)]
    return bytes(data)


def _noise_after_start(chance: Random, _: np.random.Generator) -> bytes:
    start = bytes(_good(chance)[: chance.choice((2, 12, 40))])
    return chance.choice((b"", start)) + chance.randbytes(chance.choice((0, 1, 50, 4000)))


def _bomb(chance: Random, _: np.random.Generator) -> bytes:
    side = chance.choice((8000, 16_001, 65_535, 2**31 - 1))
    other = chance.choice((1, 8000, side))
    match chance.randrange(3):
        case 0:
            head = struct.pack(">IIBBBBB", side, other, 8, 2, 0, 0, 0)
            dots = zlib.compress(bytes(1_000_000))
            return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", dots) + _chunk(b"IEND", b"")
        case 1:
            return (
                b"BM" + struct.pack("<IIIIiiHHIIIIII", 99, 0, 54, 40, side, other, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(99)
            )
        case _:
            data = bytearray(_file(0, "JPEG"))
            at = data.index(b"\xff\xc0") + 5
            data[at : at + 4] = struct.pack(">HH", min(side, 65_535), min(other, 65_535))
            return bytes(data)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _other_kind(chance: Random, _: np.random.Generator) -> bytes:  # noqa: C901  (a list of kinds)
    small = Image.fromarray(_any_card(chance)[..., ::-1])
    frames = [small, small.rotate(90), small.rotate(180)]
    match chance.randrange(12):
        case 0:
            return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + chance.randbytes(500)
        case 1:
            return b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + chance.randbytes(500)
        case 2:
            return _saved(small, "GIF", save_all=True, append_images=frames)
        case 3:
            return _saved(small, "WEBP", save_all=True, append_images=frames)
        case 4:
            return _saved(small, "PNG", save_all=True, append_images=frames)
        case 5:
            return _saved(small, "TIFF")
        case 6:
            return _saved(small.convert("CMYK"), "JPEG")
        case 7:
            deep = np.asarray(small.convert("L")).astype(np.uint16) * 257
            return _saved(Image.fromarray(deep), "PNG")
        case 8:
            return _saved(small.quantize(chance.choice((2, 16, 256))), chance.choice(("PNG", "BMP")))
        case 9:
            return _saved(small.convert(chance.choice(("1", "L", "LA", "RGBA"))), "PNG")
        case 10:
            return _saved(small, "JPEG", progressive=True, quality=chance.choice((1, 10, 95)))
        case _:
            return chance.choice((b"", b"%PDF-1.7\n", b"PK\3\4" + bytes(99), b"<svg/>", "姓名".encode(), b"\0" * 9999))


def _exif(chance: Random, _: np.random.Generator) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = chance.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65_535))
    data = bytearray(_saved(Image.fromarray(_any_card(chance)[..., ::-1]), "JPEG", exif=exif))
    at = data.index(b"Exif")
    for _ in range(chance.randrange(4)):
        data[at + chance.randrange(40)] = chance.randrange(256)
    return bytes(data)


def _odd_size(chance: Random, _: np.random.Generator) -> bytes:
    sizes = (1, 1), (1, 50_000), (50_000, 1), (319, 319), (320, 200), (16_000, 200), (200, 16_000), (16_001, 200)
    kind = chance.choice(("JPEG", "PNG", "BMP"))
    return _saved(Image.new("RGB", chance.choice(sizes), chance.choice(("black", "white", "red"))), kind)


# -- dots --------------------------------------------------------------------------------------------------------


def _size(chance: Random) -> tuple[int, int]:
    return chance.choice(
        ((200, 320), (320, 200), (331, 499), (480, 640), (640, 480), (600, 800), (1080, 1920), (200, 3000), (3000, 200))
    )


def _blank(chance: Random, _: np.random.Generator) -> Pixels:
    shade = chance.choice(((0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0), (1, 254, 3)))
    return np.full((*_size(chance), 3), shade, np.uint8)


def _noise(chance: Random, rng: np.random.Generator) -> Pixels:
    height, width = _size(chance)
    coarse = chance.choice((1, 2, 7, 40))
    high, wide = height // coarse + 1, width // coarse + 1
    noise = rng.integers(0, 256, (high, wide, chance.choice((1, 3))), np.uint8)
    if chance.random() < 0.3:
        noise = np.where(noise > 127, 255, 0).astype(np.uint8)
    way = chance.choice((cv2.INTER_NEAREST, cv2.INTER_CUBIC))
    large = cv2.resize(noise, (wide * coarse, high * coarse), interpolation=way)[:height, :width]
    return np.ascontiguousarray(np.broadcast_to(large.reshape(height, width, -1), (height, width, 3)))


def _grid(chance: Random, _: np.random.Generator) -> Pixels:
    picture = np.full((*_size(chance), 3), chance.choice((0, 255)), np.uint8)
    step, thick = chance.choice((2, 3, 8, 31, 100)), chance.choice((1, 2, 10))
    for line in range(0, max(picture.shape), step):
        colour = [chance.randrange(256) for _ in range(3)]
        if chance.random() < 0.9:
            picture[line : line + thick] = colour
        picture[:, line : line + thick] = colour
    return picture


def _quadrangles(chance: Random, rng: np.random.Generator) -> Pixels:
    """Hundreds of things of a card's shape."""
    height, width = _size(chance)
    picture = np.full((height, width, 3), 200, np.uint8)
    for _ in range(chance.choice((3, 30, 400))):
        centre, high = rng.uniform((0, 0), (width, height)), rng.uniform(20, 0.9 * height)
        box = cv2.boxPoints(((float(centre[0]), float(centre[1])), (high * 1.585, high), float(rng.uniform(0, 180))))
        colour = [chance.randrange(256) for _ in range(3)]
        cv2.polylines(picture, [box.astype(np.int32)], True, colour, chance.choice((1, 3, 9)))
        if chance.random() < 0.3:
            cv2.fillPoly(picture, [box.astype(np.int32)], colour)
    return picture


@cache
def _face(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("kiosk_core").joinpath("fonts/NotoSansSC-Regular.ttf")), size)


def _page(chance: Random, _: np.random.Generator) -> Pixels:
    """A page of text; the worst of them is full of what is printed on cards."""
    height, width = _size(chance)
    image = Image.new("RGB", (width, height), chance.choice(("white", "lightgrey", "lightblue")))
    size = chance.choice((8, 14, 24, 40))
    draw, words = ImageDraw.Draw(image), _LABELS if chance.random() < 0.7 else "The quick brown fox 1234567890. "
    for row in range(0, height, size + chance.choice((1, 6, 30))):
        begin = chance.randrange(len(words))
        draw.text((chance.randrange(30), row), (words * (width // size))[begin : begin + width // size], 0, _face(size))
    pixels = np.array(image)[..., ::-1]
    return np.ascontiguousarray(np.rot90(pixels, chance.randrange(4)))


def _spoilt_card(chance: Random, rng: np.random.Generator) -> Pixels:  # noqa: C901, PLR0912  (a list of ways)
    card = _any_card(chance).copy()
    height, width = card.shape[:2]
    match chance.randrange(12):
        case 0:
            card = 255 - card
        case 1:
            card = card[:, ::-1]
        case 2:
            card = card[:, :, rng.permutation(3)]
        case 3:  # in pieces
            tile = chance.choice((16, 50, 150))
            for _ in range(chance.choice((5, 200))):
                (y, x), (to_y, to_x) = rng.integers(0, (height - tile, width - tile), (2, 2))
                card[to_y : to_y + tile, to_x : to_x + tile] = card[y : y + tile, x : x + tile].copy()
        case 4:  # many
            times = chance.randrange(2, 9)
            small = cv2.resize(card, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
            card = np.tile(small, (times, times, 1))
        case 5:
            top, left = rng.integers(0, height - 200), rng.integers(0, width - 320)
            card = card[top : top + rng.integers(200, 400), left : left + rng.integers(320, 600)]
        case 6:  # stretched
            card = cv2.resize(card, chance.choice(((320, 2000), (2500, 200), (640, 300), (330, 640))))
        case 7:
            card = cv2.GaussianBlur(card, (0, 0), chance.choice((2, 6, 30)))
        case 8:
            card = np.clip(card.astype(int) * chance.choice((0.05, 0.3, 3, 20)), 0, 255).astype(np.uint8)
        case 9:
            noise = rng.normal(0, chance.choice((20, 60, 120)), card.shape)
            card = np.clip(card + noise, 0, 255).astype(np.uint8)
        case 10:  # bent
            corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            bent = corners + rng.uniform(-0.45, 0.45, (4, 2)) * (width, height)
            matrix = cv2.getPerspectiveTransform(corners, bent.astype(np.float32))
            card = cv2.warpPerspective(card, matrix, (width, height))
        case 11:
            one, other = card[: height // 2], _any_card(chance)
            card = np.concatenate([one, cv2.resize(other, (width, height))[height // 2 :]])
    return np.ascontiguousarray(card)


def _huge(chance: Random, rng: np.random.Generator) -> Pixels:
    """As large as is just taken, or just not."""
    if chance.random() < 0.9:  # they take their time
        return _spoilt_card(chance, rng)
    height, width = chance.choice(((5000, 5000), (5001, 5000), (200, 16_000), (16_000, 1500), (4000, 6000)))
    return np.asarray(cv2.resize(_any_card(chance), (width, height)))


_FILES: tuple[Callable[[Random, np.random.Generator], bytes], ...] = (
    _torn, _flipped, _header, _spliced, _noise_after_start, _bomb, _other_kind, _exif, _odd_size,
)  # fmt: skip
_ARRAYS: tuple[Callable[[Random, np.random.Generator], Pixels], ...] = (
    _blank, _noise, _grid, _quadrangles, _page, _spoilt_card, _spoilt_card, _huge,
)  # fmt: skip
