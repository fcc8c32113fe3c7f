"""The CRT-591's driver on a line that breaks any byte of an honest reader: it errs in time, and never lies.

The line is a queue in both directions: what it delays comes later, never out of order. One thing it does not do, for
nothing on this protocol could notice it (docs/devices/crt-591.md): give an old reply to an equal command behind what
reads as the ACK of the new one.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from device_sim.crt591 import SimulatedCrt591
from device_sim.plastic_card import PlasticCard
from drivers.crt591 import Crt591Reader, Profile
from kiosk_core.card_reader import CardRefusal, ChipAnswer, ChipProtocol, Destination, RawData
from kiosk_core.errors import DeviceFault, DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Media
from tests.drivers.hostile import attack, lanes
from wire.crt591 import AskBinCount, AskStatus, Command, Done, Move, Place, Position, Reply

NAME = "card_reader"
EXECUTION_S = 5.0
# drivers/crt591_line.py: execution, ACK and EOT three times 0.3 s each; writing takes no time here. Twice: see there.
EXCHANGE_S = 2 * (EXECUTION_S + 2 * 3 * 0.3)
EXCHANGES = 5  # drivers/crt591.py; no chip here has more to fetch


class StepClock:
    """Time that goes from one event to the next."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wall(self) -> datetime:
        return datetime(2025, 1, 2, tzinfo=UTC) + timedelta(seconds=self._now)

    def sleep(self, seconds: float) -> None:
        self._now += seconds

    def reach(self, moment: float) -> None:
        self._now = max(self._now, moment)


class Chip:
    """Answers every command with that command's own data, so that no two answers are equal."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def power_on(self) -> bytes:
        return bytes.fromhex("3B6800000073C84012009000")

    def power_off(self) -> None:
        pass

    def transmit(self, command: bytes) -> bytes | None:
        self.sent.append(command)
        return command[5:] + b"\x90\x00"


class HonestReader(SimulatedCrt591):
    """The simulator, with what it said noted down."""

    def __init__(self, clock: StepClock) -> None:
        super().__init__(clock, seconds=0.05, stacker=50)
        self.said: list[tuple[Command, Reply]] = []

    def _carry_out(self, command: Command) -> Reply:
        reply = super()._carry_out(command)
        self.said.append((command, reply))
        return reply

    def count_retained(self, number: int) -> None:
        self._count = number


Fault = Callable[["Queue", bytes], list[bytes]]


class Queue:
    """One direction of the line: bytes with the moment at which they arrive, in order."""

    def __init__(self, clock: StepClock) -> None:
        self._clock = clock
        self._last = 0.0
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.faults: dict[int, Fault] = {}  # by the number of the message
        self.old_frames: list[bytes] = []
        self.read_as_ack = False

    def put(self, message: bytes) -> None:
        fault = self.faults.pop(0, fine)
        self.faults = {number - 1: later for number, later in self.faults.items()}
        for piece in fault(self, message):
            self._last = max(self._last, self._clock.now())
            self.waiting.append((self._last, piece))
            self.read_as_ack = self.read_as_ack or 0x06 in piece
        if message[0] == 0xF2:
            self.old_frames.append(message)

    def delay(self, seconds: float) -> None:
        self._last = max(self._last, self._clock.now()) + seconds

    def arrived(self) -> bytes:
        data = b""
        while self.waiting and self.waiting[0][0] <= self._clock.now():
            data += self.waiting.popleft()[1]
        return data

    def new_command(self) -> None:
        self.read_as_ack = any(0x06 in piece for _, piece in self.waiting)


def fine(_: Queue, message: bytes) -> list[bytes]:
    return [message]


def garbled(at: int, by: int) -> Fault:
    def fault(_: Queue, message: bytes) -> list[bytes]:
        place = at % len(message)
        return [message[:place] + bytes((message[place] ^ by,)) + message[place + 1 :]]

    return fault


def dropped(at: int) -> Fault:
    def fault(_: Queue, message: bytes) -> list[bytes]:
        place = at % len(message)
        return [message[:place] + message[place + 1 :]]

    return fault


def doubled_byte(at: int) -> Fault:
    def fault(_: Queue, message: bytes) -> list[bytes]:
        place = at % len(message)
        return [message[: place + 1] + message[place:]]

    return fault


def cut(at: int) -> Fault:
    return lambda _, message: [message[: at % len(message)]]


def paused(at: int, seconds: float) -> Fault:
    """The rest comes late: a half frame, and a half frame."""

    def fault(queue: Queue, message: bytes) -> list[bytes]:
        queue.waiting.append((queue._last, message[: at % len(message)]))
        queue.delay(seconds)
        return [message[at % len(message) :]]

    return fault


def late(seconds: float) -> Fault:
    def fault(queue: Queue, message: bytes) -> list[bytes]:
        queue.delay(seconds)
        return [message]

    return fault


def twice(_: Queue, message: bytes) -> list[bytes]:
    return [message, message]


def lost(_: Queue, message: bytes) -> list[bytes]:
    del message
    return []


def stale(which: int) -> Fault:
    """An old reply first; where the host may have heard an ACK, only one to a command of another kind."""

    def fault(queue: Queue, message: bytes) -> list[bytes]:
        frames = queue.old_frames
        if message != b"\x06" or queue.read_as_ack:
            asked = message[5:7] if message[0] == 0xF2 else b""
            frames = [frame for frame in frames if asked and frame[5:7] != asked]
        return [frames[-1 - which % len(frames)], message] if frames else [message]

    return fault


def of_another_command(at: int) -> Fault:
    """The reply under another command's code, with another status and other data, and with a right BCC."""

    def fault(_: Queue, message: bytes) -> list[bytes]:
        if message[0] != 0xF2:
            return [message]
        other = bytearray(message[:-1])
        other[5 + at % 2] ^= 0x40
        other[7] ^= 0x01
        for place in range(10, len(other) - 1):
            other[place] ^= 0x01
        lie = bytes((*other, reduce(xor, other)))
        return [lie, message] if at % 3 else [lie]

    return fault


