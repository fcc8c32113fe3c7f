"""A CRT-310 as a `kiosk_core.card_reader.CardReader`: cards enter at the front, retained ones leave at the rear."""

from dataclasses import replace

from drivers.crt310 import Crt310Reader, LacksPart
from kiosk_core.card_reader import (
    CardRefusal,
    ChipAnswer,
    ChipPower,
    ChipProtocol,
    Destination,
    RawData,
    ResetAction,
)
from kiosk_core.errors import ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks, Track, TrackStatus, track_data
from kiosk_core.status import Counters, DeviceStatus, Identity, Media
from wire import apdu
from wire.apdu import CommandApdu, ResponseApdu
from wire.crt310_answers import CardPosition, Outcome, TrackData, TrackError, TrackRead
from wire.crt310_commands import CpuProtocol, CpuReset, Eject, FrontEntry, MoveTo, TrackSelection
from wire.errors import WireError

_LENGTHS = {
    CardPosition.LONG_CARD: CardRefusal.CARD_TOO_LONG,
    CardPosition.SHORT_CARD: CardRefusal.CARD_TOO_SHORT,
}
_PROTOCOLS = {CpuProtocol.T0: ChipProtocol.T0, CpuProtocol.T1: ChipProtocol.T1}
_TRACK_ERRORS = {
    TrackError.NOT_READ: TrackStatus.DATA_SOURCE_NOT_SUPPORTED,
    TrackError.NO_START: TrackStatus.DATA_INVALID,
    TrackError.NO_END: TrackStatus.DATA_INVALID,
    TrackError.PARITY: TrackStatus.DATA_INVALID,
    TrackError.CHECKSUM: TrackStatus.DATA_INVALID,
    TrackError.BLANK: TrackStatus.DATA_MISSING,
}
_SELECTIONS = {selection.tracks: selection for selection in TrackSelection}
_MIN_APDU, _MAX_APDU = 4, 261
_MAX_RESPONSES = 8  # GET RESPONSE in a row; a chip that promises more for ever is cut off


