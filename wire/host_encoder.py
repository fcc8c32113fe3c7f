"""From host messages to bytes (docs/host-messages.md)."""

from collections.abc import Callable
from typing import TypeVar

import iso8583

from wire.errors import WireError
from wire.host_fields import (
    APPROVAL_CHARACTERS,
    CHANGE_RECORD,
    CHARGE,
    CHIP_BYTES,
    CHIP_WITH_PIN,
    CHIP_WITHOUT_PIN,
    CONFIRM,
    CURRENCY_CNY,
    DEPOSIT,
    ECHO_TEST,
    ID_CARD_FILE,
    INQUIRE,
    ISSUER,
    KEY_CHANGE,
    LOAD,
    LONGEST_PIN,
    NORMAL_CONDITION,
    ORDER,
    PIN_KEY,
    PIN_KEY_IN_USE,
    SIGN_ON,
    SPEC,
    STATUS,
    SUSPENSE,
    Tag,
    check_value_bytes,
    digit_text,
    exact_bytes,
    id_number_text,
    number_text,
    packed_commands,
    padded_text,
    personal_text,
    printable_text,
    track2_text,
    unsigned_bytes,
)
from wire.host_messages import (
    APPROVED,
    CHALLENGE_BYTES,
    ChargeRequest,
    ChargeResponse,
    ConfirmRequest,
    ConfirmResponse,
    DepositRequest,
    DepositResponse,
    EchoRequest,
    EchoResponse,
    FileRequest,
    FileResponse,
    IdInquiryRequest,
    IdInquiryResponse,
    IdUpdateRequest,
    IdUpdateResponse,
    IssuerRequest,
    IssuerResponse,
    JournalHeadRequest,
    JournalHeadResponse,
    KeyRequest,
    KeyResponse,
    LoadRequest,
    LoadResponse,
    Message,
    OrderedRequest,
    OrderedResponse,
    OrderRequest,
    OrderResponse,
    PinKeyInUseRequest,
    PinKeyInUseResponse,
    PinKeyRequest,
    PinKeyResponse,
    Request,
    Response,
    ReversalRequest,
    ReversalResponse,
    SignOnRequest,
    SignOnResponse,
    StatusRequest,
    StatusResponse,
    SuspenseRequest,
    SuspenseResponse,
)
from wire.host_values import (
    Approval,
    BroughtKey,
    LoadPermission,
    OrderStatus,
    PayingCard,
    PinScheme,
    PurseData,
    QrOffer,
)

_Private = dict[Tag, bytes]
_Body = TypeVar("_Body")
_Parts = TypeVar("_Parts", dict[str, str], dict[Tag, bytes])
_Money = (
    OrderRequest | ChargeRequest | DepositRequest | LoadRequest | ConfirmRequest | SuspenseRequest | ReversalRequest
)
_Remembered = (
    OrderResponse
    | ChargeResponse
    | DepositResponse
    | LoadResponse
    | ConfirmResponse
    | SuspenseResponse
    | ReversalResponse
    | IdUpdateResponse
)


def encode(message: Message) -> bytes:
    """Return the bytes of `message`, without a frame.

    Raises:
        WireError: a value does not fit its field.
    """
    fields, private = _request_parts(message) if isinstance(message, Request) else _response_parts(message)
    fields["11"] = number_text(message.stan, 6, "STAN")
    fields["41"] = padded_text(message.terminal, 8, "terminal number")
    if isinstance(message, OrderedRequest | OrderedResponse | FileRequest | FileResponse):
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
        case PinKeyRequest(challenge=challenge):
            return {"t": "0800", "70": PIN_KEY}, _challenge(challenge)
        case PinKeyInUseRequest(check_value=value):
            return {"t": "0800", "70": PIN_KEY_IN_USE}, _check_value(value)
        case JournalHeadRequest(row_number=number, row_hash=digest, confirmed=confirmed):
            hashes = {
                Tag.ROW_HASH: exact_bytes(digest, 32, "hash"),
                Tag.CONFIRMED_ROW: exact_bytes(confirmed, 32, "hash of the confirmed row"),
            }
            return {"t": "0620"}, {**_row(number), **hashes}
        case IdUpdateRequest():
            return {"t": "0300", **_file(CHANGE_RECORD), **_when_and_where(message)}, _id_card(message)
        case IdInquiryRequest():
            return {"t": "0300", **_file(INQUIRE), **_when_and_where(message)}, {}
        case _:
            return _ordered_request_parts(message)


