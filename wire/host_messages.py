"""The messages between terminal and bank host: ISO 8583:1987 fields, our own profile (docs/host-messages.md).

`wire.host_encoder` and `wire.host_decoder` write and read them; both ends do both. Card numbers, track 2, what a chip
says, PIN blocks and what stands on an ID card never get into a repr or an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wire.host_values import Approval, BroughtKey, LoadPermission, OrderStatus, PayingCard, PurseData, QrOffer

APPROVED = "00"
CHALLENGE_BYTES = 8
CHECK_VALUE_BYTES = 3


@dataclass(frozen=True, kw_only=True)
class _Exchange:
    """What a request and its answer share: the terminal, and the STAN (1 to 999999)."""

    terminal: str
    stan: int


@dataclass(frozen=True, kw_only=True)
class _Answer(_Exchange):
    """What every answer says: DE 39."""

    response_code: str


@dataclass(frozen=True, kw_only=True)
class _TransactionRequest(_Exchange):
    """About a transaction, which began at `date` (MMDD) and `time` (hhmmss) of the terminal."""

    branch: str
    date: str
    time: str
    order: str


@dataclass(frozen=True, kw_only=True)
class _MoneyRequest(_TransactionRequest):
    """About a transaction's money."""

    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class _OrderAnswer(_Answer):
    """About an order."""

    order: str


@dataclass(frozen=True, kw_only=True)
class _Decision(_OrderAnswer):
    """What the host remembers and says again when it is asked again; `rrn` names it."""

    rrn: str


@dataclass(frozen=True, kw_only=True)
class EchoRequest(_Exchange):
    """0800: is the host there."""


@dataclass(frozen=True, kw_only=True)
class EchoResponse(_Answer):
    """0810: it is."""


@dataclass(frozen=True, kw_only=True)
class SignOnRequest(_Exchange):
    """0800: the first message of a connection."""


@dataclass(frozen=True, kw_only=True)
class SignOnResponse(_Answer):
    """0810: whether the host will do business with this terminal now."""


@dataclass(frozen=True, kw_only=True)
class KeyRequest(_Exchange):
    """0800: a new MAC key is wanted; `challenge` are 8 bytes by chance."""

    challenge: bytes


@dataclass(frozen=True, kw_only=True)
class KeyResponse(_Answer):
    """0810: the TR-31 block of the key, 1 to 255 characters, there exactly if the response code approves.

    An approving one is sealed with the key that it brings, so the echoed `challenge` proves that it is new.
    """

    challenge: bytes
    key_block: str | None = None


@dataclass(frozen=True, kw_only=True)
class PinKeyRequest(_Exchange):
    """0800/162: a new PIN key is wanted; `challenge` are 8 bytes by chance."""

    challenge: bytes


@dataclass(frozen=True, kw_only=True)
class PinKeyResponse(_Answer):
    """0810/162: the PIN key for the terminal's PIN pad, there exactly if the response code approves."""

    challenge: bytes
    key: BroughtKey | None = None


@dataclass(frozen=True, kw_only=True)
class PinKeyInUseRequest(_Exchange):
    """0800/163: the PIN pad has taken the key with this check value (six hexadecimal digits)."""

    check_value: str


@dataclass(frozen=True, kw_only=True)
class PinKeyInUseResponse(_Answer):
    """0810/163: whether the host opens PIN blocks with that key from now on."""

    check_value: str


@dataclass(frozen=True, kw_only=True)
class JournalHeadRequest(_Exchange):
    """0620: the newest row of the terminal's journal, its number (to 2**64 - 1; 0: it is empty) and hash (32 bytes).

    `confirmed` is the hash of the row by which staff took the journal for the terminal's own though the host knew
    another; 32 zeros where they never had to.
    """

    row_number: int
    row_hash: bytes
    confirmed: bytes


@dataclass(frozen=True, kw_only=True)
class JournalHeadResponse(_Answer):
    """0630: the host keeps it."""

    row_number: int


@dataclass(frozen=True, kw_only=True)
class OrderRequest(_MoneyRequest):
    """0200/910000: check MAC1 and open a QR order for the amount.

    `terminal` up to 8 and `branch` up to 15 characters, `stan` 1 to 999999, `date` MMDD, `time` hhmmss,
    `order` 1 to 20 characters, `card` 1 to 20 digits.
    """

    card: str = field(repr=False)
    purse: PurseData


