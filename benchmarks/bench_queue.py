"""What a call and an estimate cost with 200 waiting in nine lines, beside the sort of all by seniority."""

import random

from benchmarks.measure import Figure, side_by_side
from kiosk_core.texts import LocalText
from queue_display import acts
from queue_display.branch import Branch
from queue_display.deciding import decide
from queue_display.dispatch import choose
from queue_display.estimates import Estimator
from queue_display.events import Entry
from queue_display.policy import CustomerClass, Policy, ServiceQueue
from queue_display.refusals import Refusal
from queue_display.tickets import Channel, Line

WAITING = 200
WINDOWS = 6
_TITLE = LocalText("名", "name")
_SERVICES = {"simple": ("A", 2.0, 3.0), "complex": ("B", 15.0, 10.0), "corporate": ("C", 10.0, 8.0)}
_CLASSES = {
    "green": CustomerClass(_TITLE, layer=0),
    "vip": CustomerClass(_TITLE, target_min=5, cap_min=30),
    "ordinary": CustomerClass(_TITLE, cap_min=45),
}


def run() -> list[Figure]:
    """Return the sort first, then the rule, the decision of a call, and all waits of the branch with newcomers'."""
    policy = Policy({name: ServiceQueue(_TITLE, *each) for name, each in _SERVICES.items()}, _CLASSES)
    estimator = Estimator(policy)
    branch, now = _crowd(policy, estimator)
    everybody = [head for heads in branch.lines.values() for head in heads]
    newcomers = [Line(service, "ordinary") for service in _SERVICES]
    calls = side_by_side(
        {
            "sort 200 by seniority": lambda: sorted(everybody, reverse=True),
            "choose among the heads of nine lines, and why": lambda: choose(branch.heads, policy, now),
            "decide who is called next": lambda: decide(branch, policy, acts.CallNext("1"), now),
        },
        repeat=200,
    )
    waits = side_by_side({"waits of all 200 and of newcomers": lambda: estimator.waits(branch, now, newcomers)}, 3)
    return [*calls, *waits]


def _crowd(policy: Policy, estimator: Estimator) -> tuple[Branch, float]:
    """Return a branch with six windows, five of them busy, and 200 who came within half an hour; and its time."""
    rng = random.Random(1)  # noqa: S311  (chances of a simulation)
    branch, now = Branch(), 0.0

    def do(act: acts.Act) -> None:
        decision = decide(branch, policy, act, now)
        assert not isinstance(decision, Refusal)
        for event in decision:
            entry = Entry(branch.last.number + 1, now, event)
            estimator.observe(branch, entry)
            branch.apply(entry)

    do(acts.OpenDay("2026-11-23", 0.0))
    now = 9 * 3600.0
    for window in range(1, WINDOWS + 1):
        do(acts.SignIn(str(window), f"100{window}"))
    for place in range(WAITING + WINDOWS - 1):
        now += rng.expovariate(1 / 9)
        service, customers = rng.choice(list(_SERVICES)), rng.choice(list(_CLASSES))
        do(acts.IssueTicket((service,), customers, "zh", Channel.KIOSK))
        if place < WINDOWS - 1:
            do(acts.CallNext(str(place + 2)))
    return branch, now
