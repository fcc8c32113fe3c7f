"""The CRT-310's driver on a line that garbles, drops, doubles, delays, cuts and repeats bytes, on a virtual clock.

The line is first in, first out, as a wire is, and spoils a frame in one place, which BCC notices. One thing it does not
do, for nobody can notice it (docs/devices/crt-310.md): repeat an old answer behind ENQ to the very same command.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device_sim.card import OtherCard
from device_sim.cards.mifare import MifareClassic
from device_sim.crt310 import SimulatedCrt310
from device_sim.plastic_card import PlasticCard
from drivers.crt310 import ANSWER_S, SLOW_S, Crt310Reader
from drivers.crt310_line import READY_S, SENDS
from kiosk_core.errors import DeviceFault, DeviceUnavailable, ProtocolViolation
from tests.clocks import SetClock
from tests.drivers.hostile import LEAVE, Mischief, attack, lanes
from wire.crt310_answers import Answer, CardPosition, CpuResponse, Done, Outcome, Status
from wire.crt310_commands import (
    AskStatus,
    Command,
    CpuApdu,
    CpuProtocol,
    FrontEntry,
    Move,
    MoveTo,
    ReadTracks,
    RfIncrement,
    RfKey,
    StopPosition,
)
from wire.crt310_frames import MAX_PACKAGE, Package

NAME = "card_reader"
KEY = b"\xff" * 6
VALUE = bytes.fromhex("00000000FFFFFFFF0000000014EB14EB")  # 0 at sector 5, block 0, in the form of p19
LATENCY_S = 0.001
T = TypeVar("T")


MISCHIEFS = st.one_of(
    st.builds(
        Mischief, st.sampled_from(["garble", "drop", "double", "cut", "stale"]), st.integers(0, 30), st.integers(1, 255)
    ),
    st.builds(Mischief, st.sampled_from(["drop all", "double all"])),
    st.builds(Mischief, st.just("delay"), delay_s=st.sampled_from([0.05, 0.3, 0.6, 1.1, 2.9, 4.0, 21.0, 45.0])),
)


# What happens to the next chunks each way, host to reader and back.
Plan = tuple[list[Mischief], list[Mischief]]
_ANY = st.lists(st.just(LEAVE) | MISCHIEFS, max_size=5)
_LATER = st.builds(
    lambda quiet, mischief, times: [LEAVE] * quiet + [mischief] * times,
    st.integers(0, 3),
    MISCHIEFS,
    st.integers(1, 4),
)
_CHUNKS: st.SearchStrategy[list[Mischief]] = st.just([]) | _ANY | _LATER
PLANS: st.SearchStrategy[Plan] = st.tuples(_CHUNKS, _CHUNKS)
NO_PLAN: Plan = ([], [])


class Device(SimulatedCrt310):
    """The model: the simulator, which remembers what it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[Command, Answer]] = []

    def _answer(self, package: Package) -> Answer:
        before = len(self.executed)
        answer = super()._answer(package)
        self.given += [(command, answer) for command in self.executed[before:]]
        return answer


class Echo(OtherCard):
    """A chip that answers with what it was sent."""

    def transmit(self, command: bytes) -> bytes | None:
        return command + b"\x90\x00"


