"""The CCID driver against a reader that breaks any rule at any message, on a virtual clock.

What must hold whatever the reader does: an answer is that to the command just sent, no command goes out twice, and
every call ends by DEADLINE_S.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from device_sim.ccid_reader import CLASS_DESCRIPTOR, EXTENDED_DESCRIPTOR
from drivers.ccid_exchange import DEADLINE_S
from drivers.ccid_reader import CcidReader
from drivers.smart_card_reader import ExchangeFailed
from drivers.t1_link import MAX_BLOCKS, RETRIES, T1Link
from kiosk_core.errors import DeviceUnavailable, OpenTellerError
from kiosk_core.status import Identity
from tests.clocks import SetClock
from tests.drivers.hostile import attack, lanes
from wire.ccid import IccStatus
from wire.ccid_descriptor import encode_descriptor
from wire.t1 import Edc

NAME = "hostile"

# What the reader does instead of the right answer to a message.
MISDEEDS = [
    "right", "late", "silent", "other slot", "other type", "cut", "length", "status", "extensions", "chain", "twice",
    "unplugged", "stuck",
]  # fmt: skip


class HostileReader:
    """A UsbTransport with a reader behind it that answers each APDU with its own last bytes, or misbehaves."""

    def __init__(self, clock: SetClock, descriptor: bytes) -> None:
        self.identity = Identity("hostile")
        self.class_descriptor = descriptor
        self.misdeeds: list[str] = []
        self.held: list[bytes] = []
        self.coming: list[bytes] = []
        self.interrupts: list[bytes] = []
        self.apdus: list[bytes] = []
        self.aborts = True
        self.endless = b""
        self.unplugged = False
        self.clock = clock

    def write(self, data: bytes, timeout_s: float) -> None:
        self._expect_plugged()
        misdeed = self.misdeeds.pop(0) if self.misdeeds else "right"
        if misdeed == "stuck":
            self.clock.sleep(timeout_s)
            raise DeviceUnavailable(NAME, "took 0 bytes in time")
        if data[0] == 0x6F:
            self.apdus.append(data[10:])
        self.endless = b""
        self._misbehave(misdeed, right_answer(data))

    def _misbehave(self, misdeed: str, right: bytes) -> None:  # noqa: C901  (a case a misdeed)
        match misdeed:
            case "right":
                self.coming.append(right)
            case "late":
                self.held.append(right)
            case "other slot":
                self.coming += [right[:5] + b"\x01" + right[6:], right]
            case "other type":
                self.coming.append(bytes((0x83,)) + right[1:])
            case "cut":
                self.coming.append(right[:-1])
            case "length":
                self.coming.append(right[:1] + b"\xff\xff\xff\x7f" + right[5:])
            case "status":
                self.coming.append(right[:7] + b"\xff" + right[8:])
            case "extensions":
                self.endless = b"\x80\0\0\0\0" + right[5:7] + b"\x80\xff\0"
            case "chain":
                self.endless = right[:9] + b"\x01" + right[10:]
            case "twice":
                self.coming += [right, right]
            case "unplugged":
                self.unplugged = True

    def read(self, size: int, timeout_s: float) -> bytes:
        self._expect_plugged()
        if self.coming:
            self.clock.sleep(min(0.001, timeout_s))
            return self.coming.pop(0)[:size]
        if self.endless:
            self.clock.sleep(min(0.25, timeout_s))
            return self.endless
        self.clock.sleep(timeout_s)
        return b""

    def discard_input(self) -> None:
        self.coming.clear()

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        self._expect_plugged()
        if not self.aborts:
            raise DeviceUnavailable(NAME, "stalled")
        return b""

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        self._expect_plugged()
        if self.interrupts:
            self.clock.sleep(min(0.001, timeout_s))
            return self.interrupts.pop(0)
        self.clock.sleep(timeout_s)
        return b""

    def close(self) -> None:
        self.unplugged = True

    def _expect_plugged(self) -> None:
        if self.unplugged:
            raise DeviceUnavailable(NAME, "unplugged")


def right_answer(message: bytes) -> bytes:
    """Return the answer to a message, typed from CCID 6.2: header, then the APDU's last two bytes and 9000."""
    slot_and_sequence = message[5:7]
    match message[0]:
        case 0x62:
            return b"\x80\x05\0\0\0" + slot_and_sequence + b"\0\0\0" + bytes.fromhex("3B80800101")
        case 0x6F:
            return b"\x80\x04\0\0\0" + slot_and_sequence + b"\0\0\0" + message[-2:] + b"\x90\x00"
        case 0x6B:
            return b"\x83\x02\0\0\0" + slot_and_sequence + b"\0\0\0" + message[-2:]
        case _:
            return b"\x81\0\0\0\0" + slot_and_sequence + b"\0\0\0"


