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
class TopUpTimes:
    """How long the terminal waits, in seconds.

    `idle_s` for a touch before it warns; `warning_s` how long the warning stands; `return_card_s` for the card
    to come back when money depends on it; `payment_s` for the payment, however long the host would wait.
    """

    idle_s: Seconds = 60
    warning_s: Annotated[int, Ge(20), Le(120)] = 20
    return_card_s: Annotated[int, Ge(20), Le(600)] = 90
    payment_s: Annotated[int, Ge(20), Le(600)] = 120

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class TransitTopUp:
    """Top up a transit card: the texts of its tile and receipt, its limits and its times."""

    kind: Literal["transit_top_up"]
    id: Annotated[str, MinLen(1)]
    icon: Literal["transit_card"]
    title: LocalText
    subtitle: LocalText
    limits: TopUpLimits
    order: int = 100
    times: TopUpTimes = TopUpTimes()
    amount_notice: LocalText | None = None
    receipt_title: LocalText = field(default=LocalText("公交卡充值凭条", "Transit card top-up receipt"))
    receipt_note: LocalText | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class DepositTimes:
    """How long the terminal waits for a touch before it warns, for the warning, and for the payment; seconds."""

    idle_s: Seconds = 60
    warning_s: Annotated[int, Ge(20), Le(120)] = 20
    payment_s: Annotated[int, Ge(20), Le(600)] = 120

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class AccountDeposit:
    """Pay money into the bank account of a card: the texts of its tile and receipt, its limits and its times."""

    kind: Literal["account_deposit"]
    id: Annotated[str, MinLen(1)]
    icon: Literal["bank"]
    title: LocalText
    subtitle: LocalText
    limits: AmountLimits
    order: int = 100
    times: DepositTimes = DepositTimes()
    receipt_title: LocalText = field(default=LocalText("存款凭条", "Deposit receipt"))
    receipt_note: LocalText | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ReadingTimes:
    """How long the terminal waits for a touch before it warns, and how long the warning stands; seconds."""

    idle_s: Seconds = 90
    warning_s: Annotated[int, Ge(20), Le(120)] = 20

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CardInquiry:
    """Show what is on a card: the texts of its tile, and whether the card reader takes social-security cards."""

    kind: Literal["card_info"]
    id: Annotated[str, MinLen(1)]
    icon: Literal["card"]
    title: LocalText
    subtitle: LocalText
    order: int = 100
    times: ReadingTimes = ReadingTimes()
    social_security: bool = False

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CaptureTimes:
    """How long the terminal waits, in seconds.

    `idle_s` for a touch, or while a card is laid down for anything to happen, before it warns; `warning_s` how long the
    warning stands; `side_s` for a side of the card, whatever happens.
    """

    idle_s: Seconds = 90
    warning_s: Annotated[int, Ge(20), Le(120)] = 20
    side_s: Annotated[int, Ge(30), Le(600)] = 180

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class IdUpdate:
    """Bring a customer's new ID card to the bank: the texts of its tile and receipt, and its times."""

    kind: Literal["id_update"]
    id: Annotated[str, MinLen(1)]
    icon: Literal["id_card"]
    title: LocalText
    subtitle: LocalText
    order: int = 100
    times: CaptureTimes = CaptureTimes()
    receipt_title: LocalText = field(default=LocalText("身份证信息更新凭条", "ID card update receipt"))
    receipt_note: LocalText | None = None

    __pydantic_config__ = _STRICT


Service = TransitTopUp | AccountDeposit | CardInquiry | IdUpdate
