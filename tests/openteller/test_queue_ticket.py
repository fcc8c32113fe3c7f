"""Tickets at a conductor between stand-ins: the home page, one press, what a stop leaves open, and the strip."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from kiosk_core.branch_queue import QueueCall, QueueNow, QueueSilent, QueueTicket, TicketRefused, TicketWish
from kiosk_core.errors import JournalUnavailable
from kiosk_core.id_card_reader import IdCard, IdCardKind, IdCardPhoto, IdCardSex, IdNumber, PersonalText
from kiosk_core.intents import ChangeLanguage, ChooseOption, ChooseService, Done
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import ChoicePage, MenuPage, Paper, ResultPage, TicketPage
from kiosk_core.status import DeviceState
from tests.kiosk_core.journey import SERVICE as TOP_UP
from tests.kiosk_core.journey import TERMINAL
from tests.kiosk_core.test_queue_ticket import QUEUE, SERVICE, TICKET
from tests.openteller.stage import Stage

TILE = ChooseService(service_id=SERVICE.id)


@dataclass
class Tickets:
    """A queue that makes one ticket a key. `answers`: what it does instead, in turn."""

    answers: list[Exception | TicketRefused] = field(default_factory=list)
    made: dict[str, TicketWish] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)

    def take(self, wish: TicketWish, key: str) -> QueueTicket | TicketRefused:
        assert self.made.setdefault(key, wish) == wish
        answer = self.answers.pop(0) if self.answers else TICKET
        if isinstance(answer, Exception):
            raise answer
        return answer

    def withdraw(self, wish: TicketWish, key: str) -> None:
        if self.answers:
            raise QueueSilent("not yet")
        assert self.made.setdefault(key, wish) == wish
        self.withdrawn.append(key)


@pytest.fixture
def tickets() -> Tickets:
    return Tickets()


@pytest.fixture
def stage(tmp_path: Path, tickets: Tickets) -> Iterator[Stage]:
    stage = Stage(tmp_path / "journal", services=(SERVICE, TOP_UP), queue=tickets).in_service()
    stage.conductor.queue_changed(QUEUE)
    stage.settle()
    yield stage
    stage.journal.close()


def take(stage: Stage, way: str = "without") -> None:
    for intent in (TILE, ChooseOption(name="simple"), ChooseOption(name=way)):
        stage.touch(intent)


def open_cases(stage: Stage) -> list[L]:
    return [transaction.state for transaction in stage.journal.unsettled()]


def test_a_ticket_is_taken_printed_and_read(stage: Stage, tickets: Tickets) -> None:
    take(stage)
    assert isinstance(stage.page, TicketPage)
    assert (stage.page.number, stage.page.paper) == ("A013", Paper.PRINTED)
    stage.touch(Done())
    assert isinstance(stage.page, MenuPage)
    assert open_cases(stage) == []
    assert list(tickets.made.values()) == [TicketWish("simple", "ordinary", "zh")]


def test_a_ticket_ends_by_itself_without_asking_whether_anybody_is_there(stage: Stage) -> None:
    take(stage)
    stage.pass_time(30)
    assert isinstance(stage.page, MenuPage)


def test_neither_the_bank_nor_a_device_is_needed(stage: Stage) -> None:
    stage.host.is_online = False
    stage.pass_time(15.0)
    for name in ("top_up_module", "receipt_printer", "id_card_reader"):
        stage.report(name, DeviceState.OFFLINE)
    ticket, top_up = stage.home.items
    assert (ticket.unavailable, top_up.unavailable is None) == (None, False)
    take(stage)
    assert isinstance(stage.page, TicketPage)


def test_without_a_journal_no_key_could_be_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    monkeypatch.setattr(stage.journal, "begin", full)
    stage.touch(TILE)
    assert stage.home.items[0].unavailable is not None
    assert stage.home.items[0].unavailable.key == "unavailable.journal"


def test_a_queue_that_is_silent_is_said_on_its_tile_alone(stage: Stage) -> None:
    stage.conductor.queue_changed(None)
    stage.settle()
    ticket, top_up = stage.home.items
    assert ticket.unavailable is not None
    assert ticket.unavailable.key == "unavailable.queue"
    assert top_up.unavailable is None
    stage.touch(TILE)
    assert isinstance(stage.page, MenuPage)


def test_a_terminal_without_a_queue_does_not_offer_tickets(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "journal", services=(SERVICE, TOP_UP)).in_service()
    assert [item.service_id for item in stage.home.items] == [TOP_UP.id]
    assert stage.home.queue is None
    stage.journal.close()


def test_the_id_card_is_asked_for_its_day_of_birth_only(stage: Stage, tickets: Tickets) -> None:
    stage.id_reader.card = IdCard(
        kind=IdCardKind.CITIZEN,
        name=PersonalText("甄模拟"),
        number=IdNumber("650101194005060004"),
        sex=IdCardSex.MALE,
        birth=TERMINAL.today.replace(year=1940),
        valid_from=TERMINAL.today,
        valid_until=None,
        photo=IdCardPhoto(b""),
    )
    stage.report("id_card_reader")
    take(stage, "id_card")
    assert [wish.customer_class for wish in tickets.made.values()] == ["green"]
    written = (stage.folder / "journal.db").read_bytes() if (stage.folder / "journal.db").exists() else b""
    assert b"1940" not in written + b"".join(file.read_bytes() for file in stage.folder.iterdir())


def test_a_refusal_is_told_and_closed(stage: Stage, tickets: Tickets) -> None:
    from tests.kiosk_core.test_queue_ticket import REFUSED

    tickets.answers = [REFUSED.refused]
    take(stage)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.reason == REFUSED.refused.reason
    assert open_cases(stage) == []


# -- what is left open -------------------------------------------------------------------------------------


def test_a_ticket_of_a_lost_answer_is_withdrawn_as_soon_as_the_queue_answers(stage: Stage, tickets: Tickets) -> None:
    tickets.answers = [QueueSilent("no answer")]
    take(stage)
    assert isinstance(stage.page, ResultPage)
    assert open_cases(stage) == [L.TICKET_REQ]
    stage.touch(Done())
    stage.pass_time(2)
    assert open_cases(stage) == []
    assert tickets.withdrawn == list(tickets.made)


def test_a_queue_that_stays_silent_is_asked_again_and_again(stage: Stage, tickets: Tickets) -> None:
    tickets.answers = [QueueSilent("no answer"), QueueSilent("nor now")]
    take(stage)
    stage.touch(Done())
    stage.pass_time(2)
    assert open_cases(stage) == [L.TICKET_REQ]
    assert stage.conductor.unacknowledged == ()  # the bank has nothing to do with it
    assert isinstance(stage.page, MenuPage)  # and the terminal serves meanwhile
    tickets.answers = []
    for _ in range(4):
        stage.pass_time(8)
    assert open_cases(stage) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_terminal_that_stopped_between_question_and_answer_withdraws_what_nobody_saw(
    tmp_path: Path, tickets: Tickets, language: str
) -> None:
    class PowerCut(BaseException):
        pass

    def cut(_: TicketWish, __: str) -> QueueTicket:
        raise PowerCut

    first = Stage(tmp_path / "journal", services=(SERVICE, TOP_UP), queue=tickets).in_service()
    first.conductor.queue_changed(QUEUE)
    first.settle()
    first.touch(TILE)
    first.touch(ChangeLanguage(language=language))  # type: ignore[arg-type]
    first.touch(ChooseOption(name="simple"))
    tickets.take = cut  # type: ignore[method-assign]
    with pytest.raises(PowerCut):
        first.touch(ChooseOption(name="without"))
    first.journal.close()
    del tickets.take
    second = Stage(tmp_path / "journal", services=(SERVICE, TOP_UP), queue=tickets).in_service()
    second.pass_time(3)
    assert open_cases(second) == []
    assert len(tickets.withdrawn) == 1
    assert [wish.language for wish in tickets.made.values()] == [language]
    second.journal.close()


def test_two_presses_are_two_tickets_and_one_press_is_one(stage: Stage, tickets: Tickets) -> None:
    take(stage)
    number = stage.shown[-1].number
    stage.touch(Done())
    stage.touch(Done(), number=number)
    take(stage)
    assert len(tickets.made) == 2


# -- the strip ---------------------------------------------------------------------------------------------


def called(ticket: str) -> QueueNow:
    return replace(QUEUE, calls=(QueueCall(ticket, "3"), *(QueueCall(f"B00{place}", "4") for place in range(5))))


def test_the_home_page_shows_the_last_calls_and_who_waits(stage: Stage) -> None:
    stage.conductor.queue_changed(called("A012"))
    stage.settle()
    strip = stage.home.queue
    assert strip is not None
    assert [(call.ticket, call.window) for call in strip.calls] == [("A012", "3"), ("B000", "4"), ("B001", "4")]
    assert [(each.title.en, each.waiting, each.up_to_min) for each in strip.services] == [
        ("Simple services", 3, 11),
        ("Complex services", 12, None),
    ]


def test_the_strip_goes_when_the_queue_is_silent(stage: Stage) -> None:
    stage.conductor.queue_changed(None)
    stage.settle()
    assert stage.home.queue is None


def test_numbers_that_change_do_not_hold_the_page_in_another_language(stage: Stage) -> None:
    """A customer who has gone is no reason to read English to the next one."""
    stage.touch(ChangeLanguage(language="en"))
    for second in range(6):
        stage.pass_time(10)
        stage.conductor.queue_changed(called(f"A{second:03}"))
        stage.settle()
    assert stage.shown[-1].language == "zh" or stage.shown[-2].language == "zh"
    assert stage.home.idle_s is None


def test_a_touch_on_a_page_whose_numbers_changed_under_the_finger_counts(stage: Stage) -> None:
    before = stage.shown[-1].number
    stage.conductor.queue_changed(called("A012"))
    stage.settle()
    assert stage.shown[-1].number > before
    stage.touch(TILE, number=before)
    assert isinstance(stage.page, ChoicePage)


def test_numbers_do_not_disturb_a_customer_who_is_served(stage: Stage) -> None:
    stage.touch(TILE)
    shown = len(stage.shown)
    stage.conductor.queue_changed(called("A012"))
    stage.settle()
    assert len(stage.shown) == shown
