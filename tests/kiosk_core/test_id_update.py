"""A customer's new ID card: events in, pages, rows and questions out."""

from datetime import date
from typing import Any

import pytest

from kiosk_core.errors import Fault
from kiosk_core.id_document import CapturedSide, CaptureProblem, DocumentRisk, DocumentSide, Hint
from kiosk_core.id_update import IdRecord, IdRefused, IdUpdated, UpdateRefusal
from kiosk_core.intents import FieldAnswer
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys import id_update
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.id_update import Outcome, Step
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import (
    FieldEntry,
    FieldPage,
    FieldState,
    FormPage,
    Page,
    Picture,
    ProgressPage,
    ResultPage,
    ScanPage,
    Tone,
)
from kiosk_core.receipt import Pair, TextLine
from kiosk_core.risk import loads_of
from kiosk_core.services import IdUpdate
from kiosk_core.texts import LocalText, Words
from tests.kiosk_core.id_cards import BACK_TEXTS, FRONT_TEXTS, back, front, risky
from tests.kiosk_core.journey import TERMINAL, transaction

SERVICE = IdUpdate(
    kind="id_update",
    id="id_update",
    icon="id_card",
    title=LocalText("更新身份证信息", "Update my ID card"),
    subtitle=LocalText("", ""),
)
FRONT, BACK = DocumentSide.FRONT, DocumentSide.BACK
TAKEN = ev.IdUpdateAnswered(IdUpdated("000000000123"))
SILENT = ev.IdUpdateUnanswered()


def begun() -> id_update.Next:
    return id_update.begin(SERVICE, TERMINAL, transaction(kind="id_update"), "zh")


class Visit:
    """Feeds events to the table and remembers all effects."""

    def __init__(self, started: id_update.Next | None = None) -> None:
        self.state, effects = started or begun()
        self.effects = list(effects)

    def feed(self, *happened: ev.Event) -> "Visit":
        for event in happened:
            self.state, effects = id_update.advance(self.state, event)
            self.effects += effects
        return self

    def next(self, event: ev.Event) -> tuple[do.Effect, ...]:
        before = len(self.effects)
        return tuple(self.feed(event).effects[before:])

    def shown(self, *happened: ev.Event) -> Any:
        return self.feed(*happened).page

    @property
    def page(self) -> Page:
        return [effect.page for effect in self.effects if isinstance(effect, do.Show)][-1]

    @property
    def rows(self) -> list[L]:
        return [effect.state for effect in self.effects if isinstance(effect, do.Record)]

    @property
    def facts(self) -> dict[str, Any]:
        return {
            key: value
            for effect in self.effects
            if isinstance(effect, do.Record)
            for key, value in effect.facts.items()
        }

    @property
    def told(self) -> IdRecord:
        (record,) = (effect.record for effect in self.effects if isinstance(effect, do.UpdateId))
        return record


def told(side: DocumentSide, news: Any) -> ev.CaptureTold:
    return ev.CaptureTold(side, news)


def captured(front_side: CapturedSide, back_side: CapturedSide) -> tuple[ev.CaptureTold, ev.CaptureTold]:
    return told(FRONT, front_side), told(BACK, back_side)


def at_form(front_side: CapturedSide | None = None, back_side: CapturedSide | None = None) -> Visit:
    return Visit().feed(*captured(front_side or front(), back_side or back()))


def right(name: str) -> ev.FieldAnswered:
    return ev.FieldAnswered(name, FieldAnswer.RIGHT)


def typed(name: str, text: str) -> ev.FieldAnswered:
    return ev.FieldAnswered(name, FieldAnswer.TYPED, text)


def sent() -> Visit:
    return at_form().feed(ev.FormConfirmed())


# -- the card under the camera -------------------------------------------------------------------------------


def test_the_front_is_asked_for_first_then_the_back() -> None:
    visit = Visit()
    assert do.CaptureSide(FRONT) in visit.effects
    page = visit.page
    assert isinstance(page, ScanPage)
    assert (page.current, page.picture, page.good) == (0, Picture.ID_CARD_FRONT, False)
    assert page.hint == Words("id_update.hint.front.lay_down")
    assert do.CaptureSide(BACK) in visit.next(told(FRONT, front()))
    page = visit.page
    assert isinstance(page, ScanPage)
    assert (page.current, page.picture) == (1, Picture.ID_CARD_BACK)
    assert page.hint == Words("id_update.hint.back.turn_over")