AT = st.integers(0, 40)
SECONDS = st.sampled_from((0.01, 0.1, 0.29, 0.31, 0.9, 3.0, 5.2, 20.0))
FAULTS = st.one_of(
    st.builds(garbled, AT, st.integers(1, 255)),
    st.builds(dropped, AT),
    st.builds(doubled_byte, AT),
    st.builds(cut, AT),
    st.builds(late, SECONDS),
    st.builds(paused, AT, SECONDS),
    st.just(twice),
    st.just(lost),
)
REPLY_FAULTS = st.one_of(FAULTS, st.builds(stale, AT), st.builds(of_another_command, AT))


class HostileLine:
    """A transport with the reader at its other end; time passes while the host reads."""

    def __init__(self, reader: HonestReader, clock: StepClock) -> None:
        self._reader = reader
        self._clock = clock
        self._wake = 0.0
        self._input = bytearray()
        self.to_reader, self.to_host = Queue(clock), Queue(clock)
        self.written: list[bytes] = []

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written.append(data)
        if data[0] == 0xF2:
            self.to_host.new_command()
        self.to_reader.put(data)
        self._happen()

    def read(self, size: int, timeout_s: float) -> bytes:
        deadline = self._clock.now() + timeout_s
        while True:
            self._happen()
            if self._input or self._clock.now() >= deadline:
                data = bytes(self._input[:size])
                del self._input[:size]
                return data
            coming = [moment for queue in (self.to_reader, self.to_host) for moment, _ in list(queue.waiting)[:1]]
            if self._wake > self._clock.now():
                coming.append(self._wake)
            self._clock.reach(min([deadline, *coming]))

    def discard_input(self) -> None:
        self._happen()
        self._input.clear()

    def close(self) -> None:
        pass

    def calm(self) -> None:
        """Let all that is on its way arrive, and break nothing any more."""
        for queue in (self.to_reader, self.to_host):
            queue.faults.clear()
        while self.to_reader.waiting or self.to_host.waiting or self._reader.busy:
            self.read(1024, 1.0)
        self._clock.sleep(1.0)

    def _happen(self) -> None:
        if data := self.to_reader.arrived():
            self._say(self._reader.receive(data))
            self._wake = self._clock.now() + self._reader.seconds
        self._say(self._reader.idle())
        self._input += self.to_host.arrived()

    def _say(self, said: bytes) -> None:
        while said:
            size = int.from_bytes(said[2:4], "big") + 6 if said[0] == 0xF2 else 1
            self.to_host.put(said[:size])
            said = said[size:]


