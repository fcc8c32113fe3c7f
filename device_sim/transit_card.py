"""A transit card with a 3DES purse, T-Union or of a city: written from facts/purse-load.md 1.1 to 1.5.

Strict: a command out of order, with wrong P1 P2, length or MAC gets the status word of section 1.5. Lasting
memory is a JSON file, replaced as a whole, so that a killed simulator leaves a card that is charged or is not.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Self

from device_sim import card_crypto
from device_sim.cards import validity
from device_sim.cards.chip import RefusedCommand, respond, tlv
from device_sim.cards.lasting import Lasting, Tear, Tearing
from kiosk_core.card_number import CardNumber
from wire import apdu, purse
from wire.apdu import CommandApdu
from wire.purse import (
    Amount,
    Balance,
    CardInfo,
    Command,
    CreditForLoad,
    GetBalance,
    GetChallenge,
    GetTransactionProve,
    InitializeForLoad,
    LoadInitialized,
    LogRecord,
    Proof,
    ReadCardInfo,
    ReadLog,
    ReadTrip,
    Select,
    SelectFile,
    StatusWord,
    Tac,
    Trip,
    Verify,
)

KEY_INDEX = 1
KEY_VERSION = 1
ALGORITHM_3DES = 0
"""The algorithm id is opaque to terminals (facts/purse-load.md 1.2); 0 is the simulator's own choice."""

MAX_COUNTER = 0xFFFF
MAX_BALANCE_FEN = 1_000_000
"""Above it a balance reads as an overdraft (facts/purse-load.md 1.3)."""

LOG_RECORDS = 10
TRIPS = 30
_STRICT = {"extra": "forbid", "strict": True}

# A balance below zero goes into MAC1 and TAC as its four bytes (facts/purse-load.md 1.3); no source shows such a load.
_SIGN = 0x80000000


@dataclass(frozen=True)
class PurseProfile:
    """What differs from purse to purse (facts/purse-load.md 1.1 and 1.3).

    `file_ids` select it too; `load_log` is the SFI of a log of loads beside SFI 18. With a `pin` (bytes as they are
    sent) a load needs it first, and `pin_tries` wrong ones in a row lock it. With an `overdraft_limit_fen`, 0 for none,
    it can be spent beyond its balance and answers what a T-Union card does about that; None: it knows no overdraft.
    """

    aid: bytes = purse.T_UNION_AID
    file_ids: tuple[bytes, ...] = ()
    load_log: int | None = None
    overdraft_limit_fen: int | None = 0
    pin: bytes = field(default=b"", repr=False)
    pin_tries: int = 3


T_UNION = PurseProfile()


@dataclass(frozen=True)
class Memory:
    """What a card keeps without power; `log` and `trips` have the newest record first, in hexadecimal as the proof.

    `proof` is MAC and TAC of the last load (8 bytes); `proof_counter` the online counter after it, 0 for none.
    How long real cards keep a proof is not known (facts/purse-load.md 1.4); this one keeps the last. `end` is the last
    valid day (YYYYMMDD) that its issuer wrote, "" while it is the one that it was made with.
    """

    balance_fen: int = 0
    counter: int = 0
    proof_counter: int = 0
    proof: str = ""
    log: tuple[str, ...] = ()
    trips: tuple[str, ...] = ()
    pin_errors: int = 0
    end: str = ""

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CardIdentity:
    """What is written on a card when it is made: its number (19 digits), its keys (16 bytes each), its dates.

    `start` and `end` read YYYYMMDD; `issuer` is the code of 8 bytes in file 15. With an `update_key` (16 bytes) it
    carries out its issuer's command that writes another end (device_sim/cards/validity.py).
    """

    number: CardNumber
    load_key: bytes = field(repr=False)
    tac_key: bytes = field(repr=False)
    start: str = "20240101"
    end: str = "20341231"
    issuer: bytes = bytes.fromhex("0000000000000001")
    update_key: bytes = field(default=b"", repr=False)

    @classmethod
    def of_issuer(
        cls, number: CardNumber, load_master_key: bytes, tac_master_key: bytes, *, end: str = "20341231"
    ) -> Self:
        """Return the identity whose keys an issuer with these master keys (16 bytes each) derives."""
        factor = card_crypto.diversification_factor(number.reveal())
        load_key = card_crypto.diversify(load_master_key, factor)
        tac_key = card_crypto.diversify(tac_master_key, factor)
        return cls(number, load_key, tac_key, end=end, update_key=validity.update_key(load_master_key, factor))


