"""What is said of waits on a branch's first day, as `./run bench queue-first-day` measures it."""

import pytest

from benchmarks.queue_first_day import WITHOUT, answers, log_of, other_day
from openteller.queue_policy import DEFAULT_POLICY, load_policy
from queue_display.events import BreakBegan, Issued

POLICY = load_policy(DEFAULT_POLICY)


def test_a_first_day_is_told_and_something_may_be_left_out_of_it() -> None:
    entries = log_of(POLICY, [WITHOUT["breaks"](other_day(POLICY, 1, 60))])
    assert not any(isinstance(entry.event, BreakBegan) for entry in entries)
    issued = [entry.event for entry in entries if isinstance(entry.event, Issued)]
    assert all(event.said_up_to_s is None for event in issued)
    found = list(answers(POLICY, entries, skip_days=0, until=24, every=1))
    assert 10 < len(found) <= len(issued)
    assert all(answer.about_s <= answer.up_to_s for answer in found)


@pytest.mark.slow
def test_most_promises_of_a_first_morning_are_kept_before_any_was_broken() -> None:
    """Of a branch by which nothing of the estimator was chosen; `bare_s` is what is said before it is stretched."""
    said = [
        answer
        for seed in range(3)
        for answer in answers(POLICY, log_of(POLICY, [other_day(POLICY, seed, 2000)]), skip_days=0, until=14, every=2)
        if answer.up_to_s >= 60
    ]
    assert len(said) > 200
    kept = sum(answer.waited_s <= answer.bare_s for answer in said) / len(said)
    assert 0.72 <= kept <= 0.88  # 0.8, give or take three standard errors
