"""Cards and SAMs as a simulated CRT-310 speaks with them; p is a page of the manual named in `wire.crt310`.

Whether the card lies where it can be spoken with is the reader's business: it gives the obstacle, if there is one.
"""

from collections.abc import Mapping

from device_sim.card import Card
from device_sim.cards.lasting import TornError
from device_sim.cards.mifare import MifareClassic
from device_sim.crt591_cards import SimulatedI2cCard
from device_sim.plastic_card import PlasticCard, TrackDamage
from kiosk_core.card_reader import ChipProtocol
from wire import crt310
from wire import crt310_answers as answers
from wire import crt310_commands as commands
from wire.crt310_answers import (
    Answer,
    CardPosition,
    CardType,
    Done,
    Negative,
    Outcome,
    Refusal,
    TrackData,
    TrackError,
    TrackRead,
)
from wire.crt310_commands import CpuProtocol, CpuReset, EepromType, TrackMode

ChipCommand = commands.ContactPower | commands.ResetCpu | commands.CpuApdu
SamCommand = commands.SamPowerOff | commands.ResetSam | commands.SamApdu
EepromCommand = commands.EepromSelect | commands.EepromRead | commands.EepromWrite
_RfBlockCommand = (
    commands.RfRead | commands.RfWrite | commands.RfChangeKeyA | commands.RfIncrement | commands.RfDecrement
)
RfCommand = commands.RfSeek | commands.RfReadSerial | commands.RfCheckKey | _RfBlockCommand

_SPOKEN = {ChipProtocol.T0: CpuProtocol.T0, ChipProtocol.T1: CpuProtocol.T1}
_EEPROMS = {kind.size: kind for kind in EepromType}
_DAMAGES = {
    TrackDamage.NO_START: TrackError.NO_START,
    TrackDamage.NO_END: TrackError.NO_END,
    TrackDamage.PARITY: TrackError.PARITY,
    TrackDamage.CHECKSUM: TrackError.CHECKSUM,
}


def card_type(card: PlasticCard | None, position: CardPosition) -> CardType:
    """Return what the reader takes the card for."""
    if card is None:
        return CardType.NO_CARD
    if position not in (CardPosition.INSIDE, CardPosition.CONTACTS):
        return CardType.WRONG_POSITION
    if card.mifare is not None:
        return CardType.RF
    if position is not CardPosition.CONTACTS:
        return CardType.UNKNOWN
    if card.chip is not None:
        return CardType.CPU_T0 if card.protocol is ChipProtocol.T0 else CardType.CPU_T1
    if isinstance(card.memory, SimulatedI2cCard) and card.memory.size in _EEPROMS:
        return CardType[_EEPROMS[card.memory.size].name]
    return CardType.UNKNOWN


def tracks_read(
    stripe: Mapping[int, bytes | TrackDamage], command: commands.ReadTracks, *, lists_all: bool
) -> answers.Tracks:
    """Return what `command` reads of the stripe; `lists_all`: tracks that were not asked for are listed too (p40)."""
    asked = command.selection.tracks
    reads = tuple(
        _track(stripe.get(number), number, command.mode) if number in asked else TrackError.NOT_READ
        for number in ((1, 2, 3) if lists_all else asked)
    )
    return answers.Tracks(command.mode, command.selection, command.again, reads)


def _track(content: bytes | TrackDamage | None, number: int, mode: TrackMode) -> TrackRead:
    match content:
        case None:
            return TrackError.BLANK
        case TrackDamage():
            return _DAMAGES[content]
        case _ if mode is TrackMode.ASCII:
            return TrackData(content)
    symbols = [(byte - (0x20 if number == 1 else 0x30)) & 0x3F for byte in content]
    return TrackData(bytes(0x30 | half for symbol in symbols for half in (symbol >> 4, symbol & 0x0F)))  # p41


class Contacts:
    """The contacts, and the chip of the card that lies under them."""

    def __init__(self) -> None:
        self._powered = False

    def lift(self, card: PlasticCard | None) -> None:
        """Leave the card: its chip loses its power."""
        if self._powered and card is not None and card.chip is not None:
            card.chip.power_off()
        self._powered = False

    def answer(self, command: ChipCommand, card: PlasticCard) -> Answer:
        """Carry out `command` with the card under the contacts."""
        code, parameter = crt310.encode(command)[3:5]
        chip = card.chip
        failed = Done(code, parameter, Outcome.FAILED)
        match command:
            case commands.ContactPower(on):
                if not on:
                    self.lift(card)
                elif chip is not None:
                    chip.power_on()
                    self._powered = True
                return Done(code, parameter, Outcome.OK)
            case commands.ResetCpu(kind):
                if chip is None or (kind is CpuReset.WARM and not self._powered):
                    return failed
                if self._powered:
                    chip.power_off()
                answer_to_reset = chip.power_on()
                self._powered = bool(answer_to_reset)
                return answers.CpuAtr(kind, _SPOKEN[card.protocol], answer_to_reset) if answer_to_reset else failed
            case commands.CpuApdu(protocol, apdu):
                usable = chip is not None and self._powered and protocol is _SPOKEN[card.protocol]
                response = chip.transmit(apdu) if usable and chip is not None else None
                return failed if response is None else answers.CpuResponse(protocol, response)