class HostileLineMachine(RuleBasedStateMachine):
    """Any calls, any faults; what a call returns is held against what the reader said while it ran."""

    @initialize()
    def begin(self) -> None:
        self.clock = StepClock()
        self.reader = HonestReader(self.clock)
        self.line = HostileLine(self.reader, self.clock)
        self.driver = Crt591Reader(NAME, self.line, self.clock, Profile(execution_s=EXECUTION_S))
        self.number = 0
        self.chips: list[Chip] = []
        self.moved_to_contacts = 0
        self.may_have_moved_to_contacts = 0

    @rule()
    def customer_puts_a_card_in(self) -> None:
        if self.reader.card is None:
            self.chips.append(Chip())
            self.reader.put_inside(PlasticCard(chip=self.chips[-1]))

    @rule()
    def a_card_is_read_on_a_calm_line(self) -> None:
        self.customer_puts_a_card_in()
        self.line.calm()
        self.ask("read")

    @rule()
    def customer_takes_the_card(self) -> None:
        self.reader.take()

    @rule()
    def power_fails_for_a_moment(self) -> None:
        self.reader.lose_power()

    @rule(
        call=st.sampled_from(("media", "retained", "dispense", "read", "apdu", "apdu", "exit", "retain", "identify")),
        faults=st.dictionaries(st.integers(0, 9), REPLY_FAULTS, max_size=4),
        command_faults=st.dictionaries(st.integers(0, 4), FAULTS, max_size=2),
    )
    def something_is_asked(self, call: str, faults: dict[int, Fault], command_faults: dict[int, Fault]) -> None:
        self.line.to_host.faults = dict(faults)
        self.line.to_reader.faults = dict(command_faults)
        self.ask(call)

    @rule(call=st.sampled_from(("media", "retained", "dispense", "read", "apdu", "exit")))
    def something_is_asked_on_a_calm_line(self, call: str) -> None:
        self.line.calm()
        self.ask(call)

    def ask(self, call: str) -> None:
        self.reader.said.clear()
        self.line.written.clear()
        self.number += 1
        began = self.clock.now()
        with contextlib.suppress(DeviceUnavailable, DeviceFault, ProtocolViolation):
            self._call(call)
        assert self.clock.now() - began <= EXCHANGES * EXCHANGE_S
        once = [data for data in self.line.written if data[5:7] in {b"\x32\x31", b"\x32\x33", b"\x51\x33"}]
        assert len(once) == len(set(once)), "sent twice"
        self.may_have_moved_to_contacts += any(data[5:7] == b"\x32\x31" for data in once)
        self.moved_to_contacts += sum(command == Move(Place.IC) for command, _ in self.reader.said)
        assert self.moved_to_contacts <= self.may_have_moved_to_contacts
        assert len(self.reader.stacker) >= 50 - self.may_have_moved_to_contacts
        for chip in self.chips:
            assert len(chip.sent) == len(set(chip.sent)), "carried out twice"
        assert len(self.driver._line._inbox) <= 256
        assert len(self.driver._line._deframer._buffer) <= 1024

    def _call(self, call: str) -> None:  # noqa: C901
        driver = self.driver
        match call:
            case "media":
                told = driver.media()
                told = Media.PRESENT if told is Media.LATCHED else told
                assert told is Media.JAMMED or told in self._media_said()
            case "retained":
                self.reader.count_retained(self.number % 1000)
                counted = driver.retained()
                assert f"{counted:03}".encode() in {done.data for done in self._said(AskBinCount())}
                assert counted == self.number % 1000
            case "dispense":
                if driver.dispense() is None:
                    assert self._said(Move(Place.IC))
            case "read":
                if isinstance(driver.read_raw_data(), RawData):
                    assert self._said(Move(Place.IC))
            case "apdu":
                number = bytes(0x40 + int(digit) for digit in f"{self.number:06}")
                answer = driver.chip_io(ChipProtocol.T0, b"\x80\x10\0\0\x06" + number)
                assert isinstance(answer, CardRefusal) or answer == ChipAnswer(number + b"\x90\x00")
            case "exit":
                if driver.move(Destination.EXIT) is None:
                    assert self._said(Move(Place.HOLD))
            case "retain":
                if driver.move(Destination.RETAIN) is None:
                    assert self._said(Move(Place.ERROR_BIN))
            case _:
                assert driver.identify().serial in {"SIM591-000001", ""}

    def _media_said(self) -> set[Media]:
        return {_MEDIA[done.status.position] for done in self._said(AskStatus())}

    def _said(self, to: Command) -> list[Done]:
        return [reply for command, reply in self.reader.said if command == to and isinstance(reply, Done)]

    def teardown(self) -> None:
        if not hasattr(self, "line"):
            return
        self.line.calm()
        self.reader.mechanics.jammed = False
        for _ in range(2):  # the first may meet a reader that has lost its power
            try:
                self.driver.reset()
                self.driver.media()
            except (DeviceUnavailable, ProtocolViolation):
                continue
            return
        raise AssertionError("not back in service on a calm line")


