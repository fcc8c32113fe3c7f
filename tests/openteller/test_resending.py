"""What the host has not acknowledged, sent again by the conductor: soon, then ever more seldom, until it answers."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk_core.errors import HostSilent
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ports import ReversalReason, Reversed, Trace
from tests.openteller.test_conductor import Host, Stage


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


@dataclass
class Notary(Host):
    """A host that is told heads; it is deaf to the first `deaf_to` of them, and takes them if it `believes`."""

    deaf_to: int = 0
    believes: bool = True
    heads: list[tuple[int, str]] = field(default_factory=list)

    def report_journal_head(self, number: int, digest: str) -> bool:
        self.heads.append((number, digest))
        if len(self.heads) <= self.deaf_to:
            raise HostSilent("the bank host did not answer within 10 s")
        return self.believes


def stage_with_rows(folder: Path, host: Host, rows: int) -> Stage:
    stage = Stage(folder, host=host)
    for _ in range(rows // 2):
        transaction = stage.journal.begin({"service": "transit_topup"}).id
        stage.journal.record(transaction, L.ABANDONED, {})
    return stage


def test_the_host_is_told_the_newest_row_every_hundred_rows(tmp_path: Path) -> None:
    host = Notary()
    stage = stage_with_rows(tmp_path, host, 98)
    live(stage, 40)
    assert host.heads == []
    for _ in range(2):
        transaction = stage.journal.begin({"service": "transit_topup"}).id
        stage.journal.record(transaction, L.ABANDONED, {})
    live(stage, 200)
    assert host.heads == [stage.journal.head()]
    assert host.heads[0][0] == 102


def test_a_head_that_was_not_answered_is_told_again(tmp_path: Path) -> None:
    host = Notary(deaf_to=2)
    stage = stage_with_rows(tmp_path, host, 100)
    live(stage, 120)
    assert len(host.heads) == 3


def test_a_host_that_keeps_another_row_is_an_alarm_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    live(stage_with_rows(tmp_path, Notary(believes=False), 100), 40)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert line.startswith("the bank host does not take row 100 for the journal's newest")
