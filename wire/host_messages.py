"""The messages between terminal and bank host: ISO 8583:1987 fields, our own profile (docs/host-messages.md).

Numbers are packed BCD and texts are ASCII, as Chinese POS hosts have them; DE 48 holds private TLVs. The codec
knows no role: both ends encode and decode every message. A card number never gets into a repr or an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

import iso8583

from wire.errors import WireError
from wire.host_fields import (
    SPEC,
    Fields,
    Tag,
    digit_text,
    exact_bytes,
    number_text,
    padded_text,
    printable_text,
    unsigned_bytes,
)

MAX_MESSAGE_BYTES = 1024
APPROVED = "00"
CURRENCY_CNY = "156"  # ISO 4217
CHALLENGE_BYTES = 8
SIGN_ON, KEY_CHANGE, ECHO_TEST = "001", "161", "301"  # DE 70


class OrderStatus(Enum):
    """What became of a QR order; the value is its byte on the wire."""

    PENDING = 0
    PAID = 1
    EXPIRED = 2


@dataclass(frozen=True, kw_only=True)
class PurseData:
    """What the card answered to INITIALIZE FOR LOAD (80 50), and the terminal number (6 bytes) it was sent with.

    `balance_fen` 0 to 2**32 - 1, `counter` two bytes, `random` and `mac1` four bytes each.
    """

    balance_fen: int
    counter: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes
    terminal_no: bytes


@dataclass(frozen=True, kw_only=True)
class QrOffer:
    """The text of the QR code, 1 to 200 ASCII characters, and for how many seconds (0 to 65535) it can be paid."""

    text: str
    expires_in_s: int


@dataclass(frozen=True, kw_only=True)
class LoadPermission:
    """The host's date (YYYYMMDD), time (hhmmss) and MAC2 (4 bytes) for CREDIT FOR LOAD (80 52)."""

    date: str
    time: str
    mac2: bytes


@dataclass(frozen=True, kw_only=True)
class EchoRequest:
    """0800: is the host there."""

    terminal: str
    stan: int


@dataclass(frozen=True, kw_only=True)
class EchoResponse:
    """0810: it is."""

    terminal: str
    stan: int
    response_code: str


@dataclass(frozen=True, kw_only=True)
class SignOnRequest:
    """0800: the first message of a connection."""

    terminal: str
    stan: int


@dataclass(frozen=True, kw_only=True)
class SignOnResponse:
    """0810: whether the host will do business with this terminal now."""

    terminal: str
    stan: int
    response_code: str


@dataclass(frozen=True, kw_only=True)
class KeyRequest:
    """0800: a new MAC key is wanted; `challenge` are 8 bytes by chance."""

    terminal: str
    stan: int
    challenge: bytes


@dataclass(frozen=True, kw_only=True)
class KeyResponse:
    """0810: the TR-31 block of the key, 1 to 255 characters, there exactly if the response code approves.

    An approving one is sealed with the key that it brings, so the echoed `challenge` proves that it is new.
    """

    terminal: str
    stan: int
    response_code: str
    challenge: bytes
    key_block: str | None = None


@dataclass(frozen=True, kw_only=True)
class JournalHeadRequest:
    """0620: the newest row of the terminal's journal, its number (1 to 2**64 - 1) and its hash (32 bytes)."""

    terminal: str
    stan: int
    row_number: int
    row_hash: bytes


@dataclass(frozen=True, kw_only=True)
class JournalHeadResponse:
    """0630: the host keeps it."""

    terminal: str
    stan: int
    response_code: str
    row_number: int


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """0200/910000: check MAC1 and open a QR order for the amount.

    `terminal` up to 8 and `branch` up to 15 characters, `stan` 1 to 999999, `date` MMDD, `time` hhmmss,
    `order` 1 to 20 characters, `card` 1 to 20 digits.
    """

    terminal: str
    branch: str
    stan: int
    date: str
    time: str
    order: str
    card: str = field(repr=False)
    amount_fen: int
    purse: PurseData