_MEDIA = {Position.NONE: Media.NOT_PRESENT, Position.GATE: Media.ENTERING, Position.INSIDE: Media.PRESENT}


@lanes(fast=20, slow=150)
def test_what_a_call_returns_the_reader_has_said_whatever_the_line_does(examples: int) -> None:
    attack(HostileLineMachine, examples, steps=15)


def single_faults() -> Iterator[Fault]:
    """Every fault at every byte of the longest message here, one at a time."""
    for at in range(20):
        yield from (garbled(at, by) for by in (0x01, 0x13, 0x80, 0xF4))  # 06 and 15 become each other, F2 becomes 06
        yield from (dropped(at), doubled_byte(at), cut(at), paused(at, 0.1), paused(at, 3.0))
    yield from (late(seconds) for seconds in (0.01, 0.29, 0.31, 3.0, 5.2, 20.0))
    yield from (lost, twice)


def ready() -> HostileLineMachine:
    machine = HostileLineMachine()
    machine.begin()
    machine.a_card_is_read_on_a_calm_line()
    machine.ask("apdu")
    return machine


@pytest.mark.parametrize("call", ["apdu", "retained", "dispense"])
@pytest.mark.parametrize("at", [0, 1])
def test_no_fault_at_any_byte_of_a_reply_is_taken_for_an_answer(call: str, at: int) -> None:
    for fault in (*single_faults(), *map(stale, range(8)), of_another_command(0), of_another_command(1)):
        machine = ready()
        if call == "dispense":
            machine.ask("retain")
        behind = 2 if call == "dispense" else 0  # ACK and reply to the status
        machine.line.to_host.faults = {behind + at: fault}
        machine.ask(call)
        machine.ask(call)
        machine.ask("apdu")
        machine.teardown()


@pytest.mark.parametrize("call", ["apdu", "retained"])
def test_no_fault_at_any_byte_of_a_command_does_something_twice(call: str) -> None:
    for fault in single_faults():
        for at in (0, 1):  # the command, and the ACK to its reply
            machine = ready()
            machine.line.to_reader.faults = {at: fault}
            machine.ask(call)
            machine.ask(call)
            machine.ask("apdu")
            machine.teardown()
