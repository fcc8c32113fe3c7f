"""What the core asks the screen to show. Documented in docs/core-protocol.md.

A page is data: which kind of step, which texts, which values. The screen lays it out and owns no business
state. Every page has a number; an intent (kiosk_core.intents) names the page it was touched on, so a second tap on a
page that is gone does nothing.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field

from kiosk_core.funding import FundingKind
from kiosk_core.texts import LocalText, Words


class Tone(Enum):
    """How a result feels: colour, icon and voice follow it."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    ATTENTION = "attention"


class Picture(Enum):
    """The drawing that shows what to do with one's hands."""

    PLACE_CARD = "place_card"
    PLACE_ID_CARD = "place_id_card"
    RETURN_CARD = "return_card"
    TAKE_CARD = "take_card"
    TAKE_ID_CARD = "take_id_card"
    TAKE_RECEIPT = "take_receipt"
    KEEP_CARD = "keep_card"
    PAY_BY_PHONE = "pay_by_phone"
    INSERT_BANK_CARD = "insert_bank_card"
    ENTER_PIN = "enter_pin"
    KEEP_BANK_CARD = "keep_bank_card"
    TAKE_BANK_CARD = "take_bank_card"
    STAFF = "staff"
    ID_CARD_FRONT = "id_card_front"
    ID_CARD_BACK = "id_card_back"


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """A tile of the home page; a service that cannot be had now says why in `unavailable`."""

    service_id: str
    title: LocalText
    subtitle: LocalText
    icon: str
    unavailable: Words | None = None


@dataclass(frozen=True, kw_only=True)
class CardView:
    """The card as the customer may see it: number masked, balance in fen, None where nobody tells it."""

    masked_number: str
    balance_fen: int | None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line of a result: label and value. A `money_fen` is written by the screen, a `text` is shown as it is."""

    label: Words
    text: str = ""
    money_fen: int | None = None
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What every page has.

    `idle_s`: the customer's time before the warning (None: this page waits for the machine, not for him).
    `cancellable`: a cancel button is shown. `warning_s`: the page is about to end; show the countdown of so
    many seconds and the button that extends it.
    """

    idle_s: int | None = None
    cancellable: bool = False
    warning_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class StripCall:
    """A ticket that was called to a window."""

    ticket: str
    window: str


@dataclass(frozen=True, kw_only=True)
class StripService:
    """How many wait for a service, and how long a newcomer waits at most, in minutes; None: nobody can say."""

    title: LocalText
    waiting: int
    up_to_min: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueueStrip:
    """The branch's queue as the home page shows it: the last calls, the newest first, and who waits."""

    calls: tuple[StripCall, ...]
    services: tuple[StripService, ...]


@dataclass(frozen=True, kw_only=True)
class MenuPage(_Page):
    """The home page. `queue` None: the terminal knows of none, or it does not answer."""

    kind: Literal["menu"] = "menu"
    items: tuple[MenuItem, ...] = ()
    notice: Words | None = None
    queue: QueueStrip | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of a few things to choose from. `leading`: what most customers want."""

    name: str
    title: LocalText | Words
    subtitle: LocalText | Words | None = None
    icon: str
    leading: bool = False


@dataclass(frozen=True, kw_only=True)
class ChoicePage(_Page):
    """Choose one of a few things; `problem` says what went wrong before."""

    kind: Literal["choice"] = "choice"
    title: Words
    choices: tuple[Choice, ...]
    problem: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The camera's live picture: `mirrored` for a camera that looks at the customer's face.

    `card_outline`: draw where a card of ISO/IEC 7810 size ID-1 must lie.
    """

    mirrored: bool = False
    card_outline: bool = True


@dataclass(frozen=True, kw_only=True)
class CapturePage(_Page):
    """The customer shall do something with a card: `picture` shows it, `problem` says what went wrong before.

    `deadline_s` are the seconds until waiting ends, to be counted down; None: it has no end of its own. With a
    `preview` the camera's picture stands in the place of `picture`.
    """

    kind: Literal["capture"] = "capture"
    title: Words
    body: Words
    picture: Picture
    problem: Words | None = None
    deadline_s: int | None = None
    preview: Preview | None = None


@dataclass(frozen=True, kw_only=True)
class ScanPage(_Page):
    """A document is captured: `steps` are its sides, `current` the one under way, and `picture` shows it.

    `hint` is the one thing to do now, with the icon of its `sign`; `good`: nothing is left to do but to wait. `problem`
    says why this side is asked for once more.
    """

    kind: Literal["scan"] = "scan"
    title: Words
    hint: Words
    sign: str
    good: bool = False
    picture: Picture
    steps: tuple[Words, ...]
    current: int
    problem: Words | None = None
    preview: Preview