class Line:
    """A `drivers.transport.Transport` to the device, which does the mischief it was told, one to each chunk."""

    def __init__(self, device: Device, clock: SetClock) -> None:
        self._device = device
        self._clock = clock
        self._coming: deque[tuple[float, bytes]] = deque()
        self._old: list[bytes] = []
        self.outbound: list[Mischief] = []
        self.inbound: list[Mischief] = []
        self.cut = False

    def write(self, data: bytes, timeout_s: float) -> None:
        self._expect_whole()
        mischief = self.outbound.pop(0) if self.outbound else None
        delay = mischief.delay_s if mischief is not None else 0.0
        answer = self._device.receive(self._spoilt(data, mischief))
        if answer:
            self._send(answer, delay)

    def _send(self, answer: bytes, delay: float) -> None:
        mischief = self.inbound.pop(0) if self.inbound else None
        if mischief is not None and mischief.kind == "stale":
            # Around ACK any old answer; before an answer one to another command (CM and PM differ).
            fit = [old for old in self._old if len(answer) == 1 or old[3:5] != answer[3:5]]
            if fit:
                old = fit[mischief.at % len(fit)]
                answer = answer + old if len(answer) == 1 and mischief.mask % 2 else old + answer
        elif mischief is not None:
            if len(answer) > 1:
                self._old = [*self._old[-4:], answer]
            answer, delay = self._spoilt(answer, mischief), delay + mischief.delay_s
        elif len(answer) > 1:
            self._old = [*self._old[-4:], answer]
        last = self._coming[-1][0] if self._coming else 0.0
        self._coming.append((max(last, self._clock.now() + LATENCY_S + delay), answer))

    def _spoilt(self, data: bytes, mischief: Mischief | None) -> bytes:
        if mischief is None or not data:
            return data
        self.cut = self.cut or mischief.kind == "cut"
        return data * 2 if mischief.kind == "double all" else mischief.spoil(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        self._expect_whole()
        until = self._clock.now() + timeout_s
        while self._coming and self._coming[0][0] <= until:
            ready, data = self._coming.popleft()
            self._clock.sleep(max(0.0, ready - self._clock.now()))
            if len(data) > size:
                self._coming.appendleft((ready, data[size:]))
            if data:
                return data[:size]
        self._clock.sleep(max(0.0, until - self._clock.now()))
        return b""

    def discard_input(self) -> None:
        self._expect_whole()
        while self._coming and self._coming[0][0] <= self._clock.now():
            self._coming.popleft()

    def close(self) -> None:
        self._coming.clear()

    def _expect_whole(self) -> None:
        if self.cut:
            raise DeviceUnavailable(NAME, "cut")


class HostileLine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.device = Device()
        self.number = 0
        self.plug()
        self.driver.set_entry(FrontEntry.ANY_CARD, stop=StopPosition.CONTACTS)
        self.insert()

    def plug(self) -> None:
        self.line = Line(self.device, self.clock)
        self.driver = Crt310Reader(NAME, self.line, self.clock)

    def unique(self) -> int:
        self.number += 1
        return self.number

    def within(
        self, deadline_s: float, ask: Callable[[], T], kind: type, plan: Plan = NO_PLAN
    ) -> tuple[T | None, list[tuple[Command, Answer]]]:
        """Return what `ask` returned, None where it raised a documented error; and what the device gave meanwhile."""
        if self.line.cut:
            self.driver.close()
            self.plug()
        self.line.outbound, self.line.inbound = list(plan[0]), list(plan[1])
        began, given = self.clock.now(), len(self.device.given)
        try:
            result = ask()
        except (DeviceUnavailable, DeviceFault, ProtocolViolation):
            result = None
        assert self.clock.now() - began <= deadline_s
        return result, [each for each in self.device.given[given:] if isinstance(each[0], kind)]

    # -- what happens to the line and the reader -----------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @precondition(lambda self: self.device.card is None)
    @rule()
    def insert(self) -> None:
        mifare = MifareClassic(bytes(4), key=KEY)
        mifare.write(5, 0, VALUE)
        self.device.insert(PlasticCard(tracks={2: b"%d=" % self.unique()}, chip=Echo(), mifare=mifare))

    @precondition(lambda self: self.device.card is not None)
    @rule()
    def tear_out(self) -> None:
        self.device.tear_out()

    # -- what the host asks --------------------------------------------------------------------------------

    @rule(plan=PLANS)
    def ask_position(self, plan: Plan = NO_PLAN) -> None:
        position, given = self.within(SENDS * (READY_S + ANSWER_S), self.driver.position, AskStatus, plan)
        assert position is None or any(isinstance(told, Status) and told.card is position for _, told in given)

    @rule(plan=PLANS)
    def ask_tracks(self, plan: Plan = NO_PLAN) -> None:
        tracks, given = self.within(SENDS * (READY_S + ANSWER_S), self.driver.read_tracks, ReadTracks, plan)
        assert tracks is None or tracks in [answer for _, answer in given]

    @rule(to=st.sampled_from([MoveTo.CONTACTS, MoveTo.CONTACTS, MoveTo.INSIDE]), plan=PLANS)
    def move(self, to: MoveTo, plan: Plan = NO_PLAN) -> None:
        outcome, given = self.within(READY_S + SLOW_S, lambda: self.driver.move(to), Move, plan)
        assert len(given) <= 1
        assert outcome is None or given == [(Move(to), Done(0x32, to.value, outcome))]

    @rule(plan=PLANS)
    def use_the_chip(self, plan: Plan = NO_PLAN) -> None:
        if self.driver.chip_protocol is None:
            self.within(READY_S + SLOW_S, self.driver.power_chip, object)
        apdu = b"\x00\x01\x00\x00\x04" + self.unique().to_bytes(4, "big")
        answer, given = self.within(READY_S + SLOW_S, lambda: self.driver.transmit(apdu), CpuApdu, plan)
        if isinstance(answer, bytes):
            assert answer == apdu + b"\x90\x00"
            assert given == [(CpuApdu(CpuProtocol.T0, apdu), CpuResponse(CpuProtocol.T0, answer))]

    @rule(plan=PLANS)
    def increment(self, plan: Plan = NO_PLAN) -> None:
        deadline = SENDS * (READY_S + ANSWER_S)
        if self.within(deadline, lambda: self.driver.rf_check_key(RfKey.A, 5, KEY), object)[0] is Outcome.OK:
            amount = self.unique()
            outcome, given = self.within(
                READY_S + ANSWER_S, lambda: self.driver.rf_increment(5, 0, amount), RfIncrement
            )
            assert outcome is None or given == [(RfIncrement(5, 0, amount), Done(0x35, 0x37, outcome, b"\x05\x00"))]

    @rule(plan=PLANS)
    def reset(self, plan: Plan = NO_PLAN) -> None:
        self.within(2 * (READY_S + SLOW_S), self.driver.reset, object, plan)

    # -- what is always true -------------------------------------------------------------------------------

    @invariant()
    def nothing_happened_twice(self) -> None:
        once = [command for command in self.device.executed if isinstance(command, CpuApdu | RfIncrement)]
        unique = {command.apdu if isinstance(command, CpuApdu) else command.amount for command in once}
        assert len(unique) == len(once)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.driver._line._deframer._held) <= MAX_PACKAGE + 5
        assert len(self.driver._line._events) <= 512


