"""The services of a terminal: which it offers, how one begins, and which settles a transaction of the journal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState as L
from kiosk_core.services import AccountDeposit, AmountLimits, CardInquiry, Service
from kiosk_core.texts import LocalText
from openteller.services_offered import ServicesOffered
from tests.clocks import SetClock
from tests.kiosk_core.journey import SERVICE, TERMINAL

TEXT = LocalText("中", "en")
LIMITS = AmountLimits(min_yuan=10, max_yuan=500, step_yuan=10, presets_yuan=(50,))
DEPOSIT = AccountDeposit(
    kind="account_deposit", id="deposit", icon="bank", title=TEXT, subtitle=TEXT, limits=LIMITS, order=50
)
INQUIRY = CardInquiry(kind="card_info", id="card_info", icon="card", title=TEXT, subtitle=TEXT, order=200)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(tmp_path / "journal", "OT000001", SetClock(datetime(2026, 11, 22, 10, tzinfo=UTC)))
    yield journal
    journal.close()


def services(journal: SqliteJournal, *configured: Service, reads_bank_cards: bool = True) -> ServicesOffered:
    return ServicesOffered(configured, lambda: TERMINAL, journal, reads_bank_cards=reads_bank_cards)


@pytest.mark.parametrize(
    ("reads_bank_cards", "offered"), [(True, [DEPOSIT, SERVICE, INQUIRY]), (False, [SERVICE, INQUIRY])]
)
def test_tiles_stand_in_their_order_and_deposits_need_bank_cards(
    journal: SqliteJournal, reads_bank_cards: bool, offered: list[Service]
) -> None:
    some = services(journal, INQUIRY, SERVICE, DEPOSIT, reads_bank_cards=reads_bank_cards)
    assert some.offered == offered
    assert some.find("deposit") is (DEPOSIT if reads_bank_cards else None)


def test_money_begins_with_a_row_and_an_inquiry_without(journal: SqliteJournal) -> None:
    some = services(journal, SERVICE, INQUIRY)
    state, _ = some.begin(INQUIRY, "en")
    assert (state.transaction, journal.head()[0]) == ("", 0)
    state, _ = some.begin(SERVICE, "en")
    (begun,) = journal.unsettled()
    assert state.transaction == begun.id
    assert begun.facts == {"sequence": 1, "service": SERVICE.id, "kind": "transit_top_up", "language": "en"}


def test_a_transaction_goes_on_with_its_own_service(journal: SqliteJournal) -> None:
    other = replace(SERVICE, id="other", order=1)
    transaction = journal.begin({"service": SERVICE.id})
    resumed = services(journal, other, SERVICE).resume(transaction)
    assert resumed is not None
    assert resumed[0].service == SERVICE


def test_a_service_that_is_configured_no_more_is_settled_by_another_of_its_kind(journal: SqliteJournal) -> None:
    transaction = journal.begin({"service": "last year's"})
    resumed = services(journal, DEPOSIT, SERVICE).resume(transaction)
    assert resumed is not None
    assert resumed[0].service == SERVICE


def test_a_deposit_is_settled_though_bank_cards_can_be_read_no_more(journal: SqliteJournal) -> None:
    transaction = journal.begin({"service": DEPOSIT.id, "kind": "account_deposit"})
    journal.record(transaction.id, L.CARD_READ, {"account": "999999*********0014", "account_token": "t"})
    resumed = services(journal, DEPOSIT, reads_bank_cards=False).resume(journal.unsettled()[0])
    assert resumed is not None
    assert resumed[0].service == DEPOSIT


def test_what_no_service_can_settle_stays_open(journal: SqliteJournal) -> None:
    transaction = journal.begin({"service": DEPOSIT.id, "kind": "account_deposit"})
    assert services(journal, SERVICE, INQUIRY).resume(transaction) is None
