"""Messages of the motor card reader CRT-310 as bytes: "Communication Protocol" V3.0, 2007-04-14, ch. 7 to 9.

Sources: facts/device-protocols.md 3a-2 and the manual itself (TheTrueTrooper, CardReader_CRT310). "p" is its page; what
it prints in two ways is listed in docs/devices/crt-310.md. No error quotes what a card holds.
"""

from enum import Enum
from typing import TypeVar

from wire.crt310_answers import (
    Answer,
    CardPosition,
    CardType,
    CardTypeFound,
    CpuAtr,
    CpuResponse,
    Done,
    EepromData,
    FrontState,
    MemoryCardAnswer,
    Negative,
    Outcome,
    RearState,
    Refusal,
    RfBlock,
    RfSerial,
    SamAtr,
    SamResponse,
    Sensors,
    Serial,
    Status,
    Tracks,
    Version,
    decode_tracks,
    encode_track,
)
from wire.crt310_commands import (
    AskCardType,
    AskSensors,
    AskStatus,
    BaudRate,
    Blink,
    CardFamily,
    Command,
    ContactPower,
    CpuApdu,
    CpuProtocol,
    CpuReset,
    EepromRead,
    EepromSelect,
    EepromType,
    EepromWrite,
    Eject,
    FrontEntry,
    Light,
    MemoryCardCommand,
    Move,
    MoveTo,
    ReadSerial,
    ReadTracks,
    RearEntry,
    Reset,
    ResetCpu,
    ResetSam,
    RfChangeKeyA,
    RfCheckKey,
    RfDecrement,
    RfIncrement,
    RfKey,
    RfRead,
    RfReadSerial,
    RfSeek,
    RfWrite,
    SamApdu,
    SamPowerOff,
    SensorSet,
    SetBaudRate,
    SetCardIn,
    SetStopPosition,
    SharePort,
    StopPosition,
    TrackMode,
    TrackSelection,
    WriteSerial,
)
from wire.crt310_frames import MAX_PACKAGE, STX, BadFrame, Control, Deframer, Event, Noise, Package, frame
from wire.errors import WireError

# Frames and unions are named here too: whoever only listens to the line needs no other module.
__all__ = [
    "MAX_PACKAGE",
    "STX",
    "Answer",
    "BadFrame",
    "Command",
    "Control",
    "Deframer",
    "Event",
    "MalformedCommand",
    "Message",
    "Noise",
    "Package",
    "decode_answer",
    "decode_command",
    "encode",
]

Message = Command | Answer | Control

_E = TypeVar("_E", bound=Enum)

_NEGATIVE = 0x4E


