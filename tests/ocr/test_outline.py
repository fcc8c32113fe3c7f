"""Quadrangles of a card's shape are found by their edges, on pictures drawn by hand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from ocr.arrays import Pixels, Points
from ocr.outline import _steepness, outlines, sharpened
from ocr.scales import Scales

CARD = np.array([[200, 150], [700, 150], [700, 465], [200, 465]], float)  # 500 x 315: 1.587 times as wide as high
LEANING = np.array([[230, 140], [720, 190], [680, 500], [180, 430]], float)


def picture(corners: Points, paper: int = 225, ground: int = 90, grain: float = 3.0) -> Pixels:
    """Return a pale card with some dark lines of print on a darker ground, 900 x 620 dots."""
    drawn = np.full((620, 900, 3), ground, np.uint8)
    cv2.fillConvexPoly(drawn, corners.astype(np.int32), (paper, paper, paper))
    for row in range(4):
        start, end = (corners[0] * (1 - share) + corners[1] * share for share in (0.1, 0.5))
        down = (corners[3] - corners[0]) * (row + 1) / 6
        cv2.line(
            drawn, tuple((start + down).astype(int).tolist()), tuple((end + down).astype(int).tolist()), (40,) * 3, 4
        )
    noisy = drawn + np.random.default_rng(1).normal(0, grain, drawn.shape)
    return cv2.GaussianBlur(np.clip(noisy, 0, 255).astype(np.uint8), (0, 0), 1.0)


def found_in(drawn: Pixels) -> Iterator[Points]:
    """The outlines in a picture, as two threads find them."""
    with ThreadPoolExecutor(2) as crew:
        yield from outlines(Scales(drawn), crew)


def off(found: Points, corners: Points) -> float:
    """How far the worst corner is off, whichever of the two long sides is called the first."""
    return float(min(np.abs(np.roll(found, turn, axis=0) - corners).max() for turn in (0, 2)))


@pytest.mark.parametrize("corners", [CARD, LEANING], ids=["upright", "leaning"])
def test_a_card_is_the_first_of_the_outlines_a_long_side_first(corners: Points) -> None:
    assert off(next(found_in(picture(corners))), corners) < 10


def test_a_card_that_lies_upright_begins_with_a_long_side_all_the_same() -> None:
    turned = np.ascontiguousarray(np.rot90(picture(CARD)))
    first = next(found_in(turned))
    sides = np.linalg.norm(np.roll(first, -1, axis=0) - first, axis=1)
    assert sides[0] > 1.4 * sides[1]


def test_corners_run_clockwise() -> None:
    assert all(cv2.contourArea(each.astype(np.float32), oriented=True) > 0 for each in found_in(picture(LEANING)))


def test_what_is_no_shape_of_a_card_is_no_outline() -> None:
    square = np.array([[250, 100], [650, 100], [650, 500], [250, 500]], float)
    strip = np.array([[100, 250], [800, 250], [800, 380], [100, 380]], float)
    assert all(off(each, square) > 40 for each in found_in(picture(square)))
    assert all(off(each, strip) > 40 for each in found_in(picture(strip)))


def test_a_bare_ground_has_no_outline() -> None:
    assert list(found_in(np.full((400, 600, 3), 128, np.uint8))) == []


def test_a_guess_a_few_dots_aside_is_moved_onto_the_edges() -> None:
    aside = LEANING + np.array([[9, -7], [-8, 6], [7, 9], [-9, -6]])
    assert np.abs(sharpened(picture(LEANING), aside) - LEANING).max() < 2.5


def test_a_guess_is_moved_alike_whichever_long_side_is_called_the_first() -> None:
    corners = np.array([[250, 150], [650, 150], [720, 480], [180, 480]], float)  # its long sides: 400 and 540 dots
    aside = corners + np.array([[0, 0], [0, 0], [40, 0], [0, 0]])  # 0.1 of the one, 0.07 of the other
    drawn = picture(corners)
    turned = np.roll(sharpened(drawn, np.roll(aside, 2, axis=0)), 2, axis=0)
    assert np.abs(turned - corners).max() < 2.5
    assert np.allclose(sharpened(drawn, aside), turned)


def test_a_guess_of_which_no_edge_is_in_sight_stays_about_where_it_is() -> None:
    blank = np.full((620, 900, 3), 128, np.uint8)
    assert np.abs(sharpened(blank, CARD) - CARD).max() < 0.1 * 500


def test_nothing_asks_for_more_than_a_few_outlines() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (300, 450, 3)).astype(np.uint8)
    assert len(list(found_in(cv2.GaussianBlur(noise, (0, 0), 6)))) <= 18


def test_where_the_rows_of_the_two_threads_meet_nothing_shows() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (301, 400, 3)).astype(np.uint8)
    with ThreadPoolExecutor(2) as crew:
        light, steep = _steepness(noise, crew)
    smooth = cv2.cvtColor(cv2.GaussianBlur(noise, (5, 5), 0), cv2.COLOR_BGR2LAB)
    assert np.array_equal(light, smooth[..., 0])
    slopes = [cv2.Scharr(smooth, cv2.CV_32F, *way) * (1, 1.6, 1.6) for way in ((1, 0), (0, 1))]
    steepest = np.hypot(*slopes).max(axis=2)
    assert np.abs(steep - np.minimum(steepest / np.percentile(steepest[::3, ::3], 95), 1)).max() < 1e-4