@dataclass(frozen=True, kw_only=True)
class OrderResponse:
    """0210/910000: the QR to show; `offer` is there exactly if the response code approves."""

    terminal: str
    stan: int
    rrn: str
    response_code: str
    order: str
    offer: QrOffer | None = None


@dataclass(frozen=True, kw_only=True)
class StatusRequest:
    """0100/920000: what became of the order."""

    terminal: str
    stan: int
    order: str


@dataclass(frozen=True, kw_only=True)
class StatusResponse:
    """0110/920000: the order's status, there exactly if the response code approves."""

    terminal: str
    stan: int
    response_code: str
    order: str
    status: OrderStatus | None = None


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """0100/930000: check MAC1 of the paid order and make MAC2. Shapes as in OrderRequest."""

    terminal: str
    branch: str
    stan: int
    date: str
    time: str
    order: str
    card: str = field(repr=False)
    amount_fen: int
    purse: PurseData


@dataclass(frozen=True, kw_only=True)
class LoadResponse:
    """0110/930000: the permission to load, there exactly if the response code approves."""

    terminal: str
    stan: int
    rrn: str
    response_code: str
    order: str
    permission: LoadPermission | None = None


@dataclass(frozen=True, kw_only=True)
class ConfirmRequest:
    """0220/940000: the card was loaded; here is its TAC (4 bytes). A `repeat` is an 0221."""

    terminal: str
    branch: str
    stan: int
    date: str
    time: str
    order: str
    amount_fen: int
    tac: bytes
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class ConfirmResponse:
    """0230/940000: whether the host accepts the proof."""

    terminal: str
    stan: int
    rrn: str
    response_code: str
    order: str


@dataclass(frozen=True, kw_only=True)
class ReversalRequest:
    """0400/910000: undo the order that the 0200 with `original_stan` opened, whether or not it arrived.

    `reason` is DE 39: 98 no answer in time, 96 terminal fault, A0 MAC of the answer wrong, 06 other
    (UnionPay POS; facts: money-safety 5.1). A `repeat` is an 0401.
    """

    terminal: str
    branch: str
    stan: int
    date: str
    time: str
    order: str
    amount_fen: int
    reason: str
    original_stan: int
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class ReversalResponse:
    """0410/910000: what goes back to the payer, there exactly if the response code approves."""

    terminal: str
    stan: int
    rrn: str
    response_code: str
    order: str
    refunded_fen: int | None = None


_NetworkRequest = EchoRequest | SignOnRequest | KeyRequest
_NetworkResponse = EchoResponse | SignOnResponse | KeyResponse
_OrderRequest = OrderRequest | StatusRequest | LoadRequest | ConfirmRequest | ReversalRequest
_OrderResponse = OrderResponse | StatusResponse | LoadResponse | ConfirmResponse | ReversalResponse

Request = _NetworkRequest | JournalHeadRequest | _OrderRequest
Response = _NetworkResponse | JournalHeadResponse | _OrderResponse
Message = Request | Response

ORDER, STATUS, LOAD, CONFIRM = "910000", "920000", "930000", "940000"

_ANSWERS: dict[type, type] = {
    EchoRequest: EchoResponse,
    SignOnRequest: SignOnResponse,
    KeyRequest: KeyResponse,
    JournalHeadRequest: JournalHeadResponse,
    OrderRequest: OrderResponse,
    StatusRequest: StatusResponse,
    LoadRequest: LoadResponse,
    ConfirmRequest: ConfirmResponse,
    ReversalRequest: ReversalResponse,
}
_ECHOED = ("terminal", "stan", "order", "challenge", "row_number")


def is_answer(response: Message, request: Request) -> bool:
    """Return whether `response` answers `request`: same kind, terminal, STAN, and order or whatever it is about."""
    return type(response) is _ANSWERS[type(request)] and all(
        getattr(response, name, None) == getattr(request, name, None) for name in _ECHOED
    )


def has_mac(message: Message) -> bool:
    """Return whether `message` carries a MAC where both ends share a key: all but network management does.

    A KeyResponse that approves carries one nevertheless, under the key that it brings.
    """
    return not isinstance(message, _NetworkRequest | _NetworkResponse)


# -- encoding --------------------------------------------------------------------------------------------

