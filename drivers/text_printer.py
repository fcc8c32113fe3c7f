"""Receipt printers of text in any command language that can ask for the state and mark the end of a receipt.

The language is a small pure object (`Language`); deadlines, faults and what must not happen twice are here. An example
of one that somebody else's package brings: docs/add-a-device.md.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from drivers.receipt_lines import PaperLine, paper_lines
from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.receipt import Receipt
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Supply
from wire.escpos_text import TextEncoding

ANSWER_S = 1.0  # from the questions to the last answer
PRINT_S = 60.0  # from the call of `print` to the end of the receipt
RESET_S = 5.0  # until what it held is forgotten
POLL_S = 0.1  # between two askings while it prints
QUIET_S = 0.3  # a line on which nothing comes for so long has no late answer on it
MAX_HEARD = 64 * 1024  # bytes in one operation; who says more is no such printer
_READ = 256

_STATE_OF_FAULT = {Fault.PAPER_OUT: DeviceState.USER_ERROR, Fault.COVER_OPEN: DeviceState.USER_ERROR}


@dataclass(frozen=True)
class Look:
    """What a printer said of itself. Of `faults` the one to mend first comes first; `idle`: its buffer is empty."""

    faults: tuple[Fault, ...]
    paper: Supply
    idle: bool


class Language(Protocol):
    """A printer's command language, as far as it takes to print a receipt and to know that it is on the paper."""

    @property
    def model(self) -> str:
        """The printer's name for technicians."""
        ...

    @property
    def columns(self) -> int:
        """Single-byte characters in a line, 16 or more."""
        ...

    @property
    def text(self) -> TextEncoding:
        """What can be printed, and how wide it is."""
        ...

    @property
    def marks(self) -> range:
        """The numbers that `receipt` may be given; the more the better, for the next receipt has another one."""
        ...

    @property
    def questions(self) -> bytes:
        """What is sent to learn a Look; it is answered at once, also while the printer prints or stands still."""
        ...

    @property
    def reset(self) -> bytes:
        """What makes it forget what it has not printed."""
        ...

    def receipt(self, lines: Iterable[PaperLine], mark: int) -> bytes:
        """Return a receipt from initialisation to cut, and behind it the command that has `mark` sent back in its turn.

        Without lines: what cuts off the paper that is out.
        """
        ...

    def look(self, heard: bytes) -> Look | None:
        """Return the newest Look in what was heard since the questions were sent, None where it is not whole yet."""
        ...

    def has_mark(self, heard: bytes, mark: int) -> bool:
        """Return whether `mark` is in what was heard since the receipt was sent."""
        ...


class TextPrinter:
    """A `kiosk_core.ports.ReceiptPrinter` over an open transport; one thread uses it.

    Every operation ends within 10 * QUIET_S (where a late answer may be on the line) and: ANSWER_S; `reset` RESET_S
    and two ANSWER_S; `print` PRINT_S and as `reset`. What was half printed before this object existed, or when a
    receipt failed, is cut off before the next one.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, language: Language) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._language = language
        self._counters = Counters()
        self._heard = bytearray()  # since the operation began
        self._in_step = True  # no late answer can be on the line
        self._paper_is_clean = False
        self._marks = int(clock.wall().timestamp())

    def identify(self) -> Identity:
        """Return the model's name: the language has no question for it."""
        self._begin()
        self._look()
        return Identity(self._language.model)

    def self_test(self) -> DeviceStatus:
        """Return the status; no paper is used up."""
        return self.status()

    def status(self) -> DeviceStatus:
        """Ask for faults and paper."""
        self._begin()
        look = self._look()
        state = _STATE_OF_FAULT.get(look.faults[0], DeviceState.HARDWARE_ERROR) if look.faults else DeviceState.ONLINE
        return DeviceStatus(self._name, state, self._clock.wall(), frozenset(look.faults), {"paper": look.paper})

    def reset(self) -> None:
        """Have it forget what it has not printed, and see that it did.

        Raises:
            DeviceUnavailable: it did not within RESET_S, or is silent.
            ProtocolViolation: it never stops talking.
        """
        self._begin()
        self._forget()

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a receipt, an exchange an answered asking."""
        return self._counters.copy()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def print(self, receipt: Receipt) -> None:
        """Print, cut, and return when the mark behind the cut has come back.

        Raises:
            DeviceFault: it stands still; what it still holds of the receipt is forgotten.
            DeviceUnavailable: silent, or not done after PRINT_S.
            ProtocolViolation: it never stops talking.
        """
        self._begin()
        until = self._clock.now() + PRINT_S
        language = self._language
        self._poll(until, lambda look: look.idle and not look.faults)
        jobs = [list(paper_lines(receipt, language.columns, language.text))]
        if not self._paper_is_clean:
            jobs.insert(0, [])
        self._paper_is_clean = False
        for lines in jobs:
            self._print(lines, until)
        self._paper_is_clean = True
        self._counters.cycles += 1

    def _print(self, lines: list[PaperLine], until: float) -> None:
        self._marks += 1
        mark = self._language.marks[self._marks % len(self._language.marks)]
        self._heard.clear()
        self._write(self._language.receipt(lines, mark), max(0.0, until - self._clock.now()))
        try:
            self._poll(until, lambda _: self._language.has_mark(bytes(self._heard), mark))
        except (DeviceFault, DeviceUnavailable):
            with suppress(DeviceUnavailable, ProtocolViolation):
                self._forget()
            raise

    def _forget(self) -> None:
        self._write(self._language.reset, ANSWER_S)
        until = self._clock.now() + RESET_S
        while not self._look().idle:
            if self._clock.now() >= until:
                raise DeviceUnavailable(self._name, "does not forget what it holds")
            self._clock.sleep(POLL_S)

    def _poll(self, until: float, is_reached: Callable[[Look], bool]) -> None:
        """Ask until it `is_reached`; a fault that came after that is none of this receipt."""
        while not is_reached(look := self._look()):
            if look.faults:
                raise DeviceFault(self._name, look.faults[0])
            if self._clock.now() >= until:
                raise DeviceUnavailable(self._name, f"not done after {PRINT_S:.0f} s")
            self._clock.sleep(POLL_S)

    # -- asking ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin an operation: what came before answers nothing of it."""
        end = self._clock.now() + 10 * QUIET_S
        while not self._in_step and self._transport.read(_READ, QUIET_S):
            if self._clock.now() >= end:
                raise ProtocolViolation(self._name, "never stops talking")
        self._transport.discard_input()
        self._in_step = True
        self._heard.clear()

    def _look(self) -> Look:
        until = self._clock.now() + ANSWER_S
        before = len(self._heard)
        self._in_step = False
        self._write(self._language.questions, ANSWER_S)
        while (look := self._language.look(bytes(self._heard[before:]))) is None:
            left = until - self._clock.now()
            if left <= 0:
                raise DeviceUnavailable(self._name, f"no answer within {ANSWER_S:.0f} s")
            data = self._transport.read(_READ, left)
            self._heard += data
            self._counters.bytes_received += len(data)
            if len(self._heard) > MAX_HEARD:
                raise ProtocolViolation(self._name, "never stops talking")
        self._in_step = True
        self._counters.exchanges += 1
        return look

    def _write(self, data: bytes, timeout_s: float) -> None:
        self._transport.write(data, timeout_s)
        self._counters.bytes_sent += len(data)