@pytest.mark.parametrize("hint", Hint)
def test_a_hint_is_shown_at_once_and_alone(hint: Hint) -> None:
    visit = Visit()
    (show,) = visit.next(told(FRONT, hint))
    assert isinstance(show, do.Show)
    page = visit.page
    assert isinstance(page, ScanPage)
    each = "front." if hint in {Hint.LAY_DOWN, Hint.TURN_OVER} else ""
    assert page.hint == Words(f"id_update.hint.{each}{hint.value}")
    assert page.good is (hint is Hint.READING)


def test_what_comes_late_of_the_other_side_is_wiped_and_means_nothing() -> None:
    visit = Visit().feed(told(FRONT, front()))
    late = front()
    assert visit.next(told(FRONT, late)) == (do.Wipe((late,)),)
    assert visit.next(told(FRONT, Hint.GLARE)) == ()
    assert visit.state.step is Step.CAPTURE


@pytest.mark.parametrize("problem", CaptureProblem)
def test_a_camera_that_is_lost_in_the_middle_ends_it_with_nothing_changed(problem: CaptureProblem) -> None:
    visit = Visit().feed(told(FRONT, front()), told(BACK, problem))
    assert visit.rows == [L.ABANDONED]
    assert visit.facts == {"why": problem.value}
    assert do.StopCapture() in visit.effects
    assert visit.page.title == Words("id_update.out_of_service.title")  # type: ignore[union-attr]


def test_a_side_that_is_not_captured_in_time_ends_it() -> None:
    visit = Visit()
    assert do.StartTimer(Timer.SIDE, 180) in visit.effects
    visit.feed(ev.TimerFired(Timer.SIDE))
    assert visit.rows == [L.ABANDONED]
    assert visit.state.outcome is Outcome.NOT_READ
    assert do.StopCapture() in visit.effects


@pytest.mark.parametrize("risk", [DocumentRisk.PHOTOCOPY, DocumentRisk.SCREEN, DocumentRisk.EDITED])
def test_what_looks_like_no_original_is_looked_at_once_more_then_refused(risk: DocumentRisk) -> None:
    visit = Visit()
    assert do.CaptureSide(FRONT) in visit.next(told(FRONT, risky(front(), risk)))
    assert visit.page.problem == Words("id_update.problem.original")  # type: ignore[union-attr]
    visit.feed(told(FRONT, risky(front(), risk)))
    assert visit.rows == [L.ABANDONED]
    assert visit.facts == {"why": risk.value}
    assert visit.state.outcome is Outcome.NOT_ORIGINAL


def test_an_original_that_looked_odd_once_is_believed() -> None:
    visit = Visit().feed(told(FRONT, risky(front(), DocumentRisk.EDITED)), *captured(front(), back()))
    assert visit.state.step is Step.FORM


def test_a_card_that_has_run_out_is_refused_with_what_to_do() -> None:
    old = back(valid_from="2016-01-01", valid_until="2026-01-01")
    visit = Visit().feed(told(FRONT, front(birth="1998-03-07")), told(BACK, old))
    assert visit.state.outcome is Outcome.EXPIRED
    assert visit.rows == [L.ABANDONED]


def test_whether_it_has_run_out_is_not_said_of_a_day_that_is_in_doubt() -> None:
    page = at_form(back_side=back("valid_until", valid_until="2026-01-01")).page
    assert isinstance(page, FormPage)
    assert page.fields[0].name == "valid_until"


def test_a_back_that_cannot_be_of_this_card_is_asked_for_once_more_then_its_days_are_asked() -> None:
    child = back(valid_from="2024-01-01", valid_until="2029-01-01")  # five years: of somebody below 16
    visit = Visit().feed(told(FRONT, front()))
    assert do.CaptureSide(BACK) in visit.next(told(BACK, child))
    assert visit.page.problem == Words("id_update.problem.other_card")  # type: ignore[union-attr]
    page = visit.shown(told(BACK, child))
    asked = [each.name for each in page.fields if each.state is FieldState.ASKED]
    assert asked == ["birth", "valid_from", "valid_until"]


