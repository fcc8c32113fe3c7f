"""Every situation that a top-up can come into: the real table against the model's world, breadth first, to the end.

In each situation anything that can happen does: the payer, customer, card, bank and clock act in any order, answers
are lost, rows cannot be written, the terminal stops between any two effects and recovers. One transaction is followed;
a later visit of the same card is a transaction of its own that must end before it touches money.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from kiosk_core.funding import FundingKind, Pending
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys import top_up
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import Outcome, Step, TopUp, choosing
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from kiosk_core.risk import Allowance
from tests.kiosk_core.journey import CARD, ORDER, SERVICE, TERMINAL, TOKEN
from tests.kiosk_core.test_money_rules import UNASKED
from tests.money_model.world import Order, Question, World

L = LedgerState
_AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
_OURS, _VISIT = "OT000001-20261122-000001", "OT000001-20261122-000002"
_FOR_PEOPLE = frozenset({L.SUSPENSE, L.MANUAL})

_WORKERS: Mapping[Question, str] = {
    **dict.fromkeys(
        (
            do.ReadCard,
            do.ChallengeCard,
            do.CarryOut,
            do.InitializeLoad,
            do.CreditLoad,
            do.ProveLoad,
            do.FindLoad,
        ),
        "card",
    ),
    **dict.fromkeys((do.AskIssuer, do.AuthoriseLoad, do.ConfirmLoad, do.ReverseLoad), "bank"),
    **dict.fromkeys((do.Fund, do.PollFunding, do.CancelFunding), "source"),  # of a QR order: the bank
    do.PrintReceipt: "printer",
    do.ReadIdCard: "ID card",
    do.AssessRisk: "rules",
}
"""Who answers: a worker takes one question after the other."""

ANNOUNCED: Mapping[Question, LedgerState] = {
    do.AskIssuer: L.CARD_READ,
    do.CarryOut: L.CARD_READ,
    do.Fund: L.FUND_REQ,
    do.AuthoriseLoad: L.MAC2_REQ,
    do.CreditLoad: L.CREDIT_SENT,
    do.ProveLoad: L.CARD_UNKNOWN,
    do.ConfirmLoad: L.CONFIRM_SAF,
    do.ReverseLoad: L.REV_REQ,
}
"""The last row on disk when a question leaves."""

_NOTHING_TAKEN = frozenset(
    {
        Outcome.CANCELLED,
        Outcome.NOT_PAID,
        Outcome.DECLINED,
        Outcome.HOST_SILENT,
        Outcome.CARD_EXPIRED,
        Outcome.BALANCE_FULL,
        Outcome.BARRED,
        Outcome.OUT_OF_SERVICE,
    }
)


_ONLY_TOLD = frozenset({"funding", "payer", "issuer", "response_code", "commands_done", "refused", "valid_until"})
"""Facts that change what is said and not what is done: without them what follows a payment is explored once."""


_PAYS = frozenset({Step.ORDERING, Step.PAYING})
_OF_SOURCE = frozenset({do.Fund, do.PollFunding})


class Violation(AssertionError):
    """An invariant does not hold; the text has the way there."""


@dataclass(frozen=True)
class Row:
    """A row that is to be written."""

    state: LedgerState
    facts: tuple[tuple[str, str | int | bool | None], ...]


class Other(Enum):
    """What the model knows beside rows, questions and timers."""

    END = "end"


Deed = Row | Question | do.StartTimer | do.StopTimer | Other
"""What is left to do of the effects of a move."""


@dataclass(frozen=True)
class Ledger:
    """What the journal says of the transaction: its last state, all states, and all facts."""

    last: LedgerState
    seen: frozenset[LedgerState]
    facts: tuple[tuple[str, str | int | bool | None], ...]

    def with_row(self, row: Row) -> "Ledger":
        """Return it with one row more."""
        facts = dict(self.facts) | dict(row.facts)
        return Ledger(row.state, self.seen | {row.state}, tuple(sorted(facts.items())))

    @property
    def transaction(self) -> Transaction:
        """The transaction as recovery gets it."""
        rows = LedgerRow(1, _AT, _OURS, L.NEW, dict(self.facts)), LedgerRow(2, _AT, _OURS, self.last, {})
        return Transaction(_OURS, rows)


@dataclass(frozen=True)
class Situation:
    """A moment: what is on disk, what is true outside, and what the terminal is doing (`session` None: nothing).

    `todo` are effects not yet carried out, `before` is the state to go back to if a row cannot be written: None where
    the conductor then ends the journey (recovery), or goes back to a visit that has taken nothing.
    """

    ledger: Ledger
    world: World
    session: TopUp | None = None
    before: TopUp | None = None
    todo: tuple[Deed, ...] = ()
    asked: tuple[Question, ...] = ()
    timers: frozenset[Timer] = frozenset()
    credits: int = 0


@dataclass
class Exploration:
    """What was found: how much, which row follows which and why, and what is true outside at each.

    `resumed` is what recovery begins with at each last row, `told` what is true when a last page is shown.
    """

    situations: int = 0
    transitions: int = 0
    moves: dict[tuple[LedgerState, LedgerState], set[str]] = field(default_factory=dict)
    outside: dict[LedgerState, set[str]] = field(default_factory=dict)
    used: set[tuple[Step, type[ev.Event]]] = field(default_factory=set)
    resumed: dict[LedgerState, set[str]] = field(default_factory=dict)
    told: dict[Outcome, set[str]] = field(default_factory=dict)


def explore() -> Exploration:
    """Return all that can happen.

    Raises:
        Violation: something can happen that must not; with the shortest way there.
    """
    return _Explorer().run()


class _Explorer:
    def __init__(self) -> None:
        self.found = Exploration()
        facts = (("language", "zh"), ("sequence", 1), ("service", SERVICE.id))
        ledger = Ledger(L.NEW, frozenset({L.NEW}), facts)
        session, effects = top_up.begin(SERVICE, TERMINAL, ledger.transaction, "zh")
        self._first = _rested(Situation(ledger, World(), session, todo=_deeds(effects)))
        self._number: dict[Situation, int] = {self._first: 0}
        self._way: list[tuple[int, str]] = [(0, "")]  # whence and how each was first come to
        self._back: list[list[int]] = [[]]
        self._after: dict[tuple[TopUp, ev.Event], tuple[TopUp, tuple[Deed, ...]]] = {}

    def run(self) -> Exploration:
        waiting = deque([self._first])
        while waiting:
            at = waiting.popleft()
            self._check(at)
            here = self._number[at]
            for label, after in self._next(at):
                there = self._number.setdefault(after, len(self._way))
                if there == here:  # it means nothing here
                    continue
                if there == len(self._way):
                    self._way.append((here, label))
                    self._back.append([])
                    waiting.append(after)
                self._back[there].append(here)
                self.found.transitions += 1
        self.found.situations = len(self._way)
        self._check_that_all_ends()
        return self.found

    # -- what can happen -----------------------------------------------------------------------------------

    def _next(self, at: Situation) -> Iterator[tuple[str, Situation]]:
        if at.session is None:
            yield from self._between_sessions(at)
        elif at.todo:
            yield from self._carry_out(at, at.session)
            yield from self._stop(at)
        else:
            yield from self._happen(at, at.session)
            yield from self._stop(at)
        if not at.todo:
            for label, world in at.world.by_itself():
                yield label, replace(at, world=world)

    def _carry_out(self, at: Situation, s: TopUp) -> Iterator[tuple[str, Situation]]:
        deed, rest = at.todo[0], replace(at, todo=at.todo[1:])
        match deed:
            case Row():
                yield f"row {deed.state.value}", _rested(replace(rest, ledger=at.ledger.with_row(deed)))
                yield from self._give_up(at, f"row {deed.state.value} cannot be written")
            case Other.END:
                yield from self._leave(rest, "the journey ends")
            case type() as question:
                self._may_ask(at, question)
                sent = at.credits + (question is do.CreditLoad)
                asked = at.asked if question is do.CancelFunding else (*at.asked, question)  # which has no answer
                for world in at.world.asked(question, s):
                    yield question.__name__, _rested(replace(rest, world=world, asked=asked, credits=sent))

    def _happen(self, at: Situation, s: TopUp) -> Iterator[tuple[str, Situation]]:
        busy: set[str] = set()
        for i, question in enumerate(at.asked):
            worker = "bank" if _WORKERS[question] == "source" and not at.world.by_card else _WORKERS[question]
            if worker not in busy:
                busy.add(worker)
                others = at.asked[:i] + at.asked[i + 1 :]
                for event, world in at.world.answers(question, s):
                    yield from self._feed(replace(at, world=world, asked=others), s, event)
        for timer in at.timers:
            yield from self._feed(replace(at, timers=at.timers - {timer}), s, ev.TimerFired(timer))
        for event in UNASKED:
            if (s.step, type(event)) in top_up.TABLE:  # the others are ignored (tests/kiosk_core)
                yield from self._feed(at, s, event)
        yield from self._give_up(replace(at, before=s), "the program fails")

    def _feed(self, at: Situation, s: TopUp, event: ev.Event) -> Iterator[tuple[str, Situation]]:
        self.found.used.add((s.step, type(event)))
        label = describe(event)
        try:
            after, deeds = self._advance(s, event)
        except ev.UnexpectedEvent:  # of a journey that could not go on: the conductor gives it up once more
            yield from self._give_up(replace(at, before=s), f"{label}, unexpected")
            return
        yield label, self._begin_to_do(at, after, s, deeds, label)

    def _give_up(self, at: Situation, why: str) -> Iterator[tuple[str, Situation]]:
        if at.before is None:
            yield from self._leave(at, why)
            return
        after, deeds = self._advance(at.before, ev.CannotGoOn())
        yield why, self._begin_to_do(replace(at, todo=()), after, at.before, deeds, why)

    def _advance(self, s: TopUp, event: ev.Event) -> tuple[TopUp, tuple[Deed, ...]]:
        """Return what the table makes of `event`: the same in every world, so it is asked once."""
        known = self._after.get((s, event))
        if known is None:
            after, effects = top_up.advance(s, event)
            known = self._after[s, event] = _plain(after), _deeds(effects)
        return known

    def _stop(self, at: Situation) -> Iterator[tuple[str, Situation]]:
        for label, left in self._leave(at, "the terminal stops"):
            for world in left.world.without_source():
                yield label, replace(left, world=world)

    def _leave(self, at: Situation, label: str) -> Iterator[tuple[str, Situation]]:
        for world in at.world.unheard(at.asked):
            yield label, Situation(at.ledger, world, credits=at.credits)

    def _between_sessions(self, at: Situation) -> Iterator[tuple[str, Situation]]:
        transaction = at.ledger.transaction
        if transaction.state.closed:
            return
        if transaction.state in _FOR_PEOPLE:
            row = Row(L.SETTLED, ())
            self.found.moves.setdefault((transaction.state, L.SETTLED), set()).add("staff settle it")
            yield "staff settle it", replace(at, ledger=at.ledger.with_row(row))
        else:
            after, effects = top_up.resume(transaction, SERVICE, TERMINAL)
            deeds = _deeds(effects)
            self.found.resumed.setdefault(transaction.state, set()).add(_say(deeds))
            yield "recovery", self._begin_to_do(at, _plain(after), None, deeds, "recovery")
        if transaction.state.needs_card or transaction.state is L.MANUAL:
            yield from self._visit(at, transaction)

    def _visit(self, at: Situation, earlier: Transaction) -> Iterator[tuple[str, Situation]]:
        """The same card comes to a later customer's journey."""
        own = Transaction(_VISIT, (LedgerRow(3, _AT, _VISIT, L.NEW, {"sequence": 2}),))
        s, _ = top_up.begin(SERVICE, TERMINAL, own, "zh")
        s, _ = top_up.advance(s, ev.CardArrived())
        after, effects = top_up.advance(s, ev.CardRead(CARD, TOKEN, earlier))
        self.found.used.add((Step.READING, ev.CardRead))
        rows = [each.state for each in effects if isinstance(each, do.Record) and each.transaction == _VISIT]
        if rows != [L.ABANDONED]:
            raise Violation(f"a card with an open case began a new load: {rows}")
        label = "the card is shown again"
        yield label, self._begin_to_do(at, _plain(after), None, _deeds(effects), label)

    def _begin_to_do(
        self, at: Situation, after: TopUp, before: TopUp | None, deeds: tuple[Deed, ...], label: str
    ) -> Situation:
        last = at.ledger.last
        for deed in deeds:
            if isinstance(deed, Row):
                self.found.moves.setdefault((last, deed.state), set()).add(label)
                last = deed.state
        return _rested(replace(at, session=after, before=before, todo=deeds))

    # -- what must hold ------------------------------------------------------------------------------------

    def _check(self, at: Situation) -> None:
        ledger, world, s = at.ledger, at.world, at.session
        self.found.outside.setdefault(ledger.last, set()).add(world.money)
        if world.credited and world.order is not Order.PAID:
            self._fail(at, f"the card is credited and the payer's account is {world.order.value}")
        if world.order is not Order.NONE and ledger.seen <= {L.NEW, L.CARD_READ, L.INIT}:
            self._fail(at, "an order without its row")
        if world.credited and L.CREDIT_SENT not in ledger.seen:
            self._fail(at, "a credit without its row")
        if L.CREDIT_SENT in ledger.seen and L.REV_REQ in ledger.seen and L.REFUSED not in ledger.seen:
            self._fail(at, "a reversal after CREDIT_SENT without the card's own no")
        if L.REFUSED in ledger.seen and world.credited:
            self._fail(at, "the journal says that the card refused, and it is credited")
        if ledger.last in _TRUE_WHEN_CLOSED and world.money not in _TRUE_WHEN_CLOSED[ledger.last]:
            self._fail(at, f"closed as {ledger.last.value}, and outside it is {world.money}")
        if ledger.last in _TRUE_WHEN_CLOSED and world.may_still_be_paid:
            self._fail(at, f"closed as {ledger.last.value}, and the order may still be paid")
        if s is not None and s.step is Step.LAST_PAGE and s.outcome is not None and not at.todo:
            self.found.told.setdefault(s.outcome, set()).add(world.money)
            if not _is_true(s.outcome, world):
                self._fail(at, f"the customer is told {s.outcome.value}, and it is {world.money}")

    def _may_ask(self, at: Situation, question: Question) -> None:
        row = ANNOUNCED.get(question)
        if row is not None and at.ledger.last is not row and not _asked_again(at, question):
            self._fail(at, f"{question.__name__} leaves while the last row is {at.ledger.last.value}")
        if question is do.CreditLoad and at.credits:
            self._fail(at, "80 52 leaves twice")

    def _check_that_all_ends(self) -> None:
        """From everywhere there is a way to a closed transaction: nothing is stuck, and nothing is forgotten."""
        ends = deque(i for at, i in self._number.items() if at.session is None and at.ledger.last.closed)
        reached = set(ends)
        while ends:
            for before in self._back[ends.popleft()]:
                if before not in reached:
                    reached.add(before)
                    ends.append(before)
        for at, i in self._number.items():
            if i not in reached:
                self._fail(at, f"there is no way on from {at.ledger.last.value}")

    def _fail(self, at: Situation, what: str) -> None:
        labels: list[str] = []
        number = self._number[at]
        while number:
            number, label = self._way[number]
            labels.append(label)
        raise Violation(f"{what}. The way there: {'; '.join(reversed(labels))}")


