"""Staff at a running terminal: the clock is confirmed and old archives are retired by the core, in one command each."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from journal.archive import Retention
from journal.retirement import Retirement
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.intents import ChooseService
from kiosk_core.ledger import LedgerState as L
from kiosk_core.screen_messages import Refused
from kiosk_core.staff_questions import (
    ArchivesRetired,
    AskConfirmClock,
    AskConfirmDisk,
    AskRetire,
    ClockConfirmed,
    DiskConfirmed,
)
from kiosk_core.status import Media
from openteller import journal_acts, journal_commands
from openteller.staff_acts import StaffActs
from tests.clocks import RealClock, SetClock
from tests.kiosk_core.journey import SERVICE
from tests.openteller.branch import Branch
from tests.openteller.stage import Stage

DAY = 86_400.0
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
EVIDENCE = ["--by", "Li Na", "--reason", "seen"]


def asked(stage: Stage, question: AskConfirmClock | AskConfirmDisk | AskRetire) -> object:
    """Ask on a thread of its own, as a client of the core does, and let the conductor do it."""
    acts = StaffActs(stage.conductor, stage.journal, stage.clock)
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(acts.answer, question)
        while not answer.done():
            stage.conductor.step(0.01)
    stage.settle()
    return answer.result()


# -- the clock -----------------------------------------------------------------------------------------------------

CONFIRM = AskConfirmClock(by="Li Na", reason="the battery is new")


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Stage]:
    """A terminal whose journal bears the time of tomorrow."""
    with SqliteJournal(tmp_path / "journal", "OT000001", SetClock(NOW + timedelta(days=1))) as journal:
        journal.record(journal.begin({}).id, L.DONE, {})
    stage = Stage(tmp_path / "journal").in_service()
    stage.pass_time(3)
    yield stage
    stage.journal.close()


def test_the_clock_is_confirmed_while_the_terminal_runs_and_customers_are_served_again(behind: Stage) -> None:
    unavailable = behind.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"
    assert asked(behind, CONFIRM) == ClockConfirmed(row=3, at="2026-11-22T10:00:03+00:00")
    behind.pass_time(2)
    assert behind.home.items[0].unavailable is None


@pytest.mark.parametrize(
    ("by", "reason", "why"),
    [
        ("", "the battery is new", "by is empty: say who"),
        ("Li Na", " ", "reason is empty: say why"),
        ("Li Na", "card 6222021234567890", "fact reason may be a full card number"),
    ],
)
def test_a_clock_is_confirmed_by_nobody_who_does_not_say_who_and_why(
    behind: Stage, by: str, reason: str, why: str
) -> None:
    answer = asked(behind, AskConfirmClock(by=by, reason=reason))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith(why)
    assert behind.journal.head()[0] == 2


def test_a_core_that_has_no_time_says_so_and_does_nothing_later(behind: Stage) -> None:
    acts = StaffActs(behind.conductor, behind.journal, behind.clock, patience_s=0.0)
    assert acts.answer(CONFIRM) == Refused(reason="the terminal is busy and has not done it; try again")
    behind.settle()
    assert behind.journal.head()[0] == 2


# -- the disk ------------------------------------------------------------------------------------------------------

NEW_DISK = AskConfirmDisk(by="Li Na", reason="the disk failed")


@pytest.fixture
def unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A terminal whose bank takes its journal only once staff have confirmed it."""
    stage = Stage(tmp_path / "journal")
    monkeypatch.setattr(stage.host, "report_journal_head", lambda _, __, confirmed: confirmed != "0" * 64)
    stage.in_service()
    stage.pass_time(3)
    yield stage
    stage.journal.close()


def test_a_changed_disk_is_confirmed_while_the_terminal_runs_and_customers_are_served_again(unknown: Stage) -> None:
    unavailable = unknown.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"
    assert asked(unknown, NEW_DISK) == DiskConfirmed(row=1)
    unknown.pass_time(2)
    assert unknown.home.items[0].unavailable is None
    unknown.touch(ChooseService(service_id=SERVICE.id))
    # 10:00:05 is second 36,005 of the day: 50,000 + 18,001 at 10:00:03, and one more
    assert [each.id for each in unknown.journal.unsettled()] == ["OT000001-26112268002"]


