"""`openteller config` and `openteller journal` as a technician types them."""

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
    assert result.stdout.splitlines()[3:] == [
        "KT000001-25112200002: Open: only the card can tell. It is asked when it is next on the reader."
    ]


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
    assert result.stdout.rstrip().endswith("It is asked when it is next on the reader.")


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