_TRUE_WHEN_CLOSED: Mapping[LedgerState, frozenset[str]] = {
    L.DONE: frozenset({"debited, credited"}),
    L.REVERSED: frozenset({"not debited, not credited", "debited and refunded, not credited"}),
    L.DECLINED: frozenset({"not debited, not credited"}),
    L.ABANDONED: frozenset({"not debited, not credited"}),
}


def _is_true(outcome: Outcome, world: World) -> bool:
    match outcome:
        case Outcome.LOADED:
            return world.credited
        case Outcome.REFUNDED:
            return world.order is Order.REFUNDED
        case Outcome.REFUND_PENDING:
            return not world.credited
        case Outcome.SUSPENSE | Outcome.MANUAL:
            return True
    assert outcome in _NOTHING_TAKEN, outcome
    return not world.debited and not world.credited


def _asked_again(at: Situation, question: Question) -> bool:
    """Whether the same card is asked again for the same proof: a question that changes nothing."""
    return question is do.ProveLoad and at.ledger.last is L.SUSPENSE


def _deeds(effects: Iterable[do.Effect]) -> tuple[Deed, ...]:
    deeds: list[Deed] = []
    for effect in effects:
        match effect:
            case do.Record(transaction, state, facts):
                if transaction == _OURS:
                    deeds.append(Row(state, tuple(sorted((k, v) for k, v in facts.items() if k not in _ONLY_TOLD))))
            case do.StartTimer() | do.StopTimer():
                deeds.append(effect)
            case do.End():
                deeds.append(Other.END)
            case do.Show() | do.WatchCard() | do.Note():
                pass  # a page moves no money, a note repeats the last row; cards come and go as they please
            case _ if type(effect) in _WORKERS:
                deeds.append(type(effect))
            case _:
                raise Violation(f"the model does not know {type(effect).__name__}: say who answers it, and what")
    return tuple(deeds)