class FieldState(Enum):
    """How a field of a form stands."""

    ASKED = "asked"  # somebody must look at it
    SURE = "sure"
    CHANGED = "changed"  # the customer typed or chose it
    OPEN = "open"  # the counter fills it in


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A field of a form by its `name`: its text, and a picture of where it stands on the card (PNG, base64; "": none).

    Both are a person's, and in no repr.
    """

    name: str
    label: Words
    text: str = field(repr=False)
    state: FieldState
    crop: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class FormPage(_Page):
    """All fields: those that are asked first. The button leads to the first of them or, where none is, on."""

    kind: Literal["form"] = "form"
    title: Words
    body: Words
    fields: tuple[FormField, ...]


class FieldEntry(Enum):
    """How a field is corrected."""

    TEXT = "text"  # not at all here: it is right, or it is read anew, or the counter fills it in
    NUMBER = "number"  # an ID number
    CODE = "code"  # the 6 digits of an appointment
    DATE = "date"
    LAST_DAY = "last_day"  # a date, or 长期
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class FieldPage(_Page):
    """One field: is it right? `choices` are for CHOICE; `may_stay_open`: the counter may fill it in.

    `problem` says what is wrong with what was typed.
    """

    kind: Literal["field"] = "field"
    title: Words
    field: FormField
    entry: FieldEntry
    choices: tuple[str, ...] = ()
    may_stay_open: bool = False
    problem: Words | None = None


@dataclass(frozen=True, kw_only=True)
class KeypadPage(_Page):
    """Choose or type an amount: presets, limits and step in fen."""

    kind: Literal["keypad"] = "keypad"
    title: Words
    card: CardView
    presets_fen: tuple[int, ...]
    min_fen: int
    max_fen: int
    step_fen: int
    problem: Words | None = None
    notice: LocalText | Words | None = None


@dataclass(frozen=True, kw_only=True)
class FundingChoice:
    """A way to pay that can be had now."""

    funding: FundingKind
    title: Words
    subtitle: Words
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class FundingPage(_Page):
    """Choose how to pay `amount_fen`; `problem` says why there is less to choose from than a moment ago."""

    kind: Literal["funding"] = "funding"
    title: Words
    amount_fen: int
    choices: tuple[FundingChoice, ...]
    problem: Words | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentPage(_Page):
    """Pay by phone: `qr` is the text of the code.

    `deadline_s` are the seconds it can still be paid, to be counted down. `card_present` None: no card has to lie
    there.
    """

    kind: Literal["payment"] = "payment"
    amount_fen: int
    qr: str
    deadline_s: int | None = None
    card_present: bool | None = True


@dataclass(frozen=True, kw_only=True)
class ProgressPage(_Page):
    """The machine works: `steps` in order, `current` is the index of the one under way."""

    kind: Literal["progress"] = "progress"
    title: Words
    body: Words
    steps: tuple[Words, ...]
    current: int
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """A line of a list: what, a finer line below it, and a value."""

    label: Words
    detail: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class ListSection:
    """Lines that belong together, in the order in which they are read; `empty` is said where there are none."""

    title: Words
    rows: tuple[ListRow, ...]
    empty: Words


@dataclass(frozen=True, kw_only=True)
class ListPage(_Page):
    """Something to read: the facts first, then lists, which the screen cuts into pages that it has room for."""

    kind: Literal["listing"] = "listing"
    title: Words
    facts: tuple[Fact, ...]
    notice: Words | None = None
    sections: tuple[ListSection, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class ResultPage(_Page):
    """How it ended, truthfully: what happened to the money and what to do now.

    `reason` stands before the body: why a rule said no, or what must not be forgotten. `pictures` show side by side
    what there is to take.
    """

    kind: Literal["result"] = "result"
    tone: Tone
    title: Words
    body: Words
    reason: LocalText | Words | None = None
    facts: tuple[Fact, ...] = ()
    pictures: tuple[Picture, ...] = ()


class Paper(Enum):
    """What became of a ticket's paper."""

    PRINTING = "printing"
    PRINTED = "printed"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class TicketPage(_Page):
    """A ticket of the queue: its number, what for, how long. `qr` is the text of a code for a phone, "" for none.

    `customer_class` names the class where that is not everybody's. `take` is what must not be forgotten.
    """

    kind: Literal["ticket"] = "ticket"
    number: str
    service: LocalText
    customer_class: LocalText | None = None
    ahead: Words
    wait: Words
    body: Words
    qr: str = field(default="", repr=False)
    paper: Paper
    take: Words | None = None


@dataclass(frozen=True, kw_only=True)
class MessagePage(_Page):
    """The terminal has something to say that is no step: out of service, starting, no connection to the core."""

    kind: Literal["message"] = "message"
    title: Words
    body: Words


Page = Annotated[
    MenuPage
    | ChoicePage
    | CapturePage
    | ScanPage
    | FormPage
    | FieldPage
    | KeypadPage
    | FundingPage
    | PaymentPage
    | ProgressPage
    | ListPage
    | ResultPage
    | TicketPage
    | MessagePage,
    Field(discriminator="kind"),
]