@lanes(fast=20, slow=150)
def test_nothing_late_is_taken_for_new_whatever_the_line_does(examples: int) -> None:
    attack(HostileLine, examples, steps=25)


def test_the_model_is_served_when_the_line_is_good() -> None:
    machine = HostileLine()
    machine.begin()
    for step in (machine.ask_tracks, machine.ask_position, machine.increment, machine.reset):
        step()
    machine.move(MoveTo.CONTACTS)
    machine.use_the_chip()
    machine.use_the_chip()
    assert [type(command) for command, _ in machine.device.given].count(CpuApdu) == 2
    assert machine.device.card is not None
    assert isinstance(machine.device.card.mifare, MifareClassic)
    assert machine.device.card.mifare.value(5, 0) == 2


@pytest.mark.parametrize("delay_s", [0.3, 0.6, 1.1, 2.9])
@pytest.mark.parametrize("lost", range(6))
def test_a_command_that_was_given_up_is_not_executed_for_the_next_one(lost: int, delay_s: float) -> None:
    machine = HostileLine()
    machine.begin()
    machine.driver.rf_check_key(RfKey.A, 5, KEY)
    machine.device.given.clear()
    late = [Mischief("delay", delay_s=delay_s)] * 3
    machine.within(READY_S + ANSWER_S, lambda: machine.driver.rf_increment(5, 0, 1), RfIncrement, ([], late))
    for _ in range(2):
        plan = [LEAVE] * lost + [Mischief("drop all")]
        machine.within(READY_S + ANSWER_S, lambda: machine.driver.rf_increment(5, 0, 2), RfIncrement, (plan, []))
    executed = [command for command, _ in machine.device.given if isinstance(command, RfIncrement)]
    # The first may have been executed in its own time only: never behind the second.
    assert [command.amount for command in executed] == sorted(command.amount for command in executed)


def test_an_old_answer_behind_the_acknowledgement_is_dropped() -> None:
    machine = HostileLine()
    machine.begin()
    assert machine.driver.position() is CardPosition.CONTACTS
    machine.tear_out()
    stale = Mischief("stale", at=-1, mask=1)  # the newest old answer, behind ACK
    position, _ = machine.within(READY_S + ANSWER_S, machine.driver.position, AskStatus, ([], [stale]))
    assert position is CardPosition.NO_CARD


def test_an_answer_that_comes_late_is_never_taken_for_the_next_question() -> None:
    for delay_s in (3.1, 3.4, 3.6, 4.0, 5.0, 21.0):
        machine = HostileLine()
        machine.begin()
        late: Plan = ([], [LEAVE, Mischief("delay", delay_s=delay_s)])
        assert machine.within(READY_S + ANSWER_S, machine.driver.position, AskStatus, late)[0] is None
        machine.tear_out()
        asked: list[CardPosition | None] = [
            machine.within(READY_S + ANSWER_S, machine.driver.position, AskStatus)[0] for _ in range(12)
        ]
        assert set(asked) <= {None, CardPosition.NO_CARD}
        assert asked[-1] is CardPosition.NO_CARD