def _say(deeds: Iterable[Deed]) -> str:
    said = [
        f"row {each.state.value}" if isinstance(each, Row) else each.__name__
        for each in deeds
        if isinstance(each, Row | type)
    ]
    return ", ".join(said)


def _rested(at: Situation) -> Situation:
    """Return `at` with the timers that come next started and stopped: nothing can happen between."""
    timers, todo = at.timers, at.todo
    while todo and isinstance(todo[0], do.StartTimer | do.StopTimer):
        timers = timers - {todo[0].timer} if isinstance(todo[0], do.StopTimer) else timers | {todo[0].timer}
        todo = todo[1:]
    pays = at.session is not None and at.session.step in _PAYS
    asked = not _OF_SOURCE.isdisjoint(at.asked)
    world = at.world if pays or asked else at.world.without_what_is_over()
    return replace(at, world=world, timers=timers, todo=todo, before=at.before if todo else None)


def _plain(s: TopUp) -> TopUp:
    """Return `s` without what leads nowhere.

    Where cards lie (they may be anywhere), how long they are valid once their issuer has been heard (it may be asked
    again about a card that is laid down again), rules and ways after the order.
    """
    plain: dict[str, object] = {"card_present": False, "expires_first": None, "valid_until": None}
    if s.card is None or not choosing.may_have_commands(s):
        plain |= {"card": s.card and CARD, "issuer_heard": False}
    if not s.ledger.before_payment:
        plain |= _AFTER_THE_ORDER
        if s.offer is not None:
            plain["offer"] = ORDER
        if s.step not in _PAYS and not (s.step is Step.REVERSING and s.offer is None):
            plain["funding"] = FundingKind.QR
    changes = {name: value for name, value in plain.items() if getattr(s, name) != value}
    return replace(s, **changes) if changes else s  # type: ignore[arg-type]


_AFTER_THE_ORDER: Mapping[str, object] = {
    "allowance": Allowance(),
    "rule": "",
    "person": "",
    "pending": Pending(),
    "ways_to_pay": (FundingKind.QR,),
}


def describe(event: ev.Event) -> str:
    """Return `event` in words: "credit ended: unknown"."""
    match event:
        case ev.TimerFired(timer):
            return f"the time for {timer.value.replace('_', ' ')} is over"
        case ev.CreditEnded(result=answer) | ev.ProofEnded(proof=answer):
            return f"{_words(type(event).__name__)}: {_words(type(answer).__name__)}"
        case ev.FundingAnswered(state=answer):
            return f"{_words(type(event).__name__)}: {_words(type(answer).__name__)}"
        case ev.ConfirmationAnswered(confirmation=said):
            return f"{_words(type(event).__name__)}: {said.name.lower().replace('_', ' ')}"
        case ev.ReversalAnswered(reversed=done):
            return f"reversal answered: {'refunded' if done.refunded_fen else 'nothing had been paid'}"
    return _words(type(event).__name__)


def _words(name: str) -> str:
    return "".join(f" {each.lower()}" if each.isupper() else each for each in name).strip()
