"""`openteller reconcile` as a clerk types it: a journal and a settlement file on disk, tables, exit codes."""

import csv
import gzip
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openteller import reconcile as command
from openteller.cli import app
from openteller.demo import write_configuration
from tests.clocks import SetClock
from tests.openteller.days_of_money import (
    DAY,
    LOAD,
    LOADED,
    PAYMENT,
    REFUND,
    REFUNDED,
    REVERSAL,
    SUSPENDED,
    TERMINAL,
    at,
    bank_day,
    booked,
    told,
    write_journal,
)
from wire.settlement import SettledState as S
from wire.settlement import Settlement, encode

TOMORROW = DAY + timedelta(days=1)
JOURNAL = (told(1, LOADED, at("10:00")), told(2, REFUNDED, at("11:00")))
AGREED = bank_day(
    booked(1, PAYMENT, at("10:00:25"), S.LOADED),
    booked(1, LOAD, at("10:00:34"), S.LOADED),
    booked(2, PAYMENT, at("11:00:25"), S.REVERSED),
    booked(2, REVERSAL, at("11:00:33"), S.REVERSED),
    booked(2, REFUND, at("11:00:33"), S.REVERSED),
)
OPEN = (*JOURNAL, told(3, SUSPENDED, at("12:00")))
WITH_OPEN = bank_day(
    *AGREED.entries[:2],
    booked(2, PAYMENT, at("11:00:25"), S.OPEN, amount_fen=6_000),
    booked(3, PAYMENT, at("12:00:25"), S.OPEN),
    booked(4, PAYMENT, at("13:00"), S.OPEN, terminal="KT000002"),
)


@pytest.fixture(autouse=True)
def on_the_next_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SystemClock", lambda: SetClock(at("09:00", TOMORROW)))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_journal(tmp_path / "journal", JOURNAL)
    return tmp_path / "journal"


def keep(path: Path, settlement: Settlement) -> Path:
    path.write_bytes(encode(settlement))
    return path


def reconcile(*words: str | Path, day: str = "2026-11-22") -> Result:
    return CliRunner().invoke(app, ["reconcile", "--date", day, *map(str, words)])


def test_a_day_on_which_all_agrees_ends_with_0(folder: Path, tmp_path: Path) -> None:
    result = reconcile("-s", keep(tmp_path / "bank", AGREED), "-j", folder)
    assert result.exit_code == 0, result.output
    assert result.stdout.rstrip().endswith("Both sides agree, and nothing is open.")


TABLE = """\
Terminal KT000001 and the bank on 2026-11-22

                                             count            yuan
loaded, on both sides                            1           50.00
deposited, on both sides                         0            0.00
given back, on both sides                        0            0.00
closed by staff                                  0            0.00
ended without payment                            0
missing at the bank                              0            0.00
missing here                                     0            0.00
amounts differ                                   1           50.00
states differ                                    1           50.00
loaded without the card's proof                  0            0.00
in another day's file                            0            0.00
waits for the card                               1           50.00
waits for staff                                  0            0.00
settles by itself                                0            0.00
receipt not printed                              0            0.00

Paid: 3 by phone, 0 by bank card.
Card proofs: 1 with the load, 0 by asking the card again.
Receipts: 0 printed, 0 not; of 3 the journal does not say.
Lines of the bank's files about other terminals, left out: 1.

money in yuan                  here    at the bank     difference
  payments                   150.00         160.00         -10.00
- refunds                     50.00           0.00          50.00
- loads                       50.00          50.00           0.00
- deposits                     0.00           0.00           0.00
- still open                  50.00          50.00           0.00
- closed by staff              0.00           0.00           0.00
= must be nothing              0.00          60.00         -60.00

At the bank ¥60.00 were paid and are nowhere.
What is to be done
  1  KT000001-26112200002  ¥50.00  amounts differ, for 21 hours
     ¥50.00 here, at the bank: payment ¥60.00.
     Show the bank the journal and the receipt. See its story (openteller
     journal show -t KT000001-26112200002).
  2  KT000001-26112200002  ¥50.00  states differ, for 21 hours
     Here: given back; at the bank: paid, neither loaded nor given back.
     The customer paid and has nothing: the bank must give ¥50.00 back. See its
     story (openteller journal show -t KT000001-26112200002).
  3  KT000001-26112200003  ¥50.00  waits for the card, for 20 hours
     The card left before it said whether it was loaded; the bank has not been
     told yet; its file: paid, neither loaded nor given back.
     Ask the customer to bring the card to this terminal. If it never comes,
     close with: openteller journal settle KT000001-26112200003 --as ...
"""


