"""Flashing: seen at once, and never fast enough to harm anybody (WCAG 2.2, 2.3.1: three flashes a second)."""

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


@given(st.lists(st.tuples(st.floats(0.0001, 0.5), st.booleans()), max_size=300))
def test_whoever_calls_whenever_there_are_never_more_than_three_flashes_in_a_second(
    beats: list[tuple[float, bool]],
) -> None:
    lamp, now, changes = Lamp(), 0.0, []
    for pause, flashing in beats:
        now += pause
        before = lamp.is_lit
        lamp.tick(now, flashing=flashing)
        if lamp.is_lit is not before:
            changes.append(now)
    for place, change in enumerate(changes):
        within = [later for later in changes[place:] if later < change + 1]
        assert len(within) <= 2 * 3
