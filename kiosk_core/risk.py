"""The rules that are checked before money moves (`services/risk.toml`), and what they leave a customer.

Every rule is a table of the file, `[kind.name]`; "kind.name" is its id in the journal. What it bites is judged by
what the journal of this terminal knows: loads on other terminals are the host's to count. A load is what a customer
pays for: money onto a transit card, or into the account of a bank card. A rule limits and counts those of its
`services`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal, assert_never, get_args

from annotated_types import Ge, Le, MinLen

from kiosk_core.blacklist import Blacklist
from kiosk_core.card_number import CardNumber
from kiosk_core.ledger import LedgerState, Resolution, Transaction
from kiosk_core.money import FEN_PER_YUAN, format_amount
from kiosk_core.services import PaidService, SettingError
from kiosk_core.texts import LocalText, Words

_STRICT = {"extra": "forbid", "strict": True}

Yuan = Annotated[int, Ge(1), Le(100_000_000)]
Loads = Annotated[int, Ge(1), Le(100_000)]
Minutes = Annotated[int, Ge(1), Le(1440)]
Services = Annotated[tuple[PaidService, ...], MinLen(1)]

_ALL_SERVICES: Services = get_args(PaidService)

# A transaction counts when its payment is asked for, and is found by when it began: nobody stands there longer.
_LONGEST_VISIT = timedelta(days=1)


# -- what has happened already -------------------------------------------------------------------------------


def midnight(now: datetime) -> datetime:
    """Return when the day of `now` began, by the clock of the terminal."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


@dataclass(frozen=True)
class Load:
    """A load that may have cost money or reached a card. `at` is when its payment was asked for.

    `token` names the card, `payer` the account that paid, "" where it is not known.
    """

    at: datetime
    token: str
    amount_fen: int
    payer: str = ""
    service: PaidService = "transit_top_up"


def loads_of(transactions: Iterable[Transaction]) -> tuple[Load, ...]:
    """Return what of `transactions` counts: what may have cost money, and has not been given back for certain."""
    return tuple(_load(each) for each in transactions if each.is_about_money and _counts(each))


def _load(transaction: Transaction) -> Load:
    facts = transaction.facts
    is_deposit = "account_token" in facts
    return Load(
        at=_asked_for_money_at(transaction),
        token=str(facts.get("account_token" if is_deposit else "token") or ""),
        amount_fen=int(facts.get("amount_fen") or 0),
        payer=str(facts.get("payer") or ""),
        service="account_deposit" if is_deposit else "transit_top_up",
    )


def _counts(transaction: Transaction) -> bool:
    match transaction.state:
        case LedgerState.NEW | LedgerState.CARD_READ | LedgerState.INIT | LedgerState.ABANDONED:
            return False  # nobody was asked for money
        case LedgerState.UPDATE_REQ | LedgerState.TICKET_REQ:
            return False  # they are no matter of money
        case LedgerState.DECLINED | LedgerState.REVERSED:
            return False  # nothing was paid, or it went back
        case LedgerState.SETTLED:
            given_back = {Resolution.REFUNDED.value, Resolution.PAID_OUT.value}
            return transaction.facts.get("resolution") not in given_back
        case (
            LedgerState.FUND_REQ
            | LedgerState.FUND_OK
            | LedgerState.MAC2_REQ
            | LedgerState.MAC2_OK
            | LedgerState.CREDIT_SENT
            | LedgerState.CARD_UNKNOWN
            | LedgerState.REFUSED
            | LedgerState.CARD_OK
            | LedgerState.CONFIRM_SAF
            | LedgerState.REV_REQ
            | LedgerState.SUSPENSE
            | LedgerState.MANUAL
            | LedgerState.DONE
        ):
            return True
        case _:
            assert_never(transaction.state)


def _asked_for_money_at(transaction: Transaction) -> datetime:
    asked = (row.at for row in transaction.rows if row.state is LedgerState.FUND_REQ)
    return next(asked, transaction.rows[0].at)


@dataclass(frozen=True)
class Circumstances:
    """What rules judge a card by, that is to be used for `service`: `number`, known to the journal as `token`.

    `blacklists` are by the names of their files, None where one has been unreadable for too long.
    `can_identify`: an ID-card reader is in service.
    """

    now: datetime
    number: CardNumber
    token: str
    loads: tuple[Load, ...] = ()
    blacklists: Mapping[str, Blacklist | None] = field(default_factory=dict)
    can_identify: bool = False
    service: PaidService = "transit_top_up"

    def counting(self, services: Services) -> "Circumstances":
        """Return the same with the loads of these services alone."""
        return replace(self, loads=tuple(load for load in self.loads if load.service in services))

    @property
    def loads_today(self) -> tuple[Load, ...]:
        """What was loaded on any card since midnight."""
        return tuple(load for load in self.loads if load.at >= midnight(self.now))

    @property
    def loads_of_card_today(self) -> tuple[Load, ...]:
        """What was loaded on this card since midnight."""
        return tuple(load for load in self.loads_today if load.token == self.token)


# -- the rules, as they stand in the file --------------------------------------------------------------------


