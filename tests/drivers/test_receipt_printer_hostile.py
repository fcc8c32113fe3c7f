"""The receipt printer's driver on a line that garbles, drops, doubles, delays, cuts and repeats, on a virtual clock.

A printer that sends marks (GS ( H) meets all of it. One that has only GS r, whose answer is a single byte that names no
receipt, meets a line that is first in, first out and loses or delays whole answers: more cannot be told from an answer
(docs/devices/escpos.md).
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from drivers.receipt_layout import PAPER_80_MM, Lack, PrinterProfile
from drivers.receipt_printer import CLEARING_S, PRINT_S, QUESTIONS_S, EscPosPrinter
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.receipt import Receipt, TextLine
from kiosk_core.status import DeviceState, DeviceStatus, Supply
from tests.clocks import SetClock
from tests.drivers.hostile import LEAVE, Mischief, attack, lanes
from wire import escpos
from wire.escpos import Command
from wire.escpos_questions import AskProcessed, AskStatus, ClearBuffers, Recover, StatusKind, TransmitStatus
from wire.escpos_stream import CommandDeframer, RealTimeScanner, Unknown

NAME = "receipt_printer"
LATENCY_S = 0.002
WITH_MARKS = replace(PAPER_80_MM, lacks=frozenset({Lack.NV_GRAPHICS}))
WITH_GS_R = PAPER_80_MM
PUSHED = [bytes.fromhex(frame) for frame in ("10 00 00 00", "10 00 03 00", "38 00 00 00", "18 00 0C 00")]


_DELAYS = st.sampled_from([0.05, 0.4, 1.1, 2.5, 9.0, 11.0, 30.0, 65.0])
MISCHIEFS = st.one_of(
    st.just(Mischief("drop all")),
    st.just(Mischief("silence")),
    st.builds(Mischief, st.just("delay"), delay_s=_DELAYS),
    st.builds(Mischief, st.just("insert"), st.integers(0, 6), other=st.sampled_from(PUSHED)),
    st.builds(Mischief, st.sampled_from(["garble", "drop", "cut"]), st.integers(0, 6), st.integers(1, 255)),
    st.builds(Mischief, st.sampled_from(["double all", "stale", "nak"]), st.integers(0, 9)),
)
ALL = frozenset({"drop all", "silence", "delay", "insert", "garble", "drop", "cut", "double all", "stale", "nak"})
OF_WHOLE_ANSWERS = frozenset({"drop all", "silence", "delay"})
# Most of the time all goes well for a while: else the driver gives up before it becomes interesting.
PLANS = st.builds(lambda well, ill: [LEAVE] * well + ill, st.integers(0, 16), st.lists(MISCHIEFS, max_size=6))


class Printer:
    """The model: executes in order what it receives, at once or after a pause, and remembers what it cut."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._scanner = RealTimeScanner()
        self._deframer = CommandDeframer()
        self._commands: deque[Command | Unknown] = deque()
        self._line = ""
        self.slip: list[str] = []
        self.slips: list[list[str]] = []
        self.paper_lines: int | None = None
        self.paper_out = False
        self.stuck = False
        self.cutter_error = False
        self.busy_until = 0.0

    @property
    def _stopped(self) -> bool:
        return self.paper_out or self.cutter_error

    def receive(self, data: bytes) -> list[bytes]:
        answers = []
        for _, command in self._scanner.feed(data):
            match command:
                case AskStatus(kind):
                    answers.append(bytes((self._status(kind),)))
                case ClearBuffers():
                    self._commands.clear()
                    self._deframer.reset()
                    self._line = ""
                    self.cutter_error = self.cutter_error and self.stuck
                    answers.append(bytes.fromhex("37 25 00"))
                case Recover():
                    self.cutter_error = self.cutter_error and self.stuck
        self._commands.extend(self._deframer.feed(data))
        return answers + self.work()

    def work(self) -> list[bytes]:
        answers = []
        while self._commands and not self._stopped and self._clock.now() >= self.busy_until:
            command = self._commands[0]
            match command:
                case escpos.Text(data):
                    self._line += data.decode("ascii")
                case escpos.LineFeed():
                    self.slip.append(self._line)
                    self._line = ""
                    if self.paper_lines is not None:
                        self.paper_lines -= 1
                        self.paper_out = self.paper_lines <= 0
                case escpos.Cut() if self.stuck:
                    self.cutter_error = True
                    break
                case escpos.Cut():
                    self.slips.append(self.slip)
                    self.slip = []
                case TransmitStatus(1):
                    answers.append(b"\x00")
                case AskProcessed(mark):
                    answers.append(b"\x37\x22" + mark.encode() + b"\x00")
                case Unknown():
                    raise AssertionError(f"the driver sent {command}")
            self._commands.popleft()
        return answers

    def _status(self, kind: StatusKind) -> int:
        """facts 3c: DLE EOT."""
        match kind:
            case StatusKind.PRINTER:
                return 0x12 | self._stopped << 3
            case StatusKind.OFFLINE_CAUSE:
                return 0x12 | self.paper_out << 5 | self.cutter_error << 6
            case StatusKind.ERROR_CAUSE:
                return 0x12 | self.cutter_error << 3
            case StatusKind.PAPER:
                return 0x12 | self.paper_out * 0x60


