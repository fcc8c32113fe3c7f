"""Commands and answers of the PBOC electronic purse as T-Union (JT/T 978) transit cards carry it.

Sources: facts/purse-load.md 1.1 (commands), 1.3 (T-Union: AID, file 15, log) and 1.5 (status words);
facts/device-protocols.md 3b-2. Integers are big-endian, amounts fen, dates and times BCD.
"""

from dataclasses import dataclass
from enum import IntEnum

from wire.apdu import CommandApdu
from wire.errors import WireError

T_UNION_AID = bytes.fromhex("A000000632010105")
PURSE = 0x02
CARD_NUMBER_DIGITS = 19

_CARD_INFO_SFI = 0x15
_LOG_SFI = 0x18


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


# -- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Select:
    """00 A4 04 00: select an application by its AID or the beginning of it."""

    aid: bytes


@dataclass(frozen=True)
class ReadCardInfo:
    """00 B0 95 00: read file 15 of the application. Answer: CardInfo."""


@dataclass(frozen=True)
class GetBalance:
    """80 5C 00 02: the balance of the purse. Answer: Balance."""


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
    transaction: int = PURSE


@dataclass(frozen=True)
class ReadLog:
    """00 B2 nn C4: record `number` (1 is the newest) of the transaction log, file 18. Answer: LogRecord."""

    number: int


Command = Select | ReadCardInfo | GetBalance | InitializeForLoad | CreditForLoad | GetTransactionProve | ReadLog


def encode_command(command: Command) -> CommandApdu:
    """Return the APDU of `command`.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match command:
        case Select(aid):
            return CommandApdu(0x00, 0xA4, 0x04, 0x00, aid, 256)
        case ReadCardInfo():
            return CommandApdu(0x00, 0xB0, 0x80 | _CARD_INFO_SFI, 0x00, expected=30)
        case GetBalance():
            return CommandApdu(0x80, 0x5C, 0x00, PURSE, expected=4)
        case InitializeForLoad(key_index, amount_fen, terminal_no):
            data = _number(key_index, 1) + _number(amount_fen, 4) + _exactly(terminal_no, 6, "terminal number")
            return CommandApdu(0x80, 0x50, 0x00, PURSE, data, 16)
        case CreditForLoad(date, time, mac2):
            data = _bcd(date, 4, "date") + _bcd(time, 3, "time") + _exactly(mac2, 4, "MAC2")
            return CommandApdu(0x80, 0x52, 0x00, 0x00, data, 4)
        case GetTransactionProve(sequence, transaction):
            return CommandApdu(0x80, 0x5A, 0x00, transaction, _number(sequence, 2), 8)
        case ReadLog(number):
            return CommandApdu(0x00, 0xB2, number, _LOG_SFI << 3 | 4, expected=23)


def decode_command(apdu: CommandApdu) -> Command:
    """Return the purse command in `apdu`; what it expects in return is not looked at, cards accept several.

    Raises:
        WireError: it is none of them, or its data has another length.
    """
    data = apdu.data
    match (apdu.cla, apdu.ins, apdu.p1, apdu.p2):
        case (0x00, 0xA4, 0x04, 0x00) if data:
            return Select(data)
        case (0x00, 0xB0, 0x95, 0x00) if not data:
            return ReadCardInfo()
        case (0x80, 0x5C, 0x00, 0x02) if not data:
            return GetBalance()
        case (0x80, 0x50, 0x00, 0x02) if len(data) == 11:
            return InitializeForLoad(data[0], int.from_bytes(data[1:5], "big"), data[5:])
        case (0x80, 0x52, 0x00, 0x00) if len(data) == 11:
            return CreditForLoad(_digits(data[:4], "date"), _digits(data[4:7], "time"), data[7:])
        case (0x80, 0x5A, 0x00, transaction) if len(data) == 2:
            return GetTransactionProve(int.from_bytes(data, "big"), transaction)
        case (0x00, 0xB2, number, 0xC4) if not data:
            return ReadLog(number)
    raise WireError(f"no purse command: {apdu.cla:02X} {apdu.ins:02X} {apdu.p1:02X} {apdu.p2:02X}")


# -- answers -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardInfo:
    """File 15 (30 bytes): `number` has 19 digits (the first nibble of 20 is dropped), dates read YYYYMMDD.

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
    """The answer to GET BALANCE."""

    fen: int


@dataclass(frozen=True)
class LoadInitialized:
    """The answer to INITIALIZE FOR LOAD: `counter` is the online counter before the load, `mac1` has 4 bytes."""

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
    """A record of file 18 (23 bytes); `transaction` 2 is a load; `terminal_no` has 6 bytes."""

    sequence: int
    overdraft_fen: int
    amount_fen: int
    transaction: int
    terminal_no: bytes
    date: str
    time: str


Answer = CardInfo | Balance | LoadInitialized | Tac | Proof | LogRecord


def encode_answer(answer: Answer) -> bytes:
    """Return the data of `answer`, without its status word.

    Raises:
        WireError: a field does not fit its bytes.
    """
    match answer:
        case CardInfo(issuer, card_type, version, number, start, end, fci):
            head = _exactly(issuer, 8, "issuer") + _number(card_type, 1) + _number(version, 1)
            digits = _bcd("0" + number, 10, "card number") + _hex(start, 4, "start date") + _hex(end, 4, "end date")
            return head + digits + _exactly(fci, 2, "FCI")
        case Balance(fen):
            return _number(fen, 4)
        case LoadInitialized(balance_fen, counter, key_version, algorithm, random, mac1):
            head = _number(balance_fen, 4) + _number(counter, 2) + _number(key_version, 1) + _number(algorithm, 1)
            return head + _exactly(random, 4, "random") + _exactly(mac1, 4, "MAC1")
        case Tac(tac):
            return _exactly(tac, 4, "TAC")
        case Proof(mac, tac):
            return _exactly(mac, 4, "MAC") + _exactly(tac, 4, "TAC")
        case LogRecord(sequence, overdraft_fen, amount_fen, transaction, terminal_no, date, time):
            head = _number(sequence, 2) + _number(overdraft_fen, 3) + _number(amount_fen, 4) + _number(transaction, 1)
            return head + _exactly(terminal_no, 6, "terminal number") + _bcd(date, 4, "date") + _bcd(time, 3, "time")


def decode_card_info(data: bytes) -> CardInfo:
    """Return file 15.

    Raises:
        WireError: it has not 30 bytes, or the card number is no decimal number.
    """
    _exactly(data, 30, "file 15")
    number = _digits(data[10:20], "card number")[1:]
    # Dates are hexadecimal digits here: cards without an end date are filled with F.
    return CardInfo(data[:8], data[8], data[9], number, data[20:24].hex(), data[24:28].hex(), data[28:])


def decode_balance(data: bytes) -> Balance:
    """Return the balance.

    Raises:
        WireError: it has not 4 bytes, or its top bit is set (an overdraft, whose reading no source settles).
    """
    return Balance(_balance(_exactly(data, 4, "the balance")))


def decode_load_initialized(data: bytes) -> LoadInitialized:
    """Return the answer to INITIALIZE FOR LOAD.

    Raises:
        WireError: it has not 16 bytes, or the balance is an overdraft.
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


def _balance(data: bytes) -> int:
    fen = int.from_bytes(data, "big")
    if fen >= 0x80000000:
        raise WireError("the balance is an overdraft")
    return fen


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
