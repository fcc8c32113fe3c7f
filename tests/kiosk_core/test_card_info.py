"""What is on my card: events in, pages out; no row is written and no money moves."""

from dataclasses import replace
from datetime import date, time

import pytest

from kiosk_core.id_card_reader import IdCardSex, IdNumber, PersonalText
from kiosk_core.journeys import card_info
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.card_info import Step
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.journey import INQUIRIES, RECORDED_JOURNEYS
from kiosk_core.pages import CapturePage, ListPage, ListRow, Page, Picture
from kiosk_core.ports import (
    CardProblem,
    Overdraft,
    PurseCard,
    PurseEntry,
    PurseEntryKind,
    PurseHistory,
    PurseTrip,
)
from kiosk_core.services import CardInquiry
from kiosk_core.social_security import (
    Generation,
    Holder,
    SocialSecurityCard,
    SocialSecurityProblem,
    Withheld,
)
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.journey import NUMBER, TERMINAL

SERVICE = CardInquiry(
    kind="card_info",
    id="card_info",
    icon="card",
    title=LocalText("查询卡内信息", "See what is on my card"),
    subtitle=LocalText("", ""),
    social_security=True,
)
CARD = PurseCard(NUMBER, 2_350, date(2031, 12, 31))
TERMINAL_NO = bytes(6)
HISTORY = PurseHistory(
    (
        PurseEntry(PurseEntryKind.PURCHASE, 400, date(2026, 11, 21), time(18, 2, 59), TERMINAL_NO),
        PurseEntry(PurseEntryKind.LOAD, 10_000, date(2026, 11, 20), time(8, 15, 0), TERMINAL_NO),
        PurseEntry(PurseEntryKind.OTHER, 50, date(2026, 1, 2), time(0, 0, 0), TERMINAL_NO),
    ),
    (
        PurseTrip(400, 2_350, date(2026, 11, 21), time(18, 2, 59)),
        PurseTrip(0, 2_750, date(2026, 11, 21), time(17, 30, 0)),
    ),
)
LOOKED_AT = ev.CardLookedAt(CARD, HISTORY)
# Nobody's: order code 000 is never given to anyone.
SOCIAL = SocialSecurityCard(
    bytes(16),
    Generation.SECOND,
    PersonalText("A00000002"),
    date(2022, 1, 1),
    date(2032, 1, 1),
    Holder(IdNumber("310101199001010004"), PersonalText("甄模拟"), IdCardSex.FEMALE),
)


class Visit:
    """A customer's journey: feeds events and remembers all effects."""

    def __init__(self, service: CardInquiry = SERVICE) -> None:
        self.state, effects = card_info.begin(service, TERMINAL, "zh")
        self.effects = list(effects)

    def feed(self, *happened: ev.Event) -> "Visit":
        for event in happened:
            self.state, effects = card_info.advance(self.state, event)
            self.effects += effects
        return self

    def next(self, event: ev.Event) -> tuple[do.Effect, ...]:
        before = len(self.effects)
        return tuple(self.feed(event).effects[before:])

    @property
    def page(self) -> Page:
        return [effect.page for effect in self.effects if isinstance(effect, do.Show)][-1]

    @property
    def listed(self) -> ListPage:
        assert isinstance(self.page, ListPage)
        return self.page

    @property
    def captured(self) -> CapturePage:
        assert isinstance(self.page, CapturePage)
        return self.page


def shown(card: PurseCard = CARD, history: PurseHistory = HISTORY) -> ListPage:
    return Visit().feed(ev.CardArrived(), ev.CardLookedAt(card, history)).listed


def facts(page: ListPage) -> dict[str, str | int]:
    return {fact.label.key: fact.text if fact.money_fen is None else fact.money_fen for fact in page.facts}


# -- a transit card ----------------------------------------------------------------------------------------


def test_balance_and_validity_are_shown() -> None:
    page = shown()
    assert facts(page) == {
        "fact.card": "310487*********5678",
        "card_info.fact.balance": 2_350,
        "card_info.fact.valid_until": "2031-12-31",
    }
    assert page.notice is None


def test_loads_purchases_and_trips_are_listed_newest_first() -> None:
    entries, trips = shown().sections
    assert entries.rows == (
        ListRow(label=Words("card_info.entry.purchase"), detail="2026-11-21 18:02", value="−¥4.00"),
        ListRow(label=Words("card_info.entry.load"), detail="2026-11-20 08:15", value="+¥100.00"),
        ListRow(label=Words("card_info.entry.other"), detail="2026-01-02 00:00", value="¥0.50"),
    )
    assert trips.rows == (
        ListRow(label=Words("card_info.trip.paid"), detail="2026-11-21 18:02", value="−¥4.00"),
        ListRow(label=Words("card_info.trip.free"), detail="2026-11-21 17:30", value=""),
    )


