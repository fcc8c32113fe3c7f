"""The dip reader's driver on a bus that loses, doubles, swaps, cuts, delays and repeats reports of an honest reader.

What it does not do, for nothing on this protocol could notice it (docs/devices/crt-288k.md): turn an ACK into a NAK or
give a whole command twice, which USB's own CRC and data toggle keep from happening, and give an old answer to an equal
command behind the ACK of the new one.
"""

import contextlib
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device_sim.card import OtherCard
from device_sim.crt288k import REPORT_IN, REPORT_OUT, SimulatedCrt288k
from device_sim.plastic_card import PlasticCard
from drivers.crt288k import EXCHANGE_S, Crt288kReader
from kiosk_core.card_reader import CardRefusal, ChipAnswer, ChipPower, ChipProtocol, Destination, RawData
from kiosk_core.errors import DeviceFault, DeviceUnavailable, ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData, TrackStatus
from kiosk_core.status import Identity, Media
from tests.clocks import SetClock
from tests.drivers.hostile import LEAVE, HostileLine, Mischief, attack, lanes
from wire.crt288k import (
    MAX_FRAME,
    REPORT,
    Apdu,
    AskSerialNumber,
    AskStatus,
    ColdReset,
    Command,
    Done,
    Frame,
    Reply,
    SetLatch,
    decode_status,
)

NAME = "card_reader"
BEGIN = 3  # exchanges more, where the driver is not in step (its docstring)
T = TypeVar("T")

AT = st.one_of(st.integers(0, 12), st.integers(0, 63))
MISCHIEFS = st.one_of(
    st.builds(Mischief, st.sampled_from(["drop all", "swap"])),
    st.builds(Mischief, st.sampled_from(["cut", "unplug"]), AT),
    st.builds(Mischief, st.just("garble"), AT, st.sampled_from([0x01, 0x40, 0x80, 0xF4])),  # 06 becomes no 15
    st.builds(Mischief, st.just("delay"), delay_s=st.sampled_from([0.05, 0.5, 0.99, 1.01, 1.5, 3.9, 4.1, 6.0, 30.0])),
)
MISCHIEFS_OF_ANSWERS = MISCHIEFS | st.builds(Mischief, st.sampled_from(["double all", "stale"]), AT)


def _plans(mischiefs: st.SearchStrategy[Mischief]) -> st.SearchStrategy[list[Mischief]]:
    return st.builds(
        lambda quiet, ill: [LEAVE] * quiet + ill, st.integers(0, 6), st.lists(mischiefs | st.just(LEAVE), max_size=4)
    ).filter(lambda plan: [mischief.kind for mischief in plan].count("garble") < 2)  # two cancel each other in BCC


PLANS = st.tuples(_plans(MISCHIEFS), _plans(MISCHIEFS_OF_ANSWERS))
Plan = tuple[list[Mischief], list[Mischief]]
NO_PLAN: Plan = ([], [])


class Echo(OtherCard):
    """A chip that answers with what it was sent, so that no two answers are equal."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes | None:
        self.sent.append(command)
        return command + b"\x90\x00"


class Reader(SimulatedCrt288k):
    """The simulator, which remembers what it gave, as a device of reports."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__(clock)
        self.given: list[tuple[Command, Reply]] = []

    def _answer(self, frame: Frame) -> Reply:
        before = len(self.executed)
        reply = super()._answer(frame)
        self.given += [(command, reply) for command in list(self.executed)[before:]]
        return reply

    def receive(self, data: bytes) -> bytes:
        self.bulk_out(REPORT_OUT, data)
        return self.idle()

    def idle(self) -> bytes:
        reports = b""
        while report := self.bulk_in(REPORT_IN, REPORT):
            reports += report
        return reports


class Bus(HostileLine):
    """A `drivers.transport.UsbTransport`: interrupt pipes alone."""

    identity = Identity("CRT-288K", "1.00", "")
    class_descriptor = b""

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        raise DeviceUnavailable(NAME, "stalled")

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        return b""


