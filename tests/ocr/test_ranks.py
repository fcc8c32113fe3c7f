"""Quantiles and medians are those of numpy."""

import numpy as np
import pytest

from ocr.ranks import median, quantile


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 4000])
def test_quantiles_are_numpys(size: int) -> None:
    values = np.random.default_rng(size).normal(0, 1, size)
    for share in (0.0, 0.03, 0.5, 0.9, 0.97, 1.0):
        assert quantile(values, share) == pytest.approx(np.quantile(values, share))
    assert median(values) == pytest.approx(np.median(values))


def test_bytes_do_not_overflow_and_planes_are_taken_whole() -> None:
    values = np.array([[250, 10], [255, 0]], np.uint8)
    assert median(values) == 130
    assert quantile(values, 0.9) == pytest.approx(253.5)


def test_of_nothing_it_is_nothing() -> None:
    assert quantile(np.zeros((0, 3)), 0.9) == 0.0