# -- the form ------------------------------------------------------------------------------------------------


def test_all_fields_are_shown_those_in_doubt_first_with_their_pictures() -> None:
    visit = at_form(front("address"), back("valid_until"))
    page = visit.page
    assert isinstance(page, FormPage)
    assert [each.name for each in page.fields[:2]] == ["address", "valid_until"]
    assert [bool(each.crop) for each in page.fields] == [True, True] + [False] * 7
    assert {each.name: each.text for each in page.fields} == FRONT_TEXTS | BACK_TEXTS
    assert page.body == Words("id_update.form.asked", {"count": "2"})
    assert visit.rows == [L.CARD_READ]
    assert visit.facts == {"asked": "address,valid_until"}


def test_a_page_with_too_many_pictures_leaves_some_out() -> None:
    names = (*FRONT_TEXTS, *BACK_TEXTS)
    first, second = front(*FRONT_TEXTS), back(*BACK_TEXTS)
    for each in first.fields + second.fields:
        assert each.crop is not None
        each.crop.png[:] = bytes(9_000)
    page = at_form(first, second).page
    assert isinstance(page, FormPage)
    assert [each.name for each in page.fields] == list(names)
    assert [bool(each.crop) for each in page.fields] == [True] * 3 + [False] * 6


def test_what_is_asked_is_asked_one_after_the_other_then_all_is_shown() -> None:
    visit = at_form(front("name", "address"))
    page = visit.shown(ev.FieldOpened("name"))
    assert isinstance(page, FieldPage)
    assert (page.field.name, page.entry, page.may_stay_open) == ("name", FieldEntry.TEXT, False)
    assert page.field.crop != ""
    page = visit.shown(right("name"))
    assert isinstance(page, FieldPage)
    assert (page.field.name, page.may_stay_open) == ("address", True)
    page = visit.shown(right("address"))
    assert isinstance(page, FormPage)
    assert {each.state for each in page.fields} == {FieldState.SURE}


def test_an_answer_about_another_field_is_a_second_tap() -> None:
    visit = at_form(front("name", "address")).feed(ev.FieldOpened("name"), right("name"))
    assert visit.next(right("name")) == ()


def test_nothing_is_sent_while_something_is_asked() -> None:
    assert at_form(front("name")).next(ev.FormConfirmed()) == ()


def test_a_sure_field_can_be_corrected_too() -> None:
    visit = at_form().feed(ev.FieldOpened("ethnicity"))
    page = visit.page
    assert isinstance(page, FieldPage)
    assert page.entry is FieldEntry.CHOICE
    assert (page.choices[0], page.choices[-1], len(page.choices)) == ("汉", "基诺", 56)
    page = visit.shown(typed("ethnicity", "满"))
    assert [(each.text, each.state) for each in page.fields if each.name == "ethnicity"] == [("满", FieldState.CHANGED)]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("id_number", "110101199003070004", "number"),  # the last one does not check
        ("id_number", "11010119900307", "number"),
        ("id_number", "11010120900307000X", "number"),  # born in 2090
        ("birth", "1990-02-30", "date"),
        ("birth", "2026-11-23", "date"),  # tomorrow
        ("birth", "1990-03-08", "number_disagrees"),
        ("sex", "男", "number_disagrees"),
        ("sex", "x", "choice"),
        ("ethnicity", "火星", "choice"),
        ("valid_from", "2046-01-01", "date"),
        ("valid_until", "2025-12-31", "order"),
        ("valid_until", "", "empty"),
    ],
)
def test_what_cannot_be_right_is_asked_again_with_what_is_wrong(name: str, text: str, problem: str) -> None:
    page = at_form().shown(ev.FieldOpened(name), typed(name, text))
    assert isinstance(page, FieldPage)
    assert page.problem == Words(f"id_update.field_problem.{problem}")


