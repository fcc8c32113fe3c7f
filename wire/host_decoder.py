"""From bytes to host messages (docs/host-messages.md); strict: what is none of the profile is refused as a whole."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import iso8583

from wire.errors import WireError
from wire.host_fields import (
    CHANGE_RECORD,
    CHARGE,
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
    Fields,
    Tag,
    digit_text,
    id_number_text,
    track2_text,
    unpacked_commands,
)
from wire.host_messages import (
    APPROVED,
    CHALLENGE_BYTES,
    CHECK_VALUE_BYTES,
    ChargeRequest,
    ChargeResponse,
    ConfirmRequest,
    ConfirmResponse,
    DepositRequest,
    DepositResponse,
    EchoRequest,
    EchoResponse,
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
    OrderRequest,
    OrderResponse,
    PinKeyInUseRequest,
    PinKeyInUseResponse,
    PinKeyRequest,
    PinKeyResponse,
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
    SealedPin,
)


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
    kind = raw.pop("t"), raw.pop("3", "") + raw.pop("70", "") + raw.pop("91", "")
    reader = _READERS.get(kind)
    if reader is None:
        raise WireError("no message of this profile has this type, processing code, field 70 and field 91")
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
    return {**_read_when_and_where(fields), "amount_fen": fields.number("4")}


def _read_when_and_where(fields: Fields) -> dict[str, Any]:
    return {
        **_read_order(fields),
        "branch": fields.text("42"),
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


def _read_pin_key_request(fields: Fields) -> PinKeyRequest:
    return PinKeyRequest(**_read_ends(fields), challenge=fields.private(Tag.CHALLENGE, CHALLENGE_BYTES))


def _read_pin_key_response(fields: Fields) -> PinKeyResponse:
    challenge = fields.private(Tag.CHALLENGE, CHALLENGE_BYTES)
    answer = {**_read_ends(fields), "response_code": fields.text("39"), "challenge": challenge}
    if answer["response_code"] != APPROVED:
        return PinKeyResponse(**answer)
    return PinKeyResponse(**answer, key=BroughtKey(fields.private_text(Tag.KEY_BLOCK, 255), _read_check_value(fields)))


def _read_pin_key_in_use_request(fields: Fields) -> PinKeyInUseRequest:
    return PinKeyInUseRequest(**_read_ends(fields), check_value=_read_check_value(fields))


def _read_pin_key_in_use_response(fields: Fields) -> PinKeyInUseResponse:
    code = fields.text("39")
    return PinKeyInUseResponse(**_read_ends(fields), response_code=code, check_value=_read_check_value(fields))


def _read_check_value(fields: Fields) -> str:
    return fields.private(Tag.CHECK_VALUE, CHECK_VALUE_BYTES).hex().upper()


def _read_journal_head_request(fields: Fields) -> JournalHeadRequest:
    number, digest = fields.private_number(Tag.ROW_NUMBER, 8), fields.private(Tag.ROW_HASH, 32)
    confirmed = fields.private(Tag.CONFIRMED_ROW, 32)
    return JournalHeadRequest(**_read_ends(fields), row_number=number, row_hash=digest, confirmed=confirmed)


def _read_journal_head_response(fields: Fields) -> JournalHeadResponse:
    number = fields.private_number(Tag.ROW_NUMBER, 8)
    return JournalHeadResponse(**_read_ends(fields), response_code=fields.text("39"), row_number=number)


def _read_order_request(fields: Fields) -> OrderRequest:
    return OrderRequest(**_read_money(fields), card=fields.digits("2"), purse=_read_purse(fields))


def _read_order_response(fields: Fields) -> OrderResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return OrderResponse(**answer)
    return OrderResponse(**answer, offer=_read_offer(fields))


def _read_charge_request(fields: Fields) -> ChargeRequest:
    payer = _read_payer(fields)
    card = digit_text(fields.private_text(Tag.TRANSIT_CARD, 20), "private TRANSIT_CARD")
    return ChargeRequest(**_read_money(fields), card=card, purse=_read_purse(fields), payer=payer)


def _read_payer(fields: Fields) -> PayingCard:
    fields.constant("25", NORMAL_CONDITION)
    return PayingCard(
        number=fields.digits("2"),
        expires=fields.digits("14"),
        sequence=fields.number("23") if fields.has("23") else None,
        track2=track2_text(fields.take("35").replace("D", "=")) if fields.has("35") else "",
        chip=fields.octets("55"),
        pin=_read_pin(fields),
    )


def _read_pin(fields: Fields) -> SealedPin | None:
    if not fields.has("53"):
        fields.constant("22", CHIP_WITHOUT_PIN)
        return None
    fields.constant("22", CHIP_WITH_PIN)
    fields.constant("26", LONGEST_PIN)
    control = fields.digits("53")
    scheme = next((each for each in PinScheme if each.value.ljust(16, "0") == control), None)
    if scheme is None:
        raise WireError("field 53 names no way of ours to make a PIN block")
    if scheme is PinScheme.ISO4_AES:
        return SealedPin(scheme, fields.private(Tag.PIN_BLOCK, scheme.block_bytes))
    return SealedPin(scheme, fields.octets("52"))


def _read_charge_response(fields: Fields) -> ChargeResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return ChargeResponse(**answer)
    code, data = fields.text("38"), fields.octets("55") if fields.has("55") else b""
    return ChargeResponse(**answer, approval=Approval(code, data))


def _read_deposit_request(fields: Fields) -> DepositRequest:
    return DepositRequest(**_read_money(fields), card=fields.digits("2"))


def _read_deposit_response(fields: Fields) -> DepositResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return DepositResponse(**answer)
    return DepositResponse(**answer, offer=_read_offer(fields))


def _read_offer(fields: Fields) -> QrOffer:
    return QrOffer(text=fields.private_text(Tag.QR_TEXT, 200), expires_in_s=fields.private_number(Tag.EXPIRES_IN, 2))


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


def _read_issuer_request(fields: Fields) -> IssuerRequest:
    return IssuerRequest(
        **_read_when_and_where(fields),
        card=fields.digits("2"),
        expires=fields.private_digits(Tag.EXPIRES, 8),
        challenge=fields.private(Tag.CHALLENGE, CHALLENGE_BYTES),
    )


def _read_issuer_response(fields: Fields) -> IssuerResponse:
    challenge = fields.private(Tag.CHALLENGE, CHALLENGE_BYTES)
    answer = {**_read_order(fields), "response_code": fields.text("39"), "challenge": challenge}
    if answer["response_code"] != APPROVED:
        return IssuerResponse(**answer)
    return IssuerResponse(**answer, commands=unpacked_commands(fields.private(Tag.COMMANDS)))


def _read_confirm_request(fields: Fields) -> ConfirmRequest:
    return ConfirmRequest(**_read_money(fields), tac=fields.private(Tag.TAC, 4))


def _read_confirm_repeat(fields: Fields) -> ConfirmRequest:
    return replace(_read_confirm_request(fields), repeat=True)


def _read_confirm_response(fields: Fields) -> ConfirmResponse:
    return ConfirmResponse(**_read_answer(fields))


def _read_suspense_request(fields: Fields) -> SuspenseRequest:
    return SuspenseRequest(
        **_read_money(fields),
        counter=fields.private_number(Tag.COUNTER, 2),
        authorised_date=fields.private_digits(Tag.DATE, 8),
        authorised_time=fields.private_digits(Tag.TIME, 6),
    )


def _read_suspense_repeat(fields: Fields) -> SuspenseRequest:
    return replace(_read_suspense_request(fields), repeat=True)


def _read_suspense_response(fields: Fields) -> SuspenseResponse:
    return SuspenseResponse(**_read_answer(fields))


def _read_reversal_request(fields: Fields) -> ReversalRequest:
    original = fields.digits("90")
    if not original.startswith("0200") or original[20:].strip("0"):
        raise WireError("field 90 does not name a 0200 by its STAN and time alone")
    return ReversalRequest(
        **_read_money(fields),
        reason=fields.text("39"),
        original_stan=int(original[4:10]),
        original_at=original[10:20],
    )


def _read_reversal_repeat(fields: Fields) -> ReversalRequest:
    return replace(_read_reversal_request(fields), repeat=True)


def _read_reversal_response(fields: Fields) -> ReversalResponse:
    answer = _read_answer(fields)
    if answer["response_code"] != APPROVED:
        return ReversalResponse(**answer)
    return ReversalResponse(**answer, refunded_fen=int(fields.private_digits(Tag.REFUNDED, 12)))


def _read_id_update_request(fields: Fields) -> IdUpdateRequest:
    fields.constant("101", ID_CARD_FILE)
    left_open: dict[str, Any] = {
        name: fields.private_person(tag)
        for name, tag in (("address", Tag.ADDRESS), ("authority", Tag.AUTHORITY))
        if fields.has_private(tag)
    }
    return IdUpdateRequest(
        **_read_when_and_where(fields),
        **left_open,
        id_number=id_number_text(fields.private_text(Tag.ID_NUMBER, 18)),
        name=fields.private_person(Tag.NAME),
        sex=digit_text(fields.private_text(Tag.SEX, 1), "private SEX"),
        ethnicity=fields.private_digits(Tag.ETHNICITY, 2),
        birth=fields.private_digits(Tag.BIRTH, 8),
        valid_from=fields.private_digits(Tag.VALID_FROM, 8),
        valid_until=fields.private_digits(Tag.VALID_UNTIL, 8),
    )


def _read_id_update_response(fields: Fields) -> IdUpdateResponse:
    fields.constant("101", ID_CARD_FILE)
    return IdUpdateResponse(**_read_answer(fields))


def _read_id_inquiry_request(fields: Fields) -> IdInquiryRequest:
    fields.constant("101", ID_CARD_FILE)
    return IdInquiryRequest(**_read_when_and_where(fields))


def _read_id_inquiry_response(fields: Fields) -> IdInquiryResponse:
    fields.constant("101", ID_CARD_FILE)
    answer = {**_read_order(fields), "response_code": fields.text("39")}
    if answer["response_code"] != APPROVED:
        return IdInquiryResponse(**answer)
    taken = fields.private_number(Tag.TAKEN, 1)
    if taken > 1:
        raise WireError("private TAKEN is neither 0 nor 1")
    return IdInquiryResponse(**answer, taken=bool(taken))


_READERS: dict[tuple[str, str], Callable[[Fields], Message]] = {
    ("0800", ECHO_TEST): _read_echo_request,
    ("0810", ECHO_TEST): _read_echo_response,
    ("0800", SIGN_ON): _read_sign_on_request,
    ("0810", SIGN_ON): _read_sign_on_response,
    ("0800", KEY_CHANGE): _read_key_request,
    ("0810", KEY_CHANGE): _read_key_response,
    ("0800", PIN_KEY): _read_pin_key_request,
    ("0810", PIN_KEY): _read_pin_key_response,
    ("0800", PIN_KEY_IN_USE): _read_pin_key_in_use_request,
    ("0810", PIN_KEY_IN_USE): _read_pin_key_in_use_response,
    ("0620", ""): _read_journal_head_request,
    ("0630", ""): _read_journal_head_response,
    ("0200", ORDER): _read_order_request,
    ("0210", ORDER): _read_order_response,
    ("0200", CHARGE): _read_charge_request,
    ("0210", CHARGE): _read_charge_response,
    ("0200", DEPOSIT): _read_deposit_request,
    ("0210", DEPOSIT): _read_deposit_response,
    ("0100", STATUS): _read_status_request,
    ("0110", STATUS): _read_status_response,
    ("0100", LOAD): _read_load_request,
    ("0110", LOAD): _read_load_response,
    ("0100", ISSUER): _read_issuer_request,
    ("0110", ISSUER): _read_issuer_response,
    ("0220", CONFIRM): _read_confirm_request,
    ("0221", CONFIRM): _read_confirm_repeat,
    ("0230", CONFIRM): _read_confirm_response,
    ("0220", SUSPENSE): _read_suspense_request,
    ("0221", SUSPENSE): _read_suspense_repeat,
    ("0230", SUSPENSE): _read_suspense_response,
    ("0400", ORDER): _read_reversal_request,
    ("0401", ORDER): _read_reversal_repeat,
    ("0410", ORDER): _read_reversal_response,
    ("0300", CHANGE_RECORD): _read_id_update_request,
    ("0310", CHANGE_RECORD): _read_id_update_response,
    ("0300", INQUIRE): _read_id_inquiry_request,
    ("0310", INQUIRE): _read_id_inquiry_response,
}
