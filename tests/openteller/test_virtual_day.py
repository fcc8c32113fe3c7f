"""A day on the virtual clock: the same by the same seed, and nothing lost or doubled."""

import json
import logging
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.secure_module import SecureModule
from device_sim.transit_card import TransitCard
from drivers.barcode_scanner import SerialBarcodeScanner
from kiosk_core.barcode_scanner import Barcode
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData
from kiosk_core.pin_pad import PinFormat
from kiosk_core.ports import Credited
from kiosk_core.receipt import Receipt
from openteller.virtual_day import customers, day
from openteller.virtual_day.day import DayPlan, run_day

NOBODYS_CODE = b"2800000000000000001"  # its last digit is right
HOUR = DayPlan(seed=1, hours=0.4, customers=60, mishaps_per_hour=120)
SHORT = replace(HOUR, hours=0.15, customers=25)


@pytest.fixture(scope="module")
def hour() -> day.DayReport:
    return run_day(HOUR)


def test_in_an_hour_of_misfortune_nothing_is_lost_or_doubled(hour: day.DayReport) -> None:
    assert hour.wrong == ()
    assert hour.books.served > 40
    assert sum(hour.mishaps.values()) > 30
    assert hour.losses > 10
    assert hour.books.settled_by_proof > 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_no_real_time_or_chance_comes_into_it(
    hour: day.DayReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(module: object, name: str) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError(f"{name} was called")

        monkeypatch.setattr(module, name, refuse)

    monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda *_: False)  # records have the time of the machine
    for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns", "sleep"):
        forbid(time, name)
    for name in ("urandom", "getrandom"):
        forbid(os, name)
    forbid(random, "_urandom")  # behind secrets and random.Random without a seed
    for name in ("random", "randrange", "choice", "choices", "uniform", "randbytes", "shuffle", "getrandbits"):
        forbid(random, name)
    for name in ("token_bytes", "token_hex", "randbelow", "choice"):
        forbid(secrets, name)
    assert run_day(HOUR) == hour


def test_another_seed_gives_another_day(hour: day.DayReport) -> None:
    assert run_day(replace(HOUR, seed=6, hours=0.1, customers=5)).trace != hour.trace


# What the day must notice: without these it would prove nothing.


def test_a_load_that_is_claimed_and_did_not_happen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims(self: object, authorisation: object) -> Credited:
        return Credited(bytes(4))

    monkeypatch.setattr("drivers.top_up_module.TUnionTopUpModule.credit_load", claims)
    assert any("are booked" in wrong for wrong in run_day(SHORT).wrong)


def test_a_receipt_that_is_claimed_and_not_there_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims(self: object, receipt: Receipt) -> None: ...

    monkeypatch.setattr("drivers.receipt_printer.EscPosPrinter.print", claims)
    assert any("0 receipts" in wrong for wrong in run_day(SHORT).wrong)


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
    assert any("another card" in wrong for wrong in run_day(SHORT).wrong)


def test_a_pin_that_is_encrypted_as_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    encrypt = SecureModule.pin_block

    def other(self: SecureModule, place: str, pin_format: PinFormat, digits: str, account: str) -> bytes:
        return encrypt(self, place, pin_format, digits[::-1] + "0", account)

    monkeypatch.setattr(SecureModule, "pin_block", other)
    assert any("another PIN" in wrong for wrong in run_day(SHORT).wrong)


def test_a_stripe_that_is_read_as_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = MagneticTracks(track2=TrackData("6222020000000000=3012"))
    monkeypatch.setattr("drivers.crt288k.Crt288kReader.read_tracks", lambda self: other)
    assert any("another stripe" in wrong for wrong in run_day(SHORT).wrong)


@pytest.mark.parametrize(
    ("reads", "noticed"),
    [
        (lambda code, _: code, "a code was read twice"),
        (lambda code, _: Barcode(code.symbology, NOBODYS_CODE) if code else None, "another code"),
    ],
)
def test_a_code_that_is_read_twice_or_as_another_is_noticed(
    monkeypatch: pytest.MonkeyPatch, reads: Callable[[Barcode | None, object], Barcode | None], noticed: str
) -> None:
    read = SerialBarcodeScanner.read
    first: list[Barcode] = []

    def again(self: SerialBarcodeScanner, timeout_s: float) -> Barcode | None:
        if timeout_s > 1:
            first[:] = [code] if (code := read(self, timeout_s)) else []
        return reads(first[0] if first else None, self)

    monkeypatch.setattr(SerialBarcodeScanner, "read", again)
    assert any(noticed in wrong for wrong in run_day(SHORT).wrong)


def test_a_device_that_does_not_come_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_sim.serial.world.SerialLine.plug", lambda self: None)
    plan = replace(HOUR, hours=0.2, customers=5, mishaps_per_hour=200)
    assert any("is not in service" in wrong for wrong in run_day(plan).wrong)


# -- the command ---------------------------------------------------------------------------------------------


def openteller(*arguments: str, hash_seed: int = 0) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "openteller", "sim", "day", *arguments]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [9, 10])
def test_the_command_tells_the_day_and_its_hash_is_that_of_a_process_that_hashes_otherwise(seed: int) -> None:
    arguments = ("--hours", "0.2", "--customers", "10", "--mishaps", "120", "--seed", str(seed), "--json")
    first, second = (json.loads(openteller(*arguments, hash_seed=each).stdout) for each in (1, 4242))
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
    first, second = (json.loads(openteller("--json", hash_seed=each).stdout) for each in (1, 4242))
    assert first["wrong"] == []
    assert first["trace"] == second["trace"]
