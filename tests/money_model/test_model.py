"""No fen is lost or doubled in any situation that a top-up can come into; and the page that says so is the code's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk_core.funding import Unclear, Unpaid
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys import top_up
from kiosk_core.journeys.rows import record
from kiosk_core.journeys.top_up import Outcome, Step, TopUp, ending, loading, paying, proving, recovery, reversing
from kiosk_core.journeys.top_up.state import Next
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ports import Credited, CreditRefused, CreditUnknown, LoadNotFound, ReversalReason
from tests.kiosk_core.journey import SERVICE, TAC, TERMINAL, transaction
from tests.kiosk_core.test_money_rules import ANSWERS
from tests.money_model.exploration import Exploration, Violation, explore
from tests.money_model.page import COMMAND, PAGE, page
from tests.money_model.world import Order, Source, World

_BEGUN, _ = top_up.begin(SERVICE, TERMINAL, transaction(), "zh")


NO_MONEY = {L.UPDATE_REQ, L.TICKET_REQ}
"""The states that no top-up has."""


@pytest.fixture(scope="module")
def found() -> Exploration:
    return explore()  # raises where an invariant does not hold


def test_the_page_of_the_states_is_what_the_code_does(found: Exploration) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), f"docs/money/states.md has drifted; run: {COMMAND}"


def test_every_line_of_the_table_was_used(found: Exploration) -> None:
    assert set(top_up.TABLE) - found.used == set()


def test_recovery_was_entered_from_every_state_that_it_settles(found: Exploration) -> None:
    assert found.resumed.keys() == {state for state in L if not state.closed} - {L.SUSPENSE, L.MANUAL, *NO_MONEY}


def test_recovery_reverses_before_80_52_and_asks_the_card_after_it(found: Exploration) -> None:
    for state in (L.FUND_REQ, L.FUND_OK, L.MAC2_REQ, L.MAC2_OK, L.REFUSED):
        assert found.resumed[state] == {"row REV_REQ, ReverseLoad"}
    assert found.resumed[L.CREDIT_SENT] == {"row CARD_UNKNOWN, ProveLoad"}
    assert found.resumed[L.CARD_UNKNOWN] == {"ProveLoad"}
    assert found.resumed[L.CARD_OK] == {"row CONFIRM_SAF, ConfirmLoad"}
    assert found.resumed[L.REV_REQ] == {"ReverseLoad"}


def test_every_state_is_reached(found: Exploration) -> None:
    assert set(found.outside) == set(L) - NO_MONEY


def test_after_credit_sent_only_the_card_s_own_no_leads_to_a_reversal(found: Exploration) -> None:
    assert {a for a, b in found.moves if b is L.REV_REQ} == {L.FUND_REQ, L.FUND_OK, L.MAC2_REQ, L.MAC2_OK, L.REFUSED}
    assert {b for a, b in found.moves if a is L.CREDIT_SENT} == {L.CARD_OK, L.CARD_UNKNOWN, L.REFUSED}


def test_nothing_leads_away_from_a_closed_transaction(found: Exploration) -> None:
    assert [a for a, _ in found.moves if a.closed] == []


def test_staff_close_what_no_terminal_can(found: Exploration) -> None:
    assert {a for a, b in found.moves if b is L.SETTLED} == {L.SUSPENSE, L.MANUAL}


def test_the_customer_learns_the_truth_where_it_is_known(found: Exploration) -> None:
    assert found.told[Outcome.LOADED] == {"debited, credited"}
    assert found.told[Outcome.REFUNDED] == {"debited and refunded, not credited"}
    assert found.told[Outcome.NOT_PAID] == {"not debited, not credited"}
    assert found.told[Outcome.SUSPENSE] == {"debited, credited", "debited, not credited"}


def test_the_world_answers_every_question_of_the_random_walks_and_no_less(found: Exploration) -> None:
    # What it may say to questions about money is its own; it leaves out no kind of answer that the walks try.
    assert found.situations > 0
    worlds = [World(order=order, credited=credited) for order in Order for credited in (False, True)]
    worlds += [World(by_card=True, source=source) for source in Source]
    for question, answers in ANSWERS.items():
        said = {type(event) for each in worlds for event, _ in each.answers(question, _BEGUN)}
        assert said >= {type(answer) for answer in answers}, question


def test_what_the_bank_does_with_an_order_and_its_reversal_in_any_order() -> None:
    paid = replace(World().order_arrives(), order=Order.PAID)
    assert paid.reversal_arrives().order is Order.REFUNDED
    assert paid.reversal_arrives().reversal_arrives().order is Order.REFUNDED  # twice gives back once
    assert World().reversal_arrives().order_arrives().order is Order.CLOSED  # it remembers what it has not seen
    assert World(by_card=True).order_arrives().order is Order.PAID
    assert World(by_card=True).reversal_arrives().order_arrives().order is Order.CLOSED


def test_a_bank_card_that_is_let_go_is_not_charged_any_more_and_may_have_been() -> None:
    paying = World(by_card=True, source=Source.OPEN)
    let_go = list(paying.without_source())
    assert {each.money for each in let_go} == {"not debited, not credited", "debited, not credited"}
    assert not any(label.startswith("the bank card") for each in let_go for label, _ in each.by_itself())


# -- it can fail -----------------------------------------------------------------------------------------------


def _reverse_without_asking(s: TopUp, event: ev.CreditEnded) -> Next:
    if isinstance(event.result, CreditUnknown):
        return reversing.reverse(s, ReversalReason.NO_ANSWER, Outcome.REFUNDED)
    return loading.credit_ended(s, event)


def _unknown_is_loaded(s: TopUp, event: ev.CreditEnded) -> Next:
    if isinstance(event.result, CreditUnknown):
        return loading.credit_ended(s, ev.CreditEnded(Credited(TAC)))
    return loading.credit_ended(s, event)


def _credit_without_its_row(s: TopUp, event: ev.LoadAuthorised) -> Next:
    after, effects = loading.credit(s, event)
    return after, tuple(e for e in effects if not (isinstance(e, do.Record) and e.state is L.CREDIT_SENT))


def _credit_before_its_row(s: TopUp, event: ev.LoadAuthorised) -> Next:
    after, effects = loading.credit(s, event)
    return after, (effects[-1], *effects[:-1])


def _second_credit(s: TopUp, event: ev.CreditEnded) -> Next:
    if isinstance(event.result, CreditRefused):
        return s, (do.Record(s.transaction, L.CREDIT_SENT), do.CreditLoad(authorisation=None))  # type: ignore[arg-type]
    return loading.credit_ended(s, event)


def _one_witness_is_enough(s: TopUp, event: ev.ProofEnded) -> Next:
    if isinstance(event.proof, LoadNotFound):
        event = ev.ProofEnded(LoadNotFound(s.counter, s.old_balance_fen))
    return proving.proof_ended(s, event)


def _no_answer_is_no(s: TopUp, _: ev.FundingUnanswered) -> Next:
    s = replace(s, ledger=L.DECLINED)
    return ending.last_page(s, Outcome.HOST_SILENT, record(s, L.DECLINED))


def _cancel_forgets_the_order(s: TopUp, _: ev.CancelTouched) -> Next:
    s = replace(s, ledger=L.ABANDONED)
    return ending.last_page(s, Outcome.CANCELLED, *paying.STOP_PAYING, record(s, L.ABANDONED))


def _unclear_is_unpaid(s: TopUp, event: ev.FundingAnswered) -> Next:
    if isinstance(event.state, Unclear):
        return paying.answered(s, ev.FundingAnswered(Unpaid()))
    return paying.answered(s, event)


def _no_code_no_money(s: TopUp, _: ev.ReversalUnanswered) -> Next:
    return ending.last_page(s, Outcome.HOST_SILENT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "bug", "said"),
    [
        ((Step.LOADING, ev.CreditEnded), _reverse_without_asking, "without the card's own no"),
        ((Step.LOADING, ev.CreditEnded), _unknown_is_loaded, "DONE|not credited"),
        ((Step.LOADING, ev.CreditEnded), _second_credit, "80 52 leaves twice"),
        (
            (Step.AUTHORISING, ev.LoadAuthorised),
            _credit_without_its_row,
            "CreditLoad leaves while the last row is MAC2_OK",
        ),
        (
            (Step.AUTHORISING, ev.LoadAuthorised),
            _credit_before_its_row,
            "CreditLoad leaves while the last row is MAC2_REQ",
        ),
        ((Step.PROVING, ev.ProofEnded), _one_witness_is_enough, "the card refused, and it is credited"),
        (
            (Step.ORDERING, ev.FundingUnanswered),
            _no_answer_is_no,
            "closed as DECLINED, and the order may still be paid",
        ),
        ((Step.PAYING, ev.FundingAnswered), _unclear_is_unpaid, "closed as DECLINED, and outside it is debited"),
        ((Step.REVERSING, ev.ReversalUnanswered), _no_code_no_money, "the customer is told host_silent"),
        (
            (Step.PAYING, ev.CancelTouched),
            _cancel_forgets_the_order,
            "closed as ABANDONED, and the order may still be paid",
        ),
    ],
)
def test_a_wrong_line_in_the_table_is_found(
    monkeypatch: pytest.MonkeyPatch, place: tuple[Step, type[ev.Event]], bug: Callable[..., Next], said: str
) -> None:
    monkeypatch.setattr(top_up.table, "TABLE", {**top_up.TABLE, place: bug})
    with pytest.raises(Violation, match=said):
        explore()


@pytest.mark.slow
@pytest.mark.parametrize("state", [L.CREDIT_SENT, L.FUND_REQ, L.REV_REQ])
def test_a_recovery_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch, state: L) -> None:
    resume = recovery.resume

    def forgets(transaction: Any, *others: Any, **more: Any) -> Next:
        after, effects = resume(transaction, *others, **more)
        if transaction.state is state:
            return ending.end(after, record(after, L.ABANDONED))
        return after, effects

    monkeypatch.setattr(top_up, "resume", forgets)
    with pytest.raises(Violation, match="closed as ABANDONED"):
        explore()


@pytest.mark.slow
def test_a_recovery_that_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    resume = recovery.resume

    def leaves_it(transaction: Any, *others: Any, **more: Any) -> Next:
        after, effects = resume(transaction, *others, **more)
        return ending.end(after) if transaction.state is L.REFUSED else (after, effects)

    monkeypatch.setattr(top_up, "resume", leaves_it)
    with pytest.raises(Violation, match="there is no way on from REFUSED"):
        explore()


# -- what it found ---------------------------------------------------------------------------------------------


def test_who_has_paid_is_never_told_that_nothing_was_taken() -> None:
    paid = replace(_BEGUN, step=Step.REVERSING, ledger=L.REV_REQ, paid=True, earlier=True)
    after, _ = top_up.advance(paid, ev.ReversalUnanswered())
    assert after.outcome is Outcome.REFUND_PENDING


def test_a_program_fault_after_the_end_tells_how_it_ended() -> None:
    ended = replace(_BEGUN, step=Step.PRINTING, ledger=L.MANUAL, outcome=Outcome.MANUAL)
    after, _ = top_up.advance(ended, ev.CannotGoOn())
    assert after.outcome is Outcome.MANUAL
