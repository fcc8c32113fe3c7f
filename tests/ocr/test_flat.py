"""Cards are flattened before they are asked for, and nothing of them stays."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest

from ocr.arrays import Pixels, Points
from ocr.flat import Flats
from ocr.layout import layout
from ocr.projection import projected, rim
from ocr.sides import Guess

FRONT = layout("resident_id_front")
CARD: Points = np.array([[40, 30], [240, 30], [240, 156], [40, 156]], float)
PICTURE: Pixels = np.random.default_rng(1).integers(1, 255, (200, 300, 3)).astype(np.uint8)


class Noting(ThreadPoolExecutor):
    """A crew that notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[Future[Any]] = []

    def submit(self, *work: Any, **named: Any) -> Future[Any]:
        """As Executor.submit."""
        self.asked.append(super().submit(*work, **named))
        return self.asked[-1]


@pytest.fixture
def crew() -> Iterator[Noting]:
    with Noting() as threads:
        yield threads


def at(left: float) -> Guess:
    return Guess(FRONT, np.add(CARD, [left, 0]), 0.9, 0.1)


def flat_of(crew: Executor, guess: Guess) -> Pixels:
    with Flats(crew).lend(PICTURE, guess) as (flat, _):
        return flat.copy()


def test_a_card_that_was_begun_is_not_flattened_again(crew: Noting) -> None:
    expected = flat_of(crew, at(0))
    flats = Flats(crew)
    flats.begin(PICTURE, at(0))
    with flats.lend(PICTURE, at(0)) as (flat, back):
        assert flat is crew.asked[-1].result()
        assert np.array_equal(flat, expected)
        assert projected(np.array([[0.0, 0.0]]), back)[0] == pytest.approx([40, 30])
    assert not flat.any()


@pytest.mark.parametrize("other", [at(5), Guess(layout("resident_id_back"), np.add(CARD, [9, 0]), 0.9, 0.1)])
def test_of_another_guess_its_own_card_is_lent(crew: Noting, other: Guess) -> None:
    expected = flat_of(crew, other)
    flats = Flats(crew)
    flats.begin(PICTURE, at(0))
    begun = crew.asked[-1].result()
    with flats.lend(PICTURE, other) as (flat, _):
        assert not begun.any()
        assert np.array_equal(flat, expected)
    with flats.lend(PICTURE, at(0)) as (flat, _):
        assert np.array_equal(flat, flat_of(crew, at(0)))


@pytest.mark.parametrize("shape", [(200, 300), (200, 15_001)])
def test_a_picture_is_flattened_to_the_same_end_however_large_it_is(crew: Noting, shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    picture[:, :300] = PICTURE
    matrix = cv2.getPerspectiveTransform(CARD.astype(np.float32), rim(FRONT.size).astype(np.float32))
    with Flats(crew).lend(picture, at(0)) as (flat, _):
        assert np.array_equal(flat, cv2.warpPerspective(picture, matrix, FRONT.size))


def test_of_another_picture_its_own_card_is_lent(crew: Noting) -> None:
    flats = Flats(crew)
    flats.begin(PICTURE, at(0))
    with flats.lend(np.zeros_like(PICTURE), at(0)) as (flat, _):
        assert not flat.any()


def test_what_nobody_asks_for_is_overwritten(crew: Noting) -> None:
    flats = Flats(crew)
    flats.begin(PICTURE, at(0))
    first = crew.asked[-1].result()
    flats.begin(PICTURE, at(5))
    assert not first.any()
    second = crew.asked[-1].result()
    assert second.any()
    flats.drop()
    assert not second.any()
    flats.drop()  # nothing is begun
