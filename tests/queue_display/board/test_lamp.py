"""Flashing: seen at once, and never fast enough to harm anybody (WCAG 2.2, 2.3.1: three flashes a second)."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from queue_display.board.lamp import HALF_PERIOD_S, Lamp


def test_it_lights_up_at_once_and_goes_out_in_the_end() -> None:
    lamp = Lamp()
    lamp.tick(0.0, flashing=True)
    assert lamp.is_lit
    lamp.tick(HALF_PERIOD_S, flashing=True)
    assert not lamp.is_lit
    lamp.tick(2 * HALF_PERIOD_S, flashing=True)
    assert lamp.is_lit
    lamp.tick(3 * HALF_PERIOD_S, flashing=False)
    lamp.tick(4 * HALF_PERIOD_S, flashing=False)
    assert not lamp.is_lit


def changes_of(beats: Iterable[tuple[float, bool]]) -> list[float]:
    lamp, now, changes = Lamp(), 0.0, []
    for pause, flashing in beats:
        now += pause
        before = lamp.is_lit
        lamp.tick(now, flashing=flashing)
        if lamp.is_lit is not before:
            changes.append(now)
    return changes


def most_flashes_in_a_second(changes: list[float]) -> float:
    return max((sum(change <= later < change + 1 for later in changes) / 2 for change in changes), default=0)


def test_it_flashes_about_once_in_a_second() -> None:
    assert 1 <= most_flashes_in_a_second(changes_of([(0.01, True)] * 500)) <= 1.5


def test_calls_that_come_and_go_as_fast_as_can_be_flash_no_faster() -> None:
    assert most_flashes_in_a_second(changes_of([(0.01, True), (0.01, False)] * 250)) <= 1.5


@given(st.lists(st.tuples(st.floats(0.0001, 0.5), st.booleans()), max_size=300))
def test_whoever_calls_whenever_there_are_never_more_than_three_flashes_in_a_second(
    beats: list[tuple[float, bool]],
) -> None:
    assert most_flashes_in_a_second(changes_of(beats)) <= 3