@dataclass(frozen=True)
class LoadRule:
    """The largest amount of one load. Words may use {most}."""

    most_yuan: Yuan
    words: LocalText
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return {"most": _amount(self.most_yuan)}

    def leaves_fen(self, _: Circumstances) -> int:
        """Return the most that may be loaded now."""
        return self.most_yuan * FEN_PER_YUAN


@dataclass(frozen=True)
class CardDayRule:
    """What one card may take in a day: a sum, a number of loads, or both. Words may use {most} and {loads}."""

    words: LocalText
    most_yuan: Yuan | None = None
    most_loads: Loads | None = None
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return _values(self.most_yuan, self.most_loads)

    def leaves_fen(self, found: Circumstances) -> int | None:
        """Return the most that may be loaded now; None: any amount."""
        if self.most_loads is not None and len(found.loads_of_card_today) >= self.most_loads:
            return 0
        return None if self.most_yuan is None else _left_fen(self.most_yuan, found.loads_of_card_today)


@dataclass(frozen=True)
class TerminalDayRule:
    """The sum of all loads of this terminal in a day. Words may use {most}."""

    most_yuan: Yuan
    words: LocalText
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return {"most": _amount(self.most_yuan)}

    def leaves_fen(self, found: Circumstances) -> int:
        """Return the most that may be loaded now."""
        return _left_fen(self.most_yuan, found.loads_today)


@dataclass(frozen=True)
class VelocityRule:
    """How often one card may be loaded in so many minutes. Words may use {loads} and {minutes}."""

    most_loads: Loads
    minutes: Minutes
    words: LocalText
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return {"loads": str(self.most_loads), "minutes": str(self.minutes)}

    def leaves_fen(self, found: Circumstances) -> int | None:
        """Return the most that may be loaded now: nothing, or (None) any amount."""
        since = found.now - timedelta(minutes=self.minutes)
        loads = [load for load in found.loads if load.token == found.token and load.at > since]
        return 0 if len(loads) >= self.most_loads else None


@dataclass(frozen=True)
class PayerRule:
    """What one account may pay in so many minutes: a sum, a number of loads, or both, on any cards.

    It is asked as soon as a bank card has been read, before its PIN; so it is for no service that is paid by phone
    alone. Words may use {most}, {loads} and {minutes}.
    """

    minutes: Minutes
    words: LocalText
    most_yuan: Yuan | None = None
    most_loads: Loads | None = None

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return {**_values(self.most_yuan, self.most_loads), "minutes": str(self.minutes)}

    def leaves_fen(self, payer: str, loads: Iterable[Load], now: datetime) -> int | None:
        """Return the most that the account `payer` may pay now; None: any amount."""
        since = now - timedelta(minutes=self.minutes)
        paid = [load for load in loads if load.payer == payer and load.at > since]
        if self.most_loads is not None and len(paid) >= self.most_loads:
            return 0
        return None if self.most_yuan is None else _left_fen(self.most_yuan, paid)