class Line:
    """A transport to the model; answers go through `plan`, one mischief each, then unharmed. First in, first out."""

    def __init__(self, printer: Printer, clock: SetClock) -> None:
        self._printer = printer
        self._clock = clock
        self._arriving: deque[tuple[float, int]] = deque()
        self._last = 0.0
        self._said = b""  # the last time that it said it was done
        self._silent = False
        self.plan: list[Mischief] = []

    def follow(self, plan: list[Mischief]) -> None:
        self.plan = list(plan)
        self._silent = False

    def write(self, data: bytes, timeout_s: float) -> None:
        assert timeout_s > 0
        self._clock.sleep(LATENCY_S)
        self._deliver(self._printer.receive(data))

    def read(self, size: int, timeout_s: float) -> bytes:
        end = self._clock.now() + timeout_s
        self._deliver(self._printer.work())
        while True:
            if self._arriving and self._arriving[0][0] <= self._clock.now():
                data = bytearray()
                while self._arriving and self._arriving[0][0] <= self._clock.now() and len(data) < size:
                    data.append(self._arriving.popleft()[1])
                return bytes(data)
            moments = [due for due, _ in list(self._arriving)[:1]]
            if self._printer.busy_until > self._clock.now():
                moments.append(self._printer.busy_until)
            if not moments or min(moments) > end:
                self._clock.sleep(max(0.0, end - self._clock.now()))
                return b""
            self._clock.sleep(min(moments) - self._clock.now())
            self._deliver(self._printer.work())

    def discard_input(self) -> None:
        while self._arriving and self._arriving[0][0] <= self._clock.now():
            self._arriving.popleft()

    def close(self) -> None:
        pass

    def _deliver(self, answers: list[bytes]) -> None:
        for answer in answers:
            mischief = self.plan.pop(0) if self.plan else LEAVE
            self._silent |= mischief.kind == "silence"
            data = b"" if self._silent else self._spoil(answer, mischief)
            if answer == b"\x00" or answer[:2] == b"\x37\x22":
                self._said = answer
            self._last = max(self._last, self._clock.now() + LATENCY_S + mischief.delay_s)
            self._arriving.extend((self._last, byte) for byte in data)

    def _spoil(self, data: bytes, mischief: Mischief) -> bytes:
        match mischief.kind:
            case "nak":
                return b"\x15" + data
            case "double all":
                return data * 2
            case "stale":
                return self._said + data
            case _:
                return mischief.spoil(data)


