"""A CRT-310 as a `kiosk_core.card_reader.CardReader`: cards enter at the front, retained ones leave at the rear."""

from drivers.crt310 import Crt310Reader
from kiosk_core.card_reader import (
    CardRefusal,
    ChipAnswer,
    ChipPower,
    ChipProtocol,
    Destination,
    RawData,
    ResetAction,
)
from kiosk_core.errors import DeviceFault, Fault
from kiosk_core.status import Counters, DeviceStatus, Identity, Media
from wire import apdu
from wire.apdu import CommandApdu
from wire.crt310_answers import (
    CardPosition,
    Outcome,
)
from wire.crt310_commands import (
    CpuProtocol,
    CpuReset,
    Eject,
    FrontEntry,
    MoveTo,
)

_HELD = (CardPosition.FRONT_HELD, CardPosition.INSIDE, CardPosition.CONTACTS, CardPosition.REAR_HELD)
_EJECTS = {
    ResetAction.EXIT: Eject.FRONT,
    ResetAction.RETAIN: Eject.REAR,
    ResetAction.CURRENT_POSITION: Eject.KEEP,
}
_MOVES = {
    Destination.EXIT: MoveTo.FRONT,
    Destination.TRANSPORT: MoveTo.INSIDE,
    Destination.RETAIN: MoveTo.REAR,
}
_LENGTHS = {
    CardPosition.LONG_CARD: CardRefusal.CARD_TOO_LONG,
    CardPosition.SHORT_CARD: CardRefusal.CARD_TOO_SHORT,
}
_PROTOCOLS = {CpuProtocol.T0: ChipProtocol.T0, CpuProtocol.T1: ChipProtocol.T1}


class Crt310CardReader:
    """The port over a Crt310Reader; errors are those of the port. It has no stacker and counts no retained cards."""

    def __init__(self, name: str, reader: Crt310Reader) -> None:
        self._name = name
        self._reader = reader

    def counters(self) -> Counters:
        """Return what was counted so far."""
        return self._reader.counters()

    def identify(self) -> Identity:
        """Return model, the version that the last reset told, and serial number."""
        return self._reader.identify()

    def self_test(self) -> DeviceStatus:
        """Compare the sensors with the status."""
        return self._reader.self_test()

    def status(self) -> DeviceStatus:
        """Ask the reader now: faults and media; it knows of no supplies."""
        return self._reader.status()

    def media(self) -> Media:
        """Return where the card is."""
        return self._reader.media()

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None:
        """Reset the reader and let nobody in until `set_entry`.

        Raises:
            DeviceFault: a card that should have left is still held.
        """
        self._reader.reset(_EJECTS[action])
        position = self._reader.position()
        if position in _LENGTHS and action is ResetAction.RETAIN:
            self._reader.move(MoveTo.ABNORMAL_OUT_AT_REAR)
        elif action is not ResetAction.CURRENT_POSITION and (position in _HELD or position in _LENGTHS):
            raise DeviceFault(self._name, Fault.CARD_JAM)
        self.set_entry(False)

    def set_entry(self, enabled: bool) -> None:
        """Let any card in at the front, or none; never one at the rear."""
        self._reader.set_entry(FrontEntry.ANY_CARD if enabled else FrontEntry.PROHIBITED)

    def dispense(self) -> CardRefusal | None:
        """Return UNSUPPORTED: there is no stacker."""
        return CardRefusal.UNSUPPORTED

    def read_raw_data(self) -> RawData | CardRefusal:
        """Bring the card to the contacts, power it and return its ATR."""
        if (refusal := self._abnormal()) is not None:
            return refusal
        if self._reader.move(MoveTo.CONTACTS) is not Outcome.OK:
            return CardRefusal.NO_MEDIA
        return self._powered(CpuReset.COLD)

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the chip under the contacts, or take its power."""
        if (refusal := self._abnormal()) is not None:
            return refusal
        match power:
            case ChipPower.COLD:
                return self._powered(CpuReset.COLD)
            case ChipPower.WARM:
                return self._powered(CpuReset.WARM)
            case ChipPower.OFF:
                return _refusal(self._reader.unpower_chip(), CardRefusal.INVALID_MEDIA)

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU and follow 61xx and 6Cxx."""
        if protocol in (ChipProtocol.TYPE_A, ChipProtocol.TYPE_B):
            return CardRefusal.UNSUPPORTED
        spoken = self._reader.chip_protocol
        if spoken is None:
            return CardRefusal.CHIP_OFF
        if protocol not in (ChipProtocol.NOT_REQUIRED, _PROTOCOLS[spoken]):
            return CardRefusal.PROTOCOL_NOT_SUPPORTED
        answer = self._reader.transmit(command)
        if isinstance(answer, bytes) and answer[-2:-1] == b"\x6c":
            answer = self._reader.transmit(_with_length(command, answer[-1] or 256))
        gathered = b""
        while isinstance(answer, bytes) and answer[-2:-1] == b"\x61" and len(gathered) < _MOST_GATHERED:
            gathered += answer[:-2]
            answer = self._reader.transmit(b"\x00\xc0\x00\x00" + answer[-1:])
        if isinstance(answer, Outcome):
            return _refusal(answer, CardRefusal.CARD_SILENT) or CardRefusal.CARD_SILENT
        return ChipAnswer(gathered + answer)

    def move(self, to: Destination) -> CardRefusal | None:
        """Move the card; NO_MEDIA also for one that was let go already."""
        refusal = self._abnormal()
        if refusal is not None and to is not Destination.RETAIN:
            return refusal
        if refusal is not None:
            outcome = self._reader.move(MoveTo.ABNORMAL_OUT_AT_REAR)
        else:
            outcome = self._reader.capture() if to is Destination.RETAIN else self._reader.move(_MOVES[to])
        return None if outcome is Outcome.OK else CardRefusal.NO_MEDIA

    def close(self) -> None:
        """Let go of the device; never raises."""
        self._reader.close()

    def _abnormal(self) -> CardRefusal | None:
        return _LENGTHS.get(self._reader.position())

    def _powered(self, kind: CpuReset) -> RawData | CardRefusal:
        atr = self._reader.power_chip(kind)
        protocol = self._reader.chip_protocol
        if isinstance(atr, bytes) and protocol is not None:
            return RawData(_PROTOCOLS[protocol], atr)
        outcome = atr if isinstance(atr, Outcome) else Outcome.FAILED
        return _refusal(outcome, CardRefusal.ATR_NOT_OBTAINED) or CardRefusal.ATR_NOT_OBTAINED


def _with_length(command: bytes, expected: int) -> bytes:
    asked = apdu.decode_command(command)
    return apdu.encode_command(CommandApdu(asked.cla, asked.ins, asked.p1, asked.p2, asked.data, expected))


_MOST_GATHERED = 1024  # bytes behind 61xx; a chip that promises more for ever is cut off


def _refusal(outcome: Outcome, failed: CardRefusal) -> CardRefusal | None:
    """Return what an outcome is in the words of the port; None is success."""
    match outcome:
        case Outcome.OK:
            return None
        case Outcome.NO_CARD:
            return CardRefusal.NO_MEDIA
        case Outcome.CARD_DEAD | Outcome.WRONG_POSITION:
            return CardRefusal.INVALID_MEDIA
        case _:
            return failed
