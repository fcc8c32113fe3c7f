"""Any day of a branch, by Hypothesis: what must hold whatever customers and tellers do, and in whatever order."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from queue_display import acts
from queue_display.branch import Branch
from queue_display.calibration import Calibration
from queue_display.deciding import decide, lapsed, next_choice
from queue_display.dispatch import Because
from queue_display.estimates import Estimator
from queue_display.events import BreakReason, By, Called, Issued, ReEntered
from queue_display.figures import Figures
from queue_display.policy import Policy, Rule, WindowRule
from queue_display.refusals import Refusal, Why
from queue_display.replay import Budget
from queue_display.rows import read_event, write_event
from queue_display.sentences import reason_sentence
from queue_display.tickets import Channel, Line, Ticket, TicketState
from queue_display.views import LastCalls
from tests.queue_display.logs import MIDNIGHT, Log
from tests.queue_display.policies import branch_policy

WINDOWS = ("1", "2", "3", "6")
RULES = {
    "2": WindowRule(services=("simple",)),
    "3": WindowRule(first=("vip",)),
    "6": WindowRule(only=("vip", "green")),
}
SERVICES = ("simple", "complex", "corporate")
CLASSES = ("green", "vip", "ordinary")

windows = st.sampled_from(WINDOWS)
visits = st.lists(st.sampled_from(SERVICES), min_size=1, max_size=3, unique=True).map(tuple)


def is_callable(policy: Policy, window: str, ticket: Ticket) -> bool:
    """Told once more, from the words of the policy file."""
    rule_ = RULES.get(window, WindowRule())
    return (
        ticket.state is TicketState.WAITING
        and ticket.window in {"", window}
        and (not rule_.services or ticket.services[0] in rule_.services)
        and (not rule_.only or ticket.customer_class in rule_.only)
    )


def joined(policy: Policy, ticket: Ticket) -> float:
    """When a ticket joins the green channel."""
    customers = policy.customer_class[ticket.customer_class]
    if customers.layer == 0:
        return ticket.since
    return math.inf if customers.cap_min is None else ticket.since + customers.cap_min * 60


class AnyDay(RuleBasedStateMachine):
    log: Log

    @initialize(rule_=st.sampled_from(list(Rule)))
    def open_the_day(self, rule_: Rule) -> None:
        policy = branch_policy(rule_, window=RULES)
        self.estimator, self.calibration, self.calls = Estimator(policy, Budget(calls=1)), Calibration(), LastCalls()
        self.figures = Figures(policy)
        folds = (self.calibration, self.calls, self.figures)
        self.log = Log(
            policy,
            self.estimator.observe,
            *(lambda _, entry, fold=fold: fold.observe(entry) for fold in folds),
            opened=False,
        )
        self.log.did(acts.OpenDay("2026-11-23", MIDNIGHT))
        self.checkpoints: list[tuple[int, Branch]] = []
        for window in WINDOWS[:-1]:
            self.do(acts.SignIn(window, f"100{window}"))

    # -- acts ----------------------------------------------------------------------------------------------

    def do(self, act: acts.Act) -> None:
        log = self.log
        before = Branch(log.entries)
        decision = log.do(act)
        if isinstance(decision, Refusal):
            assert log.branch == before
            for language in ("zh", "en"):
                sentence = decision.sentence(language)
                assert sentence
                assert "{" not in sentence
            return
        for entry in log.entries[before.last.number :]:
            if isinstance(entry.event, Called) and isinstance(act, acts.CallNext):
                self.check_call(Branch(log.entries[: entry.number - 1]), entry.event)

    def check_call(self, before: Branch, called: Called) -> None:
        log, now = self.log, self.log.now
        ticket = before.tickets[called.ticket]
        others = [
            each
            for each in before.tickets.values()
            if is_callable(log.policy, called.window, each) and each.number != ticket.number
        ]
        assert is_callable(log.policy, called.window, ticket)
        for other in others:  # no starvation beyond the cap: who joined layer 0 is passed by those before it alone
            if joined(log.policy, other) <= now and other.since <= now:
                assert joined(log.policy, ticket) <= joined(log.policy, other)
        self.check_reason(called, ticket, others)

    def check_reason(self, called: Called, ticket: Ticket, others: list[Ticket]) -> None:
        reason, policy, now = called.reason, self.log.policy, self.log.now
        assert reason.waited == now - ticket.since
        for language in ("zh", "en"):
            sentence = reason_sentence(reason, policy.rule, language)
            assert reason.over in sentence
            assert "{" not in sentence
        senior = [each for each in others if (each.since, each.order) < (ticket.since, ticket.order)]
        assert bool(reason.over) == bool(senior)
        if not senior:
            assert reason.because in {Because.SENIOR, Because.ALONE}
            return
        passed = min(senior, key=lambda each: (each.since, each.order))
        assert reason.over == passed.number
        first = called.window == "3"
        match reason.because:
            case Because.GREEN:
                assert ticket.customer_class == "green"
            case Because.CAP:
                assert reason.waited >= reason.target == policy.customer_class[ticket.customer_class].cap_min * 60
            case Because.WINDOW:
                assert first
                assert (ticket.customer_class, passed.customer_class) == ("vip", "ordinary")
            case Because.CREDIT:
                assert reason.credit > reason.over_credit
            case _:
                raise AssertionError(reason)

    @rule(services=visits, customers=st.sampled_from(CLASSES), slot=st.none() | st.integers(-40, 40))
    def issue(self, services: tuple[str, ...], customers: str, slot: int | None) -> None:
        at = None if slot is None else self.log.now + 60.0 * slot
        channel = Channel.KIOSK if slot is None else Channel.BOOKING
        self.do(acts.IssueTicket(services, customers, "zh", channel, slot=at))

    @rule(visits_=st.lists(st.tuples(visits, st.sampled_from(CLASSES), st.sampled_from([0, 1, 7])), max_size=8))
    def several_come(self, visits_: list[tuple[tuple[str, ...], str, int]]) -> None:
        for services, customers, minutes in visits_:
            self.do(acts.IssueTicket(services, customers, "en", Channel.KIOSK))
            self.log.now += 60 * minutes

    @rule(customers=st.lists(st.sampled_from(CLASSES), min_size=2, max_size=6), minutes=st.sampled_from([31, 46, 56]))
    def nobody_is_called_for_long(self, customers: list[str], minutes: int) -> None:
        for each in customers:
            self.do(acts.IssueTicket(("complex",), each, "zh", Channel.KIOSK))
        self.log.now += 60 * minutes
        for each in CLASSES:
            self.do(acts.IssueTicket(("simple",), each, "zh", Channel.KIOSK))

    @rule(count=st.integers(1, 6), minutes=st.sampled_from([1, 3, 10]))
    def everybody_works(self, count: int, minutes: int) -> None:
        for turn in range(count):
            window = WINDOWS[turn % len(WINDOWS)]
            self.do(acts.CallNext(window))
            self.do(acts.Start(window))
            self.log.now += 60 * minutes

    @rule(minutes=st.sampled_from([0.1, 1, 2, 5, 15, 40]))
    def time_passes(self, minutes: float) -> None:
        self.log.now += 60 * minutes
        self.log.append(*lapsed(self.log.branch, self.log.policy, self.log.now))

    @rule(window=windows)
    def call_next(self, window: str) -> None:
        self.do(acts.CallNext(window))

    @rule(window=windows, act=st.sampled_from([acts.Start, acts.Arrive, acts.Recall, acts.MarkNoShow, acts.Finish]))
    def work(self, window: str, act: type[acts.Start]) -> None:
        self.do(act(window))

    @rule(window=windows)
    def go_on(self, window: str) -> None:
        self.do(acts.Finish(window, go_on=True))

    @rule(window=windows, service=st.sampled_from([*SERVICES, "gold"]), to=st.sampled_from(["", *WINDOWS]))
    def transfer(self, window: str, service: str, to: str) -> None:
        self.do(acts.Transfer(window, service, to))

    @precondition(lambda self: self.log.branch.tickets)
    @rule(data=st.data(), act=st.sampled_from(["park", "back", "cancel", "call", "transfer"]), window=windows)
    def for_a_ticket(self, data: st.DataObject, act: str, window: str) -> None:
        number = data.draw(st.sampled_from(list(self.log.branch.tickets)))
        match act:
            case "park":
                self.do(acts.Park(number, By.CUSTOMER, data.draw(st.none() | st.just(self.log.now + 300))))
            case "back":
                self.do(acts.ReEnter(number, By.CUSTOMER))
            case "cancel":
                self.do(acts.Cancel(number, By.CUSTOMER))
            case "call":
                self.do(acts.CallTicket(window, number))
            case "transfer":
                to = data.draw(st.tuples(st.sampled_from(SERVICES), st.sampled_from(["", *WINDOWS])))
                self.transfer_ticket(number, *to)

    def transfer_ticket(self, number: str, service: str, to_window: str) -> None:
        before = self.log.branch.tickets[number]
        self.do(acts.TransferTicket(number, service, to_window))
        after = self.log.branch.tickets[number]
        if after != before:
            assert before.state in {TicketState.WAITING, TicketState.PARKED}
            assert (after.state, after.services[0], after.window) == (TicketState.WAITING, service, to_window)
            assert (after.since, after.order) == (before.since, before.order)
            assert set(before.services[1:]) - {service} == set(after.services[1:])

    @rule(window=windows, teller=st.sampled_from(["1001", "1002", "1003", "1004"]))
    def sign_in(self, window: str, teller: str) -> None:
        self.do(acts.SignIn(window, teller))

    @rule(window=windows, act=st.sampled_from(["out", "pause", "resume"]))
    def staff(self, window: str, act: str) -> None:
        match act:
            case "out":
                self.do(acts.SignOut(window))
            case "pause":
                self.do(acts.BeginBreak(window, BreakReason.MEAL))
            case "resume":
                self.do(acts.EndBreak(window))

    @rule()
    def remember(self) -> None:
        self.checkpoints.append((len(self.log.entries), Branch(self.log.entries)))
        assert [read_event(*write_event(entry.event)) for entry in self.log.entries] == [
            entry.event for entry in self.log.entries
        ]

    @rule()
    def ask_for_the_waits(self) -> None:
        waits = self.estimator.waits(self.log.branch, self.log.now, [Line("simple", "ordinary")])
        assert len(waits) == 1 + sum(map(len, self.log.branch.lines.values()))
        for wait in waits.values():
            assert wait.up_to_s is None or wait.up_to_s >= 0

    # -- what holds ----------------------------------------------------------------------------------------

    @invariant()
    def every_fold_of_the_log_is_the_same_branch(self) -> None:
        assert Branch(self.log.entries) == self.log.branch
        for count, branch in self.checkpoints[-2:]:
            assert Branch(self.log.entries[:count]) == branch

    @invariant()
    def who_waits_is_in_one_line_and_nobody_else_is(self) -> None:
        branch = self.log.branch
        waiting = {each.number: each for each in branch.tickets.values() if each.state is TicketState.WAITING}
        standing = [head for heads in branch.lines.values() for head in heads]
        assert sorted(head.number for head in standing) == sorted(waiting)
        for line, heads in branch.lines.items():
            assert isinstance(line, Line)
            assert list(heads) == sorted(heads)
            assert all(waiting[head.number].line == line for head in heads)

    @invariant()
    def nobody_is_called_twice(self) -> None:
        branch = self.log.branch
        there = {each.number: each.window for each in branch.tickets.values() if each.state.value in AT_WINDOW}
        assert there == {window.ticket: name for name, window in branch.windows.items() if window.ticket}

    @invariant()
    def seniority_is_that_of_the_ticket_unless_it_re_entered(self) -> None:
        events = [entry.event for entry in self.log.entries]
        since = {event.ticket: event.since for event in events if isinstance(event, Issued | ReEntered)}
        assert since == {each.number: each.since for each in self.log.branch.tickets.values()}

    @invariant()
    def the_next_call_is_the_one_that_was_foretold(self) -> None:
        log = self.log
        for window in log.branch.windows.values():
            choice = next_choice(log.branch, log.policy, window, log.now)
            decision = decide(log.branch, log.policy, acts.CallNext(window.name), log.now)
            if not isinstance(decision, Refusal):
                called = [event for event in decision if isinstance(event, Called)]
                foretold = [] if choice is None else [Called(choice.head.number, window.name, choice.reason)]
                assert called == foretold
            elif decision.why in {Why.NOBODY_WAITS, Why.NONE_FOR_WINDOW}:
                assert choice is None

    @invariant()
    def the_figures_are_those_of_the_log(self) -> None:
        today = self.figures.today
        issued = [each.event.ticket for each in self.log.entries if isinstance(each.event, Issued)]
        called = {each.event.ticket for each in self.log.entries if isinstance(each.event, Called)}
        for counts in (today.lines.values(), today.hours.values()):
            assert sum(each.taken for each in counts) == len(issued)
            assert sum(each.called for each in counts) == len(called)
            left = sum(each.taken - each.called - each.gave_up for each in counts)
            gone = {each.number for each in self.log.branch.tickets.values() if each.state is TicketState.CANCELLED}
            assert left == len(set(issued) - called - gone)

    @invariant()
    def why_a_ticket_is_at_a_window_is_known(self) -> None:
        for window in self.log.branch.windows.values():
            assert (window.reason is not None) == bool(window.ticket)
            assert (window.pause_since is not None) == (window.pause is not None)

    @invariant()
    def no_number_is_issued_twice(self) -> None:
        issued = [each.event.ticket for each in self.log.entries if isinstance(each.event, Issued)]
        assert len(issued) == len(set(issued))


AT_WINDOW = {"called", "arrived", "serving"}

TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=40, stateful_step_count=50)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_more_days() -> None:
    run_state_machine_as_test(AnyDay, settings=settings(max_examples=150, stateful_step_count=60))