class HostileSession(RuleBasedStateMachine):
    """Calls of the driver in any order, with misdeeds, late answers and interrupts at any moment."""

    @initialize(extended=st.booleans(), aborts=st.booleans(), start=st.integers(0, 255))
    def open(self, extended: bool, aborts: bool, start: int) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.clock.sleep(start / 1000)
        descriptor = replace(EXTENDED_DESCRIPTOR if extended else CLASS_DESCRIPTOR, max_slot_index=1)
        self.reader = HostileReader(self.clock, encode_descriptor(descriptor))
        self.reader.aborts = aborts
        self.driver = CcidReader(NAME, self.reader, self.clock)
        self.token = 0

    @rule(misdeeds=st.lists(st.sampled_from(MISDEEDS), min_size=1, max_size=4))
    def misbehave(self, misdeeds: list[str]) -> None:
        self.reader.misdeeds = misdeeds

    @rule()
    def deliver_what_is_late(self) -> None:
        self.reader.coming += self.reader.held
        self.reader.held = []

    @rule(calls=st.integers(240, 256))
    def talk_until_numbers_begin_anew(self, calls: int) -> None:
        self.reader.misdeeds = []
        for _ in range(calls):
            self._call(self.driver.slot)

    @rule(transfer=st.one_of(st.binary(min_size=1, max_size=5), st.sampled_from([b"\x50\x03", b"\x51\0\0\x01"])))
    def interrupt(self, transfer: bytes) -> None:
        self.reader.interrupts.append(transfer)

    @rule(stray=st.binary(min_size=1, max_size=14))
    def say_anything(self, stray: bytes) -> None:
        self.reader.coming.append(stray)

    @rule()
    def replug(self) -> None:
        if self.reader.unplugged:
            self.reader.unplugged = False
            self.driver = CcidReader(NAME, self.reader, self.clock)

    @rule(repeat=st.integers(1, 3))
    def transmit(self, repeat: int) -> None:
        for _ in range(repeat):
            self.token += 1
            command = bytes.fromhex("805A000002") + self.token.to_bytes(2, "big")
            answer = self._call(lambda command=command: self.driver.transmit(command))
            assert answer is None or isinstance(answer, ExchangeFailed) or answer == command[-2:] + b"\x90\x00"

    @rule()
    def escape(self) -> None:
        self.token += 1
        data = self.token.to_bytes(2, "big")
        answer = self._call(lambda: self.driver.escape(data))
        assert answer is None or isinstance(answer, ExchangeFailed) or answer == data

    @rule()
    def power_on(self) -> None:
        answer = self._call(self.driver.power_on)
        assert answer is None or isinstance(answer, ExchangeFailed) or answer == bytes.fromhex("3B80800101")

    @rule(slot=st.integers(0, 1))
    def ask(self, slot: int) -> None:
        self._call(lambda: self.driver.slot(slot))
        self._call(lambda: self.driver.power_off(slot))

    @rule(timeout_s=st.floats(0.0, 5.0))
    def wait(self, timeout_s: float) -> None:
        self._call(lambda: self.driver.wait_for_change(IccStatus.ACTIVE, timeout_s), timeout_s)

    @invariant()
    def no_command_goes_out_twice(self) -> None:
        if hasattr(self, "reader"):
            sent = [apdu for apdu in self.reader.apdus if apdu]
            assert len(sent) == len(set(sent))

    @invariant()
    def nothing_grows_without_bound(self) -> None:
        if hasattr(self, "driver"):
            assert len(self.driver._exchange._lost) <= 256

    def _call(self, call: Callable[[], object], extra_s: float = 0.0) -> object:
        began = self.clock.now()
        try:
            return call()
        except OpenTellerError:
            return None
        finally:
            assert self.clock.now() - began <= DEADLINE_S + extra_s


