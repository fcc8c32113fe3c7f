"""The files of the rules: what `config check` says of them, and a blacklist that changes under a running terminal."""

import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journal.store import SqliteJournal
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import ConfigError
from kiosk_core.ledger import LedgerState as L
from kiosk_core.texts import Words
from openteller import config_commands
from openteller.risk_check import BlacklistFile, RiskCheck
from openteller.service_files import load_risk
from tests.clocks import SetClock

ROOT = Path(__file__).parents[2]
NUMBER = CardNumber("3104870000012345678")
MASKED = "310487*********5678"
WORDS = 'words = { zh = "中", en = "en" }'


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 10, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "services"
    shutil.copytree(ROOT / "services", folder)
    return folder


def rules(folder: Path, text: str) -> Path:
    path = folder / "risk.toml"
    path.write_text(text, encoding="utf-8")
    return path


# -- what is wrong, by file, line and key ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[card_daily.x]\n", "1: card_daily: is no key of this section; did you mean card_day?"),
        (f"[load.x]\nmost_yaun = 1\nmost_yuan = 1\n{WORDS}\n", "2: load.x.most_yaun: is no key of this section;"),
        (f'[load.x]\nmost_yuan = "1"\n{WORDS}\n', '2: load.x.most_yuan: must be a whole number, not "1"'),
        (f"[load.x]\nmost_yuan = 0\n{WORDS}\n", "2: load.x.most_yuan: 0 is too small; the least is 1"),
        ("[load.x]\nmost_yuan = 1\n", "1: load.x.words: is missing"),
        ('[load.x]\nmost_yuan = 1\nwords.zh = " "\nwords.en = "en"\n', "3: load.x.words.zh: is empty; it is what"),
        (
            f"[load.x]\nmost_yuan = 1_000_000_000\n{WORDS}\n",
            "2: load.x.most_yuan: 1000000000 is too large; the most is 100000000",
        ),
        (f"[card_day.x]\n{WORDS}\n", "1: card_day.x: limits nothing; it needs most_yuan or most_loads"),
        (
            '[velocity.x]\nmost_loads = 1\nminutes = 9\nwords.zh = "{most}"\nwords.en = ""\n',
            "4: velocity.x.words.zh: uses a value in braces that this rule does not have; it has {loads}, {minutes}",
        ),
        (
            f'[verification.x]\nabove_yuan = 1\nby = "police"\n{WORDS}\n',
            '3: verification.x.by: must be "id_card" or "staff", not "police"',
        ),
        (
            f'[load.x]\nmost_yuan = 1\nservices = ["deposit"]\n{WORDS}\n',
            '3: load.x.services.item 1: must be "transit_top_up" or "account_deposit", not "deposit"',
        ),
        (f"[load.x]\nmost_yuan = 1\nservices = []\n{WORDS}\n", "3: load.x.services: needs at least 1 of them, not 0"),
        (
            f'[payer.x]\nmost_loads = 1\nminutes = 9\nservices = ["account_deposit"]\n{WORDS}\n',
            "4: payer.x.services: is no key of this section",
        ),
    ],
)
def test_a_mistake_in_the_rules_is_told_by_file_line_and_key(folder: Path, text: str, complaint: str) -> None:
    path = rules(folder, text)
    with pytest.raises(ConfigError) as wrong:
        load_risk(path)
    assert str(wrong.value).startswith(f"{path}:{complaint}")
    assert "\n" not in str(wrong.value)