def test_what_is_open_is_a_table_that_fits_80_columns_and_ends_with_1(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", OPEN)
    result = reconcile("-s", keep(tmp_path / "bank", WITH_OPEN), "-j", tmp_path / "journal")
    assert result.exit_code == 1
    assert [line.rstrip() for line in result.stdout.splitlines()] == TABLE.splitlines()
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_table_may_go_to_a_file_and_never_over_one(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", OPEN)
    words = ("-s", keep(tmp_path / "bank", WITH_OPEN), "-j", tmp_path / "journal", "--out", tmp_path / "day.txt")
    result = reconcile(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    written = (tmp_path / "day.txt").read_text(encoding="utf-8")
    assert [line.rstrip() for line in written.splitlines()] == TABLE.splitlines()
    again = reconcile(*words)
    assert (again.exit_code, again.stderr) == (2, f"{tmp_path / 'day.txt'}: is there already; name a new file\n")


def test_json_has_everything(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", OPEN)
    result = reconcile("-s", keep(tmp_path / "bank", WITH_OPEN), "-j", tmp_path / "journal", "--format", "json")
    assert result.exit_code == 1
    told_ = json.loads(result.stdout)
    assert told_["matched"]["loaded"] == {"count": 1, "sum_fen": 5_000}
    assert told_["money"]["bank"]["off_fen"] == 6_000
    assert [each["kind"] for each in told_["findings"]] == ["amounts_differ", "states_differ", "suspense"]
    assert told_["findings"][2]["since"] == "2026-11-22T12:01:33+08:00"
    assert (told_["open"], told_["lines_of_other_terminals"]) == (True, 1)


def test_csv_is_a_line_for_each_finding(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", OPEN)
    result = reconcile("-s", keep(tmp_path / "bank", WITH_OPEN), "-j", tmp_path / "journal", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(each["kind"], each["transaction"][-1], each["amount_fen"]) for each in lines] == [
        ("amounts_differ", "2", "5000"),
        ("states_differ", "2", "5000"),
        ("suspense", "3", "5000"),
    ]


def test_the_files_of_neighbouring_days_help(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", [told(1, LOADED, at("23:59:40"))])
    next_day = bank_day(
        booked(1, PAYMENT, at("00:00:05", TOMORROW), S.LOADED),
        booked(1, LOAD, at("00:00:14", TOMORROW), S.LOADED),
        day=TOMORROW,
    )
    words = ("-j", tmp_path / "journal", "-s", keep(tmp_path / "22", bank_day()))
    assert reconcile(*words).exit_code == 1
    assert reconcile(*words, "-s", keep(tmp_path / "23", next_day)).exit_code == 0
    assert reconcile("-j", tmp_path / "journal", "-s", tmp_path / "23", day="2026-11-23").exit_code == 0


def test_what_is_old_is_found_if_the_file_names_it_or_if_it_is_open(tmp_path: Path) -> None:
    long_ago = DAY - timedelta(days=20)
    rows = (*REFUNDED[:-1], (REFUNDED[-1][0], 20 * 24 * 3_600, REFUNDED[-1][2]))
    write_journal(tmp_path / "old", [told(1, rows, at("10:00", long_ago))])
    file = bank_day(
        booked(1, REVERSAL, at("10:00"), S.REVERSED, begun=long_ago),
        booked(1, REFUND, at("10:00"), S.REVERSED, begun=long_ago),
    )
    assert reconcile("-j", tmp_path / "old", "-s", keep(tmp_path / "22", file)).exit_code == 0
    write_journal(tmp_path / "open", [told(1, SUSPENDED, at("09:00", long_ago))])
    still = reconcile("-j", tmp_path / "open", "-s", keep(tmp_path / "empty", bank_day()))
    assert still.exit_code == 1
    assert "waits for the card, for 20 days" in still.stdout


def test_an_empty_day_is_a_good_day(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", [])
    result = reconcile("-j", tmp_path / "journal", "-s", keep(tmp_path / "bank", bank_day()))
    assert result.exit_code == 0


# -- nothing to compare -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-31", "--date 2026-11-31: there is no such day; write it as 2026-11-23"),
        ("yesterday", "--date yesterday: there is no such day; write it as 2026-11-23"),
        ("2026-11-24", "--date 2026-11-24: that day has not come yet"),
        ("2026-11-21", "bank: is the bank's file of 2026-11-22, not of 2026-11-21"),
    ],
)
def test_a_wrong_day_is_refused(folder: Path, tmp_path: Path, day: str, said: str) -> None:
    result = reconcile("-j", folder, "-s", keep(tmp_path / "bank", AGREED), day=day)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"{said}\n")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:-80], "is not the trailer, with which a whole file ends"),
        (lambda data: data.replace(b"payment|000000005000", b"payment|000000005001", 1), "sum: is not the"),
        (lambda data: data.replace(b"|N|3104", b"|N|3105", 1), "SHA-256: is not that of the lines above"),
        (lambda data: data.replace(b"\n", b"\r\n"), "line ends were changed to CR LF on the way; fetch it again as a"),
        (lambda data: b"\xef\xbb\xbf" + data, "an editor saved it in another encoding; fetch it again and leave it"),
        (lambda data: data.decode().encode("utf-16"), "an editor saved it in another encoding"),
        (gzip.compress, "it is packed; unpack it"),
        (lambda data: b"\x89PNG\r\n\x1a\n" + data, "is not UTF-8"),
        (lambda _: b"", "is missing: the file is empty; fetch it again"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(folder: Path, tmp_path: Path, spoil, said: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "bank"
    path.write_bytes(spoil(encode(AGREED)))
    result = reconcile("-j", folder, "-s", path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}: is no whole settlement file: ")
    assert said in result.stderr
    assert ("; fetch it again" in result.stderr) != (spoil is gzip.compress)


def test_a_line_twice_in_the_file_is_refused(folder: Path, tmp_path: Path) -> None:
    import hashlib

    *lines, _ = encode(AGREED).splitlines(keepends=True)
    body = b"".join([*lines, lines[1]])
    path = tmp_path / "bank"
    path.write_bytes(body + f"T|6|000000030000|{hashlib.sha256(body).hexdigest()}\n".encode())
    result = reconcile("-j", folder, "-s", path)
    assert result.exit_code == 2
    assert "line 7, kind: is the second payment of its order" in result.stderr


def test_a_missing_file_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    result = reconcile("-j", folder, "-s", tmp_path / "nowhere")
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path / 'nowhere'}: No such file or directory\n")


def test_a_table_that_cannot_be_written_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "day.txt"
    result = reconcile("-j", folder, "-s", keep(tmp_path / "bank", AGREED), "--out", out)
    assert (result.exit_code, result.stderr) == (2, f"{out}: No such file or directory\n")


def test_two_files_of_one_day_are_refused(folder: Path, tmp_path: Path) -> None:
    path = keep(tmp_path / "bank", AGREED)
    result = reconcile("-j", folder, "-s", path, "-s", path)
    assert (result.exit_code, result.stderr) == (2, f"{path}: is the second file of 2026-11-22; name each day's once\n")


def test_the_file_of_another_terminal_is_refused(folder: Path, tmp_path: Path) -> None:
    other = bank_day(booked(4, PAYMENT, at("13:00"), S.OPEN, terminal="KT000002"))
    result = reconcile("-j", folder, "-s", keep(tmp_path / "bank", other))
    assert result.exit_code == 2
    assert result.stderr == "the bank's file is of terminal KT000002; the journal is of KT000001\n"


def test_an_empty_journal_does_not_say_whose_it_is(tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", [])
    two = bank_day(*AGREED.entries, booked(4, PAYMENT, at("13:00"), S.OPEN, terminal="KT000002"))
    result = reconcile("-j", tmp_path / "journal", "-s", keep(tmp_path / "bank", two))
    assert result.exit_code == 2
    assert "the journal is empty: name the terminal's configuration" in result.stderr
    one = reconcile("-j", tmp_path / "journal", "-s", keep(tmp_path / "one", AGREED))
    assert one.exit_code == 1
    assert "Terminal KT000001" in one.stdout
    assert "missing here                                     2" in one.stdout


def test_a_damaged_journal_is_looked_into_first(folder: Path, tmp_path: Path) -> None:
    path = folder / "journal.db"
    path.write_bytes(path.read_bytes().replace(b'"tac":"96436186"', b'"tac":"96436187"'))
    result = reconcile("-j", folder, "-s", keep(tmp_path / "bank", AGREED))
    assert result.exit_code == 2
    assert "has been changed: its hash does not fit; look into it first: openteller journal verify" in result.stderr


def test_no_journal_and_no_configuration_are_a_sentence_each(tmp_path: Path) -> None:
    path = keep(tmp_path / "bank", AGREED)
    (tmp_path / "empty").mkdir()
    none = reconcile("-j", tmp_path / "empty", "-s", path)
    assert (none.exit_code, none.stderr) == (2, f"there is no journal in {tmp_path / 'empty'}\n")
    nowhere = reconcile("-j", tmp_path / "kiosk.toml", "-s", path)
    assert nowhere.exit_code == 2
    assert "kiosk.toml: there is no such file" in nowhere.stderr


def test_the_configuration_names_journal_and_terminal(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    config = tmp_path / "kiosk.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("OT000001", TERMINAL), encoding="utf-8")
    write_journal(tmp_path / "journal", JOURNAL)
    assert reconcile("-j", config, "-s", keep(tmp_path / "file", AGREED)).exit_code == 0


def test_it_reads_beside_a_core_that_writes(folder: Path, tmp_path: Path) -> None:
    from journal.store import SqliteJournal

    with SqliteJournal(folder, TERMINAL, SetClock(at("12:00"))) as writing:
        open_ = writing.begin({"service": "transit_top_up"})
        result = reconcile("-j", folder, "-s", keep(tmp_path / "bank", AGREED))
        assert result.exit_code == 0, result.output
        assert writing.unsettled()[0].id == open_.id