def test_a_card_that_remembers_nothing_is_shown_all_the_same() -> None:
    assert [section.rows for section in shown(history=PurseHistory()).sections] == [(), ()]


def test_an_overdraft_is_said_in_plain_words() -> None:
    page = shown(replace(CARD, balance_fen=0, overdraft=Overdraft(usable_fen=850, used_fen=150, limit_fen=1_000)))
    assert page.notice == Words("card_info.overdrawn", {"used": "¥1.50"})
    assert (facts(page)["card_info.fact.balance"], facts(page)["card_info.fact.usable"]) == (0, 850)


def test_of_a_negative_balance_nothing_can_be_spent() -> None:
    page = shown(replace(CARD, balance_fen=-150))
    assert page.notice == Words("card_info.overdrawn", {"used": "¥1.50"})
    assert (facts(page)["card_info.fact.balance"], facts(page)["card_info.fact.usable"]) == (-150, 0)


@pytest.mark.parametrize(
    ("expires", "notice"),
    [
        (date(2026, 11, 21), Words("card_info.expired")),
        (date(2026, 11, 22), None),  # its last day is today
        (None, None),
    ],
)
def test_a_card_that_has_expired_is_shown_and_says_so(expires: date | None, notice: Words | None) -> None:
    assert shown(replace(CARD, expires=expires)).notice == notice


@pytest.mark.parametrize("problem", [CardProblem.NOT_A_TRANSIT_CARD, CardProblem.UNREADABLE, CardProblem.LOCKED])
def test_a_card_that_cannot_be_read_is_asked_for_again(problem: CardProblem) -> None:
    visit = Visit().feed(ev.CardArrived(), ev.CardUnusable(problem))
    assert visit.captured.problem == Words(f"card_info.problem.{problem.value}")
    assert visit.effects.count(do.WatchCard()) == 1  # it must be lifted before it is read again
    assert visit.feed(ev.CardLeft(), ev.CardArrived(), LOOKED_AT).listed == shown()


def test_a_card_that_came_back_while_the_answer_was_on_its_way_is_noticed() -> None:
    visit = Visit().feed(ev.CardArrived())
    assert do.WatchCard() in visit.next(ev.CardUnusable(CardProblem.NOT_PRESENT))


def test_a_card_that_moved_while_it_was_read_is_not_shown_for_it_may_be_two() -> None:
    visit = Visit().feed(ev.CardArrived(), ev.CardLeft())
    assert do.WatchCard() in visit.next(LOOKED_AT)
    assert visit.captured.problem == Words("card_info.problem.unreadable")
    assert visit.feed(ev.CardArrived(), LOOKED_AT).state.step is Step.SHOWING


def test_the_next_card_is_read_when_it_is_laid_down() -> None:
    visit = Visit().feed(ev.CardArrived(), LOOKED_AT, ev.CardLeft())
    assert visit.listed == shown()  # it may be taken away and read about at leisure
    assert do.LookAtCard() in visit.next(ev.CardArrived())


# -- a social-security card --------------------------------------------------------------------------------


def test_the_card_reader_is_looked_into_every_second() -> None:
    visit = Visit()
    assert visit.effects.count(do.LookInSlot()) == 1
    waiting = visit.next(ev.SocialSecurityCardUnusable(SocialSecurityProblem.NOT_PRESENT))
    assert waiting == (do.StartTimer(Timer.SLOT, 1.0),)  # nothing is shown anew: his time goes on
    assert visit.next(ev.TimerFired(Timer.SLOT)) == (do.LookInSlot(),)


def test_a_social_security_card_is_shown_with_its_numbers_and_name_masked() -> None:
    page = Visit().feed(ev.SocialSecurityCardRead(SOCIAL)).listed
    assert facts(page) == {
        "card_info.fact.social_security_number": "*****0002",
        "card_info.fact.name": "**拟",
        "card_info.fact.id_number": "**************0004",
        "card_info.fact.issued": "2022-01-01",
        "card_info.fact.valid_until": "2032-01-01",
    }
    assert page.picture is Picture.TAKE_BANK_CARD
    assert page.notice is None
    assert page.sections == ()


