"""A ticket of the branch's queue: events in, pages, rows and questions out."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.branch_queue import (
    Appointment,
    QueueNow,
    QueueService,
    QueueTicket,
    QueueWay,
    TicketRefused,
    TicketWish,
    Wait,
)
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import Fault
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.id_document import CaptureProblem, DocumentSide, Hint
from kiosk_core.intents import FieldAnswer
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys import queue_ticket
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.queue_ticket import Step
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import ChoicePage, Page, Paper, ResultPage, TicketPage
from kiosk_core.receipt import Headline, Pair, QrCode, Receipt
from kiosk_core.services import QueueClass, QueueTicketing, SettingError
from kiosk_core.texts import LocalText
from tests.kiosk_core.id_cards import front
from tests.kiosk_core.journey import TERMINAL, transaction

CARE, VIP = LocalText("爱心优先", "Priority service"), LocalText("贵宾客户", "VIP customer")
SERVICE = QueueTicketing(
    kind="queue_ticket",
    id="queue_ticket",
    icon="ticket",
    title=LocalText("取号排队", "Take a queue ticket"),
    subtitle=LocalText("", ""),
    classes=(
        QueueClass(name="green", title=CARE, min_age=65, on_request=LocalText("老人", "Elderly")),
        QueueClass(name="vip", title=VIP, card_prefixes=("622588",)),
    ),
)
SIMPLE = QueueService("simple", LocalText("简单业务", "Simple services"), 3, {"ordinary": Wait(290, 601)})
COMPLEX = QueueService("complex", LocalText("复杂业务", "Complex services"), 12)
QUEUE = QueueNow((SIMPLE, COMPLEX))
SEEN = ev.QueueSeen(QUEUE, frozenset(QueueWay))
AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
URL = "https://queue.example/t#A013.7.secret"
TICKET = QueueTicket("A013", 2, Wait(125, 301), AT, URL)
TAKEN = ev.TicketTaken(TICKET)
SILENT = ev.QueueUnanswered()
REFUSED = ev.TicketDeclined(TicketRefused(LocalText("今天还没有开始营业。", "The day has not been opened yet.")))
VIP_CARD, OTHER_CARD = CardNumber("6225880000000012"), CardNumber("6222020000000012")


class Visit:
    """Feeds events to the table and remembers all effects."""

    def __init__(self, service: QueueTicketing = SERVICE, started: queue_ticket.Next | None = None) -> None:
        begun = started or queue_ticket.begin(service, TERMINAL, transaction(kind="queue_ticket"), "zh")
        self.state, effects = begun
        self.effects = list(effects)

    def feed(self, *happened: ev.Event) -> "Visit":
        for event in happened:
            self.state, effects = queue_ticket.advance(self.state, event)
            self.effects += effects
        return self

    def next(self, event: ev.Event) -> tuple[do.Effect, ...]:
        before = len(self.effects)
        return tuple(self.feed(event).effects[before:])

    @property
    def page(self) -> Page:
        return [effect.page for effect in self.effects if isinstance(effect, do.Show)][-1]

    @property
    def ticket_page(self) -> TicketPage:
        assert isinstance(self.page, TicketPage)
        return self.page

    @property
    def choices(self) -> list[str]:
        assert isinstance(self.page, ChoicePage)
        return [each.name for each in self.page.choices]

    @property
    def rows(self) -> list[L]:
        return [effect.state for effect in self.effects if isinstance(effect, do.Record)]

    @property
    def facts(self) -> dict[str, Any]:
        recorded = [effect for effect in self.effects if isinstance(effect, do.Record)]
        return {key: value for effect in recorded for key, value in effect.facts.items()}

    @property
    def taken(self) -> list[do.TakeTicket]:
        return [effect for effect in self.effects if isinstance(effect, do.TakeTicket)]

    @property
    def wish(self) -> TicketWish:
        (asked,) = self.taken
        return asked.wish

    @property
    def receipt(self) -> Receipt:
        (printing,) = (effect for effect in self.effects if isinstance(effect, do.PrintReceipt))
        return printing.receipt


def choose(name: str) -> ev.OptionChosen:
    return ev.OptionChosen(name)


def at_ways(service: QueueTicketing = SERVICE) -> Visit:
    return Visit(service).feed(SEEN, choose("simple"))


def taking() -> Visit:
    return at_ways().feed(choose("without"))


# -- what for, and of which class --------------------------------------------------------------------------


def test_each_service_says_who_waits_and_how_long_at_most() -> None:
    page = Visit().feed(SEEN).page
    assert isinstance(page, ChoicePage)
    first, second = (each.subtitle for each in page.choices)
    assert (first.key, first.values) == ("queue_ticket.service.waits", {"waiting": "3", "up_to": "11"})  # type: ignore[union-attr]
    assert (second.key, second.values) == ("queue_ticket.service.waiting", {"waiting": "12"})  # type: ignore[union-attr]


def test_three_touches_from_the_home_page_are_a_ticket() -> None:
    assert Visit().feed(SEEN, choose("simple"), choose("without")).wish == TicketWish("simple", "ordinary", "zh")


def test_the_green_channel_is_three_touches_too() -> None:
    assert at_ways().feed(choose("class_green")).wish.customer_class == "green"


def test_one_service_is_not_asked_for() -> None:
    seen = ev.QueueSeen(QueueNow((SIMPLE,)), frozenset())
    assert Visit().feed(seen).choices == ["without", "class_green"]


def test_where_the_rule_knows_one_class_only_two_touches_are_enough() -> None:
    seen = ev.QueueSeen(QUEUE, frozenset({QueueWay.ID_CARD, QueueWay.BANK_CARD}))
    visit = Visit(replace(SERVICE, classes=(), ordinary_class="everybody")).feed(seen, choose("simple"))
    assert visit.wish.customer_class == "everybody"


def test_ways_that_the_rule_has_no_use_for_are_not_offered() -> None:
    assert at_ways().choices == ["without", "class_green", "id_card", "bank_card", "appointment"]
    only_vip = replace(SERVICE, classes=SERVICE.classes[1:])
    assert at_ways(only_vip).choices == ["without", "bank_card", "appointment"]


def test_the_camera_is_for_terminals_without_a_reader_of_id_cards() -> None:
    seen = ev.QueueSeen(QUEUE, frozenset({QueueWay.ID_CARD_PICTURE}))
    assert Visit().feed(seen, choose("simple")).choices == ["without", "class_green", "id_card_picture"]


@pytest.mark.parametrize(
    ("birth", "of_class"),
    [
        (date(1961, 11, 22), "green"),  # 65 today
        (date(1961, 11, 23), "ordinary"),  # tomorrow
        (date(1990, 1, 1), "ordinary"),
        (date(1960, 2, 29), "green"),
    ],
)
def test_the_id_card_tells_the_age_and_nothing_else(birth: date, of_class: str) -> None:
    visit = at_ways().feed(choose("id_card"), ev.BirthRead(birth))
    assert visit.wish.customer_class == of_class
    assert f"{birth}" not in repr(visit.state)
    assert f"{birth.year}" not in repr(visit.facts)
    assert visit.effects.count(do.StopTimer(Timer.ID_CARD)) == 1


def test_an_id_card_that_is_not_there_yet_is_looked_for_without_a_new_page() -> None:
    visit = at_ways().feed(choose("id_card"))
    assert visit.next(ev.IdCardUnusable(IdCardProblem.NOT_PRESENT)) == (do.StartTimer(Timer.ID_CARD, 0.5),)
    assert visit.next(ev.TimerFired(Timer.ID_CARD)) == (do.ReadBirth(),)


def test_a_card_that_cannot_be_read_costs_no_ticket() -> None:
    visit = at_ways().feed(choose("id_card"), ev.IdCardUnusable(IdCardProblem.UNREADABLE))
    assert visit.page.problem.key == "queue_ticket.id_card.problem.unreadable"  # type: ignore[union-attr]
    visit.feed(ev.CancelTouched())
    assert visit.choices[0] == "without"
    assert visit.feed(choose("without")).wish.customer_class == "ordinary"


@pytest.mark.parametrize(
    ("way", "lost"),
    [
        ("id_card", ev.IdCardReaderLost()),
        ("bank_card", ev.SlotLost()),
    ],
)
def test_a_reader_that_goes_is_offered_no_more(way: str, lost: ev.Event) -> None:
    visit = at_ways().feed(choose(way), lost)
    assert way not in visit.choices
    assert visit.page.problem.key == f"queue_ticket.way.problem.{way}"  # type: ignore[union-attr]


@pytest.mark.parametrize(("card", "of_class"), [(VIP_CARD, "vip"), (OTHER_CARD, "ordinary")])
def test_a_bank_card_is_known_by_how_its_number_begins(card: CardNumber, of_class: str) -> None:
    visit = at_ways().feed(choose("bank_card"), ev.BankCardRead(card, "token"))
    assert visit.wish.customer_class == of_class
    assert do.CloseSlot() in visit.effects
    everything = repr((visit.state, visit.facts, visit.page, visit.taken))
    assert card.reveal()[:6] not in everything.replace("card_prefixes=('622588',)", "")
    assert "token" not in everything


def test_a_bank_card_that_cannot_be_read_comes_out_and_is_asked_for_again() -> None:
    visit = at_ways().feed(choose("bank_card"))
    assert visit.next(ev.BankCardUnusable(BankCardProblem.NOT_PRESENT)) == (do.StartTimer(Timer.SLOT, 0.5),)
    visit.feed(ev.BankCardUnusable(BankCardProblem.UNREADABLE))
    assert visit.page.problem.key == "queue_ticket.bank_card.problem"  # type: ignore[union-attr]


# -- the camera and the appointment ------------------------------------------------------------------------

BY_CAMERA = (ev.QueueSeen(QUEUE, frozenset({QueueWay.ID_CARD_PICTURE})), choose("simple"), choose("id_card_picture"))


def told(news: Any) -> ev.CaptureTold:
    return ev.CaptureTold(DocumentSide.FRONT, news)


def test_a_picture_of_the_card_tells_the_age_and_is_wiped() -> None:
    side = front()
    visit = Visit().feed(*BY_CAMERA, told(Hint.CLOSER), told(side))
    assert do.Wipe((side,)) in visit.effects
    assert visit.wish.customer_class == "ordinary"


def test_a_picture_without_a_sure_day_of_birth_is_taken_again() -> None:
    side = front()
    unsure = replace(side, fields=tuple(replace(each, sure=False) for each in side.fields))
    visit = Visit().feed(*BY_CAMERA)
    effects = visit.next(told(unsure))
    assert effects[0] == do.Wipe((unsure,))
    assert do.CaptureSide(DocumentSide.FRONT) in effects
    assert visit.taken == []


@pytest.mark.parametrize("event", [told(CaptureProblem.NO_PICTURE), ev.TimerFired(Timer.SIDE)])
def test_a_camera_that_sees_nothing_leads_back_to_the_other_ways(event: ev.Event) -> None:
    visit = Visit().feed(*BY_CAMERA, event)
    assert visit.choices == ["without", "class_green"]
    assert do.StopCapture() in visit.effects


def test_a_picture_that_comes_too_late_is_wiped() -> None:
    side = front()
    visit = Visit().feed(*BY_CAMERA, ev.CancelTouched())
    assert visit.next(told(side)) == (do.Wipe((side,)),)


def test_an_appointment_is_found_by_its_code_and_has_its_own_service() -> None:
    code = ev.FieldAnswered("appointment", FieldAnswer.TYPED, "123456")
    visit = at_ways().feed(choose("appointment"), code)
    assert visit.effects[-1] == do.FindAppointment("123456")
    visit.feed(ev.AppointmentSought(Appointment("complex", 1_795_000_000, "vip")))
    assert visit.wish == TicketWish("complex", "vip", "zh", 1_795_000_000)


@pytest.mark.parametrize("found", [None, Appointment("closed today", 1_795_000_000)])
def test_a_code_that_nobody_knows_may_be_typed_again(found: Appointment | None) -> None:
    visit = at_ways().feed(choose("appointment"), ev.AppointmentSought(found))
    assert visit.page.problem.key == "queue_ticket.code.unknown"  # type: ignore[union-attr]
    assert visit.state.step is Step.CODE


# -- the ticket --------------------------------------------------------------------------------------------


def test_the_key_is_on_disk_before_the_queue_is_asked() -> None:
    visit = taking()
    record, _, _, take = visit.effects[-4:]
    assert isinstance(record, do.Record)
    assert isinstance(take, do.TakeTicket)
    assert record.state is L.TICKET_REQ
    asked = {"key": take.key, "queue_service": "simple", "customer_class": "ordinary", "slot": None, "language": "zh"}
    assert record.facts == asked


def test_keys_of_a_journal_that_was_lost_are_others() -> None:
    """Its numbers begin anew, but not its time."""
    before = transaction(kind="queue_ticket")
    row = replace(before.rows[0], at=AT.replace(minute=16))
    after = replace(before, rows=(row,))
    first, second = (queue_ticket.begin(SERVICE, TERMINAL, each, "zh")[0] for each in (before, after))
    assert first.key != second.key


def test_the_number_is_shown_at_once_and_then_that_it_is_printed() -> None:
    visit = taking().feed(TAKEN)
    assert visit.facts["ticket"] == "A013"
    page = visit.ticket_page
    assert (page.number, page.paper, page.qr, page.idle_s) == ("A013", Paper.PRINTING, URL, None)
    assert page.ahead.values == {"ahead": "2"}
    assert page.wait.values == {"about": "2", "up_to": "6"}
    visit.feed(ev.ReceiptPrinted())
    assert (visit.ticket_page.paper, visit.ticket_page.idle_s) == (Paper.PRINTED, 30)
    assert visit.next(ev.DoneTouched()) == (do.End(),)


def test_the_paper_has_number_wait_and_code() -> None:
    elements = taking().feed(TAKEN).receipt.elements
    assert Headline("A013") in elements
    assert QrCode(URL) in elements
    assert [each.value for each in elements if isinstance(each, Pair)] == ["2人", "2分钟", "6分钟", "2026-11-22 10:15"]


def test_where_nobody_can_say_how_long_the_paper_says_nothing_of_it() -> None:
    unknown = ev.TicketTaken(replace(TICKET, wait=Wait(), page_url=""))
    visit = taking().feed(unknown)
    elements = visit.receipt.elements
    assert [each.value for each in elements if isinstance(each, Pair)] == ["2人", "2026-11-22 10:15"]
    assert not any(isinstance(each, QrCode) for each in elements)
    assert visit.ticket_page.wait.key == "queue_ticket.ticket.wait_unknown"


@pytest.mark.parametrize(("url", "said"), [(URL, "scan"), ("", "none")])
def test_without_paper_the_screen_is_the_ticket_and_stands_for_two_minutes(url: str, said: str) -> None:
    taken = ev.TicketTaken(replace(TICKET, page_url=url))
    visit = taking().feed(taken, ev.ReceiptFailed(Fault.PAPER_OUT))
    page = visit.ticket_page
    assert (page.paper, page.idle_s, page.body.key) == (Paper.NONE, 120, f"queue_ticket.ticket.{said}")
    assert len(visit.taken) == 1


def test_nobody_stands_before_a_printer_that_tries_for_a_minute() -> None:
    visit = taking().feed(TAKEN, ev.TimerFired(Timer.PAPER))
    assert visit.ticket_page.paper is Paper.NONE
    late = visit.feed(ev.ReceiptPrinted()).ticket_page
    assert late.paper is Paper.PRINTED
    failed = taking().feed(TAKEN, ev.TimerFired(Timer.PAPER), ev.ReceiptFailed(Fault.PAPER_JAM))
    assert failed.ticket_page.paper is Paper.NONE
    assert visit.rows == failed.rows == [L.TICKET_REQ, L.DONE]


def test_a_class_of_its_own_is_named_and_cards_are_not_forgotten() -> None:
    visit = at_ways().feed(choose("bank_card"), ev.BankCardRead(VIP_CARD, "token"), TAKEN, ev.ReceiptPrinted())
    page = visit.ticket_page
    assert page.customer_class == VIP
    assert page.take is not None
    assert page.take.key == "queue_ticket.ticket.take.bank_card"
    assert taking().feed(TAKEN).ticket_page.customer_class is None


def test_a_second_tap_asks_for_nothing_more() -> None:
    visit = taking().feed(choose("without"), choose("class_green"), ev.CancelTouched(), TAKEN, choose("without"))
    assert len(visit.taken) == 1
    assert visit.rows == [L.TICKET_REQ, L.DONE]


def test_a_refusal_is_told_in_the_queues_own_words() -> None:
    visit = taking().feed(REFUSED)
    assert isinstance(visit.page, ResultPage)
    assert visit.page.reason == REFUSED.refused.reason
    assert visit.rows == [L.TICKET_REQ, L.DECLINED]


def test_a_silent_queue_sends_to_the_counter_and_leaves_the_case_open() -> None:
    visit = taking().feed(SILENT)
    assert isinstance(visit.page, ResultPage)
    assert visit.page.title.key == "queue_ticket.silent.title"
    assert visit.rows == [L.TICKET_REQ]


def test_a_queue_that_says_nothing_at_all_is_not_waited_for() -> None:
    visit = taking().feed(ev.TimerFired(Timer.QUEUE))
    assert isinstance(visit.page, ResultPage)
    assert visit.feed(TAKEN).page.title.key == "queue_ticket.silent.title"  # type: ignore[union-attr]
    assert visit.rows == [L.TICKET_REQ]  # a ticket that comes too late is withdrawn by recovery


@pytest.mark.parametrize("event", [SILENT, ev.QueueSeen(QueueNow(()))])
def test_a_queue_that_is_silent_from_the_beginning_asks_nothing(event: ev.Event) -> None:
    visit = Visit().feed(event)
    assert isinstance(visit.page, ResultPage)
    assert visit.rows == [L.ABANDONED]


@pytest.mark.parametrize("event", [ev.CancelTouched(), ev.CustomerGone()])
def test_whoever_leaves_before_the_ticket_leaves_nothing_behind(event: ev.Event) -> None:
    visit = at_ways().feed(event)
    assert visit.effects[-1] == do.End()
    assert visit.rows == [L.ABANDONED]


def test_a_program_that_fails_shows_a_ticket_that_is_on_disk_and_no_other() -> None:
    page = taking().feed(TAKEN, ev.CannotGoOn()).ticket_page
    assert (page.number, page.paper) == ("A013", Paper.NONE)
    lost = taking().feed(ev.CannotGoOn()).page
    assert isinstance(lost, ResultPage)
    assert lost.title.key == "queue_ticket.out_of_service.title"


# -- recovery ----------------------------------------------------------------------------------------------


def resumed(*states: L, **facts: Any) -> Visit:
    case = transaction(*states, kind="queue_ticket", language="en", **facts)
    return Visit(started=queue_ticket.resume(case, SERVICE, TERMINAL))


REQUESTED: dict[str, Any] = {"key": "k", "queue_service": "simple", "customer_class": "green", "slot": 1_795_000_000}


def test_a_ticket_that_nobody_saw_is_withdrawn_by_the_same_wish_and_key() -> None:
    visit = resumed(L.TICKET_REQ, **REQUESTED)
    assert visit.effects == [do.WithdrawTicket(TicketWish("simple", "green", "en", 1_795_000_000), "k")]
    visit.feed(ev.TicketWithdrawn())
    assert visit.rows == [L.ABANDONED]
    assert visit.taken == []


def test_as_long_as_the_queue_is_silent_the_case_stays_open() -> None:
    visit = resumed(L.TICKET_REQ, **REQUESTED).feed(SILENT)
    assert visit.rows == []
    assert visit.effects[-1] == do.End()


def test_a_ticket_of_yesterday_is_gone_with_its_day() -> None:
    case = transaction(L.TICKET_REQ, kind="queue_ticket", **REQUESTED)
    tomorrow = replace(TERMINAL, today=date(2026, 11, 23))
    visit = Visit(started=queue_ticket.resume(case, SERVICE, tomorrow))
    assert visit.rows == [L.ABANDONED]
    assert visit.effects[-1] == do.End()


@pytest.mark.parametrize(("states", "rows"), [((), [L.ABANDONED]), ((L.TICKET_REQ, L.DONE), [])])
def test_what_was_not_asked_or_is_done_needs_no_queue(states: tuple[L, ...], rows: list[L]) -> None:
    visit = resumed(*states)
    assert visit.rows == rows
    assert visit.effects[-1] == do.End()


# -- the rule as data --------------------------------------------------------------------------------------


def test_a_class_that_is_for_nobody_is_a_mistake() -> None:
    with pytest.raises(SettingError, match="is for nobody"):
        replace(SERVICE, classes=(QueueClass(name="vip", title=VIP),))


@pytest.mark.parametrize("prefix", ["622", "6225 88", "1234567890123", "\N{FULLWIDTH DIGIT SIX}225"])
def test_a_prefix_that_is_none_is_a_mistake(prefix: str) -> None:
    with pytest.raises(SettingError, match="is not 4 to 12 digits"):
        replace(SERVICE, classes=(QueueClass(name="vip", title=VIP, card_prefixes=(prefix,)),))


# -- whatever happens --------------------------------------------------------------------------------------

ANYTHING = st.sampled_from(
    [
        SEEN,
        ev.QueueSeen(QueueNow((SIMPLE,)), frozenset({QueueWay.ID_CARD_PICTURE})),
        SILENT,
        *map(choose, ("simple", "complex", "nothing", "without", "class_green", *(way.value for way in QueueWay))),
        ev.BirthRead(date(1940, 5, 6)),
        *map(ev.IdCardUnusable, IdCardProblem),
        ev.IdCardReaderLost(),
        told(Hint.CLOSER),
        told(front()),
        told(CaptureProblem.NO_PICTURE),
        ev.BankCardRead(VIP_CARD, "token"),
        ev.BankCardUnusable(BankCardProblem.UNREADABLE),
        ev.SlotLost(),
        ev.FieldAnswered("appointment", FieldAnswer.TYPED, "123456"),
        ev.AppointmentSought(None),
        ev.AppointmentSought(Appointment("complex", 1_795_000_000)),
        TAKEN,
        REFUSED,
        ev.TicketWithdrawn(),
        ev.ReceiptPrinted(),
        ev.ReceiptFailed(None),
        *map(ev.TimerFired, Timer),
        ev.CancelTouched(),
        ev.DoneTouched(),
        ev.CustomerGone(),
        ev.CardArrived(),
        ev.CannotGoOn(),
    ]
)


@given(st.lists(ANYTHING, max_size=14))
def test_whatever_happens_in_whatever_order_one_press_is_at_most_one_ticket(happened: list[ev.Event]) -> None:
    visit = Visit().feed(*happened)
    assert len(visit.taken) <= 1
    assert visit.rows in (
        [],
        [L.ABANDONED],
        [L.TICKET_REQ],
        [L.TICKET_REQ, L.DECLINED],
        [L.TICKET_REQ, L.DONE],
    )
    kinds = [type(effect) for effect in visit.effects]
    if do.TakeTicket in kinds:
        assert kinds.index(do.Record) < kinds.index(do.TakeTicket)
    shown = [effect.page for effect in visit.effects if isinstance(effect, do.Show)]
    if any(isinstance(page, TicketPage) for page in shown):  # a number that is seen is on disk
        assert L.DONE in visit.rows
    assert kinds.count(do.PrintReceipt) == visit.rows.count(L.DONE)
    everything = repr((visit.state, visit.facts, visit.taken)).replace("card_prefixes=('622588',)", "")
    assert not any(secret in everything for secret in ("1940", "622588", "token", "secret"))
