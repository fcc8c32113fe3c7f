"""No fen is lost or doubled in any situation that a deposit can come into; and the page that says so is the code's."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.account_deposit import TABLE, Deposit, Outcome, Step, moves
from kiosk_core.journeys.account_deposit.state import Next
from kiosk_core.journeys.rows import record
from kiosk_core.ledger import LedgerState as L
from tests.money_model.deposit import COMMAND, PAGE, Exploration, Violation, explore, page


@pytest.fixture(scope="module")
def found() -> Exploration:
    return explore()  # raises where an invariant does not hold


def test_the_page_of_the_states_is_what_the_code_does(found: Exploration) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), f"{PAGE.name} has drifted; run: {COMMAND}"


def test_every_line_of_the_table_was_used(found: Exploration) -> None:
    assert set(TABLE) - found.used == set()


def test_every_way_out_of_the_payment_reverses_or_knows(found: Exploration) -> None:
    assert {b for a, b in found.moves if a is L.FUND_REQ} == {L.DONE, L.DECLINED, L.REV_REQ}
    assert {b for a, b in found.moves if a is L.REV_REQ} == {L.REVERSED, L.MANUAL}


def test_every_outcome_is_told(found: Exploration) -> None:
    assert found.told.keys() == {each.value for each in Outcome}


def _closes_without_reversing(s: Deposit, _: Any) -> Next:
    return moves.last_page(s, Outcome.CANCELLED, *moves.STOP_PAYING, record(s, L.DECLINED, {}))


def _believes_in_the_payment(s: Deposit, _: Any) -> Next:
    done = record(s, L.DONE, {"paid": True})
    return moves.last_page(replace(s, ledger=L.DONE), Outcome.DEPOSITED, *moves.STOP_PAYING, done)


def _writes_too_late(s: Deposit, event: Any) -> Next:
    after, effects = moves.order(s, event)
    return after, tuple(sorted(effects, key=lambda each: isinstance(each, do.Record)))


def _calls_it_done(s: Deposit, _: Any) -> Next:
    return moves.go(s, Step.REVERSING, record(s, L.DONE, {}))


def _waits_for_ever(s: Deposit, _: Any) -> Next:
    return s, ()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ((Step.PAYING, ev.CancelTouched), _closes_without_reversing),
        ((Step.ORDERING, ev.FundingUnanswered), _closes_without_reversing),
        ((Step.ASKING, ev.FundingStateUnknown), _closes_without_reversing),
        ((Step.ASKING, ev.FundingStateUnknown), _believes_in_the_payment),
        ((Step.REVERSING, ev.ReversalUnanswered), _closes_without_reversing),
        ((Step.REVERSING, ev.FundingAnswered), _calls_it_done),
        ((Step.CLEARING, ev.RiskAssessed), _writes_too_late),
        ((Step.PRINTING, ev.ReceiptPrinted), _calls_it_done),
    ],
)
def test_a_wrong_line_of_the_table_is_found(
    monkeypatch: pytest.MonkeyPatch, line: tuple[Step, type[ev.Event]], wrong: Any
) -> None:
    monkeypatch.setitem(TABLE, line, wrong)  # type: ignore[arg-type]
    with pytest.raises(Violation):
        explore()


def test_a_recovery_that_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for event in (ev.FundingAnswered, ev.FundingStateUnknown):
        monkeypatch.setitem(TABLE, (Step.ASKING, event), _waits_for_ever)  # type: ignore[arg-type]
    with pytest.raises(Violation, match="no way to rest"):
        explore()
