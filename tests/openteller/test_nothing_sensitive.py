"""After a day nothing sensitive is stored: no card number, track, PIN block, PIN, ID number or key, however written.

Two days are looked at. In one a branch is open with all that it leaves behind: journal, logs at DEBUG with tracebacks,
traces, receipts, the pages, the bank's files, and the memory of the core. In the other every device works on the
virtual clock, with customers whose cards, stripes and PINs are known.
"""

import contextlib
import dataclasses
import logging
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from typer.testing import CliRunner

from device_sim import key_block
from device_sim.cards.kinds import built_in_kinds
from device_sim.key_block import HeldKey
from device_sim.plastic_card import PlasticCard
from device_sim.sdt_reader import ID_CARDS
from device_sim.secure_module import SecureModule
from device_sim.unit import Unit
from drivers.registry import Model
from drivers.trace.watch import TraceWatch
from kiosk_core.clock import Clock
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pin_pad import PinFormat
from kiosk_core.technician_questions import AskDevices, AskTrace, Devices, TraceReport
from kiosk_core.trace import Record, record_line
from openteller.cli import app
from openteller.core_client import CoreClient
from openteller.demo import write_configuration
from openteller.virtual_day import customers, station
from openteller.virtual_day.day import DayPlan, run_day
from openteller.virtual_day.stations import LOAD_MASTER, PIN_KEY, TAC_MASTER
from tests.clocks import let_midnight_pass
from tests.openteller.branch import CARD, Branch, Customer
from tests.openteller.paying_by_card import can_take_bank_cards, go_to_pin, take_bank_card, type_pin
from tests.patience import until
from tests.sensitive import Scanner, Secret, files_below

# -- the scanner finds what it must: all of this is typed by hand ------------------------------------------------

