"""One command and its reply on a CRT-591's line: chapter 1.4 of the manual that wire/crt591.py names.

A reply repeats CM and PM of its command and has no number, so an old one could answer a new, equal question. What keeps
them apart: a reply counts only behind an ACK to what was just sent; a command that had to be sent twice, and may be
carried out twice, is followed by a different one before it is asked again; and who gives an exchange up has to begin
with INITIALIZE (drivers/crt591.py does). Behind the reply to something else comes nothing older.

What must not happen twice (an APDU, a verified code, a card out of the stacker or into the bin) is sent once, whatever
the line says: ACK and NAK are single bytes without a check sum, so even a NAK may be a broken ACK or a late one.
"""

from collections import deque

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters
from wire import crt591
from wire.crt591 import AskSensors, AskStatus, Command, Move, Place, Reply
from wire.crt591_chips import Apdu, RfApdu
from wire.crt591_frames import Control, Deframer, Frame, Garbled, Token, encode_frame
from wire.crt591_storage import Operation
from wire.errors import WireError

ACK_S = 0.3
"""How long the reader may take for ACK, and for EOT (1.4.2, cases 1 and 6)."""
GAP_S = 0.3
"""A frame that pauses this long is cut short. The manual gives no number."""
ATTEMPTS = 3
"""How often a command, NAK or EOT is sent before the reader counts as lost. The manual gives no number."""
WRITE_S = 1.0

_READ = 256


class Crt591Line:
    """The line to the unit with one address, 0 to 15. `execution_s`: how long a command may take.

    One exchange ends after at most `execution_s`, 2 * ATTEMPTS * ACK_S and 3 * ATTEMPTS * WRITE_S; where the last one
    was sent twice there can be two.
    """

    def __init__(self, name: str, transport: Transport, clock: Clock, address: int, execution_s: float) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._address = address
        self._execution_s = execution_s
        self._deframer = Deframer()
        self._inbox: deque[Token] = deque()
        self._doubled: tuple[int, int] | None = None
        self.counters = Counters()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def exchange(self, command: Command) -> Reply:
        """Return the reply to `command`.

        Raises:
            DeviceUnavailable: unplugged, silent, or not done in time and stopped. The command may have been done.
            ProtocolViolation: the reply stays garbled, or is none of the manual's. Likewise.
            WireError: `command` does not fit its bytes; nothing was sent.
        """
        text = crt591.encode_command(command)
        code = crt591.code_of(command)
        if code == self._doubled:
            self.exchange(AskSensors() if isinstance(command, AskStatus) else AskStatus())
        self._doubled = None
        self._transport.discard_input()
        self._inbox.clear()
        self._deliver(encode_frame(Frame(self._address, text)), code, once=_only_once(command))
        reply = self._reply(code)
        self.counters.exchanges += 1
        return reply

    def _deliver(self, frame: bytes, code: tuple[int, int], *, once: bool) -> None:
        """Send until the reader says ACK; a reply that comes before that is not one to this command."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.counters.resends += 1
                self._doubled = code
            self._deframer.reset()  # what was broken before it must not hide the ACK
            self._write(frame)
            deadline = self._clock.now() + ACK_S
            while (token := self._next(deadline)) not in {None, Control.NAK}:
                if token is Control.ACK:
                    return
                self.counters.strays += not isinstance(token, Garbled)
            if once:
                heard = "silent" if token is None else "not understood"
                raise DeviceUnavailable(self._name, f"{heard}; what was sent once may have been done")
        raise DeviceUnavailable(self._name, f"takes no command, {ATTEMPTS} times")

    def _reply(self, code: tuple[int, int]) -> Reply:
        deadline = self._clock.now() + self._execution_s
        garbled = 0
        while (token := self._next(deadline)) is not None:
            match token:
                case Frame():
                    if (reply := self._fitting(token, code)) is not None:
                        return reply
                case Garbled(reason):
                    garbled += 1
                    if garbled == ATTEMPTS:
                        raise ProtocolViolation(self._name, f"{reason}, {ATTEMPTS} times")
                    self.counters.resends += 1
                    self._control(Control.NAK)
                case Control.EOT:
                    raise DeviceUnavailable(self._name, "has stopped the command by itself")
                case Control.ACK | Control.NAK:
                    self.counters.strays += 1
        return self._stopped(code)

    def _stopped(self, code: tuple[int, int]) -> Reply:
        """Stop the command; a reply that crosses the EOT is taken (1.4.2, case 7)."""
        for _ in range(ATTEMPTS):
            self._control(Control.EOT)
            deadline = self._clock.now() + ACK_S
            while (token := self._next(deadline)) is not None:
                if token is Control.EOT:
                    raise DeviceUnavailable(self._name, f"not done after {self._execution_s:.0f} s, stopped")
                if isinstance(token, Frame) and (reply := self._fitting(token, code)) is not None:
                    return reply
        raise DeviceUnavailable(self._name, "silent")

    def _fitting(self, frame: Frame, code: tuple[int, int]) -> Reply | None:
        """Return and acknowledge the reply in `frame`, None where it is another unit's or another command's."""
        if frame.address != self._address or tuple(frame.text[1:3]) != code:
            self.counters.strays += 1
            return None
        self._control(Control.ACK)
        try:
            return crt591.decode_reply(frame.text)
        except WireError as error:
            raise ProtocolViolation(self._name, str(error)) from None

    def _next(self, deadline: float) -> Token | None:
        """Return the next token, None at `deadline`; a frame that pauses for GAP_S is garbled."""
        while (left := deadline - self._clock.now()) > 0:
            if self._inbox:
                return self._inbox.popleft()
            data = self._transport.read(_READ, min(left, GAP_S) if self._deframer.in_frame else left)
            tokens = self._deframer.feed(data)
            if not data and self._deframer.in_frame:
                self._deframer.reset()
                tokens.append(Garbled("a frame is cut short"))
            self.counters.bytes_received += len(data)
            self.counters.checksum_errors += sum(isinstance(token, Garbled) for token in tokens)
            self._inbox.extend(tokens)
        return None

    def _control(self, control: Control) -> None:
        self._write(bytes((control.value,)))

    def _write(self, data: bytes) -> None:
        self._transport.write(data, WRITE_S)
        self.counters.bytes_sent += len(data)


def _only_once(command: Command) -> bool:
    return isinstance(command, Apdu | RfApdu | Operation) or command in {Move(Place.IC), Move(Place.ERROR_BIN)}
