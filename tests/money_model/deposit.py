"""Every situation that a deposit can come into, by its real table, against a model of bank, line, disk and power.

    python -m tests.money_model.deposit           # explores, and compares docs/money/deposit-states.md
    python -m tests.money_model.deposit --write   # writes it

Every order of touches, timers and answers; each request lost, late or its answer lost; each row that cannot be written;
the power gone between any two effects; and what recovery makes of it, in which all of this happens again.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.funding import Paid, Pending, Unclear, Unpaid
from kiosk_core.journeys import account_deposit
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.account_deposit import TABLE, Deposit, Outcome, Step
from kiosk_core.journeys.account_deposit.state import Transition
from kiosk_core.journeys.events import Timer
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from kiosk_core.pages import PaymentPage, ResultPage
from kiosk_core.ports import Declined, DeclineReason, ReversalReason, Reversed
from kiosk_core.risk import Allowance
from tests.kiosk_core.journey import ANYTHING, TERMINAL, transaction
from tests.kiosk_core.test_account_deposit import AMOUNT, CARD, CHOSEN, DAILY, LOST, OFFERED, SERVICE

PAGE = Path(__file__).parents[2] / "docs" / "money" / "deposit-states.md"
COMMAND = "python -m tests.money_model.deposit --write"

L = LedgerState
Question = type[do.Effect]


class Order(Enum):
    """What the bank has of the order."""

    NONE = "no order"
    OPEN = "not paid, can be paid"
    PAID = "paid, and in the account"
    EXPIRED = "not paid, cannot be paid any more"
    REVERSED = "never paid, reversed"
    REFUNDED = "paid and given back"

    @property
    def opened(self) -> "Order":
        """What the order's request makes of it: one behind its own reversal opens nothing."""
        return Order.OPEN if self is Order.NONE else self

    @property
    def reversed(self) -> "Order":
        """What a reversal makes of it."""
        return Order.REFUNDED if self in {Order.PAID, Order.REFUNDED} else Order.REVERSED


class Violation(AssertionError):
    """Something that must never be, and how it came about."""


