"""Bringing a new ID card to the bank, at a conductor: touches, hints, time, and a bank that may be silent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from journal.reading import read_latest
from kiosk_core.errors import HostSilent
from kiosk_core.id_document import CapturedSide, CaptureNews, DocumentSide, Hint
from kiosk_core.id_update import IdRecord, IdUpdated
from kiosk_core.intents import AnswerField, Cancel, ChooseService, Confirm, Done, FieldAnswer, OpenField, StayHere
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ports import Trace
from kiosk_core.status import DeviceState
from kiosk_core.texts import Words
from tests.kiosk_core.id_cards import back, front
from tests.kiosk_core.journey import SERVICE as TOP_UP
from tests.kiosk_core.test_id_update import SERVICE
from tests.openteller.stage import Host, Stage


class Capture:
    """A DocumentCapture that tells what the test says."""

    def __init__(self) -> None:
        self.side: DocumentSide | None = None
        self.tell: Callable[[CaptureNews], None] = lambda _: None
        self.stops = 0

    def start(self, side: DocumentSide, tell: Callable[[CaptureNews], None]) -> None:
        self.side, self.tell = side, tell

    def stop(self) -> None:
        self.stops += 1
        self.side = None


class Bank(Host):
    """A bank that takes every card, where its line lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[IdRecord] = []
        self.answers = True
        self.tells: bool | None = None

    def update_id(self, _: Trace, record: IdRecord) -> IdUpdated:
        if not self.answers:
            raise HostSilent("nothing came back")
        self.taken.append(record)
        return IdUpdated("000000000123")

    def id_was_updated(self, _: Trace) -> bool:
        if self.tells is None:
            raise HostSilent("nothing came back")
        return self.tells


class Terminal(Stage):
    """A stage with a camera."""

    def __init__(self, folder: Path) -> None:
        self.capture, self.bank = Capture(), Bank()
        super().__init__(folder, host=self.bank, services=(TOP_UP, SERVICE), documents=self.capture)
        self.in_service()
        self.report("camera")

    def tell(self, news: CaptureNews) -> None:
        self.capture.tell(news)
        self.settle()

    def begin(self) -> "Terminal":
        self.touch(ChooseService(service_id="id_update"))
        assert self.page.kind == "scan"
        return self

    def capture_both(self, front_side: CapturedSide | None = None, back_side: CapturedSide | None = None) -> "Terminal":
        self.tell(front_side or front())
        self.tell(back_side or back())
        assert self.page.kind == "form"
        return self

    @property
    def rows(self) -> list[L]:
        (transaction,) = read_latest(self.folder, 10)
        return [row.state for row in transaction.rows]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def title(terminal: Terminal) -> Any:
    return terminal.page.title  # type: ignore[union-attr]


def test_a_card_goes_from_the_camera_to_the_bank(terminal: Terminal) -> None:
    terminal.begin().capture_both(front("name"))
    terminal.touch(OpenField(name="name"))
    terminal.touch(AnswerField(name="name", answer=FieldAnswer.RIGHT))
    terminal.touch(Confirm())
    assert title(terminal) == Words("id_update.updated.title")
    assert terminal.rows == [L.NEW, L.CARD_READ, L.UPDATE_REQ, L.DONE, L.DONE]  # the last is the receipt's note
    (record,) = terminal.bank.taken
    assert record.number.reveal() == "110101199003070003"
    terminal.touch(Done())
    assert terminal.page.kind == "menu"


def test_without_what_captures_cards_the_service_is_not_offered(tmp_path: Path) -> None:
    stage = Stage(tmp_path, services=(TOP_UP, SERVICE)).in_service()
    assert [item.service_id for item in stage.home.items] == ["transit_top_up"]


def test_a_camera_that_is_out_of_service_is_said_on_the_tile(terminal: Terminal) -> None:
    terminal.report("camera", DeviceState.OFFLINE)
    (item,) = (item for item in terminal.home.items if item.service_id == "id_update")
    assert item.unavailable == Words("unavailable.camera")


def test_who_lays_nothing_down_is_asked_and_then_let_go(terminal: Terminal) -> None:
    terminal.begin().pass_time(90)
    assert terminal.page.warning_s == 20
    terminal.pass_time(20)
    assert terminal.page.kind == "menu"
    assert terminal.capture.stops == 1
    assert terminal.rows[-1] is L.ABANDONED


def test_who_is_still_there_may_go_on(terminal: Terminal) -> None:
    terminal.begin().pass_time(90)
    terminal.touch(StayHere())
    assert terminal.page.warning_s is None
    terminal.capture_both()


