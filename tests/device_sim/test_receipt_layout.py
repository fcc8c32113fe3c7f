"""Text on the paper: characters of every code page, styles, and where they stand."""

import pytest
from PIL import Image, ImageChops

from device_sim.receipt.glyphs import Font, Style, glyph
from tests.device_sim.printing import ink, printed, refused


def black(picture: Image.Image) -> int:
    return picture.convert("L").histogram()[0]


# -- characters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "data", "text"),
    [
        (0, b"\x82\xe1\xb0", "éß░"),  # PC437
        (2, b"\x9b\xb8", "ø©"),  # PC850
        (3, b"\x84\x94", "ãõ"),  # PC860
        (4, b"\x8d\xb1", "‗▒"),  # PC863
        (5, b"\x9b\x9d", "øØ"),  # PC865
        (16, b"\x80\xfc", "€ü"),  # WPC1252
        (17, b"\x8f\xe0", "Пр"),  # PC866
        (18, b"\xa5\xe6", "ąŠ"),  # PC852
        (19, b"\xd5\x9e", "€×"),  # PC858
        (255, b"\x80\xff", ""),  # the page of spaces
    ],
)
def test_prints_the_characters_of_a_code_page(page: int, data: bytes, text: str) -> None:
    receipt = printed(b"\x1c\x2e\x1b\x74" + bytes((page,)) + b"|" + data + b"\n")
    assert receipt.text == "|" + text


@pytest.mark.parametrize("page", [1, 11, 200])
def test_reports_a_code_page_that_it_has_not(page: int) -> None:
    assert refused(bytes((0x1B, 0x74, page))) == ["out of range, or not simulated"]


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "#$@[\\]^`{|}~"),
        (1, "#$à°ç§^`éùè¨"),
        (2, "#$§ÄÖÜ^`äöüß"),
        (3, "£$@[\\]^`{|}~"),
        (8, "#$@[¥]^`{|}~"),
    ],
)
def test_switches_twelve_characters_by_country(n: int, text: str) -> None:
    """ESC R (Printek FormsMaster 8000 p34)."""
    data = bytes.fromhex("23 24 40 5b 5c 5d 5e 60 7b 7c 7d 7e")
    assert printed(bytes((0x1B, 0x52, n)) + data + b"\n").text == text


def test_single_byte_characters_of_a_page_are_as_narrow_as_ascii() -> None:
    assert ink(printed(b"\x1c\x2e\xdb\n").picture) == (0, 0, 12, 24)  # DB in PC437 is a full block


@pytest.mark.parametrize("character", "ąŐč═╬█Ж€")
def test_draws_what_its_own_font_has_not(character: str) -> None:
    missing = glyph("\ue000", Style())
    assert 0 < black(glyph(character, Style())) != black(missing)


def test_lines_of_a_table_meet() -> None:
    """PC866: C4 is a line across, B3 one down, C5 the crossing; what it has in common with its neighbours is there."""
    cross, across, down = (glyph(character, Style()) for character in "┼─│")
    assert ImageChops.darker(across.convert("L"), down.convert("L")).tobytes() == cross.convert("L").tobytes()


# -- styles ------------------------------------------------------------------------------------------------------------


def test_prints_font_b_nine_by_seventeen() -> None:
    assert glyph("W", Style(font=Font.B)).size == (9, 17)
    assert printed(b"\x1b\x4d\x01" + b"a" * 65 + b"\n").text == "a" * 64 + "\na"  # 576 dots
    assert printed(b"\x1b\x21\x01" + b"a" * 65 + b"\n").text == "a" * 64 + "\na"


def test_inverts_a_cell() -> None:
    plain, inverted = glyph("A", Style()), glyph("A", Style(inverted=True))
    assert black(plain) + black(inverted) == 12 * 24
    assert black(printed(b"\x1d\x42\x01A\n").picture) == black(inverted)


def test_turns_a_character_clockwise() -> None:
    plain = printed(b"L\n").picture.crop((0, 0, 12, 24))
    turned = printed(b"\x1b\x56\x01L\n").picture.crop((0, 0, 24, 12))
    assert turned.tobytes() == plain.transpose(Image.Transpose.ROTATE_270).tobytes()


def test_turns_a_line_upside_down() -> None:
    plain = printed(b"Lj\n").picture.crop((0, 0, 576, 24))
    assert printed(b"\x1b\x7b\x01Lj\n").picture.crop((0, 0, 576, 24)).tobytes() == (
        plain.transpose(Image.Transpose.ROTATE_180).tobytes()
    )


def test_underlines_one_or_two_dots_but_nothing_inverted() -> None:
    plain = black(printed(b"HH\n").picture)
    assert black(printed(b"\x1b\x2d\x01HH\n").picture) == plain + 24
    assert black(printed(b"\x1b\x2d\x02HH\n").picture) == plain + 48
    inverted = black(printed(b"\x1d\x42\x01HH\n").picture)
    assert black(printed(b"\x1d\x42\x01\x1b\x2d\x02HH\n").picture) == inverted


def test_underlines_chinese_by_its_own_command() -> None:
    plain = black(printed(b"\xd6\xb5\n").picture)
    assert black(printed(b"\x1b\x2d\x01\xd6\xb5\n").picture) == plain
    assert black(printed(b"\x1c\x2d\x01\xd6\xb5\n").picture) > plain


