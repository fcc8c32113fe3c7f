from datetime import timedelta

from journal.reading import read_latest
from journal.story import standing, tell
from kiosk_core.ledger import LedgerState, ReceiptResult


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


def test_a_ticket_of_the_queue_is_told_as_one(journal, folder):
    taken, lost = (journal.begin({"kind": "queue_ticket"}).id for _ in range(2))
    journal.record(taken, LedgerState.TICKET_REQ, {"key": "k"})
    journal.record(taken, LedgerState.DONE, {"ticket": "A013"})
    journal.record(lost, LedgerState.ABANDONED, {"why": "cancelled"})
    first, second = read_latest(folder, 2)
    assert [(line.meaning, line.facts) for line in tell(first)[1:]] == [
        ("a ticket of the queue is asked for", ("key k",)),
        ("the customer has a ticket", ("ticket A013",)),
    ]
    assert standing(second) == "Closed: ended without a ticket."


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


def test_a_receipt_is_told_as_what_happened_behind_the_end(journal, folder):
    for result in (ReceiptResult.PRINTED, ReceiptResult.NOT_PRINTED):
        loaded = journal.begin({}).id
        journal.record(loaded, LedgerState.DONE, {"paid": True})
        journal.note(loaded, {"receipt": result.value, "receipt_fault": "paper_out"})
    printed, failed = (tell(each) for each in read_latest(folder, 2))
    assert [(line.state.value, line.meaning, line.facts) for line in printed[1:]] == [
        ("DONE", "the card is loaded and the host knows it", ("paid yes",)),
        ("DONE", "the receipt was printed", ("receipt printed", "receipt fault paper_out")),
    ]
    assert (failed[-1].meaning, failed[-1].facts[0]) == ("the receipt was not printed", "receipt not printed")


def test_commands_of_the_card_s_issuer_are_told_behind_the_row_of_the_card(journal, folder):
    visit = journal.begin({}).id
    journal.record(visit, LedgerState.CARD_READ, {})
    journal.note(visit, {"issuer": "commands_sent", "commands": 2})
    journal.note(visit, {"issuer": "command_refused", "commands_done": 1, "refused": "6988"})
    journal.record(visit, LedgerState.ABANDONED, {"why": "card refused"})
    (told,) = read_latest(folder, 1)
    assert [(line.meaning, line.facts) for line in tell(told)[2:]] == [
        ("commands of the card's issuer are about to go to the card", ("commands 2", "issuer commands sent")),
        ("the card refused a command of its issuer", ("commands done 1", "issuer command refused", "refused 6988")),
        ("ended before any money moved", ("why card refused",)),
    ]


def test_a_deposit_ends_on_the_account_and_on_no_card(journal, folder):
    deposit = journal.begin({"service": "account_deposit"}).id
    journal.record(deposit, LedgerState.CARD_READ, {"account": "622202*********0000", "account_token": "cd" * 16})
    journal.record(deposit, LedgerState.DONE, {"paid": True})
    (told,) = read_latest(folder, 1)
    assert tell(told)[-1].meaning == "the money is on the bank account"
    assert standing(told) == "Closed: the money is on the bank account."