def _ordered_request_parts(message: OrderedRequest) -> tuple[dict[str, str], _Private]:
    match message:
        case OrderRequest():
            return {"t": "0200", "3": ORDER, **_card(message), **_money(message)}, _purse(message.purse)
        case ChargeRequest(card=card, payer=payer):
            fields, pin = _payer(payer)
            private = {**_purse(message.purse), Tag.TRANSIT_CARD: _transit_card(card), **pin}
            return {"t": "0200", "3": CHARGE, **fields, **_money(message)}, private
        case DepositRequest():
            return {"t": "0200", "3": DEPOSIT, **_card(message), **_money(message)}, {}
        case StatusRequest():
            return {"t": "0100", "3": STATUS}, {}
        case LoadRequest():
            return {"t": "0100", "3": LOAD, **_card(message), **_money(message)}, _purse(message.purse)
        case IssuerRequest(expires=expires, challenge=challenge):
            fields = {"t": "0100", "3": ISSUER, **_card(message), **_when_and_where(message)}
            return fields, {Tag.EXPIRES: _packed(expires, "expiry", 8), **_challenge(challenge)}
        case ConfirmRequest(tac=tac, repeat=repeat):
            return {"t": "0221" if repeat else "0220", "3": CONFIRM, **_money(message)}, {
                Tag.TAC: exact_bytes(tac, 4, "TAC")
            }
        case SuspenseRequest(counter=counter, repeat=repeat):
            return {"t": "0221" if repeat else "0220", "3": SUSPENSE, **_money(message)}, {
                Tag.COUNTER: unsigned_bytes(counter, 2, "counter"),
                Tag.DATE: _packed(message.authorised_date, "date", 8),
                Tag.TIME: _packed(message.authorised_time, "time", 6),
            }
        case ReversalRequest(reason=reason, original_stan=stan, original_at=at, repeat=repeat):
            # The institutions of the original stay zero: nobody stands between terminal and bank.
            original = f"0200{number_text(stan, 6, 'original STAN')}{digit_text(at, 'time of the original', 10)}"
            fields = {
                "t": "0401" if repeat else "0400",
                "3": ORDER,
                "39": padded_text(reason, 2, "reason"),
                "90": original.ljust(42, "0"),
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
        case PinKeyResponse(challenge=challenge, key=key):
            return {"t": "0810", "39": code, "70": PIN_KEY}, {
                **_challenge(challenge),
                **_if_approved(message, key, _brought_key),
            }
        case PinKeyInUseResponse(check_value=value):
            return {"t": "0810", "39": code, "70": PIN_KEY_IN_USE}, _check_value(value)
        case JournalHeadResponse(row_number=number):
            return {"t": "0630", "39": code}, _row(number)
        case IdUpdateResponse():
            return {"t": "0310", "39": code, **_file(CHANGE_RECORD), **_rrn(message)}, {}
        case IdInquiryResponse(taken=taken):
            return {"t": "0310", "39": code, **_file(INQUIRE)}, _if_approved(message, taken, _taken)
        case _:
            return _ordered_response_parts(message, code)


def _ordered_response_parts(message: OrderedResponse, code: str) -> tuple[dict[str, str], _Private]:
    match message:
        case OrderResponse(offer=offer):
            return {"t": "0210", "3": ORDER, "39": code, **_rrn(message)}, _if_approved(message, offer, _offer)
        case ChargeResponse(approval=approval):
            fields = _if_approved(message, approval, _approval)
            return {"t": "0210", "3": CHARGE, "39": code, **_rrn(message), **fields}, {}
        case DepositResponse(offer=offer):
            return {"t": "0210", "3": DEPOSIT, "39": code, **_rrn(message)}, _if_approved(message, offer, _offer)
        case StatusResponse(status=status):
            return {"t": "0110", "3": STATUS, "39": code}, _if_approved(message, status, _status)
        case LoadResponse(permission=permission):
            body = _if_approved(message, permission, _permission)
            return {"t": "0110", "3": LOAD, "39": code, **_rrn(message)}, body
        case IssuerResponse(challenge=challenge, commands=commands):
            body = _if_approved(message, commands, _commands)
            return {"t": "0110", "3": ISSUER, "39": code}, {**_challenge(challenge), **body}
        case ConfirmResponse():
            return {"t": "0230", "3": CONFIRM, "39": code, **_rrn(message)}, {}
        case SuspenseResponse():
            return {"t": "0230", "3": SUSPENSE, "39": code, **_rrn(message)}, {}
        case ReversalResponse(refunded_fen=refunded):
            return {"t": "0410", "3": ORDER, "39": code, **_rrn(message)}, _if_approved(message, refunded, _refunded)


def _card(message: OrderRequest | DepositRequest | LoadRequest | IssuerRequest) -> dict[str, str]:
    return {"2": digit_text(message.card, "card number")}


def _payer(payer: PayingCard) -> tuple[dict[str, str], _Private]:
    """Return the fields of the bank card, and the private TLV of a PIN block that is too long for its field."""
    if not 1 <= len(payer.chip) <= CHIP_BYTES:
        raise WireError(f"the chip's data are not 1 to {CHIP_BYTES} bytes")
    fields = {
        "2": digit_text(payer.number, "number of the bank card"),
        "14": digit_text(payer.expires, "expiry", 4),
        "22": CHIP_WITHOUT_PIN if payer.pin is None else CHIP_WITH_PIN,
        "25": NORMAL_CONDITION,
        "55": payer.chip.hex(),
    }
    if payer.sequence is not None:
        fields["23"] = number_text(payer.sequence, 3, "sequence number")
    if payer.track2:
        fields["35"] = track2_text(payer.track2).replace("=", "D")
    if payer.pin is None:
        return fields, {}
    fields |= {"26": LONGEST_PIN, "53": payer.pin.scheme.value.ljust(16, "0")}
    block = exact_bytes(payer.pin.block, payer.pin.scheme.block_bytes, "PIN block")
    if payer.pin.scheme is PinScheme.ISO4_AES:
        return fields, {Tag.PIN_BLOCK: block}
    return fields | {"52": block.hex()}, {}


def _transit_card(number: str) -> bytes:
    return printable_text(digit_text(number, "card number"), 20, "card number").encode("ascii")


def _approval(approval: Approval) -> dict[str, str]:
    if len(approval.issuer_data) > CHIP_BYTES:
        raise WireError(f"the data for the chip are more than {CHIP_BYTES} bytes")
    fields = {"38": padded_text(approval.code, APPROVAL_CHARACTERS, "approval")}
    return fields | {"55": approval.issuer_data.hex()} if approval.issuer_data else fields


def _money(message: _Money) -> dict[str, str]:
    return {
        "4": number_text(message.amount_fen, 12, "amount"),
        **_when_and_where(message),
        "49": CURRENCY_CNY,
    }


def _when_and_where(message: _Money | IssuerRequest | FileRequest) -> dict[str, str]:
    return {
        "12": digit_text(message.time, "time", 6),
        "13": digit_text(message.date, "date", 4),
        "42": padded_text(message.branch, 15, "branch"),
    }


def _rrn(message: _Remembered) -> dict[str, str]:
    return {"37": padded_text(message.rrn, 12, "RRN")}


def _if_approved(message: Response, body: _Body | None, encode_body: Callable[[_Body], _Parts]) -> _Parts:
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
        Tag.DATE: _packed(permission.date, "date", 8),
        Tag.TIME: _packed(permission.time, "time", 6),
        Tag.MAC2: exact_bytes(permission.mac2, 4, "MAC2"),
    }