@dataclass(frozen=True)
class BlacklistRule:
    """Cards that are not served: the list in `file` (kiosk_core.blacklist), read again whenever it changes.

    While the file cannot be read or understood the last list stands, for `stale_after_min`; then no card is served
    until it can: a rule must not end because its file did.
    """

    file: Annotated[str, MinLen(1)]
    words: LocalText
    stale_after_min: Minutes = 60
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use: nothing."""
        return {}

    def leaves_fen(self, found: Circumstances) -> int | None:
        """Return the most that may be loaded now: nothing, or (None) any amount."""
        blacklist = found.blacklists[self.file]
        return 0 if blacklist is None or blacklist.bars(found.number, found.token) else None


@dataclass(frozen=True)
class VerificationRule:
    """Above this amount somebody looks who loads: the terminal at an ID card, or staff. Words may use {above}.

    `by` staff: the terminal itself does not load more, and its words say where staff do. A deposit asks for no ID
    card, so more is not deposited either way.
    """

    above_yuan: Yuan
    by: Literal["id_card", "staff"]
    words: LocalText
    services: Services = _ALL_SERVICES

    __pydantic_config__ = _STRICT

    @property
    def values(self) -> dict[str, str]:
        """What the words may use."""
        return {"above": _amount(self.above_yuan)}

    def leaves_fen(self, _: Circumstances) -> int:
        """Return the most that may be loaded without verification."""
        return self.above_yuan * FEN_PER_YUAN


Rule = LoadRule | CardDayRule | TerminalDayRule | VelocityRule | PayerRule | BlacklistRule | VerificationRule


@dataclass(frozen=True)
class Risk:
    """All rules of a terminal, by kind and name.

    Raises:
        SettingError: a rule limits nothing, or its words are empty or use a value that it does not have.
    """

    load: Mapping[str, LoadRule] = field(default_factory=dict)
    card_day: Mapping[str, CardDayRule] = field(default_factory=dict)
    terminal_day: Mapping[str, TerminalDayRule] = field(default_factory=dict)
    velocity: Mapping[str, VelocityRule] = field(default_factory=dict)
    payer: Mapping[str, PayerRule] = field(default_factory=dict)
    blacklist: Mapping[str, BlacklistRule] = field(default_factory=dict)
    verification: Mapping[str, VerificationRule] = field(default_factory=dict)

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        for kind, name, rule in self.rules:
            if isinstance(rule, CardDayRule | PayerRule) and rule.most_yuan is None and rule.most_loads is None:
                raise SettingError((kind, name), "limits nothing; it needs most_yuan or most_loads")
        files = [listed.file for listed in self.blacklist.values()]
        for place, (name, listed) in enumerate(self.blacklist.items()):
            if listed.file in files[:place]:
                raise SettingError(("blacklist", name, "file"), "is the file of another rule already")
        for kind, name, rule in self.rules:
            for language, text in (("zh", rule.words.zh), ("en", rule.words.en)):
                if not text.strip():
                    raise SettingError((kind, name, "words", language), "is empty; it is what the customer reads")
                try:
                    text.format_map(rule.values)
                except (KeyError, ValueError, IndexError, AttributeError):
                    known = ", ".join(f"{{{value}}}" for value in rule.values) or "none"
                    problem = f"uses a value in braces that this rule does not have; it has {known}"
                    raise SettingError((kind, name, "words", language), problem) from None

    @property
    def rules(self) -> Iterator[tuple[str, str, Rule]]:
        """Every rule behind its kind and name."""
        kinds: Mapping[str, Mapping[str, Rule]] = {
            "load": self.load,
            "card_day": self.card_day,
            "terminal_day": self.terminal_day,
            "velocity": self.velocity,
            "payer": self.payer,
            "blacklist": self.blacklist,
            "verification": self.verification,
        }
        return ((kind, name, rule) for kind, named in kinds.items() for name, rule in named.items())

    def looks_back_to(self, now: datetime) -> datetime:
        """Return since when transactions must have begun to matter at `now`."""
        windows = [each.minutes for each in self.velocity.values()] + [each.minutes for each in self.payer.values()]
        moments = (now - timedelta(minutes=minutes) for minutes in windows)
        return min([midnight(now), *moments]) - _LONGEST_VISIT


# -- what the rules leave ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cap:
    """The most that one rule lets a customer load now, 0 for nothing. `rule` is its id, `words` explain it."""

    rule: str
    most_fen: int
    words: LocalText | Words


@dataclass(frozen=True)
class Allowance:
    """What the rules leave a card at a moment.

    `identify`: above its `most_fen` the customer must show an ID card; None: he need not.
    """

    caps: tuple[Cap, ...] = ()
    identify: Cap | None = None

    @property
    def tightest(self) -> Cap | None:
        """The cap that leaves least, the first of equals."""
        return min(self.caps, key=lambda cap: cap.most_fen, default=None)

    def without_identification(self) -> "Allowance":
        """Return what is left where no ID card can be read."""
        return Allowance(self.caps if self.identify is None else (*self.caps, self.identify))


def assess(risk: Risk, found: Circumstances) -> Allowance:
    """Return what the rules leave the card."""
    caps: list[Cap] = []
    asks: list[Cap] = []
    for kind, name, rule in risk.rules:
        if isinstance(rule, PayerRule) or found.service not in rule.services:
            continue
        most_fen = rule.leaves_fen(found.counting(rule.services))
        if most_fen is None:
            continue
        asked = isinstance(rule, VerificationRule) and rule.by == "id_card" and found.can_identify
        unchecked = isinstance(rule, BlacklistRule) and found.blacklists[rule.file] is None
        words = Words("rules.unchecked") if unchecked else _explained(rule)
        (asks if asked else caps).append(Cap(f"{kind}.{name}", most_fen, words))
    return Allowance(tuple(caps), min(asks, key=lambda cap: cap.most_fen, default=None))


def assess_payer(risk: Risk, payer: str, amount_fen: int, loads: Iterable[Load], now: datetime) -> Cap | None:
    """Return the rule that does not let the account `payer` pay so much now; None: it may."""
    loads = tuple(loads)
    caps = (
        Cap(f"payer.{name}", most_fen, _explained(rule))
        for name, rule in risk.payer.items()
        if (most_fen := rule.leaves_fen(payer, loads, now)) is not None and amount_fen > most_fen
    )
    return min(caps, key=lambda cap: cap.most_fen, default=None)


def _explained(rule: Rule) -> LocalText:
    return LocalText(rule.words.zh.format_map(rule.values), rule.words.en.format_map(rule.values))


def _values(most_yuan: int | None, most_loads: int | None) -> dict[str, str]:
    sums = {} if most_yuan is None else {"most": _amount(most_yuan)}
    return sums | ({} if most_loads is None else {"loads": str(most_loads)})


def _left_fen(most_yuan: int, loads: Iterable[Load]) -> int:
    return max(0, most_yuan * FEN_PER_YUAN - sum(load.amount_fen for load in loads))


def _amount(yuan: int) -> str:
    return format_amount(yuan * FEN_PER_YUAN).removesuffix(".00")
