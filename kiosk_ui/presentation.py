"""Pages as QML reads them: plain maps of finished texts, in one language.

Every kind of page always has the same keys, so that no binding ever meets a missing one; `BLANK` holds a page
of each kind with nothing of any customer in it.
"""

from collections.abc import Mapping
from typing import Any

from kiosk_core.id_document import LONG_TERM
from kiosk_core.money import FEN_PER_YUAN, format_amount
from kiosk_core.pages import (
    CapturePage,
    CardView,
    Choice,
    ChoicePage,
    Fact,
    FieldEntry,
    FieldPage,
    FieldState,
    FormField,
    FormPage,
    FundingChoice,
    FundingPage,
    KeypadPage,
    ListPage,
    MenuItem,
    MenuPage,
    MessagePage,
    Page,
    Paper,
    PaymentPage,
    Picture,
    Preview,
    ProgressPage,
    ResultPage,
    ScanPage,
    TicketPage,
    Tone,
)
from kiosk_core.texts import Language, LocalText, Words
from kiosk_ui.texts import Catalogue

_NOTHING = Words("ui.nothing")

BLANK: Mapping[str, Page] = {
    "menu": MenuPage(),
    "choice": ChoicePage(title=_NOTHING, choices=()),
    "capture": CapturePage(title=_NOTHING, body=_NOTHING, picture=Picture.PLACE_CARD),
    "scan": ScanPage(
        title=_NOTHING,
        hint=_NOTHING,
        sign="",
        picture=Picture.ID_CARD_FRONT,
        steps=(),
        current=0,
        preview=Preview(),
    ),
    "form": FormPage(title=_NOTHING, body=_NOTHING, fields=()),
    "field": FieldPage(
        title=_NOTHING,
        field=FormField(name="", label=_NOTHING, text="", state=FieldState.SURE),
        entry=FieldEntry.TEXT,
    ),
    "keypad": KeypadPage(
        title=_NOTHING,
        card=CardView(masked_number="", balance_fen=0),
        presets_fen=(),
        min_fen=0,
        max_fen=0,
        step_fen=FEN_PER_YUAN,
    ),
    "funding": FundingPage(title=_NOTHING, amount_fen=0, choices=()),
    "payment": PaymentPage(amount_fen=0, qr="", deadline_s=0),
    "progress": ProgressPage(title=_NOTHING, body=_NOTHING, steps=(), current=0),
    "listing": ListPage(title=_NOTHING, facts=()),
    "result": ResultPage(tone=Tone.NEUTRAL, title=_NOTHING, body=_NOTHING),
    "ticket": TicketPage(
        number="",
        service=LocalText("", ""),
        ahead=_NOTHING,
        wait=_NOTHING,
        body=_NOTHING,
        paper=Paper.PRINTING,
    ),
    "message": MessagePage(title=_NOTHING, body=_NOTHING),
}

# These messages ask for a moment of patience; every other one means that the terminal cannot serve now.
_PATIENCE = frozenset({"starting.title", "one_moment.title", "ui.no_core.title"})

_DAYS = frozenset({"birth", "valid_from", "valid_until"})

# A service that stands alone on the home page shows a picture instead of its icon, where there is one.
_PICTURES = {"transit_card": Picture.PLACE_CARD.value, "id_card": Picture.ID_CARD_FRONT.value}


