"""A technician looks through the camera on the screen of a terminal that serves nobody."""

import pytest

from kiosk_core.intents import Cancel, ChooseService
from kiosk_core.pages import CapturePage, MenuPage, Preview
from kiosk_core.status import Media
from tests.kiosk_core.journey import SERVICE
from tests.openteller.stage import Stage


def show_camera(stage: Stage, seconds: int) -> bool:
    shown = stage.conductor.show_camera(seconds, Preview(mirrored=True))
    stage.settle()
    return shown.result(0)


def test_a_technician_sees_the_camera_for_as_long_as_he_asked(stage: Stage) -> None:
    assert show_camera(stage, 20)
    stage.report("top_up_module", media=Media.PRESENT)
    stage.host.is_online = False
    stage.pass_time(19.9)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.preview == Preview(mirrored=True)
    assert stage.conductor.shows_camera
    stage.pass_time(0.1)
    assert stage.home.notice is not None
    assert stage.home.notice.key == "home.take_card"  # what happened meanwhile is on the home page
    assert not stage.conductor.shows_camera


@pytest.mark.parametrize("end", ["customer", "technician"])
def test_the_camera_s_picture_ends_by_a_touch_or_when_the_technician_says_so(stage: Stage, end: str) -> None:
    assert show_camera(stage, 20)
    stage.touch(ChooseService(service_id=SERVICE.id))  # not on this page
    assert isinstance(stage.page, CapturePage)
    if end == "customer":
        stage.touch(Cancel())
    else:
        assert show_camera(stage, 0)
    assert isinstance(stage.page, MenuPage)
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.pass_time(20)
    assert isinstance(stage.page, CapturePage)
    assert stage.page.preview is None  # the customer's own


def test_a_customer_who_is_served_keeps_his_page(stage: Stage) -> None:
    stage.touch(ChooseService(service_id=SERVICE.id))
    shown = len(stage.shown)
    assert not show_camera(stage, 20)
    assert show_camera(stage, 0)  # there is nothing to end
    assert len(stage.shown) == shown
