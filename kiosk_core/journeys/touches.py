"""What a customer's touch means to a journey."""

from kiosk_core.intents import (
    AnswerField,
    ChooseAmount,
    ChooseFunding,
    ChooseOption,
    Confirm,
    Done,
    Intent,
    OpenField,
)
from kiosk_core.journeys import events as ev


def event_of(intent: Intent) -> ev.Event | None:
    """Return what `intent` means to whichever journey is under way; None: to journeys it means nothing.

    Cancel is not among them: whether it counts depends on the page.
    """
    match intent:
        case ChooseAmount(amount_fen=amount_fen):
            return ev.AmountChosen(amount_fen)
        case ChooseFunding(funding=funding):
            return ev.FundingChosen(funding)
        case ChooseOption(name=name):
            return ev.OptionChosen(name)
        case OpenField(name=name):
            return ev.FieldOpened(name)
        case AnswerField(name=name, answer=answer, text=text):
            return ev.FieldAnswered(name, answer, text)
        case Confirm():
            return ev.FormConfirmed()
        case Done():
            return ev.DoneTouched()
        case _:
            return None
