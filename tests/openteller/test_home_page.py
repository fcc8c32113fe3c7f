"""The home page: what can be had, why not, in which language."""

from pathlib import Path

import pytest

from kiosk_core.errors import JournalUnavailable
from kiosk_core.intents import Cancel, ChangeLanguage, ChooseService, Done
from kiosk_core.pages import MenuPage
from kiosk_core.status import DeviceState, Media
from tests.kiosk_core.journey import SERVICE
from tests.openteller.stage import Stage


def test_the_home_page_offers_what_can_be_had(stage: Stage) -> None:
    assert stage.home.items[0].unavailable is None
    assert stage.home.notice is None


def test_a_dead_reader_is_said_on_the_tile(stage: Stage) -> None:
    stage.report("top_up_module", DeviceState.OFFLINE)
    assert stage.home.items[0].unavailable is not None
    assert stage.home.items[0].unavailable.key == "unavailable.top_up_module"
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert isinstance(stage.page, MenuPage)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    assert stage.home.items[0].unavailable is None


def test_a_dead_host_is_said_and_noticed_again_when_it_is_back(stage: Stage) -> None:
    stage.host.is_online = False
    stage.pass_time(15.0)
    assert stage.home.items[0].unavailable is not None
    assert stage.home.items[0].unavailable.key == "unavailable.bank_host"
    stage.host.is_online = True
    stage.pass_time(1.0)
    assert stage.home.items[0].unavailable is None


def test_a_card_that_was_left_is_said(stage: Stage) -> None:
    stage.report("top_up_module", media=Media.PRESENT)
    assert stage.home.notice is not None
    assert stage.home.notice.key == "home.take_card"


def test_a_terminal_without_its_reader_starts_all_the_same(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "journal")
    stage.settle()
    assert stage.shown == []
    stage.pass_time(3.0)
    assert stage.home.items[0].unavailable is not None
    stage.journal.close()


def test_the_language_goes_back_when_the_customer_has_gone(stage: Stage) -> None:
    stage.touch(ChangeLanguage(language="en"))
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.touch(Cancel())
    stage.touch(Done())
    assert stage.shown[-1].language == "zh"


def test_the_language_goes_back_when_nobody_chooses_anything(stage: Stage) -> None:
    stage.touch(ChangeLanguage(language="en"))
    assert stage.home.idle_s == 60
    stage.pass_time(60)
    assert stage.shown[-1].language == "zh"
    assert stage.home.idle_s is None


def test_a_journal_that_cannot_be_written_takes_the_terminal_out_of_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(stage.journal, "begin", full)
        stage.touch(ChooseService(service_id=SERVICE.id))
        assert stage.home.items[0].unavailable is not None
        assert stage.home.items[0].unavailable.key == "unavailable.journal"
        stage.pass_time(30)
        assert stage.home.items[0].unavailable is not None
    stage.pass_time(30)
    assert stage.home.items[0].unavailable is None
