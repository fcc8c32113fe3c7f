"""Commands and answers of the PBOC electronic purse as T-Union (JT/T 978) and city transit cards carry it.

Sources: facts/purse-load.md 1.1 (commands), 1.3 (T-Union: AID, file 15, balances, log, trips) and 1.5 (status words);
facts/device-protocols.md 3b-2. Integers are big-endian, amounts fen, dates and times BCD.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from wire.apdu import CommandApdu
from wire.errors import WireError

T_UNION_AID = bytes.fromhex("A000000632010105")
PURSE = 0x02
CARD_NUMBER_DIGITS = 19

LOG_FILE = 0x18
"""The short identifier of the transaction log; a city's purse may have one of loads beside it."""

LOAD = 0x02
PURCHASE = 0x06
COMPOUND_PURCHASE = 0x09
"""Types of transactions in the log; a type that is none of them has no name in the sources."""

_CARD_INFO_SFI = 0x15
_TRIP_SFI = 0x1E
_FILES = range(1, 31)
_PIN_BYTES = range(2, 9)
_CHALLENGES = {4, 8}
_LARGEST_BALANCE_FEN = 1_000_000
_SIGN = 0x80000000


class StatusWord(IntEnum):
    """The status words that the facts give a meaning to; 61xx, 6Cxx and 63Cx are families beside them."""

    OK = 0x9000
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    INVALID_STATE = 0x6901
    PIN_NOT_VERIFIED = 0x6982
    PIN_LOCKED = 0x6983
    RANDOM_INVALID = 0x6984
    CONDITIONS = 0x6985
    MAC_MISSING = 0x6987
    MAC_WRONG = 0x6988
    LOCKED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    WRONG_P1P2 = 0x6A86
    UNKNOWN_INS = 0x6D00
    UNKNOWN_CLA = 0x6E00
    INSUFFICIENT_FUNDS = 0x9301
    MAC_INVALID = 0x9302
    LOCKED_FOREVER = 0x9303
    AMOUNT_INSUFFICIENT = 0x9401
    COUNTER_AT_MAXIMUM = 0x9402
    KEY_INDEX_UNSUPPORTED = 0x9403
    MAC_NOT_AVAILABLE = 0x9406


class Amount(IntEnum):
    """What GET BALANCE asks for: its P1. T-Union cards know all, other purses PURSE."""

    PURSE = 0
    OVERDRAFT_LIMIT = 1
    OVERDRAFT_USED = 2
    USABLE = 3


# -- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Select:
    """00 A4 04 00: select an application by its AID or the beginning of it."""

    aid: bytes


@dataclass(frozen=True)
class SelectFile:
    """00 A4 00 00: select an application by the identifier (2 bytes) of its file."""

    file: bytes


@dataclass(frozen=True)
class Verify:
    """00 20 00 00: present the PIN, 2 to 8 bytes as they are sent."""

    pin: bytes = field(repr=False)


@dataclass(frozen=True)
class GetChallenge:
    """00 84 00 00: `length` random bytes, 4 or 8, that an issuer's command is made for."""

    length: int = 4


@dataclass(frozen=True)
class ReadCardInfo:
    """00 B0 95 00: read file 15 of the application. Answer: CardInfo."""


@dataclass(frozen=True)
class GetBalance:
    """80 5C P1 02: the balance of the purse, or another amount about it. Answer: Balance."""

    amount: Amount = Amount.PURSE


@dataclass(frozen=True)
class InitializeForLoad:
    """80 50 00 02: begin a load. `terminal_no` has 6 bytes. Answer: LoadInitialized."""

    key_index: int
    amount_fen: int
    terminal_no: bytes


@dataclass(frozen=True)
class CreditForLoad:
    """80 52 00 00: credit the purse. `date` YYYYMMDD, `time` hhmmss, `mac2` 4 bytes. Answer: Tac."""

    date: str
    time: str
    mac2: bytes


@dataclass(frozen=True)
class GetTransactionProve:
    """80 5A 00 tt: MAC and TAC of the transaction of type `transaction` (2: purse load) with this sequence number."""

    sequence: int
    transaction: int = LOAD


@dataclass(frozen=True)
class ReadLog:
    """00 B2 nn C4: record `number` (1 is the newest) of the log, or of another log `file`. Answer: LogRecord."""

    number: int
    file: int = LOG_FILE


@dataclass(frozen=True)
class ReadTrip:
    """00 B2 nn F4: record `number` (1 to 30) of the trips, file 1E. Answer: Trip."""

    number: int


