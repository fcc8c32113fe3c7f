"""The simulator beside queueing theory: means of replications must hold the formula in their confidence interval."""

import json
import math
import random
import statistics
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from queue_display.policy import Policy, Rule
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Head, Line
from tests.queue_display.policies import customers, service
from tests.queue_display.queues import (
    Waits,
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

HURRIED = 0.9 / 60
PATIENCE = 1800.0
WEIGHTS = {"first": 4, "second": 2, "third": 1}

RUNS = range(24)
CIW_RUNS = range(100, 124)
CIW_CUSTOMERS = 8_000
CIW = Path(__file__).parents[2] / ".venv-ciw" / "bin" / "python"

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
ACCUMULATING = policy(Rule.ACCUMULATING, weights=tuple(WEIGHTS.values()))

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


@cache
def runs_of(name: str) -> list[Waits]:
    """Runs of one rule by chances of their own, shared by all who compare them with something."""
    if name == "giving up":
        arrivals, of, patience = {"first": HURRIED}, FIFO, PATIENCE
    else:
        arrivals, of, patience = ARRIVALS, BY_CLASS[name][0], math.inf
    return [run_markov(of, WINDOWS, arrivals, SERVICE, customers=40_000, seed=seed, patience=patience) for seed in RUNS]


def means_of(name: str) -> dict[str, tuple[float, float]]:
    """Return the mean wait of each class and half its 95 % interval."""
    runs = runs_of(name)
    loads = [run.load for run in runs]
    return {each: interval([statistics.fmean(run.called[each]) for run in runs], loads, LOAD) for each in SHARES}


def giving_up() -> list[tuple[float, float]]:
    """Return the share who give up, the share who wait and the mean wait of all, each with half its 95 % interval."""
    gave_up, waited, wait, loads = [], [], [], []
    for run in runs_of("giving up"):
        loads.append(run.load)
        called, lost = run.called["first"], run.gave_up["first"]
        count = len(called) + len(lost)
        gave_up.append(len(lost) / count)
        waited.append((len(lost) + sum(each > 0 for each in called)) / count)
        wait.append(math.fsum([*called, *lost]) / count)
    return [interval(values, loads, served_load()) for values in (gave_up, waited, wait)]


def served_load() -> float:
    """Only who is served draws a time: the load that is drawn is that of those who do not give up."""
    return HURRIED * SERVICE / WINDOWS * (1 - erlang_a(WINDOWS, HURRIED, SERVICE, PATIENCE)[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", list(BY_CLASS))
def test_mean_waits_agree_with_theory(name: str) -> None:
    for (customer_class, (mean, half)), wait in zip(means_of(name).items(), BY_CLASS[name][1], strict=True):
        print(f"{name} {customer_class}: {mean / 60:.3f} +- {half / 60:.3f} min, theory {wait / 60:.3f}")
        assert abs(mean - wait) <= half


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_giving_up_agrees_with_erlang_a() -> None:
    for (mean, half), theory in zip(giving_up(), erlang_a(WINDOWS, HURRIED, SERVICE, PATIENCE), strict=True):
        print(f"erlang-a: {mean:.4f} +- {half:.4f}, theory {theory:.4f}")
        assert abs(mean - theory) <= half


# -- ciw, another simulator ------------------------------------------------------------------------------------


def with_ciw(**asked: object) -> Any:
    """Run queues in ciw; see with_ciw.py."""
    if not CIW.exists():
        pytest.skip("ciw is not there: ./run ciw makes its environment")
    script = Path(__file__).with_name("with_ciw.py")
    question = json.dumps({"windows": WINDOWS, "weights": WEIGHTS, **asked})
    told = subprocess.run([CIW, script], input=question, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(told.stdout)


def in_ciw(name: str) -> list[Any]:
    """Run customers whom ciw draws itself."""
    arrivals = {"first": HURRIED} if name == "giving up" else ARRIVALS
    total = sum(arrivals.values())
    options: dict[str, object] = {"patience_s": PATIENCE} if name == "giving up" else {}
    found: list[Any] = with_ciw(
        rule=name,
        arrivals=arrivals,
        service_s=SERVICE,
        until=CIW_CUSTOMERS / total,
        seeds=list(CIW_RUNS),
        **{"from": 1500 / total},
        **options,
    )
    return found


def assert_agree(ours: tuple[float, float], theirs: tuple[float, float], what: str) -> None:
    """Let the two means differ by no more than the 95 % interval of their difference."""
    (mean, half), (other, other_half) = ours, theirs
    print(f"{what}: {mean:.4f} +- {half:.4f}, ciw {other:.4f} +- {other_half:.4f}")
    assert abs(mean - other) <= math.hypot(half, other_half)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", list(BY_CLASS))
def test_mean_waits_agree_with_ciw(name: str) -> None:
    runs = in_ciw(name)
    loads = [run["load"] for run in runs]
    for customer_class, ours in means_of(name).items():
        theirs = interval([run["means"][customer_class] for run in runs], loads, LOAD)
        assert_agree(ours, theirs, f"{name} {customer_class}, s")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_giving_up_agrees_with_ciw() -> None:
    runs = in_ciw("giving up")
    loads = [run["load"] for run in runs]
    figures = ([run[name] for run in runs] for name in ("gave_up", "waited", "wait"))
    for ours, values in zip(giving_up(), figures, strict=True):
        assert_agree(ours, interval(values, loads, served_load()), "giving up")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BY_CLASS, "giving up"])
def test_the_same_customers_wait_as_long_as_in_ciw_each_of_them(name: str) -> None:
    rng = random.Random(5)
    total = sum(ARRIVALS.values()) * (1.3 if name == "giving up" else 1.0)
    at, coming, service, patience = 0.0, [], {}, {}
    for order in range(4000):
        at += rng.expovariate(total)
        head = Head(at, order, "", Line("simple", rng.choices(list(SHARES), list(SHARES.values()))[0]))
        service[f"{at:.3f}"] = rng.expovariate(1 / SERVICE)
        patience[f"{at:.3f}"] = rng.expovariate(1 / PATIENCE)
        coming.append(Arrival(at, head, patience[f"{at:.3f}"] if name == "giving up" else math.inf))
    assert len(service) == len(coming)  # a moment tells who it is
    waited: list[tuple[float, float, bool]] = []
    floor = Floor(
        BY_CLASS[name][0] if name in BY_CLASS else FIFO,
        0.0,
        lambda head, _desk, _at: service[f"{head.since:.3f}"],
        lambda head, _desk, at: waited.append((head.since, at - head.since, False)),
        lambda head, at: waited.append((head.since, at - head.since, True)),
    )
    for window in range(WINDOWS):
        floor.open(Desk(str(window)))
    floor.run(iter(coming))
    theirs = with_ciw(
        rule=name,
        arrivals={each: [c.at for c in coming if c.head.line.customer_class == each] for each in SHARES},
        service=service,
        until=floor.now + 1,
        **({"patience": patience} if name == "giving up" else {}),
    )
    assert len(theirs) == len(waited) == len(coming)
    assert any(gave_up for _, _, gave_up in waited) == (name == "giving up")
    for ours, (arrived, wait, gave_up) in zip(sorted(waited), theirs, strict=True):
        assert ours == (pytest.approx(arrived, abs=1e-3), pytest.approx(wait, abs=1e-3), gave_up)
