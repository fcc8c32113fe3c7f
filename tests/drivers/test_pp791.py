"""The PIN pad's driver: byte by byte, against the simulated pad on virtual time, on hostile wires, on a pty."""

import contextlib
import logging
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim import key_block
from device_sim.key_block import HeldKey
from device_sim.misfortune import Harm, Misfortune, Towards
from device_sim.pp791 import SimulatedPp791
from device_sim.secure_module import SecureModule
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.wire import Wire
from drivers.pp791 import ACK_S, ANSWER_S, END_S, GRACE_S, QUIET_S, SETTLE_S, TYPING_S, Pp791, Pp791Profile
from drivers.serial_port import open_serial
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.pin_pad import (
    DataEntered,
    DataEntry,
    EntryEnd,
    Key,
    KeyDetail,
    KeyName,
    PinBlock,
    PinEntry,
    PinFormat,
    PinPad,
    PinPadRefusal,
)
from kiosk_core.status import DeviceState, Identity
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S
from wire.pp791 import Cancel, EnterPin, KeyCode, PinError, ReadKey, ResetState, SelfTestFailure

NAME = "pin_pad"
# ANSI X9.24-1:2009 A.4, the PIN key of KSN ..E00001, and what it makes of PIN 1234 and this account
# (tests/device_sim/test_secure_module.py)
PIN_KEY = HeldKey("P0", "T", "E", bytes.fromhex("042666B49184CF5C68DE9628D0397B36"))
NUMBER = CardNumber("4012345678909")
BLOCK = bytes.fromhex("1B9C1845EB993A7A")
# PP791 manual p31
LOADING_KEY = HeldKey("K0", "T", "D", bytes.fromhex("19191919191919195B5B5B5B5B5B5B5B"))
KEY_BLOCK = "B0080P0TE00N00003C4F5024C59C182F7165BC870FCB7F63456AAE07DB736C32EA391E5834C1AA0C"
# ISO 9797-1:2011 B.4
MAC_KEY = HeldKey("M3", "T", "G", bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
WITH_MACS = Pp791Profile(mac_packets=("6", "7"))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


class Finger:
    """Presses keys at times: `at(seconds after now, what)`."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._plans: list[tuple[float, Callable[[], object]]] = []

    def at(self, after_s: float, deed: Callable[[], object]) -> None:
        self._plans.append((self._clock.now() + after_s, deed))
        self._plans.sort(key=lambda plan: plan[0])

    def move(self) -> None:
        while self._plans and self._plans[0][0] <= self._clock.now():
            self._plans.pop(0)[1]()


class SimulatedLine:
    """A Transport over a wire to the simulated pad, on virtual time in steps of 10 ms; it can be unplugged."""

    def __init__(self, wire: Wire, clock: SetClock, finger: Finger) -> None:
        self._wire = wire
        self._clock = clock
        self._finger = finger
        self._pending = b""
        self.unplugged = False
        self.sent = bytearray()

    def write(self, data: bytes, timeout_s: float) -> None:
        self._check()
        self.sent += data
        self._pending += self._wire.receive(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        until = self._clock.now() + timeout_s
        while True:
            self._check()
            self._finger.move()
            self._pending += self._wire.idle()
            if self._pending:
                taken, self._pending = self._pending[:size], self._pending[size:]
                return taken
            if self._clock.now() >= until:
                return b""
            self._clock.sleep(0.01)

    def discard_input(self) -> None:
        self._check()
        self._pending = b""

    def close(self) -> None:
        self._pending = b""

    def _check(self) -> None:
        if self.unplugged:
            raise DeviceUnavailable(NAME, "unplugged")


class Bench:
    """A driver, its simulated pad, the wire between them and a finger."""

    def __init__(self, clock: SetClock, profile: Pp791Profile | None = None, *, keys: bool = True) -> None:
        self.clock = clock
        self.module = SecureModule(bytes)
        self.module.put("F", LOADING_KEY)
        if keys:
            self.module.put("0", PIN_KEY)
            self.module.put("B", MAC_KEY)
        self.pad = SimulatedPp791(clock, self.module)
        self.wire = Wire(self.pad, clock, seed=7)
        self.finger = Finger(clock)
        self.line = SimulatedLine(self.wire, clock, self.finger)
        self.driver = Pp791(NAME, self.line, clock, profile)

    def pin(self, typed: str = "1234", **entry: object) -> PinBlock | EntryEnd | PinPadRefusal:
        self.when_asked(lambda: self.pad.type_pin(typed))
        return self.driver.enter_pin(PinEntry(NUMBER, **entry), lambda: False)  # type: ignore[arg-type]

    def when_asked(self, deed: Callable[[], object], after_s: float = 2.0) -> None:
        """Do `deed` two seconds after the pad has asked for something."""

        def look() -> None:
            waits = self.pad.waits_for_pin or self.pad.waits_for_key
            self.finger.at(after_s if waits else 0.05, deed if waits else look)

        self.finger.at(0.0, look)

    def keys(self, *codes: KeyCode) -> None:
        """Press each key half a second after the pad has asked for one."""
        if codes:
            self.when_asked(lambda: (self.pad.press(codes[0]), self.keys(*codes[1:])), 0.5)

    def harm(self, harm: Harm, towards: Towards = Towards.HOST, times: int = 1, seconds: float = 1.0) -> None:
        self.wire.fortune.misfortunes.append(Misfortune(harm, towards, times, 1.0, seconds))


@pytest.fixture
def bench(clock: SetClock) -> Bench:
    return Bench(clock)


def never() -> bool:
    return False


# -- byte by byte --------------------------------------------------------------------------------------------

# LRCs [computed] by hand in tests/wire/test_pp791.py
CANCEL, SELF_TEST, SERIAL = b"\x0272\x03\x06", b"\x0f16\x0e\x09", b"\x0f06\x0e\x08"
CHECK, SELECT = b"\x0f0401\x0e\x0b", b"\x0f080\x0e\x36"


class ScriptedLine:
    """A Transport on virtual time; each write is answered as the script says, with (seconds until then, bytes)."""

    def __init__(self, clock: SetClock, script: dict[bytes, list[tuple[float, bytes]]]) -> None:
        self.sent: list[bytes] = []
        self._clock = clock
        self._script = script
        self.coming: list[tuple[float, bytes]] = []

    def write(self, data: bytes, timeout_s: float) -> None:
        self.sent.append(data)
        now = self._clock.now()
        self.coming += [(now + delay, octets) for delay, octets in self._script.get(data, [])]
        self.coming.sort(key=lambda each: each[0])

    def read(self, size: int, timeout_s: float) -> bytes:
        until = self._clock.now() + max(0.0, timeout_s)
        if not self.coming or self.coming[0][0] > until:
            self._clock.sleep(until - self._clock.now() + 1e-9)
            return b""
        at, octets = self.coming.pop(0)
        self._clock.sleep(max(0.0, at - self._clock.now()))
        return octets[:size]

    def discard_input(self) -> None:
        self.coming = [each for each in self.coming if each[0] > self._clock.now()]

    def close(self) -> None:
        self.coming.clear()


LOADED = b"\x0f04FP0\x1cE\x1cT\x0e"
# 30 34 46 50 30 1C 45 1C 54 0E: 04, 42, 12, 22, 3E, 7B, 67, 33, 3D
LOADED += b"\x3d"
QUIET_PAD = {
    CANCEL: [(0.01, b"\x06")],
    CHECK: [(0.01, b"\x06"), (0.02, LOADED)],
    SELF_TEST: [(0.01, b"\x06"), (0.02, b"\x0f160\x0e\x39")],
    SERIAL: [(0.01, b"\x06"), (0.02, b"\x0f06000000000000\x0e\x08")],
    b"\x06": [(0.01, b"\x04")],
}


def test_questions_are_those_of_the_manual(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    assert driver.identify() == Identity("PP791", serial="000000000000")
    assert driver.self_test().in_service
    # settled first: 72, then a question with an answer of its own
    assert line.sent == [CANCEL, CHECK, b"\x06", SERIAL, b"\x06", SELF_TEST, b"\x06", CHECK, b"\x06"]


def test_silence_ends_with_its_deadline(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    driver.status()
    line._script = QUIET_PAD | {SERIAL: []}
    began = clock.now()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.identify()
    assert clock.now() - began == pytest.approx(ACK_S, abs=0.01)
    line._script = QUIET_PAD | {SERIAL: [(0.01, b"\x06")]}
    began = clock.now()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.identify()
    assert clock.now() - began < 2 * SETTLE_S + 2 * ACK_S + ANSWER_S + END_S


def test_a_pad_that_cannot_read_is_asked_again_twice(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    driver.status()
    line._script = QUIET_PAD | {SERIAL: [(0.01, b"\x15")]}
    with pytest.raises(ProtocolViolation, match="does not take GetSerialNumber"):
        driver.identify()
    assert line.sent[-3:] == [SERIAL] * 3
    assert driver.counters().resends == 2


def test_an_answer_that_cannot_be_read_is_asked_for_again(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    driver.status()
    garbled = b"\x0f06000000000000\x0e\x09"
    line._script = QUIET_PAD | {SERIAL: [(0.01, b"\x06"), (0.02, garbled)], b"\x15": QUIET_PAD[SERIAL][1:]}
    assert driver.identify().serial == "000000000000"
    assert line.sent[-3:] == [SERIAL, b"\x15", b"\x06"]
    assert driver.counters().checksum_errors == 1
    line._script = QUIET_PAD | {SERIAL: [(0.01, b"\x06"), (0.02, garbled)], b"\x15": [(0.02, garbled)]}
    with pytest.raises(ProtocolViolation, match="cannot be understood"):
        driver.identify()


@pytest.mark.parametrize("late_s", [0.005, 0.2])
def test_a_late_answer_is_waited_out_before_the_next_question(clock: SetClock, late_s: float) -> None:
    late = [(ACK_S + late_s, b"\x06"), (ACK_S + late_s + 0.05, b"\x0f06000000000000\x0e\x08")]
    line = ScriptedLine(clock, QUIET_PAD | {SERIAL: late})
    driver = Pp791(NAME, line, clock)
    driver.status()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.identify()
    assert driver.status().in_service
    assert driver.counters().strays == 0


def test_a_pad_that_never_stops_talking_is_given_up(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    line.coming = [(at / 10, b"\x55" * 9) for at in range(1000)]
    began = clock.now()
    with pytest.raises(DeviceUnavailable, match="talks without being asked"):
        Pp791(NAME, line, clock).status()
    assert clock.now() - began <= SETTLE_S + QUIET_S


def test_an_answer_of_another_kind_is_none(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD | {SERIAL: [(0.01, b"\x06"), (0.02, b"\x0f160\x0e\x39")]})
    with pytest.raises(ProtocolViolation, match="answered with SelfTestResult"):
        Pp791(NAME, line, clock).identify()


# -- the pad -------------------------------------------------------------------------------------------------


def test_a_port_is_what_the_driver_is(bench: Bench) -> None:
    port: PinPad = bench.driver
    assert port.formats == {PinFormat.ISO0}


def test_a_pad_with_its_keys_is_in_service(bench: Bench) -> None:
    status = bench.driver.status()
    assert (status.state, status.faults) == (DeviceState.ONLINE, frozenset())
    assert bench.driver.self_test().in_service
    assert bench.driver.identify() == Identity("PP791", serial="SIM000000001")
    bench.clock.sleep(60)
    assert bench.driver.status().since == status.since


def test_a_pin_comes_back_encrypted(bench: Bench) -> None:
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)
    assert bench.driver.counters().cycles == 1
    (entry,) = [each for each in bench.pad.asked if isinstance(each, EnterPin)]
    assert (entry.minimum, entry.maximum, entry.timeout_units) == (4, 12, 2)


@pytest.mark.parametrize(("timeout_s", "units"), [(1, 1), (30, 1), (31, 2), (270, 9), (9999, 9)])
def test_a_time_out_is_rounded_up_to_what_the_pad_knows(bench: Bench, timeout_s: int, units: int) -> None:
    bench.pin(timeout_s=timeout_s)
    assert [each.timeout_units for each in bench.pad.asked if isinstance(each, EnterPin)] == [units]


def test_a_short_pin_waits_for_more_digits_and_a_long_one_is_cut(bench: Bench) -> None:
    bench.when_asked(lambda: (bench.pad.type_pin("12"), bench.pad.type_pin("34")))
    assert bench.driver.enter_pin(PinEntry(NUMBER), never) == PinBlock(PinFormat.ISO0, 4, BLOCK)
    result = bench.pin("12349999", maximum=4)
    assert result == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_clear_takes_back_all_digits(bench: Bench) -> None:
    bench.when_asked(lambda: (bench.pad.press(KeyCode.NINE, KeyCode.CLEAR), bench.pad.type_pin("1234")))
    assert bench.driver.enter_pin(PinEntry(NUMBER), never) == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_a_customer_may_cancel_and_the_time_may_run_out(bench: Bench) -> None:
    bench.when_asked(lambda: bench.pad.press(KeyCode.ONE, KeyCode.CANCEL))
    assert bench.driver.enter_pin(PinEntry(NUMBER), never) is EntryEnd.CANCEL
    began = bench.clock.now()
    assert bench.driver.enter_pin(PinEntry(NUMBER, timeout_s=30), never) is EntryEnd.TIMED_OUT
    assert 30 <= bench.clock.now() - began < 30 + GRACE_S


def test_we_may_cancel_within_a_tenth_of_a_second_and_later_keys_are_nothing(bench: Bench) -> None:
    bench.driver.status()
    stop_at = bench.clock.now() + 5
    bench.when_asked(lambda: bench.pad.press(KeyCode.ONE, KeyCode.TWO))
    assert bench.driver.enter_pin(PinEntry(NUMBER), lambda: bench.clock.now() >= stop_at) is EntryEnd.CANCELED
    assert bench.clock.now() < stop_at + 0.2
    assert not bench.pad.waits_for_pin
    bench.pad.press(KeyCode.THREE, KeyCode.FOUR, KeyCode.ENTER)
    assert bench.driver.status().in_service
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_a_pin_that_was_sent_as_we_cancelled_counts_no_more(bench: Bench) -> None:
    pressed: list[bool] = []

    def press() -> None:
        bench.harm(Harm.LATE, seconds=0.15)  # the block is on its way when we cancel
        bench.pad.type_pin("1234")
        pressed.append(True)

    bench.when_asked(press)
    assert bench.driver.enter_pin(PinEntry(NUMBER), lambda: bool(pressed)) is EntryEnd.CANCELED
    other = CardNumber("4111111111111111")
    bench.when_asked(lambda: bench.pad.type_pin("1234"))
    result = bench.driver.enter_pin(PinEntry(other), never)
    assert result == PinBlock(PinFormat.ISO0, 4, bench.module.pin_block("0", PinFormat.ISO0, "1234", other.reveal()))


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (PinEntry(NUMBER, format=PinFormat.ISO3), PinPadRefusal.FORMAT_NOT_SUPPORTED),
        (PinEntry(NUMBER, format=PinFormat.ISO4), PinPadRefusal.FORMAT_NOT_SUPPORTED),
        (PinEntry(NUMBER, auto_end=True), PinPadRefusal.UNSUPPORTED),
        (PinEntry(CardNumber("1" * 20)), PinPadRefusal.UNSUPPORTED),
    ],
)
def test_what_this_pad_cannot_is_refused_before_anything_is_sent(
    bench: Bench, entry: PinEntry, refusal: PinPadRefusal
) -> None:
    assert bench.driver.enter_pin(entry, never) is refusal
    assert not bench.line.sent


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (PinError.TOO_MANY_PINS, PinPadRefusal.TOO_MANY),
        (PinError.KEY_VALUE, PinPadRefusal.USE_VIOLATION),
        (PinError.SLOT_NOT_FOR_PINS, PinPadRefusal.USE_VIOLATION),
    ],
)
def test_what_the_pad_refuses_is_a_result(bench: Bench, error: PinError, refusal: PinPadRefusal) -> None:
    bench.pad.refuse_pins(error)
    assert bench.driver.enter_pin(PinEntry(NUMBER), never) is refusal


@pytest.mark.parametrize("error", [PinError.FLASH, PinError.NO_MEMORY])
def test_a_pad_with_broken_memory_is_a_fault(bench: Bench, error: PinError) -> None:
    bench.pad.refuse_pins(error)
    with pytest.raises(DeviceFault) as caught:
        bench.driver.enter_pin(PinEntry(NUMBER), never)
    assert caught.value.fault is Fault.SECURITY_MODULE


def test_errors_that_say_that_we_are_wrong_are_violations(bench: Bench) -> None:
    bench.pad.refuse_pins(PinError.ACCOUNT_SHORT)
    with pytest.raises(ProtocolViolation, match="ACCOUNT_SHORT"):
        bench.driver.enter_pin(PinEntry(NUMBER), never)


def test_a_prompt_that_the_pad_does_not_have_is_no_cancelling_customer(clock: SetClock) -> None:
    bench = Bench(clock, Pp791Profile(pin_prompts=("GIVE ME YOUR PIN", "B", "C")))
    with pytest.raises(ProtocolViolation, match="prompts"):
        bench.driver.enter_pin(PinEntry(NUMBER), never)


# -- data in clear -------------------------------------------------------------------------------------------


def test_digits_in_clear_come_key_by_key(bench: Bench) -> None:
    seen: list[Key] = []
    bench.keys(KeyCode.FIVE, KeyCode.CLEAR, KeyCode.ONE, KeyCode.ZERO, KeyCode.F1, KeyCode.ENTER)
    result = bench.driver.enter_data(DataEntry(6), seen.append, never)
    assert result == DataEntered(EntryEnd.ENTER, (Key.ONE, Key.ZERO))
    assert seen == [Key.FIVE, Key.CLEAR, Key.ONE, Key.ZERO, Key.FDK01, Key.ENTER]
    # No more digits in clear after it.
    assert isinstance(bench.pad.asked[-1], ResetState)


def test_the_last_digit_may_end_it_and_one_too_many_is_passed_over(bench: Bench) -> None:
    seen: list[Key] = []
    bench.keys(KeyCode.ONE, KeyCode.TWO)
    result = bench.driver.enter_data(DataEntry(2, auto_end=True), seen.append, never)
    assert result == DataEntered(EntryEnd.AUTO, (Key.ONE, Key.TWO))
    bench.keys(KeyCode.ONE, KeyCode.TWO, KeyCode.THREE, KeyCode.ENTER)
    assert bench.driver.enter_data(DataEntry(2), seen.append, never).digits == (Key.ONE, Key.TWO)
    assert seen == [Key.ONE, Key.TWO, Key.ONE, Key.TWO, Key.ENTER]


def test_an_entry_that_ends_otherwise_has_no_digits(bench: Bench) -> None:
    bench.keys(KeyCode.ONE, KeyCode.CANCEL)
    assert bench.driver.enter_data(DataEntry(6), lambda _: None, never) == DataEntered(EntryEnd.CANCEL)
    bench.keys(KeyCode.ONE)
    assert bench.driver.enter_data(DataEntry(6, timeout_s=5), lambda _: None, never) == DataEntered(EntryEnd.TIMED_OUT)
    stop_at = bench.clock.now() + 4
    result = bench.driver.enter_data(DataEntry(6), lambda _: None, lambda: bench.clock.now() >= stop_at)
    assert result == DataEntered(EntryEnd.CANCELED)
    assert not bench.pad.waits_for_key


def test_a_pad_without_the_prompt_gives_no_digits(clock: SetClock) -> None:
    bench = Bench(clock, Pp791Profile(data_prompt=999))
    with pytest.raises(ProtocolViolation, match="prompt 999"):
        bench.driver.enter_data(DataEntry(6), lambda _: None, never)
    assert not any(isinstance(each, ReadKey) for each in bench.pad.asked)


# -- keys ----------------------------------------------------------------------------------------------------


def test_a_key_block_is_passed_on_and_the_pad_says_what_it_took(clock: SetClock) -> None:
    bench = Bench(clock, keys=False)
    assert bench.driver.key_detail(KeyName.PIN) is None
    assert bench.driver.status().faults == {Fault.KEY_MISSING}
    assert bench.driver.import_key(KeyName.PIN, KEY_BLOCK) == KeyDetail("P0", "E", "T")
    assert bench.driver.status().in_service
    assert isinstance(bench.pin(), PinBlock)


def test_a_check_value_cannot_be_compared_and_nothing_is_loaded(bench: Bench) -> None:
    refusal = bench.driver.import_key(KeyName.PIN, KEY_BLOCK, b"\x12\x34\x56")
    assert refusal is PinPadRefusal.CRYPTO_METHOD_NOT_SUPPORTED
    assert not bench.line.sent


@pytest.mark.parametrize(
    ("name", "block", "refusal"),
    [
        (KeyName.PIN, "19191919191919195B5B5B5B5B5B5B5B", PinPadRefusal.FORMAT_INVALID),
        (KeyName.PIN, KEY_BLOCK[:-1] + "D", PinPadRefusal.CONTENT_INVALID),
        (KeyName.MAC, KEY_BLOCK, PinPadRefusal.USE_VIOLATION),
        (KeyName.PIN, key_block.wrap(LOADING_KEY.value, MAC_KEY, bytes(6)), PinPadRefusal.DUPLICATE_KEY),
        (
            KeyName.PIN,
            key_block.wrap(LOADING_KEY.value, HeldKey("P0", "T", "E", bytes(range(24))), bytes(6)),
            PinPadRefusal.INVALID_KEY_LENGTH,
        ),
    ],
)
def test_a_block_that_the_pad_does_not_take_is_a_result(
    bench: Bench, name: KeyName, block: str, refusal: PinPadRefusal
) -> None:
    assert bench.driver.import_key(name, block) is refusal
    assert bench.driver.status().in_service


@pytest.mark.parametrize("towards", list(Towards))
def test_a_key_block_is_not_sent_again_on_silence(clock: SetClock, towards: Towards) -> None:
    bench = Bench(clock, keys=False)
    bench.driver.status()
    bench.harm(Harm.DROP, towards)
    with pytest.raises(OpenTellerError):
        bench.driver.import_key(KeyName.PIN, KEY_BLOCK)
    assert bytes(bench.line.sent).count(b"\x0f020B") == 1


def test_a_key_that_the_pad_does_not_confirm_is_no_success(clock: SetClock) -> None:
    echo = b"\x0f020" + KEY_BLOCK.encode() + b"\x0e"
    lrc = 0
    for byte in echo[1:]:
        lrc ^= byte
    echo += bytes((lrc,))
    # The pad says the block back, and then nothing: the old key in the slot looks just like the new one.
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    driver.status()
    line._script = {echo: [(0.01, b"\x06"), (0.02, echo)]}
    with pytest.raises(ProtocolViolation, match="keeps the key"):
        driver.import_key(KeyName.PIN, KEY_BLOCK)
    assert line.sent.count(echo) == 1


def test_another_block_said_back_is_not_confirmed(clock: SetClock) -> None:
    line = ScriptedLine(clock, QUIET_PAD)
    driver = Pp791(NAME, line, clock)
    driver.status()
    # p31: the other block of the manual, for the same slot
    said = b"\x0f020A0072K0TD00N00007D2D21FC9ECD3EECBB0A2615BD8F05605722120BDFF2CCAC319C3918\x0e"
    lrc = 0
    for byte in said[1:]:
        lrc ^= byte

    class Answers(dict[bytes, list[tuple[float, bytes]]]):
        def get(self, key: bytes, default: object = None) -> list[tuple[float, bytes]]:  # type: ignore[override]
            return [(0.01, b"\x06"), (0.02, said + bytes((lrc,)))] if key.startswith(b"\x0f02") else []

    line._script = Answers()
    with pytest.raises(ProtocolViolation, match="another key block"):
        driver.import_key(KeyName.PIN, KEY_BLOCK)
    assert line.sent[-1] == b"\x04"


def test_a_pad_without_a_key_for_keys_needs_a_person(clock: SetClock) -> None:
    bench = Bench(clock, keys=False)
    bench.module.erase("F")
    with pytest.raises(DeviceFault) as caught:
        bench.driver.import_key(KeyName.PIN, KEY_BLOCK)
    assert caught.value.fault is Fault.KEY_MISSING


def test_a_missing_key_is_a_fault_when_it_is_needed(clock: SetClock) -> None:
    bench = Bench(clock, WITH_MACS, keys=False)
    for deed in (lambda: bench.driver.enter_pin(PinEntry(NUMBER), never), lambda: bench.driver.generate_mac(b"1")):
        with pytest.raises(DeviceFault) as caught:
            deed()
        assert caught.value.fault is Fault.KEY_MISSING


def test_a_pad_that_was_opened_says_so_for_ever(bench: Bench) -> None:
    bench.when_asked(bench.pad.tamper)
    with pytest.raises(DeviceUnavailable):
        bench.driver.enter_pin(PinEntry(NUMBER), never)
    for status in (bench.driver.status(), bench.driver.self_test()):
        assert (status.state, status.faults) == (DeviceState.HARDWARE_ERROR, frozenset({Fault.TAMPERED}))
    bench.pad.power_cycle()
    with pytest.raises(DeviceFault) as caught:
        bench.driver.enter_pin(PinEntry(NUMBER), never)
    assert caught.value.fault is Fault.TAMPERED


def test_a_broken_memory_is_found_by_the_self_test(bench: Bench) -> None:
    bench.pad.fail(SelfTestFailure.RAM, SelfTestFailure.ROM_CHECKSUM)
    status = bench.driver.self_test()
    assert (status.state, status.faults) == (DeviceState.HARDWARE_ERROR, frozenset({Fault.SECURITY_MODULE}))
    assert status.detail == "RAM, ROM_CHECKSUM"


# -- MACs ----------------------------------------------------------------------------------------------------


def test_a_mac_is_that_of_iso_9797(clock: SetClock) -> None:
    mac = Bench(clock, WITH_MACS).driver.generate_mac(b"Now is the time for it")
    assert isinstance(mac, bytes)
    assert mac[:4] == bytes.fromhex("2E2B1428")


def test_long_data_goes_in_parts(clock: SetClock) -> None:
    bench = Bench(clock, WITH_MACS)
    data = bytes(range(256)) * 2
    assert bench.driver.generate_mac(data) == bench.module.mac("B", data)


def test_no_macs_without_the_packet_types_of_the_pad(bench: Bench) -> None:
    assert bench.driver.generate_mac(b"1") is PinPadRefusal.UNSUPPORTED
    assert Bench(bench.clock, WITH_MACS).driver.generate_mac(b"") is PinPadRefusal.UNSUPPORTED
    assert not bench.line.sent


def test_wrong_packet_types_are_a_violation(clock: SetClock) -> None:
    with pytest.raises(ProtocolViolation, match="PACKET_TYPE"):
        Bench(clock, Pp791Profile(mac_packets=("1", "2"))).driver.generate_mac(b"1")


# -- hostile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", [Harm.GARBLE, Harm.HALF, Harm.DROP, Harm.NOISE, Harm.DUPLICATE, Harm.WRONG_BAUD])
@pytest.mark.parametrize("towards", list(Towards))
def test_after_any_harm_the_next_pin_is_right(bench: Bench, harm: Harm, towards: Towards) -> None:
    bench.driver.status()
    bench.harm(harm, towards, times=3)
    with contextlib.suppress(OpenTellerError):
        bench.driver.status()
    bench.wire.fortune.misfortunes.clear()
    bench.clock.sleep(20)
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_a_garbled_pin_block_is_asked_for_again(bench: Bench) -> None:
    bench.when_asked(lambda: (bench.harm(Harm.HALF), bench.pad.type_pin("1234")))
    result: object = None
    with contextlib.suppress(OpenTellerError):
        result = bench.driver.enter_pin(PinEntry(NUMBER, timeout_s=30), never)
    assert result in {None, PinBlock(PinFormat.ISO0, 4, BLOCK)}
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_nobody_gets_the_block_of_the_one_before(bench: Bench) -> None:
    bench.driver.status()
    # The first customer's block is 8 s late; we have given up by then and the second customer has begun.
    stop_at = bench.clock.now() + 6
    bench.when_asked(lambda: (bench.harm(Harm.LATE, seconds=8.0), bench.pad.type_pin("1234")))
    first = bench.driver.enter_pin(PinEntry(NUMBER), lambda: bench.clock.now() >= stop_at)
    assert first is EntryEnd.CANCELED
    other = CardNumber("4111111111111111")
    results: list[object] = []
    for _ in range(12):
        bench.when_asked(lambda: bench.pad.type_pin("9999"))
        with contextlib.suppress(OpenTellerError):
            results.append(bench.driver.enter_pin(PinEntry(other), never))
            break
    (second,) = results
    assert isinstance(second, PinBlock)
    assert second.data != BLOCK


def test_a_block_that_comes_before_anybody_can_type_is_refused(clock: SetClock) -> None:
    script = dict(QUIET_PAD)
    script[SELECT] = [(0.01, b"\x06"), (0.02, b"\x0f080\x0e\x36")]

    class Line(ScriptedLine):
        def write(self, data: bytes, timeout_s: float) -> None:
            super().write(data, timeout_s)
            if data.startswith(b"\x02Z62."):
                # p204; LRC [computed]
                text = b"71.004011B9C1845EB993A7A\x03"
                lrc = 0
                for byte in text:
                    lrc ^= byte
                self.coming += [
                    (self._clock.now() + 0.01, b"\x06"),
                    (self._clock.now() + 0.1, b"\x02" + text + bytes((lrc,))),
                ]

    line = Line(clock, script)
    with pytest.raises(ProtocolViolation, match="nobody can have typed"):
        Pp791(NAME, line, clock).enter_pin(PinEntry(NUMBER), never)


def test_an_unplug_in_the_middle_of_a_pin_is_noticed_at_once(bench: Bench) -> None:
    unplugged_at: list[float] = []

    def unplug() -> None:
        unplugged_at.append(bench.clock.now())
        bench.line.unplugged = True

    bench.when_asked(lambda: (bench.pad.press(KeyCode.ONE, KeyCode.TWO), bench.finger.at(1.0, unplug)))
    with pytest.raises(DeviceUnavailable, match="unplugged"):
        bench.driver.enter_pin(PinEntry(NUMBER), never)
    assert bench.clock.now() - unplugged_at[0] < 0.1
    # Back again, with a new driver: the pad still waits for the first customer's PIN and must forget it.
    bench.line.unplugged = False
    assert bench.pad.waits_for_pin
    driver = Pp791(NAME, bench.line, bench.clock)
    assert driver.status().in_service
    assert not bench.pad.waits_for_pin
    bench.driver = driver
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)


def test_a_pad_that_loses_its_power_in_the_middle_of_a_pin_is_silent_within_the_deadline(bench: Bench) -> None:
    bench.when_asked(bench.pad.power_cycle)
    bench.driver.status()
    began = bench.clock.now()
    with pytest.raises(DeviceUnavailable, match="silent"):
        bench.driver.enter_pin(PinEntry(NUMBER, timeout_s=30), never)
    assert bench.clock.now() - began < 30 + GRACE_S + 2 * ACK_S + 2 * SETTLE_S + ANSWER_S
    assert any(isinstance(each, Cancel) for each in bench.pad.asked)
    assert bench.pin() == PinBlock(PinFormat.ISO0, 4, BLOCK)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(Harm), st.sampled_from(Towards), st.floats(0.05, 12.0)), max_size=8),
    st.lists(st.sampled_from(["pin", "pin", "data", "status", "reset", "key", "mac"]), min_size=1, max_size=6),
    st.integers(0, 1000),
)
def test_whatever_the_wire_does_a_block_is_that_of_its_customer(
    harms: list[tuple[Harm, Towards, float]], deeds: list[str], seed: int
) -> None:
    clock = SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    bench = Bench(clock, WITH_MACS)
    bench.wire.fortune._random.seed(seed)
    for harm, towards, seconds in harms:
        bench.wire.fortune.misfortunes.append(Misfortune(harm, towards, 1, 0.5, seconds))
    numbers = [CardNumber("4012345678909"), CardNumber("4111111111111111"), CardNumber("5500000000000004")]
    for turn, deed in enumerate(deeds):
        began = clock.now()
        number = numbers[turn % 3]
        with contextlib.suppress(DeviceUnavailable, ProtocolViolation):
            match deed:
                case "pin":
                    pad = bench.pad
                    bench.when_asked(lambda pad=pad: pad.type_pin("1234"))  # type: ignore[misc]
                    result = bench.driver.enter_pin(PinEntry(number, timeout_s=30), never)
                    if isinstance(result, PinBlock):
                        right = bench.module.pin_block("0", PinFormat.ISO0, "1234", number.reveal())
                        assert result.data == right
                case "data":
                    bench.keys(KeyCode.ONE, KeyCode.ENTER)
                    bench.driver.enter_data(DataEntry(2, timeout_s=5), lambda _: None, never)
                case "status":
                    bench.driver.status()
                case "reset":
                    bench.driver.reset()
                case "mac":
                    assert bench.driver.generate_mac(b"1") == bench.module.mac("B", b"1")
                case _:
                    bench.driver.key_detail(KeyName.PIN)
        assert clock.now() - began < 120
        bench.finger._plans.clear()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_end_in_an_answer_or_a_known_error(noise: list[bytes]) -> None:
    clock = SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    coming = iter(noise)

    class Line(ScriptedLine):
        def write(self, data: bytes, timeout_s: float) -> None:
            self.coming += [(self._clock.now() + 0.01, next(coming, b"")), (self._clock.now() + 0.4, next(coming, b""))]

    driver = Pp791(NAME, Line(clock, {}), clock, WITH_MACS)
    for question in (driver.status, driver.identify, driver.reset, lambda: driver.generate_mac(b"1")):
        with contextlib.suppress(OpenTellerError):
            question()
    with contextlib.suppress(OpenTellerError):
        driver.enter_pin(PinEntry(NUMBER, timeout_s=1), never)


# -- what must not be seen -----------------------------------------------------------------------------------


def test_no_digit_of_a_pin_is_anywhere_on_our_side(
    clock: SetClock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    pin = "739182"
    bench = Bench(clock)
    shown: list[str] = []
    received = bytearray()
    read = bench.line.read

    def watched(size: int, timeout_s: float) -> bytes:
        data = read(size, timeout_s)
        received.extend(data)
        return data

    monkeypatch.setattr(bench.line, "read", watched)
    block = bench.pin(pin)
    assert isinstance(block, PinBlock)
    for harm in (Harm.GARBLE, Harm.HALF, Harm.STALE):
        bench.when_asked(lambda harm=harm: (bench.harm(harm), bench.pad.type_pin(pin)))  # type: ignore[misc]
        try:
            shown.append(repr(bench.driver.enter_pin(PinEntry(NUMBER, timeout_s=30), never)))
        except OpenTellerError as error:
            shown.append("".join(traceback.format_exception(error)))
    seen = (block, PinEntry(NUMBER), bench.driver.counters(), bench.driver.status(), bench.driver)
    logging.getLogger("journey").warning("%r %s", seen, seen)
    shown += [repr(seen), repr(vars(bench.driver)), repr(bench.pad), repr(bench.pad.asked), repr(bench.module)]
    shown += [caplog.text, *capfd.readouterr()]
    everything = "\n".join(shown)
    secrets = (pin, PIN_KEY.value.hex(), PIN_KEY.value.hex().upper(), NUMBER.reveal(), block.data.hex())
    for secret in (*secrets, block.data.hex().upper(), repr(block.data)[2:-1]):
        assert secret not in everything, f"a secret of {len(secret)} characters shows"
    for traffic in (bytes(received), bytes(bench.line.sent)):
        assert pin.encode() not in traffic
        assert bytes.fromhex(pin) not in traffic
        # Not digit by digit either: nothing but the block answers a PIN.
        assert b"Z43" not in traffic
    assert list(tmp_path.iterdir()) == []


def test_digits_in_clear_are_not_shown_either(bench: Bench) -> None:
    bench.keys(KeyCode.SEVEN, KeyCode.THREE, KeyCode.ENTER)
    entered = bench.driver.enter_data(DataEntry(6), lambda _: None, never)
    assert entered.digits == (Key.SEVEN, Key.THREE)
    assert "SEVEN" not in f"{entered!r} {bench.driver!r} {vars(bench.driver)!r}"


# -- a real line ---------------------------------------------------------------------------------------------


def test_a_pin_on_a_pty(tmp_path: Path) -> None:
    clock = RealClock()
    module = SecureModule(bytes)
    module.put("0", PIN_KEY)
    pad = SimulatedPp791(clock, module)
    with PtyPort(tmp_path / "pad", pad) as port:
        driver = Pp791(NAME, open_serial(str(port.path), 9600, NAME, clock), clock)

        waits = threading.Event()

        def customer() -> None:
            assert waits.wait(PATIENCE_S)
            time.sleep(TYPING_S + 0.1)  # nobody types faster
            pad.type_pin("1234")

        def is_canceled() -> bool:
            waits.set()
            return False

        finger = threading.Thread(target=customer)
        finger.start()
        try:
            assert driver.enter_pin(PinEntry(NUMBER), is_canceled) == PinBlock(PinFormat.ISO0, 4, BLOCK)
        finally:
            waits.set()
            finger.join()
            driver.close()