@dataclass(frozen=True)
class Situation:
    """All that there is. `state` is None while nobody is served and nothing recovered.

    `asked` are questions whose answers are still to come, `late` requests that may still reach the bank; `shown`: the
    customer has seen the code.
    """

    state: Deposit | None
    rows: tuple[LedgerRow, ...]
    order: Order = Order.NONE
    asked: frozenset[Question] = frozenset()
    timers: frozenset[Timer] = frozenset()
    late: frozenset[Question] = frozenset()
    shown: bool = False

    @property
    def last(self) -> LedgerState:
        """The last row on disk."""
        return self.rows[-1].state

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to do but what waits for a person."""
        return self.state is None and (self.last.closed or self.last is L.MANUAL)


@dataclass
class Exploration:
    """What was found: how rows follow rows, what is true behind a row and a last page, and what was used."""

    situations: int = 0
    transitions: int = 0
    moves: dict[tuple[LedgerState, LedgerState], set[str]] = field(default_factory=lambda: defaultdict(set))
    outside: dict[LedgerState, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    used: set[tuple[Step, type[ev.Event]]] = field(default_factory=set)


_TOUCHES = (
    CHOSEN,
    ev.CancelTouched(),
    ev.DoneTouched(),
    ev.CustomerGone(),
    ev.CardArrived(),
    ev.CardLeft(),
    ev.ReaderLost(),
    ev.TimerFired(Timer.LEAVE),
)
_BANK = frozenset({do.OrderDeposit, do.ReverseLoad})
_NOTHING_TAKEN = {
    Outcome.CANCELLED,
    Outcome.BARRED,
    Outcome.NOT_PAID,
    Outcome.DECLINED,
    Outcome.HOST_SILENT,
    Outcome.OUT_OF_SERVICE,
}
_PLAIN_ANSWERS: dict[Question, tuple[ev.Event, ...]] = {
    do.ReadBankCard: (CARD, ev.BankCardUnusable(BankCardProblem.NOT_PRESENT), ev.SlotLost()),
    do.AssessRisk: (ANYTHING, ev.RiskAssessed(Allowance((DAILY,))), ev.RiskAssessed(Allowance((LOST,)))),
    do.PrintReceipt: (ev.ReceiptPrinted(), ev.ReceiptFailed()),
}
_POLLED = {
    Order.NONE: ev.FundingStateUnknown(),
    Order.OPEN: ev.FundingAnswered(Pending()),
    Order.PAID: ev.FundingAnswered(Paid()),
}
_REFUSED = Declined(DeclineReason.HOST_ERROR, "96")


def explore() -> Exploration:
    """Go through every situation.

    Raises:
        Violation: an invariant does not hold, or there is no way from a situation to rest.
    """
    found = Exploration()
    begun = transaction()
    state, effects = account_deposit.begin(SERVICE, TERMINAL, begun, "zh")
    new = tuple(replace(row, facts=_Facts(row.facts)) for row in begun.rows)
    waiting = list(_carried_out(Situation(None, new), state, effects, "begin", found))
    seen, before = set(waiting), defaultdict[Situation, list[Situation]](list)
    while waiting:
        situation = waiting.pop()
        _judge(situation)
        found.outside[situation.last].add(situation.order.value)
        for after in _next(situation, found):
            found.transitions += 1
            before[after].append(situation)
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    found.situations = len(seen)
    homeward = [each for each in seen if each.at_rest]
    reaches_rest = set(homeward)
    while homeward:
        for earlier in before[homeward.pop()]:
            if earlier not in reaches_rest:
                reaches_rest.add(earlier)
                homeward.append(earlier)
    for lost in seen - reaches_rest:
        raise Violation(f"no way to rest from {lost}")
    return found


def _judge(s: Situation) -> None:
    """Look at what must always be so."""
    last, order = s.last, s.order
    may_open = order is Order.NONE and do.OrderDeposit in s.late
    problems = {
        "done, and not in the account": last is L.DONE and order is not Order.PAID,
        "done, and a reversal is under way": last is L.DONE and do.ReverseLoad in s.late | s.asked,
        "closed, and the money is with the bank": last.closed and last is not L.DONE and order is Order.PAID,
        "closed, and it can be paid": last.closed and (order is Order.OPEN or may_open),
        "reversed, and the bank has not": last is L.REVERSED and order not in {Order.REVERSED, Order.REFUNDED},
        "another refund than the bank's": last is L.REVERSED
        and bool(s.rows[-1].facts["refunded_fen"]) != (order is Order.REFUNDED),
    }
    for problem, is_so in problems.items():
        if is_so:
            raise Violation(f"{problem}: {s}")


def _next(s: Situation, found: Exploration) -> Iterator[Situation]:
    """Return what may come next."""
    if s.order is Order.OPEN:
        yield replace(s, order=Order.EXPIRED)
        if s.shown:
            yield replace(s, order=Order.PAID)
    for request in s.late:
        order = s.order.opened if request is do.OrderDeposit else s.order.reversed
        yield replace(s, order=order, late=s.late - {request})
    if s.state is None:
        if not s.at_rest:
            resumed, effects = account_deposit.resume(Transaction(s.rows[0].transaction, s.rows), SERVICE, TERMINAL)
            yield from _carried_out(s, resumed, effects, "recovery", found)
        return
    yield from _stopped(s)
    for touch in _TOUCHES if s.state.attended else ():
        yield from _advanced(s, touch, found)
    for timer in s.timers:
        yield from _advanced(replace(s, timers=s.timers - {timer}), ev.TimerFired(timer), found)
    for question in s.asked:
        heard = replace(s, asked=s.asked - {question})
        for after, answer in _answers(question, heard):
            yield from _advanced(after, answer, found)


def _answers(question: Question, s: Situation) -> Iterator[tuple[Situation, ev.Event]]:
    """Return what the answers may be, and what the question has done."""
    if question is do.OrderDeposit:
        opened, late = replace(s, order=s.order.opened), replace(s, late=s.late | {question})
        yield opened, OFFERED
        yield s, ev.FundingDeclined(_REFUSED)
        yield from ((each, ev.FundingUnanswered()) for each in (opened, s, late))
    elif question is do.PollFunding:
        yield s, _POLLED.get(s.order, ev.FundingAnswered(Unpaid()))
        yield s, ev.FundingStateUnknown()
        yield s, ev.FundingAnswered(Unclear(ReversalReason.MAC_WRONG))
    elif question is do.ReverseLoad:
        reversed_, late = replace(s, order=s.order.reversed), replace(s, late=s.late | {question})
        yield reversed_, ev.ReversalAnswered(Reversed(AMOUNT if reversed_.order is Order.REFUNDED else 0))
        yield s, ev.ReversalDeclined(_REFUSED)
        yield from ((each, ev.ReversalUnanswered()) for each in (reversed_, s, late))
    else:
        yield from ((s, answer) for answer in _PLAIN_ANSWERS[question])


def _advanced(s: Situation, event: ev.Event, found: Exploration) -> Iterator[Situation]:
    assert s.state is not None
    found.used.add((s.state.step, type(event)))
    after, effects = account_deposit.advance(s.state, event)
    yield from _carried_out(s, after, effects, type(event).__name__, found)


def _carried_out(
    s: Situation, after: Deposit, effects: tuple[do.Effect, ...], why: str, found: Exploration
) -> Iterator[Situation]:
    """Carry out effects one by one; before each the power may go, and each row may fail."""
    for effect in effects:
        yield from _stopped(s)
        if isinstance(effect, do.Record):
            yield from _not_written(s, found)
            found.moves[s.last, effect.state].add(why)
            if s.last.closed:
                raise Violation(f"{effect.state.value} behind {s.last.value}: {s}")
        s = _with(s, effect, after, found)
    ended = any(isinstance(effect, do.End) for effect in effects)
    if ended:
        yield from _stopped(s)
    else:
        yield replace(s, state=after)


def _with(s: Situation, effect: do.Effect, after: Deposit, found: Exploration) -> Situation:
    match effect:
        case do.Record(transaction=id_, state=state, facts=facts):
            return replace(s, rows=(*s.rows, LedgerRow(len(s.rows) + 1, s.rows[0].at, id_, state, _Facts(facts))))
        case do.Show(page=ResultPage()):
            _tell(s, after, found)
            return s
        case do.Show(page=PaymentPage()):
            return replace(s, shown=True)
        case do.StartTimer(timer=timer):
            return replace(s, timers=s.timers | {timer})
        case do.StopTimer(timer=timer):
            return replace(s, timers=s.timers - {timer})
        case do.OrderDeposit() | do.PollFunding() if s.last is not L.FUND_REQ:
            raise Violation(f"{type(effect).__name__} behind {s.last.value}: {s}")
        case do.ReverseLoad() if s.last is not L.REV_REQ:
            raise Violation(f"a reversal behind {s.last.value}: {s}")
        case do.Show() | do.Note() | do.CloseSlot() | do.End():
            return s
        case _:
            return replace(s, asked=s.asked | {type(effect)})


class _Facts(dict[str, str | int | bool | None]):
    """The facts of a row, of which situations are told apart."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def _stopped(s: Situation) -> Iterator[Situation]:
    """Nobody is served any more; what is under way to the bank arrives some time, or never."""
    still = replace(s, state=None, asked=frozenset(), timers=frozenset())
    yield still
    under_way = s.asked & _BANK
    if under_way - s.late:
        yield replace(still, late=s.late | under_way)