_Private = dict[Tag, bytes]
_Body = TypeVar("_Body")


def encode(message: Message) -> bytes:
    """Return the bytes of `message`, without a frame.

    Raises:
        WireError: a value does not fit its field.
    """
    fields, private = _request_parts(message) if isinstance(message, Request) else _response_parts(message)
    fields["11"] = number_text(message.stan, 6, "STAN")
    fields["41"] = padded_text(message.terminal, 8, "terminal number")
    if isinstance(message, _OrderRequest | _OrderResponse):
        private[Tag.ORDER] = printable_text(message.order, 20, "order").encode("ascii")
    if private:
        tlvs = b"".join(
            tag.value.to_bytes(2, "big") + unsigned_bytes(len(private[tag]), 1, tag.name) + private[tag]
            for tag in sorted(private, key=lambda tag: tag.value)
        )
        fields["48"] = tlvs.hex()
    try:
        raw, _ = iso8583.encode(fields, SPEC)
    except iso8583.EncodeError as error:
        raise WireError(f"field {error.field} cannot be encoded") from None
    return bytes(raw)


def _request_parts(message: Request) -> tuple[dict[str, str], _Private]:
    """Return what is particular to each kind of request."""
    match message:
        case EchoRequest():
            return {"t": "0800", "70": ECHO_TEST}, {}
        case SignOnRequest():
            return {"t": "0800", "70": SIGN_ON}, {}
        case KeyRequest(challenge=challenge):
            return {"t": "0800", "70": KEY_CHANGE}, _challenge(challenge)
        case JournalHeadRequest(row_number=number, row_hash=digest):
            return {"t": "0620"}, {**_row(number), Tag.ROW_HASH: exact_bytes(digest, 32, "hash")}
        case OrderRequest():
            return {"t": "0200", "3": ORDER, **_card(message), **_money(message)}, _purse(message.purse)
        case StatusRequest():
            return {"t": "0100", "3": STATUS}, {}
        case LoadRequest():
            return {"t": "0100", "3": LOAD, **_card(message), **_money(message)}, _purse(message.purse)
        case ConfirmRequest(tac=tac, repeat=repeat):
            return {"t": "0221" if repeat else "0220", "3": CONFIRM, **_money(message)}, {
                Tag.TAC: exact_bytes(tac, 4, "TAC")
            }
        case ReversalRequest(reason=reason, original_stan=stan, repeat=repeat):
            # Time and institutions of the original stay zero: STAN, terminal and order already name it.
            original = f"0200{number_text(stan, 6, 'original STAN')}".ljust(42, "0")
            fields = {
                "t": "0401" if repeat else "0400",
                "3": ORDER,
                "39": padded_text(reason, 2, "reason"),
                "90": original,
            }
            return {**fields, **_money(message)}, {}


def _response_parts(message: Response) -> tuple[dict[str, str], _Private]:
    """Return what is particular to each kind of response."""
    code = padded_text(message.response_code, 2, "response code")
    match message:
        case EchoResponse():
            return {"t": "0810", "39": code, "70": ECHO_TEST}, {}
        case SignOnResponse():
            return {"t": "0810", "39": code, "70": SIGN_ON}, {}
        case KeyResponse(challenge=challenge, key_block=block):
            body = _if_approved(message, block, _key_block)
            return {"t": "0810", "39": code, "70": KEY_CHANGE}, {**_challenge(challenge), **body}
        case JournalHeadResponse(row_number=number):
            return {"t": "0630", "39": code}, _row(number)
        case OrderResponse(offer=offer):
            return {"t": "0210", "3": ORDER, "39": code, **_rrn(message)}, _if_approved(message, offer, _offer)
        case StatusResponse(status=status):
            return {"t": "0110", "3": STATUS, "39": code}, _if_approved(message, status, _status)
        case LoadResponse(permission=permission):
            body = _if_approved(message, permission, _permission)
            return {"t": "0110", "3": LOAD, "39": code, **_rrn(message)}, body
        case ConfirmResponse():
            return {"t": "0230", "3": CONFIRM, "39": code, **_rrn(message)}, {}
        case ReversalResponse(refunded_fen=refunded):
            return {"t": "0410", "3": ORDER, "39": code, **_rrn(message)}, _if_approved(message, refunded, _refunded)