def test_a_number_that_is_typed_tells_birth_and_sex_that_were_in_doubt() -> None:
    visit = at_form(front("id_number", "birth", "sex", id_number="1101011990030700", birth="", sex=""))
    page = visit.shown(ev.FieldOpened("id_number"), typed("id_number", "110101199003070003"))
    assert isinstance(page, FormPage)
    texts = {each.name: each.text for each in page.fields}
    assert (texts["birth"], texts["sex"]) == ("1990-03-07", "女")


def test_a_number_that_disagrees_with_what_was_sure_has_that_asked() -> None:
    visit = at_form().feed(ev.FieldOpened("id_number"))
    page = visit.shown(typed("id_number", "110101199103070000"))
    assert isinstance(page, FieldPage)
    assert page.field.name == "birth"


def test_number_birth_and_sex_are_asked_where_the_picture_says_that_they_disagree() -> None:
    page = at_form(risky(front(), DocumentRisk.NUMBER_DISAGREES)).page
    assert isinstance(page, FormPage)
    assert [each.name for each in page.fields[:3]] == ["sex", "birth", "id_number"]


def test_a_card_without_an_end_is_chosen() -> None:
    visit = at_form(back_side=back("valid_until", valid_until="")).feed(ev.FieldOpened("valid_until"))
    page = visit.page
    assert isinstance(page, FieldPage)
    assert page.entry is FieldEntry.LAST_DAY
    visit.feed(typed("valid_until", "长期"), ev.FormConfirmed())
    assert visit.told.valid_until is None


def test_a_day_that_was_typed_and_has_passed_ends_it_too() -> None:
    visit = at_form(back_side=back("valid_until", valid_until="")).feed(ev.FieldOpened("valid_until"))
    visit.feed(typed("valid_until", "2026-11-21"), ev.FormConfirmed())
    assert visit.state.outcome is Outcome.EXPIRED


def test_a_wrong_address_is_left_to_the_counter() -> None:
    visit = at_form(front("address")).feed(
        ev.FieldOpened("address"), ev.FieldAnswered("address", FieldAnswer.COUNTER), ev.FormConfirmed()
    )
    assert visit.told.address is None
    assert visit.facts["open"] == "address"
    page = visit.shown(TAKEN, ev.ReceiptPrinted())
    assert page.reason == Words("id_update.open")


def test_a_wrong_name_is_the_counter_s_matter_altogether() -> None:
    visit = at_form(front("name")).feed(ev.FieldOpened("name"), ev.FieldAnswered("name", FieldAnswer.COUNTER))
    assert visit.state.outcome is Outcome.COUNTER
    assert visit.rows == [L.CARD_READ, L.ABANDONED]


@pytest.mark.parametrize("name", ["sex", "id_number", "valid_until"])
def test_what_can_be_typed_is_not_left_to_the_counter(name: str) -> None:
    visit = at_form().feed(ev.FieldOpened(name))
    assert visit.next(ev.FieldAnswered(name, FieldAnswer.COUNTER)) == ()


@pytest.mark.parametrize("name", ["name", "address", "authority"])
def test_nobody_types_chinese_here(name: str) -> None:
    visit = at_form().feed(ev.FieldOpened(name))
    assert visit.next(typed(name, "别的")) == ()


def test_a_side_is_captured_again_and_what_was_typed_stays() -> None:
    visit = at_form(front("name", "ethnicity", ethnicity="漢"))
    visit.feed(ev.FieldOpened("ethnicity"), typed("ethnicity", "满"))
    effects = visit.next(ev.FieldAnswered("name", FieldAnswer.AGAIN))
    assert do.CaptureSide(FRONT) in effects
    page = visit.shown(told(FRONT, front()))
    assert isinstance(page, FormPage)
    states = {each.name: (each.text, each.state) for each in page.fields}
    assert states["name"] == ("甄模拟", FieldState.SURE)
    assert states["ethnicity"] == ("满", FieldState.CHANGED)


# -- the bank ------------------------------------------------------------------------------------------------