def _not_written(s: Situation, found: Exploration) -> Iterator[Situation]:
    """A row cannot be written: the customer hears what is certain, and recovery begins from the last one."""
    if s.state is not None:
        gives_up, effects = account_deposit.advance(s.state, ev.CannotGoOn())
        for effect in effects:
            s = _with(s, effect, gives_up, found)
    yield from _stopped(s)


def _tell(s: Situation, after: Deposit, found: Exploration) -> None:
    """Tell the customer how it ended: it must be true."""
    outcome = after.outcome
    assert outcome is not None
    found.told[outcome.value].add(s.order.value)
    can_be_debited = s.order is Order.PAID or (s.order is Order.OPEN and s.shown)
    if outcome is Outcome.DEPOSITED and s.order is not Order.PAID:
        raise Violation(f"told of a deposit that is not there: {s}")
    if outcome is Outcome.REFUNDED and s.order is not Order.REFUNDED:
        raise Violation(f"told of a refund that is not there: {s}")
    if outcome in _NOTHING_TAKEN and can_be_debited:
        raise Violation(f"told that nothing was taken ({outcome.value}): {s}")


# -- the page ----------------------------------------------------------------------------------------------


def page(found: Exploration) -> str:
    """Return the page as it must be."""
    return f"""# The states of a deposit

Written by `{COMMAND}` from the table in the code
(`kiosk_core/journeys/account_deposit/table.py`), by going through every situation that it can come into; do not edit
it. A test fails when it is not what the code does. What it means is in [deposit.md](deposit.md).

```mermaid
stateDiagram-v2
    [*] --> NEW
{_lines(f"    {a.value} --> {b.value}" for a, b in _in_order(found))}
```

In each of the situations: rows come before what they announce; what is closed stays closed; DONE is in the account, and
no reversal is under way; what is closed otherwise is not with the bank, and cannot be paid any more; what the customer
is told is true; and there is a way from it to a closed row, or to MANUAL.

## What may be true outside

| last row | the bank |
|---|---|
{_lines(f"| {state.value} | {_all(found.outside[state])} |" for state in L if state in found.outside)}

## Which row follows which, and why

| from | to | when |
|---|---|---|
{_lines(f"| {a.value} | {b.value} | {_all(found.moves[a, b])} |" for a, b in _in_order(found))}

## What the customer is told, and what is true then

| last page | the bank |
|---|---|
{_lines(f"| {each.value} | {_all(found.told[each.value])} |" for each in Outcome if each.value in found.told)}

## The table

What is not in it means nothing there: touches, timers and cards are ignored.

| step | event | what follows |
|---|---|---|
{_lines(f"| {step.value} | {event.__name__} | {_spoken(then)} |" for (step, event), then in TABLE.items())}
"""


def _in_order(found: Exploration) -> list[tuple[LedgerState, LedgerState]]:
    order = list(L)
    return sorted(found.moves, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _all(words: set[str]) -> str:
    return "; ".join(sorted(words))


def _spoken(transition: Transition) -> str:
    return transition.__name__.replace("_", " ")


def main(arguments: list[str]) -> int:
    """Return 0 if every invariant held and the page is what the code does."""
    parser = argparse.ArgumentParser(prog="python -m tests.money_model.deposit", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page")
    write = parser.parse_args(arguments).write
    try:
        found = explore()
    except Violation as violation:
        print(violation)
        return 1
    print(f"{found.situations:,} situations, {found.transitions:,} transitions: every invariant holds")
    text = page(found)
    if write:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.name} is not what the code does; run: {COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
