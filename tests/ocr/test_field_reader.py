"""How fields are read off a flattened card, by a network that says what the test wants."""

import numpy as np
import pytest

from ocr.arrays import Chances, Pixels
from ocr.doubt import Signs
from ocr.field_reader import FieldReader, Seen
from ocr.layout import Field, Layout

CHARACTERS = ("", "王", "伟", "古", "丽")


class Says:
    """A recogniser that sees the same characters in every line, evenly spaced from `first` on, and counts its calls."""

    characters: tuple[str, ...] = CHARACTERS

    def __init__(self, text: str, every: int, first: int) -> None:
        self.calls = 0
        self._columns = {first + every * number: CHARACTERS.index(each) for number, each in enumerate(text)}

    def chances(self, line: Pixels) -> Chances:
        self.calls += 1
        steps = np.zeros((line.shape[1] * 48 // line.shape[0] // 8, len(CHARACTERS)), np.float32)
        steps[:, 0] = 1
        for column, character in self._columns.items():
            steps[column] = np.eye(len(CHARACTERS), dtype=np.float32)[character]
        return steps


def card(left: int, right: int) -> Pixels:
    """Return a pale card with one line of upright strokes from `left` to `right`, 40 dots high."""
    picture = np.full((631, 1000, 3), 230, np.uint8)
    for x in range(left, right, 10):
        picture[80:120, x : x + 5] = 30
    return picture


def name(recogniser: Says, picture: Pixels, *, doubtful: bool = False) -> Seen:
    side = Layout("front", (1000, 631), 14, (), (Field("name", "name", (168, 78, 600, 120), advance=44),))
    reader = FieldReader(recogniser, lambda _kind, _signs: doubtful)
    return reader.read(picture, side)["name"]


def test_print_without_holes_has_a_gap_of_about_one_character() -> None:
    signs = name(Says("王伟", every=5, first=3), card(170, 258)).signs
    assert signs.gap == pytest.approx(1.0, abs=0.2)


def test_a_long_line_has_no_wider_gap_than_a_short_one() -> None:
    signs = name(Says("王伟古丽王伟古丽", every=5, first=3), card(170, 522)).signs
    assert signs.gap == pytest.approx(1.0, abs=0.25)


def test_a_character_that_was_not_seen_leaves_a_hole() -> None:
    assert name(Says("王", every=5, first=3), card(170, 258)).signs.gap > 1.6
    assert name(Says("王伟", every=10, first=3), card(170, 302)).signs.gap > 1.75


@pytest.mark.parametrize(("left", "right", "odd"), [(170, 258, 0), (215, 303, 1), (170, 620, 1)])
def test_print_that_begins_late_or_reaches_the_end_of_its_place_is_odd(left: int, right: int, odd: int) -> None:
    assert name(Says("王伟", every=5, first=3), card(left, right)).signs.odd == odd


def test_only_a_line_in_doubt_is_looked_at_again() -> None:
    clear, doubtful = Says("王伟", every=5, first=3), Says("王伟", every=5, first=3)
    assert not name(clear, card(170, 258)).signs.again
    assert name(doubtful, card(170, 258), doubtful=True).signs.again
    assert (clear.calls, doubtful.calls) == (1, 4)


def test_where_nothing_is_printed_nothing_is_asked() -> None:
    recogniser = Says("王伟", every=5, first=3)
    seen = name(recogniser, card(0, 0))
    assert (seen.text, seen.box, seen.signs, recogniser.calls) == ("", None, Signs(0.0, 0.0), 0)