Command = (
    Select
    | SelectFile
    | Verify
    | GetChallenge
    | ReadCardInfo
    | GetBalance
    | InitializeForLoad
    | CreditForLoad
    | GetTransactionProve
    | ReadLog
    | ReadTrip
)


def encode_command(command: Command) -> CommandApdu:
    """Return the APDU of `command`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match command:
        case GetBalance(amount):
            return CommandApdu(0x80, 0x5C, amount, PURSE, expected=4)
        case InitializeForLoad(key_index, amount_fen, terminal_no):
            data = _number(key_index, 1) + _number(amount_fen, 4) + _exactly(terminal_no, 6, "terminal number")
            return CommandApdu(0x80, 0x50, 0x00, PURSE, data, 16)
        case CreditForLoad(date, time, mac2):
            data = _bcd(date, 4, "date") + _bcd(time, 3, "time") + _exactly(mac2, 4, "MAC2")
            return CommandApdu(0x80, 0x52, 0x00, 0x00, data, 4)
        case GetTransactionProve(sequence, transaction):
            return CommandApdu(0x80, 0x5A, 0x00, transaction, _number(sequence, 2), 8)
        case Select() | SelectFile() | Verify() | GetChallenge():
            return _encode_access(command)
        case ReadCardInfo() | ReadLog() | ReadTrip():
            return _encode_read(command)


def _encode_access(command: Select | SelectFile | Verify | GetChallenge) -> CommandApdu:
    match command:
        case Select(aid):
            return CommandApdu(0x00, 0xA4, 0x04, 0x00, aid, 256)
        case SelectFile(file):
            return CommandApdu(0x00, 0xA4, 0x00, 0x00, _exactly(file, 2, "file identifier"), 256)
        case Verify(pin):
            if len(pin) not in _PIN_BYTES:
                raise WireError("a PIN has 2 to 8 bytes")
            return CommandApdu(0x00, 0x20, 0x00, 0x00, pin)
        case GetChallenge(length):
            if length not in _CHALLENGES:
                raise WireError(f"a challenge has 4 or 8 bytes, not {length}")
            return CommandApdu(0x00, 0x84, 0x00, 0x00, expected=length)


def _encode_read(command: ReadCardInfo | ReadLog | ReadTrip) -> CommandApdu:
    match command:
        case ReadCardInfo():
            return CommandApdu(0x00, 0xB0, 0x80 | _CARD_INFO_SFI, 0x00, expected=30)
        case ReadLog(number, file):
            if file not in _FILES or file == _TRIP_SFI:
                raise WireError(f"{file:02X} is the file of no log")
            return CommandApdu(0x00, 0xB2, number, file << 3 | 4, expected=23)
        case ReadTrip(number):
            return CommandApdu(0x00, 0xB2, number, _TRIP_SFI << 3 | 4, expected=48)


def decode_command(apdu: CommandApdu) -> Command:
    """Return the purse command in `apdu`.

    What it expects in return is not looked at, cards accept several; of a challenge it is the length.

    Raises:
        WireError: it is none of them, or its data has another length.
    """
    command = _decode_own(apdu) if apdu.cla == 0x80 else _decode_standard(apdu)
    if command is None:
        raise WireError(f"no purse command: {apdu.cla:02X} {apdu.ins:02X} {apdu.p1:02X} {apdu.p2:02X}")
    return command


def _decode_own(apdu: CommandApdu) -> Command | None:
    data = apdu.data
    match (apdu.ins, apdu.p1, apdu.p2):
        case (0x5C, amount, 0x02) if not data and amount <= max(Amount):
            return GetBalance(Amount(amount))
        case (0x50, 0x00, 0x02) if len(data) == 11:
            return InitializeForLoad(data[0], int.from_bytes(data[1:5], "big"), data[5:])
        case (0x52, 0x00, 0x00) if len(data) == 11:
            return CreditForLoad(_digits(data[:4], "date"), _digits(data[4:7], "time"), data[7:])
        case (0x5A, 0x00, transaction) if len(data) == 2:
            return GetTransactionProve(int.from_bytes(data, "big"), transaction)
    return None


def _decode_standard(apdu: CommandApdu) -> Command | None:
    data = apdu.data
    match (apdu.cla, apdu.ins, apdu.p1, apdu.p2):
        case (0x00, 0xA4, 0x04, 0x00) if data:
            return Select(data)
        case (0x00, 0xA4, 0x00, 0x00) if len(data) == 2:
            return SelectFile(data)
        case (0x00, 0x20, 0x00, 0x00) if len(data) in _PIN_BYTES:
            return Verify(data)
        case (0x00, 0x84, 0x00, 0x00) if not data:
            return GetChallenge(8 if apdu.expected == 8 else 4)
        case (0x00, 0xB0, 0x95, 0x00) if not data:
            return ReadCardInfo()
        case (0x00, 0xB2, number, 0xF4) if not data:
            return ReadTrip(number)
        case (0x00, 0xB2, number, p2) if not data and p2 & 7 == 4 and p2 >> 3 in _FILES:
            return ReadLog(number, p2 >> 3)
    return None


# -- answers -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardInfo:
    """File 15 (30 bytes): `number` has 19 digits (T-Union drops the first nibble of 20) or 20, dates read YYYYMMDD.

    The dates are the digits on the card and may be no dates at all; `issuer` has 8 bytes, `fci` 2.
    """

    issuer: bytes
    card_type: int
    version: int
    number: str
    start: str
    end: str
    fci: bytes

    def __repr__(self) -> str:
        # The number must not reach a log through a traceback.
        return f"CardInfo(number=***{self.number[-4:]}, start={self.start}, end={self.end})"


@dataclass(frozen=True)
class Balance:
    """The answer to GET BALANCE; negative where a purse is overdrawn."""

    fen: int


@dataclass(frozen=True)
class LoadInitialized:
    """The answer to INITIALIZE FOR LOAD: `counter` is the online counter before the load, `mac1` has 4 bytes.

    `balance_fen` is negative where the purse is overdrawn.
    """

    balance_fen: int
    counter: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes


@dataclass(frozen=True)
class Tac:
    """The answer to CREDIT FOR LOAD, 4 bytes."""

    tac: bytes


@dataclass(frozen=True)
class Proof:
    """The answer to GET TRANSACTION PROVE, 4 bytes each."""

    mac: bytes
    tac: bytes


@dataclass(frozen=True)
class LogRecord:
    """A record of a log (23 bytes); `transaction` 2 is a load; `terminal_no` has 6 bytes."""

    sequence: int
    overdraft_fen: int
    amount_fen: int
    transaction: int
    terminal_no: bytes
    date: str
    time: str


@dataclass(frozen=True)
class Trip:
    """A record of file 1E (48 bytes): one entry or exit.

    `kind` and `detail` are a byte each, `terminal_no` 8 bytes, `station` (line and station) 7, `city` 2, `institution`
    8; `rest` are the 6 bytes that no source names.
    """

    kind: int
    terminal_no: bytes
    detail: int
    station: bytes
    amount_fen: int
    balance_fen: int
    date: str
    time: str
    city: bytes
    institution: bytes
    rest: bytes = bytes(6)

    def __repr__(self) -> str:
        # Where a card's owner was, and when, must not reach a log through a traceback.
        return "Trip(***)"


Answer = CardInfo | Balance | LoadInitialized | Tac | Proof | LogRecord | Trip


def encode_answer(answer: Answer) -> bytes:
    """Return the data of `answer`, without its status word.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match answer:
        case CardInfo(issuer, card_type, version, number, start, end, fci):
            head = _exactly(issuer, 8, "issuer") + _number(card_type, 1) + _number(version, 1)
            digits = (
                _bcd(number.rjust(20, "0"), 10, "card number") + _hex(start, 4, "start date") + _hex(end, 4, "end date")
            )
            return head + digits + _exactly(fci, 2, "FCI")
        case Balance(fen):
            return _signed(fen)
        case LoadInitialized(balance_fen, counter, key_version, algorithm, random, mac1):
            head = _signed(balance_fen) + _number(counter, 2) + _number(key_version, 1) + _number(algorithm, 1)
            return head + _exactly(random, 4, "random") + _exactly(mac1, 4, "MAC1")
        case Tac(tac):
            return _exactly(tac, 4, "TAC")
        case Proof(mac, tac):
            return _exactly(mac, 4, "MAC") + _exactly(tac, 4, "TAC")
        case LogRecord(sequence, overdraft_fen, amount_fen, transaction, terminal_no, date, time):
            head = _number(sequence, 2) + _number(overdraft_fen, 3) + _number(amount_fen, 4) + _number(transaction, 1)
            return head + _exactly(terminal_no, 6, "terminal number") + _bcd(date, 4, "date") + _bcd(time, 3, "time")
        case Trip():
            return _trip(answer)


