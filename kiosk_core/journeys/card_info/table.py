"""State, table and transitions of the journey."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.card_info import pages
from kiosk_core.journeys.events import Timer
from kiosk_core.ports import CardProblem
from kiosk_core.services import CardInquiry
from kiosk_core.social_security import SocialSecurityProblem
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language

SLOT_SECONDS = 1.0


class Step(Enum):
    """Where the customer stands."""

    PRESENT_CARD = "present_card"
    READING = "reading"
    SHOWING = "showing"
    ENDED = "ended"


@dataclass(frozen=True)
class CardInfo:
    """All that the journey knows; the card itself is on the page alone.

    `takes_social_security`: the card reader takes a card now. `lifted`: the card left while it was read, so that
    balance and history may be those of two.
    """

    service: CardInquiry
    terminal: Terminal
    language: Language
    takes_social_security: bool
    step: Step = Step.PRESENT_CARD
    lifted: bool = False
    attended: bool = True
    transaction: str = ""


Next = tuple[CardInfo, tuple[do.Effect, ...]]
Transition = Callable[[CardInfo, Any], Next]


def begin(service: CardInquiry, terminal: Terminal, language: Language) -> Next:
    """Ask for a card."""
    s = CardInfo(service, terminal, language, takes_social_security=service.social_security)
    look = (do.LookInSlot(),) if s.takes_social_security else ()
    return s, (do.Show(pages.present_card(s)), do.WatchCard(), *look)


def advance(s: CardInfo, event: ev.Event) -> Next:
    """Return what follows from `event`; whatever means nothing in this step is ignored, for no money depends on it."""
    if isinstance(event, ev.CannotGoOn) and s.step is not Step.ENDED:
        return _end(s, event)
    transition = TABLE.get((s.step, type(event)))
    return transition(s, event) if transition is not None else (s, ())


def _read(s: CardInfo, _: ev.CardArrived) -> Next:
    effects = (*_close_slot(s), do.Show(pages.reading()), do.LookAtCard())
    return replace(s, step=Step.READING, lifted=False), effects


def _lifted(s: CardInfo, _: ev.CardLeft) -> Next:
    return replace(s, lifted=True), ()


def _show(s: CardInfo, event: ev.CardLookedAt) -> Next:
    if s.lifted:
        return _ask_again(s, ev.CardUnusable(CardProblem.UNREADABLE))
    return replace(s, step=Step.SHOWING), (do.Show(pages.transit_card(s, event.card, event.history)),)


def _ask_again(s: CardInfo, event: ev.CardUnusable) -> Next:
    s = replace(s, step=Step.PRESENT_CARD)
    effects: tuple[do.Effect, ...] = (do.Show(pages.present_card(s, pages.card_problem(event.problem))),)
    if s.lifted or event.problem is CardProblem.NOT_PRESENT:
        effects += (do.WatchCard(),)
    if s.takes_social_security:
        effects += (do.LookInSlot(),)
    return s, effects


def _look_in_slot(s: CardInfo, _: ev.TimerFired) -> Next:
    return s, (do.LookInSlot(),)


def _show_social_security(s: CardInfo, event: ev.SocialSecurityCardRead) -> Next:
    page = pages.social_security_card(s, event.card)
    return replace(s, step=Step.SHOWING), (do.CloseSlot(), do.Show(page))


def _ask_for_social_security_again(s: CardInfo, event: ev.SocialSecurityCardUnusable) -> Next:
    """Look again; nothing new is shown, and the customer's time goes on, while no card is there."""
    again = do.StartTimer(Timer.SLOT, SLOT_SECONDS)
    if event.problem is SocialSecurityProblem.NOT_PRESENT:
        return s, (again,)
    return s, (do.Show(pages.present_card(s, pages.social_security_problem(event.problem))), again)


def _slot_lost(s: CardInfo, _: ev.SlotLost) -> Next:
    """Go on with transit cards."""
    s = replace(s, takes_social_security=False)
    return s, (do.Show(pages.present_card(s)),)


def _end(s: CardInfo, _: ev.Event) -> Next:
    return replace(s, step=Step.ENDED), (*_close_slot(s), do.End())


def _close_slot(s: CardInfo) -> tuple[do.Effect, ...]:
    return (do.StopTimer(Timer.SLOT), do.CloseSlot()) if s.takes_social_security else ()


TABLE: Mapping[tuple[Step, type[ev.Event]], Transition] = {
    (Step.PRESENT_CARD, ev.CardArrived): _read,
    (Step.PRESENT_CARD, ev.TimerFired): _look_in_slot,
    (Step.PRESENT_CARD, ev.SocialSecurityCardRead): _show_social_security,
    (Step.PRESENT_CARD, ev.SocialSecurityCardUnusable): _ask_for_social_security_again,
    (Step.PRESENT_CARD, ev.SlotLost): _slot_lost,
    (Step.PRESENT_CARD, ev.ReaderLost): _end,
    (Step.PRESENT_CARD, ev.CancelTouched): _end,
    (Step.PRESENT_CARD, ev.CustomerGone): _end,
    (Step.READING, ev.CardLeft): _lifted,
    (Step.READING, ev.CardLookedAt): _show,
    (Step.READING, ev.CardUnusable): _ask_again,
    (Step.SHOWING, ev.CardArrived): _read,
    (Step.SHOWING, ev.DoneTouched): _end,
    (Step.SHOWING, ev.CustomerGone): _end,
}
