"""A journey under way: what answers are taken for, what is noted, and what a fault leaves the customer."""

import pytest

from journal.store import SqliteJournal
from kiosk_core.errors import JournalUnavailable
from kiosk_core.intents import ChooseAmount, ChooseService, Done
from kiosk_core.journeys import top_up
from kiosk_core.journeys.events import CardRead
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import ResultPage
from kiosk_core.ports import ReversalReason
from kiosk_core.status import Media
from openteller.open_cases import LOOK_SECONDS
from tests.kiosk_core.journey import COUNTER, NUMBER, SERVICE, TERMINAL
from tests.openteller.stage import Stage


def test_a_disk_that_fills_up_in_the_middle_stops_before_money_moves(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))

    def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    monkeypatch.setattr(stage.journal, "record", full)
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"
    monkeypatch.undo()
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.touch(Done())
    stage.pass_time(30)
    assert stage.states == []  # recovery closed what was begun
    assert stage.home.items[0].unavailable is None


def test_a_fault_of_the_program_is_told_as_what_is_certain(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    broken = dict(top_up.TABLE)
    broken[top_up.Step.READING, CardRead] = lambda *_: 1 / 0
    monkeypatch.setattr(top_up.table, "TABLE", broken)
    stage.report("top_up_module", media=Media.PRESENT)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"


def test_an_answer_with_a_wrong_mac_is_reversed_with_a0(stage: Stage) -> None:
    stage.host.has_wrong_mac = True
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)
    stage.touch(ChooseAmount(amount_fen=5_000))
    assert stage.host.reversals == [ReversalReason.MAC_WRONG]
    assert stage.states == []


def show_the_card_of_an_open_case(stage: Stage) -> None:
    open_case = stage.journal.begin({"service": SERVICE.id})
    facts = {"token": stage.journal.token(NUMBER), "amount_fen": 5_000, "counter": COUNTER, "old_balance_fen": 2_350}
    stage.journal.record(open_case.id, L.CREDIT_SENT, {**facts, "authorised_at": "20261122101530"})
    stage.journal.record(open_case.id, L.SUSPENSE, {})
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)


def test_a_case_whose_card_moved_on_is_looked_up_in_its_log(stage: Stage) -> None:
    show_the_card_of_an_open_case(stage)
    assert stage.reader.sought == (5_000, TERMINAL.purse_terminal_no, ("20261122", "101530"))
    (manual,) = stage.journal.unsettled()
    assert manual.state is L.MANUAL
    assert (manual.facts["in_log"], manual.facts["counter_now"], manual.facts["counter"]) == (True, 20, 17)


def test_that_a_receipt_was_printed_is_noted_behind_the_end(stage: Stage) -> None:
    show_the_card_of_an_open_case(stage)
    (manual,) = stage.journal.unsettled()
    assert [(row.state, row.facts.get("receipt")) for row in manual.rows][-2:] == [
        (L.MANUAL, None),
        (L.MANUAL, "printed"),
    ]


def test_a_note_that_cannot_be_written_leaves_the_customer_his_page_and_takes_the_terminal_out_of_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalUnavailable("cannot write to the journal: the disk is full")

    monkeypatch.setattr(SqliteJournal, "note", fail)
    show_the_card_of_an_open_case(stage)
    page = stage.page
    assert isinstance(page, ResultPage)
    assert page.title.key == "top_up.manual.title"
    stage.touch(Done())
    unavailable = stage.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"
    monkeypatch.undo()
    stage.pass_time(LOOK_SECONDS)
    assert stage.home.items[0].unavailable is None
