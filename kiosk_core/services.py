"""Service definitions: what business staff may change, as checked data (`services/*.toml`)."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen

from kiosk_core.money import FEN_PER_YUAN
from kiosk_core.texts import LocalText

_STRICT = {"extra": "forbid", "strict": True}

Yuan = Annotated[int, Ge(1), Le(100_000)]
Seconds = Annotated[int, Ge(1), Le(600)]

PaidService = Literal["transit_top_up", "account_deposit"]
"""A kind of service that the customer pays for: what the rules of risk.toml may be for."""


class SettingError(ValueError):
    """A setting that is well-formed but wrong; `key` is its path in the file, a number in a list."""

    def __init__(self, key: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.key = key
        self.problem = problem


@dataclass(frozen=True)
class AmountLimits:
    """What may be paid in at once; whole yuan.

    Raises:
        SettingError: limits or presets contradict each other.
    """

    min_yuan: Yuan
    max_yuan: Yuan
    step_yuan: Yuan
    presets_yuan: Annotated[tuple[Yuan, ...], MinLen(1)]

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if self.min_yuan > self.max_yuan:
            raise SettingError(("limits", "min_yuan"), f"{self.min_yuan} is above max_yuan, which is {self.max_yuan}")
        for key, value in (("min_yuan", self.min_yuan), ("max_yuan", self.max_yuan)):
            if value % self.step_yuan:
                raise SettingError(("limits", key), f"{value} is not a multiple of step_yuan ({self.step_yuan})")
        for preset in self.presets_yuan:
            if not self.min_yuan <= preset <= self.max_yuan or preset % self.step_yuan:
                raise SettingError(
                    ("limits", "presets_yuan"),
                    f"{preset} is not between {self.min_yuan} and {self.max_yuan} in steps of {self.step_yuan}",
                )

    @property
    def min_fen(self) -> int:
        """The least amount."""
        return self.min_yuan * FEN_PER_YUAN

    @property
    def max_fen(self) -> int:
        """The largest amount."""
        return self.max_yuan * FEN_PER_YUAN

    @property
    def step_fen(self) -> int:
        """Amounts are multiples of this."""
        return self.step_yuan * FEN_PER_YUAN

    @property
    def presets_fen(self) -> tuple[int, ...]:
        """The amounts that have a button of their own."""
        return tuple(yuan * FEN_PER_YUAN for yuan in self.presets_yuan)


@dataclass(frozen=True)
class TopUpLimits(AmountLimits):
    """What may be loaded at once, and what the card may hold afterwards; whole yuan."""

    max_balance_yuan: Yuan

    __pydantic_config__ = _STRICT

    @property
    def max_balance_fen(self) -> int:
        """What the card may hold after the load."""
        return self.max_balance_yuan * FEN_PER_YUAN


@dataclass(frozen=True)
class Times:
    """How long the terminal waits, in seconds: for a touch before it warns, and how long the warning stands."""

    idle_s: Seconds = 60
    warning_s: Annotated[int, Ge(20), Le(120)] = 20

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class PaymentTimes(Times):
    """`payment_s`: how long for the payment, however long the host would wait."""

    payment_s: Annotated[int, Ge(20), Le(600)] = 120

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class TopUpTimes(PaymentTimes):
    """`return_card_s`: how long for the card to come back when money depends on it."""

    return_card_s: Annotated[int, Ge(20), Le(600)] = 90

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ReadingTimes(Times):
    """Where the customer reads, or something is to be done with a card, more time passes without a touch."""

    idle_s: Seconds = 90

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CaptureTimes(ReadingTimes):
    """`side_s`: how long for a side of the card, whatever happens."""

    side_s: Annotated[int, Ge(30), Le(600)] = 180

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class _Offered:
    """What every service has: its id, the texts of its tile, and which tile it is, counted from the lowest `order`."""

    id: Annotated[str, MinLen(1)]
    title: LocalText
    subtitle: LocalText
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class _Recorded(_Offered):
    """What a service has that prints a receipt: its title, and a line at its end."""

    receipt_title: LocalText
    receipt_note: LocalText | None = None


@dataclass(frozen=True, kw_only=True)
class TransitTopUp(_Recorded):
    """Top up a transit card."""

    kind: Literal["transit_top_up"]
    icon: Literal["transit_card"]
    limits: TopUpLimits
    times: TopUpTimes = TopUpTimes()
    amount_notice: LocalText | None = None
    receipt_title: LocalText = field(default=LocalText("公交卡充值凭条", "Transit card top-up receipt"))

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class AccountDeposit(_Recorded):
    """Pay money into the bank account of a card."""

    kind: Literal["account_deposit"]
    icon: Literal["bank"]
    limits: AmountLimits
    times: PaymentTimes = PaymentTimes()
    receipt_title: LocalText = field(default=LocalText("存款凭条", "Deposit receipt"))

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class CardInquiry(_Offered):
    """Show what is on a card; `social_security`: the card reader takes social-security cards."""

    kind: Literal["card_info"]
    icon: Literal["card"]
    times: ReadingTimes = ReadingTimes()
    social_security: bool = False

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class IdUpdate(_Recorded):
    """Bring a customer's new ID card to the bank."""

    kind: Literal["id_update"]
    icon: Literal["id_card"]
    times: CaptureTimes = CaptureTimes()
    receipt_title: LocalText = field(default=LocalText("身份证信息更新凭条", "ID card update receipt"))

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class QueueClass:
    """A class of the branch's queue, and whom it is for: any one of these is enough.

    `min_age`: who is of that age by his ID card. `card_prefixes`: whose bank card's number begins so. `on_request`: who
    touches the tile, of which this is the second line.
    """

    name: Annotated[str, MinLen(1)]
    title: LocalText
    min_age: Annotated[int, Ge(1), Le(120)] | None = None
    card_prefixes: tuple[str, ...] = ()
    on_request: LocalText | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class QueueTicketing(_Recorded):
    """Take a ticket of the branch's queue. Whom no class of `classes` fits, in their order, is of `ordinary_class`.

    Raises:
        SettingError: a class that is for nobody, or a beginning of card numbers that is none.
    """

    kind: Literal["queue_ticket"]
    icon: Literal["ticket"]
    ordinary_class: Annotated[str, MinLen(1)] = "ordinary"
    classes: tuple[QueueClass, ...] = ()
    times: Times = Times()
    receipt_title: LocalText = field(default=LocalText("排队号", "Queue ticket"))

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        for place, each in enumerate(self.classes):
            if each.min_age is None and not each.card_prefixes and each.on_request is None:
                problem = "is for nobody: give it min_age, card_prefixes or on_request"
                raise SettingError(("classes", place), problem)
            for prefix in each.card_prefixes:
                if not (prefix.isascii() and prefix.isdigit() and 4 <= len(prefix) <= 12):
                    problem = f'"{prefix}" is not 4 to 12 digits: the beginning of the numbers of a kind of card'
                    raise SettingError(("classes", place, "card_prefixes"), problem)


RecordedService = TransitTopUp | AccountDeposit | IdUpdate | QueueTicketing
"""A kind of service whose journey keeps a transaction in the journal, and prints a receipt."""

Service = RecordedService | CardInquiry
