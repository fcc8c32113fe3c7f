"""A picture of a person stays in memory, and leaves it black."""

import pickle
from copy import deepcopy
from datetime import UTC, datetime

import numpy as np
import pytest

from kiosk_core.camera import Picture


def picture() -> Picture:
    return Picture(np.full((480, 640, 3), 77, np.uint8), datetime(2026, 7, 26, 12, tzinfo=UTC), 3)


def test_a_picture_shows_its_size_alone() -> None:
    assert (picture().width, picture().height) == (640, 480)
    assert f"{picture()} {picture()!r} {[picture()]}" == " ".join(["Picture(640x480, ***)"] * 2) + (
        " [Picture(640x480, ***)]"
    )


def test_a_picture_is_black_after_its_use() -> None:
    with picture() as taken:
        assert taken.pixels.max() == 77
    assert taken.pixels.max() == 0
    taken.wipe()


def test_a_picture_is_black_after_a_mistake() -> None:
    taken = picture()
    with pytest.raises(ZeroDivisionError), taken:
        raise ZeroDivisionError
    assert taken.pixels.max() == 0


@pytest.mark.parametrize("away", [pickle.dumps, deepcopy])
def test_a_picture_does_not_leave_memory(away: object) -> None:
    assert callable(away)
    with pytest.raises(TypeError, match="stays in memory"):
        away(picture())
