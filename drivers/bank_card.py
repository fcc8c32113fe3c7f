"""A bank card in any card reader pays: application selection, reading, and the two cryptograms of EMV.

Sources: EMV 4.3 Book 1 chapter 12 (selection), Book 3 chapter 10 (the order of a transaction) and annex C5 (TVR),
Book 4 annex A (terminal data, CVM results, response codes). Not here: authentication of the card without the bank, PINs
that the chip itself checks, issuer scripts; a terminal that always asks the bank need not have them, and the TVR says
so. 61xx and 6Cxx are followed by the reader.
"""

import calendar
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kiosk_core.bank_card import BankCard, BankCardProblem, BankPayment, ChipEnd, ChipRequest
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import CardReader, CardRefusal, ChipPower, ChipProtocol
from kiosk_core.errors import OpenTellerError
from wire import apdu, emv
from wire.apdu import CommandApdu
from wire.emv import Cryptogram, CryptogramKind, DirectoryEntry, ProcessingOptions, Selected, Wanted
from wire.errors import WireError

UNION_PAY_DEBIT = bytes.fromhex("A000000333010101")
UNION_PAY_CREDIT = bytes.fromhex("A000000333010102")
"""Facts: social-security-card.md 2."""

_FILE_NOT_FOUND = 0x6A82
_RECORD_NOT_FOUND = 0x6A83
_BLOCKED = frozenset({0x6A81, 0x6283, 0x6983})  # card or function blocked, application blocked, PIN tries are gone
_MOST_RECORDS = 30  # of a directory, and of all files of an application: a card that has more is none of ours
_MANDATORY = ("5A", "5F24", "8C", "8D")  # Book 3 table 26
_APPROVED = "00"

# Terminal verification results, five bytes (C5): byte and bit of what is set here.
_NO_OFFLINE_AUTHENTICATION = (0, 0x80)
_EXPIRED = (1, 0x40)
_ONLINE_PIN_ENTERED = (2, 0x04)
_ISSUER_AUTHENTICATION_FAILED = (4, 0x40)

_AUTHENTICATES_ISSUER = 0x04  # byte 1 of the application interchange profile (C1)

_ONLINE_PIN = bytes.fromhex("020000")  # CVM results: enciphered PIN online, always, result not known here (A4)
_NO_CVM = bytes.fromhex("1F0002")  # no verification, always, successful

# What goes to the host beside what the card gives (DE 55).
_REQUEST_TAGS = (
    *("9F26", "9F27", "9F10", "9F37", "9F36", "95", "9A", "9C", "9F02", "5F2A", "82", "9F1A", "9F03", "9F33"),
    *("9F34", "9F35", "9F1E", "84", "9F09", "9F41"),
)


@dataclass(frozen=True)
class ChipTerminal:
    """What the terminal says of itself; the acquirer gives these (Book 4 annex A). Codes of ISO 3166 and ISO 4217.

    `kind` 14 is a bank's unattended terminal that always asks the bank (A1). `capabilities` 604020: stripe and chip,
    PIN to the bank, keeps cards (A2). `application_version` is the payment system's, two bytes.
    """

    applications: tuple[bytes, ...] = (UNION_PAY_DEBIT, UNION_PAY_CREDIT)
    country: str = "0156"
    currency: str = "0156"
    kind: str = "14"
    capabilities: bytes = bytes.fromhex("604020")
    application_version: bytes = bytes.fromhex("0020")
    serial: str = "00000000"
    transaction_type: str = "00"


@dataclass
class _Begun:
    """A payment that the chip knows of."""

    selected: Selected
    options: ProcessingOptions
    objects: Mapping[str, bytes] = field(repr=False)
    terminal: dict[str, bytes] = field(repr=False)
    requested: bool = False


