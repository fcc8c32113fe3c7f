"""One question and its answer with a CCID reader: numbers, time-outs, time extensions, and Abort after a lost answer.

Why answers are matched by bSeq: a reader that was slow once would otherwise answer every later question with the
answer to the one before (facts/simulation.md 6). Why numbers of lost answers are not used again: after 256 questions
the late answer would fit.
"""

from typing import TypeVar

from drivers.smart_card_reader import ExchangeFailed
from drivers.transport import UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters
from wire import ccid
from wire.ccid import (
    Abort,
    Answer,
    Command,
    CommandStatus,
    DataBlock,
    DataRateAndClockFrequency,
    EscapeAnswer,
    IccStatus,
    Parameters,
    SlotError,
    SlotStatus,
)
from wire.errors import WireError

WRITE_S = 1.0
ANSWER_S = 3.0
"""How long the reader may stay silent; a time extension (bStatus 80) begins this anew."""
OVERALL_S = 15.0
"""How long one call of the reader may last with all its exchanges and time extensions."""
ABORT_S = 2.0
"""How long the reader may take to confirm that it gave up a command."""
DEADLINE_S = OVERALL_S + ABORT_S + 3 * WRITE_S
"""No call of the reader lasts longer: the last command, the two halves of Abort, and the wait for its answer."""

_MAX_LOST = 128

A = TypeVar("A", DataBlock, SlotStatus, Parameters, EscapeAnswer, DataRateAndClockFrequency)


class CcidExchange:
    """The exchange with one reader, all its slots one after the other."""

    def __init__(self, device: str, transport: UsbTransport, clock: Clock, max_message: int) -> None:
        """Forget what the reader said before; `max_message` is the longest message that it sends, in bytes."""
        self._device = device
        self._transport = transport
        self._clock = clock
        self._max_message = max_message
        # Not always 0: an answer still on its way to the session before must not fit the first question of this one.
        self._sequence = int(clock.now() * 1000) & 0xFF
        self._lost: set[int] = set()
        self._deadline = 0.0
        self.counters = Counters()
        transport.discard_input()

    def begin(self) -> None:
        """Begin a call: all its exchanges together may last OVERALL_S."""
        self._deadline = self._clock.now() + OVERALL_S

    def next_sequence(self) -> int:
        """Return the bSeq of the next command.

        Raises:
            DeviceUnavailable: so many answers are lost that the reader has to be opened anew.
        """
        if len(self._lost) >= _MAX_LOST:
            raise DeviceUnavailable(self._device, f"left {len(self._lost)} commands without an answer")
        self._sequence = (self._sequence + 1) & 0xFF
        while self._sequence in self._lost:
            self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def ask(self, command: Command, answers: type[A], patience_s: float = ANSWER_S) -> A | ExchangeFailed:
        """Send `command` once and return its answer; a reader that is silent for `patience_s` is told to give it up.

        ExchangeFailed is what the reader reports, ABORTED when it gave the command up.

        Raises:
            DeviceUnavailable: unplugged, or silent and it does not confirm the Abort either.
            ProtocolViolation: bytes that are no answer, or the answer to another kind of command.
        """
        if self._clock.now() >= self._deadline:
            raise DeviceUnavailable(self._device, f"one call took longer than {OVERALL_S:.0f} s")
        self._send(command)
        answer = self._receive(command, self._clock.now() + patience_s, patience_s)
        if answer is None:
            icc = self._abort(command.slot)
            if icc is None:
                raise DeviceUnavailable(self._device, "silent")
            return ExchangeFailed(icc, SlotError.ABORTED.value)
        self._lost.discard(command.sequence)
        self.counters.exchanges += 1
        failed = answer.state.command is CommandStatus.FAILED
        # A reader that does not know a command answers SlotStatus.
        if failed and isinstance(answer, (answers, SlotStatus)):
            if answer.state.error == SlotError.ABORTED.value:
                # Half an Abort arrived once, and the reader refuses everything until it has the other one (5.3.1).
                self._abort(command.slot)
            return ExchangeFailed(answer.state.icc, answer.state.error)
        if isinstance(answer, answers):
            return answer
        raise self.violation(f"{type(answer).__name__} answers {type(command).__name__}")

    def count_cycle(self) -> None:
        """Count a card that is given power."""
        self.counters.cycles += 1

    def violation(self, detail: str) -> ProtocolViolation:
        """Return the error for bytes that break the protocol."""
        return ProtocolViolation(self._device, detail)

    def _send(self, command: Command) -> None:
        message = ccid.encode(command)
        # Lost until its answer is there: whatever happens in between, its number is not used again.
        self._lost.add(command.sequence)
        self._transport.write(message, WRITE_S)
        self.counters.bytes_sent += len(message)

    def _receive(self, command: Command, deadline: float, patience_s: float) -> Answer | None:
        """Return the last answer to `command`, None when none came in time."""
        while (remaining := min(deadline, self._deadline) - self._clock.now()) > 0:
            transfer = self._transport.read(self._max_message, remaining)
            if not transfer:
                continue
            self.counters.bytes_received += len(transfer)
            answer = self._decode(transfer)
            if (answer.slot, answer.sequence) != (command.slot, command.sequence):
                self.counters.strays += 1
                continue
            if answer.state.command is not CommandStatus.TIME_EXTENSION:
                return answer
            deadline = self._clock.now() + patience_s
        return None

    def _decode(self, transfer: bytes) -> Answer:
        try:
            answer = ccid.decode(transfer)
        except WireError as error:
            raise self.violation(str(error)) from None
        if not isinstance(answer, Answer):
            raise self.violation(f"{type(answer).__name__} comes from the reader")
        return answer

    def _abort(self, slot: int) -> IccStatus | None:
        """Make the reader give up what it does; return the card's state, None when it does not confirm that.

        Both halves carry the same numbers (CCID 5.3.1); a reader without this stalls the first.
        """
        try:
            command = Abort(slot, self.next_sequence())
            request = ccid.abort_request(slot, command.sequence)
            self._transport.control_in(
                request.request_type, request.request, request.value, request.index, request.length
            )
            self._deadline = self._clock.now() + ABORT_S
            self._send(command)
            answer = self._receive(command, self._deadline, ABORT_S)
        except (DeviceUnavailable, ProtocolViolation):
            return None
        finally:
            # Nothing more in this call: the card's state is not what it was.
            self._deadline = self._clock.now()
        if not isinstance(answer, SlotStatus) or answer.state.command is CommandStatus.FAILED:
            return None
        self._lost.discard(command.sequence)
        return answer.state.icc