def test_a_journal_that_the_bank_takes_needs_no_confirmation(unknown: Stage) -> None:
    asked(unknown, NEW_DISK)
    unknown.pass_time(2)
    answer = asked(unknown, NEW_DISK)
    assert answer == Refused(
        reason="the bank host has not refused this journal, or the terminal is busy: nothing is done"
    )
    assert unknown.journal.head()[0] == 1


@pytest.mark.parametrize(
    ("by", "reason", "why"),
    [
        ("", "the disk failed", "by is empty: say who"),
        ("Li Na", " ", "reason is empty: say why"),
        ("Li Na", "card 6222021234567890", "fact reason may be a full card number"),
    ],
)
def test_a_disk_is_confirmed_by_nobody_who_does_not_say_who_and_why(
    unknown: Stage, by: str, reason: str, why: str
) -> None:
    answer = asked(unknown, AskConfirmDisk(by=by, reason=reason))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith(why)
    assert unknown.journal.head()[0] == 0


# -- archives --------------------------------------------------------------------------------------------------------

RETIRE = AskRetire(before="2026-10-15", keep_mb=0, by="Li Na", reason="older than the law asks")


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Stage]:
    """A terminal with the first 60 of the last hundred days in an archive; it has enough rows to tell the bank of."""
    folder, clock = tmp_path / "journal", SetClock(NOW - timedelta(days=100))
    with SqliteJournal(folder, "OT000001", clock, retention=Retention(timedelta(days=40))) as journal:
        for _ in range(100):
            journal.record(journal.begin({}).id, L.DONE, {})
            clock.sleep(DAY)
        journal.maintain()
    stage = Stage(folder)
    yield stage
    stage.journal.close()


def answer_of_the_host(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, takes: bool) -> None:
    """Start the terminal at a host that takes the journal's newest row for its own, or does not."""
    monkeypatch.setattr(stage.host, "report_journal_head", lambda *_: takes, raising=False)
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.report("receipt_printer")
    stage.pass_time(30)