class _Refused(Exception):
    """The card cannot go on; the reason is the caller's answer."""

    def __init__(self, problem: BankCardProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class EmvBankCard:
    """A kiosk_core.bank_card.BankCardChip over a card reader. Blocking; the thread of the reader owns it."""

    def __init__(self, reader: CardReader, terminal: ChipTerminal | None = None) -> None:
        self._reader = reader
        self._terminal = terminal or ChipTerminal()
        self._begun: _Begun | None = None

    def begin(self, payment: BankPayment) -> BankCard | BankCardProblem:
        """Power the chip, choose an application and read it."""
        self._begun = None
        try:
            self._power()
            selected = self._select(self._candidates())
            terminal = self._terminal_data(payment)
            options = self._options(selected, terminal)
            objects = self._read(options)
            card = _card(objects, selected)
            _set(terminal, _NO_OFFLINE_AUTHENTICATION)
            if card.expires < payment.at.date():
                _set(terminal, _EXPIRED)
        except _Refused as refused:
            return refused.problem
        except WireError:
            return BankCardProblem.UNREADABLE
        self._begun = _Begun(selected, options, objects, terminal)
        return card

    def authorise(self, *, pin_entered: bool) -> ChipRequest | BankCardProblem:
        """Have the chip ask for the bank's decision; a chip that decides by itself declines or is not obeyed."""
        begun = self._begun
        if begun is None or begun.requested:
            raise ValueError("begin a payment first, and authorise it once")
        begun.requested = True
        if pin_entered:
            _set(begun.terminal, _ONLINE_PIN_ENTERED)
        begun.terminal["9F34"] = _ONLINE_PIN if pin_entered else _NO_CVM
        try:
            cryptogram = self._cryptogram(CryptogramKind.ARQC, begun, "8C")
        except _Refused as refused:
            self._end()
            return refused.problem
        except WireError:
            self._end()
            return BankCardProblem.UNREADABLE
        if cryptogram.kind is CryptogramKind.AAC:
            self._end()
            return BankCardProblem.DECLINED
        if cryptogram.kind is CryptogramKind.TC:  # it may not approve when it was asked to ask the bank
            self._end()
            return BankCardProblem.UNREADABLE
        return ChipRequest(emv.encode_objects(_request_objects(begun, cryptogram)))

    def complete(self, response_code: str, issuer_data: bytes) -> ChipEnd:
        """Tell the chip what the bank has decided; whatever goes wrong after an approval is UNKNOWN."""
        begun = self._begun
        if begun is None or not begun.requested:
            raise ValueError("authorise a payment first")
        approved = response_code == _APPROVED
        begun.terminal["8A"] = response_code.encode("ascii")
        begun.terminal["91"] = _issuer_authentication(issuer_data)
        wanted = CryptogramKind.TC if approved else CryptogramKind.AAC
        try:
            self._authenticate_issuer(begun)
            cryptogram = self._cryptogram(wanted, begun, "8D")
        except (_Refused, WireError):
            return ChipEnd.UNKNOWN if approved else ChipEnd.DECLINED
        finally:
            self._end()
        return ChipEnd.APPROVED if approved and cryptogram.kind is CryptogramKind.TC else ChipEnd.DECLINED

    # -- the steps -------------------------------------------------------------------------------------------

    def _authenticate_issuer(self, begun: _Begun) -> None:
        """Let a chip that wants to know that the bank is its own check it; the chip decides what follows (10.9)."""
        if not begun.terminal["91"] or not begun.options.profile[0] & _AUTHENTICATES_ISSUER:
            return
        status, _ = self._send(emv.external_authenticate(begun.terminal["91"]))
        if status != apdu.OK:
            _set(begun.terminal, _ISSUER_AUTHENTICATION_FAILED)

    def _power(self) -> None:
        raw = self._reader.read_raw_data()
        if isinstance(raw, CardRefusal):
            gone = raw is CardRefusal.NO_MEDIA
            raise _Refused(BankCardProblem.NOT_PRESENT if gone else BankCardProblem.UNREADABLE)

    def _end(self) -> None:
        """Take the chip's power. A reader that is lost by now changes nothing about how the payment ended."""
        self._begun = None
        with contextlib.suppress(OpenTellerError):
            self._reader.chip_power(ChipPower.OFF)

    def _candidates(self) -> list[bytes]:
        """Return the AIDs to try, best first: what the card's directory has of ours, else ours in their order."""
        status, data = self._send(emv.select(emv.CONTACT_DIRECTORY))
        if status in _BLOCKED:
            raise _Refused(BankCardProblem.BLOCKED)
        if status != apdu.OK:
            return list(self._terminal.applications)
        file = emv.decode_selected(data).directory_file
        if file is None:
            return list(self._terminal.applications)
        entries: list[DirectoryEntry] = []
        for record in range(1, _MOST_RECORDS + 1):
            status, data = self._send(emv.read_record(file, record))
            if status == _RECORD_NOT_FOUND:
                break
            if status != apdu.OK:
                raise _Refused(BankCardProblem.UNREADABLE)
            entries += emv.decode_directory(data)
        # Nobody is asked which application he wants, so one that the customer must confirm is none for us.
        ours = [entry for entry in entries if self._is_ours(entry.aid) and not entry.by_customer]
        return [entry.aid for entry in sorted(ours, key=lambda entry: entry.priority or 16)]

    def _is_ours(self, aid: bytes) -> bool:
        return any(aid.startswith(each) for each in self._terminal.applications)

    def _select(self, candidates: Iterable[bytes]) -> Selected:
        blocked = False
        for aid in candidates:
            status, data = self._send(emv.select(aid))
            blocked = blocked or status in _BLOCKED
            if status == apdu.OK:
                selected = emv.decode_selected(data)
                if self._is_ours(selected.name):
                    return selected
        raise _Refused(BankCardProblem.BLOCKED if blocked else BankCardProblem.NOT_ACCEPTED)

    def _terminal_data(self, payment: BankPayment) -> dict[str, bytes]:
        terminal = self._terminal
        return {
            "9F02": bytes.fromhex(f"{payment.amount_fen:012d}"),
            "9F03": bytes(6),
            "9F1A": bytes.fromhex(terminal.country),
            "5F2A": bytes.fromhex(terminal.currency),
            "95": bytes(5),
            "9A": bytes.fromhex(f"{payment.at:%y%m%d}"),
            "9F21": bytes.fromhex(f"{payment.at:%H%M%S}"),
            "9C": bytes.fromhex(terminal.transaction_type),
            "9F37": payment.unpredictable,
            "9F33": terminal.capabilities,
            "9F35": bytes.fromhex(terminal.kind),
            "9F09": terminal.application_version,
            "9F1E": terminal.serial.encode("ascii"),
            "9F41": bytes.fromhex(f"{payment.sequence:08d}"),
        }

    def _options(self, selected: Selected, terminal: Mapping[str, bytes]) -> ProcessingOptions:
        command = emv.get_processing_options(emv.fill_list(selected.asks, terminal))
        return emv.decode_processing_options(self._ask(command))

    def _read(self, options: ProcessingOptions) -> dict[str, bytes]:
        objects: dict[str, bytes] = {}
        if sum(each.last - each.first + 1 for each in options.records) > _MOST_RECORDS:
            raise _Refused(BankCardProblem.UNREADABLE)
        for each in options.records:
            for record in range(each.first, each.last + 1):
                for tag, value in emv.decode_record(self._ask(emv.read_record(each.file, record))).items():
                    if tag in objects:  # Book 3, 10.2: redundant objects are not permitted
                        raise _Refused(BankCardProblem.UNREADABLE)
                    objects[tag] = value
        if any(tag not in objects for tag in _MANDATORY):
            raise _Refused(BankCardProblem.UNREADABLE)
        return objects

    def _cryptogram(self, kind: CryptogramKind, begun: _Begun, list_tag: str) -> Cryptogram:
        entries: Sequence[Wanted] = emv.decode_list(begun.objects[list_tag])
        return emv.decode_cryptogram(self._ask(emv.generate_ac(kind, emv.fill_list(entries, begun.terminal))))

    # -- the line --------------------------------------------------------------------------------------------

    def _ask(self, command: CommandApdu) -> bytes:
        status, data = self._send(command)
        if status in _BLOCKED:
            raise _Refused(BankCardProblem.BLOCKED)
        if status != apdu.OK:
            raise _Refused(BankCardProblem.UNREADABLE)
        return data

    def _send(self, command: CommandApdu) -> tuple[int, bytes]:
        answer = self._reader.chip_io(ChipProtocol.NOT_REQUIRED, apdu.encode_command(command))
        if isinstance(answer, CardRefusal):
            gone = answer in {CardRefusal.NO_MEDIA, CardRefusal.MOVED_BY_HAND}
            raise _Refused(BankCardProblem.NOT_PRESENT if gone else BankCardProblem.UNREADABLE)
        response = apdu.decode_response(answer.data)
        return response.status_word, response.data


def _set(terminal: dict[str, bytes], flag: tuple[int, int]) -> None:
    """Set a bit of the terminal verification results."""
    results = bytearray(terminal["95"])
    results[flag[0]] |= flag[1]
    terminal["95"] = bytes(results)


def _card(objects: Mapping[str, bytes], selected: Selected) -> BankCard:
    number = objects["5A"].hex().upper().rstrip("F")
    track2 = objects.get("57", b"").hex().upper().rstrip("F").replace("D", "=")
    if track2 and not track2.startswith(f"{number}="):
        raise _Refused(BankCardProblem.UNREADABLE)
    sequence = objects.get("5F34")
    try:
        return BankCard(
            CardNumber(number),
            _last_day(objects["5F24"].hex()),
            int(sequence.hex()) if sequence is not None else None,
            selected.label,
            track2,
        )
    except ValueError:
        raise _Refused(BankCardProblem.UNREADABLE) from None


def _issuer_authentication(issuer_data: bytes) -> bytes:
    """Return tag 91 of what the bank sent, b"" where there is none that could be: it is the chip that decides."""
    try:
        found = [each.value for each in emv.decode_objects(issuer_data) if each.tag == "91"]
    except WireError:
        return b""
    return found[0] if found and 8 <= len(found[0]) <= 16 else b""


def _last_day(expires: str) -> date:
    """Return the last good day of YYMMDD, the month's where the card says day 00; 50 to 99 is 1950 to 1999 (Book 4)."""
    if len(expires) != 6:
        raise ValueError("a date has three bytes")
    short, month, day = int(expires[:2]), int(expires[2:4]), int(expires[4:])
    year = short + (1900 if short >= 50 else 2000)
    return date(year, month, day or calendar.monthrange(year, month)[1])


def _request_objects(begun: _Begun, cryptogram: Cryptogram) -> list[tuple[str, bytes]]:
    given = {
        **begun.terminal,
        "9F26": cryptogram.mac,
        "9F27": bytes((cryptogram.information,)),
        "9F10": cryptogram.issuer_data,
        "9F36": cryptogram.counter.to_bytes(2, "big"),
        "82": begun.options.profile,
        "84": begun.selected.name,
    }
    return [(tag, given[tag]) for tag in _REQUEST_TAGS if given[tag]]
