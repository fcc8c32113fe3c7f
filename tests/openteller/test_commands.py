"""`openteller config` and `openteller journal` as a technician types them."""

import errno
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState
from openteller import config_commands, journal_commands
from tests.clocks import SetClock

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


def config(*words: str | Path) -> Result:
    return CliRunner().invoke(config_commands.app, [str(word) for word in words])


def journal(*words: str | Path) -> Result:
    return CliRunner().invoke(journal_commands.app, [str(word) for word in words])


# -- config --------------------------------------------------------------------------------------------


def test_our_own_files_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for words in (("check",), ("check", "services/transit_top_up.toml"), ("check", "config/kiosk.example.toml")):
        result = config(*words)
        assert result.exit_code == 0
        assert "ok  service transit_top_up: Top up transit card" in result.stdout
    assert "ok  terminal KT000001: Renmin Road Branch" in result.stdout


def test_mistakes_are_a_line_each_and_the_exit_code_is_1(tmp_path: Path) -> None:
    spoiled = Path(shutil.copy(ROOT / "services" / "transit_top_up.toml", tmp_path))
    text = spoiled.read_text(encoding="utf-8")
    spoiled.write_text(
        text.replace("min_yuan = 10\n", 'min_yuan = "[red]"\n').replace("idle_s", "idel_s"), encoding="utf-8"
    )
    for target in (spoiled, tmp_path):
        result = config("check", target)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.splitlines() == [
            f'{spoiled}:18: limits.min_yuan: must be a whole number, not "[red]"',
            f"{spoiled}:25: times.idel_s: is no key of this section; did you mean idle_s?",
        ]


@pytest.mark.parametrize("words", [["check", "nowhere.toml"], ["check", "nowhere"]])
def test_a_missing_file_is_one_sentence(words: list[str]) -> None:
    result = config(*words)
    assert (result.exit_code, result.stderr) == (1, f"{words[1]}: there is no such file\n")


# -- journal -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def written(folder: Path) -> Iterator[SqliteJournal]:
    clock = SetClock(datetime(2025, 11, 22, 10, 15, 30, tzinfo=UTC))
    with SqliteJournal(folder, "KT000001", clock) as written:
        done, lost = (written.begin({"service": "transit_top_up"}).id for _ in range(2))
        written.record(done, LedgerState.CARD_READ, {"card": "310488*********8901"})
        written.record(done, LedgerState.INIT, {"amount_fen": 5000, "counter": 7})
        written.record(done, LedgerState.DONE, {})
        written.record(lost, LedgerState.SUSPENSE, {"amount_fen": 2000, "why": "[bold]gone"})
        yield written


def test_show_lists_the_latest_transactions(written: SqliteJournal, folder: Path) -> None:
    result = journal("show", "-j", folder)
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()[1:3]] == [
        ["KT000001-25112200001", "11-22", "10:15", "¥50.00", "DONE", "310488*********8901"],
        ["KT000001-25112200002", "11-22", "10:15", "¥20.00", "SUSPENSE"],
    ]
    told = (
        "Open: only the card can tell. It is asked when it is next on the reader. If it never comes back, staff settle"
    )
    assert result.stdout.splitlines()[3:] == [f"KT000001-25112200002: {told} this with the host's record."]