class SamSlots:
    """The SAMs in the reader by their slots."""

    def __init__(self, sams: Mapping[int, tuple[Card, CpuProtocol]]) -> None:
        self._sams = dict(sams)
        self._powered: set[int] = set()

    @property
    def fitted(self) -> bool:
        """Whether there is any."""
        return bool(self._sams)

    def forget(self) -> None:
        """Forget which have power, as the reader does when it is reset."""
        self._powered.clear()

    def answer(self, command: SamCommand) -> Answer:
        """Carry out `command`."""
        code, parameter = crt310.encode(command)[3:5]
        match command:
            case commands.SamPowerOff():
                for slot in self._powered:
                    self._sams[slot][0].power_off()
                self._powered.clear()
                return Done(code, parameter, Outcome.OK)
            case commands.ResetSam(slot):
                if slot not in self._sams:
                    return Done(code, parameter, Outcome.FAILED, bytes((0x30 + slot,)))
                self._powered.add(slot)
                sam, speaks = self._sams[slot]
                return answers.SamAtr(slot, speaks, sam.power_on())
            case commands.SamApdu(slot, protocol, apdu):
                known = slot in self._powered and self._sams[slot][1] is protocol
                response = self._sams[slot][0].transmit(apdu) if known else None
                if response is None:
                    return Done(code, parameter, Outcome.FAILED, bytes((0x30 + slot,)))
                return answers.SamResponse(slot, protocol, response)


def eeprom_answer(command: EepromCommand, card: PlasticCard | None, obstacle: Outcome | None) -> Answer:
    """Carry out `command` with the memory of a 24Cxx card."""
    code, parameter = crt310.encode(command)[3:5]
    repeated = bytes((command.card.value,))
    memory = card.memory if card is not None else None
    fits = isinstance(memory, SimulatedI2cCard) and _EEPROMS.get(memory.size) is command.card
    if obstacle is not None or not fits or not isinstance(memory, SimulatedI2cCard):
        return Done(code, parameter, obstacle or Outcome.FAILED, repeated)
    match command:
        case commands.EepromSelect():
            return Done(code, parameter, Outcome.OK, repeated)
        case commands.EepromRead(kind, address, length):
            return answers.EepromData(False, kind, address, memory.read(address, length))
        case commands.EepromWrite(kind, address, data, checked):
            try:
                memory.write(address, data)
            except TornError:
                return Done(code, parameter, Outcome.FAILED, repeated)
            if not checked:
                return Done(code, parameter, Outcome.OK, repeated)
            return answers.EepromData(True, kind, address, data)


class Coil:
    """The antenna, and the sector of a MIFARE card that a key has opened (ch. 9.1)."""

    def __init__(self) -> None:
        self._open_sector: int | None = None

    def close_sector(self) -> None:
        """Forget the key, as when the card moves."""
        self._open_sector = None

    def answer(self, command: RfCommand, card: PlasticCard | None, obstacle: Outcome | None) -> Answer:
        """Carry out `command` with the card in the field."""
        code, parameter = crt310.encode(command)[3:5]
        behind_coil = card.mifare if card is not None and obstacle is None else None
        mifare = behind_coil if isinstance(behind_coil, MifareClassic) else None  # ch. 9.1 knows no Ultralight
        match command:
            case commands.RfSeek():
                return Done(code, parameter, obstacle or (Outcome.OK if mifare is not None else Outcome.FAILED))
            case commands.RfReadSerial():
                if mifare is None:
                    return answers.RfSerial(obstacle or Outcome.FAILED, bytes(4))
                return answers.RfSerial(Outcome.OK, mifare.serial)
            case commands.RfCheckKey(_, sector) | commands.RfChangeKeyA(sector):
                repeated = bytes((sector,))
            case _:
                repeated = bytes((command.sector, command.block))
        if mifare is None:
            return Done(code, parameter, obstacle or Outcome.NO_RF_CARD, repeated)
        if command.sector >= mifare.sectors or (len(repeated) == 2 and repeated[1] >= mifare.blocks_in(repeated[0])):
            return Negative(code, Refusal.UNKNOWN_PARAMETER)  # an address outside of the card (p5)
        if isinstance(command, commands.RfCheckKey):
            right = mifare.opens(command.which.name, command.sector, command.key)
            self._open_sector = command.sector if right else None
            return Done(code, parameter, Outcome.OK if right else Outcome.WRONG_KEY, repeated)
        if self._open_sector != command.sector:
            return Done(code, parameter, Outcome.WRONG_SECTOR, repeated)
        try:
            return _in_open_sector(mifare, command, Done(code, parameter, Outcome.OK, repeated))
        except TornError:
            self.close_sector()
            return Done(code, parameter, Outcome.NO_RF_CARD, repeated)


def _in_open_sector(card: MifareClassic, command: _RfBlockCommand, done: Done) -> Answer:
    failed = Done(done.command, done.parameter, Outcome.DATA_ERROR, done.repeated)
    match command:
        case commands.RfRead(sector, block):
            return answers.RfBlock(False, sector, block, card.read(sector, block))
        case commands.RfWrite(sector, block, data):
            card.write(sector, block, data)
            return answers.RfBlock(True, sector, block, data)
        case commands.RfChangeKeyA(sector, key):
            card.change_key_a(sector, key)
            return done
        case commands.RfIncrement(sector, block, amount):
            change = amount
        case commands.RfDecrement(sector, block, amount):
            change = -amount
    value = None if card.is_trailer(sector, block) else card.value(sector, block)
    if value is None or (isinstance(command, commands.RfDecrement) and change == 0):
        return failed
    if not 0 <= value + change < 1 << 31:
        return Done(done.command, done.parameter, Outcome.OVERFLOW, done.repeated)
    card.set_value(sector, block, value + change)
    return done
