"""Where lines of print are found, on cards drawn by hand: bars for characters."""

import cv2
import numpy as np

from ocr import lines
from ocr.arrays import Pixels
from ocr.layout import Field

NAME = Field("name", "name", (168, 76, 600, 118))
ADDRESS = Field("address", "address", (168, 318, 580, 500), lines=4, pitch=48)
SLACK = 14


def card(*boxes: tuple[int, int, int, int], grain: float = 0.0, light: int = 230) -> Pixels:
    """Return a card with upright strokes, 5 dots wide and 5 apart, in these boxes of left, top, right, bottom."""
    picture = np.full((631, 1000, 3), light, np.float32)
    for left, top, right, bottom in boxes:
        for x in range(left, right - 4, 10):
            picture[top:bottom, x : x + 5] = light * 0.15
    picture += np.random.default_rng(1).normal(0, grain, picture.shape)
    return cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (0, 0), 0.8)


def found(picture: Pixels, field: Field) -> list[tuple[int, int, int, int]]:
    return [line.box for line in lines.find(lines.ink(picture), field, SLACK)]


def test_a_line_is_cut_out_with_a_margin_all_around() -> None:
    ((left, top, right, bottom),) = found(card((170, 80, 265, 114)), NAME)
    assert 160 <= left <= 166
    assert 268 <= right <= 275
    assert top <= 80
    assert bottom >= 114


def test_print_that_lies_aside_is_followed() -> None:
    ((left, top, _, bottom),) = found(card((180, 90, 270, 124)), NAME)
    assert 170 <= left <= 176
    assert top <= 90
    assert bottom >= 124


def test_where_nothing_is_printed_no_line_is_found() -> None:
    assert found(card(), NAME) == []
    assert found(card(grain=6), NAME) == []


def test_a_label_that_reaches_into_a_field_is_left_out() -> None:
    ((left, *_),) = found(card((130, 80, 162, 114), (190, 80, 290, 114)), NAME)
    assert 180 <= left <= 186


def test_an_address_has_as_many_lines_as_are_printed_grain_or_not() -> None:
    one, two = (170, 322, 540, 354), (170, 370, 300, 402)
    for grain in (0, 6):
        assert len(found(card(one, grain=grain), ADDRESS)) == 1
        assert len(found(card(one, two, grain=grain, light=120), ADDRESS)) == 2


def test_a_speck_below_the_last_line_is_no_line() -> None:
    assert len(found(card((170, 322, 540, 354), (400, 380, 406, 386)), ADDRESS)) == 1


def test_print_that_reaches_the_end_of_its_place_may_go_on_beyond() -> None:
    whole, cut = (
        lines.find(lines.ink(card(box)), NAME, SLACK)[0] for box in ((170, 80, 570, 114), (170, 80, 700, 114))
    )
    assert (whole.cut, cut.cut) == (False, True)


def test_a_line_tells_the_widest_space_in_it() -> None:
    (even,), (torn,) = (
        lines.find(lines.ink(card(*boxes)), NAME, SLACK)
        for boxes in ([(170, 80, 300, 114)], [(170, 80, 240, 114), (265, 80, 330, 114)])
    )
    assert even.space <= 5
    assert 24 <= torn.space <= 30


def test_a_first_character_at_the_begin_of_its_place_is_no_end_of_a_label() -> None:
    ((left, *_),) = found(card((155, 80, 185, 114), (200, 80, 290, 114)), NAME)
    assert left <= 150


def test_ink_within_the_reach_of_a_field_is_that_of_the_whole_card() -> None:
    picture = card((170, 330, 540, 362), (170, 380, 540, 412), (170, 430, 300, 462), grain=6)
    left, top, right, bottom = reach = lines.reach(ADDRESS, SLACK)
    whole, part = lines.ink(picture), lines.ink(picture, within=[reach])
    assert (part[top:bottom, left:right] == whole[top:bottom, left:right]).all()
    assert not part[:, right:].any()
    assert lines.find(part, ADDRESS, SLACK) == lines.find(whole, ADDRESS, SLACK)
