"""The part of the simulated CRT-591 that speaks with cards: contacts, SAM sockets, antenna.

Written from the manual that wire/crt591.py names, chapters 3.2 to 3.6.6.
"""

from device_sim.card import Card
from device_sim.cards.lasting import TornError
from device_sim.crt591_cards import MifareLogin, SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from device_sim.plastic_card import PlasticCard
from kiosk_core.card_reader import ChipProtocol
from wire import crt591, crt591_chips, crt591_storage
from wire.crt591 import CardType, ErrorCode, Kind
from wire.crt591_chips import Air, ChipCommand, Exchange, Protocol, Protocols, RfState, Socket
from wire.crt591_storage import Answer, I2cType, Key, Operation, SleState, Status, StorageCommand

_STORED_SECTORS = 16  # sectors that the reader can keep keys of (3.6.4.4)


class RefusedError(Exception):
    """The command ends in a negative answer."""

    def __init__(self, error: ErrorCode, data: bytes = b"") -> None:
        super().__init__(error.name)
        self.error = error
        self.data = data


class CardUnit:
    """Contacts, SAM sockets and antenna; `sams` are the modules by slot, 0 to 4."""

    def __init__(self) -> None:
        self.sams: dict[int, Card] = {}
        self._card: PlasticCard | None = None
        self._at_contacts = False
        self._contact_on = False
        self._radio_on = False
        self._mifare: MifareLogin | None = None
        self._sam = 0
        self._sams_on: set[int] = set()
        self._keys: dict[tuple[Key, int], bytes] = {}  # what the reader keeps for Mifare sectors

    def hold(self, card: PlasticCard | None, *, at_contacts: bool = False) -> None:
        """Have `card` within reach, or none; what was there before has lost its power."""
        if self._card is not None and self._contact_on:
            for by_contact in (self._card.chip, self._card.memory):
                if by_contact is not None:
                    by_contact.power_off()
        self._contact_on = False
        self._cut_radio()
        self._card = card
        self._at_contacts = at_contacts

    def lose_power(self) -> None:
        """Forget all but the keys; no card has power."""
        self.hold(self._card, at_contacts=self._at_contacts)
        for slot in self._sams_on:
            self.sams[slot].power_off()
        self._sams_on.clear()
        self._sam = 0

    def initialise(self) -> None:
        """Select SAM 1 (3.3.8)."""
        self._sam = 0

    def carry_out(self, command: ChipCommand | StorageCommand) -> bytes:
        """Return the data of the answer.

        Raises:
            RefusedError: the answer is negative.
        """
        return self._with_chips(command) if isinstance(command, ChipCommand) else self._with_storage(command)

    def card_type(self, kind: Kind) -> bytes:
        """Return the type of the card at the contacts. Raises RefusedError."""
        if kind is Kind.RF:
            raise RefusedError(ErrorCode.NOT_SUPPORTED_BY_HARDWARE)  # its answer is in no public manual
        found = CardType.UNKNOWN
        if self._card is not None and self._at_contacts:
            match self._card.memory:
                case SimulatedSle4442():
                    found = CardType.SLE4442
                case SimulatedSle4428():
                    found = CardType.SLE4428
                case SimulatedI2cCard() as card:
                    found = CardType[f"I2C_24{card.type.name}"]
                case None if self._card.chip is not None:
                    found = CardType.CPU_T0 if self._card.protocol is ChipProtocol.T0 else CardType.CPU_T1
                case None:
                    pass
        return found.value.encode("ascii")

    # -- chips (3.2, 3.3) --------------------------------------------------------------------------------------

    def _with_chips(self, command: ChipCommand) -> bytes:
        match command:
            case crt591_chips.SelectSam(slot):
                self._sam = slot
                return b""
            case crt591_chips.ColdReset(socket) | crt591_chips.WarmReset(socket):
                chip, protocol = self._chip_at(socket)
                if chip is None or (isinstance(command, crt591_chips.WarmReset) and not self._is_on(socket)):
                    raise RefusedError(ErrorCode.ACTIVATION_FAILED)
                answer_to_reset = chip.power_on()
                if not answer_to_reset:
                    self._switch(socket, False)
                    raise RefusedError(ErrorCode.ACTIVATION_FAILED)
                found = protocol.value.encode("ascii") + answer_to_reset
                if self._breaks_emv(command):
                    chip.power_off()
                    self._switch(socket, False)
                    raise RefusedError(ErrorCode.NOT_EMV, found)
                self._switch(socket, True)
                return found
            case crt591_chips.PowerOff(socket):
                chip, _ = self._chip_at(socket)
                if chip is not None:
                    chip.power_off()
                self._switch(socket, False)
                return b""
            case crt591_chips.AskPower(socket):
                state = b"1" if self._is_on(socket) else b"0"
                return state + bytes((0x30 + self._sam,)) if socket is Socket.SAM else state
            case crt591_chips.Apdu(socket, exchange, data):
                return self._apdu(socket, exchange, data)
            case _:
                return self._by_radio(command)

    def _breaks_emv(self, command: ChipCommand) -> bool:
        emv = crt591_chips.ColdReset(Socket.CARD, crt591_chips.Supply.EMV_5V)
        return command == emv and self._card is not None and not self._card.emv

    def _apdu(self, socket: Socket, exchange: Exchange, data: bytes) -> bytes:
        chip, protocol = self._chip_at(socket)
        if chip is None or not self._is_on(socket):
            raise RefusedError(ErrorCode.CARD_NOT_ACTIVE)
        if exchange not in {Exchange.T0 if protocol is Protocol.T0 else Exchange.T1, Exchange.AUTO}:
            raise RefusedError(ErrorCode.NOT_SUPPORTED_BY_CARD)
        answer = chip.transmit(data)
        if answer is None:
            self._switch(socket, False)
            raise RefusedError(ErrorCode.CARD_SILENT)
        return answer

    def _chip_at(self, socket: Socket) -> tuple[Card | None, Protocol]:
        if socket is Socket.SAM:
            return self.sams.get(self._sam), Protocol.T0
        if self._card is None or not self._at_contacts:
            return None, Protocol.T0
        return self._card.chip, Protocol.T0 if self._card.protocol is ChipProtocol.T0 else Protocol.T1

    def _is_on(self, socket: Socket) -> bool:
        if socket is Socket.SAM:
            return self._sam in self._sams_on
        return self._contact_on and self._chip_at(socket)[0] is not None

    def _switch(self, socket: Socket, on: bool) -> None:
        if socket is Socket.CARD:
            self._contact_on = on
        elif on:
            self._sams_on.add(self._sam)
        else:
            self._sams_on.discard(self._sam)

    # -- cards by radio (3.6) ----------------------------------------------------------------------------------

    def _by_radio(self, command: ChipCommand) -> bytes:
        match command:
            case crt591_chips.RfActivate(protocols):
                return self._activate(protocols)
            case crt591_chips.RfOff():
                self._cut_radio()
                return b""
            case crt591_chips.AskRf():
                return self._radio_state().value.encode("ascii")
            case crt591_chips.RfApdu(air, data):
                card = self._card
                if card is None or not self._radio_on:
                    raise RefusedError(ErrorCode.CARD_NOT_ACTIVE)
                if card.mifare is not None or card.radio is None or air is not card.air:
                    raise RefusedError(ErrorCode.NOT_SUPPORTED_BY_CURRENT_CARD)
                answer = card.radio.transmit(data)
                if answer is None:
                    self._radio_on = False
                    raise RefusedError(ErrorCode.CARD_SILENT)
                return answer
            case _:  # 60 39: no manual draws its data
                raise RefusedError(ErrorCode.NOT_SUPPORTED_BY_HARDWARE)

    def _radio_state(self) -> RfState:
        if self._card is None or not self._radio_on:
            return RfState.OFF
        if self._mifare is not None:
            return self._mifare.kind
        return RfState.TYPE_A if self._card.air is Air.A else RfState.TYPE_B

    def _activate(self, protocols: Protocols) -> bytes:
        self._cut_radio()
        card = self._card
        if card is None:
            raise RefusedError(ErrorCode.ACTIVATION_FAILED)
        air = Air.A if card.mifare is not None else card.air
        if protocols is (Protocols.ONLY_B if air is Air.A else Protocols.ONLY_A):
            raise RefusedError(ErrorCode.ACTIVATION_FAILED)
        if card.mifare is not None:
            self._radio_on = True
            self._mifare = MifareLogin(card.mifare)
            return b"M" + self._mifare.found
        if card.radio is None or not card.radio.power_on():
            raise RefusedError(ErrorCode.ACTIVATION_FAILED)
        self._radio_on = True
        if air is Air.B:
            return b"B\x50" + bytes.fromhex("01020304 00000000 008181")
        return b"A\x00\x08\x04\x01\x02\x03\x04\x20" + b"\x02\x00"

    # -- cards that only store (3.4, 3.5, 3.6.4) ---------------------------------------------------------------

    def _with_storage(self, command: StorageCommand) -> bytes:
        memory = self._card.memory if self._card is not None and self._at_contacts else None
        match command:
            case crt591_storage.SleReset():
                if not isinstance(memory, SimulatedSle4442 | SimulatedSle4428):
                    raise RefusedError(ErrorCode.ACTIVATION_FAILED)
                self._contact_on = True
                memory.power_off()
                return memory.ATR
            case crt591_storage.I2cActivate(kind):
                if not isinstance(memory, SimulatedI2cCard) or kind not in {I2cType.ANY, memory.type}:
                    raise RefusedError(ErrorCode.ACTIVATION_FAILED)
                self._contact_on = True
                return b""
            case crt591_storage.SleOff() | crt591_storage.I2cOff():
                if memory is not None:
                    memory.power_off()
                    self._contact_on = False
                return b""
            case crt591_storage.AskSle() | crt591_storage.AskI2c():
                return self._storage_state(command)
            case _:
                answer = self._operate(command)
                return answer.data + answer.status.value.to_bytes(2, "big")

    def _storage_state(self, command: crt591_storage.AskSle | crt591_storage.AskI2c) -> bytes:
        memory = self._card.memory if self._card is not None and self._contact_on else None
        sle, i2c = SleState.OFF, I2cType.ANY  # none
        match memory:
            case SimulatedSle4442():
                sle = SleState.SLE4442
            case SimulatedSle4428():
                sle = SleState.SLE4428
            case SimulatedI2cCard():
                i2c = memory.type
            case None:
                pass
        return (sle.value if isinstance(command, crt591_storage.AskSle) else i2c.value).encode("ascii")

    def _operate(self, command: Operation) -> Answer:
        try:
            if crt591.code_of(command)[0] == 0x60:
                answer, active = self._with_mifare(command), self._radio_on
            else:
                answer, active = self._with_memory(command), self._contact_on
        except TornError:
            self._contact_on = False
            self._cut_radio()
            raise RefusedError(ErrorCode.CARD_SILENT) from None
        if answer is None:
            raise RefusedError(ErrorCode.NOT_SUPPORTED_BY_CURRENT_CARD if active else ErrorCode.CARD_NOT_ACTIVE)
        return answer

    def _with_mifare(self, command: Operation) -> Answer | None:
        mifare = self._mifare
        match command:
            case crt591_storage.MifareStoreKey(key, sector, secret):
                if sector >= _STORED_SECTORS:
                    return Answer(Status.FAIL)
                self._keys[key, sector] = secret
                return Answer(Status.SUCCESS)
            case _ if mifare is None:
                return None
            case crt591_storage.MifareVerify(key, sector, secret):
                return mifare.verify(key, sector, secret)
            case crt591_storage.MifareVerifyStored(key, sector):
                return mifare.verify(key, sector, self._keys.get((key, sector)))
            case _:
                return mifare.carry_out(command)

    def _with_memory(self, command: Operation) -> Answer | None:
        memory = self._card.memory if self._card is not None and self._contact_on else None
        return memory.carry_out(command) if memory is not None else None

    def _cut_radio(self) -> None:
        if self._card is not None and self._radio_on and self._card.radio is not None:
            self._card.radio.power_off()
        self._radio_on = False
        self._mifare = None
