"""The resident ID-card reader SDT / SAM_V, serial or USB. It is a kiosk_core.id_card_reader.IdCardReader.

The frames: wire/sdt.py; what is sourced and what is doubtful: docs/devices/sdt.md. The protocol has no sequence
numbers and its answers are persons: after any doubt about the line nothing more is asked until a pause and the answer
to READ_SAM_ID have shown that what was still on its way has arrived and is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.id_card_reader import (
    IdCard,
    IdCardKind,
    IdCardPhoto,
    IdCardProblem,
    IdCardSex,
    IdNumber,
    PersonalText,
    PhotoDecoder,
)
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import id_card_text, sdt
from wire.errors import WireError
from wire.id_card_text import CitizenText, Foreigner2017Text, Foreigner2023Text, IdCardText, ResidencePermitText, Sex
from wire.sdt import Command, Garbled, Reply, Sw3

BAUDRATE = 115_200
"""The reader's own; a rate that was set by command must be configured."""
WRITE_S = 1.0
POLL_S = 0.3
"""Between two searches for a card (facts/device-protocols.md 3b)."""
ANSWER_S = 2.0
READ_S = 5.0
"""For the text and photo of a card: 1295 bytes take 1.4 s at 9600 Bd, and the card takes its own time."""
QUIET_S = 0.3
"""After a pause of this length nothing is on its way any more."""
SETTLE_S = 2.0
"""How long a reader may go on talking before it is given up."""
RESENDS = 2
_READ = 4096


@dataclass(frozen=True)
class SdtProfile:
    """What differs between readers of this protocol, or no source settles.

    `appended_address` False: never ask for it. `requires_checked_numbers` False takes numbers of citizens whose
    check character is wrong as well.
    """

    model: str = "SDT / SAM_V"
    appended_address: bool = True
    requires_checked_numbers: bool = True


# Which answer without an error fits a command, and how many bytes of data it then has. Errors have none.
_FITTING: Mapping[Command, tuple[Sw3, frozenset[int]]] = {
    Command.RESET: (Sw3.OK, frozenset({0})),
    Command.GET_STATUS: (Sw3.OK, frozenset({0})),
    Command.READ_SAM_ID: (Sw3.OK, frozenset({16})),
    Command.FIND_CARD: (Sw3.CARD_FOUND, frozenset({4})),
    Command.SELECT_CARD: (Sw3.OK, frozenset({8})),
    Command.READ_BASE: (Sw3.OK, frozenset({4 + sdt.TEXT_BYTES + sdt.PHOTO_BYTES})),
    Command.READ_NEW_ADDRESS: (Sw3.OK, frozenset({70, 140, 210, 280})),
}
_OF_ANY = frozenset(
    {Sw3.BAD_COMMAND, Sw3.NO_AUTHORITY, Sw3.UNKNOWN_ERROR, Sw3.SELF_TEST_FAILED, Sw3.SAM_NOT_AUTHORISED}
)
_OF_A_CARD = frozenset(
    {
        Sw3.CARD_DID_NOT_PROVE_ITSELF,
        Sw3.SAM_DID_NOT_PROVE_ITSELF,
        Sw3.INFORMATION_NOT_VERIFIED,
        Sw3.UNKNOWN_CARD,
        Sw3.READ_FAILED,
        Sw3.RANDOM_NUMBER_FAILED,
    }
)
_ERRORS: Mapping[Command, frozenset[Sw3]] = {
    Command.RESET: _OF_ANY,
    Command.GET_STATUS: _OF_ANY,
    Command.READ_SAM_ID: _OF_ANY,
    Command.FIND_CARD: _OF_ANY | _OF_A_CARD | {Sw3.FIND_FAILED},
    Command.SELECT_CARD: _OF_ANY | _OF_A_CARD | {Sw3.SELECT_FAILED},
    Command.READ_BASE: _OF_ANY | _OF_A_CARD,
    Command.READ_NEW_ADDRESS: _OF_ANY | _OF_A_CARD | {Sw3.NO_SUCH_CONTENT},
}
_ASK_AGAIN = frozenset({Sw3.BAD_CHECKSUM, Sw3.BAD_LENGTH})