class HostileSession(RuleBasedStateMachine):
    """Customers put cards in and take them, also between two questions; the terminal asks; reports are lost."""

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.reader = Reader(self.clock)
        self.number = 0
        self.chips: list[Echo] = []
        self.plug()
        self.insert(in_place=True)

    def plug(self) -> None:
        self.bus = Bus(NAME, self.reader, self.clock, self.may_repeat, report_size=REPORT)
        self.driver = Crt288kReader(NAME, self.bus, self.clock)

    @staticmethod
    def may_repeat(old: bytes, new: bytes) -> bool:
        """The beginning of an answer to another command: CM and PM stand behind F2, length and head."""
        return old[:1] == b"\xf2" and (new[:1] == b"\x06" or (new[:1] == b"\xf2" and old[4:6] != new[4:6]))

    def unique(self) -> int:
        self.number += 1
        return self.number

    def within(
        self, exchanges: int, ask: Callable[[], T], plan: Plan, kind: type
    ) -> tuple[T | None, list[tuple[Command, Reply]]]:
        """Return what `ask` returned, None where it raised a documented error; and what the reader gave meanwhile."""
        if self.bus.cut:
            self.driver.close()
            self.plug()
        self.bus.follow(*plan)
        if not self.driver._in_step or not self.driver._initialised:
            exchanges += BEGIN
        began, given = self.clock.now(), len(self.reader.given)
        result: T | None = None
        with contextlib.suppress(DeviceUnavailable, DeviceFault, ProtocolViolation):
            result = ask()
        assert self.clock.now() - began <= exchanges * EXCHANGE_S
        return result, [each for each in self.reader.given[given:] if isinstance(each[0], kind)]

    # -- hands -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.reader.card is None)
    @rule(in_place=st.sampled_from([True, True, False]))
    def insert(self, in_place: bool) -> None:
        self.chips.append(Echo())
        card = PlasticCard(tracks={2: b"6222=%06d" % self.unique()}, chip=self.chips[-1])
        self.reader.insert(card, in_place=in_place)

    @rule()
    def push_in(self) -> None:
        self.reader.push_in()

    @rule()
    def pull_out(self) -> None:
        self.reader.pull_out()

    @rule()
    def swap_the_card_between_two_questions(self) -> None:
        if self.reader.pull_out() is not None:
            self.insert(in_place=True)

    @rule()
    def lose_power(self) -> None:
        self.reader.power_cycle()

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.bus.wait(seconds)

    # -- questions -------------------------------------------------------------------------------------------

    @rule(plan=PLANS)
    def media(self, plan: Plan) -> None:
        media, given = self.within(2, self.driver.media, plan, AskStatus)
        assert media is None or media in {said(reply) for _, reply in given}

    @rule(plan=PLANS)
    def status(self, plan: Plan) -> None:
        status, given = self.within(2, self.driver.status, plan, AskStatus)
        if status is not None and status.in_service:
            assert status.media in {said(reply) for _, reply in given}

    @rule(plan=PLANS)
    def identify(self, plan: Plan) -> None:
        told, _ = self.within(1, self.driver.identify, plan, AskSerialNumber)
        assert told is None or told.serial == "SIM288K0001"

    @rule(plan=PLANS)
    def read_tracks(self, plan: Plan) -> None:
        """A stripe is that of the card that is in, whoever put another one in before it."""
        tracks, _ = self.within(3, self.driver.read_tracks, plan, AskStatus)
        if isinstance(tracks, MagneticTracks):
            assert self.reader.card is not None
            content = self.reader.card.tracks[2]
            assert isinstance(content, bytes)
            assert tracks.track2 in {TrackData(content.decode()), TrackStatus.DATA_MISSING}  # after a power loss

    @rule(plan=PLANS)
    def read_chip(self, plan: Plan) -> None:
        told, given = self.within(6, self.driver.read_raw_data, plan, ColdReset)
        if isinstance(told, RawData):
            assert told.atr == OtherCard.ATR
            assert any(isinstance(reply, Done) for _, reply in given)

    @rule(power=st.sampled_from(ChipPower), plan=PLANS)
    def chip_power(self, power: ChipPower, plan: Plan) -> None:
        self.within(3, lambda: self.driver.chip_power(power), plan, object)

    @rule(plan=PLANS, calm=st.booleans())
    def use_the_chip(self, plan: Plan, calm: bool) -> None:
        if calm:
            self.read_chip(NO_PLAN)
        apdu = b"\x00\x01\x00\x00\x04" + self.unique().to_bytes(4, "big")
        answer, given = self.within(10, lambda: self.driver.chip_io(ChipProtocol.NOT_REQUIRED, apdu), plan, Apdu)
        if isinstance(answer, ChipAnswer):
            assert answer == ChipAnswer(apdu + b"\x90\x00")
            assert given

    def use_the_chip_again(self, plan: Plan) -> None:
        self.use_the_chip(plan, calm=False)

    @rule(plan=PLANS, size=st.integers(60, 250))
    def use_the_chip_at_length(self, plan: Plan, size: int) -> None:
        self.read_chip(NO_PLAN)
        apdu = b"\x00\xd6\x00\x00" + bytes((size,)) + random.Random(self.unique()).randbytes(size)
        answer, _ = self.within(10, lambda: self.driver.chip_io(ChipProtocol.NOT_REQUIRED, apdu), plan, Apdu)
        assert not isinstance(answer, ChipAnswer) or answer == ChipAnswer(apdu + b"\x90\x00")

    @rule(to=st.sampled_from([Destination.EXIT, Destination.TRANSPORT]), plan=PLANS)
    def move(self, to: Destination, plan: Plan) -> None:
        """Where it returns None, the latch is as it says."""
        moved: list[CardRefusal | None] = []
        self.within(6, lambda: moved.append(self.driver.move(to)), plan, SetLatch)
        assert moved != [None] or self.reader.locked is (to is Destination.TRANSPORT)

    # -- what is always true ---------------------------------------------------------------------------------

    @rule()
    def serve_on_a_calm_line(self) -> None:
        if not self.bus.cut:
            self.bus.calm()
        for _ in range(MAX_FRAME // REPORT + 1):  # a frame whose length was broken swallows so many
            media, _ = self.within(2, self.driver.media, NO_PLAN, AskStatus)
            if media is not None:
                return
        raise AssertionError("not back in service on a calm bus")

    @invariant()
    def no_command_reaches_a_chip_twice(self) -> None:
        for chip in getattr(self, "chips", []):
            assert len(chip.sent) == len(set(chip.sent))

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "driver"):
            assert len(self.driver._deframer._begun) <= MAX_FRAME

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.serve_on_a_calm_line()