def test_a_wrong_blacklist_is_told_where_it_is_wrong_and_where_it_is_named(folder: Path) -> None:
    path = rules(folder, f'[blacklist.lost]\n{WORDS}\nfile = "lost.txt"\n')
    (folder / "lost.txt").write_text("# lost\n3104870000012345678\n", encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load_risk(path)
    assert str(wrong.value).splitlines() == [
        f"{folder}/lost.txt:2: is a full card number; write it masked, or the SHA-256 of its digits",
        f"{path}:3: blacklist.lost.file: names a list that is wrong",
    ]


@pytest.mark.parametrize("missing", ["risk.toml", "blacklist.txt"])
def test_a_terminal_does_not_start_without_the_files_of_its_rules(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=r"(?i)no such file"):
        load_risk(folder / "risk.toml")


def test_a_file_without_rules_allows_every_load(folder: Path) -> None:
    path = rules(folder, "# none\n")
    assert list(load_risk(path).rules) == []
    result = CliRunner().invoke(config_commands.app, ["check", str(path)])
    assert result.stdout == "ok  no rules: every load and every deposit is allowed\n"


def test_config_check_names_the_rules_of_a_folder(folder: Path) -> None:
    result = CliRunner().invoke(config_commands.app, ["check", str(folder)])
    assert result.exit_code == 0
    names = (
        "load.largest, load.largest_deposit, card_day.daily, card_day.daily_deposits, terminal_day.daily, "
        "terminal_day.daily_deposits, velocity.often, payer.daily, blacklist.lost"
    )
    assert f"ok  rules {names}\n" in result.stdout
    rules(folder, "load = 1\n")
    result = CliRunner().invoke(config_commands.app, ["check", str(folder)])
    assert result.exit_code == 1
    assert f"{folder}/risk.toml:1: load: must be a table of keys, not 1" in result.stderr


@pytest.mark.parametrize(
    ("services", "told"),
    [("", True), ('services = ["account_deposit"]\n', True), ('services = ["transit_top_up"]\n', False)],
)
def test_config_check_says_that_deposits_stop_where_an_id_card_is_wanted(
    folder: Path, services: str, told: bool
) -> None:
    path = rules(folder, f'[verification.large]\n{services}above_yuan = 300\nby = "id_card"\n{WORDS}\n')
    result = CliRunner().invoke(config_commands.app, ["check", str(path)])
    assert result.stdout.splitlines()[0] == "ok  rules verification.large"
    warning = "verification.large: nobody deposits more than 300 yuan here, as deposits ask for no ID card"
    assert result.stdout.splitlines()[1:] == [f"ok  {warning}"] * told


# -- a list that changes ---------------------------------------------------------------------------------------


def is_barred(file: BlacklistFile) -> bool:
    blacklist = file.current()
    assert blacklist is not None
    return blacklist.bars(NUMBER, "token")


def test_a_list_is_read_again_when_it_changes(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "lost.txt"
    path.write_text("# no cards\n")
    file = BlacklistFile(path, 3600, clock)
    assert not is_barred(file)
    path.write_text(f"{MASKED}\n")
    assert is_barred(file)
    new = tmp_path / "new.txt"
    new.write_text("# no cards\n")
    new.replace(path)
    assert not is_barred(file)


@pytest.mark.parametrize("broken", ["", "half a li", "3104870000012345678\n", None])
def test_a_list_that_breaks_stands_as_it_was_for_a_while_and_then_nobody_knows(
    tmp_path: Path, clock: SetClock, caplog: pytest.LogCaptureFixture, broken: str | None
) -> None:
    path = tmp_path / "lost.txt"
    path.write_text(f"{MASKED}\n")
    file = BlacklistFile(path, 3600, clock)
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken)
    with caplog.at_level(logging.ERROR):
        assert is_barred(file)
    assert "the last good blacklist stands for 60 minutes" in caplog.text
    assert "3104870000012345678" not in caplog.text
    clock.sleep(3599)
    assert is_barred(file)
    clock.sleep(1)
    assert file.current() is None
    path.write_text("# no cards\n")
    assert not is_barred(file)


def test_a_list_that_is_broken_in_another_way_gets_no_new_time(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "lost.txt"
    path.write_text("# no cards\n")
    file = BlacklistFile(path, 3600, clock)
    path.write_text("broken")
    file.current()
    clock.sleep(3599)
    path.write_text("broken otherwise")
    assert file.current() is not None
    clock.sleep(1)
    assert file.current() is None


# -- rules, journal and clock together ---------------------------------------------------------------------------


def test_what_the_journal_says_limits_the_card(folder: Path, tmp_path: Path, clock: SetClock) -> None:
    path = rules(folder, f"[card_day.daily]\nmost_yuan = 100\n{WORDS}\n")
    with SqliteJournal(tmp_path / "journal", "OT000001", clock) as journal:
        check = RiskCheck(load_risk(path), journal, clock)
        token = journal.token(NUMBER)
        begun = journal.begin({"service": "transit_top_up"})
        journal.record(begun.id, L.CARD_READ, {"token": token})
        journal.record(begun.id, L.INIT, {"amount_fen": 6_000})
        assert check.allowance("transit_top_up", NUMBER, token).caps[0].most_fen == 10_000
        journal.record(begun.id, L.FUND_REQ, {})
        assert check.allowance("transit_top_up", NUMBER, token).caps[0].most_fen == 4_000
        clock.sleep(14 * 3600)  # 10:00 -> midnight
        assert check.allowance("transit_top_up", NUMBER, token).caps[0].most_fen == 10_000


def test_a_rule_counts_what_its_services_took(folder: Path, tmp_path: Path, clock: SetClock) -> None:
    path = rules(
        folder,
        f"[terminal_day.both]\nmost_yuan = 100\n{WORDS}\n"
        f'[terminal_day.in]\nservices = ["account_deposit"]\nmost_yuan = 100\n{WORDS}\n',
    )
    with SqliteJournal(tmp_path / "journal", "OT000001", clock) as journal:
        check = RiskCheck(load_risk(path), journal, clock)
        token = journal.token(NUMBER)
        deposit = journal.begin({"service": "account_deposit", "kind": "account_deposit"})
        journal.record(deposit.id, L.CARD_READ, {"account": MASKED, "account_token": token})
        journal.record(deposit.id, L.FUND_REQ, {"amount_fen": 3_000})
        load = journal.begin({"service": "transit_top_up", "kind": "transit_top_up"})
        journal.record(load.id, L.CARD_READ, {"token": token})
        journal.record(load.id, L.FUND_REQ, {"amount_fen": 2_000})
        for_deposits = check.allowance("account_deposit", NUMBER, token).caps
        assert [(cap.rule, cap.most_fen) for cap in for_deposits] == [
            ("terminal_day.both", 5_000),
            ("terminal_day.in", 7_000),
        ]
        for_loads = check.allowance("transit_top_up", NUMBER, token).caps
        assert [(cap.rule, cap.most_fen) for cap in for_loads] == [("terminal_day.both", 5_000)]


def test_what_the_journal_says_limits_the_payer(folder: Path, tmp_path: Path, clock: SetClock) -> None:
    path = rules(folder, f"[payer.often]\nmost_yuan = 100\nminutes = 30\n{WORDS}\n")
    with SqliteJournal(tmp_path / "journal", "OT000001", clock) as journal:
        check = RiskCheck(load_risk(path), journal, clock)
        payer = journal.token(CardNumber("6228480000000000018"))
        begun = journal.begin({"service": "transit_top_up"})
        journal.record(begun.id, L.INIT, {"amount_fen": 6_000})
        journal.record(begun.id, L.FUND_REQ, {"funding": "bank_card"})
        assert check.may_pay(payer, 6_000) is None
        journal.record(begun.id, L.FUND_OK, {"payer": payer})
        refused = check.may_pay(payer, 6_000)
        assert refused is not None
        assert (refused.rule, refused.most_fen) == ("payer.often", 4_000)
        clock.sleep(30 * 60)
        assert check.may_pay(payer, 6_000) is None


def test_a_list_that_has_been_broken_for_too_long_bars_every_card(
    folder: Path, tmp_path: Path, clock: SetClock
) -> None:
    with SqliteJournal(tmp_path / "journal", "OT000001", clock) as journal:
        check = RiskCheck(load_risk(folder / "risk.toml"), journal, clock)
        (folder / "blacklist.txt").unlink()
        token = journal.token(NUMBER)
        before = check.allowance("transit_top_up", NUMBER, token).tightest
        assert before is not None
        assert before.most_fen == 50_000
        clock.sleep(3600)
        after = check.allowance("transit_top_up", NUMBER, token).tightest
        assert after is not None
        assert (after.most_fen, after.words) == (0, Words("rules.unchecked"))
