"""From chances to texts, with chances written by hand."""

import math

import numpy as np
import pytest

from ocr.decode import beam, greedy, likelihoods, share, weigh

CHARACTERS = ("", "1", "I", "7", "X")
PLACES = {character: column for column, character in enumerate(CHARACTERS)}


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
    nothing, one, twice, both = likelihoods(steps, [[], [1], [1, 1], [1, 3]])
    assert nothing == pytest.approx(math.log(0.5 * 0.25), abs=1e-6)
    assert one == pytest.approx(math.log(0.5 * 0.25 + 0.5 * 0.75 + 0.5 * 0.75), abs=1e-6)
    assert twice < -1e6  # it needs a blank between: two steps are too few
    assert both == pytest.approx(math.log(0.5 * 1e-9), abs=1e-6)  # and of what was not seen, hardly anything is likely


def test_of_a_closed_list_the_likeliest_comes_first_and_its_share_is_told() -> None:
    steps = chances((0.2, 0.1, 0.5, 0.2, 0.0))
    weighed = weigh([steps], PLACES, ("1", "7"))
    assert [text for _, text in weighed] == ["7", "1"]
    assert share(weighed) == pytest.approx(0.2 / 0.3)


def test_several_looks_are_weighed_together() -> None:
    one, other = chances((0.1, 0.5, 0.0, 0.4, 0.0)), chances((0.1, 0.1, 0.0, 0.8, 0.0))
    assert weigh([one], PLACES, ("1", "7"))[0][1] == "1"
    score, text = weigh([one, other], PLACES, ("1", "7"))[0]
    assert text == "7"
    assert score == pytest.approx((math.log(0.4) + math.log(0.8)) / 2)


def test_a_text_with_a_character_that_the_network_lacks_is_not_weighed() -> None:
    assert weigh([chances((0.1, 0.9, 0.0, 0.0, 0.0))], PLACES, ("龘", "1"))[0][1] == "1"
    assert weigh([chances((0.1, 0.9, 0.0, 0.0, 0.0))], PLACES, ("龘",)) == []
    assert share([]) == 0.0


def test_the_beam_brings_the_likeliest_texts_first_added_up_over_their_ways() -> None:
    steps = chances((0.5, 0.5, 0.0, 0.0, 0.0), (0.4, 0.3, 0.0, 0.3, 0.0))
    # ""   = .5*.4 = .20; "1" = .5*.4 + .5*.3 + .5*.3 = .50; "7" = .5*.3 = .15; "17" = .5*.3 = .15
    texts = beam(steps, CHARACTERS, np.array([1, 3, 4]), keep=4)
    assert texts[:2] == ["1", ""]
    assert set(texts[2:]) == {"7", "17"}


def test_how_far_the_least_sure_character_leads_is_told() -> None:
    read = greedy(chances((0.1, 0.9, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.6, 0.4)), CHARACTERS)
    assert read.lead == pytest.approx(0.2)