class HostileLine(RuleBasedStateMachine):
    """Prints, asks and breaks in any order; what is true of it is said in the rules and the invariant."""

    profile: ClassVar[PrinterProfile] = WITH_MARKS
    kinds: ClassVar[frozenset[str]] = ALL

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
        self.printer = Printer(self.clock)
        self.line = Line(self.printer, self.clock)
        self.number = 0
        self.driver = self.open()

    def open(self) -> EscPosPrinter:
        return EscPosPrinter(NAME, self.line, self.profile, self.clock)

    def follow(self, plan: list[Mischief]) -> None:
        self.line.follow([mischief for mischief in plan if mischief.kind in {"leave", *self.kinds}])

    def within(self, limit_s: float, call: Callable[[], object]) -> Exception | None:
        """Call and return what was raised; a driver that lost its device is opened anew, as the supervisor does."""
        began = self.clock.now()
        raised: Exception | None = None
        try:
            call()
        except (DeviceFault, DeviceUnavailable, ProtocolViolation) as error:
            raised = error
        clearing_s = CLEARING_S if isinstance(raised, DeviceFault) else 0.0
        assert self.clock.now() - began <= limit_s + clearing_s + 0.1
        if isinstance(raised, DeviceUnavailable | ProtocolViolation):
            self.driver = self.open()
        return raised

    @rule(
        plan=PLANS,
        lines=st.integers(1, 120),
        busy_s=st.sampled_from([0.0] * 8 + [0.3] * 8 + [2.0, 70.0]),
        paper_lines=st.none() | st.integers(1, 120),
    )
    def print(self, plan: list[Mischief], lines: int, busy_s: float, paper_lines: int | None) -> None:
        """What was printed and cut is the whole receipt, and nothing else, or the driver says that it failed."""
        self.number += 1
        self.printer.busy_until = self.clock.now() + busy_s
        self.printer.paper_lines = paper_lines
        wanted = [f"R{self.number} L{line}" for line in range(lines)]
        self.follow(plan)
        receipt = Receipt(tuple(map(TextLine, wanted)))
        already = len(self.printer.slips)
        raised = self.within(PRINT_S, lambda: self.driver.print(receipt))
        if raised is None:
            assert wanted in self.printer.slips[already:]
            assert self.printer.slip == []

    @rule(plan=PLANS)
    def status(self, plan: list[Mischief]) -> None:
        """What it says of the paper is true, unless single bytes were changed: no bit of theirs would tell."""
        self.follow(plan)
        told: list[DeviceStatus] = []
        self.within(QUESTIONS_S, lambda: told.append(self.driver.status()))
        if told and {mischief.kind for mischief in plan} <= {"leave", "double all", *OF_WHOLE_ANSWERS}:
            assert (told[0].supplies["paper"] is Supply.OUT) == self.printer.paper_out

    @rule(plan=PLANS)
    def reset(self, plan: list[Mischief]) -> None:
        self.follow(plan)
        self.within(QUESTIONS_S, self.driver.reset)

    @rule(plan=PLANS)
    def identify(self, plan: list[Mischief]) -> None:
        self.follow(plan)
        self.within(QUESTIONS_S, self.driver.identify)

    @rule()
    def run_out_of_paper(self) -> None:
        self.printer.paper_out = True

    @rule()
    def jam_the_cutter(self) -> None:
        self.printer.stuck = True

    @rule(restarted=st.booleans())
    def mend(self, restarted: bool) -> None:
        """On a good line, after a while, a mended printer serves again, whatever happened before."""
        self.printer.paper_out = self.printer.stuck = False
        self.printer.paper_lines = None
        self.follow([])
        self.clock.sleep(100)
        if restarted:
            self.driver = self.open()
        status = self.driver.status()
        assert status.state is DeviceState.ONLINE, status
        self.driver.reset()
        assert self.within(PRINT_S, lambda: self.driver.print(Receipt((TextLine("R0 after"),)))) is None
        assert self.printer.slips[-1] == ["R0 after"]

    @rule(fault=st.sampled_from([Fault.PAPER_OUT, Fault.CUTTER_STUCK]))
    def name_the_fault(self, fault: Fault) -> None:
        """On a good line the fault has its name."""
        self.mend(restarted=True)
        if fault is Fault.PAPER_OUT:
            self.printer.paper_out = True
        else:
            self.printer.stuck = True
        raised = self.within(PRINT_S, lambda: self.driver.print(Receipt((TextLine("R0 not"),))))
        assert isinstance(raised, DeviceFault)
        assert raised.fault is fault

    @invariant()
    def two_receipts_never_share_a_slip(self) -> None:
        for slip in self.printer.slips[-5:]:
            assert len({re.match("R[0-9]+", line)[0] for line in slip}) <= 1, slip  # type: ignore[index]


class HostileLineOfWholeAnswers(HostileLine):
    """The same with GS r."""

    profile = WITH_GS_R
    kinds = OF_WHOLE_ANSWERS


@pytest.mark.parametrize("well", range(5, 14))
def test_an_old_mark_ends_no_other_receipt(well: int) -> None:
    machine = HostileLine()
    machine.begin()
    machine.print(plan=[], lines=3, busy_s=0.0, paper_lines=None)
    machine.print(plan=[LEAVE] * well + [Mischief("stale")] * 2, lines=3, busy_s=2.0, paper_lines=None)
    assert [slip[0] for slip in machine.printer.slips if slip] == ["R1 L0", "R2 L0"]


@pytest.mark.parametrize("well", range(6))  # behind the question nobody could tell it from the answer
def test_a_byte_that_answers_no_gs_r_ends_no_receipt(well: int) -> None:
    machine = HostileLineOfWholeAnswers()
    machine.kinds = ALL  # type: ignore[misc]
    machine.begin()
    machine.print(plan=[], lines=3, busy_s=0.0, paper_lines=None)
    stray = Mischief("insert", other=b"\x00")
    machine.print(plan=[LEAVE] * well + [stray], lines=3, busy_s=70.0, paper_lines=None)  # prints when we have given up
    machine.clock.sleep(100)
    machine.mend(restarted=False)


@lanes(fast=8, slow=80)
@pytest.mark.parametrize("machine", [HostileLine, HostileLineOfWholeAnswers], ids=["marks", "GS r"])
def test_a_receipt_that_is_printed_is_whole_and_alone_whatever_the_line_does(
    machine: type[HostileLine], examples: int
) -> None:
    attack(machine, examples, steps=25)
