"""Smaller copies of a picture: what a dot of them stands for."""

import numpy as np
import pytest

from ocr.arrays import Pixels
from ocr.projection import projected
from ocr.scales import Scales

CARD = np.array([[20, 10], [220, 10], [220, 136], [20, 136]], float)  # 200 dots wide


def picture() -> Pixels:
    """Return 241 x 161 dots, black but for one square of four white ones."""
    drawn = np.zeros((161, 241, 3), np.uint8)
    drawn[100:102, 60:62] = 255
    return drawn


def test_a_copy_is_half_as_large_as_the_one_before() -> None:
    scales = Scales(picture())
    assert [scales.copy(number).shape for number in range(3)] == [(161, 241, 3), (80, 120, 3), (40, 60, 3)]


def test_nothing_is_halved_to_nothing() -> None:
    assert Scales(np.zeros((3, 900, 3), np.uint8)).copy(5).shape == (1, 450, 3)
    assert Scales(np.zeros((3, 900, 3), np.uint8)).shrunk(0.01).shape == (1, 9, 3)


@pytest.mark.parametrize(("wide", "shape"), [(200, (161, 241)), (101, (161, 241)), (100, (80, 120)), (50, (40, 60))])
def test_a_gray_copy_is_the_smallest_in_which_the_card_is_large_enough(wide: int, shape: tuple[int, int]) -> None:
    assert Scales(picture()).gray(CARD, wide)[0].shape == shape


def test_a_point_of_the_picture_is_found_in_a_copy() -> None:
    gray, to_copy = Scales(picture()).gray(CARD, 100)
    at = projected(np.array([[60.5, 100.5]]), to_copy)[0]  # the middle of the white square
    assert at.tolist() == [30, 50]
    assert gray[50, 30] == 255
