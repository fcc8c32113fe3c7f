"""The top-up module: a transit purse, T-Union or of a city, on a contactless reader: a kiosk_core.ports.TopUpModule.

The commands and their order: facts/purse-load.md 1.1 to 1.5 (wire/purse.py); what differs from purse to purse:
drivers/card_profiles.py; what may be concluded from which answer: facts/money-safety.md 5.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import TypeVar

from drivers.card_profiles import CARDS, CardProfile, SocialSecurityRule
from drivers.smart_card_reader import ExchangeFailed, SmartCardReader
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from kiosk_core.ports import (
    CardCheck,
    CardProblem,
    CarriedOut,
    Credited,
    CreditRefused,
    CreditResult,
    CreditUnknown,
    LoadAuthorisation,
    LoadInit,
    LoadNotFound,
    LoadProof,
    LoadProven,
    Overdraft,
    ProofUnclear,
    PurseCard,
    PurseEntry,
    PurseEntryKind,
    PurseHistory,
    PurseTrip,
)
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import apdu, ccid, purse, social_security
from wire.apdu import CommandApdu, ResponseApdu
from wire.ccid import IccStatus
from wire.errors import WireError
from wire.purse import Amount, CardInfo, LogRecord, StatusWord, Trip
from wire.social_security import Record

KEY_INDEX = 1
"""The load key that public clients of ten issuers name (`80 50 00 02 0B 01`); a card without it answers 9403."""

_NO_TRANSIT_CARD = {
    StatusWord.FILE_NOT_FOUND,
    StatusWord.WRONG_P1P2,
    StatusWord.UNKNOWN_INS,
    StatusWord.UNKNOWN_CLA,
}
_LOCKED = {StatusWord.LOCKED, StatusWord.LOCKED_FOREVER}
_NOT_CREDITED = {StatusWord.MAC_INVALID, StatusWord.KEY_INDEX_UNSUPPORTED}

_ENTRIES = 10
"""How many records of each kind are read: a log of T-Union cards has ten, and of 30 trips the last ones do."""

_ENTRY_KINDS = {
    purse.LOAD: PurseEntryKind.LOAD,
    purse.PURCHASE: PurseEntryKind.PURCHASE,
    purse.COMPOUND_PURCHASE: PurseEntryKind.PURCHASE,
}

# What no command of an issuer may do before a load: begin, finish or undo one, or try a PIN.
_FORBIDDEN_BEFORE = {0x50, 0x52, 0x54, 0x20}
_CHALLENGE_BYTES = 8
_LOADS_FILE = 0x1A

T = TypeVar("T")


@dataclass(frozen=True)
class _Purse:
    """The purse that was selected on the card that has power."""

    profile: CardProfile
    info: CardInfo

    @property
    def number(self) -> CardNumber:
        return CardNumber(self.info.number)


class TUnionTopUpModule:
    """A transit purse behind a smart-card reader. Blocking; one thread owns it."""

    def __init__(
        self, name: str, reader: SmartCardReader, clock: Clock, profiles: Sequence[CardProfile] = tuple(CARDS.values())
    ) -> None:
        """Take the reader; a card is asked for the purses of `profiles` in their order."""
        self._name = name
        self._reader = reader
        self._profiles = profiles
        self._since: datetime = clock.wall()
        # Whether the card that has power now has answered 80 50: 80 52 may go to no other.
        self._load_begun = False
        # The purse that has power since it gave its issuer a challenge.
        self._challenged: _Purse | None = None
        # Cards that did not take the PIN of their profile: another wrong try might lock one for good.
        self._without_pin: set[CardNumber] = set()

    def identify(self) -> Identity:
        """Return what the reader says it is."""
        return self._reader.identity

    def status(self) -> DeviceStatus:
        """Return the reader's status, with `media`. Raises DeviceUnavailable, ProtocolViolation."""
        return DeviceStatus(self._name, DeviceState.ONLINE, self._since, media=self.media())

    def self_test(self) -> DeviceStatus:
        """Return the status with the reader's model and firmware as `detail`; a card is left alone."""
        status, identity = self.status(), self.identify()
        return replace(status, detail=f"{identity.model} {identity.firmware}".strip())

    def counters(self) -> Counters:
        """Return what the reader's driver has counted."""
        return self._reader.counters()

    def media(self) -> Media:
        """Return whether a card is on the reader: one GetSlotStatus, the card is left alone."""
        return Media.NOT_PRESENT if self._reader.slot() is IccStatus.ABSENT else Media.PRESENT

    def reset(self) -> None:
        """Take the card's power; whatever it had begun is forgotten."""
        self._load_begun, self._challenged = False, None
        self._reader.power_off()

    def close(self) -> None:
        """Let go of the reader; never raises."""
        self._load_begun, self._challenged = False, None
        self._reader.close()

    def read_card(self) -> PurseCard | CardProblem:
        """Power the card, select its purse and read number, balance, overdraft, expiry, and what it may hold."""
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        balance = self._read(purse.GetBalance(), purse.decode_balance)
        if isinstance(balance, CardProblem):
            return balance
        profile = selected.profile
        overdraft = self._overdraft() if profile.overdraft else None
        if isinstance(overdraft, CardProblem):
            return overdraft
        # Last, for it selects another application.
        rule = self._social_security_rule(profile) if profile.social_security else None
        if isinstance(rule, CardProblem):
            return rule
        return PurseCard(
            selected.number,
            balance.fen,
            _date(selected.info.end),
            overdraft,
            profile.max_balance_fen if rule is None else rule.max_balance_fen,
            profile.max_load_fen,
            profile.issuer_commands or (rule is not None and rule.issuer_commands),
        )

    def read_history(self) -> PurseHistory | CardProblem:
        """Power the card, select its purse and read its last loads, purchases and trips; some 20 commands.

        Records that are empty or have no date are left out.
        """
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        records = self._log(selected.profile)
        if isinstance(records, CardProblem):
            return records
        trips = self._records(purse.ReadTrip, purse.decode_trip) if selected.profile.trips else []
        if isinstance(trips, CardProblem):
            return trips
        entries = [entry for entry in map(_entry, records) if entry is not None]
        return PurseHistory(tuple(entries), tuple(trip for trip in map(_purse_trip, trips) if trip is not None))

    def challenge(self, number: CardNumber) -> bytes | CardProblem:
        """Check that the card is still `number` (else OTHER_CARD) and return 8 random bytes of it.

        Its issuer makes commands for them that `carry_out` sends; the card keeps its power until then.
        """
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        if selected.number != number:
            return CardProblem.OTHER_CARD
        answer = self._send(purse.encode_command(purse.GetChallenge(_CHALLENGE_BYTES)))
        if isinstance(answer, ExchangeFailed) or answer.status_word != StatusWord.OK:
            return _problem(answer)
        if len(answer.data) != _CHALLENGE_BYTES:
            return CardProblem.UNREADABLE
        self._challenged = selected
        return answer.data

    def carry_out(self, number: CardNumber, commands: Sequence[bytes]) -> CarriedOut | CardProblem:
        """Send an issuer's commands (APDUs) to the card that gave the challenge, up to the first that is refused.

        None is sent if one would move money or try a PIN. The card is read again then. A card that has left since it
        gave the challenge gets none, nor does another.
        """
        challenged, self._challenged = self._challenged, None
        if challenged is None or challenged.number != number:
            return CardProblem.OTHER_CARD
        match self._reader.slot():
            case IccStatus.ABSENT:
                return CardProblem.NOT_PRESENT
            case IccStatus.INACTIVE:  # lifted, perhaps exchanged: whatever lies there gave no challenge
                return CardProblem.UNREADABLE
        sent = self._carry_out(commands)
        if isinstance(sent, CardProblem):
            return sent
        card = self.read_card()
        if isinstance(card, CardProblem):
            return card
        done, refused = sent
        return CarriedOut(card, done, refused) if card.number == number else CardProblem.OTHER_CARD

    def _carry_out(self, commands: Sequence[bytes]) -> tuple[int, str] | CardProblem:
        """Return how many commands were carried out, and why the next one was not."""
        try:
            asked = [_of_issuer(command) for command in commands]
        except ValueError as error:
            return 0, str(error)
        for done, command in enumerate(asked):
            answer = self._send(command)
            if isinstance(answer, ExchangeFailed):
                return _problem(answer)
            if answer.status_word != StatusWord.OK:
                return done, f"{answer.status_word:04X}"
        return len(asked), ""

    def initialize_load(self, number: CardNumber, amount_fen: int, terminal_no: bytes) -> LoadInit | CardProblem:
        """Check that the card is still `number` (else OTHER_CARD) and send INITIALIZE FOR LOAD."""
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        if selected.number != number:
            return CardProblem.OTHER_CARD
        return self._begin(selected, amount_fen, terminal_no)

    def _begin(self, selected: _Purse, amount_fen: int, terminal_no: bytes) -> LoadInit | CardProblem:
        refusal = self._verify(selected)
        if refusal is not None:
            return refusal
        answer = self._send(purse.encode_command(purse.InitializeForLoad(KEY_INDEX, amount_fen, terminal_no)))
        if isinstance(answer, ResponseApdu) and answer.status_word == StatusWord.PIN_NOT_VERIFIED:
            return CardProblem.NOT_A_TRANSIT_CARD  # it wants a PIN, and its profile names none
        if isinstance(answer, ExchangeFailed) or answer.status_word != StatusWord.OK:
            return _problem(answer)
        try:
            begun = purse.decode_load_initialized(answer.data)
        except WireError:
            return CardProblem.UNREADABLE
        self._load_begun = True
        return LoadInit(
            selected.number,
            amount_fen,
            terminal_no,
            begun.balance_fen,
            begun.counter,
            begun.key_version,
            begun.algorithm,
            begun.random,
            begun.mac1,
        )

    def credit_load(self, authorisation: LoadAuthorisation) -> CreditResult:
        """Send CREDIT FOR LOAD at most once and never raise: what is not proven is CreditUnknown.

        At most, not exactly: when the card that answered 80 50 is known to have left, nothing is sent, since
        80 52 must not reach another card. That is CreditUnknown as well; prove_load settles both.
        """
        begun, self._load_begun = self._load_begun, False
        try:
            command = purse.CreditForLoad(authorisation.date, authorisation.time, authorisation.mac2)
            message = purse.encode_command(command)
            if not begun or self._reader.slot() is not IccStatus.ACTIVE:
                return CreditUnknown("the card left after 80 50, nothing was sent")
            return self._credit(message)
        except Exception as error:  # noqa: BLE001  (whatever went wrong, the card may have been credited)
            return CreditUnknown(f"{type(error).__name__}: {error}")

    def prove_load(
        self, is_same_card: CardCheck, counter: int, amount_fen: int, terminal_no: bytes
    ) -> LoadProof | CardProblem:
        """Ask the card whether the load begun at online counter `counter` happened (80 5A with counter + 1).

        The card is selected again first and `is_same_card` asked about its number (else OTHER_CARD). After
        9406, and only then, a fresh 80 50 reads the second witness.
        """
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        if not is_same_card(selected.number):
            return CardProblem.OTHER_CARD
        refusal = self._verify(selected)
        if refusal is not None:
            return refusal
        answer = self._send(purse.encode_command(purse.GetTransactionProve(counter + 1)))
        if isinstance(answer, ExchangeFailed):
            return _problem(answer)
        match answer.status_word:
            case StatusWord.OK if len(answer.data) == 8:
                proof = purse.decode_proof(answer.data)
                return LoadProven(proof.mac, proof.tac)
            case StatusWord.MAC_NOT_AVAILABLE:
                return self._second_witness(amount_fen, terminal_no)
            case status_word:
                return ProofUnclear(status_word)

    def find_load(
        self, is_same_card: CardCheck, amount_fen: int, terminal_no: bytes, moment: tuple[str, str]
    ) -> bool | CardProblem:
        """Return whether the card's log has a load of this amount by this terminal at this moment.

        `moment` is date and time of the LoadAuthorisation. False proves nothing: a log is short.
        """
        selected = self._select()
        if isinstance(selected, CardProblem):
            return selected
        if not is_same_card(selected.number):
            return CardProblem.OTHER_CARD
        records = self._log(selected.profile)
        if isinstance(records, CardProblem):
            return records
        sought = (purse.LOAD, amount_fen, terminal_no, *moment)
        return any(
            (record.transaction, record.amount_fen, record.terminal_no, record.date, record.time) == sought
            for record in records
        )

    def _second_witness(self, amount_fen: int, terminal_no: bytes) -> LoadProof | CardProblem:
        answer = self._send(purse.encode_command(purse.InitializeForLoad(KEY_INDEX, amount_fen, terminal_no)))
        if isinstance(answer, ExchangeFailed):
            return _problem(answer)
        if answer.status_word != StatusWord.OK:
            return ProofUnclear(answer.status_word)
        try:
            fresh = purse.decode_load_initialized(answer.data)
        except WireError:
            return ProofUnclear(answer.status_word)
        return LoadNotFound(fresh.counter, fresh.balance_fen)

    def _credit(self, message: CommandApdu) -> CreditResult:
        answer = self._exchange(message)
        if isinstance(answer, ExchangeFailed):
            return CreditUnknown(f"no answer to 80 52 (card {answer.icc.name.lower()}, bError {answer.error:02X})")
        # 61xx: 80 52 has been carried out and the TAC is waiting. 6Cxx must not be followed: 80 52 leaves once.
        fetched = self._fetch_waiting(answer)
        if isinstance(fetched, ExchangeFailed):
            return CreditUnknown("the TAC was not fetched")
        status_word = fetched.status_word
        if status_word == StatusWord.OK:
            return Credited(purse.decode_tac(fetched.data).tac)
        if fetched is answer and not answer.data and (status_word in _NOT_CREDITED or status_word >> 8 == 0x69):
            return CreditRefused(status_word)
        return CreditUnknown(f"80 52 answered {status_word:04X}")

    def _select(self) -> _Purse | CardProblem:
        """Power the card and select the first purse that it has and a profile describes."""
        self._load_begun, self._challenged = False, None
        powered = self._reader.power_on()
        if isinstance(powered, ExchangeFailed):
            return _problem(powered)
        missing: set[purse.Command] = set()
        for profile in self._profiles:
            command = _selection(profile)
            if command in missing:
                continue
            answer = self._send(purse.encode_command(command))
            if isinstance(answer, ResponseApdu) and answer.status_word in _NO_TRANSIT_CARD:
                missing.add(command)
                continue
            if isinstance(answer, ExchangeFailed) or answer.status_word != StatusWord.OK:
                return _problem(answer)
            decode = partial(purse.decode_card_info, number_digits=profile.number_digits)
            info = self._read(purse.ReadCardInfo(), decode)
            if isinstance(info, CardProblem):
                return info
            if profile.issuer is None or info.issuer[2:4].hex().upper() == profile.issuer:
                return _Purse(profile, info)
        return CardProblem.NOT_A_TRANSIT_CARD

    def _verify(self, selected: _Purse) -> CardProblem | None:
        """Present the PIN of the profile, where it names one; None is success. A card is tried wrongly once."""
        if selected.profile.pin is None:
            return None
        if selected.number in self._without_pin:
            return CardProblem.NOT_A_TRANSIT_CARD
        answer = self._exchange(purse.encode_command(purse.Verify(bytes.fromhex(selected.profile.pin))))
        if isinstance(answer, ExchangeFailed):
            return _problem(answer)
        if answer.status_word == StatusWord.OK:
            return None
        self._without_pin.add(selected.number)
        return CardProblem.NOT_A_TRANSIT_CARD

    def _social_security_rule(self, profile: CardProfile) -> SocialSecurityRule | CardProblem | None:
        """Return the rule for a purse that is in a social-security card, None where it is in none, or no rule."""
        answer = self._send(social_security.encode_command(social_security.SelectApplication()))
        if isinstance(answer, ResponseApdu) and answer.status_word == StatusWord.OK:
            answer = self._send(social_security.encode_command(social_security.ReadRecord(Record.IDENTIFIER)))
        if isinstance(answer, ExchangeFailed):
            return _problem(answer)
        if answer.status_word != StatusWord.OK:
            return None
        try:
            identifier = social_security.decode_record(Record.IDENTIFIER, answer.data)
        except WireError:
            return CardProblem.UNREADABLE
        rules = (rule for rule in profile.social_security if identifier.hex().startswith(rule.region))
        return next(rules, None)

    def _log(self, profile: CardProfile) -> list[LogRecord] | CardProblem:
        """Return the records of the card's logs, newest first; what stands in both is there once."""
        records = self._records(purse.ReadLog, purse.decode_log_record)
        if isinstance(records, CardProblem) or profile.file_1a != "loads":
            return records
        loads = self._records(lambda number: purse.ReadLog(number, _LOADS_FILE), purse.decode_log_record)
        if isinstance(loads, CardProblem):
            return loads
        return sorted(dict.fromkeys([*records, *loads]), key=lambda each: (each.date, each.time), reverse=True)

    def _overdraft(self) -> Overdraft | CardProblem | None:
        used = self._amount(Amount.OVERDRAFT_USED)
        if isinstance(used, CardProblem) or not used:
            return used or None
        usable = self._amount(Amount.USABLE)
        if isinstance(usable, CardProblem):
            return usable
        limit = self._amount(Amount.OVERDRAFT_LIMIT)
        if isinstance(limit, CardProblem):
            return limit
        return Overdraft(max(0, usable or 0), used, limit)

    def _amount(self, amount: Amount) -> int | CardProblem | None:
        """Return what the card says of `amount`, None where it does not know it."""
        answer = self._send(purse.encode_command(purse.GetBalance(amount)))
        if isinstance(answer, ExchangeFailed):
            return _problem(answer)
        if answer.status_word != StatusWord.OK:
            return None
        try:
            return purse.decode_balance(answer.data).fen
        except WireError:
            return CardProblem.UNREADABLE

    def _records(self, command: Callable[[int], purse.Command], decode: Callable[[bytes], T]) -> list[T] | CardProblem:
        """Return what can be read of a file's records, up to the first that is not there."""
        records = []
        for number in range(1, _ENTRIES + 1):
            answer = self._send(purse.encode_command(command(number)))
            if isinstance(answer, ExchangeFailed):
                return _problem(answer)
            if answer.status_word != StatusWord.OK:
                break
            try:
                records.append(decode(answer.data))
            except WireError:
                continue  # a place that was never written to, or another issuer's record
        return records

    def _read(self, command: purse.Command, decode: Callable[[bytes], T]) -> T | CardProblem:
        answer = self._send(purse.encode_command(command))
        if isinstance(answer, ExchangeFailed) or answer.status_word != StatusWord.OK:
            return _problem(answer)
        try:
            return decode(answer.data)
        except WireError:
            return CardProblem.UNREADABLE

    def _send(self, command: CommandApdu) -> ResponseApdu | ExchangeFailed:
        """Send a command that may be repeated: with the length that 6Cxx names, and 61xx fetched."""
        answer = self._exchange(command)
        if isinstance(answer, ResponseApdu) and answer.exact_length is not None:
            answer = self._exchange(
                CommandApdu(command.cla, command.ins, command.p1, command.p2, command.data, answer.exact_length)
            )
        return answer if isinstance(answer, ExchangeFailed) else self._fetch_waiting(answer)

    def _fetch_waiting(self, answer: ResponseApdu) -> ResponseApdu | ExchangeFailed:
        if answer.waiting is None:
            return answer
        fetched = self._exchange(CommandApdu(0x00, 0xC0, 0x00, 0x00, expected=answer.waiting))
        if isinstance(fetched, ExchangeFailed):
            return fetched
        return ResponseApdu(answer.data + fetched.data, fetched.status_word)

    def _exchange(self, command: CommandApdu) -> ResponseApdu | ExchangeFailed:
        answer = self._reader.transmit(apdu.encode_command(command))
        if isinstance(answer, ExchangeFailed):
            return answer
        try:
            return apdu.decode_response(answer)
        except WireError:
            # One byte, or too many: the card is at the edge of the field.
            return ExchangeFailed(IccStatus.ACTIVE, ccid.SlotError.PARITY.value)