_PROBLEMS: Mapping[Sw3, IdCardProblem] = {
    Sw3.UNKNOWN_CARD: IdCardProblem.NOT_AN_ID_CARD,
    Sw3.CARD_DID_NOT_PROVE_ITSELF: IdCardProblem.NOT_GENUINE,
    Sw3.SAM_DID_NOT_PROVE_ITSELF: IdCardProblem.UNREADABLE,
    Sw3.INFORMATION_NOT_VERIFIED: IdCardProblem.NOT_GENUINE,
    Sw3.READ_FAILED: IdCardProblem.UNREADABLE,
    Sw3.RANDOM_NUMBER_FAILED: IdCardProblem.UNREADABLE,
    Sw3.FIND_FAILED: IdCardProblem.NOT_PRESENT,
    Sw3.SELECT_FAILED: IdCardProblem.NOT_PRESENT,
}

_SEXES = {
    Sex.UNKNOWN: IdCardSex.UNKNOWN,
    Sex.MALE: IdCardSex.MALE,
    Sex.FEMALE: IdCardSex.FEMALE,
    Sex.UNSTATED: IdCardSex.UNSTATED,
}


class SdtReader:
    """A kiosk_core.id_card_reader.IdCardReader over an open transport. Blocking; one thread owns it.

    An exchange ends within its deadline (ANSWER_S, READ_S for a card's contents) with all its resends, and begins
    after at most 2 * SETTLE_S + ANSWER_S where the line was in doubt.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        clock: Clock,
        profile: SdtProfile | None = None,
        decode_photo: PhotoDecoder | None = None,
    ) -> None:
        self._name = name
        self._transport = transport
        self._clock = clock
        self._profile = profile or SdtProfile()
        self._decode_photo = decode_photo
        self._deframer = sdt.Deframer()
        self._counters = Counters()
        self._status: DeviceStatus | None = None
        self._media = Media.UNKNOWN
        self._next_search = clock.now()
        self._found = False
        # What somebody asked before us may still be on its way.
        self._settled = False

    def identify(self) -> Identity:
        """Return the model and, as its serial number, the number of the security module."""
        reply = self._exchange(Command.READ_SAM_ID)
        if reply.sw3 is not Sw3.OK:
            raise self._fault(reply)
        return Identity(self._profile.model, serial=sdt.decode_sam_id(reply.data).text)

    def self_test(self) -> DeviceStatus:
        """Restart the security module, which tests itself, and return the status after it."""
        return self._status_of(self._restart())

    def status(self) -> DeviceStatus:
        """Ask the reader now; `media` is what the last search for a card found."""
        return self._status_of(self._exchange(Command.GET_STATUS))

    def counters(self) -> Counters:
        """Return what went over the line."""
        return self._counters.copy()

    def reset(self) -> None:
        """Bring the reader to its state after power-up; a card that was selected is no longer."""
        reply = self._restart()
        if reply.sw3 is not Sw3.OK:
            raise self._fault(reply)

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def find_card(self) -> bool:
        """Return whether a card lies on the reader that has not been read since it was laid down.

        A card that cannot be told (SW3 31 to 47) is there as well; reading it says what is wrong.
        """
        return self._search().sw3 is not Sw3.FIND_FAILED

    def read_card(self) -> IdCard | IdCardProblem:
        """Find, select and read the card. Afterwards it must be lifted before it can be found again."""
        selected = self._select()
        if selected.sw3 is not Sw3.OK:
            return self._problem(selected)
        reply = self._exchange(Command.READ_BASE, READ_S)
        if reply.sw3 is not Sw3.OK:
            return self._problem(reply)
        try:
            contents = sdt.decode_contents(reply.data)
            return self._card(id_card_text.decode_text(contents.text), contents.photo)
        except (WireError, ValueError):
            return IdCardProblem.UNREADABLE

    def read_new_addresses(self) -> tuple[PersonalText, ...] | IdCardProblem:
        """Return the addresses that were appended to the card just read, () where there are none."""
        if not self._profile.appended_address:
            return ()
        reply = self._exchange(Command.READ_NEW_ADDRESS, READ_S)
        if reply.sw3 is Sw3.NO_SUCH_CONTENT:
            return ()
        if reply.sw3 is not Sw3.OK:
            return self._problem(reply)
        try:
            return tuple(PersonalText(address) for address in sdt.decode_addresses(reply.data))
        except WireError:
            return IdCardProblem.UNREADABLE

    def _select(self) -> Reply:
        """Select the card that was found last; one that has gone since is looked for once more."""
        if self._found:
            self._found = False
            selected = self._exchange(Command.SELECT_CARD)
            if selected.sw3 is not Sw3.SELECT_FAILED:
                return selected
        found = self._search()
        if found.sw3 is not Sw3.CARD_FOUND:
            return found
        self._found = False
        return self._exchange(Command.SELECT_CARD)

    def _search(self) -> Reply:
        self._found = False
        self._media = Media.UNKNOWN
        self._clock.sleep(max(0.0, self._next_search - self._clock.now()))
        try:
            reply = self._exchange(Command.FIND_CARD)
        finally:
            self._next_search = self._clock.now() + POLL_S
        if reply.sw3 in _OF_ANY:
            raise self._fault(reply)
        self._found = reply.sw3 is Sw3.CARD_FOUND
        self._media = Media.NOT_PRESENT if reply.sw3 is Sw3.FIND_FAILED else Media.PRESENT
        return reply

    def _restart(self) -> Reply:
        self._found = False
        self._media = Media.UNKNOWN
        return self._exchange(Command.RESET)

    def _status_of(self, reply: Reply) -> DeviceStatus:
        works = reply.sw3 is Sw3.OK
        status = DeviceStatus(
            self._name,
            DeviceState.ONLINE if works else DeviceState.HARDWARE_ERROR,
            self._clock.wall(),
            frozenset() if works else frozenset({Fault.SECURITY_MODULE}),
            media=self._media,
            detail="" if works else f"SW3 {reply.sw3.value:02X} {reply.sw3.name}",
        )
        if status != self._status:
            self._status = status
        return self._status

    def _problem(self, reply: Reply) -> IdCardProblem:
        if reply.sw3 not in _PROBLEMS:
            raise self._fault(reply)
        return _PROBLEMS[reply.sw3]

    def _fault(self, reply: Reply) -> DeviceFault | ProtocolViolation:
        if reply.sw3 in {Sw3.SELF_TEST_FAILED, Sw3.SAM_NOT_AUTHORISED, Sw3.NO_AUTHORITY}:
            return DeviceFault(self._name, Fault.SECURITY_MODULE)
        return ProtocolViolation(self._name, f"SW3 {reply.sw3.value:02X} {reply.sw3.name}")

    def _card(self, text: IdCardText, photo: bytes) -> IdCard:
        card = _card_of(text, IdCardPhoto(photo, self._picture(photo)))
        must_check = isinstance(text, CitizenText | ResidencePermitText) and self._profile.requires_checked_numbers
        if must_check and not card.number.checks:
            raise ValueError("the check character is wrong")
        return card

    def _picture(self, photo: bytes) -> bytes | None:
        if self._decode_photo is None:
            return None
        try:
            return self._decode_photo(photo)
        except ValueError:
            return None

    # -- the line ----------------------------------------------------------------------------------------

    def _exchange(self, command: Command, timeout_s: float = ANSWER_S) -> Reply:
        """Ask until it is answered, RESENDS times more where the question or the answer arrived broken."""
        self._settle()
        self._discard()
        return self._ask(command, timeout_s)

    def _ask(self, command: Command, timeout_s: float) -> Reply:
        deadline = self._clock.now() + timeout_s
        self._settled = False
        received_before = self._counters.bytes_received
        self._send(command)
        resends = 0
        others: list[Reply | Garbled] = []
        while arrived := self._arrived(deadline):
            fitting = next((each for each in arrived if isinstance(each, Reply) and _fits(command, each)), None)
            others += (each for each in arrived if each is not fitting)
            if fitting is not None:
                # Where more came than was asked for, more may follow.
                self._settled = not others
                self._counters.exchanges += 1
                return fitting
            if resends < RESENDS and any(map(_is_broken, arrived)) and self._is_quiet(deadline):
                resends += 1
                self._counters.resends += 1
                self._send(command)
        if self._counters.bytes_received > received_before:
            raise ProtocolViolation(self._name, f"no answer to {command.name} in what it sent")
        raise DeviceUnavailable(self._name, "silent")

    def _arrived(self, deadline: float) -> list[Reply | Garbled]:
        """Return the next frames, [] at the deadline. Raises ProtocolViolation for a frame that is no reply."""
        while (left := deadline - self._clock.now()) > 0:
            data = self._transport.read(_READ, left)
            self._counters.bytes_received += len(data)
            found = self._deframer.feed(data)
            if found:
                self._counters.checksum_errors += sum(isinstance(each, Garbled) for each in found)
                return [each if isinstance(each, Garbled) else self._reply(each) for each in found]
        return []

    def _reply(self, body: bytes) -> Reply:
        try:
            return sdt.decode_reply(body)
        except WireError as error:
            raise ProtocolViolation(self._name, str(error)) from None

    def _settle(self) -> None:
        """See to it that no answer to an earlier question is on its way."""
        if self._settled:
            return
        self._drain()
        self._ask(Command.READ_SAM_ID, ANSWER_S)
        self._drain()
        self._settled = True

    def _drain(self) -> None:
        if not self._is_quiet(self._clock.now() + SETTLE_S):
            raise DeviceUnavailable(self._name, "talks without being asked")

    def _is_quiet(self, deadline: float) -> bool:
        """Drop what comes until nothing has come for QUIET_S; False where that is not before `deadline`."""
        quiet_at = self._clock.now() + QUIET_S
        while (now := self._clock.now()) < min(quiet_at, deadline):
            data = self._transport.read(_READ, min(quiet_at, deadline) - now)
            if data:
                self._counters.bytes_received += len(data)
                quiet_at = self._clock.now() + QUIET_S
        self._deframer.reset()
        return self._clock.now() >= quiet_at

    def _discard(self) -> None:
        self._transport.discard_input()
        self._deframer.reset()

    def _send(self, command: Command) -> None:
        frame = sdt.encode_command(command)
        self._transport.write(frame, WRITE_S)
        self._counters.bytes_sent += len(frame)


def _is_broken(arrived: Reply | Garbled) -> bool:
    """Whether the question or the answer was damaged on its way."""
    return isinstance(arrived, Garbled) or arrived.sw3 in _ASK_AGAIN


def _fits(command: Command, reply: Reply) -> bool:
    """Whether `reply` can be an answer to `command`; the answers of most commands are told apart by their shape."""
    success, lengths = _FITTING[command]
    if reply.sw3 is success:
        return len(reply.data) in lengths
    return reply.sw3 in _ERRORS[command] and not reply.data


def _card_of(text: IdCardText, photo: IdCardPhoto) -> IdCard:
    match text:
        case CitizenText() | ResidencePermitText():
            is_citizen = isinstance(text, CitizenText)
            return IdCard(
                IdCardKind.CITIZEN if is_citizen else IdCardKind.HONG_KONG_MACAU_TAIWAN,
                PersonalText(text.name),
                IdNumber(text.id_number),
                _SEXES[text.sex],
                text.birth,
                text.valid_from,
                text.valid_until,
                photo,
                address=PersonalText(text.address),
                issuer=PersonalText(text.issuer),
                nation=id_card_text.NATIONS.get(text.nation, ""),
            )
        case Foreigner2017Text():
            return IdCard(
                IdCardKind.FOREIGNER_2017,
                PersonalText(text.chinese_name),
                IdNumber(text.permit_number),
                _SEXES[text.sex],
                text.birth,
                text.valid_from,
                text.valid_until,
                photo,
                latin_name=PersonalText(text.latin_name),
                nationality=text.nationality,
            )
        case Foreigner2023Text():
            return IdCard(
                IdCardKind.FOREIGNER_2023,
                PersonalText(text.chinese_name),
                IdNumber(text.id_number),
                _SEXES[text.sex],
                text.birth,
                text.valid_from,
                text.valid_until,
                photo,
                latin_name=PersonalText(text.latin_name + text.latin_name_rest),
                nationality=text.nationality,
            )
