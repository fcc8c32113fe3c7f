"""The settlement file of a day: what the bank host booked, as text, to frozen dataclasses and back.

This is the project's own profile, as docs/host-messages.md is: real banks each have their own. The file is UTF-8,
every line ends in LF, fields are divided by `|` and never empty but for `card`. Codes are spelt as the Enums' values.

    H|OPENTELLER-SETTLEMENT|1|20261122|156
    D|T0000001-000042|T0000001|000042|000000000123|20261122|214830|payment|000000005000|loaded|N|310487*********7890
    D|T0000001-000042|T0000001|000044|000000000125|20261122|214841|load|000000005000|loaded|Y|310487*********7890
    T|2|000000010000|(64 hexadecimal digits)

- `H`, once, first: name and version of the format, the day (YYYYMMDD), the currency (ISO 4217).
- `D`, one for each booking, in the order of booking: order (1 to 20 characters), terminal (DE 41, 1 to 8),
  STAN (DE 11, 6 digits) and RRN (DE 37, 12 characters) of the message that caused it, date (YYYYMMDD, the day of the
  header) and time (hhmmss) of the host, kind, amount in fen (12 digits), state of the order at the end of the day,
  whether the card's TAC is verified (`Y` or `N`; `Y` for loads only), the masked card number (first six and last four
  digits, or nothing where the host never knew the card): of what a bank card paid, that one in the payment and the
  refund. An order has at most one booking of a kind.
- `T`, once, last: how many `D` lines there are, the sum of their amounts (at least 12 digits), and the SHA-256 of all
  bytes before this line.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import TypeVar

from wire.errors import WireError

_NAME = "OPENTELLER-SETTLEMENT"
_VERSION = "1"
_CNY = "156"
_HEADER_FIELDS, _ENTRY_FIELDS, _TRAILER_FIELDS = 5, 12, 4
_CARD = re.compile(r"(\d{6}\*{2,10}\d{4})?", re.ASCII)

_Value = TypeVar("_Value")
_Code = TypeVar("_Code", bound=Enum)


class BookingKind(Enum):
    """What was booked; the value is its word in the file."""

    PAYMENT = "payment"
    """The payer was debited."""
    LOAD = "load"
    """The host allowed a load (TAC not verified yet), or verified the proof of one."""
    REVERSAL = "reversal"
    """The terminal reversed the order, paid or not; the amount is the order's."""
    REFUND = "refund"
    """The payer got the money back."""
    SUSPENSE = "suspense"
    """The terminal told that it does not know whether the card was loaded; the amount is the order's."""


class SettledState(Enum):
    """What had become of the order at the end of the day; the value is its word in the file."""

    OPEN = "open"
    """Paid or allowed to be loaded, neither loaded nor given back: it is in the bank's suspense."""
    SUSPENSE = "suspense"
    """OPEN, and its terminal does not know either."""
    DEPOSITED = "deposited"
    """Paid, and on the account of a bank card."""
    LOADED = "loaded"
    """The card proved the load, and the money was not given back."""
    REVERSED = "reversed"
    """Closed; what had been paid was given back."""
    DISPUTED = "disputed"
    """The card proved the load, and the money was given back too."""


@dataclass(frozen=True, kw_only=True)
class SettlementEntry:
    """One booking. Shapes as in the module's description; `amount_fen` 0 to 10**12 - 1, `card` masked or empty."""

    order: str
    terminal: str
    stan: int
    rrn: str
    date: date
    time: time
    kind: BookingKind
    amount_fen: int
    state: SettledState
    tac_proven: bool
    card: str


@dataclass(frozen=True)
class Settlement:
    """All that the host booked on a day, in the order of booking."""

    date: date
    entries: tuple[SettlementEntry, ...]

    @property
    def sum_fen(self) -> int:
        """The sum of all amounts: a check of the file, no balance."""
        return sum(entry.amount_fen for entry in self.entries)


def encode(settlement: Settlement) -> bytes:
    """Return the file.

    Raises:
        WireError: a value does not fit its field, or the bookings break a rule of the file.
    """
    header = f"H|{_NAME}|{_VERSION}|{settlement.date.year:04}{settlement.date:%m%d}|{_CNY}"
    body = "".join(f"{line}\n" for line in (header, *map(_line, settlement.entries))).encode("utf-8")
    trailer = f"T|{len(settlement.entries)}|{settlement.sum_fen:012}|{hashlib.sha256(body).hexdigest()}\n"
    data = body + trailer.encode("ascii")
    if decode(data) != settlement:  # also the check of every value: the rules stand once, in `decode`
        raise WireError("the bookings do not fit the file")
    return data


def decode(data: bytes) -> Settlement:
    """Return what the file says; it is refused as a whole if anything in it is wrong.

    Raises:
        WireError: it names the line, from 1, and the field.
    """
    lines = _lines(data)
    day = _header(lines[0])
    entries = tuple(_entry(line, number, day) for number, line in enumerate(lines[1:-1], 2))
    seen: set[tuple[str, BookingKind]] = set()
    for number, entry in enumerate(entries, 2):
        if (entry.order, entry.kind) in seen:
            raise _wrong(number, "kind", f"is the second {entry.kind.value} of its order")
        seen.add((entry.order, entry.kind))
    settlement = Settlement(day, entries)
    _check_trailer(lines[-1], len(lines), settlement, data)
    return settlement