def _commands(commands: tuple[bytes, ...]) -> _Private:
    return {Tag.COMMANDS: packed_commands(commands)}


def _packed(digits: str, name: str, length: int) -> bytes:
    return bytes.fromhex(digit_text(digits, name, length))


def _challenge(challenge: bytes) -> _Private:
    return {Tag.CHALLENGE: exact_bytes(challenge, CHALLENGE_BYTES, "challenge")}


def _key_block(block: str) -> _Private:
    return {Tag.KEY_BLOCK: printable_text(block, 255, "key block").encode("ascii")}


def _check_value(value: str) -> _Private:
    return {Tag.CHECK_VALUE: check_value_bytes(value)}


def _brought_key(key: BroughtKey) -> _Private:
    return {**_key_block(key.block), **_check_value(key.check_value)}


def _row(number: int) -> _Private:
    return {Tag.ROW_NUMBER: unsigned_bytes(number, 8, "row number")}


def _refunded(refunded_fen: int) -> _Private:
    return {Tag.REFUNDED: bytes.fromhex(number_text(refunded_fen, 12, "refund"))}


def _file(code: str) -> dict[str, str]:
    return {"91": code, "101": ID_CARD_FILE}


def _id_card(card: IdUpdateRequest) -> _Private:
    left_open = {Tag.ADDRESS: card.address, Tag.AUTHORITY: card.authority}
    return {
        Tag.ID_NUMBER: id_number_text(card.id_number).encode("ascii"),
        Tag.NAME: personal_text(card.name, "NAME"),
        Tag.SEX: digit_text(card.sex, "SEX", 1).encode("ascii"),
        Tag.ETHNICITY: _packed(card.ethnicity, "ETHNICITY", 2),
        Tag.BIRTH: _packed(card.birth, "BIRTH", 8),
        **{tag: personal_text(text, tag.name) for tag, text in left_open.items() if text},
        Tag.VALID_FROM: _packed(card.valid_from, "VALID_FROM", 8),
        Tag.VALID_UNTIL: _packed(card.valid_until, "VALID_UNTIL", 8),
    }


def _taken(taken: bool) -> _Private:
    return {Tag.TAKEN: bytes([taken])}
