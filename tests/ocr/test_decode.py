"""From chances to texts, with chances written by hand."""

import math

import numpy as np
import pytest

from ocr.decode import greedy, likeliest, likelihood

CHARACTERS = ("", "1", "I", "7", "X")


def chances(*steps: tuple[float, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(steps, np.float32)


def test_a_character_that_goes_on_is_one_and_with_a_blank_between_it_is_two() -> None:
    one, blank = (0.1, 0.9, 0.0, 0.0, 0.0), (0.8, 0.1, 0.1, 0.0, 0.0)
    assert greedy(chances(one, one), CHARACTERS).text == "1"
    assert greedy(chances(one, blank, one), CHARACTERS).text == "11"


def test_a_text_is_as_sure_as_its_least_sure_character() -> None:
    read = greedy(chances((0.1, 0.9, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.6, 0.4)), CHARACTERS)
    assert read.text == "17"
    assert read.sure == pytest.approx(0.6)
    assert read.columns == (0, 1)


def test_nothing_but_blanks_is_no_text_and_not_sure() -> None:
    read = greedy(chances((0.9, 0.1, 0.0, 0.0, 0.0)), CHARACTERS)
    assert (read.text, read.sure) == ("", 0.0)


def test_within_an_alphabet_a_stranger_is_passed_over() -> None:
    steps = chances((0.05, 0.35, 0.6, 0.0, 0.0))
    assert greedy(steps, CHARACTERS).text == "I"
    assert greedy(steps, CHARACTERS, np.array([1, 3, 4])).text == "1"


def test_the_likelihood_of_a_text_is_the_sum_over_all_ways_to_spell_it() -> None:
    # "1" in two steps: 1-, -1 and 11.
    steps = chances((0.5, 0.5, 0.0, 0.0, 0.0), (0.25, 0.75, 0.0, 0.0, 0.0))
    assert likelihood(steps, [1]) == pytest.approx(math.log(0.5 * 0.25 + 0.5 * 0.75 + 0.5 * 0.75), abs=1e-6)
    # "11" needs a blank between: two steps are too few.
    assert likelihood(steps, [1, 1]) < -1e6


def test_of_a_closed_list_the_likeliest_is_taken_and_its_share_told() -> None:
    steps = chances((0.2, 0.1, 0.5, 0.2, 0.0))
    read = likeliest(steps, CHARACTERS, ("1", "7"))
    assert read.text == "7"
    assert read.sure == pytest.approx(0.2 / 0.3)