class MalformedCommand(WireError):
    """A package that is no command; `reason` is the error byte that says so."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


# -- encoding --------------------------------------------------------------------------------------------


def encode(message: Message) -> bytes:
    """Return the bytes of `message` on the line.

    Raises:
        WireError: a field does not fit.
    """
    if isinstance(message, Control):
        return bytes((message.value,))
    try:
        return frame(_encode_answer(message) if isinstance(message, Answer) else _encode_command(message))
    except (ValueError, OverflowError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"{type(message).__name__}: a field does not fit") from None


def _encode_command(command: Command) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    match command:
        case Reset(eject):
            return bytes((0x30, eject.value))
        case ReadSerial():
            return b"\x30\x3a"
        case WriteSerial(serial):
            return b"\x30\x3b" + _sized(serial, 1, 16)
        case SetStopPosition(position):
            return bytes((0x2E, position.value))
        case SetCardIn(front, rear):
            return bytes((0x2F, front.value, rear.value))
        case AskStatus():
            return b"\x31\x30"
        case AskSensors(which):
            return bytes((0x31, which.value))
        case AskCardType():
            return b"\x31\x31"
        case Move(to):
            return bytes((0x32, to.value))
        case ContactPower(on):
            return bytes((0x33, _switch(on)))
        case SamPowerOff():
            return b"\x4a\x31"
        case SetBaudRate(rate):
            return bytes((0x34, rate.value))
        case Light(on):
            return bytes((0x46, _switch(on)))
        case Blink(on_quarters, off_quarters):
            return bytes((0x49, on_quarters, off_quarters))
        case SharePort(enabled):
            return bytes((0xFA, _switch(enabled)))
        case ReadTracks(mode, selection, again):
            return bytes((0x45, 0x30 + again, mode.value, selection.value))
        case MemoryCardCommand(family, parameter, data):
            return bytes((family.value, parameter)) + data
        case _:
            return _encode_card_command(command)


_CardCommand = (
    RfSeek
    | RfReadSerial
    | RfCheckKey
    | RfRead
    | RfWrite
    | RfChangeKeyA
    | RfIncrement
    | RfDecrement
    | EepromSelect
    | EepromRead
    | EepromWrite
    | ResetCpu
    | CpuApdu
    | ResetSam
    | SamApdu
)


def _encode_card_command(command: _CardCommand) -> bytes:  # noqa: C901, PLR0912  (one line a command)
    match command:
        case RfSeek():
            return b"\x35\x30"
        case RfReadSerial():
            return b"\x35\x31"
        case RfCheckKey(which, sector, key):
            return bytes((0x35, which.value, sector)) + _sized(key, 6, 6)
        case RfRead(sector, block):
            return bytes((0x35, 0x33, sector, block))
        case RfWrite(sector, block, data):
            return bytes((0x35, 0x34, sector, block)) + _sized(data, 16, 16)
        case RfChangeKeyA(sector, key):
            return bytes((0x35, 0x35, sector)) + _sized(key, 6, 6)
        case RfIncrement(sector, block, amount):
            return bytes((0x35, 0x37, sector, block)) + amount.to_bytes(4, "little")
        case RfDecrement(sector, block, amount):
            return bytes((0x35, 0x38, sector, block)) + amount.to_bytes(4, "little")
        case EepromSelect(card):
            return bytes((0x36, 0x30, card.value))
        case EepromRead(card, address, length):
            _fits(card, address, length)
            return bytes((0x36, 0x31, card.value)) + address.to_bytes(2, "big") + bytes((length,))
        case EepromWrite(card, address, data, checked):
            _fits(card, address, len(data))
            head = bytes((0x36, 0x32 + checked, card.value))
            return head + address.to_bytes(2, "big") + bytes((len(data),)) + data
        case ResetCpu(kind):
            return bytes((0x37, kind.value))
        case CpuApdu(protocol, apdu):
            return bytes((0x37, protocol.value)) + _counted(_sized(apdu, 4, 262))
        case ResetSam(slot):
            return bytes((0x3D, 0x30, _slot_byte(slot)))
        case SamApdu(slot, protocol, apdu):
            return bytes((0x3D, protocol.value, _slot_byte(slot))) + _counted(_sized(apdu, 4, 263))


def _encode_answer(answer: Answer) -> bytes:  # noqa: C901, PLR0912  (one line an answer)
    match answer:
        case Done(command, parameter, outcome, repeated):
            return bytes((command, parameter)) + repeated + bytes((outcome.value,))
        case Version(eject, text):
            return bytes((0x30, eject.value)) + text.encode("ascii")
        case Serial(serial):
            return b"\x30\x3a\x59" + _sized(serial, 1, 16)
        case Status(card, front, rear):
            return bytes((0x31, 0x30, card.value, front.value, rear.value))
        case Sensors(which, infrared, shutter_open, switch):
            if len(infrared) != which.infrared:
                raise WireError(f"{which.infrared} infrared sensors, not {len(infrared)}")
            return bytes((0x31, which.value, *(0x30 + seen for seen in (*infrared, shutter_open, switch))))
        case CardTypeFound(card_type):
            return b"\x31\x31" + card_type.value.encode()
        case RfSerial(outcome, serial):
            return bytes((0x35, 0x31, outcome.value)) + _sized(serial, 4, 4)
        case RfBlock(written, sector, block, data):
            return bytes((0x35, 0x33 + written, sector, block, Outcome.OK.value)) + _sized(data, 16, 16)
        case EepromData(written, card, address, data):
            head = bytes((0x36, 0x31 + 2 * written, card.value, Outcome.OK.value))
            return head + address.to_bytes(2, "big") + bytes((len(data),)) + data
        case CpuAtr(kind, protocol, atr):
            return bytes((0x37, kind.value, _alive(protocol))) + _counted(atr)
        case CpuResponse(protocol, apdu):
            return bytes((0x37, protocol.value, Outcome.OK.value)) + _counted(apdu)
        case SamAtr(slot, protocol, atr):
            return bytes((0x3D, 0x30, _slot_byte(slot), _alive(protocol))) + _counted(atr)
        case SamResponse(slot, protocol, apdu):
            return bytes((0x3D, protocol.value, _slot_byte(slot), Outcome.OK.value)) + _counted(apdu)
        case Tracks(mode, selection, again, listed):
            head = bytes((0x45, 0x30 + again, mode.value, selection.value))
            return head + b"".join(encode_track(track) for track in listed)
        case MemoryCardAnswer(family, parameter, data):
            return bytes((family.value, parameter)) + data
        case Negative(command, reason):
            return bytes((_NEGATIVE, command, reason.value))


def _switch(on: bool) -> int:
    return 0x30 if on else 0x31


def _alive(protocol: CpuProtocol) -> int:
    return 0x59 if protocol is CpuProtocol.T0 else 0x5A


def _slot_byte(slot: int) -> int:
    if slot not in range(8):
        raise WireError(f"a SAM slot is 0 to 7, not {slot}")
    return 0x30 + slot


def _sized(data: bytes, least: int, most: int) -> bytes:
    if not least <= len(data) <= most:
        raise WireError(f"{least} to {most} bytes are allowed here, not {len(data)}")
    return data


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _fits(card: EepromType, address: int, length: int) -> None:
    if not 1 <= length <= 128 or address + length > card.size or address < 0:
        raise WireError(f"{length} bytes at {address:04X} are not on a 24{card.name}")


# -- decoding commands -----------------------------------------------------------------------------------


def decode_command(package: Package) -> Command:
    """Return the command in `package`.

    Raises:
        MalformedCommand: with the error byte for it: unknown CM, unknown PM, or data that does not fit them.
    """
    command, parameter, data = package.data[0], package.data[1], package.data[2:]
    try:
        found = _decode_command(command, parameter, data)
        whole = _encode_command(found) == package.data
    except MalformedCommand:
        raise
    except (ValueError, IndexError, OverflowError):
        whole = False
    if not whole:
        raise MalformedCommand(Refusal.BAD_DATA, f"{command:02X} {parameter:02X}: the data does not fit")
    return found


def _decode_command(command: int, parameter: int, data: bytes) -> Command:  # noqa: C901, PLR0912  (one line a command)
    match command, parameter:
        case 0x30, 0x30 | 0x31 | 0x32:
            return Reset(Eject(parameter))
        case 0x30, 0x3A:
            return ReadSerial()
        case 0x30, 0x3B:
            return WriteSerial(_sized(data, 1, 16))
        case 0x2E, _:
            return SetStopPosition(_parameter(StopPosition, parameter))
        case 0x2F, _:
            return SetCardIn(_parameter(FrontEntry, parameter), _parameter(RearEntry, data[0]))
        case 0x31, 0x30:
            return AskStatus()
        case 0x31, 0x2E | 0x2F:
            return AskSensors(SensorSet(parameter))
        case 0x31, 0x31:
            return AskCardType()
        case 0x32, _:
            return Move(_parameter(MoveTo, parameter))
        case 0x33, 0x30 | 0x31:
            return ContactPower(parameter == 0x30)
        case 0x4A, 0x31:
            return SamPowerOff()
        case 0x34, _:
            return SetBaudRate(_parameter(BaudRate, parameter))
        case 0x46, 0x30 | 0x31:
            return Light(parameter == 0x30)
        case 0x49, _:
            return Blink(parameter, data[0])
        case 0xFA, 0x30 | 0x31:
            return SharePort(parameter == 0x30)
        case 0x45, 0x30 | 0x31:
            mode, selection = _parameter(TrackMode, data[0]), _parameter(TrackSelection, data[1])
            return ReadTracks(mode, selection, parameter == 0x31)
        case ((0x35 | 0x36 | 0x37 | 0x3D), _):
            return _decode_card_command(command, parameter, data)
        case ((0x38 | 0x39 | 0x3A | 0x3B | 0x3C | 0x3E), _):
            return MemoryCardCommand(CardFamily(command), parameter, data)
        case ((0x30 | 0x31 | 0x33 | 0x4A | 0x46 | 0xFA | 0x45), _):
            raise _unknown_parameter(command, parameter)
        case _:
            raise MalformedCommand(Refusal.UNKNOWN_COMMAND, f"{command:02X} is no command")


def _decode_card_command(command: int, parameter: int, data: bytes) -> _CardCommand:  # noqa: C901, PLR0912
    match command, parameter:
        case 0x35, 0x30:
            return RfSeek()
        case 0x35, 0x31:
            return RfReadSerial()
        case 0x35, 0x32 | 0x39:
            return RfCheckKey(RfKey(parameter), data[0], data[1:])
        case 0x35, 0x33:
            return RfRead(data[0], data[1])
        case 0x35, 0x34:
            return RfWrite(data[0], data[1], data[2:])
        case 0x35, 0x35:
            return RfChangeKeyA(data[0], data[1:])
        case 0x35, 0x37:
            return RfIncrement(data[0], data[1], int.from_bytes(data[2:], "little"))
        case 0x35, 0x38:
            return RfDecrement(data[0], data[1], int.from_bytes(data[2:], "little"))
        case 0x36, 0x30:
            return EepromSelect(_parameter(EepromType, data[0]))
        case 0x36, 0x31:
            return EepromRead(_parameter(EepromType, data[0]), int.from_bytes(data[1:3], "big"), data[3])
        case 0x36, 0x32 | 0x33:
            card, address = _parameter(EepromType, data[0]), int.from_bytes(data[1:3], "big")
            return EepromWrite(card, address, data[4:], parameter == 0x33)
        case 0x37, 0x2F | 0x30:
            return ResetCpu(CpuReset(parameter))
        case 0x37, 0x31 | 0x32:
            return CpuApdu(CpuProtocol(parameter), data[2:])
        case 0x3D, 0x30:
            return ResetSam(_slot(data[0]))
        case 0x3D, 0x31 | 0x32:
            return SamApdu(_slot(data[0]), CpuProtocol(parameter), data[3:])
        case _:
            raise _unknown_parameter(command, parameter)


def _unknown_parameter(command: int, parameter: int) -> MalformedCommand:
    return MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{command:02X} has no parameter {parameter:02X}")


def _parameter(kind: type[_E], byte: int) -> _E:
    try:
        return kind(byte)
    except ValueError:
        raise MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{byte:02X} is no {kind.__name__}") from None


def _slot(byte: int) -> int:
    if byte not in range(0x30, 0x38):
        raise MalformedCommand(Refusal.UNKNOWN_PARAMETER, f"{byte:02X} is no SAM slot")
    return byte - 0x30


# -- decoding answers ------------------------------------------------------------------------------------

# Where a drawing of an answer shows another CM and PM than the command has, against the rule of 7.2.1 b:
# the failed block write (p16), the decrement (p18), the baud rate (p13), the serial number (p8).
_DRAWN_ECHO = {
    (0x35, 0x34): (0x35, 0x33),
    (0x35, 0x38): (0x35, 0x37),
    (0x30, 0x3B): (0x30, 0x3A),
}


def decode_answer(command: Command, package: Package, *, as_drawn: bool = False) -> Answer:
    """Return the answer to `command` in `package`.

    An answer repeats CM and PM of its command (7.2.1 b). `as_drawn` also takes those that four drawings show instead;
    an answer to an increment then passes for one to a decrement, so it is for readers which are known to do that.

    Raises:
        WireError: it answers another command, or has no form that the manual gives.
    """
    code, parameter = _encode_command(command)[:2]
    if package.data[0] == _NEGATIVE:
        return _decode_negative(code, package.data)
    data = package.data[2:]
    allowed = {(code, parameter)}
    if as_drawn:
        allowed.add(_DRAWN_ECHO.get((code, parameter), (code, parameter)))
        allowed.add((0x33, parameter) if code == 0x34 else (code, parameter))
    if (package.data[0], package.data[1]) not in allowed:
        raise WireError(f"{package.data[0]:02X} {package.data[1]:02X} answers {code:02X} {parameter:02X}")
    try:
        return _decode_answer(command, code, parameter, data)
    except (ValueError, IndexError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"{code:02X} {parameter:02X}: the answer does not fit") from None


def _decode_negative(code: int, data: bytes) -> Negative:
    if len(data) != 3:
        raise WireError(f"an abnormal return has 3 bytes, not {len(data)}")
    if data[1] != code:
        raise WireError(f"an abnormal return to {data[1]:02X} answers {code:02X}")
    try:
        return Negative(code, Refusal(data[2]))
    except ValueError:
        raise WireError(f"error byte {data[2]:02X} is not in the manual") from None


def _decode_answer(command: Command, code: int, parameter: int, data: bytes) -> Answer:  # noqa: C901, PLR0912
    match command:
        case Reset(eject):
            return Version(eject, data.decode("ascii"))
        case ReadSerial() if data[0] == Outcome.OK.value:
            return Serial(_sized(data[1:], 1, 16))
        case AskStatus():
            card, front, rear = _exactly(data, 3)
            return Status(CardPosition(card), FrontState(front), RearState(rear))
        case AskSensors(which):
            seen = [_bit(byte) for byte in _exactly(data, which.infrared + 2)]
            return Sensors(which, tuple(seen[:-2]), seen[-2], seen[-1])
        case AskCardType():
            return CardTypeFound(CardType(data.decode("ascii")))
        case RfReadSerial() if len(data) == 5:
            return RfSerial(Outcome(data[0]), data[1:])
        case RfReadSerial() if len(data) == 4:  # the example on p15 has no operation byte
            return RfSerial(Outcome.OK, data)
        case RfRead(sector, block) | RfWrite(sector, block) if len(data) > 3:
            _repeats(data, bytes((sector, block, Outcome.OK.value)))
            return RfBlock(isinstance(command, RfWrite), sector, block, _sized(data[3:], 16, 16))
        case EepromRead(card, address, length) if len(data) > 2:
            _repeats(data, bytes((card.value, Outcome.OK.value)) + address.to_bytes(2, "big") + bytes((length,)))
            return EepromData(False, card, address, _sized(data[5:], length, length))
        case EepromWrite(card, address, written, True) if len(data) > 2:
            length = len(written)
            _repeats(data, bytes((card.value, Outcome.OK.value)) + address.to_bytes(2, "big") + bytes((length,)))
            return EepromData(True, card, address, _sized(data[5:], length, length))
        case ResetCpu(kind) if len(data) > 1:
            return CpuAtr(kind, _protocol(data[0]), _uncounted(data[1:]))
        case CpuApdu(protocol) if len(data) > 1:
            _repeats(data, b"\x59")
            return CpuResponse(protocol, _uncounted(data[1:]))
        case ResetSam(slot) if len(data) > 2:
            _repeats(data, bytes((_slot_byte(slot),)))
            return SamAtr(slot, _protocol(data[1]), _uncounted(data[2:]))
        case SamApdu(slot, protocol) if len(data) > 2:
            _repeats(data, bytes((_slot_byte(slot), 0x59)))
            return SamResponse(slot, protocol, _uncounted(data[2:]))
        case ReadTracks(mode, selection, again) if len(data) != 3:
            _repeats(data, bytes((mode.value, selection.value)))
            return Tracks(mode, selection, again, decode_tracks(selection, data[2:]))
        case MemoryCardCommand(family):
            return MemoryCardAnswer(family, parameter, data)
        case ReadTracks(again=False):
            raise WireError("the manual has no failure of 45 30")
        case _:
            done = _done(code, parameter, data, _repeated(command))
            if done.outcome is Outcome.OK and _brings_data(command):
                raise WireError(f"{code:02X} {parameter:02X}: success without the data")
            return done


def _repeated(command: Command) -> bytes:
    """Return the bytes between PM and P in an answer that is Done."""
    match command:
        case SetCardIn(_, rear):
            return bytes((rear.value,))
        case Blink(_, off_quarters):
            return bytes((off_quarters,))
        case RfCheckKey(_, sector) | RfChangeKeyA(sector):
            return bytes((sector,))
        case RfRead(sector, block) | RfWrite(sector, block) | RfIncrement(sector, block) | RfDecrement(sector, block):
            return bytes((sector, block))
        case EepromSelect(card) | EepromRead(card) | EepromWrite(card):
            return bytes((card.value,))
        case ResetSam(slot) | SamApdu(slot):
            return bytes((_slot_byte(slot),))
        case ReadTracks(mode, selection):
            return bytes((mode.value, selection.value))
        case _:
            return b""


def _brings_data(command: Command) -> bool:
    """Return whether success comes with data, so that a bare 'Y' is none."""
    match command:
        case ReadSerial() | RfReadSerial() | RfRead() | RfWrite() | EepromRead() | ReadTracks():
            return True
        case ResetCpu() | CpuApdu() | ResetSam() | SamApdu() | EepromWrite(checked=True):
            return True
        case _:
            return False


def _done(code: int, parameter: int, data: bytes, repeated: bytes) -> Done:
    if data[:-1] != repeated:
        raise WireError(f"{code:02X} {parameter:02X}: the answer repeats other bytes than were sent")
    return Done(code, parameter, Outcome(data[-1]), repeated)


def _protocol(byte: int) -> CpuProtocol:
    match byte:
        case 0x59:
            return CpuProtocol.T0
        case 0x5A:
            return CpuProtocol.T1
        case _:
            raise WireError(f"{byte:02X} is neither 'Y' (T=0) nor 'Z' (T=1)")


def _bit(byte: int) -> bool:
    if byte not in (0x30, 0x31):
        raise WireError(f"{byte:02X} is no sensor state")
    return byte == 0x31


def _exactly(data: bytes, size: int) -> bytes:
    return _sized(data, size, size)


def _repeats(data: bytes, expected: bytes) -> None:
    if data[: len(expected)] != expected:
        raise WireError("the answer repeats other bytes than were sent")


def _uncounted(data: bytes) -> bytes:
    length = int.from_bytes(data[:2], "big")
    if len(data) < 2 or length != len(data) - 2:
        raise WireError(f"a length of {length} stands before {len(data) - 2} bytes")
    return data[2:]