@dataclass(frozen=True, kw_only=True)
class OrderResponse(_Decision):
    """0210/910000: the QR to show; `offer` is there exactly if the response code approves."""

    offer: QrOffer | None = None


@dataclass(frozen=True, kw_only=True)
class ChargeRequest(_MoneyRequest):
    """0200/960000: check MAC1, open an order for the amount and debit the payer's bank card for it at once.

    Shapes as in OrderRequest; `card` is the transit card, `payer` the bank card.
    """

    card: str = field(repr=False)
    purse: PurseData
    payer: PayingCard


@dataclass(frozen=True, kw_only=True)
class ChargeResponse(_Decision):
    """0210/960000: the order is paid; `approval` is there exactly if the response code approves."""

    approval: Approval | None = None


@dataclass(frozen=True, kw_only=True)
class DepositRequest(_MoneyRequest):
    """0200/970000: open a QR order whose payment goes to the bank account of this card. Shapes as in OrderRequest."""

    card: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class DepositResponse(_Decision):
    """0210/970000: the QR to show; `offer` is there exactly if the response code approves."""

    offer: QrOffer | None = None


@dataclass(frozen=True, kw_only=True)
class StatusRequest(_Exchange):
    """0100/920000: what became of the order."""

    order: str


@dataclass(frozen=True, kw_only=True)
class StatusResponse(_OrderAnswer):
    """0110/920000: the order's status, there exactly if the response code approves."""

    status: OrderStatus | None = None


@dataclass(frozen=True, kw_only=True)
class LoadRequest(_MoneyRequest):
    """0100/930000: check MAC1 of the paid order and make MAC2. Shapes as in OrderRequest."""

    card: str = field(repr=False)
    purse: PurseData


@dataclass(frozen=True, kw_only=True)
class LoadResponse(_Decision):
    """0110/930000: the permission to load, there exactly if the response code approves."""

    permission: LoadPermission | None = None


@dataclass(frozen=True, kw_only=True)
class IssuerRequest(_TransactionRequest):
    """0100/980000: which commands has the issuer for this transit card before it is loaded.

    `expires` is its last valid day, YYYYMMDD, `challenge` 8 bytes that the card gave by chance for them. Other shapes
    as in OrderRequest; no money is asked for.
    """

    card: str = field(repr=False)
    expires: str
    challenge: bytes


