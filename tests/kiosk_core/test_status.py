"""Counters add up and never change under whoever holds them."""

import pytest

from kiosk_core.status import Counters


def test_counting_adds_to_a_copy() -> None:
    before = Counters(exchanges=1, bytes_sent=10)
    after = before.counting(exchanges=1, bytes_sent=5, jams=1)
    assert after == Counters(exchanges=2, bytes_sent=15, jams=1)
    assert before == Counters(exchanges=1, bytes_sent=10)


def test_a_counter_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError, match="coffees"):
        Counters().counting(coffees=1)