def _problem(answer: ResponseApdu | ExchangeFailed) -> CardProblem:
    match answer:
        case ExchangeFailed(IccStatus.ABSENT):
            return CardProblem.NOT_PRESENT
        case ResponseApdu(_, status_word) if status_word in _LOCKED:
            return CardProblem.LOCKED
        case ResponseApdu(_, StatusWord.COUNTER_AT_MAXIMUM):
            return CardProblem.USED_UP
        case _:
            return CardProblem.UNREADABLE


def _date(digits: str) -> date | None:
    """Return the day that YYYYMMDD names, None for anything else (cards without an end are filled with 0 or F)."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _time(digits: str) -> time | None:
    try:
        return time(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None


def _entry(record: LogRecord) -> PurseEntry | None:
    day, at = _date(record.date), _time(record.time)
    if day is None or at is None:
        return None
    kind = _ENTRY_KINDS.get(record.transaction, PurseEntryKind.OTHER)
    return PurseEntry(kind, record.amount_fen, day, at, record.terminal_no)


def _purse_trip(trip: Trip) -> PurseTrip | None:
    day, at = _date(trip.date), _time(trip.time)
    return PurseTrip(trip.amount_fen, trip.balance_fen, day, at) if day is not None and at is not None else None


def _selection(profile: CardProfile) -> purse.Command:
    if profile.aid is not None:
        return purse.Select(bytes.fromhex(profile.aid))
    return purse.SelectFile(bytes.fromhex(profile.file or ""))


def _of_issuer(command: bytes) -> CommandApdu:
    """Return an APDU that an issuer wants sent before a load. Raises ValueError: it is none, or one that must not."""
    try:
        asked = apdu.decode_command(command)
    except WireError:
        raise ValueError("no APDU") from None
    if asked.ins in _FORBIDDEN_BEFORE:
        raise ValueError(f"{asked.cla:02X} {asked.ins:02X} may not be sent")
    return asked
