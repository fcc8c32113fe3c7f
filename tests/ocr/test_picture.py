"""Files of pictures: decoded, or refused for what they are."""

import struct
import zlib
from io import BytesIO
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr.arrays import Pixels
from ocr.id_card import Unreadable
from ocr.picture import decode, format_name

KINDS = ("JPEG", "PNG", "WEBP", "BMP")
RED, BLUE = (200, 30, 40), (20, 60, 220)  # as Pillow has them: red, green, blue


def halves(width: int = 400, height: int = 240) -> Image.Image:
    """A picture, red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def shown(data: bytes) -> Pixels:
    picture = decode(data)
    assert not isinstance(picture, Unreadable)
    return picture


def near(dot: Pixels, red_green_blue: tuple[int, int, int]) -> bool:
    return bool(np.abs(dot[::-1].astype(int) - red_green_blue).max() < 12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_decoded_as_blue_green_red(kind: str) -> None:
    picture = shown(saved(halves(), kind))
    assert (picture.shape, picture.dtype) == ((240, 400, 3), np.uint8)
    assert near(picture[120, 100], RED)
    assert near(picture[120, 300], BLUE)


@pytest.mark.parametrize(
    ("orientation", "shape", "red"),  # EXIF 2.32, tag 0112: where row 0 and column 0 of what is stored are shown
    [
        (1, (240, 400, 3), (120, 50)), (2, (240, 400, 3), (120, 350)), (3, (240, 400, 3), (120, 350)),
        (4, (240, 400, 3), (120, 50)), (5, (400, 240, 3), (50, 120)), (6, (400, 240, 3), (50, 120)),
        (7, (400, 240, 3), (350, 120)), (8, (400, 240, 3), (350, 120)), (9, (240, 400, 3), (120, 50)),
    ],
)  # fmt: skip
def test_a_phone_that_was_held_askew_is_set_right(
    orientation: int, shape: tuple[int, ...], red: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = shown(saved(halves(), "JPEG", exif=exif))
    assert picture.shape == shape
    assert near(picture[red], RED)


def test_a_mirrored_phone_picture_is_mirrored_back() -> None:
    top_left = Image.new("RGB", (400, 240), BLUE)
    top_left.paste(RED, (0, 0, 200, 120))
    corners = {}
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = shown(saved(top_left, "JPEG", exif=exif))
        high, wide = picture.shape[:2]
        places = {"top left": (20, 20), "top right": (20, wide - 20), "bottom right": (high - 20, wide - 20)}
        places["bottom left"] = (high - 20, 20)
        corners[orientation] = next(name for name, place in places.items() if near(picture[place], RED))
    assert corners == {
        1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
        5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left",
    }  # fmt: skip


def test_grey_palettes_and_colours_of_printers_are_pictures_too() -> None:
    assert shown(saved(Image.new("L", (400, 240), 90), "JPEG"))[5, 5] == pytest.approx([90, 90, 90], abs=2)
    assert shown(saved(Image.new("1", (400, 240), 1), "PNG"))[5, 5].tolist() == [255, 255, 255]
    assert near(shown(saved(halves().quantize(4), "PNG"))[5, 5], RED)
    assert near(shown(saved(halves().convert("CMYK"), "JPEG"))[5, 5], RED)
    deep = Image.fromarray(np.full((240, 400), 0x8040, np.uint16))
    assert shown(saved(deep, "PNG"))[5, 5].tolist() == [128, 128, 128]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_is_white(kind: str) -> None:
    clear = Image.new("RGBA", (400, 240), (*RED, 0))
    assert shown(saved(clear, kind)).min() >= 254


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "AVIF"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"II*\0" + bytes(40), "TIFF"),
        (b"%PDF-1.7\n", "PDF"),
    ],
)
def test_a_picture_of_another_kind_is_refused_by_name(data: bytes, name: str) -> None:
    assert decode(data) is Unreadable.UNSUPPORTED
    assert format_name(data) == name


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"BM", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 ", bytes(5000)])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert decode(data) is Unreadable.NOT_A_PICTURE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_torn_file_is_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 400, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    assert decode(data[: int(len(data) * share)]) is Unreadable.NOT_A_PICTURE


@pytest.mark.parametrize("size", [(319, 319), (5000, 199), (1, 1)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_too_small_to_be_read_is_refused(kind: str, size: tuple[int, int]) -> None:
    assert decode(saved(Image.new("RGB", size), kind)) is Unreadable.TOO_SMALL


def png_head(width: int, height: int) -> bytes:
    """A PNG that promises so many dots and has none of them."""
    chunks = b""
    for name, body in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", b""),
        (b"IEND", b""),
    ):
        chunks += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("size", [(8000, 6300), (20_000, 300), (65_000, 65_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    # Nothing of it is there to be decoded: had anybody tried, it would be a torn file.
    assert decode(png_head(*size)) is Unreadable.TOO_LARGE


def test_a_webp_bomb_is_refused_before_room_is_made_for_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    data = bytearray(saved(halves(), "WEBP", exif=exif))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xff\x3f\0\xff\x3f\0"  # 16,384 x 16,384 (RFC 9649, 2.7: one less, 24 bits each)
    assert decode(bytes(data)) is Unreadable.TOO_LARGE
    simple = bytearray(saved(halves(), "WEBP"))
    assert simple[12:16] == b"VP8 "
    simple[26:30] = b"\xff\x3f\xff\x3f"
    assert decode(bytes(simple)) is Unreadable.TOO_LARGE


def test_a_jpeg_that_goes_over_its_dots_without_end_is_refused() -> None:
    data = saved(Image.new("L", (2000, 1500)), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data) is not Unreadable.TOO_LARGE
    assert decode(data[:-2] + scan * 200 + data[-2:]) is Unreadable.TOO_LARGE


def test_a_bitmap_of_run_lengths_is_refused() -> None:
    data = bytearray(saved(Image.new("L", (400, 240)), "BMP"))
    data[30:34] = b"\1\0\0\0"
    assert decode(bytes(data)) is Unreadable.UNSUPPORTED


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF0000WEBP"]))
def test_bytes_of_any_kind_are_answered(rest: bytes, start: bytes) -> None:
    assert isinstance(decode(start + rest), Unreadable)


SEEDS = tuple(saved(halves(), kind) for kind in KINDS)


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6))
def test_a_picture_with_wrong_bytes_is_a_picture_or_refused(data: bytes, wrong: list[tuple[int, int]]) -> None:
    spoilt = bytearray(data)
    for place, value in wrong:
        spoilt[place % len(spoilt)] = value
    _answered(bytes(spoilt))


def _answered(data: bytes) -> Unreadable | None:
    answer = decode(data)
    if not isinstance(answer, Unreadable):
        assert answer.dtype == np.uint8
        assert answer.ndim == 3
        assert answer.shape[2] == 3
        assert answer.shape[0] * answer.shape[1] <= 25_000_000
        return None
    return answer


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_hostile_files_are_each_answered() -> None:
    chance = Random(20261122)
    noise = np.random.default_rng(2).integers(0, 256, (210, 330, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures = (Image.fromarray(noise), halves(), halves().convert("L"))
    seeds = [saved(picture, kind) for picture in pictures for kind in KINDS]
    seeds += [saved(halves(), "JPEG", exif=exif, progressive=True), saved(halves().convert("CMYK"), "JPEG")]
    seeds += [saved(halves().convert("P"), "PNG"), saved(halves().convert("1"), "PNG")]
    seeds += [saved(halves().convert("RGBA"), kind, exif=exif) for kind in ("PNG", "WEBP")]
    answers = set()
    for _ in range(10_000):
        data = bytearray(chance.choice(seeds))
        match chance.randrange(6):
            case 0:  # torn
                del data[chance.randrange(len(data)) :]
            case 1:  # a few wrong bytes
                for _ in range(chance.randrange(1, 20)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            case 2:  # wrong bytes where sizes and tables are
                for _ in range(chance.randrange(1, 6)):
                    data[chance.randrange(min(len(data), 64))] = chance.choice((0, 1, 127, 128, 255))
            case 3:  # a piece of another file in the middle
                other, at = chance.choice(seeds), chance.randrange(len(data))
                data[at : at + chance.randrange(400)] = other[: chance.randrange(1, len(other))]
            case 4:  # a piece twice
                at = chance.randrange(len(data))
                data[at:at] = data[chance.randrange(len(data)) :]
            case 5:  # nothing but noise after the start
                data[12:] = chance.randbytes(chance.randrange(2000))
        answers.add(_answered(bytes(data)))
    assert answers >= {None, Unreadable.NOT_A_PICTURE, Unreadable.TOO_LARGE}