NUMBER = "6228480918273645546"
PIN_BLOCK = bytes.fromhex("9C7E01D5A2F04B6B")
KNOWN = (
    Secret("card number", NUMBER, masked=True),
    Secret("track 2", "6228480918273645546=30122011888"),
    Secret("ID number", "11010119850307123X"),
    Secret("PIN block", PIN_BLOCK),
    Secret("key", bytes.fromhex("1F8B0E77C3D244A95566778899AABBCD")),
)
PLANTED = {
    "text": b'{"pan":"6228480918273645546"}',
    "UTF-16": "6228480918273645546".encode("utf-16"),
    "UTF-16, most significant byte first": b"\0" + "\0".join("6228480918273645546").encode(),
    "hexadecimal of the text": b"36323238343830393138323733363435353436",
    "packed, padded behind": bytes.fromhex("6228480918273645546F"),
    "packed, padded before": bytes.fromhex("06228480918273645546"),
    "base64": b"pan=NjIyODQ4MDkxODI3MzY0NTU0Ng==",
    "base64, two bytes on": b"eHg2MjI4NDgwOTE4MjczNjQ1NTQ2",  # xx6228...
    "too much of it": b"622848091*******5546",
    "too much of its end": b"622848*****73645546",
    "too much of it, packed": bytes.fromhex("622848091827"),
    "an ID number": b"id 11010119850307123X.",
    "a PIN block": PIN_BLOCK,
    "a PIN block, upper case": b"9C7E01D5A2F04B6B",
    "a PIN block, lower case": b"9c7e01d5a2f04b6b",
    "a PIN block, with spaces": b"9c 7e 01 d5 a2 f0 4b 6b",
    "a PIN block, base64": b"nH4B1aLwS2s=",
    "a PIN block in a repr": rb"b'\x9c~\x01\xd5\xa2\xf0Kk'",
    "a key, in UTF-16": "1F8B0E77C3D244A95566778899AABBCD".encode("utf-16-be") + b"\0",
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("before", [b"", b"\x00\x01\x02"], ids=["alone", "in the middle"])
def test_the_scanner_finds_what_was_planted(name: str, before: bytes) -> None:
    assert Scanner(KNOWN).findings(before + PLANTED[name] + before)


@pytest.mark.parametrize("harmless", [b"622848*********5546", b"6228480 5546", bytes.fromhex("622848FFFF5546"), b""])
def test_the_scanner_lets_first_six_and_last_four_pass(harmless: bytes) -> None:
    assert Scanner(KNOWN).findings(harmless) == []


# -- a branch is open --------------------------------------------------------------------------------------------

PURSE = "3104876913580247964"
PIN = "492716385024"
TRACK_2_IN_CHIP = "9999990000000000014D311222000000"  # tag 57 of the card store's bank card
BANK_CARD = built_in_kinds()["bank"]
CORE = """
import faulthandler, logging, signal, sys
from pathlib import Path

faulthandler.register(signal.SIGUSR1, all_threads=False)  # of running threads it cannot be done safely
logging.basicConfig(level=logging.DEBUG)
from openteller.core import Core
from openteller.system_clock import SystemClock

with Core(Path(sys.argv[1]), SystemClock()) as core:
    signal.signal(signal.SIGTERM, lambda *_: core.stop())
    core.run()
"""


STACK = b"most recent call first"

# Each in the place of the demo's, whose values stand in the examples of libraries too.
OURS = {
    "3104870000012345678": PURSE,
    "0123456789ABCDEFFEDCBA9876543210": "8C3D62F71A9E40B55B04E9A17F26D3C8",  # the loading key of the PIN pad
    "00112233445566778899AABBCCDDEEFF": "E75A19C40D83B62F9168F03BD7C24EA5",  # the master key of loads
    "FFEEDDCCBBAA99887766554433221100": "29D4B07E6F1385CA4CB6E8137A95F20D",  # the master key of TACs
}


def never_in_a_core() -> list[Secret]:
    """Return what does not even pass through a core: PINs stay in the pad, keys in pad and bank."""
    return [Secret("PIN", PIN), *(Secret("key", bytes.fromhex(each)) for each in OURS.values() if each != PURSE)]


def never_stored(pin_blocks: Iterable[bytes]) -> list[Secret]:
    assert BANK_CARD.chip is not None
    assert BANK_CARD.chip.debit is not None
    return [
        Secret("card number", PURSE, masked=True),
        Secret("number of the bank card", BANK_CARD.chip.debit.number),
        *(Secret(f"track {name}", track.data) for name, track in BANK_CARD.tracks.items()),
        Secret("track 2 in the chip", TRACK_2_IN_CHIP),
        Secret("track 2 in the chip, as it goes to the host", TRACK_2_IN_CHIP.replace("D", "=")),
        *(Secret("PIN block", each) for each in pin_blocks),
        Secret("key of the bank card", bytes.fromhex(BANK_CARD.chip.debit.key)),
        *id_numbers(),
        *never_in_a_core(),
    ]


def id_numbers() -> list[Secret]:
    numbers = {
        getattr(card.text, each.name)
        for card in ID_CARDS.values()
        for each in dataclasses.fields(card.text)
        if each.name.endswith("_number")
    }
    return [Secret("ID number", number) for number in numbers if number]


@dataclasses.dataclass
class Left:
    """What a branch's day left: files, and the core's memory when a customer had gone and the next was waited for."""

    files: dict[str, bytes]
    memory: bytes
    states: list[L]
    compared: str
    pin_blocks: list[bytes]
    pin_keys: list[bytes]


@pytest.fixture(scope="module")
def left() -> Iterator[Left]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.openteller.branch.write_configuration", configure_with_our_values)
        branch = Branch(bank_card=True)
        pin_blocks: list[bytes] = []
        pin_keys: list[bytes] = []
        encrypt, wrap = SecureModule.pin_block, key_block.wrap

        def noting(*asked: Any) -> bytes:
            pin_blocks.append(encrypt(*asked))
            return pin_blocks[-1]

        def noting_key(protection: bytes, key: HeldKey, *rest: Any) -> str:
            pin_keys.append(key.value)
            return wrap(protection, key, *rest)

        patch.setattr(SecureModule, "pin_block", noting)
        patch.setattr(key_block, "wrap", noting_key)  # the bank's, when it gives out a PIN key
        try:
            day = dataclasses.replace(a_day_of(branch, pin_blocks), pin_keys=pin_keys)
            patch.undo()  # the other day of this module may be lived while this one is still looked at
            yield day
        finally:
            branch.close()


def configure_with_our_values(out: Path, run: Path, size: tuple[int, int]) -> None:
    write_configuration(out, run, size)
    file = out / "sim.toml"
    text = file.read_text(encoding="utf-8")
    for theirs, ours in {**OURS, 'pin = "123456"': f'pin = "{PIN}"'}.items():
        assert theirs in text
        text = text.replace(theirs, ours)
    file.write_text(text, encoding="utf-8")


def a_day_of(branch: Branch, pin_blocks: list[bytes]) -> Left:
    let_midnight_pass()
    log = branch.folder / "core.log"
    kept: dict[str, bytes] = {}
    with log.open("wb") as file:
        core = spawn(branch, file)
        with branch.customer() as customer:
            load(branch, customer)
            kept["receipt 1"] = branch.sim.take_paper().text.encode()
            load_by_bank_card(branch, customer)
            kept["receipt 2"] = branch.sim.take_paper().text.encode()
            memory = memory_of(core.pid)
            lose_card(branch, customer)
            branch.sim.set_bank(silent=True)
        kept |= traces_of(branch)
        core.send_signal(signal.SIGUSR1)
        until(lambda: STACK in log.read_bytes())
        branch.stop_core()
        branch.sim.set_bank(silent=False)
        spawn(branch, file)
        with branch.customer() as customer:
            customer.see("menu", lambda page: page.items[0].unavailable is None)
            until(lambda: can_take_bank_cards(branch))  # with a new PIN key
            for name in ID_CARDS:
                branch.sim.place_id_card(name)
                branch.sim.take_id_card()
            branch.sim.press([*PIN, "enter"])
            kept["pages"] = repr(customer.seen).encode()
        kept |= {f"{name}, again": trace for name, trace in traces_of(branch).items()}
        today = branch.transactions()[0].rows[0].at.date()
        settlement = branch.folder / "settlement"
        branch.sim.settlement(f"{today:%Y%m%d}", str(settlement))
        words = ["--date", today.isoformat(), "-s", str(settlement), "-j", str(branch.config_file)]
        compared = CliRunner().invoke(app, ["reconcile", *words]).output
        for form in ("csv", "jsonl", "paper-roll"):
            words = ["export", "-j", str(branch.config_file), "--format", form]
            kept[f"export {form}"] = CliRunner().invoke(app, ["journal", *words]).output.encode()
        states = [each.state for each in branch.transactions()]
        branch.stop_core()
    kept["reconcile"] = compared.encode()
    # What belongs to the simulator is no store of the terminal: its configuration, and the plastic cards themselves.
    files = {
        name: data for name, data in files_below(branch.folder).items() if not re.search(r"sim\.toml|/cards/", name)
    }
    return Left({**kept, **files}, memory, states, compared, pin_blocks, [])


def spawn(branch: Branch, log: BinaryIO) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", CORE, str(branch.config_file)]
    branch._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    return branch._process


def load(branch: Branch, customer: Customer) -> None:
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.pay_after_choosing()
    branch.sim.pay()
    assert customer.see("result").title.key == "top_up.loaded.title"
    branch.sim.take_card()
    customer.see("menu")


def load_by_bank_card(branch: Branch, customer: Customer) -> None:
    go_to_pin(branch, customer)
    type_pin(branch, PIN)
    assert customer.see("result").title.key == "top_up.loaded.title"
    take_bank_card(branch)
    branch.sim.take_card()
    customer.done()
    customer.see("menu")


def lose_card(branch: Branch, customer: Customer) -> None:
    """Tear the card out of the middle of its load, and do not come back."""
    customer.choose_service()
    branch.sim.place_card(CARD)
    customer.pay_after_choosing()
    branch.sim.tear_card("before_commit")
    branch.sim.pay()
    customer.see("capture", lambda page: page.deadline_s is not None)


def traces_of(branch: Branch) -> dict[str, bytes]:
    """Return what a technician gets of every device's trace."""
    traces: dict[str, bytes] = {}
    with CoreClient(branch.core_socket) as client:
        devices = client.ask(AskDevices())
        assert isinstance(devices, Devices)
        for device in devices.devices:
            report = client.ask(AskTrace(name=device.name, last=400))
            assert isinstance(report, TraceReport)
            traces[f"trace of {device.name}"] = "\n".join([report.header, *report.records]).encode()
    return traces


_PAGE = 4096


def memory_of(process: int) -> bytes:
    """Return all that a child of this process may write in its memory; b"" where the system does not show it."""
    found = []
    try:
        maps = Path(f"/proc/{process}/maps").read_text(encoding="ascii")
        with Path(f"/proc/{process}/mem").open("rb") as memory:
            for line in maps.splitlines():
                area, rights, *_ = line.split()
                if rights.startswith("rw"):
                    start, end = (int(each, 16) for each in area.split("-"))
                    with contextlib.suppress(OSError):
                        memory.seek(start)
                        found.append(memory.read(end - start).replace(bytes(_PAGE), b""))  # what was never used
    except PermissionError:
        return b""
    return b"".join(found)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_branch_left_what_is_to_be_looked_at(left: Left) -> None:
    assert left.states == [L.DONE, L.DONE, L.SUSPENSE]
    assert len(left.pin_blocks) == 1
    assert len(left.pin_keys) == 2  # one each time the core was started
    assert {"out/journal/journal.db", "out/bank/bank.sqlite", "settlement", "core.log"} <= left.files.keys()
    assert left.files["core.log"].count(b"DEBUG") + left.files["core.log"].count(b"INFO") > 10
    assert STACK in left.files["core.log"]
    assert left.files["receipt 1"].count(b"310487*********7964") == 1
    assert b"310487*********7964" in left.files["settlement"]
    assert sum(len(data) for name, data in left.files.items() if name.startswith("trace")) > 1_000
    assert "waits for the card" in left.compared
    assert "310487*********7964" in left.files["export csv"].decode()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_that_a_branch_leaves_behind_is_sensitive(left: Left) -> None:
    secrets = [*never_stored(left.pin_blocks), *(Secret("PIN key", each) for each in left.pin_keys)]
    assert Scanner(secrets).findings_in(left.files) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_core_never_has_pins_or_keys_in_its_memory(left: Left) -> None:
    if not left.memory:
        pytest.skip("this system does not show a process's memory to its parent")
    assert len(left.memory) > 2**20
    assert b"OT000001" in left.memory  # it is the core's: its terminal number
    secrets = [*never_in_a_core(), *(Secret("PIN key", each) for each in left.pin_keys)]
    assert Scanner(secrets).findings(left.memory) == []


# -- a day of all devices -------------------------------------------------------------------------------------------


class Overheard:
    """What passes at the devices of a virtual day that must not be stored, and the traces as a technician has them."""

    def __init__(self) -> None:
        self.secrets: dict[str | bytes, Secret] = {}
        self.traces: list[tuple[str, Record]] = []

    def note(self, kind: str, value: str | bytes, *, masked: bool = False) -> None:
        self.secrets[value] = Secret(kind, value, masked)

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        """Note PINs of eight digits, their blocks and accounts, stripes and ID numbers, and keep masked traces."""
        encrypt, begin, new_plastic = SecureModule.pin_block, station.Station.__init__, customers.PlasticCard
        choose = random.Random.randrange
        models: list[Model] = []

        def pin_block(module: SecureModule, place: str, pin_format: PinFormat, digits: str, account: str) -> bytes:
            block = encrypt(module, place, pin_format, digits, account)
            self.note("PIN", digits)
            self.note("PIN block", block)
            self.note("account of a PIN", account, masked=True)
            return block

        def plastic(**parts: Any) -> PlasticCard:
            for track in parts.get("tracks", {}).values():
                self.note("track", track.decode("ascii"))
                self.note("card number of a track", track.decode("ascii").partition("=")[0], masked=True)
            return new_plastic(**parts)

        def begin_station(self_: station.Station, unit: Unit, model: Model, *rest: Any, **more: Any) -> None:
            models[:] = [model]
            begin(self_, unit, model, *rest, **more)

        def recorder(clock: Clock) -> Recorder:
            name = models[0].family
            return Recorder(clock, models[0], lambda record: self.traces.append((name, record)))

        def long_pins(chance: random.Random, start: int, *rest: int) -> int:
            return 8 if (start, *rest) == (4, 7) else choose(chance, start, *rest)

        patch.setattr(random.Random, "randrange", long_pins)  # a PIN of four digits may stand anywhere by chance
        patch.setattr(SecureModule, "pin_block", pin_block)
        patch.setattr(customers, "PlasticCard", plastic)
        patch.setattr(station.Station, "__init__", begin_station)
        patch.setattr(station, "TraceHash", recorder)


class Recorder(TraceWatch):
    """The recorder of a real core in the place of a virtual day's hash."""

    hexdigest = ""
    chunks = 0

    def __init__(self, clock: Clock, model: Model, sink: Callable[[Record], None]) -> None:
        super().__init__("device", clock, family=model.family, masker=model.masker, sink=sink)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_day_of_all_devices_logs_and_traces_nothing_sensitive(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    overheard = Overheard()
    overheard.listen(monkeypatch)
    with caplog.at_level(logging.DEBUG):
        report = run_day(DayPlan(seed=5, hours=0.5, customers=80, mishaps_per_hour=120))
    assert report.wrong == ()
    kinds = {secret.kind for secret in overheard.secrets.values()}
    assert kinds == {"PIN", "PIN block", "account of a PIN", "track", "card number of a track"}
    cards = [Secret("number of a purse", f"310476000000{number:07}") for number in range(20)]
    keys = [Secret("key", key) for key in (LOAD_MASTER, TAC_MASTER, PIN_KEY)]
    scanner = Scanner([*overheard.secrets.values(), *cards, *keys, *id_numbers()])
    shown = {
        f"trace of {family}": b"".join(record.octets.data for name, record in overheard.traces if name == family)
        for family in {name for name, _ in overheard.traces}
    }
    lines = "\n".join(record_line(record) for _, record in overheard.traces).encode()
    assert len(lines) > 100_000
    assert sum(map(len, shown.values())) > 10_000
    assert scanner.findings_in({"log": caplog.text.encode(), "trace files": lines, **shown}) == []
