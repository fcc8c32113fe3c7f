"""The exchange with a CRT-310 (V3.0) on a serial line: command, ACK, ENQ, execution, answer (wire.crt310).

The protocol numbers nothing, so a late answer looks like a timely one. Therefore: whatever comes before ENQ is dropped;
an answer must repeat the bytes of its command; and after any exchange that did not end well the reader is cancelled
with EOT, and nothing else is asked before it has answered EOT, behind which no old answer can come (ch. 6.1 B).
A command is executed by ENQ only: it may be sent again until it is acknowledged, and ENQ is sent once.
"""

from collections import deque

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters
from wire import crt310
from wire.crt310_answers import Answer
from wire.crt310_commands import AskSensors, AskStatus, Command, ReadSerial, ReadTracks
from wire.crt310_frames import BadFrame, Control, Deframer, Event, Package
from wire.errors import WireError

# The manual names no times; these are ours. The longest frame takes 0.3 s at 9600 Bd.
CONTROL_S = 0.5
"""How long the reader may take for ACK, NAK and EOT."""
WRITE_S = 1.0
SENDS = 3
"""How often a command is sent until it is acknowledged."""

READY_S = (2 * SENDS + 2) * (WRITE_S + CONTROL_S) + WRITE_S
"""The longest time from the call to ENQ: EOT, a status request SENDS times, EOT, the command SENDS times, ENQ."""

_READ = 512


class Garbled(ProtocolViolation):
    """The BCC of an answer is wrong; what the command did is unknown."""


class Crt310Line:
    """The host's end of the line. Blocking; one thread owns it."""

    def __init__(self, name: str, transport: Transport, clock: Clock, *, as_drawn: bool = False) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._as_drawn = as_drawn
        self._deframer = Deframer()
        self._events: deque[Event] = deque()
        self._in_step = False
        self.counters = Counters()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def ask(self, command: Command, timeout_s: float) -> Answer:
        """Have `command` executed, once, and return its answer, which may be a Negative.

        Ends after at most READY_S and `timeout_s`; what changes nothing is asked up to SENDS times where its answer
        was garbled.

        Raises:
            DeviceUnavailable: unplugged or silent; a command that is no question may have been executed.
            ProtocolViolation: the answer is garbled, or does not answer `command`; it may have been executed.
            WireError: `command` does not fit its bytes; nothing was sent.
        """
        octets = crt310.encode(command)
        for _ in range(SENDS - 1 if _is_question(command) else 0):
            try:
                return self._exchange(command, octets, timeout_s)
            except Garbled:
                self.counters.resends += 1
        return self._exchange(command, octets, timeout_s)

    def _exchange(self, command: Command, octets: bytes, timeout_s: float) -> Answer:
        if not self._in_step:
            self._cancel()
        self._in_step = False
        self.counters.exchanges += 1
        self._submit(octets)
        self._forget_input()
        self._write(crt310.encode(Control.ENQ))
        answer = self._await_answer(command, timeout_s)
        self._in_step = True
        return answer

    def _cancel(self) -> None:
        """Bring the reader to where it waits for a command.

        EOT is shown behind a command only (ch. 6.1 B); a reader that is deaf to it otherwise is sent a status request
        first, which is not executed.
        """
        self._forget_input()
        self._write(crt310.encode(Control.EOT))
        if self._await_control(Control.EOT) is Control.EOT:
            return
        self._submit(crt310.encode(AskStatus()))
        self._write(crt310.encode(Control.EOT))
        if self._await_control(Control.EOT) is not Control.EOT:
            raise DeviceUnavailable(self._name, "does not answer EOT")

    def _submit(self, octets: bytes) -> None:
        """Send a command until it is acknowledged; nothing is executed before ENQ."""
        heard = None
        for attempt in range(SENDS):
            self._forget_input()
            if attempt:
                self.counters.resends += 1
            self._write(octets)
            heard = self._await_control(Control.ACK, Control.NAK)
            if heard is Control.ACK:
                return
        refuses = heard is Control.NAK
        raise DeviceUnavailable(self._name, "answers NAK to every frame" if refuses else "does not acknowledge")

    def _await_control(self, *wanted: Control) -> Control | None:
        deadline = self._clock.now() + CONTROL_S
        while (event := self._next(deadline)) is not None:
            if isinstance(event, Control) and event in wanted:
                return event
            self._note_stray(event)
        return None

    def _await_answer(self, command: Command, timeout_s: float) -> Answer:
        deadline = self._clock.now() + timeout_s
        unfit = ""
        while (event := self._next(deadline)) is not None:
            match event:
                case Package():
                    try:
                        return crt310.decode_answer(command, event, as_drawn=self._as_drawn)
                    except WireError as error:  # a late answer to another question, or nonsense: the deadline tells
                        unfit = str(error)
                        self._note_stray(event)
                case BadFrame():
                    self.counters.checksum_errors += 1
                    raise Garbled(self._name, f"the answer to {type(command).__name__} is garbled")
                case _:
                    self._note_stray(event)
        if unfit:
            raise ProtocolViolation(self._name, unfit)
        raise DeviceUnavailable(self._name, f"no answer to {type(command).__name__} after {timeout_s:.0f} s")

    def _note_stray(self, event: Event) -> None:
        if isinstance(event, Package):
            self.counters.strays += 1

    def _next(self, deadline: float) -> Event | None:
        """Return the next event, None after `deadline`, also while the line never falls silent."""
        while (left := deadline - self._clock.now()) > 0:
            if self._events:
                return self._events.popleft()
            data = self._transport.read(_READ, left)
            self.counters.bytes_received += len(data)
            self._events.extend(self._deframer.feed(data))
        return None

    def _write(self, data: bytes) -> None:
        self._transport.write(data, WRITE_S)
        self.counters.bytes_sent += len(data)

    def _forget_input(self) -> None:
        self._transport.discard_input()
        self._events.clear()
        self._deframer.reset()


def _is_question(command: Command) -> bool:
    """Return whether `command` changes nothing, so that it may be executed again."""
    match command:
        case AskStatus() | AskSensors() | ReadSerial() | ReadTracks(again=False):
            return True
        case _:
            return False