class Crt310CardReader:
    """The port over a Crt310Reader; errors are those of the port. It has no stacker and counts no retained cards.

    A method makes at most four exchanges (`Crt310Reader` says how long one takes), `chip_io` up to eight more for what
    61xx promises. `exit_to` is where EXIT takes the card: MoveTo.FRONT lets go of it, and then it cannot be retained
    when it is forgotten (p12); MoveTo.FRONT_HELD does not, and the manual does not say how hard it is to pull out then.
    """

    def __init__(self, name: str, reader: Crt310Reader, exit_to: MoveTo = MoveTo.FRONT) -> None:
        self._name = name
        self._reader = reader
        self._exit_to = exit_to

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
        """Reset the reader and let nobody in until `set_entry`: up to eight exchanges.

        Raises:
            DeviceFault: a card that should have left is still held.
        """
        self._reader.reset(Eject.FRONT if action is ResetAction.EXIT else Eject.KEEP)
        if action is ResetAction.RETAIN:
            self._reader.capture()
        self.set_entry(False)

    def set_entry(self, enabled: bool) -> None:
        """Let any card in at the front, or none; never one at the rear."""
        self._reader.set_entry(FrontEntry.ANY_CARD if enabled else FrontEntry.PROHIBITED)

    def dispense(self) -> CardRefusal | None:
        """Return UNSUPPORTED: there is no stacker."""
        return CardRefusal.UNSUPPORTED

    def read_raw_data(self) -> RawData | CardRefusal:
        """Bring the card to the contacts, power it and return its ATR."""
        if (refusal := self._absent()) is not None:
            return refusal
        try:
            if self._reader.move(MoveTo.CONTACTS) is not Outcome.OK:
                return CardRefusal.NO_MEDIA
            return self._powered(CpuReset.COLD)
        except LacksPart:
            return CardRefusal.UNSUPPORTED

    def read_tracks(
        self, *, track1: bool = True, track2: bool = True, track3: bool = True
    ) -> MagneticTracks | CardRefusal:
        """Return what the reader read while the card came in."""
        # The reader may still know the stripe of the card before: without a card nothing is asked for.
        if (refusal := self._absent()) is not None:
            return refusal
        asked = tuple(number for number, wanted in enumerate((track1, track2, track3), 1) if wanted)
        try:
            read = self._reader.read_tracks(_SELECTIONS[asked])
        except LacksPart:
            return CardRefusal.UNSUPPORTED
        if isinstance(read, Outcome):
            return CardRefusal.INVALID_MEDIA
        tracks = {number: _track(number, read.track(number)) for number in asked}
        return MagneticTracks(tracks.get(1), tracks.get(2), tracks.get(3))

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the chip under the contacts, or take its power."""
        if (refusal := self._absent()) is not None:
            return refusal
        try:
            match power:
                case ChipPower.COLD:
                    return self._powered(CpuReset.COLD)
                case ChipPower.WARM:
                    return self._powered(CpuReset.WARM)
                case ChipPower.OFF:
                    return _refusal(self._reader.unpower_chip(), CardRefusal.INVALID_MEDIA)
        except LacksPart:
            return CardRefusal.UNSUPPORTED

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU and follow 61xx and 6Cxx.

        Raises:
            ValueError: `command` has not 4 to 261 bytes.
        """
        if not _MIN_APDU <= len(command) <= _MAX_APDU:
            raise ValueError(f"an APDU has {_MIN_APDU} to {_MAX_APDU} bytes, not {len(command)}")
        if protocol in (ChipProtocol.TYPE_A, ChipProtocol.TYPE_B):
            return CardRefusal.UNSUPPORTED
        spoken = self._reader.chip_protocol
        if spoken is None:
            return CardRefusal.CHIP_OFF
        if protocol not in (ChipProtocol.NOT_REQUIRED, _PROTOCOLS[spoken]):
            return CardRefusal.PROTOCOL_NOT_SUPPORTED
        answer = self._transmitted(command)
        if isinstance(answer, ResponseApdu) and answer.exact_length is not None:
            try:
                again = replace(apdu.decode_command(command), expected=answer.exact_length)
            except WireError:  # no APDU of the short form: its length cannot be put in
                return ChipAnswer(apdu.encode_response(answer))
            answer = self._transmitted(apdu.encode_command(again))
        data = b""
        for _ in range(_MAX_RESPONSES):
            if isinstance(answer, CardRefusal) or answer.waiting is None:
                break
            data += answer.data
            answer = self._transmitted(apdu.encode_command(CommandApdu(0x00, 0xC0, 0, 0, expected=answer.waiting)))
        if isinstance(answer, CardRefusal):
            return answer
        return ChipAnswer(data + apdu.encode_response(answer))

    def move(self, to: Destination) -> CardRefusal | None:
        """Move the card; NO_MEDIA also for one that was let go already. A long or short card can only be retained."""
        if to is Destination.RETAIN:
            outcome = self._reader.capture()
        elif (refusal := _LENGTHS.get(self._reader.position())) is not None:
            return refusal
        else:
            outcome = self._reader.move(self._exit_to if to is Destination.EXIT else MoveTo.INSIDE)
        return None if outcome is Outcome.OK else CardRefusal.NO_MEDIA

    def close(self) -> None:
        """Let go of the device; never raises."""
        self._reader.close()

    def _absent(self) -> CardRefusal | None:
        """Return why there is no card that could be worked with."""
        position = self._reader.position()
        if position in (CardPosition.NO_CARD, CardPosition.REAR):
            return CardRefusal.NO_MEDIA
        return _LENGTHS.get(position)

    def _powered(self, kind: CpuReset) -> RawData | CardRefusal:
        atr = self._reader.power_chip(kind)
        protocol = self._reader.chip_protocol
        if isinstance(atr, bytes) and protocol is not None:
            return RawData(_PROTOCOLS[protocol], atr)
        outcome = atr if isinstance(atr, Outcome) else Outcome.FAILED
        return _refusal(outcome, CardRefusal.ATR_NOT_OBTAINED) or CardRefusal.ATR_NOT_OBTAINED

    def _transmitted(self, command: bytes) -> ResponseApdu | CardRefusal:
        answer = self._reader.transmit(command)
        if isinstance(answer, Outcome):
            return _refusal(answer, CardRefusal.CARD_SILENT) or CardRefusal.CARD_SILENT
        try:
            return apdu.decode_response(answer)
        except WireError as error:
            raise ProtocolViolation(self._name, str(error)) from None


def _track(number: int, read: TrackRead) -> Track:
    return track_data(number, read.content) if isinstance(read, TrackData) else _TRACK_ERRORS[read]


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