def _card(message: OrderRequest | LoadRequest) -> dict[str, str]:
    return {"2": digit_text(message.card, "card number")}


def _money(message: OrderRequest | LoadRequest | ConfirmRequest | ReversalRequest) -> dict[str, str]:
    return {
        "4": number_text(message.amount_fen, 12, "amount"),
        "12": digit_text(message.time, "time", 6),
        "13": digit_text(message.date, "date", 4),
        "42": padded_text(message.branch, 15, "branch"),
        "49": CURRENCY_CNY,
    }


def _rrn(message: OrderResponse | LoadResponse | ConfirmResponse | ReversalResponse) -> dict[str, str]:
    return {"37": padded_text(message.rrn, 12, "RRN")}


def _if_approved(message: Response, body: _Body | None, encode_body: Callable[[_Body], _Private]) -> _Private:
    if (body is not None) != (message.response_code == APPROVED):
        raise WireError("an answer has a body exactly if it approves")
    return {} if body is None else encode_body(body)


def _purse(purse: PurseData) -> _Private:
    return {
        Tag.BALANCE: unsigned_bytes(purse.balance_fen, 4, "balance"),
        Tag.COUNTER: unsigned_bytes(purse.counter, 2, "counter"),
        Tag.KEY_VERSION: unsigned_bytes(purse.key_version, 1, "key version"),
        Tag.ALGORITHM: unsigned_bytes(purse.algorithm, 1, "algorithm"),
        Tag.RANDOM: exact_bytes(purse.random, 4, "random"),
        Tag.MAC1: exact_bytes(purse.mac1, 4, "MAC1"),
        Tag.TERMINAL_NO: exact_bytes(purse.terminal_no, 6, "terminal number of the purse"),
    }


def _offer(offer: QrOffer) -> _Private:
    return {
        Tag.QR_TEXT: printable_text(offer.text, 200, "QR text").encode("ascii"),
        Tag.EXPIRES_IN: unsigned_bytes(offer.expires_in_s, 2, "seconds"),
    }


def _status(status: OrderStatus) -> _Private:
    return {Tag.ORDER_STATUS: bytes([status.value])}


def _permission(permission: LoadPermission) -> _Private:
    return {
        Tag.DATE: bytes.fromhex(digit_text(permission.date, "date", 8)),
        Tag.TIME: bytes.fromhex(digit_text(permission.time, "time", 6)),
        Tag.MAC2: exact_bytes(permission.mac2, 4, "MAC2"),
    }


def _challenge(challenge: bytes) -> _Private:
    return {Tag.CHALLENGE: exact_bytes(challenge, CHALLENGE_BYTES, "challenge")}


def _key_block(block: str) -> _Private:
    return {Tag.KEY_BLOCK: printable_text(block, 255, "key block").encode("ascii")}


def _row(number: int) -> _Private:
    return {Tag.ROW_NUMBER: unsigned_bytes(number, 8, "row number")}


def _refunded(refunded_fen: int) -> _Private:
    return {Tag.REFUNDED: bytes.fromhex(number_text(refunded_fen, 12, "refund"))}


# -- decoding --------------------------------------------------------------------------------------------


def decode(data: bytes) -> Message:
    """Return the message that `data`, without its frame, is.

    Raises:
        WireError: it is none of this profile; the text names the place and never a value of the customer's.
    """
    try:
        raw, _ = iso8583.decode(data, SPEC)
    except iso8583.DecodeError as error:
        raise WireError(f"field {error.field} cannot be decoded") from None
    except KeyError as error:  # the library looks a field of the bitmap up in the table
        raise WireError(f"field {error.args[0]} is not in the profile") from None
    raw.pop("p")
    raw.pop("1", None)
    kind = raw.pop("t"), raw.pop("3", "") + raw.pop("70", "")
    reader = _READERS.get(kind)
    if reader is None:
        raise WireError("no message of this profile has this type, processing code and field 70")
    fields = Fields(raw)
    message = reader(fields)
    fields.finish()
    return message


