"""A top-up without terminal: events in, effects out, and a memory of what was asked and recorded."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from kiosk_core.card_number import CardNumber
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events, top_up
from kiosk_core.ledger import LedgerRow, LedgerState, Transaction
from kiosk_core.pages import Page
from kiosk_core.ports import LoadAuthorisation, LoadInit, PurseCard, QrOrder
from kiosk_core.risk import Allowance
from kiosk_core.services import TopUpLimits, TransitTopUp
from kiosk_core.terminal import Terminal
from kiosk_core.texts import LocalText

NUMBER = CardNumber("3104870000012345678")
OTHER_NUMBER = CardNumber("3104870000099999999")
TOKEN = "token-of-card"
OLD_BALANCE = 2_350
COUNTER = 17
AMOUNT = 5_000

SERVICE = TransitTopUp(
    kind="transit_top_up",
    id="transit_top_up",
    icon="transit_card",
    title=LocalText("公交卡充值", "Top up transit card"),
    subtitle=LocalText("", ""),
    limits=TopUpLimits(min_yuan=10, max_yuan=500, step_yuan=10, presets_yuan=(50, 100), max_balance_yuan=1000),
)
TERMINAL = Terminal(
    number="OT000001",
    purse_terminal_no=bytes.fromhex("001122334455"),
    bank=LocalText("示例银行", "Example Bank"),
    branch=LocalText("滨江支行", "Riverside Branch"),
    today=date(2026, 11, 22),
)

CARD = PurseCard(NUMBER, OLD_BALANCE, date(2031, 12, 31))
# Cards whose issuer may have commands for them: one is valid, one has expired, and then it is valid longer.
WANTING = replace(CARD, wants_issuer_commands=True)
EXPIRED = replace(WANTING, expires=date(2025, 12, 31))
EXTENDED = replace(WANTING, expires=date(2032, 12, 31))
CHALLENGE = bytes.fromhex("A1B2C3D4E5F60718")
COMMANDS = (bytes.fromhex("04D695180820321231A1B2C3D4"),)
INIT = LoadInit(
    NUMBER, AMOUNT, TERMINAL.purse_terminal_no, OLD_BALANCE, COUNTER, 1, 0, bytes(4), bytes.fromhex("2988AE5A")
)
AUTHORISATION = LoadAuthorisation("20261122", "101530", bytes.fromhex("3A845BF0"))
TAC = bytes.fromhex("96436186")
ANYTHING = events.RiskAssessed(Allowance())  # no rule bites
ORDER = QrOrder("https://pay.example.com/o/1", 120)


def transaction(*states: LedgerState, **facts: str | int | bool | None) -> Transaction:
    """Return a transaction whose last row is the last of `states`; all its facts stand in the first."""
    at = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
    rows = [LedgerRow(1, at, "OT000001-20261122-000001", LedgerState.NEW, {"sequence": 1, **facts})]
    rows += [LedgerRow(2 + i, at, rows[0].transaction, state, {}) for i, state in enumerate(states)]
    return Transaction(rows[0].transaction, tuple(rows))


@dataclass
class Journey:
    """Feeds events to the table and remembers what happened, and all effects."""

    state: top_up.TopUp
    effects: list[do.Effect] = field(default_factory=list)
    happened: list[events.Event] = field(default_factory=list)

    @classmethod
    def begun(cls) -> "Journey":
        state, effects = top_up.begin(SERVICE, TERMINAL, transaction(), "zh")
        return cls(state, list(effects))

    @classmethod
    def resumed(cls, tx: Transaction, *, earlier: bool = False) -> "Journey":
        state, effects = top_up.resume(tx, SERVICE, TERMINAL, earlier=earlier)
        return cls(state, list(effects))

    def feed(self, *happened: events.Event) -> "Journey":
        for event in happened:
            self.happened.append(event)
            self.state, effects = top_up.advance(self.state, event)
            self.effects += effects
        return self

    @property
    def rows(self) -> list[LedgerState]:
        return [effect.state for effect in self.effects if isinstance(effect, do.Record)]

    @property
    def pages(self) -> list[Page]:
        return [effect.page for effect in self.effects if isinstance(effect, do.Show)]

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def asked(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]