def _line(entry: SettlementEntry) -> str:
    return "|".join(
        (
            "D",
            entry.order,
            entry.terminal,
            f"{entry.stan:06}",
            entry.rrn,
            f"{entry.date:%Y%m%d}",
            f"{entry.time:%H%M%S}",
            entry.kind.value,
            f"{entry.amount_fen:012}",
            entry.state.value,
            "Y" if entry.tac_proven else "N",
            entry.card,
        )
    )


def _wrong(line: int, field: str, problem: str) -> WireError:
    return WireError(f"line {line}, {field}: {problem}")


def _lines(data: bytes) -> list[str]:
    """Return the lines of a file that begins and ends as one."""
    if not data:
        raise _wrong(1, "line", "is missing: the file is empty")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(data.count(b"\n", 0, error.start) + 1, "line", "is not UTF-8") from None
    *lines, rest = text.split("\n")
    if rest or len(lines) < 2 or not lines[-1].startswith("T|"):  # a header and a trailer
        raise _wrong(len(lines) + bool(rest), "line", "is not the trailer, with which a whole file ends")
    return lines


def _header(line: str) -> date:
    fields = _split(line, 1, "H", _HEADER_FIELDS)
    name, version, day, currency = fields
    for field, value, wanted in (("name", name, _NAME), ("version", version, _VERSION), ("currency", currency, _CNY)):
        if value != wanted:
            raise _wrong(1, field, f"is not {wanted}")
    return _read(1, "date", day, _day)


def _entry(line: str, number: int, day: date) -> SettlementEntry:
    (order, terminal, stan, rrn, on, at, kind, amount, state, proven, card) = _split(line, number, "D", _ENTRY_FIELDS)
    entry = SettlementEntry(
        order=_read(number, "order", order, _text_of(1, 20)),
        terminal=_read(number, "terminal", terminal, _text_of(1, 8)),
        stan=_read(number, "STAN", stan, _number_of(6)),
        rrn=_read(number, "RRN", rrn, _text_of(12, 12)),
        date=_read(number, "date", on, _day),
        time=_read(number, "time", at, _moment),
        kind=_read(number, "kind", kind, _code_of(BookingKind)),
        amount_fen=_read(number, "amount", amount, _number_of(12)),
        state=_read(number, "state", state, _code_of(SettledState)),
        tac_proven=_read(number, "TAC", proven, _yes_or_no),
        card=_read(number, "card", card, _masked),
    )
    if entry.date != day:
        raise _wrong(number, "date", "is not the day of the header")
    if entry.tac_proven and entry.kind is not BookingKind.LOAD:
        raise _wrong(number, "TAC", f"is verified of a {entry.kind.value}")
    return entry


def _check_trailer(line: str, number: int, settlement: Settlement, data: bytes) -> None:
    count, total, digest = _split(line, number, "T", _TRAILER_FIELDS)
    if count != str(len(settlement.entries)):
        raise _wrong(number, "count", f"is not the {len(settlement.entries)} of the lines above")
    if total != f"{settlement.sum_fen:012}":
        raise _wrong(number, "sum", f"is not the {settlement.sum_fen:012} of the lines above")
    body = len(data) - len(f"{line}\n".encode())
    if digest != hashlib.sha256(data[:body]).hexdigest():
        raise _wrong(number, "SHA-256", "is not that of the lines above")


def _split(line: str, number: int, mark: str, count: int) -> list[str]:
    """Return the fields behind the mark of a line."""
    found, *fields = line.split("|")
    if found != mark:
        raise _wrong(number, "mark", f"is not {mark}")
    if len(fields) != count - 1:
        raise _wrong(number, "line", f"has {len(fields) + 1} fields and not {count}")
    return fields


def _read(line: int, field: str, text: str, read: Callable[[str], _Value]) -> _Value:
    """Return the value of a field, whose `read` says in a ValueError what is wrong with it, without its contents."""
    try:
        return read(text)
    except ValueError as error:
        raise _wrong(line, field, str(error)) from None


def _text_of(shortest: int, longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not (shortest <= len(text) <= longest and text.isascii() and text.isprintable()) or text != text.strip():
            size = longest if shortest == longest else f"{shortest} to {longest}"
            raise ValueError(f"is not {size} printable ASCII characters")
        return text

    return read


def _number_of(digits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if len(text) != digits or not (text.isascii() and text.isdigit()):
            raise ValueError(f"is not {digits} decimal digits")
        return int(text)

    return read


def _code_of(codes: type[_Code]) -> Callable[[str], _Code]:
    def read(text: str) -> _Code:
        try:
            return codes(text)
        except ValueError:
            raise ValueError(f"is none of {', '.join(each.value for each in codes)}") from None

    return read


def _day(text: str) -> date:
    _number_of(8)(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no day") from None


def _moment(text: str) -> time:
    _number_of(6)(text)
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError("is no time of day") from None


def _yes_or_no(text: str) -> bool:
    if text not in {"Y", "N"}:
        raise ValueError("is neither Y nor N")
    return text == "Y"


def _masked(text: str) -> str:
    if not _CARD.fullmatch(text):
        raise ValueError("is not a masked card number")
    return text