@dataclass(frozen=True)
class _Session:
    """A load that has begun: lost with the power, and with the next INITIALIZE FOR LOAD."""

    key: bytes
    amount_fen: int
    terminal_no: bytes


class TransitCard:
    """The card. It is a device_sim.card.Card; one thread uses it at a time."""

    # A contactless card as PC/SC readers announce it: 8 historical bytes of the simulator's own, TCK correct.
    ATR = bytes.fromhex("3B888001 4F54534D43415244 18")

    def __init__(
        self,
        identity: CardIdentity,
        *,
        balance_fen: int = 0,
        counter: int = 0,
        profile: PurseProfile = T_UNION,
        trips: Sequence[Trip] = (),
        file: Path | None = None,
        tearing: Tearing | None = None,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Make a card, or continue with the one in `file`; balance, counter and trips are those of a new one.

        The first trip was the first; after the last the balance is `balance_fen` whatever the trip says. `draw` gives
        as many random bytes as it is asked for.

        Raises:
            OSError: the file cannot be read or written.
            ValueError: it is no card's memory.
        """
        self.identity = identity
        self.locked = False
        self._profile = profile
        fresh = replace(reduce(_ridden, trips, Memory(0, counter)), balance_fen=balance_fen)
        self._lasting = Lasting(fresh, file, tearing)
        self._selected = False
        self._verified = False
        self._session: _Session | None = None
        self._challenge = b""
        self._draw = draw

    @property
    def memory(self) -> Memory:
        """What the card would keep if it lost its power now."""
        return self._lasting.value

    @property
    def tear(self) -> Tear | None:
        """When the card will leave the field during the next command that writes, None if it will stay."""
        return self._lasting.tearing.next

    def tear_next(self, tear: Tear | None) -> None:
        """Let the card leave the field during the next command that writes (a load, an end); None lets it stay."""
        self._lasting.tearing.next = tear

    def ride(self, trip: Trip) -> None:
        """Keep a trip as a gate leaves it, and its fare in the log: what its balance says is what is on the card then.

        Raises:
            WireError: a field does not fit its bytes.
        """
        self._lasting.commit(_ridden(self.memory, trip))

    def power_on(self) -> bytes:
        """Begin anew and return the ATR."""
        self.power_off()
        return self.ATR

    def power_off(self) -> None:
        """Forget the selection, a load that had begun, and the challenge."""
        self._selected = False
        self._verified = False
        self._session = None
        self._challenge = b""

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command APDU, or None: the card left the field before its answer was through."""
        return respond(command, self._answer)

    def _answer(self, asked: CommandApdu) -> bytes:
        if asked.cla == validity.CLA and self.identity.update_key and self._selected:
            return self._extend(asked)
        command = self._understand(asked)
        if not self._selected and not isinstance(command, Select | SelectFile):
            raise RefusedCommand(StatusWord.FILE_NOT_FOUND if asked.cla == 0 else StatusWord.INVALID_STATE)
        if isinstance(command, CreditForLoad) and asked.expected not in {None, 4, apdu.MAX_ANSWER}:
            raise RefusedCommand(0x6C04)
        return self._carry_out(command)

    def _carry_out(self, command: Command) -> bytes:
        match command:
            case Select(aid):
                return self._select(aid)
            case SelectFile(file):
                return self._select(self._profile.aid if file in self._profile.file_ids else b"")
            case Verify(pin):
                return self._verify(pin)
            case GetChallenge(length):
                self._challenge = self._draw(length)
                return self._challenge
            case InitializeForLoad():
                return purse.encode_answer(self._initialize_for_load(command))
            case CreditForLoad():
                return purse.encode_answer(self._credit_for_load(command))
            case GetTransactionProve(sequence, transaction):
                return self._prove(sequence, transaction)
            case ReadCardInfo() | GetBalance() | ReadLog() | ReadTrip():
                return self._read(command)

    def _extend(self, asked: CommandApdu) -> bytes:
        challenge, self._challenge = self._challenge, b""  # it counts once
        end = validity.new_end(asked, self.identity.update_key, challenge)
        self._lasting.commit(replace(self.memory, end=end))
        return b""

    def _read(self, command: ReadCardInfo | GetBalance | ReadLog | ReadTrip) -> bytes:
        match command:
            case ReadCardInfo():
                return purse.encode_answer(self._card_info())
            case GetBalance(amount):
                return purse.encode_answer(Balance(self._amount(amount)))
            case ReadLog(number):
                return _record(self.memory.log, number)
            case ReadTrip(number):
                return _record(self.memory.trips, number)

    def _understand(self, asked: CommandApdu) -> Command:
        known = {0x00: {0x84, 0xA4, 0xB0, 0xB2}, 0x80: {0x50, 0x52, 0x5A, 0x5C}}
        if self._profile.pin:
            known[0x00].add(0x20)
        if asked.cla not in known:
            raise RefusedCommand(StatusWord.UNKNOWN_CLA)
        if asked.ins not in known[asked.cla]:
            raise RefusedCommand(StatusWord.UNKNOWN_INS)
        if not self._parameters_known(asked):
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        return purse.decode_command(asked)

    def _parameters_known(self, asked: CommandApdu) -> bool:
        profile = self._profile
        match (asked.cla, asked.ins, asked.p1, asked.p2):
            case (0x00, 0xB2, _, p2):
                # This purse logs loads only beside its trips: its two logs are one.
                logs = {purse.LOG_FILE, profile.load_log}
                trips = {0x1E} if profile.overdraft_limit_fen is not None else set()
                return p2 & 0x07 == 0x04 and p2 >> 3 in logs | trips
            case (0x80, 0x5C, amount, 0x02):
                return amount == Amount.PURSE or (profile.overdraft_limit_fen is not None and amount in set(Amount))
            case (0x00, 0xA4, 0x00, 0x00):
                return bool(profile.file_ids)
            case (
                (0x00, 0xA4, 0x04, 0x00)
                | (0x00, 0x20 | 0x84, 0x00, 0x00)
                | (0x00, 0xB0, 0x95, 0x00)
                | (0x80, 0x50, 0x00, 0x02)
                | (0x80, 0x52, 0x00, 0x00)
                | (0x80, 0x5A, 0x00, _)
            ):
                return True
        return False

    def _amount(self, amount: Amount) -> int:
        balance = self.memory.balance_fen
        match amount:
            case Amount.PURSE:
                return balance
            case Amount.OVERDRAFT_LIMIT:
                return self._profile.overdraft_limit_fen or 0
            case Amount.OVERDRAFT_USED:
                return max(0, -balance)
            case Amount.USABLE:
                return max(0, balance)

    def _verify(self, pin: bytes) -> bytes:
        errors, tries = self.memory.pin_errors, self._profile.pin_tries
        if errors >= tries:
            raise RefusedCommand(StatusWord.PIN_LOCKED)
        self._verified = False
        right = pin == self._profile.pin
        if errors or not right:
            self._lasting.commit(replace(self.memory, pin_errors=0 if right else errors + 1))
        if not right:
            raise RefusedCommand(0x63C0 | tries - errors - 1)
        self._verified = True
        return b""

    def _select(self, aid: bytes) -> bytes:
        self._selected = False
        self._session = None
        # A partial AID selects the application as well: facts/purse-load.md 1.3.
        if not 5 <= len(aid) <= 16 or not self._profile.aid.startswith(aid):
            raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
        if self.locked:
            raise RefusedCommand(StatusWord.LOCKED)
        self._selected = True
        # FCI 6F { 84 AID, A5 { 9F0C copy of file 15 } }: facts/purse-load.md 1.1 and 1.3.
        proprietary = tlv("A5", tlv("9F0C", purse.encode_answer(self._card_info())))
        return tlv("6F", tlv("84", self._profile.aid) + proprietary)

    def _card_info(self) -> CardInfo:
        identity = self.identity
        end = self.memory.end or identity.end
        return CardInfo(identity.issuer, 2, 1, identity.number.reveal(), identity.start, end, bytes(2))

    def _initialize_for_load(self, command: InitializeForLoad) -> LoadInitialized:
        self._session = None
        if self._profile.pin and not self._verified:
            raise RefusedCommand(StatusWord.PIN_NOT_VERIFIED)
        if command.key_index != KEY_INDEX:
            raise RefusedCommand(StatusWord.KEY_INDEX_UNSUPPORTED)
        if self.memory.counter >= MAX_COUNTER:
            raise RefusedCommand(StatusWord.COUNTER_AT_MAXIMUM)
        if self.memory.balance_fen + command.amount_fen > MAX_BALANCE_FEN:
            raise RefusedCommand(StatusWord.CONDITIONS)
        random = self._draw(4)
        key = card_crypto.session_key(self.identity.load_key, random, self.memory.counter)
        self._session = _Session(key, command.amount_fen, command.terminal_no)
        balance = self.memory.balance_fen
        mac1 = card_crypto.mac1(key, balance % _SIGN, command.amount_fen, purse.PURSE, command.terminal_no)
        return LoadInitialized(balance, self.memory.counter, KEY_VERSION, ALGORITHM_3DES, random, mac1)

    def _credit_for_load(self, command: CreditForLoad) -> Tac:
        session, self._session = self._session, None
        if session is None:
            raise RefusedCommand(StatusWord.INVALID_STATE)
        load = (session.amount_fen, purse.PURSE, session.terminal_no, command.date, command.time)
        if card_crypto.mac2(session.key, *load) != command.mac2:
            raise RefusedCommand(StatusWord.MAC_INVALID)
        memory = self.memory
        balance = memory.balance_fen + session.amount_fen
        tac = card_crypto.tac(self.identity.tac_key, balance % _SIGN, memory.counter, *load)
        record = LogRecord(
            memory.counter, 0, session.amount_fen, purse.LOAD, session.terminal_no, command.date, command.time
        )
        self._lasting.commit(
            replace(
                memory,
                balance_fen=balance,
                counter=memory.counter + 1,
                proof_counter=memory.counter + 1,
                proof=purse.encode_answer(Proof(command.mac2, tac)).hex(),
                log=(purse.encode_answer(record).hex(), *memory.log)[:LOG_RECORDS],
            )
        )
        return Tac(tac)

    def _prove(self, sequence: int, transaction: int) -> bytes:
        memory = self.memory
        if transaction != purse.LOAD or not memory.proof or sequence != memory.proof_counter:
            raise RefusedCommand(StatusWord.MAC_NOT_AVAILABLE)
        return bytes.fromhex(memory.proof)


def _ridden(memory: Memory, trip: Trip) -> Memory:
    log = memory.log
    if trip.amount_fen:
        fare = LogRecord(
            0,  # how purchases are counted concerns no terminal that loads
            max(0, -trip.balance_fen),
            trip.amount_fen,
            purse.COMPOUND_PURCHASE,
            trip.terminal_no[-6:],
            trip.date,
            trip.time,
        )
        log = (purse.encode_answer(fare).hex(), *log)[:LOG_RECORDS]
    trips = (purse.encode_answer(trip).hex(), *memory.trips)[:TRIPS]
    return replace(memory, balance_fen=trip.balance_fen, log=log, trips=trips)


def _record(records: tuple[str, ...], number: int) -> bytes:
    if not 1 <= number <= len(records):
        raise RefusedCommand(StatusWord.RECORD_NOT_FOUND)
    return bytes.fromhex(records[number - 1])
