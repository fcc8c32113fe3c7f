"""Card, host and journal side by side."""

from dataclasses import replace

import pytest

from kiosk_core.ledger import LedgerState as L
from openteller.agreement import CardBalance, HostEntry, disagreements
from tests.kiosk_core.journey import NUMBER, transaction

DONE = transaction(L.CREDIT_SENT, L.DONE, amount_fen=5_000, card=NUMBER.masked)
ENTRY = HostEntry(DONE.id, 5_000, paid=True, loaded=True, refunded_fen=0)
CARD = CardBalance(NUMBER.masked, 2_350, 7_350)


def test_a_loaded_transaction_agrees() -> None:
    assert disagreements([DONE], [ENTRY], [CARD]) == []


def test_a_customer_who_is_still_choosing_disturbs_nothing() -> None:
    assert disagreements([transaction(L.CARD_READ)], [], [CardBalance(NUMBER.masked, 0, 0)]) == []


def test_a_refunded_transaction_agrees() -> None:
    refunded = transaction(L.REV_REQ, L.REVERSED, amount_fen=5_000)
    entry = HostEntry(refunded.id, 5_000, paid=True, loaded=False, refunded_fen=5_000)
    assert disagreements([refunded], [entry], [CardBalance(NUMBER.masked, 2_350, 2_350)]) == []


@pytest.mark.parametrize(
    ("journal", "host", "card"),
    [
        ([DONE], [], CARD),
        ([DONE], [HostEntry(DONE.id, 5_000, paid=True, loaded=False, refunded_fen=0)], CARD),
        ([DONE], [HostEntry(DONE.id, 6_000, paid=True, loaded=True, refunded_fen=0)], CARD),
        ([DONE], [HostEntry(DONE.id, 5_000, paid=True, loaded=True, refunded_fen=5_000)], CARD),
        ([DONE], [ENTRY], CardBalance(NUMBER.masked, 2_350, 2_350)),
        ([DONE], [ENTRY], CardBalance(NUMBER.masked, 2_350, 12_350)),
        ([], [ENTRY], CardBalance(NUMBER.masked, 0, 0)),
        ([transaction(L.SUSPENSE)], [], CardBalance(NUMBER.masked, 0, 0)),
        ([transaction(L.REVERSED)], [ENTRY], CardBalance(NUMBER.masked, 0, 0)),
        (
            [transaction(L.REVERSED)],
            [HostEntry(DONE.id, 5_000, paid=True, loaded=False, refunded_fen=0)],
            CardBalance(NUMBER.masked, 0, 0),
        ),
    ],
)
def test_what_does_not_fit_is_said(journal: list, host: list, card: CardBalance) -> None:
    assert len(disagreements(journal, host, [card])) == 1


# -- a deposit: the payment is all that the host books -----------------------------------------------------

DEPOSIT = transaction(L.FUND_REQ, L.DONE, amount_fen=5_000, account_token="t")
DEPOSITED = HostEntry(DEPOSIT.id, 5_000, paid=True, loaded=False, refunded_fen=0)


def test_a_deposit_that_was_paid_agrees() -> None:
    assert disagreements([DEPOSIT], [DEPOSITED], []) == []


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ([], "deposited by the journal, not by the host"),
        ([replace(DEPOSITED, paid=False)], "deposited by the journal, not by the host"),
        ([replace(DEPOSITED, amount_fen=5_001)], "the journal and the host name different amounts"),
        ([replace(DEPOSITED, refunded_fen=5_000)], "deposited and refunded"),
    ],
)
def test_a_deposit_that_the_host_does_not_have_is_found(host: list[HostEntry], problem: str) -> None:
    assert disagreements([DEPOSIT], host, []) == [f"{DEPOSIT.id}: {problem}"]