def test_double_strike_is_as_black_as_bold() -> None:
    assert printed(b"\x1b\x47\x01HH\n").picture.tobytes() == printed(b"\x1b\x45\x01HH\n").picture.tobytes()


@pytest.mark.parametrize("n", range(8))
def test_enlarges_up_to_eight_times(n: int) -> None:
    assert ink(printed(bytes((0x1D, 0x21, n << 4 | n)) + b"\x1c\x2e\xdb\n").picture) == (
        0,
        0,
        12 * (n + 1),
        24 * (n + 1),
    )


def test_characters_of_all_sizes_stand_on_one_base_line() -> None:
    picture = printed(b"\x1c\x2e\x1d\x21\x11\xdb\x1d\x21\x00\xdb\n").picture
    assert ink(picture.crop((24, 0, 36, 48))) == (0, 24, 12, 48)


# -- where things stand ----------------------------------------------------------------------------------------------


def left_of(data: bytes) -> int:
    """Return the left side of a full block printed after `data`."""
    return ink(printed(b"\x1c\x2e" + data + b"\xdb\n").picture)[0]


def test_goes_to_an_absolute_and_a_relative_position() -> None:
    assert left_of(b"\x1b\x24\x2c\x01") == 300
    assert left_of(b"\x1b\x24\x64\x00\x1b\x5c\xf6\xff") == 90  # -10
    assert left_of(b"\x1b\x24\x64\x00\x1b\x5c\x0a\x00") == 110


def test_prints_on_the_next_line_what_has_no_room_at_a_position() -> None:
    assert ink(printed(b"\x1c\x2e\x1b\x24\x38\x02\xdb\n\x1b\x24\x34\x02\xdb\n").picture) == (0, 34, 576, 92)


def test_ignores_a_position_outside_the_area() -> None:
    assert refused(b"\x1b\x24\x40\x02") == ["position is outside the printing area"]  # 576
    assert refused(b"\x1b\x5c\xff\xff") == ["position is outside the printing area"]  # -1


def test_counts_positions_in_motion_units() -> None:
    assert left_of(b"\x1d\x50\x65\x00\x1b\x24\x64\x00") == 100 * 203 // 101  # GS P 101: 1/101 inch


def test_tabs_every_eight_columns_until_told_otherwise() -> None:
    assert left_of(b"\t") == 96
    assert left_of(b"\x1b\x44\x03\x0a\x00\t\t") == 120
    assert refused(b"\x1b\x44\x03\x00\t\t") == ["no tab position behind this"]
    assert printed(b"a\tb\n").text == "a       b"


def test_a_tab_position_that_does_not_ascend_ends_the_list() -> None:
    """ESC D 5 3: what follows is read anew (03 is no command)."""
    assert refused(b"\x1b\x44\x05\x03") == ["unknown control character"]


def test_sets_margin_and_width_at_the_beginning_of_a_line() -> None:
    margin = b"\x1d\x4c\x40\x00\x1d\x57\x78\x00"  # 64 and 120
    assert left_of(margin) == 64
    assert left_of(margin + b"\x1b\x61\x02") == 64 + 120 - 12
    assert printed(margin + b"a" * 11 + b"\n").text == "a" * 10 + "\na"
    assert refused(b"a" + margin) == ["has an effect at the beginning of a line only"] * 2


def test_spaces_characters_to_the_right() -> None:
    box = ink(printed(b"\x1c\x2e\x1b\x20\x08\xdb\xdb\n").picture)
    assert box == (0, 0, 12 + 8 + 12, 24)


def test_spaces_chinese_characters_on_both_sides() -> None:
    plain = ink(printed(b"\xa1\xf6\n").picture)  # A1F6 is a black square
    assert ink(printed(b"\x1c\x53\x05\x07\xa1\xf6\n").picture)[0] == plain[0] + 5


@pytest.mark.parametrize(
    ("data", "height"),
    [
        (b"a\n", 34),
        (b"\x1b\x33\x40a\n", 64),
        (b"\x1b\x33\x05a\n", 24),  # never less than the characters need
        (b"\x1b\x33\x40\x1b\x32a\n", 34),
        (b"a\x1b\x4a\x64", 100),
        (b"a\n\x1b\x4a\x64", 134),
        (b"a\x1b\x33\x0a\x1b\x64\x05", 24 + 4 * 10),
    ],
)
def test_feeds_as_the_line_spacing_says(data: bytes, height: int) -> None:
    assert printed(data).picture.height == height


def test_starts_a_line_anew() -> None:
    assert printed(b"gone\x1d\x54\x00kept\n").text == "kept"
    assert printed(b"one\x1d\x54\x01two\n").text == "one\ntwo"


def test_initializes_every_setting() -> None:
    settings = bytes.fromhex(
        "1b2101 1b2d01 1b4501 1b4701 1b7b01 1b6102 1d2111 1d4201 1d4c4000 1d576400 1b2008 1b3360 1b5202 1b7402 1c2e"
    )
    assert printed(settings + b"\x1b@#\xd6\xb5\n").picture.tobytes() == printed(b"#\xd6\xb5\n").picture.tobytes()


def test_listens_to_nothing_while_another_device_is_selected() -> None:
    assert printed(b"a\x1b\x3d\x02b\n\x1b@\x1b\x3d\x01c\n").text == "ac"
