"""The conductor between pages: touches, warnings and a reader that goes away."""

from kiosk_core.intents import Cancel, ChooseAmount, ChooseService, Done, StayHere
from kiosk_core.pages import CapturePage, MenuPage, ResultPage
from kiosk_core.status import DeviceState, Media
from tests.kiosk_core.journey import SERVICE
from tests.openteller.stage import Stage


def test_nobody_waits_with_his_card_at_a_dead_reader(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", DeviceState.OFFLINE)
    stage.pass_time(2.9)
    assert isinstance(stage.page, CapturePage)  # it may be back in a moment
    stage.pass_time(0.1)
    assert isinstance(stage.page, ResultPage)
    assert stage.page.title.key == "out_of_service.title"
    assert stage.states == []


def test_a_reader_that_is_back_in_a_moment_ends_nothing(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", DeviceState.OFFLINE)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.pass_time(10)
    assert isinstance(stage.page, CapturePage)


def test_nobody_is_sent_away_without_a_warning(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert isinstance(stage.page, CapturePage)
    stage.pass_time(60)
    assert stage.page.warning_s == 20
    stage.touch(StayHere())
    assert stage.page.warning_s is None
    stage.pass_time(59)
    stage.touch(StayHere())  # a key was typed: no new page, but the time begins anew
    stage.pass_time(59)
    assert stage.page.warning_s is None
    stage.pass_time(1)
    assert stage.page.warning_s == 20
    stage.pass_time(20)
    assert isinstance(stage.page, MenuPage)
    assert stage.states == []


def test_a_touch_on_the_page_behind_the_warning_still_counts(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    before = stage.shown[-1].number
    stage.pass_time(60)
    stage.touch(Cancel(), number=before)
    assert isinstance(stage.page, ResultPage)


def test_a_touch_on_a_page_that_has_gone_does_nothing(stage: Stage) -> None:
    home = stage.shown[-1].number
    stage.touch(ChooseService(service_id=SERVICE.id))
    shown = len(stage.shown)
    stage.touch(ChooseService(service_id=SERVICE.id), number=home)
    stage.touch(Done(), number=home)
    assert len(stage.shown) == shown


def test_a_touch_that_the_page_does_not_offer_does_nothing(stage: Stage) -> None:
    for intent in (Cancel(), Done(), ChooseAmount(amount_fen=1), StayHere(), ChooseService(service_id="no such")):
        stage.touch(intent)
    assert isinstance(stage.page, MenuPage)
