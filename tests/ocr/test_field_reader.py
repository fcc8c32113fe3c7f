"""How fields are read off a flattened card, by a network that says what the test wants."""

import numpy as np
import pytest

from kiosk_core.ethnicities import ETHNICITIES
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

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        self.calls += 1
        steps = np.zeros((int(line.shape[1] * 48 * squeeze / line.shape[0]) // 8, len(CHARACTERS)), np.float32)
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


@pytest.mark.parametrize("text", ["王伟", "王伟古丽王伟古丽"])
def test_print_without_holes_has_hardly_a_gap_however_long_it_is(text: str) -> None:
    assert name(Says(text, every=5, first=3), card(170, 170 + 44 * len(text))).signs.gap < 0.2


def test_a_character_that_was_not_seen_leaves_a_hole() -> None:
    assert name(Says("王", every=5, first=3), card(170, 258)).signs.gap == pytest.approx(1.0, abs=0.2)
    assert name(Says("王伟", every=10, first=3), card(170, 302)).signs.gap == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(("left", "right", "odd"), [(170, 258, 0), (215, 303, 1), (170, 620, 1)])
def test_print_that_begins_late_or_reaches_the_end_of_its_place_is_odd(left: int, right: int, odd: int) -> None:
    assert name(Says("王伟", every=5, first=3), card(left, right)).signs.odd == odd


@pytest.mark.parametrize(("missing", "odd"), [(10, 0), (24, 1)])
def test_a_line_with_paper_where_a_digit_would_stand_is_odd(missing: int, odd: int) -> None:
    picture = card(170, 258)
    picture[80:120, 210 : 210 + missing] = 230
    assert name(Says("王伟", every=5, first=3), picture).signs.odd == odd


def test_only_a_line_in_doubt_is_looked_at_again() -> None:
    clear, doubtful = Says("王伟", every=5, first=3), Says("王伟", every=5, first=3)
    assert not name(clear, card(170, 258)).signs.again
    assert name(doubtful, card(170, 258), doubtful=True).signs.again
    assert (clear.calls, doubtful.calls) == (1, 4)


def test_where_nothing_is_printed_nothing_is_asked() -> None:
    recogniser = Says("王伟", every=5, first=3)
    seen = name(recogniser, card(0, 0))
    assert (seen.text, seen.box, seen.signs, recogniser.calls) == ("", None, Signs(0.0, 0.0), 0)


class Widths:
    """A recogniser that notes by how much each line is to be squeezed, and reads what it is told then."""

    characters: tuple[str, ...] = ("", *"0123456789X")

    def __init__(self, at_first: str, later: str, chance: float = 1.0) -> None:
        self.squeezed: list[float] = []
        self._chance = chance
        self._texts = at_first, later

    def chances(self, line: Pixels, squeeze: float = 1.0) -> Chances:
        text = self._texts[bool(self.squeezed)]
        self.squeezed.append(squeeze)
        steps = np.zeros((2 * len(text), len(self.characters)), np.float32)
        steps[::2, 0] = 1
        steps[range(1, 2 * len(text), 2), [self.characters.index(each) for each in text]] = self._chance
        steps[1::2, 0] = 1 - self._chance
        return steps

    def knows(self, text: str) -> bool:
        return set(text) <= set(self.characters)


def number(
    recogniser: Widths,
    *,
    doubtful: bool = False,
    quick: Widths | None = None,
    kind: str = "id_number",
    advance: int = 0,
) -> Seen:
    place = Field("it", kind, (168, 78, 700, 120), advance=advance)
    reader = FieldReader(recogniser, lambda _kind, _signs: doubtful, quick=quick)
    return reader.read(card(170, 690), Layout("front", (1000, 631), 14, (), (place,)))["it"]


GOOD, BAD = "11010519491231002X", "110105194912310021"  # the first is the example of GB 11643


def test_a_number_is_squeezed_at_the_first_look() -> None:
    recogniser = Widths(GOOD, BAD)
    assert number(recogniser).text == GOOD
    assert recogniser.squeezed == [0.6]


def test_a_squeezed_number_that_does_not_check_is_seen_as_it_is_printed() -> None:
    recogniser = Widths(BAD, GOOD)
    assert number(recogniser).text == GOOD
    assert recogniser.squeezed == [0.6, 1.0]


def test_of_a_line_in_doubt_no_squeezed_look_counts() -> None:
    recogniser = Widths(BAD, GOOD)
    seen = number(recogniser, doubtful=True)
    assert (seen.text, len(seen.lines[0].looks), recogniser.squeezed) == (GOOD, 4, [0.6, 1.0, 1.0, 1.0, 1.0])


def test_digits_that_a_rule_proves_need_no_look_of_the_large_network() -> None:
    quick, recogniser = Widths(GOOD, BAD), Widths(BAD, BAD)
    assert number(recogniser, quick=quick).text == GOOD
    assert (quick.squeezed, recogniser.squeezed) == ([0.6], [])


@pytest.mark.parametrize(("read", "chance", "doubtful"), [(BAD, 1.0, False), (GOOD, 0.97, False), (GOOD, 1.0, True)])
def test_digits_that_are_not_proved_clear_and_sure_are_read_by_the_large_network_alone(
    read: str, chance: float, *, doubtful: bool
) -> None:
    quick, recogniser = Widths(read, read, chance), Widths(GOOD, GOOD)
    seen = number(recogniser, doubtful=doubtful, quick=quick)
    assert (seen.text, quick.squeezed, recogniser.squeezed[0]) == (GOOD, [0.6], 0.6)
    assert len(seen.lines[0].looks) == (4 if doubtful else 1)


class Places(Widths):
    """As Widths, of characters of places and ethnicities, of which it may lack one."""

    characters = ("", *sorted(set("".join(ETHNICITIES))), *"河村塆垮号泊南头市洎路")

    def __init__(self, text: str, lacking: str = "", chance: float = 1.0) -> None:
        super().__init__(text, text, chance)
        self._lacking = lacking

    def knows(self, text: str) -> bool:
        return not set(text) & set(self._lacking)


@pytest.mark.parametrize(
    ("text", "right", "asked"),
    [
        ("河村号", "河村号", []),
        ("河垮村号", "河塆村号", [0.75]),  # no region has it
        ("泊村号", "洎村号", [0.75]),  # the quick network lacks what it may be
        ("泊南村", "泊南村", [0.75]),
        ("泊头市河村", "泊头市河村", []),  # so a region is called
        ("河路号", "河路号", []),  # 潞, too, is lacking; but that is what streets are called
    ],
)
def test_an_address_with_a_character_that_may_be_another_is_read_by_the_large_network(
    text: str, right: str, asked: list[float]
) -> None:
    quick, recogniser = Places(text), Places(right)
    assert number(recogniser, quick=quick, kind="address").text == right
    assert (quick.squeezed, recogniser.squeezed) == ([1.0], asked)


@pytest.mark.parametrize(
    ("text", "right", "asked"),
    [
        ("泊村号", "泊村号", [1.0]),
        ("泊村号", "洎村号", [1.0, 0.75]),
        ("泊垮村号", "泊垮村号", [1.0, 1.0]),
        ("泊泊泊村号", "泊泊泊村号", [0.75]),  # to look at each would take longer
    ],
)
def test_a_character_that_may_be_another_is_shown_to_the_large_network_alone(
    text: str, right: str, asked: list[float]
) -> None:
    quick, recogniser = Places(text), Places(right)
    assert number(recogniser, quick=quick, kind="address", advance=40).text == right
    assert recogniser.squeezed == asked


@pytest.mark.parametrize(
    ("text", "lacking", "chance", "asked"),
    [
        ("汉", "仫", 1.0, []),
        ("仡佬", "仫", 1.0, [1.0, 1.0]),
        ("仡佬", "仫", 0.5, [0.75]),  # the likeliest of a list: nobody knows where its characters stand
        ("仡佬", "", 1.0, []),
    ],
)
def test_an_ethnicity_as_long_as_one_that_the_quick_network_cannot_read_is_shown_to_the_large_one(
    text: str, lacking: str, chance: float, asked: list[float]
) -> None:
    quick, recogniser = Places(text, lacking, chance), Places(text)
    assert number(recogniser, quick=quick, kind="ethnicity", advance=40).text == text
    assert (quick.squeezed, recogniser.squeezed) == ([0.85], asked)
