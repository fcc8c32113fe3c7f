"""The lattice of a screen's dots stands out of the spectrum of a picture, whichever way it lies; grain does not."""

import numpy as np
import pytest

from ocr import grid
from ocr.arrays import Pixels

WHOLE = np.array([[0, 0], [1000, 0], [1000, 631], [0, 631]], float)


def paper() -> Pixels:
    grain = np.random.default_rng(5).normal(0, 3, (631, 1000, 1))
    return np.asarray(180 + grain + np.zeros(3))


def photographed(picture: Pixels) -> float:
    return grid.regularity(np.clip(picture, 0, 255).astype(np.uint8), WHOLE)


def test_paper_with_grain_has_no_lattice() -> None:
    assert photographed(paper()) < grid.REGULAR


@pytest.mark.parametrize("waves", [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2.3), (2.3, 0)])
def test_a_lattice_is_seen_whichever_way_it_runs(waves: tuple[float, float]) -> None:
    """Some 5 dots to a wave, as a monitor's dots are under the kiosk's camera; 2.3 times as fine: about all it sees."""
    down, across = np.indices((631, 1000))
    lattice = 5 * np.cos(2 * np.pi * (waves[0] * down + waves[1] * across) / 5.1)
    assert photographed(paper() + lattice[..., None]) > grid.REGULAR


def test_the_blocks_of_jpeg_are_no_lattice() -> None:
    blocks = np.indices((631, 1000))[1] % 8 == 0
    assert photographed(paper() + 8 * blocks[..., None]) < grid.REGULAR