@lanes(fast=20, slow=150)
def test_an_answer_is_that_to_the_command_just_sent_whatever_the_reader_does(examples: int) -> None:
    attack(HostileSession, examples, steps=25)


def test_a_late_answer_is_not_taken_after_the_numbers_began_anew() -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    reader = HostileReader(clock, encode_descriptor(CLASS_DESCRIPTOR))
    reader.aborts = False
    driver = CcidReader(NAME, reader, clock)
    reader.misdeeds = ["late"]
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.transmit(bytes.fromhex("80520000021111"))
    for _ in range(254):
        driver.slot()
    # bSeq 1 was lost, so 0 is followed by 2: the late answer with bSeq 1 fits nothing any more
    reader.coming += reader.held
    assert driver.transmit(bytes.fromhex("805A0000022222")) == bytes.fromhex("22229000")
    for _ in range(300):
        driver.slot()
    assert driver.counters().strays == 1


def test_a_reader_that_loses_half_of_all_numbers_has_to_be_opened_anew() -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    reader = HostileReader(clock, encode_descriptor(CLASS_DESCRIPTOR))
    reader.aborts = False
    driver = CcidReader(NAME, reader, clock)
    reader.misdeeds = ["silent"] * 1000
    reasons = set()
    for _ in range(200):
        try:
            driver.slot()
        except DeviceUnavailable as error:
            reasons.add(error.reason)
    assert "left 128 commands without an answer" in reasons


# -- T=1 ------------------------------------------------------------------------------------------------

# Blocks with their LRC: PCB as in tests/wire/test_t1.py
BLOCKS = [
    "00 00 02 90 00 92", "00 40 02 90 00 D2", "00 20 01 AA 8B", "00 60 01 AA CB", "00 80 00 80", "00 90 00 90",
    "00 81 00 81", "00 92 00 92", "00 C3 01 05 C7", "00 C1 01 10 D0", "00 C2 00 C2", "00 E0 00 E0", "00 E1 01 FE 1E",
    "00 C0 00 C0", "00 00 00 00", "00 20 00 20",
]  # fmt: skip


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(st.sampled_from(BLOCKS).map(bytes.fromhex), st.binary(max_size=8)), min_size=1, max_size=12),
    st.integers(5, 100),
)
def test_a_hostile_card_over_t1_ends_every_exchange(blocks: list[bytes], length: int) -> None:
    sent: list[bytes] = []

    def send(block: bytes, multiplier: int) -> bytes | ExchangeFailed:
        sent.append(block)
        return blocks[len(sent) % len(blocks)] or ExchangeFailed(IccStatus.ACTIVE, 0xFE)

    link = T1Link(send, ifsc=32, edc=Edc.LRC, ifsd=None)
    answer = link.transmit(bytes(length))
    assert len(sent) <= MAX_BLOCKS + RETRIES
    if isinstance(answer, ExchangeFailed):
        resynchronised = [index for index, block in enumerate(sent) if block == bytes.fromhex("00C000C0")]
        if resynchronised:
            # Nothing of the command goes out after a resynchronisation.
            assert set(sent[resynchronised[0] :]) == {bytes.fromhex("00C000C0")}
    else:
        assert len(answer) <= 65538