def test_the_row_is_on_disk_before_the_card_leaves_and_the_pictures_are_wiped() -> None:
    visit = at_form()
    sides = visit.state.sides
    wipe, row, show, ask = visit.next(ev.FormConfirmed())
    assert wipe == do.Wipe(sides)
    assert isinstance(row, do.Record)
    assert row.state is L.UPDATE_REQ
    assert row.facts == {
        "id_number": "**************0003",
        "stan": visit.state.trace.order_stan,
        "changed": "",
        "open": "",
    }
    assert isinstance(show, do.Show)
    assert isinstance(show.page, ProgressPage)
    assert isinstance(ask, do.UpdateId)
    assert (visit.state.sides, visit.state.entries) == ((), ())
    record = visit.told
    assert (record.name.reveal(), record.sex, record.ethnicity) == ("甄模拟", "女", "汉")
    assert (record.birth, record.number.reveal()) == (date(1990, 3, 7), "110101199003070003")
    assert (record.valid_from, record.valid_until) == (date(2026, 1, 1), date(2046, 1, 1))
    assert record.address is not None
    assert record.address.reveal() == "北京市东城区虚构胡同1号"


def test_a_card_that_the_bank_took_is_done_with_a_masked_receipt() -> None:
    visit = sent().feed(TAKEN)
    assert visit.rows == [L.CARD_READ, L.UPDATE_REQ, L.DONE]
    (receipt,) = (effect.receipt for effect in visit.effects if isinstance(effect, do.PrintReceipt))
    values = [each.value for each in receipt.elements if isinstance(each, Pair)]
    assert values[3:] == ["**拟", "**************0003", "2046-01-01"]
    assert any(isinstance(each, TextLine) and each.text == "更新成功" for each in receipt.elements)
    page = visit.shown(ev.ReceiptPrinted())
    assert isinstance(page, ResultPage)
    assert page.tone is Tone.SUCCESS
    assert [fact.text for fact in page.facts] == [
        "**拟",
        "**************0003",
        "2046-01-01",
        "OT000001-20261122-000001",
    ]
    assert page.pictures == (Picture.TAKE_ID_CARD, Picture.TAKE_RECEIPT)


def test_without_paper_the_reference_is_on_the_page() -> None:
    page = sent().shown(TAKEN, ev.ReceiptFailed(Fault.PAPER_OUT))
    assert page.body == Words("id_update.updated.body_no_receipt")


@pytest.mark.parametrize("reason", UpdateRefusal)
def test_a_bank_that_refuses_has_changed_nothing_and_the_page_says_why(reason: UpdateRefusal) -> None:
    visit = sent().feed(ev.IdUpdateAnswered(IdRefused(reason, "K0")))
    assert visit.rows[-1] is L.DECLINED
    assert visit.page.body == Words(f"id_update.refused.body.{reason.value}")  # type: ignore[union-attr]


def test_a_silent_bank_is_asked_what_became_of_it() -> None:
    visit = sent()
    assert visit.next(SILENT) == (do.FindIdUpdate(visit.state.trace),)
    assert visit.feed(ev.IdUpdateFound(taken=True)).rows[-1] is L.DONE


def test_a_card_that_never_arrived_is_told_as_such() -> None:
    visit = sent().feed(SILENT, ev.IdUpdateFound(taken=False))
    assert visit.rows[-1] is L.ABANDONED
    assert visit.state.outcome is Outcome.HOST_SILENT


def test_what_nobody_knows_stays_open_and_the_customer_is_told_so() -> None:
    visit = sent().feed(SILENT, ev.IdUpdateNotFound(), ev.ReceiptPrinted())
    assert visit.rows[-1] is L.UPDATE_REQ
    assert visit.state.outcome is Outcome.PENDING
    assert visit.page.tone is Tone.ATTENTION  # type: ignore[union-attr]


# -- leaving, stops, recovery --------------------------------------------------------------------------------

EVERYWHERE: dict[str, tuple[ev.Event, ...]] = {
    "capture": (),
    "turned": (told(FRONT, front()),),
    "form": captured(front(), back()),
    "field": (*captured(front("name"), back()), ev.FieldOpened("name")),
}


