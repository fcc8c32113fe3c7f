"""What staff may close, and what they must say."""

from datetime import UTC, datetime

import pytest

from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import Resolution
from kiosk_core.settlement import Settlement, SettlementRefused, settle
from tests.clocks import SetClock


@pytest.fixture
def journal(tmp_path):
    with SqliteJournal(tmp_path, "KT000001", SetClock(datetime(2026, 11, 22, tzinfo=UTC))) as opened:
        yield opened


def test_a_case_is_closed_by_a_row_that_says_how_by_whom_and_why(journal):
    case = journal.begin({}).id
    journal.record(case, L.MANUAL, {})
    row = settle(journal, Settlement(case, Resolution.WRITTEN_OFF, " Li Na ", "the card was forged"))
    assert (row.number, row.state) == (3, L.SETTLED)
    assert row.facts == {"resolution": "written_off", "by": "Li Na", "reason": "the card was forged"}
    assert journal.unsettled() == ()


@pytest.mark.parametrize("state", sorted(set(L) - {L.SUSPENSE, L.MANUAL, L.NEW}, key=lambda state: state.value))
def test_no_other_state_may_be_closed_by_staff(journal, state):
    case = journal.begin({}).id
    journal.record(case, state, {})
    with pytest.raises(SettlementRefused, match=case):
        settle(journal, Settlement(case, Resolution.LOADED, "Li Na", "the card shows it"))
    assert journal.head()[0] == 2


def test_a_transaction_that_nobody_knows_cannot_be_closed(journal):
    with pytest.raises(SettlementRefused, match="no transaction KT000001-26112200009 is open"):
        settle(journal, Settlement("KT000001-26112200009", Resolution.LOADED, "Li Na", "the card shows it"))


@pytest.mark.parametrize(
    ("by", "reason", "problem"),
    [
        ("", "slip 12", "by is empty: say who"),
        ("Li Na", " ", "reason is empty: say why"),
        ("L" * 41, "slip 12", "by has 41 characters; 40 is the most"),
        ("Li Na", "r" * 201, "reason has 201 characters; 200 is the most"),
        ("Li Na", "slip\n12", "reason holds a line break or another character that cannot be printed"),
        ("Li\x1b[31m", "slip 12", "by holds a line break or another character that cannot be printed"),
    ],
)
def test_staff_must_say_who_and_why(by, reason, problem):
    with pytest.raises(SettlementRefused) as refused:
        Settlement("KT000001-26112200001", Resolution.REFUNDED, by, reason)
    assert str(refused.value) == problem


def test_a_full_card_number_in_the_reason_is_refused_and_not_repeated(journal):
    case = journal.begin({}).id
    journal.record(case, L.SUSPENSE, {})
    with pytest.raises(SettlementRefused, match="full card number") as refused:
        settle(journal, Settlement(case, Resolution.REFUNDED, "Li Na", "card 6222021234567890"))
    assert "6222" not in str(refused.value)