@dataclass(frozen=True, kw_only=True)
class IssuerResponse(_OrderAnswer):
    """0110/980000: up to 8 APDUs of 4 to 64 bytes, 255 bytes with their lengths; there exactly if it approves.

    They are made for the echoed `challenge` and count with the card that gave it. () is "nothing to do".
    """

    challenge: bytes
    commands: tuple[bytes, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ConfirmRequest(_MoneyRequest):
    """0220/940000: the card was loaded; here is its TAC (4 bytes). A `repeat` is an 0221."""

    tac: bytes
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class ConfirmResponse(_Decision):
    """0230/940000: whether the host accepts the proof."""


@dataclass(frozen=True, kw_only=True)
class SuspenseRequest(_MoneyRequest):
    """0220/950000: whether the card was loaded is not known, and it is gone. A `repeat` is an 0221.

    `counter` is the purse's before the load, `authorised_date` (YYYYMMDD) and `authorised_time` (hhmmss) are those of
    the LoadPermission.
    """

    counter: int
    authorised_date: str
    authorised_time: str
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class SuspenseResponse(_Decision):
    """0230/950000: whether the host keeps the order open until it is settled."""


@dataclass(frozen=True, kw_only=True)
class ReversalRequest(_MoneyRequest):
    """0400/910000: undo the order that the 0200 with `original_stan` opened, whether or not it arrived.

    `original_at` is the 0200's date and time (DE 13 and 12), MMDDhhmmss.

    `reason` is DE 39: 98 no answer in time, 96 terminal fault, A0 MAC of the answer wrong, 06 other
    (UnionPay POS; facts: money-safety 5.1). A `repeat` is an 0401.
    """

    reason: str
    original_stan: int
    original_at: str
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class ReversalResponse(_Decision):
    """0410/910000: what goes back to the payer, there exactly if the response code approves."""

    refunded_fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class IdUpdateRequest(_TransactionRequest):
    """0300/2: a customer's new ID card. The bank knows him by its number.

    `name` and, where they were read, `address` and `authority` ("" where not) are up to 80, 210 and 60 bytes of UTF-8;
    `sex` is 0, 1, 2 or 9 (GB/T 2261.1), `ethnicity` two digits (GB/T 3304), days are YYYYMMDD, `valid_until` 99991231
    for a card without an end. Other shapes as in OrderRequest; no money is asked for.
    """

    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: str = field(repr=False)
    ethnicity: str = field(repr=False)
    birth: str = field(repr=False)
    address: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    valid_from: str = field(repr=False)
    valid_until: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class IdUpdateResponse(_Decision):
    """0310/2: whether the bank has taken the new card."""


@dataclass(frozen=True, kw_only=True)
class IdInquiryRequest(_TransactionRequest):
    """0300/5: did the bank take the new card that the IdUpdateRequest of this order brought? If not, it never will."""


@dataclass(frozen=True, kw_only=True)
class IdInquiryResponse(_OrderAnswer):
    """0310/5: whether it did, there exactly if the response code approves."""

    taken: bool | None = None


_UnsealedRequest = EchoRequest | SignOnRequest | KeyRequest
_UnsealedResponse = EchoResponse | SignOnResponse | KeyResponse

# The messages that name an order.
OrderedRequest = (
    OrderRequest
    | ChargeRequest
    | DepositRequest
    | StatusRequest
    | LoadRequest
    | IssuerRequest
    | ConfirmRequest
    | SuspenseRequest
    | ReversalRequest
)
OrderedResponse = (
    OrderResponse
    | ChargeResponse
    | DepositResponse
    | StatusResponse
    | LoadResponse
    | IssuerResponse
    | ConfirmResponse
    | SuspenseResponse
    | ReversalResponse
)
# So do these, which are no orders' money.
FileRequest = IdUpdateRequest | IdInquiryRequest
FileResponse = IdUpdateResponse | IdInquiryResponse
Request = _UnsealedRequest | PinKeyRequest | PinKeyInUseRequest | JournalHeadRequest | OrderedRequest | FileRequest
Response = (
    _UnsealedResponse | PinKeyResponse | PinKeyInUseResponse | JournalHeadResponse | OrderedResponse | FileResponse
)
Message = Request | Response

ANSWERS: Mapping[type[Request], type[Response]] = {
    EchoRequest: EchoResponse,
    SignOnRequest: SignOnResponse,
    KeyRequest: KeyResponse,
    PinKeyRequest: PinKeyResponse,
    PinKeyInUseRequest: PinKeyInUseResponse,
    JournalHeadRequest: JournalHeadResponse,
    OrderRequest: OrderResponse,
    ChargeRequest: ChargeResponse,
    DepositRequest: DepositResponse,
    StatusRequest: StatusResponse,
    LoadRequest: LoadResponse,
    IssuerRequest: IssuerResponse,
    ConfirmRequest: ConfirmResponse,
    SuspenseRequest: SuspenseResponse,
    ReversalRequest: ReversalResponse,
    IdUpdateRequest: IdUpdateResponse,
    IdInquiryRequest: IdInquiryResponse,
}
"""Which kind of response answers which kind of request."""

_ECHOED = ("terminal", "stan", "order", "challenge", "check_value", "row_number")


def is_answer(response: Message, request: Request) -> bool:
    """Return whether `response` answers `request`: same kind, terminal, STAN, and order or whatever it is about."""
    return type(response) is ANSWERS[type(request)] and all(
        getattr(response, name, None) == getattr(request, name, None) for name in _ECHOED
    )


def has_mac(message: Message) -> bool:
    """Return whether `message` carries a MAC where both ends share a key: all but what comes before there is one.

    A KeyResponse that approves carries one nevertheless, under the key that it brings.
    """
    return not isinstance(message, _UnsealedRequest | _UnsealedResponse)