def decode_card_info(data: bytes, number_digits: int = CARD_NUMBER_DIGITS) -> CardInfo:
    """Return file 15; the last `number_digits` of the 20 nibbles are the card's number.

    Raises:
        WireError: it has not 30 bytes, or the card number is no decimal number.
    """
    _exactly(data, 30, "file 15")
    number = _digits(data[10:20], "card number")[-number_digits:]
    # Dates are hexadecimal digits here: cards without an end date are filled with F.
    return CardInfo(data[:8], data[8], data[9], number, data[20:24].hex(), data[24:28].hex(), data[28:])


def decode_balance(data: bytes) -> Balance:
    """Return the balance.

    Raises:
        WireError: it has not 4 bytes, or is more than 10,000 yuan either way.
    """
    return Balance(_balance(_exactly(data, 4, "the balance")))


def decode_load_initialized(data: bytes) -> LoadInitialized:
    """Return the answer to INITIALIZE FOR LOAD.

    Raises:
        WireError: it has not 16 bytes, or the balance is more than 10,000 yuan either way.
    """
    _exactly(data, 16, "the answer to 80 50")
    return LoadInitialized(
        _balance(data[:4]), int.from_bytes(data[4:6], "big"), data[6], data[7], data[8:12], data[12:]
    )


def decode_tac(data: bytes) -> Tac:
    """Return the TAC.

    Raises:
        WireError: it has not 4 bytes.
    """
    return Tac(_exactly(data, 4, "the TAC"))


