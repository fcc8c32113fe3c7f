"""Lines whose characters are all equally wide; what a network sees in them is written by hand, step by step."""

import numpy as np
import pytest

from ocr.arrays import Chances
from ocr.cells import CELLS, mended, read

CHARACTERS = ("", *CELLS["*"], "李")
PLACES = {character: column for column, character in enumerate(CHARACTERS)}
STEPS = 4  # to a cell


def look(text: str, *, shift: int = 0, unseen: str = "") -> Chances:
    """Return what spells a text, a character in the middle of its cell; of those in `unseen` only the ink is seen."""
    steps = np.zeros((STEPS * len(text), len(CHARACTERS)), np.float32)
    steps[:, 0] = 1
    for cell, character in enumerate(text):
        if character != " " and character not in unseen:
            at = STEPS * cell + 1 + shift
            steps[at] = 0
            steps[at, PLACES[character]] = 1
    return steps


def test_fillers_that_were_not_seen_are_known_by_their_cells() -> None:
    assert read([look("P UTOLI  XIAO       ")], PLACES, "A" * 20).text == "P<UTOLI<<XIAO<<<<<<<"


def test_a_line_that_was_cut_out_a_little_beside_its_print_is_read_as_well() -> None:
    assert read([look("UTO740812", shift=1)], PLACES, "AAA999999").text == "UTO740812"
    assert read([look("UTO740812", shift=-1)], PLACES, "AAA999999").text == "UTO740812"


def test_what_looks_like_a_digit_is_a_letter_where_letters_stand() -> None:
    assert read([look("UT0I4OB1S")], PLACES, "AAA999999").text == "UTO140815"


def test_what_may_not_stand_in_a_cell_makes_it_unsure() -> None:
    reading = read([look("UT李")], PLACES, "AAA")
    assert reading.chances[:2] == pytest.approx((1, 1))
    assert reading.sure < 0.1


def test_a_text_is_mended_to_the_likeliest_that_is_good() -> None:
    seen = look("740812")
    seen[STEPS * 2 + 1, [PLACES["0"], PLACES["6"], PLACES["9"]]] = 0.6, 0.3, 0.1
    assert read([seen], PLACES, "999999").text == "740812"
    assert mended([seen], PLACES, "999999", lambda text: text != "740812") == "746812"
    assert mended([seen], PLACES, "999999", lambda text: text == "749812") == "749812"
    assert mended([seen], PLACES, "999999", lambda text: text == "111111") == ""