def test_a_short_name_shows_nothing() -> None:
    holder = Holder(IdNumber("310101199001010004"), PersonalText("甄"), IdCardSex.FEMALE)
    page = Visit().feed(ev.SocialSecurityCardRead(replace(SOCIAL, holder=holder))).listed
    assert facts(page)["card_info.fact.name"] == "*"


@pytest.mark.parametrize("withheld", list(Withheld))
def test_what_the_card_withholds_is_politely_said(withheld: Withheld) -> None:
    page = Visit().feed(ev.SocialSecurityCardRead(replace(SOCIAL, holder=withheld))).listed
    assert page.notice == Words(f"card_info.withheld.{withheld.value}")
    assert "card_info.fact.id_number" not in facts(page)


def test_an_expired_social_security_card_says_so_first() -> None:
    card = replace(SOCIAL, expires=date(2026, 11, 21), holder=Withheld.NEEDS_MODULE)
    assert Visit().feed(ev.SocialSecurityCardRead(card)).listed.notice == Words("card_info.expired")


@pytest.mark.parametrize("problem", [SocialSecurityProblem.NOT_SOCIAL_SECURITY, SocialSecurityProblem.UNREADABLE])
def test_a_card_that_came_out_again_says_why(problem: SocialSecurityProblem) -> None:
    visit = Visit()
    assert do.StartTimer(Timer.SLOT, 1.0) in visit.next(ev.SocialSecurityCardUnusable(problem))
    assert visit.captured.problem == Words(f"card_info.social_security.problem.{problem.value}")


def test_without_a_card_reader_only_transit_cards_are_asked_for() -> None:
    assert Visit().captured.title.key == "card_info.present_card.title"
    lost = Visit().feed(ev.SlotLost())
    assert lost.captured.title.key == "card_info.place_card.title"
    assert lost.feed(ev.CardArrived(), LOOKED_AT).listed == shown()
    never = Visit(replace(SERVICE, social_security=False))
    assert never.captured.title.key == "card_info.place_card.title"
    assert do.LookInSlot() not in never.effects


def test_a_card_on_the_reader_closes_the_slot_and_a_look_that_was_under_way_is_ignored() -> None:
    visit = Visit()
    assert do.CloseSlot() in visit.next(ev.CardArrived())
    assert visit.next(ev.SocialSecurityCardRead(SOCIAL)) == ()
    assert visit.feed(LOOKED_AT).listed == shown()


# -- the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [ev.CancelTouched(), ev.CustomerGone(), ev.ReaderLost(), ev.CannotGoOn()])
def test_whoever_leaves_before_a_card_is_read_goes_home(event: ev.Event) -> None:
    assert Visit().next(event) == (do.StopTimer(Timer.SLOT), do.CloseSlot(), do.End())


@pytest.mark.parametrize("event", [ev.DoneTouched(), ev.CustomerGone(), ev.CannotGoOn()])
def test_whoever_has_read_it_goes_home(event: ev.Event) -> None:
    visit = Visit().feed(ev.CardArrived(), LOOKED_AT, event)
    assert visit.effects[-1] == do.End()
    assert visit.next(event) == ()


def test_nothing_is_ever_recorded_and_no_question_is_about_money() -> None:
    everything = [
        ev.CardArrived(),
        LOOKED_AT,
        ev.CardArrived(),
        ev.CardUnusable(CardProblem.NOT_PRESENT),
        ev.SocialSecurityCardUnusable(SocialSecurityProblem.UNREADABLE),
        ev.TimerFired(Timer.SLOT),
        ev.SocialSecurityCardRead(SOCIAL),
        ev.DoneTouched(),
    ]
    kinds = {type(effect) for effect in Visit().feed(*everything).effects}
    harmless = {do.Show, do.WatchCard, do.LookAtCard, do.LookInSlot, do.CloseSlot, do.StartTimer, do.StopTimer, do.End}
    assert kinds == harmless


def test_nothing_of_the_holder_is_in_the_state() -> None:
    visit = Visit().feed(ev.SocialSecurityCardRead(SOCIAL))
    assert "0004" not in repr(visit.state)
    assert "甄模拟" not in repr(visit.state)


def test_every_kind_of_service_has_one_journey() -> None:
    assert set(RECORDED_JOURNEYS).isdisjoint(INQUIRIES)
    assert set(RECORDED_JOURNEYS) | set(INQUIRIES) == {
        "transit_top_up",
        "account_deposit",
        "id_update",
        "queue_ticket",
        "card_info",
    }
