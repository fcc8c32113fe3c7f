"""What the host has not acknowledged, sent again by the conductor: soon, then ever more seldom, until it answers."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from journal.store import SqliteJournal
from journal.story import tell
from kiosk_core.errors import HostSilent, JournalUnavailable
from kiosk_core.intents import ChooseService
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, MenuPage, MessagePage
from kiosk_core.ports import ReversalReason, Reversed, SuspenseReport, Trace
from kiosk_core.status import DeviceState
from kiosk_core.texts import Words
from openteller.open_cases import LOOK_SECONDS, OpenCases
from tests.kiosk_core.journey import SERVICE
from tests.openteller.stage import Host, Stage


@dataclass
class Deaf(Host):
    """A host that answers echo tests, and no reversal before the one numbered `answers_from`."""

    answers_from: int = 1_000_000
    asked_at: list[float] = field(default_factory=list)
    stage: Stage | None = None

    def reverse(self, trace: Trace, amount_fen: int, reason: ReversalReason) -> Reversed:
        assert self.stage is not None
        self.asked_at.append(self.stage.clock.now())
        if len(self.asked_at) < self.answers_from:
            raise HostSilent("the bank host did not answer within 10 s")
        return Reversed(amount_fen)


def stage_with_reversal(folder: Path, host: Deaf) -> tuple[Stage, str]:
    stage = Stage(folder, host=host)
    host.stage = stage
    transaction = stage.journal.begin({"service": "transit_topup", "amount_fen": 5000}).id
    stage.journal.record(transaction, L.FUND_REQ, {})
    stage.journal.record(transaction, L.REV_REQ, {"reason": "98"})
    return stage, transaction


def live(stage: Stage, seconds: int) -> None:
    stage.report("top_up_module")
    stage.report("receipt_printer")
    for _ in range(seconds * 2):
        stage.clock.sleep(0.5)
        stage.settle()


def test_a_reversal_is_sent_again_with_pauses_that_double(tmp_path: Path) -> None:
    host = Deaf()
    stage, transaction = stage_with_reversal(tmp_path, host)
    live(stage, 140)
    first = host.asked_at[0]
    pauses = [later - earlier for earlier, later in zip(host.asked_at, host.asked_at[1:], strict=False)]
    assert first <= 4
    for pause, expected in zip(pauses, [2, 4, 8, 16, 32, 64], strict=True):
        assert expected <= pause <= expected + 2  # a host that was silent must first answer an echo test again
    (waiting,) = stage.conductor.unacknowledged
    assert (waiting.transaction, waiting.state, waiting.amount_fen, waiting.tries) == (transaction, L.REV_REQ, 5000, 7)


def test_once_it_is_answered_nothing_waits(tmp_path: Path) -> None:
    host = Deaf(answers_from=3)
    stage, _ = stage_with_reversal(tmp_path, host)
    live(stage, 60)
    assert len(host.asked_at) == 3
    assert stage.journal.unsettled() == ()
    assert stage.conductor.unacknowledged == ()


NEVER_CONFIRMED = "0" * 64


@dataclass
class Notary(Host):
    """A host that is told heads; it is deaf to the first `deaf_to` of them, and takes them if it `believes`.

    What it does not believe at first it does once staff have confirmed it.
    """

    deaf_to: int = 0
    believes: bool = True
    heads: list[tuple[int, str]] = field(default_factory=list)
    reversals: list[ReversalReason] = field(default_factory=list)

    def report_journal_head(self, number: int, digest: str, confirmed: str) -> bool:
        self.heads.append((number, digest))
        if len(self.heads) <= self.deaf_to:
            raise HostSilent("the bank host did not answer within 10 s")
        return self.believes or confirmed != NEVER_CONFIRMED


def stage_with_rows(folder: Path, host: Host, rows: int) -> Stage:
    stage = Stage(folder, host=host)
    for _ in range(rows // 2):
        transaction = stage.journal.begin({"service": "transit_topup"}).id
        stage.journal.record(transaction, L.ABANDONED, {})
    return stage


def test_the_host_is_told_the_newest_row_at_the_start_and_whenever_there_are_new_ones(tmp_path: Path) -> None:
    host = Notary()
    stage = Stage(tmp_path, host=host)
    live(stage, 40)
    assert host.heads == [(0, "0" * 64)]
    transaction = stage.journal.begin({"service": "transit_topup"}).id
    stage.journal.record(transaction, L.ABANDONED, {})
    live(stage, 200)
    assert host.heads[1:] == [stage.journal.head()]
    assert host.heads[1][0] == 2


def test_a_head_that_was_not_answered_is_told_again_and_nobody_is_served_before(tmp_path: Path) -> None:
    host = Notary(deaf_to=2)
    stage = Stage(tmp_path, host=host).in_service()
    stage.pass_time(3)
    assert unavailable(stage) == "unavailable.bank_host"
    live(stage, 10)
    assert len(host.heads) == 3
    assert unavailable(stage) is None


def test_a_host_that_comes_when_the_terminal_has_long_been_started_is_told_at_once(tmp_path: Path) -> None:
    host = Notary()
    host.is_online = False
    stage = Stage(tmp_path, host=host).in_service()
    live(stage, 6)
    assert (host.heads, unavailable(stage)) == ([], "unavailable.bank_host")
    host.is_online = True
    live(stage, 2)
    assert (len(host.heads), unavailable(stage)) == (1, None)


def unavailable(stage: Stage) -> str | None:
    why = stage.home.items[0].unavailable
    return why.key if why is not None else None


def test_a_terminal_whose_journal_the_host_does_not_take_is_out_of_service_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = stage_with_rows(tmp_path, Notary(believes=False), 12)
    live(stage, 70)
    assert unavailable(stage) == "unavailable.journal"
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert line == stage.conductor.head_problem
    assert line.startswith("this terminal's journal has 12 rows, and the bank host knows more of it, or another one of")
    assert "say so with `openteller journal confirm-disk`" in line
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert isinstance(stage.page, MenuPage)
    assert stage.journal.head()[0] == 12


def test_what_is_open_in_a_journal_that_the_host_does_not_take_is_not_gone_on_with_before_it_is_confirmed(
    tmp_path: Path,
) -> None:
    host = Notary(believes=False)
    stage = Stage(tmp_path, host=host)
    transaction = stage.journal.begin({"service": "transit_topup", "amount_fen": 5000}).id
    stage.journal.record(transaction, L.FUND_REQ, {})
    live(stage, 70)
    assert (stage.states, host.reversals) == ([L.FUND_REQ], [])
    stage.conductor.carry_out(lambda: stage.journal.confirm_disk("Li Na", "the disk failed"))
    live(stage, 4)
    assert (stage.states, host.reversals) == ([], [ReversalReason.NO_ANSWER])
    assert unavailable(stage) is None
    assert stage.conductor.head_problem == ""


def test_a_terminal_that_the_host_takes_no_more_goes_out_of_service_between_two_customers(tmp_path: Path) -> None:
    host = Notary()
    stage = Stage(tmp_path, host=host).in_service()
    live(stage, 5)
    assert unavailable(stage) is None
    host.believes = False
    stage.journal.record(stage.journal.begin({}).id, L.ABANDONED, {})
    live(stage, 40)
    assert unavailable(stage) == "unavailable.journal"


@dataclass
class Keeper(Host):
    """A host that is told of loads in suspense; it is silent for the first `silent` reports."""

    silent: int = 0
    keeps: bool = True
    reports: list[tuple[str, SuspenseReport]] = field(default_factory=list)

    def report_suspense(self, trace: Trace, report: SuspenseReport) -> bool:
        self.reports.append((trace.transaction, report))
        if len(self.reports) <= self.silent:
            raise HostSilent("the bank host did not answer within 10 s")
        return self.keeps


IN_DOUBT = {"amount_fen": 5_000, "counter": 23, "old_balance_fen": 2_350, "authorised_at": "20261122101530"}


def in_doubt(stage: Stage, *states: L) -> str:
    """A load whose 80 52 has left, and what came of it."""
    transaction = stage.journal.begin({"service": "transit_top_up"}).id
    stage.journal.record(transaction, L.CREDIT_SENT, IN_DOUBT)
    for state in states:
        stage.journal.record(transaction, state, {})
    return transaction


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[tuple[Stage, Keeper]]:
    host = Keeper()
    stage = Stage(tmp_path, host=host)
    yield stage, host
    stage.journal.close()


def test_the_host_is_told_once_of_every_load_in_doubt(keeper: tuple[Stage, Keeper]) -> None:
    stage, host = keeper
    cases = [in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE), in_doubt(stage, L.CARD_UNKNOWN, L.MANUAL)]
    live(stage, 120)
    assert host.reports == [(case, SuspenseReport(5_000, 23, "20261122101530")) for case in cases]
    assert stage.conductor.unacknowledged == ()
    assert stage.states == [L.SUSPENSE, L.MANUAL]  # telling settles nothing


@pytest.mark.parametrize(
    ("keeps", "told"),
    [
        (True, "the bank was told of the case and keeps it open"),
        (False, "the bank was told of the case and knows no such load, or how it ended: ask the bank"),
    ],
)
def test_what_the_host_said_is_noted_and_not_asked_again_after_a_restart(
    keeper: tuple[Stage, Keeper], tmp_path: Path, keeps: bool, told: str
) -> None:
    stage, host = keeper
    host.keeps = keeps
    in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    live(stage, 10)
    (case,) = stage.journal.unsettled()
    assert (case.state, case.facts["reported"], tell(case)[-1].meaning) == (L.SUSPENSE, keeps, told)
    stage.journal.close()
    again = Stage(tmp_path, host=host)
    live(again, 10)
    assert len(host.reports) == 1
    again.journal.close()


def test_a_report_of_which_no_note_can_be_written_is_sent_once_and_the_terminal_goes_out_of_service(
    keeper: tuple[Stage, Keeper], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise JournalUnavailable("cannot write to the journal: the disk is full")

    stage, host = keeper
    monkeypatch.setattr(SqliteJournal, "note", fail)
    in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    live(stage, 60)
    assert len(host.reports) == 1
    assert "the journal is lost, the terminal goes out of service" in caplog.text
    pages = [show.page for show in stage.shown]
    out_of_service = [page.items[0].unavailable for page in pages if isinstance(page, MenuPage)]
    assert Words("unavailable.journal") in out_of_service


def test_a_report_that_is_not_answered_waits_and_is_sent_again(keeper: tuple[Stage, Keeper]) -> None:
    stage, host = keeper
    host.silent = 2
    case = in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    live(stage, 3)
    (waiting,) = stage.conductor.unacknowledged
    assert (waiting.transaction, waiting.state, waiting.amount_fen) == (case, L.SUSPENSE, 5_000)
    live(stage, 20)
    assert len(host.reports) == 3
    assert stage.conductor.unacknowledged == ()


def test_a_case_that_is_settled_meanwhile_is_not_reported_any_more(keeper: tuple[Stage, Keeper]) -> None:
    stage, host = keeper
    host.silent = 1_000_000
    case = in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    live(stage, 10)
    told = len(host.reports)
    assert told >= 2
    stage.journal.record(case, L.SETTLED, {"resolution": "loaded", "by": "Li Na", "reason": "statement"})
    live(stage, 60)
    assert len(host.reports) == told
    assert stage.conductor.unacknowledged == ()


def test_a_host_that_knows_no_such_load_is_an_error_in_the_log(
    keeper: tuple[Stage, Keeper], caplog: pytest.LogCaptureFixture
) -> None:
    stage, host = keeper
    host.keeps = False
    case = in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    live(stage, 120)
    assert len(host.reports) == 1
    (line,) = [record.getMessage() for record in caplog.records if case in record.getMessage()]
    assert "does not keep" in line


@pytest.mark.parametrize("states", [(L.CARD_OK, L.MANUAL), (L.REFUSED, L.REV_REQ, L.MANUAL)])
def test_what_the_card_has_proved_is_not_in_doubt(keeper: tuple[Stage, Keeper], states: tuple[L, ...]) -> None:
    stage, host = keeper
    in_doubt(stage, *states)
    live(stage, 60)
    assert host.reports == []


def test_a_case_without_80_52_is_not_in_doubt(keeper: tuple[Stage, Keeper]) -> None:
    stage, host = keeper
    transaction = stage.journal.begin({"service": "transit_top_up"}).id
    stage.journal.record(transaction, L.FUND_OK, {"amount_fen": 5_000})
    stage.journal.record(transaction, L.MANUAL, {})
    live(stage, 60)
    assert host.reports == []


@dataclass
class Slow:
    """A worker whose answers come when the test says so."""

    owned: Keeper
    asked: list[tuple[Callable[[Any], Any], "Future[Any]"]] = field(default_factory=list)

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self.asked.append((work, future))
        return future

    def answer(self) -> None:
        work, future = self.asked.pop(0)
        future.set_result(work(self.owned))


def test_one_report_is_under_way_at_a_time(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    first, second = in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE), in_doubt(stage, L.CARD_UNKNOWN, L.SUSPENSE)
    worker, later = Slow(Keeper()), list[Callable[[], None]]()
    cases = OpenCases(stage.journal, worker, stage.clock, later.append, lambda: None)  # type: ignore[arg-type]
    cases.introduce()
    cases.look(host_online=True)
    assert len(worker.asked) == 1  # before the host has taken the journal it is told of no case in it
    worker.answer()
    later.pop()()
    for _ in range(3):
        cases.look(host_online=True)
    assert len(worker.asked) == 1
    assert cases.look_due > stage.clock.now()  # the conductor does not look again and again for it
    worker.answer()
    later.pop()()
    assert cases.look_due <= stage.clock.now()
    cases.look(host_online=True)
    while worker.asked:  # the head has grown by a note
        worker.answer()
    assert [case for case, _ in worker.owned.reports] == [first, second]
    stage.journal.close()


@dataclass
class Later:
    """A worker that does what it is asked when the test says so."""

    owned: Any
    waits: bool = False
    asked: list[Callable[[], None]] = field(default_factory=list)

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self.asked.append(lambda: future.set_result(work(self.owned)))
        if not self.waits:
            self.go_on()
        return future

    def go_on(self) -> None:
        while self.asked:
            self.asked.pop(0)()


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[Stage, Later]]:
    """A terminal on its home page that begins to give money back, and a bank that has not answered yet."""
    workers: list[Later] = []

    def worker(host: Host) -> Later:
        workers.append(Later(host))
        return workers[0]

    host = Deaf(answers_from=1)
    stage = host.stage = Stage(tmp_path, host=host, host_worker=worker)
    live(stage, 1)
    transaction = stage.journal.begin({"service": "transit_topup", "amount_fen": 5000}).id
    stage.journal.record(transaction, L.REV_REQ, {"reason": "98"})
    workers[0].waits = True
    stage.pass_time(LOOK_SECONDS)
    assert stage.home.items[0].unavailable is None
    assert not stage.conductor.idle
    yield stage, workers[0]
    stage.journal.close()


def test_who_touches_a_service_while_an_earlier_case_is_settled_is_told_so_and_served_then(
    busy: tuple[Stage, Later],
) -> None:
    stage, bank = busy
    stage.touch(ChooseService(service_id=SERVICE.id))
    assert stage.page == MessagePage(title=Words("one_moment.title"), body=Words("one_moment.body"))
    bank.go_on()
    stage.settle()
    assert isinstance(stage.page, CapturePage)
    assert stage.page.title == Words("top_up.place_card.title")
    assert MenuPage not in [type(each.page) for each in stage.shown[-2:]]


def test_who_waited_for_what_cannot_be_had_any_more_sees_why(busy: tuple[Stage, Later]) -> None:
    stage, bank = busy
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", DeviceState.OFFLINE)
    bank.go_on()
    stage.settle()
    assert stage.home.items[0].unavailable is not None


def test_who_touches_nothing_sees_nothing_of_it(busy: tuple[Stage, Later]) -> None:
    stage, bank = busy
    before = len(stage.shown)
    bank.go_on()
    stage.settle()
    assert len(stage.shown) == before
    assert stage.conductor.idle
