"""Quadrangles are made of straight lines of which only pieces are to be seen."""

import cv2
import numpy as np
import pytest

from ocr.straight import meeting, quads_of_lines

CARD = np.array([[60, 80], [320, 110], [300, 270], [45, 240]], float)


def test_pieces_of_four_sides_make_a_quadrangle() -> None:
    drawn = np.full((340, 400), 200, np.uint8)
    for start, end in zip(CARD, np.roll(CARD, -1, axis=0), strict=True):
        for begin, stop in ((0.05, 0.4), (0.55, 0.95)):  # glare and fingers lie on the rest
            one, two = (start + share * (end - start) for share in (begin, stop))
            cv2.line(drawn, one.round().astype(int).tolist(), two.round().astype(int).tolist(), 120, 2)
    first = quads_of_lines(drawn)[0]
    assert max(np.abs(first - corner).max(axis=1).min() for corner in CARD) < 6


def test_no_lines_make_none() -> None:
    assert quads_of_lines(np.full((300, 400), 128, np.uint8)) == []


def test_lines_meet_where_they_cross_and_parallels_never() -> None:
    right, down, along = np.array([1.0, 0.0]), np.array([0.0, 2.0]), np.array([5.0, 0.1])
    met = meeting(np.array([0.0, 7.0]), right, np.array([3.0, 0.0]), down)
    assert met == pytest.approx([3, 7])
    assert meeting(np.array([0.0, 7.0]), right, np.array([3.0, 0.0]), along) is None
