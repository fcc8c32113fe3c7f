"""What the customer did, as the screen tells the core. Documented in docs/core-protocol.md."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field

from kiosk_core.funding import FundingKind
from kiosk_core.texts import Language


@dataclass(frozen=True, kw_only=True)
class ChooseService:
    """A tile of the home page was touched."""

    kind: Literal["choose_service"] = "choose_service"
    service_id: str


@dataclass(frozen=True, kw_only=True)
class ChooseAmount:
    """An amount was confirmed."""

    kind: Literal["choose_amount"] = "choose_amount"
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class ChooseFunding:
    """A way to pay was touched."""

    kind: Literal["choose_funding"] = "choose_funding"
    funding: FundingKind


@dataclass(frozen=True, kw_only=True)
class ChooseOption:
    """One of a few things was touched."""

    kind: Literal["choose_option"] = "choose_option"
    name: str


@dataclass(frozen=True, kw_only=True)
class OpenField:
    """A field of a form was touched."""

    kind: Literal["open_field"] = "open_field"
    name: str


class FieldAnswer(Enum):
    """What the customer says of a field."""

    RIGHT = "right"
    TYPED = "typed"  # it reads otherwise
    AGAIN = "again"  # it is wrong: read the card once more
    COUNTER = "counter"  # it is wrong: the counter shall fill it in


@dataclass(frozen=True, kw_only=True)
class AnswerField:
    """A field was answered; `text` is what was typed or chosen: a number, YYYY-MM-DD, 长期 or one of the choices."""

    kind: Literal["answer_field"] = "answer_field"
    name: str
    answer: FieldAnswer
    text: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """All fields of a form are right."""

    kind: Literal["confirm"] = "confirm"


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """The cancel button was touched."""

    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True, kw_only=True)
class Done:
    """The customer has read the result."""

    kind: Literal["done"] = "done"


@dataclass(frozen=True, kw_only=True)
class StayHere:
    """The customer wants more time."""

    kind: Literal["stay_here"] = "stay_here"


@dataclass(frozen=True, kw_only=True)
class ChangeLanguage:
    """The customer switched the language; the core needs it for the receipt."""

    kind: Literal["change_language"] = "change_language"
    language: Language


Intent = Annotated[
    ChooseService
    | ChooseAmount
    | ChooseFunding
    | ChooseOption
    | OpenField
    | AnswerField
    | Confirm
    | Cancel
    | Done
    | StayHere
    | ChangeLanguage,
    Field(discriminator="kind"),
]
