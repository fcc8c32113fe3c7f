"""Hostile pictures through the whole reader; `python -m tests.ocr.fuzz` reads ten thousand of them."""

import numpy as np
import pytest

from ocr.worker import ReadingProcess
from tests.ocr.fuzz import fuzz
from tests.ocr.hostile import hostile


@pytest.mark.slow
def test_a_hostile_picture_is_the_same_every_time() -> None:
    for number in range(12):
        one, two = hostile(number), hostile(number)
        assert np.array_equal(np.frombuffer(one, np.uint8), np.frombuffer(two, np.uint8))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_hostile_pictures_are_each_answered_or_refused() -> None:
    with ReadingProcess(threads=1, limit_ms=60_000) as reading:
        verdict = fuzz(range(20_000, 20_100), reading)
    assert verdict.failed == []
    assert verdict.answers.keys() >= {"a card", "no_card", "not_a_picture", "too_large", "too_small", "unsupported"}
    seconds, number = verdict.slowest
    assert seconds < 3, f"picture {number}"
