"""Staff close a case at a running terminal: the core does it, and says why where it does not."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journal.reading import read_open, read_transaction
from journal.store import SqliteJournal
from kiosk_core.errors import JournalUnavailable
from kiosk_core.intents import ChooseService
from kiosk_core.ledger import LedgerRow, Resolution
from kiosk_core.ledger import LedgerState as L
from kiosk_core.settlement import Settlement, SettlementRefused
from kiosk_core.status import Media
from openteller import journal_commands
from tests.clocks import RealClock
from tests.kiosk_core.journey import SERVICE
from tests.openteller.branch import Branch
from tests.openteller.stage import Stage

EVIDENCE = ["--by", "Li Na", "--reason", "slip 12"]


def case(stage: Stage, state: L = L.MANUAL) -> str:
    transaction = stage.journal.begin({}).id
    stage.journal.record(transaction, state, {})
    return transaction


def ask(stage: Stage, transaction: str) -> "Future[LedgerRow]":
    future = stage.conductor.settle(Settlement(transaction, Resolution.REFUNDED, "Li Na", "slip 12"))
    stage.settle()
    return future


def test_the_conductor_closes_the_case(stage: Stage) -> None:
    transaction = case(stage)
    assert ask(stage, transaction).result(0).state is L.SETTLED
    assert stage.states == []


def test_a_case_that_is_not_for_staff_is_refused(stage: Stage) -> None:
    with pytest.raises(SettlementRefused, match="no transaction KT9 is open"):
        ask(stage, "KT9").result(0)


def test_no_case_is_closed_while_a_customer_is_served(stage: Stage) -> None:
    transaction = case(stage)
    stage.touch(ChooseService(service_id=SERVICE.id))
    with pytest.raises(SettlementRefused, match="try again when the home page is back"):
        ask(stage, transaction).result(0)
    assert L.MANUAL in stage.states


def test_who_no_longer_waits_closes_nothing(stage: Stage) -> None:
    transaction = case(stage)
    future = stage.conductor.settle(Settlement(transaction, Resolution.LOADED, "Li Na", "slip 12"))
    assert future.cancel()
    stage.settle()
    assert stage.states == [L.MANUAL]


def test_a_disk_that_fails_is_told_and_the_terminal_goes_out_of_service(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = case(stage)

    def fail(*_: object) -> LedgerRow:
        raise JournalUnavailable("cannot write to the journal: the disk is full")

    monkeypatch.setattr(SqliteJournal, "record", fail)
    with pytest.raises(JournalUnavailable):
        ask(stage, transaction).result(0)
    unavailable = stage.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"


def test_a_clock_that_was_set_back_takes_the_terminal_out_of_service_before_a_customer_comes(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "journal")
    stage.journal.record(stage.journal.begin({}).id, L.DONE, {})
    stage.clock.sleep(-3600)
    stage.conductor._ready_by = stage.clock.now()
    stage.report("top_up_module", media=Media.NOT_PRESENT)
    stage.report("receipt_printer")
    unavailable = stage.home.items[0].unavailable
    assert unavailable is not None
    assert unavailable.key == "unavailable.journal"
    stage.journal.close()


# -- the command, at a core ------------------------------------------------------------------------------


def test_settle_goes_through_the_running_core(branch: Branch) -> None:
    with SqliteJournal(branch.out / "journal", "OT000001", RealClock()) as journal:
        transaction = journal.begin({"service": "transit_top_up"}).id
        journal.record(transaction, L.MANUAL, {"amount_fen": 5000})
    branch.start_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    words = ["settle", transaction, "--as", "paid-out", *EVIDENCE, "-j"]
    alone = CliRunner().invoke(journal_commands.app, [*words, str(branch.out / "journal")])
    assert alone.exit_code == 1
    assert "if it is the core, name its configuration file with -j" in alone.stderr
    result = CliRunner().invoke(journal_commands.app, [*words, str(branch.config_file)])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "Closed: Li Na settled the case: the customer was paid out. Reason: slip 12\n"
        "The core is running; it closed the case.\n"
    )
    assert read_open(branch.out / "journal") == ()
    found = read_transaction(branch.out / "journal", transaction)
    assert found is not None
    assert found.facts["resolution"] == "paid_out"


# -- what else is done to the journal on the conductor's thread --------------------------------------------------


def test_what_staff_have_done_may_fail_and_the_terminal_goes_on(stage: Stage) -> None:
    failed = stage.conductor.carry_out(lambda: 1 // 0)
    done = stage.conductor.carry_out(lambda: 7)
    stage.settle()
    with pytest.raises(ZeroDivisionError):
        failed.result(0)
    assert done.result(0) == 7