def decode_proof(data: bytes) -> Proof:
    """Return MAC and TAC.

    Raises:
        WireError: they have not 8 bytes.
    """
    _exactly(data, 8, "the answer to 80 5A")
    return Proof(data[:4], data[4:])


def decode_log_record(data: bytes) -> LogRecord:
    """Return a record of the log.

    Raises:
        WireError: it has not 23 bytes, or date and time are not decimal.
    """
    _exactly(data, 23, "a log record")
    return LogRecord(
        int.from_bytes(data[:2], "big"),
        int.from_bytes(data[2:5], "big"),
        int.from_bytes(data[5:9], "big"),
        data[9],
        data[10:16],
        _digits(data[16:20], "date"),
        _digits(data[20:], "time"),
    )


def decode_trip(data: bytes) -> Trip:
    """Return a record of the trips.

    Raises:
        WireError: it has not 48 bytes, date and time are not decimal, or the balance is beyond 10,000 yuan.
    """
    _exactly(data, 48, "a trip")
    return Trip(
        data[0],
        data[1:9],
        data[9],
        data[10:17],
        int.from_bytes(data[17:21], "big"),
        _balance(data[21:25]),
        _digits(data[25:29], "date"),
        _digits(data[29:32], "time"),
        data[32:34],
        data[34:42],
        data[42:],
    )


def _trip(trip: Trip) -> bytes:
    head = _number(trip.kind, 1) + _exactly(trip.terminal_no, 8, "terminal number") + _number(trip.detail, 1)
    money = _number(trip.amount_fen, 4) + _signed(trip.balance_fen)
    when = _bcd(trip.date, 4, "date") + _bcd(trip.time, 3, "time")
    where = _exactly(trip.city, 2, "city") + _exactly(trip.institution, 8, "institution")
    return head + _exactly(trip.station, 7, "station") + money + when + where + _exactly(trip.rest, 6, "the rest")


def _balance(data: bytes) -> int:
    # facts/purse-load.md 1.3: above 1,000,000 the number has 80000000 subtracted, so 7FFFFF9C is -1.00 yuan.
    fen = int.from_bytes(data, "big")
    if fen <= _LARGEST_BALANCE_FEN:
        return fen
    if _SIGN - _LARGEST_BALANCE_FEN <= fen < _SIGN:
        return fen - _SIGN
    raise WireError("the balance is beyond 10,000 yuan")


def _signed(fen: int) -> bytes:
    if abs(fen) > _LARGEST_BALANCE_FEN:
        raise WireError(f"{fen} is no balance: it is beyond 10,000 yuan")
    return _number(fen % _SIGN, 4)


def _number(value: int, length: int) -> bytes:
    try:
        return value.to_bytes(length, "big")
    except OverflowError:
        raise WireError(f"{value} does not fit {length} bytes") from None


def _exactly(data: bytes, length: int, name: str) -> bytes:
    if len(data) != length:
        raise WireError(f"{name} must have {length} bytes, not {len(data)}")
    return data


def _bcd(digits: str, length: int, name: str) -> bytes:
    if len(digits) != 2 * length or not (digits.isascii() and digits.isdigit()):
        raise WireError(f"{name} must have {2 * length} digits")
    return bytes.fromhex(digits)


def _hex(digits: str, length: int, name: str) -> bytes:
    try:
        return _exactly(bytes.fromhex(digits), length, name)
    except ValueError:
        raise WireError(f"{name} must have {2 * length} hexadecimal digits") from None


def _digits(data: bytes, name: str) -> str:
    digits = data.hex()
    if not digits.isdigit():
        raise WireError(f"{name} is not decimal")
    return digits
