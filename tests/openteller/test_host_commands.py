"""`openteller host` as a technician types it: at the running core of a whole simulated terminal, and without one."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerState as L
from kiosk_core.technician_questions import HostReport, HostServerReport, WaitingReport
from openteller import host_commands
from tests.clocks import SetClock
from tests.openteller.branch import Branch
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    branch = Branch()
    branch.start_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    yield branch
    branch.close()


@pytest.fixture(autouse=True)
def a_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


def host(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(host_commands.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def status_when(branch: Branch, code: int) -> str:
    until = time.monotonic() + PATIENCE_S
    while True:
        found, out, _ = host("status", branch.config_file)
        if found == code:
            return out
        assert time.monotonic() < until, out
        time.sleep(0.05)


def test_a_link_that_works_is_told_with_exit_code_0(branch: Branch) -> None:
    out = status_when(branch, 0)
    assert " in use" in out
    assert "since 20" in out
    assert "ms" in out
    assert "problem" not in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("waiting")] == ["nothing"]


def test_a_script_reads_the_status_as_json(branch: Branch) -> None:
    status_when(branch, 0)
    found: dict[str, Any] = json.loads(host("status", branch.config_file, "--json")[1])
    assert [server["in_use"] for server in found["servers"]] == [True]
    assert (found["failure"], found["mac_key"], found["waiting"]) == ("", "", [])
    assert (found["pin_key"], found["pin_key_problem"]) == (None, "")


def test_nothing_waits_for_a_host_that_has_answered_everything(branch: Branch) -> None:
    assert host("queue", branch.config_file) == (0, "Nothing waits for the bank host.\n", "")


TROUBLE = HostReport(
    servers=(
        HostServerReport(name="192.0.2.1:8583", in_use=False, failures=3),
        HostServerReport(name="192.0.2.2:8583", in_use=True, failures=0),
    ),
    connected_since=None,
    last_answer="2026-11-22T09:58:30+08:00",
    round_trip_ms=42,
    failure="the bank host did not answer within 10 s",
    mac_key="08D7B4",
    pin_key="57C409",
    pin_key_problem="the PIN key has served 1000 PINs",
    journal_problem="this terminal's journal has 12 rows",
    waiting=(
        WaitingReport(
            transaction="OT000001-26112200001",
            state="REV_REQ",
            amount_fen=5000,
            since="2026-11-22T09:58:40+08:00",
            tries=4,
            next_try_s=11.6,
        ),
    ),
)


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch, branch: Branch) -> Path:
    monkeypatch.setattr(host_commands, "_asked", lambda socket: TROUBLE)
    return branch.config_file


def test_a_host_that_does_not_answer_is_told_with_its_reason_and_exit_code_1(trouble: Path) -> None:
    code, out, _ = host("status", trouble)
    assert code == 1
    assert [line.rstrip() for line in out.splitlines()] == [
        "server       192.0.2.1:8583 not reached 3 times in a row",
        "server       192.0.2.2:8583 in use",
        "connected    no",
        "last answer  2026-11-22 09:58:30, after 42 ms",
        "problem      the bank host did not answer within 10 s",
        "journal      out of service: this terminal's journal has 12 rows",
        "MAC key      08D7B4",
        "PIN key      57C409 bank cards cannot pay: the PIN key has served 1000 PINs",
        "waiting      1",
    ]


def test_what_waits_is_told_with_tries_and_the_next_one(trouble: Path) -> None:
    code, out, _ = host("queue", trouble)
    assert code == 1
    (row,) = out.splitlines()[1:]
    assert " ".join(row.split()) == "OT000001-26112200001 reversal ¥50.00 2026-11-22 09:58:40 4 in 12 s"


# -- without a core --------------------------------------------------------------------------------------


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Path]:
    """The configuration of a terminal that is switched off while a reversal and a proof are under way."""
    branch = Branch()
    yield branch.config_file
    branch.close()


def test_without_a_core_there_is_no_status(stopped: Path) -> None:
    code, _, problem = host("status", stopped)
    assert code == 1
    assert "no core answers on" in problem
    assert f"start it with: openteller core {stopped}" in " ".join(problem.split())


def test_without_a_core_the_journal_tells_what_waits(stopped: Path) -> None:
    from openteller.config import load_terminal

    clock = SetClock(datetime(2026, 11, 22, 10, tzinfo=UTC))
    with SqliteJournal(load_terminal(stopped).journal.folder, "OT000001", clock) as journal:
        names = []
        for state in (L.REV_REQ, L.CONFIRM_SAF, L.SUSPENSE, L.DONE):
            names.append(journal.begin({"service": "transit_topup", "amount_fen": 5000}).id)
            clock.sleep(60)
            journal.record(names[-1], state, {})
    code, out, _ = host("queue", stopped)
    assert code == 1
    lines = [line.split("  ") for line in out.splitlines()]
    rows = [[word.strip() for word in line if word.strip()] for line in lines]
    assert rows[1] == [names[0], "reversal", "¥50.00", "2026-11-22 10:01:00", "-", "-"]
    assert rows[2] == [names[1], "proof of load", "¥50.00", "2026-11-22 10:02:00", "-", "-"]
    assert "The core does not run: nothing is being sent." in out
    assert names[2] not in out  # only people can close it: `openteller journal show --open` has it
    assert names[3] not in out
    found = json.loads(host("queue", stopped, "--json")[1])
    assert [each["state"] for each in found] == ["REV_REQ", "CONFIRM_SAF"]


def test_a_load_in_doubt_waits_for_the_host_until_it_has_been_told(stopped: Path) -> None:
    from openteller.config import load_terminal

    clock = SetClock(datetime(2026, 11, 22, 10, tzinfo=UTC))
    with SqliteJournal(load_terminal(stopped).journal.folder, "OT000001", clock) as journal:
        name = journal.begin({"service": "transit_topup", "amount_fen": 5000}).id
        journal.record(name, L.SUSPENSE, {"counter": 7, "authorised_at": "20261122100000"})
        code, out, _ = host("queue", stopped)
        assert code == 1
        assert " ".join(out.splitlines()[1].split()) == f"{name} load in doubt ¥50.00 2026-11-22 10:00:00 - -"
        journal.note(name, {"reported": True})
        code, out, _ = host("queue", stopped)
        assert (code, out.splitlines()[0]) == (0, "Nothing waits for the bank host.")


def test_a_journal_that_is_not_there_is_one_sentence(stopped: Path) -> None:
    code, _, problem = host("queue", stopped)
    assert code == 1
    assert "Traceback" not in problem
    assert problem.strip()


def test_a_file_that_is_no_configuration_is_one_sentence(tmp_path: Path) -> None:
    code, _, problem = host("status", tmp_path / "none.toml")
    assert code == 1
    assert "none.toml" in problem