@pytest.mark.parametrize("happened", EVERYWHERE.values(), ids=EVERYWHERE)
def test_who_cancels_is_told_that_nothing_has_changed(happened: tuple[ev.Event, ...]) -> None:
    visit = Visit().feed(*happened, ev.CancelTouched())
    assert visit.rows[-1] is L.ABANDONED
    assert visit.state.outcome is Outcome.CANCELLED
    assert (visit.state.sides, visit.state.entries) == ((), ())


@pytest.mark.parametrize("happened", EVERYWHERE.values(), ids=EVERYWHERE)
def test_of_who_has_gone_nothing_is_left(happened: tuple[ev.Event, ...]) -> None:
    visit = Visit().feed(*happened)
    sides = visit.state.sides
    effects = visit.next(ev.CustomerGone())
    assert visit.rows[-1] is L.ABANDONED
    assert isinstance(effects[-1], do.End) or do.End() in effects
    assert not sides or do.Wipe(sides) in effects


@pytest.mark.parametrize(
    ("happened", "outcome"),
    [
        (EVERYWHERE["form"], Outcome.OUT_OF_SERVICE),
        ((*EVERYWHERE["form"], ev.FormConfirmed()), Outcome.PENDING),
        ((*EVERYWHERE["form"], ev.FormConfirmed(), SILENT), Outcome.PENDING),
        ((*EVERYWHERE["form"], ev.FormConfirmed(), TAKEN), Outcome.UPDATED),
    ],
)
def test_a_terminal_that_cannot_go_on_says_what_is_certain(happened: tuple[ev.Event, ...], outcome: Outcome) -> None:
    visit = Visit().feed(*happened)
    rows = list(visit.rows)
    visit.feed(ev.CannotGoOn())
    assert visit.state.outcome is outcome
    assert visit.rows == rows  # it may be the journal that fails


@pytest.mark.parametrize("states", [(), (L.CARD_READ,)])
def test_after_a_power_cut_what_was_not_sent_is_abandoned(states: tuple[L, ...]) -> None:
    visit = Visit(id_update.resume(transaction(*states, kind="id_update"), SERVICE, TERMINAL))
    assert visit.rows == [L.ABANDONED]
    assert visit.state.step is Step.ENDED


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        (ev.IdUpdateFound(taken=True), [L.DONE]),
        (ev.IdUpdateFound(taken=False), [L.ABANDONED]),
        (ev.IdUpdateNotFound(), []),
    ],
)
def test_after_a_power_cut_what_was_sent_is_asked_for_and_never_sent_again(answer: ev.Event, rows: list[L]) -> None:
    visit = Visit(id_update.resume(transaction(L.CARD_READ, L.UPDATE_REQ, kind="id_update"), SERVICE, TERMINAL))
    assert visit.effects == [do.FindIdUpdate(visit.state.trace)]
    visit.feed(answer)
    assert visit.rows == rows
    assert visit.effects[-1] == do.End()
    assert not any(isinstance(effect, do.Show | do.PrintReceipt) for effect in visit.effects)


def test_it_counts_as_no_load_and_no_money() -> None:
    done = transaction(L.CARD_READ, L.UPDATE_REQ, L.DONE, kind="id_update")
    assert not done.is_about_money
    assert loads_of((done,)) == ()


def test_an_answer_that_nobody_asked_for_is_a_fault() -> None:
    with pytest.raises(ev.UnexpectedEvent):
        Visit().feed(TAKEN)


# -- privacy -------------------------------------------------------------------------------------------------


def test_no_value_of_the_card_is_in_any_repr_row_or_receipt() -> None:
    visit = at_form(front("name", "address"), back("authority"))
    visit.feed(ev.FieldOpened("name"), *(right(name) for name in ("name", "address", "authority")))
    said = repr(visit.state) + repr(typed("id_number", "110101199003070003"))
    visit.feed(ev.FormConfirmed(), TAKEN, ev.ReceiptPrinted())
    said += repr(visit.effects) + repr(visit.state)
    for secret in ("甄模", "虚构胡同", "东城分局", "110101199003070003", "1990-03-07", "2026-01-01"):
        assert secret not in said