def said(reply: Reply) -> Media:
    """What a status reply says of the card."""
    assert isinstance(reply, Done)
    status = decode_status(reply)
    here = Media.LATCHED if status.locked else Media.PRESENT
    return {0x30: Media.NOT_PRESENT, 0x31: Media.ENTERING, 0x32: here}[status.position.value]


@lanes(fast=60, slow=1000)
def test_no_old_report_is_taken_for_a_new_one_whatever_the_bus_does(examples: int) -> None:
    attack(HostileSession, examples, steps=15)


@pytest.mark.parametrize("kind", ["drop all", "double all", "swap", "cut", "garble", "delay", "unplug"])
@pytest.mark.parametrize("way", ["to the reader", "to the host"])
def test_no_fault_of_any_report_has_a_command_executed_twice(kind: str, way: str) -> None:
    for at in range(8):
        for delay_s in (0.5, 4.1) if kind == "delay" else (0.0,):
            machine = HostileSession()
            machine.begin()
            machine.read_chip(NO_PLAN)
            plan = [LEAVE] * at + [Mischief(kind, 5, delay_s=delay_s)]
            machine.use_the_chip_at_length((plan, []) if way == "to the reader" else ([], plan), 150)
            machine.use_the_chip(NO_PLAN, calm=False)
            machine.no_command_reaches_a_chip_twice()
            machine.teardown()


CHANGES = ["pull_out", "swap_the_card_between_two_questions", "push_in"]


@pytest.mark.parametrize("delay_s", [1.01, 1.5, 3.9, 4.1, 6.0, 9.0])
@pytest.mark.parametrize("ask", ["media", "read_tracks", "use_the_chip_again", "identify"])
def test_a_late_answer_is_not_that_to_the_same_question(ask: str, delay_s: float) -> None:
    for change in CHANGES:
        for message in range(4):  # ACK and answer, twice
            machine = HostileSession()
            machine.begin()
            machine.move(Destination.EXIT, NO_PLAN)
            question = getattr(machine, ask)
            question(NO_PLAN)
            question(([], [LEAVE] * message + [Mischief("delay", delay_s=delay_s)]))
            getattr(machine, change)()
            question(NO_PLAN)
            question(NO_PLAN)
            machine.no_command_reaches_a_chip_twice()


@pytest.mark.parametrize("ask", ["media", "read_tracks", "use_the_chip_again", "identify", "read_chip"])
def test_an_old_answer_to_another_question_is_passed_over(ask: str) -> None:
    for which in range(6):
        for message in range(4):
            machine = HostileSession()
            machine.begin()
            for before in (machine.identify, machine.read_tracks, machine.read_chip, machine.use_the_chip_again):
                before(NO_PLAN)
            getattr(machine, ask)(([], [LEAVE] * message + [Mischief("stale", which)]))
            machine.use_the_chip_again(NO_PLAN)
            machine.teardown()


def test_a_card_that_was_swapped_between_two_questions_answers_for_itself_alone() -> None:
    machine = HostileSession()
    machine.begin()
    machine.read_tracks(NO_PLAN)
    machine.use_the_chip(NO_PLAN, calm=True)
    machine.driver.move(Destination.EXIT)
    machine.driver.chip_power(ChipPower.COLD)
    machine.swap_the_card_between_two_questions()
    assert machine.driver.chip_io(ChipProtocol.NOT_REQUIRED, b"\x00\xa4\x04\x00") is CardRefusal.CHIP_OFF
    assert machine.chips[-1].sent == []
    machine.read_tracks(NO_PLAN)
