"""A social-security card in a card reader. It is a kiosk_core.social_security.SocialSecurityReader.

What is read, and which generation needs a secure access module: facts/social-security-card.md chapter 2
(wire/social_security.py). Nothing is written to the card and no PIN is ever tried: wrong tries lock it [G4].
"""

from datetime import date
from enum import Enum, auto

from kiosk_core.card_reader import CardReader, CardRefusal, ChipProtocol
from kiosk_core.id_card_reader import IdCardSex, IdNumber, PersonalText
from kiosk_core.social_security import (
    Generation,
    Holder,
    SecureAccessModule,
    SocialSecurityCard,
    SocialSecurityProblem,
    Withheld,
)
from wire import apdu, social_security
from wire.apdu import CommandApdu, ResponseApdu
from wire.errors import WireError
from wire.purse import StatusWord
from wire.social_security import Record

_NOT_PRESENT = {CardRefusal.NO_MEDIA, CardRefusal.MOVED_BY_HAND}
_NO_CHIP = {CardRefusal.ATR_NOT_OBTAINED, CardRefusal.INVALID_MEDIA, CardRefusal.UNSUPPORTED}
_NO_APPLICATION = {
    StatusWord.FILE_NOT_FOUND,
    StatusWord.WRONG_P1P2,
    StatusWord.UNKNOWN_INS,
    StatusWord.UNKNOWN_CLA,
}
# GET CHALLENGE and EXTERNAL AUTHENTICATE: all that a secure access module may say to the card.
_OF_MODULE = {(0x00, 0x84), (0x00, 0x82)}

_SEXES = {"1": IdCardSex.MALE, "2": IdCardSex.FEMALE, "9": IdCardSex.UNSTATED}


class _Closed(Enum):
    """A record that the card keeps to itself."""

    CLOSED = auto()


class _Unreadable(Exception):
    """The card said what cannot be read, or the reader did not get through to it."""

    def __init__(self, problem: SocialSecurityProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class ChipSocialSecurityReader:
    """Reads the card that is inside a reader. Blocking; one thread owns reader and module."""

    def __init__(self, reader: CardReader, module: SecureAccessModule | None = None) -> None:
        self._reader = reader
        self._module = module

    def read_card(self) -> SocialSecurityCard | SocialSecurityProblem:
        """Power the chip, select its social-security application and read card and holder.

        Raises:
            DeviceFault, DeviceUnavailable, ProtocolViolation: of the reader, or of the module.
        """
        powered = self._reader.read_raw_data()
        if isinstance(powered, CardRefusal):
            return _problem(powered)
        try:
            selected = self._ask(social_security.SelectApplication())
            if selected.status_word in _NO_APPLICATION:
                return SocialSecurityProblem.NOT_SOCIAL_SECURITY
            if selected.status_word != StatusWord.OK:
                return SocialSecurityProblem.UNREADABLE
            return self._card()
        except _Unreadable as error:
            return error.problem
        except WireError:
            return SocialSecurityProblem.UNREADABLE

    def _card(self) -> SocialSecurityCard:
        generation = Generation(social_security.generation(self._value(Record.VERSION)))
        identifier = self._value(Record.IDENTIFIER)
        return SocialSecurityCard(
            identifier,
            generation,
            PersonalText(social_security.text(self._value(Record.CARD_NUMBER))),
            _date(self._value(Record.ISSUED)),
            _date(self._value(Record.EXPIRES)),
            self._holder(generation, identifier),
        )

    def _holder(self, generation: Generation, identifier: bytes) -> Holder | Withheld:
        holder = self._read_holder(generation)
        if isinstance(holder, Holder):
            return holder
        if generation is not Generation.THIRD:
            return Withheld.NEEDS_PIN
        if self._module is None:
            return Withheld.NEEDS_MODULE
        if not self._module.open_card(identifier, self._send_of_module):
            return Withheld.MODULE_REFUSED
        holder = self._read_holder(generation)
        return holder if isinstance(holder, Holder) else Withheld.MODULE_REFUSED

    def _read_holder(self, generation: Generation) -> Holder | _Closed:
        sex_record = Record.SEX_FIRST_GENERATION if generation is Generation.FIRST else Record.SEX
        id_number, name, sex = (self._read(record) for record in (Record.ID_NUMBER, Record.NAME, sex_record))
        if isinstance(id_number, _Closed) or isinstance(name, _Closed) or isinstance(sex, _Closed):
            return _Closed.CLOSED
        try:
            number = IdNumber(social_security.text(id_number))
        except ValueError:
            raise WireError("an ID number of other characters") from None
        code = social_security.text(sex)
        return Holder(number, PersonalText(social_security.text(name)), _SEXES.get(code, IdCardSex.UNKNOWN))

    def _value(self, record: Record) -> bytes:
        """Return the value of a record that is free to read on every card."""
        value = self._read(record)
        if isinstance(value, _Closed):
            raise _Unreadable(SocialSecurityProblem.UNREADABLE)
        return value

    def _read(self, record: Record) -> bytes | _Closed:
        answer = self._ask(social_security.ReadRecord(record))
        if answer.status_word == StatusWord.PIN_NOT_VERIFIED:
            return _Closed.CLOSED
        if answer.status_word != StatusWord.OK:
            raise _Unreadable(SocialSecurityProblem.UNREADABLE)
        return social_security.decode_record(record, answer.data)

    def _ask(self, command: social_security.Command) -> ResponseApdu:
        return apdu.decode_response(self._send(social_security.encode_command(command)))

    def _send(self, command: CommandApdu) -> bytes:
        answer = self._reader.chip_io(ChipProtocol.NOT_REQUIRED, apdu.encode_command(command))
        if isinstance(answer, CardRefusal):
            raise _Unreadable(_problem(answer))
        return answer.data

    def _send_of_module(self, command: bytes) -> bytes:
        """Pass an APDU of the module on. Raises ValueError: it is neither of the two that a module needs."""
        try:
            asked = apdu.decode_command(command)
        except WireError as error:
            raise ValueError(str(error)) from None
        if (asked.cla, asked.ins) not in _OF_MODULE:
            raise ValueError(f"a secure access module may not send {asked.cla:02X} {asked.ins:02X} to a card")
        return self._send(asked)


def _problem(refusal: CardRefusal) -> SocialSecurityProblem:
    if refusal in _NOT_PRESENT:
        return SocialSecurityProblem.NOT_PRESENT
    return SocialSecurityProblem.NOT_SOCIAL_SECURITY if refusal in _NO_CHIP else SocialSecurityProblem.UNREADABLE


def _date(value: bytes) -> date | None:
    """Return the day that the digits YYYYMMDD name, None for anything else: a card may name none."""
    digits = value.hex()
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
