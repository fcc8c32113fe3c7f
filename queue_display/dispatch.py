"""Who is called next: the one rule that calls, estimates and simulations share, and why it chose as it did."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from queue_display.policy import Policy, Terms
from queue_display.tickets import Head


class Because(Enum):
    """Why a ticket was called."""

    ALONE = "alone"  # nobody else waits for this window
    SENIOR = "senior"  # nobody who may be called here has waited longer
    GREEN = "green"  # of a class that goes strictly first
    CAP = "cap"  # has waited so long that nobody new goes before
    WINDOW = "window"  # of a class that this window calls first
    LAYER = "layer"  # of a class that goes before the other
    CREDIT = "credit"  # its share of the target is larger
    BY_HAND = "by_hand"  # the teller called it by its number
    WENT_ON = "went_on"  # the same customer's next service


class Reason(NamedTuple):
    """Why a ticket was called; seconds. `over` is the longest waiting ticket that it was called before, "" if none.

    `waited`, `target` (for CAP: the cap) and `credit` are its own, those with `over_` the other's. Credit is a
    share of the target but for the rule `due`: there it is seconds beyond the target.
    """

    because: Because
    waited: float
    target: float = 0.0
    credit: float = 0.0
    over: str = ""
    over_waited: float = 0.0
    over_target: float = 0.0
    over_credit: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is called, and why."""

    head: Head
    reason: Reason


_BEFORE_ITS_SLOT = 99

Place = tuple[int, float]
"""Where a ticket stands at a window: smaller goes first, equal ones by seniority."""


def place_of(head: Head, policy: Policy, now: float, first: tuple[str, ...] = ()) -> Place:
    """Return where a ticket stands at a window that calls the classes `first` before others.

    The parts of the order, first to last: the green channel and whoever reached the cap, by the moment of joining;
    classes that go first at the window; layers; within them credit; appointments before their slot, soonest first.
    """
    terms = policy.terms[head.line]
    age = now - head.since
    if age < 0:
        return _BEFORE_ITS_SLOT, head.since
    if age >= terms.cap_s:
        return 0, head.since + terms.cap_s
    layer = 1 if first and head.line.customer_class in first else 2 + terms.layer
    return layer, terms.handicap - terms.rate * age


def choose_head(heads: Iterable[Head], policy: Policy, now: float, first: tuple[str, ...] = ()) -> Head | None:
    """Return who is called next, of the first tickets of the lines that a window may call; None: nobody is there."""
    best: Head | None = None
    best_place: Place = (0, 0.0)
    for head in heads:
        place = place_of(head, policy, now, first)
        if best is None or place < best_place or (place == best_place and head < best):
            best, best_place = head, place
    return best


def choose(heads: Iterable[Head], policy: Policy, now: float, first: tuple[str, ...] = ()) -> Choice | None:
    """Return who is called next as `choose_head` does, and why."""
    heads = tuple(heads)
    head = choose_head(heads, policy, now, first)
    return None if head is None else Choice(head, reason_for(head, heads, policy, now, first))


def reason_for(head: Head, heads: Iterable[Head], policy: Policy, now: float, first: tuple[str, ...] = ()) -> Reason:
    """Return why `head` goes before the longest waiting of `heads`: who came earlier asks."""
    terms = policy.terms[head.line]
    waited, credit = now - head.since, _credit(head, terms, now)
    others = [other for other in heads if other != head]
    if not others:
        return Reason(Because.ALONE, waited, terms.target_s, credit)
    passed = min(others)
    if passed > head:
        return Reason(Because.SENIOR, waited, terms.target_s, credit)
    because = _because(head, passed, policy, now, first)
    target = terms.cap_s if because is Because.CAP else terms.target_s
    theirs = policy.terms[passed.line]
    over = (passed.number, now - passed.since, theirs.target_s, _credit(passed, theirs, now))
    return Reason(because, waited, target, credit, *over)


def _because(head: Head, passed: Head, policy: Policy, now: float, first: tuple[str, ...]) -> Because:
    terms = policy.terms[head.line]
    layer, theirs = (place_of(each, policy, now, first)[0] for each in (head, passed))
    if layer == 0:
        return Because.GREEN if terms.layer == 0 else Because.CAP
    if layer == theirs:
        return Because.CREDIT
    return Because.WINDOW if layer == 1 else Because.LAYER


def _credit(head: Head, terms: Terms, now: float) -> float:
    return terms.rate * (now - head.since) - terms.handicap