class Wording:
    """The catalogue in one language; no words are an empty text."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue = catalogue
        self._language = language

    def __call__(self, text: Words | LocalText | None) -> str:
        """Return `text` as the customer reads it."""
        match text:
            case None:
                return ""
            case Words(key="ui.nothing"):
                return ""
            case Words():
                return self._catalogue.text(text, self._language)
            case LocalText():
                return text.in_language(self._language)


def amount(fen: int) -> str:
    """Return `fen` as the customer reads it, the sign first: 5000 -> "¥50.00", -150 -> "−¥1.50"."""
    return format_amount(fen) if fen >= 0 else f"\N{MINUS SIGN}{format_amount(-fen)}"


def short_amount(fen: int) -> str:
    """Return `fen` without ".00" where the yuan are whole: 5000 -> "¥50", 5050 -> "¥50.50"."""
    return format_amount(fen).removesuffix(".00")


def present(page: Page, say: Wording) -> dict[str, Any]:  # noqa: C901, PLR0912  (a case a kind)
    """Return `page` as its QML step reads it."""
    match page:
        case MenuPage():
            return {
                "title": say(Words("home.title")),
                "notice": say(page.notice),
                "items": [_tile(item, say) for item in page.items],
            }
        case ChoicePage():
            return {
                "title": say(page.title),
                "choices": [_choice(choice, say) for choice in page.choices],
                "problem": say(page.problem),
            }
        case CapturePage():
            return {
                "title": say(page.title),
                "body": say(page.body),
                "picture": page.picture.value,
                "problem": say(page.problem),
                "timed": page.deadline_s is not None,
            }
        case ScanPage():
            return {
                "title": say(page.title),
                "hint": say(page.hint),
                "sign": page.sign,
                "good": page.good,
                "picture": page.picture.value,
                "steps": [_step(index, words, page.current, say) for index, words in enumerate(page.steps)],
                "problem": say(page.problem),
            }
        case FormPage():
            asked = sum(field.state is FieldState.ASKED for field in page.fields)
            return {
                "title": say(page.title),
                "body": say(page.body),
                "fields": [_form_field(field, say) for field in page.fields],
                "asked": asked,
                "confirm": say(Words("ui.form.check" if asked else "ui.form.confirm")),
            }
        case FieldPage():
            to_counter = page.field.name == "name" or page.may_stay_open
            counter = "ui.field.counter_later" if page.may_stay_open else "ui.field.counter_now"
            return {
                **_form_field(page.field, say),
                "title": say(page.title),
                "entry": page.entry.value,
                "counter": say(Words(counter)) if page.entry is FieldEntry.TEXT and to_counter else "",
                "confirm": say(Words("ui.field.right" if page.entry is FieldEntry.TEXT else "ui.confirm")),
            }
        case KeypadPage():
            return {
                "title": say(page.title),
                "cardNumber": page.card.masked_number,
                "balance": "" if page.card.balance_fen is None else amount(page.card.balance_fen),
                "presets": [_preset(fen, page, say) for fen in page.presets_fen],
                "notice": say(page.notice),
            }
        case FundingPage():
            return {
                "title": say(page.title),
                "amount": format_amount(page.amount_fen),
                "choices": [_way_to_pay(choice, say) for choice in page.choices],
                "problem": say(page.problem),
            }
        case PaymentPage():
            return {
                "amount": format_amount(page.amount_fen),
                "cardPresent": page.card_present is True,
                "cardWanted": page.card_present is not None,
            }
        case ProgressPage():
            return {
                "title": say(page.title),
                "body": say(page.body),
                "steps": [_step(index, words, page.current, say) for index, words in enumerate(page.steps)],
                "picture": page.picture.value if page.picture else "",
            }
        case ListPage():
            return {
                "title": say(page.title),
                "facts": [_fact(fact, say) for fact in page.facts],
                "notice": say(page.notice),
                "picture": page.picture.value if page.picture else "",
            }
        case ResultPage():
            return {
                "tone": page.tone.value,
                "title": say(page.title),
                "body": "\n".join(say(part) for part in (page.reason, page.body) if part),
                "facts": [_fact(fact, say) for fact in page.facts],
                "pictures": [picture.value for picture in page.pictures],
            }
        case TicketPage():
            return {
                "number": page.number,
                "service": say(page.service),
                "customerClass": say(page.customer_class),
                "ahead": say(page.ahead),
                "wait": say(page.wait),
                "body": say(page.body),
                "take": say(page.take),
                "paper": page.paper.value,
            }
        case MessagePage():
            return {
                "title": say(page.title),
                "body": say(page.body),
                "patience": page.title.key in _PATIENCE,
            }


def _tile(item: MenuItem, say: Wording) -> dict[str, Any]:
    return {
        "serviceId": item.service_id,
        "title": say(item.title),
        "subtitle": say(item.subtitle),
        "icon": item.icon,
        "picture": _PICTURES.get(item.icon, ""),
        "available": item.unavailable is None,
        "reason": say(item.unavailable),
    }


def _choice(choice: Choice, say: Wording) -> dict[str, Any]:
    return {
        "serviceId": choice.name,
        "title": say(choice.title),
        "subtitle": say(choice.subtitle),
        "icon": choice.icon,
        "available": True,
        "reason": "",
        "leading": choice.leading,
    }


def _form_field(field: FormField, say: Wording) -> dict[str, Any]:
    nothing = Words("ui.form.open" if field.state is FieldState.OPEN else "ui.form.empty")
    return {
        "name": field.name,
        "label": say(field.label),
        "value": _on_card(field.name, field.text),
        "empty": "" if field.text else say(nothing),
        "state": field.state.value,
        "stateText": say(Words(f"ui.form.{field.state.value}")),
        "pictured": field.crop != "",
    }


def _on_card(name: str, text: str) -> str:
    """Return a field as people compare it with the card: a date with dots, an ID number in its three parts."""
    if name == "id_number":
        return " ".join(part for part in (text[:6], text[6:14], text[14:]) if part)
    return text.replace("-", ".") if name in _DAYS and text != LONG_TERM else text


def _way_to_pay(choice: FundingChoice, say: Wording) -> dict[str, Any]:
    return {
        "funding": choice.funding.value,
        "title": say(choice.title),
        "subtitle": say(choice.subtitle),
        "icon": "",
        "picture": choice.picture.value,
        "available": True,
        "reason": "",
    }


def _preset(fen: int, page: KeypadPage, say: Wording) -> dict[str, Any]:
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    label = say(Words("ui.yuan", {"yuan": str(yuan)})) if not rest else short_amount(fen)
    return {"fen": fen, "label": label, "available": page.min_fen <= fen <= page.max_fen}


def _step(index: int, words: Words, current: int, say: Wording) -> dict[str, Any]:
    state = "done" if index < current else "current" if index == current else "waiting"
    return {"text": say(words), "state": state, "stateText": say(Words(f"ui.progress.{state}"))}


def _fact(fact: Fact, say: Wording) -> dict[str, Any]:
    value = fact.text if fact.money_fen is None else amount(fact.money_fen)
    return {"label": say(fact.label), "value": value, "strong": fact.strong}