def _read_ends(fields: Fields) -> dict[str, Any]:
    return {"terminal": fields.text("41"), "stan": fields.number("11")}


def _read_order(fields: Fields) -> dict[str, Any]:
    return {**_read_ends(fields), "order": fields.private_text(Tag.ORDER, 20)}


def _read_money(fields: Fields) -> dict[str, Any]:
    fields.constant("49", CURRENCY_CNY)
    return {
        **_read_order(fields),
        "branch": fields.text("42"),
        "amount_fen": fields.number("4"),
        "time": fields.digits("12"),
        "date": fields.digits("13"),
    }


def _read_purse(fields: Fields) -> PurseData:
    return PurseData(
        balance_fen=fields.private_number(Tag.BALANCE, 4),
        counter=fields.private_number(Tag.COUNTER, 2),
        key_version=fields.private_number(Tag.KEY_VERSION, 1),
        algorithm=fields.private_number(Tag.ALGORITHM, 1),
        random=fields.private(Tag.RANDOM, 4),
        mac1=fields.private(Tag.MAC1, 4),
        terminal_no=fields.private(Tag.TERMINAL_NO, 6),
    )


def _read_answer(fields: Fields) -> dict[str, Any]:
    return {**_read_order(fields), "response_code": fields.text("39"), "rrn": fields.text("37")}


def _read_echo_request(fields: Fields) -> EchoRequest:
    return EchoRequest(**_read_ends(fields))


def _read_echo_response(fields: Fields) -> EchoResponse:
    return EchoResponse(**_read_ends(fields), response_code=fields.text("39"))


def _read_sign_on_request(fields: Fields) -> SignOnRequest:
    return SignOnRequest(**_read_ends(fields))


def _read_sign_on_response(fields: Fields) -> SignOnResponse:
    return SignOnResponse(**_read_ends(fields), response_code=fields.text("39"))


def _read_key_request(fields: Fields) -> KeyRequest:
    return KeyRequest(**_read_ends(fields), challenge=fields.private(Tag.CHALLENGE, CHALLENGE_BYTES))


def _read_key_response(fields: Fields) -> KeyResponse:
    challenge = fields.private(Tag.CHALLENGE, CHALLENGE_BYTES)
    answer = {**_read_ends(fields), "response_code": fields.text("39"), "challenge": challenge}
    if answer["response_code"] != APPROVED:
        return KeyResponse(**answer)
    return KeyResponse(**answer, key_block=fields.private_text(Tag.KEY_BLOCK, 255))


def _read_journal_head_request(fields: Fields) -> JournalHeadRequest:
    number, digest = fields.private_number(Tag.ROW_NUMBER, 8), fields.private(Tag.ROW_HASH, 32)
    return JournalHeadRequest(**_read_ends(fields), row_number=number, row_hash=digest)


def _read_journal_head_response(fields: Fields) -> JournalHeadResponse:
    number = fields.private_number(Tag.ROW_NUMBER, 8)
    return JournalHeadResponse(**_read_ends(fields), response_code=fields.text("39"), row_number=number)


def _read_order_request(fields: Fields) -> OrderRequest:
    return OrderRequest(**_read_money(fields), card=fields.digits("2"), purse=_read_purse(fields))


def _read_order_response(fields: Fields) -> OrderResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return OrderResponse(**answer)
    text, seconds = fields.private_text(Tag.QR_TEXT, 200), fields.private_number(Tag.EXPIRES_IN, 2)
    return OrderResponse(**answer, offer=QrOffer(text=text, expires_in_s=seconds))


def _read_status_request(fields: Fields) -> StatusRequest:
    return StatusRequest(**_read_order(fields))


def _read_status_response(fields: Fields) -> StatusResponse:
    answer = {**_read_order(fields), "response_code": fields.text("39")}
    if answer["response_code"] != APPROVED:
        return StatusResponse(**answer)
    try:
        status = OrderStatus(fields.private_number(Tag.ORDER_STATUS, 1))
    except ValueError:
        raise WireError("private ORDER_STATUS is none of ours") from None
    return StatusResponse(**answer, status=status)


