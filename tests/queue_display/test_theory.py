"""The simulator beside queueing theory: means of replications must hold the formula in their confidence interval."""

import math
import statistics
from collections.abc import Sequence

import pytest

from queue_display.policy import Policy, Rule
from tests.queue_display.policies import customers, service
from tests.queue_display.queues import (
    accumulating_waits,
    erlang_a,
    erlang_c,
    mean_wait,
    run_markov,
    strict_waits,
)

WINDOWS = 4
SERVICE = 300.0
LOAD = 0.875
TOTAL = LOAD * WINDOWS / SERVICE
SHARES = {"first": 0.1, "second": 0.2, "third": 0.7}
ARRIVALS = {name: share * TOTAL for name, share in SHARES.items()}

RUNS = range(24)

T_95 = 2.074
"""Student's t, two-sided 95 %, for 24 replications and a slope."""


def policy(rule: Rule, layers: Sequence[int] = (1, 1, 1), weights: Sequence[float] = (1, 1, 1)) -> Policy:
    classes = {
        name: customers(layer=layer, weight=weight, cap_min=1440)
        for name, layer, weight in zip(SHARES, layers, weights, strict=True)
    }
    return Policy(service={"simple": service("A")}, customer_class=classes, rule=rule)


def interval(values: Sequence[float], loads: Sequence[float], load: float) -> tuple[float, float]:
    """Return the mean at `load` and half its 95 % confidence interval.

    A run that drew more work than `load` had longer waits; the drawn load as a control variate (Lavenberg & Welch 1981)
    takes most of the chance out of the mean.
    """
    slope = statistics.linear_regression(loads, values).slope
    values = [value - slope * (drawn - load) for value, drawn in zip(values, loads, strict=True)]
    return statistics.fmean(values), T_95 * statistics.stdev(values) / math.sqrt(len(values))


FIFO = policy(Rule.FIFO)
STRICT = policy(Rule.FIFO, layers=(1, 2, 3))
ACCUMULATING = policy(Rule.ACCUMULATING, weights=(4, 2, 1))

BY_CLASS = {
    "fifo": (FIFO, [mean_wait(WINDOWS, TOTAL, SERVICE)] * 3),
    "strict": (STRICT, strict_waits(WINDOWS, list(ARRIVALS.values()), SERVICE)),
    "accumulating": (
        ACCUMULATING,
        accumulating_waits(WINDOWS, list(ARRIVALS.values())[::-1], SERVICE, (1, 2, 4))[::-1],
    ),
}


def test_the_formulas_give_the_figures_that_were_published_with_them() -> None:
    assert erlang_c(4, 3.5) * 1 / (4 / 5 - 0.7) == pytest.approx(7.379, abs=1e-3)
    assert [wait / 60 for wait in BY_CLASS["strict"][1]] == pytest.approx([1.011, 1.371, 10.005], abs=1e-3)
    assert [wait / 60 for wait in BY_CLASS["accumulating"][1]] == pytest.approx([2.945, 4.926, 8.713], abs=1e-3)
    assert erlang_a(4, 0.9, 5, 30) == pytest.approx((0.1653, 0.8581, 4.959), abs=1e-3)


@pytest.mark.parametrize("name", list(BY_CLASS))
def test_the_order_of_the_means_is_that_of_theory_in_a_short_run(name: str) -> None:
    of, expected = BY_CLASS[name]
    found = run_markov(of, WINDOWS, ARRIVALS, SERVICE, customers=15_000, seed=7)
    for (customer_class, waits), wait in zip(found.called.items(), expected, strict=True):
        assert statistics.fmean(waits) == pytest.approx(wait, rel=0.35), customer_class


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", list(BY_CLASS))
def test_mean_waits_agree_with_theory(name: str) -> None:
    of, expected = BY_CLASS[name]
    runs = [run_markov(of, WINDOWS, ARRIVALS, SERVICE, customers=40_000, seed=seed) for seed in RUNS]
    for place, customer_class in enumerate(SHARES):
        means = [statistics.fmean(run.called[customer_class]) for run in runs]
        mean, half = interval(means, [run.load for run in runs], LOAD)
        print(f"{name} {customer_class}: {mean / 60:.3f} +- {half / 60:.3f} min, theory {expected[place] / 60:.3f}")
        assert abs(mean - expected[place]) <= half


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_giving_up_agrees_with_erlang_a() -> None:
    arrivals = 0.9 / 60
    runs = [
        run_markov(FIFO, WINDOWS, {"first": arrivals}, 300, customers=40_000, seed=seed, patience=1800) for seed in RUNS
    ]
    gave_up, waited, wait, loads = [], [], [], []
    for run in runs:
        loads.append(run.load)
        called, lost = run.called["first"], run.gave_up["first"]
        count = len(called) + len(lost)
        gave_up.append(len(lost) / count)
        waited.append((len(lost) + sum(each > 0 for each in called)) / count)
        wait.append(math.fsum([*called, *lost]) / count)
    for values, theory in zip((gave_up, waited, wait), erlang_a(4, arrivals, 300, 1800), strict=True):
        # Only who is served draws a time: the load that is drawn is that of those who do not give up.
        mean, half = interval(values, loads, arrivals * 300 / WINDOWS * (1 - erlang_a(4, arrivals, 300, 1800)[0]))
        print(f"erlang-a: {mean:.4f} +- {half:.4f}, theory {theory:.4f}")
        assert abs(mean - theory) <= half
