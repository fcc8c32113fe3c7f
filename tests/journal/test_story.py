from datetime import timedelta

import pytest

from journal.story import read_latest, read_open, read_transaction, standing, tell
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState


def test_every_state_has_a_meaning_and_a_standing(journal, folder):
    for state in set(LedgerState) - {LedgerState.NEW}:
        transaction = journal.begin({}).id
        journal.record(transaction, state, {})
    for told in read_latest(folder, 100):
        line = tell(told)[-1]
        assert line.meaning
        assert standing(told).startswith("Closed: " if told.state.closed else "Open: ")


def test_a_story_tells_each_fact_once_until_it_changes(journal):
    transaction = journal.begin({"service": "transit_top_up"}).id
    journal.record(transaction, LedgerState.INIT, {"amount_fen": 5000, "counter": 7})
    journal.record(transaction, LedgerState.CREDIT_SENT, {"amount_fen": 5000, "counter": 8, "paid": True})
    (opened,) = journal.unsettled()
    assert [line.facts for line in tell(opened)] == [
        ("sequence 1", "service transit_top_up"),
        ("amount ¥50.00", "counter 7"),
        ("counter 8", "paid yes"),
    ]


def test_a_clock_that_was_set_back_is_remarked(journal, clock):
    transaction = journal.begin({}).id
    clock.sleep(-timedelta(hours=1).total_seconds())
    journal.record(transaction, LedgerState.CARD_READ, {})
    assert [line.remark for line in tell(journal.unsettled()[0])] == ["", "the clock had been set back by 1:00:00"]


def test_transactions_are_read_beside_the_writer(journal, folder):
    ids = [journal.begin({}).id for _ in range(5)]
    for done in ids[:3]:
        journal.record(done, LedgerState.DONE, {})
    assert [each.id for each in read_open(folder)] == ids[3:]
    assert [each.id for each in read_latest(folder, 2)] == ids[3:]
    assert [each.id for each in read_latest(folder, 50)] == ids
    found = read_transaction(folder, ids[0])
    assert found is not None
    assert [row.state for row in found.rows] == [LedgerState.NEW, LedgerState.DONE]
    assert read_transaction(folder, "KT000001-25112299999") is None


def test_no_journal_is_said_plainly(tmp_path):
    with pytest.raises(JournalUnavailable, match="there is no journal in"):
        read_open(tmp_path)
