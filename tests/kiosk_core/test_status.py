"""Counters add up and never change under whoever holds a copy; a status is what it tells."""

from datetime import UTC, datetime, timedelta

from kiosk_core.errors import Fault
from kiosk_core.status import Counters, DeviceState, DeviceStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_copy_does_not_count_on() -> None:
    counters = Counters(exchanges=1, bytes_sent=10)
    copy = counters.copy()
    counters.exchanges += 1
    assert (copy, counters) == (Counters(exchanges=1, bytes_sent=10), Counters(exchanges=2, bytes_sent=10))


def test_each_counter_is_added_to_its_own() -> None:
    assert Counters(1, 2, 3, 4, 5, 6, 7, 8).plus(Counters(cycles=10, bytes_received=20)) == Counters(
        11, 2, 3, 4, 5, 6, 7, 28
    )


def test_a_status_that_tells_the_same_is_the_same_however_long_it_has_been_so() -> None:
    before = DeviceStatus("reader", DeviceState.ONLINE, NOON)
    assert before == DeviceStatus("reader", DeviceState.ONLINE, NOON + timedelta(hours=1))
    assert before != DeviceStatus("reader", DeviceState.ONLINE, NOON, frozenset({Fault.POWER}))