def test_who_moves_the_card_is_there_but_not_for_ever(terminal: Terminal) -> None:
    terminal.begin()
    for hint in (Hint.GLARE, Hint.HOLD_STILL) * 2:
        terminal.pass_time(40)
        terminal.tell(hint)
        assert terminal.page.warning_s is None
    terminal.pass_time(20)
    assert title(terminal) == Words("id_update.not_read.title")


@pytest.mark.parametrize("kind", ["form", "field"])
def test_a_form_that_nobody_touches_is_wiped(terminal: Terminal, kind: str) -> None:
    side = front("name")
    crop = side.fields[0].crop
    assert crop is not None
    terminal.begin().capture_both(side)
    if kind == "field":
        terminal.touch(OpenField(name="name"))
    assert terminal.page.kind == kind
    terminal.pass_time(90)
    terminal.pass_time(20)
    assert terminal.page.kind == "menu"
    assert set(crop.png) == {0}


def test_what_is_captured_for_one_who_has_gone_is_wiped(terminal: Terminal) -> None:
    tell = terminal.begin().capture.tell
    terminal.touch(Cancel())
    terminal.touch(Done())
    late = front("name")
    tell(late)
    terminal.settle()
    assert late.fields[0].crop is not None
    assert set(late.fields[0].crop.png) == {0}
    assert terminal.page.kind == "menu"


@pytest.mark.parametrize(
    ("tells", "page", "rows"),
    [
        (True, "updated", [L.NEW, L.CARD_READ, L.UPDATE_REQ, L.DONE, L.DONE]),
        (False, "host_silent", [L.NEW, L.CARD_READ, L.UPDATE_REQ, L.ABANDONED]),
        (None, "pending", [L.NEW, L.CARD_READ, L.UPDATE_REQ, L.UPDATE_REQ]),
    ],
)
def test_a_silent_bank_is_asked_and_the_customer_told_the_truth(
    terminal: Terminal, tells: bool | None, page: str, rows: list[L]
) -> None:
    terminal.bank.answers, terminal.bank.tells = False, tells
    terminal.begin().capture_both()
    terminal.touch(Confirm())
    assert title(terminal) == Words(f"id_update.{page}.title")
    assert terminal.rows == rows


def test_what_nobody_knew_is_asked_again_in_the_pauses_until_it_is_known(terminal: Terminal) -> None:
    terminal.bank.answers = False
    terminal.begin().capture_both()
    terminal.touch(Confirm())
    terminal.touch(Done())
    terminal.bank.tells = True
    for _ in range(10):
        terminal.pass_time(2)
    assert terminal.rows[-1] is L.DONE
    assert terminal.bank.taken == []


@pytest.mark.parametrize("cut", ["scan", "form", "sent"])
def test_after_a_power_cut_nothing_is_changed_or_the_bank_has_it(tmp_path: Path, cut: str) -> None:
    before = Terminal(tmp_path / "a")
    before.bank.answers = False
    before.begin()
    if cut != "scan":
        before.capture_both()
    if cut == "sent":
        before.touch(Confirm())
    assert before.rows[-1] is {"scan": L.NEW, "form": L.CARD_READ, "sent": L.UPDATE_REQ}[cut]
    before.journal.close()
    after = Terminal(tmp_path / "a")
    after.bank.tells = True
    for _ in range(10):
        after.pass_time(2)
    assert after.rows[-1] is (L.DONE if cut == "sent" else L.ABANDONED)
    assert after.bank.taken == []


def test_the_journal_has_nothing_of_the_card_but_the_end_of_its_number(terminal: Terminal) -> None:
    terminal.begin().capture_both(front("address"))
    terminal.touch(OpenField(name="address"))
    terminal.touch(AnswerField(name="address", answer=FieldAnswer.COUNTER))
    terminal.touch(Confirm())
    (transaction,) = read_latest(terminal.folder, 10)
    facts = transaction.facts
    assert {key: facts[key] for key in ("asked", "changed", "open", "id_number", "rrn")} == {
        "asked": "address",
        "changed": "",
        "open": "address",
        "id_number": "**************0003",
        "rrn": "000000000123",
    }
    data = b"".join(path.read_bytes() for path in terminal.folder.iterdir() if path.is_file())
    for secret in ("110101199003070003", "甄模拟", "虚构胡同", "东城分局", "1990-03-07", "2046-01-01"):
        assert secret.encode() not in data


def test_a_second_tap_answers_no_other_field(terminal: Terminal) -> None:
    terminal.begin().capture_both(front("name", "address"))
    terminal.touch(OpenField(name="name"))
    number = terminal.shown[-1].number
    terminal.touch(AnswerField(name="name", answer=FieldAnswer.RIGHT))
    terminal.touch(AnswerField(name="name", answer=FieldAnswer.RIGHT), number)
    assert terminal.page.kind == "field"
    assert terminal.page.field.name == "address"  # type: ignore[union-attr]
