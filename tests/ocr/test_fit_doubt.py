"""From when on a field is sure; chances and what was wrong are written by hand."""

from random import Random

import numpy as np
import pytest

from benchmarks.fit_ocr_doubt import GROUPS, Look, Outcome, fits, threshold
from ocr.doubt import Signs
from ocr.synth import strips
from ocr.synth.scenes import Level


def least(chance: list[float], wrong: list[int], budget: float, spent: tuple[float, float] = (0.0, 0.0)) -> float:
    return threshold(np.array(chance), np.array(wrong, bool), np.ones(len(chance)), budget, spent)


def test_a_field_is_sure_above_the_wrong_one_that_would_be_too_many() -> None:
    chance, wrong = [0.9995, 0.999, 0.998, 0.997, 0.99], [0, 0, 1, 0, 1]
    assert least(chance, wrong, 0.5) == 0.999
    assert least(chance, wrong, 1.5) == 0.997


def test_where_none_was_wrong_chances_themselves_set_the_bound() -> None:
    # 0.0005 + 0.001 + 0.002 + 0.003 = 0.0065, and with the last 0.0165.
    assert least([0.9995, 0.999, 0.998, 0.997, 0.99], [0] * 5, 0.01) == 0.997


def test_what_is_spent_at_the_first_look_is_missing_at_the_next() -> None:
    chance, wrong = [0.9995, 0.999, 0.998], [0, 0, 1]
    assert least(chance, wrong, 1.5, (1.0, 0.0)) == 0.999
    assert least(chance, wrong, 1.5, (0.0, 1.499)) == 0.9995


def test_fields_that_are_as_likely_as_one_too_many_are_not_sure_either() -> None:
    assert least([0.999, 0.998, 0.998], [0, 0, 1], 0.5) == 0.999


def test_nothing_is_sure_where_the_likeliest_is_wrong_or_nothing_may_be() -> None:
    assert least([0.999, 0.998], [1, 0], 0.5) == 1.0
    assert least([0.0, 0.0], [0, 0], 0.5) == 1.0


def test_a_field_at_the_threshold_is_sure_as_it_is_written() -> None:
    look = Look(Signs(sure=0.9999, lead=0.9999), right=True, open=True)
    told = fits([Outcome(kind, (look, look)) for group in GROUPS for kind in group.split() for _ in range(20)])
    for fit in told.values():
        assert fit["share_sure"] == 1.0
        assert 0.9999 < float(str(fit["at_once"])) < 1.0


@pytest.mark.parametrize("level", Level)
def test_the_same_name_is_printed_and_photographed_in_the_same_way_again(level: Level) -> None:
    one, other = (strips.name("王奭", level, Random(7)) for _ in range(2))
    assert np.array_equal(one, other)
    assert one.shape == (strips.HEIGHT, strips.WIDTH, 3)
    gray = one[80:145, 190:290].mean(axis=2)  # where the card has its name: print, darker than the paper around it
    assert gray.min() < 0.75 * np.median(gray)