def _read_load_request(fields: Fields) -> LoadRequest:
    return LoadRequest(**_read_money(fields), card=fields.digits("2"), purse=_read_purse(fields))


def _read_load_response(fields: Fields) -> LoadResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return LoadResponse(**answer)
    permission = LoadPermission(
        date=fields.private_digits(Tag.DATE, 8),
        time=fields.private_digits(Tag.TIME, 6),
        mac2=fields.private(Tag.MAC2, 4),
    )
    return LoadResponse(**answer, permission=permission)


def _read_confirm_request(fields: Fields) -> ConfirmRequest:
    return ConfirmRequest(**_read_money(fields), tac=fields.private(Tag.TAC, 4))


def _read_confirm_repeat(fields: Fields) -> ConfirmRequest:
    return replace(_read_confirm_request(fields), repeat=True)


def _read_confirm_response(fields: Fields) -> ConfirmResponse:
    return ConfirmResponse(**_read_answer(fields))


def _read_reversal_request(fields: Fields) -> ReversalRequest:
    original = fields.digits("90")
    if not original.startswith("0200") or original[10:].strip("0"):
        raise WireError("field 90 does not name a 0200 by its STAN alone")
    return ReversalRequest(**_read_money(fields), reason=fields.text("39"), original_stan=int(original[4:10]))


def _read_reversal_repeat(fields: Fields) -> ReversalRequest:
    return replace(_read_reversal_request(fields), repeat=True)


def _read_reversal_response(fields: Fields) -> ReversalResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return ReversalResponse(**answer)
    return ReversalResponse(**answer, refunded_fen=int(fields.private_digits(Tag.REFUNDED, 12)))


_READERS: dict[tuple[str, str], Callable[[Fields], Message]] = {
    ("0800", ECHO_TEST): _read_echo_request,
    ("0810", ECHO_TEST): _read_echo_response,
    ("0800", SIGN_ON): _read_sign_on_request,
    ("0810", SIGN_ON): _read_sign_on_response,
    ("0800", KEY_CHANGE): _read_key_request,
    ("0810", KEY_CHANGE): _read_key_response,
    ("0620", ""): _read_journal_head_request,
    ("0630", ""): _read_journal_head_response,
    ("0200", ORDER): _read_order_request,
    ("0210", ORDER): _read_order_response,
    ("0100", STATUS): _read_status_request,
    ("0110", STATUS): _read_status_response,
    ("0100", LOAD): _read_load_request,
    ("0110", LOAD): _read_load_response,
    ("0220", CONFIRM): _read_confirm_request,
    ("0221", CONFIRM): _read_confirm_repeat,
    ("0230", CONFIRM): _read_confirm_response,
    ("0400", ORDER): _read_reversal_request,
    ("0401", ORDER): _read_reversal_repeat,
    ("0410", ORDER): _read_reversal_response,
}


# -- frames ----------------------------------------------------------------------------------------------


def frame(payload: bytes) -> bytes:
    """Return `payload` behind its length, two bytes, most significant first.

    Raises:
        WireError: it is empty or longer than MAX_MESSAGE_BYTES.
    """
    if not 1 <= len(payload) <= MAX_MESSAGE_BYTES:
        raise WireError(f"a message has 1 to {MAX_MESSAGE_BYTES} bytes and not {len(payload)}")
    return len(payload).to_bytes(2, "big") + payload


class Deframer:
    """Cuts a byte stream into messages; keeps at most one unfinished message.

    A stream of lengths cannot find its way back after a wrong one: after a WireError the connection is lost.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with `data`, without their frames.

        Raises:
            WireError: a length is 0 or above MAX_MESSAGE_BYTES; what was received is forgotten.
        """
        self._buffer += data
        complete: list[bytes] = []
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "big")
            if not 1 <= length <= MAX_MESSAGE_BYTES:
                self._buffer.clear()
                raise WireError(f"a frame claims {length} bytes")
            if len(self._buffer) < 2 + length:
                break
            complete.append(bytes(self._buffer[2 : 2 + length]))
            del self._buffer[: 2 + length]
        return complete
