from datetime import timedelta

from journal.reading import read_latest
from journal.story import standing, tell
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


def test_a_settled_case_says_by_whom_how_and_why(journal, folder):
    case = journal.begin({}).id
    journal.record(case, LedgerState.MANUAL, {})
    facts = {"resolution": "paid_out", "by": "Li Na", "reason": "slip 12"}
    journal.record(case, LedgerState.SETTLED, facts)
    assert standing(read_latest(folder, 1)[0]) == (
        "Closed: Li Na settled the case: the customer was paid out. Reason: slip 12"
    )