def test_the_list_fits_eighty_columns(written: SqliteJournal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "KT000001-25112200001" in journal("show", "-j", folder).stdout
    assert "310488*********8901" in journal("show", "-j", folder).stdout


def test_show_open_lists_what_is_not_settled(written: SqliteJournal, folder: Path) -> None:
    result = journal("show", "-j", folder, "--open")
    assert "KT000001-25112200002" in result.stdout
    assert "KT000001-25112200001" not in result.stdout
    written.record("KT000001-25112200002", LedgerState.DONE, {})
    assert journal("show", "-j", folder, "--open").stdout == "Every transaction is settled.\n"


def test_show_tells_the_story_of_one(written: SqliteJournal, folder: Path) -> None:
    result = journal("show", "-j", folder, "-t", "KT000001-25112200002")
    assert result.exit_code == 0
    assert "the customer chose a service" in result.stdout
    assert "why [bold]gone" in result.stdout
    assert result.stdout.rstrip().endswith("staff settle this with the host's record.")


def test_a_story_begins_with_what_it_is_about_and_shows_where_the_day_changes(
    written: SqliteJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    settled = "KT000001-25112200002"
    written.close()
    with SqliteJournal(folder, "KT000001", SetClock(datetime(2025, 11, 24, 9, tzinfo=UTC))) as later:
        later.record(settled, LedgerState.SETTLED, {"resolution": "loaded", "by": "Li Na", "reason": "slip 12"})
    lines = journal("show", "-j", folder, "-t", settled).stdout.splitlines()
    assert lines[:2] == [f"{settled}  transit_top_up  ¥20.00", "began 2025-11-22 10:15:30 UTC"]
    assert [line.split()[:3] for line in lines if "SUSPENSE" in line or "SETTLED" in line] == [
        ["6", "10:15:30.000", "SUSPENSE"],
        ["7", "2025-11-24", "SETTLED"],
    ]
    assert max(map(len, lines)) <= 80


def test_show_says_that_there_is_no_such_transaction(written: SqliteJournal, folder: Path) -> None:
    result = journal("show", "-j", folder, "-t", "KT9")
    assert (result.exit_code, result.stderr) == (1, f"{folder}: there is no transaction KT9\n")


def test_verify_finds_a_good_journal_good(written: SqliteJournal, folder: Path) -> None:
    result = journal("verify", "-j", folder)
    assert result.exit_code == 0
    assert result.stdout.startswith("The journal is good: 6 rows, the last with hash ")


def test_verify_names_the_first_bad_row(written: SqliteJournal, folder: Path) -> None:
    written.close()
    path = folder / "journal.db"
    path.write_bytes(path.read_bytes().replace(b'"amount_fen":5000', b'"amount_fen":9000'))
    result = journal("verify", "-j", folder)
    assert result.exit_code == 1
    assert result.stdout == (
        "The journal is bad: row 4 has been changed: its hash does not fit. The first bad row is 4.\n"
        "Before it 3 rows are good.\n"
    )


@pytest.mark.parametrize("command", ["show", "verify"])
def test_the_journal_may_be_named_by_the_configuration(tmp_path: Path, command: str) -> None:
    kiosk = Path(shutil.copy(ROOT / "config" / "kiosk.example.toml", tmp_path / "kiosk.toml"))
    kiosk.write_text(kiosk.read_text(encoding="utf-8").replace("/var/lib/openteller/journal", "gone"), encoding="utf-8")
    result = journal(command, "-j", kiosk)
    assert (result.exit_code, result.stderr) == (1, f"there is no journal in {tmp_path / 'gone'}\n")


@pytest.mark.parametrize("command", ["show", "verify"])
def test_an_empty_journal_and_a_missing_one_are_told_apart(tmp_path: Path, command: str) -> None:
    SqliteJournal(tmp_path / "empty", "KT000001", SetClock(datetime(2025, 11, 22, tzinfo=UTC))).close()
    assert journal(command, "-j", tmp_path / "empty").exit_code == 0
    result = journal(command, "-j", tmp_path / "nowhere")
    assert (result.exit_code, result.stderr) == (1, f"{tmp_path / 'nowhere'}: there is no such file\n")


@pytest.mark.parametrize("app", [config_commands.app, journal_commands.app])
def test_a_wrong_flag_is_a_usage_error(app: object) -> None:
    result = CliRunner().invoke(app, ["show" if app is journal_commands.app else "check", "--nonsense"])  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert "No such option" in result.stderr


# -- searching and exporting ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--card", "8901"], ["00001"]),
        (["--state", "suspense"], ["00002"]),
        (["--state", "done", "--state", "SUSPENSE", "--service", "transit_top_up"], ["00001", "00002"]),
        (["--date", "2025-11-22"], ["00001", "00002"]),
        (["--date", "2025-11-24"], []),
        (["--from", "2025-11-22T10:15+00:00", "--to", "2025-11-22T10:15+00:00"], ["00001", "00002"]),
        (["--to", "2025-11-22T10:14+00:00"], []),
        (["--limit", "1"], ["00002"]),
    ],
)
def test_show_lists_what_is_searched_for(
    written: SqliteJournal, folder: Path, words: list[str], found: list[str]
) -> None:
    result = journal("show", "-j", folder, *words)
    assert result.exit_code == 0
    listed = [line.split()[0][-5:] for line in result.stdout.splitlines() if line.startswith("KT") and ": " not in line]
    assert listed == found
    assert (result.stdout == "No transaction is like that.\n") == (found == [])
    assert ("These are the last 1; there are more (--limit)." in result.stdout) == (words[0] == "--limit")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--date", ""], '--date: "" is neither a day such as 2026-11-22 nor a time'),
        (["--from", ""], '--from: "" is neither a day such as 2026-11-22 nor a time'),
        (["--to", ""], '--to: "" is neither a day such as 2026-11-22 nor a time'),
        (["--date", "", "--from", "2026-11-22"], "--date is a whole day: it goes with neither --from nor --to"),
        (["--date", "22.11.2025"], '--date: "22.11.2025" is neither a day such as 2026-11-22 nor a time'),
        (["--from", "soon"], '--from: "soon" is neither'),
        (["--date", "0001-01-01"], '--date: "0001-01-01" is no time of a journal'),
        (["--to", "9999-12-31"], '--to: "9999-12-31" is no time of a journal'),
        (["--date", "2025-11-22", "--to", "2025-11-23"], "--date is a whole day: it goes with neither --from nor --to"),
        (["--from", "2025-11-23", "--to", "2025-11-22"], "--from 2025-11-23 lies behind --to 2025-11-22"),
        (["--card", "6222021234567890"], "--card: give the card's last four digits, or its number masked"),
    ],
)
def test_a_search_that_makes_no_sense_is_one_sentence(folder: Path, words: list[str], problem: str) -> None:
    folder.mkdir()
    for command in (["show"], ["export", "--format", "csv"]):
        result = journal(*command, "-j", folder, *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(problem)
        assert len(result.stderr.splitlines()) == 1
        assert "6222" not in result.stderr


def test_export_writes_a_new_file_and_leaves_an_old_one_alone(
    written: SqliteJournal, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "day.jsonl"
    result = journal("export", "-j", folder, "--format", "jsonl", "--out", out, "--card", "8901")
    assert (result.exit_code, result.stdout) == (0, f"{out}: 1 transaction\n")
    assert len(out.read_text().splitlines()) == 4
    result = journal("export", "-j", folder, "--format", "csv", "--out", out)
    assert result.exit_code == 1
    assert result.stderr == f"{out}: there is such a file already; name another one, or remove it first\n"
    assert journal("export", "-j", folder, "--format", "csv", "-t", "KT000001-25112200002").stdout.count("\n") == 3


def test_a_paper_roll_has_no_colours(written: SqliteJournal, folder: Path) -> None:
    result = journal("export", "-j", folder, "--format", "paper-roll")
    assert result.stdout.startswith("-" * 40 + "\nKT000001-25112200001          2025-11-22\n10:15:30 NEW\n")
    assert "\x1b" not in result.stdout


# -- what staff decide ----------------------------------------------------------------------------------

LOST = "KT000001-25112200002"
EVIDENCE = ["--by", "Li Na", "--reason", "slip 12"]


def test_settle_closes_a_case_without_a_core(written: SqliteJournal, folder: Path) -> None:
    written.close()
    result = journal("settle", LOST, "--as", "paid-out", *EVIDENCE, "-j", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Closed: Li Na settled the case: the customer was paid out. Reason: slip 12\n"
    assert journal("show", "--open", "-j", folder).stdout == "Every transaction is settled.\n"
    again = journal("settle", LOST, "--as", "loaded", *EVIDENCE, "-j", folder)
    assert (again.exit_code, again.stderr) == (1, f"{LOST} is closed already (SETTLED)\n")


def test_settle_says_that_a_core_holds_the_journal(written: SqliteJournal, folder: Path) -> None:
    result = journal("settle", LOST, "--as", "refunded", *EVIDENCE, "-j", folder)
    assert result.exit_code == 1
    assert result.stderr == (
        f"another program is writing the journal in {folder}: if it is the core, name its configuration file with -j,"
        " so that it can be asked\n"
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["KT9", "--as", "loaded", *EVIDENCE], "there is no transaction KT9"),
        (["KT\udcff", "--as", "loaded", *EVIDENCE], "there is no transaction KT"),
        ([LOST, "--as", "loaded", "--by", "Li Na", "--reason", " "], "reason is empty: say why"),
        (["KT000001-25112200001", "--as", "loaded", *EVIDENCE], "KT000001-25112200001 is closed already (DONE)"),
        (
            ["KT000001-25112200003", "--as", "loaded", *EVIDENCE],
            "KT000001-25112200003 is in state CREDIT_SENT: the terminal settles that itself, with the card or the host",
        ),
        ([LOST, "--as", "refunded", "--by", "Li", "--reason", "6222021234567890"], "reason may be a full card number"),
    ],
)
def test_what_staff_must_not_do_is_one_sentence(
    written: SqliteJournal, folder: Path, words: list[str], problem: str
) -> None:
    written.record(written.begin({}).id, LedgerState.CREDIT_SENT, {})
    written.close()
    result = journal("settle", *words, "-j", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert problem in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_clock_is_confirmed_by_somebody(written: SqliteJournal, folder: Path) -> None:
    written.close()
    result = journal("confirm-clock", *EVIDENCE, "-j", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("The clock is taken to be right from now on: ")
    assert journal("verify", "-j", folder).stdout.startswith("The journal is good: 7 rows")
    heading, row, reason = journal("notes", "-j", folder).stdout.splitlines()
    assert heading.split() == ["row", "time", "note", "what", "it", "says"]
    assert (row.split()[0], row.split()[3:]) == ("7", ["CLOCK", "by", "Li", "Na"])
    assert reason.split() == ["reason", "slip", "12"]


def test_a_journal_without_notes_says_so(written: SqliteJournal, folder: Path) -> None:
    result = journal("notes", "-j", folder)
    assert (result.exit_code, result.stdout) == (0, "There is no row about the journal itself.\n")


def test_a_clock_is_not_confirmed_where_there_is_no_journal(tmp_path: Path) -> None:
    result = journal("confirm-clock", *EVIDENCE, "-j", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"there is no journal in {tmp_path}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["show", "verify"])
def test_a_screen_that_takes_no_more_is_one_sentence(
    written: SqliteJournal, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"openteller.journal_commands.{'render_list' if command == 'show' else 'render_verdict'}", full)
    result = journal(command, "-j", folder)
    assert (result.exit_code, result.stderr) == (1, "[Errno 28] No space left on device\n")