def test_archives_are_retired_once_the_bank_has_acknowledged_the_journal(
    old: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(old, RETIRE) == Refused(
        reason="a customer or a recovery is being served; try again when the home page is back"
    )
    answer_of_the_host(old, monkeypatch, takes=True)
    assert asked(old, RETIRE) == ArchivesRetired(archive=1, last=120, until="2026-10-12T10:00:00+00:00")
    assert list((tmp_path / "journal" / "archive").iterdir()) == []
    assert verify(tmp_path / "journal").good
    assert old.home.items[0].unavailable is None


def test_nothing_is_retired_while_the_bank_keeps_another_journal(old: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_of_the_host(old, monkeypatch, takes=False)
    answer = asked(old, RETIRE)
    assert isinstance(answer, Refused)
    assert "archive 1 ends with row 120, and the bank has acknowledged the journal up to row 0 only" in answer.reason


def test_nothing_is_retired_while_a_customer_is_served(old: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_of_the_host(old, monkeypatch, takes=True)
    old.touch(ChooseService(service_id=SERVICE.id))
    assert asked(old, RETIRE) == Refused(
        reason="a customer or a recovery is being served; try again when the home page is back"
    )


# -- the commands ------------------------------------------------------------------------------------------------


def command(*words: str) -> Result:
    return CliRunner().invoke(journal_commands.app, words)


def test_the_commands_go_through_the_running_core(branch: Branch) -> None:
    config = str(branch.config_file)
    branch.start_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    confirmed = command("confirm-clock", *EVIDENCE, "-j", config)
    assert (confirmed.exit_code, confirmed.stderr) == (0, "")
    assert confirmed.stdout.startswith("The clock is taken to be right from now on: 20")
    disk = command("confirm-disk", *EVIDENCE, "-j", config)
    assert disk.exit_code == 1
    assert disk.stderr.startswith("the core is running and refuses: the bank host has not refused this journal")
    retired = command("retire", "--before", "2011-01-01", *EVIDENCE, "-j", config)
    assert retired.exit_code == 1
    assert retired.stderr == "the core is running and refuses: there is no archive that could go\n"


def test_without_a_core_a_changed_disk_is_confirmed_in_the_journal(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path, "OT000001", RealClock()):
        pass
    disk = command("confirm-disk", *EVIDENCE, "-j", str(tmp_path))
    assert (disk.exit_code, disk.stderr) == (0, "")
    assert disk.stdout == "This journal is the terminal's own from row 1 on; the bank's host is told so.\n"
    wrong = command("confirm-disk", "--by", "Li Na", "--reason", "card 6222021234567890", "-j", str(tmp_path))
    assert wrong.exit_code == 1
    assert "may be a full card number" in wrong.stderr


def test_without_a_core_the_clock_is_confirmed_and_nothing_is_retired(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with SqliteJournal(folder, "OT000001", RealClock()):
        pass
    assert command("confirm-clock", *EVIDENCE, "-j", str(folder)).exit_code == 0
    retired = command("retire", "--before", "2011-01-01", *EVIDENCE, "-j", str(folder))
    assert retired.exit_code == 1
    assert retired.stderr.startswith("no core answers: start it and name its configuration file with -j")
    wrong = command("retire", "--before", "soon", *EVIDENCE, "-j", str(folder))
    assert (wrong.exit_code, wrong.stderr) == (1, '--before: "soon" is no day such as 2011-01-01\n')


def test_nothing_of_a_damaged_journal_is_retired(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with SqliteJournal(folder, "OT000001", RealClock()) as journal:
        journal.begin({})
    with closing(sqlite3.connect(folder / "journal.db")) as forger:
        forger.executescript("DROP TRIGGER entry_unchanged; UPDATE entry SET facts = '{}';")
    retired = command("retire", "--before", "2011-01-01", *EVIDENCE, "-j", str(folder))
    assert retired.exit_code == 1
    assert (
        retired.stderr
        == "row 1 has been changed: its hash does not fit; look into it first: openteller journal verify\n"
    )


def test_verify_and_show_say_what_was_retired_when_and_by_whom(old: Stage, tmp_path: Path) -> None:
    old.journal.retire(Retirement(NOW - timedelta(days=35), 0, "Li Na", "older than the law asks"), 201)
    told = command("verify", "-j", str(tmp_path / "journal"))
    assert told.exit_code == 0
    assert told.stdout.startswith("The journal is good: 82 rows, the last with hash ")
    assert told.stdout.endswith(
        "It begins behind row 120: what is older, to 2026-10-12, was retired on 2026-11-22 by Li Na (older than the law"
        " asks).\n"
    )
    gone = "; what is older, to 2026-10-12, was retired on 2026-11-22 by Li Na"
    story = command("show", "-t", "OT000001-26081400001", "-j", str(tmp_path / "journal"))
    assert story.exit_code == 1
    assert story.stderr.endswith(f"there is no transaction OT000001-26081400001{gone}\n")
    day = command("show", "--date", "2026-08-14", "-j", str(tmp_path / "journal"))
    assert day.stdout == f"No transaction is like that{gone}.\n"


def test_the_command_says_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteJournal(tmp_path / "journal", "OT000001", RealClock()):
        pass
    gone = ArchivesRetired(archive=2, last=120, until="2026-10-12T10:00:00+00:00")
    monkeypatch.setattr(journal_acts, "_ask_core", lambda *_: gone)
    retired = command("retire", "--before", "2026-10-15", *EVIDENCE, "-j", str(tmp_path / "journal"))
    assert retired.exit_code == 0
    assert retired.stdout == "Archives 1 to 2 are gone: all rows to 120, none later than 2026-10-12.\n"
