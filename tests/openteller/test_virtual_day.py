"""A day on the virtual clock: the same by the same seed, and nothing lost or doubled."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.transit_card import TransitCard
from kiosk_core.ports import Credited
from kiosk_core.receipt import Receipt
from openteller.virtual_day import customers, day
from openteller.virtual_day.day import DayPlan, run_day

HOUR = DayPlan(seed=5, hours=0.5, customers=60, mishaps_per_hour=120)


@pytest.fixture(scope="module")
def hour() -> day.DayReport:
    return run_day(HOUR)


def test_in_an_hour_of_misfortune_nothing_is_lost_or_doubled(hour: day.DayReport) -> None:
    assert hour.wrong == ()
    assert hour.books.served > 40
    assert sum(hour.mishaps.values()) > 30
    assert hour.losses > 10
    assert hour.books.settled_by_proof > 0


def test_the_same_seed_gives_the_same_bytes_at_the_same_times(hour: day.DayReport) -> None:
    assert run_day(HOUR) == hour


def test_another_seed_gives_another_day(hour: day.DayReport) -> None:
    assert run_day(replace(HOUR, seed=6, hours=0.3, customers=5)).trace != hour.trace


# What the day must notice: without these it would prove nothing.


def test_a_load_that_is_claimed_and_did_not_happen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims(self: object, authorisation: object) -> Credited:
        return Credited(bytes(4))

    monkeypatch.setattr("drivers.top_up_module.TUnionTopUpModule.credit_load", claims)
    assert any("are booked" in wrong for wrong in run_day(replace(HOUR, hours=0.5)).wrong)


def test_a_receipt_that_is_claimed_and_not_there_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims(self: object, receipt: Receipt) -> None: ...

    monkeypatch.setattr("drivers.receipt_printer.EscPosPrinter.print", claims)
    assert any("0 receipts" in wrong for wrong in run_day(replace(HOUR, hours=0.5)).wrong)


def test_a_card_that_is_read_as_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    insert = SimulatedCcidReader.insert
    other = customers.Customers

    def swapped(self: SimulatedCcidReader, card: TransitCard) -> None:
        insert(self, next(each for each in cards if each is not card))

    cards: list[TransitCard] = []
    begin = other.__init__

    def remember(self: customers.Customers, terminal: object, *rest: object) -> None:
        cards.extend(terminal.cards)  # type: ignore[attr-defined]
        begin(self, terminal, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(other, "__init__", remember)
    monkeypatch.setattr(SimulatedCcidReader, "insert", swapped)
    assert any("another card" in wrong for wrong in run_day(replace(HOUR, hours=0.5)).wrong)


def test_a_device_that_does_not_come_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_sim.serial.world.SerialLine.plug", lambda self: None)
    plan = replace(HOUR, hours=0.5, customers=5, mishaps_per_hour=200)
    assert any("is not in service" in wrong for wrong in run_day(plan).wrong)


# -- the command ---------------------------------------------------------------------------------------------


def openteller(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "openteller", "sim", "day", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_the_command_tells_the_day_and_its_hash_is_that_of_another_process() -> None:
    arguments = ("--hours", "0.3", "--customers", "20", "--seed", "9", "--json")
    first, second = (json.loads(openteller(*arguments).stdout) for _ in range(2))
    assert first["wrong"] == []
    assert first["trace"] == second["trace"]
    assert first["traces"] == second["traces"]


def test_a_day_that_cannot_be_is_refused() -> None:
    ended = openteller("--hours", "0")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_whole_day_is_the_same_twice() -> None:
    first, second = (json.loads(openteller("--json").stdout) for _ in range(2))
    assert first["wrong"] == []
    assert first["trace"] == second["trace"]
