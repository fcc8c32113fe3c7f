"""What the transitions of the top-up share: the next step, a page for whoever is there, asking for the card."""

from dataclasses import replace
from typing import Any

from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Timer
from kiosk_core.journeys.top_up import pages
from kiosk_core.journeys.top_up.state import Next, Step, TopUp
from kiosk_core.ledger import Facts
from kiosk_core.pages import Page
from kiosk_core.ports import CardProblem, LoadInit, PurseCard

RETRY_SECONDS = 2.0


def go(s: TopUp, step: Step, *effects: do.Effect, **changes: Any) -> Next:
    return replace(s, step=step, **changes), effects


def show_customer(s: TopUp, page: Page) -> tuple[do.Effect, ...]:
    return (do.Show(page),) if s.attended else ()


def working(s: TopUp, current: int) -> tuple[do.Effect, ...]:
    return show_customer(s, pages.working(s, current))


def wait_for_card(s: TopUp, page: Page, problem: CardProblem) -> tuple[do.Effect, ...]:
    """Ask for the card, for `return_card_s` in all, and notice it however it comes.

    A card may have come back while the last question was under way, may lie badly, or may have been exchanged
    faster than anyone looks.
    """
    notice = do.WatchCard() if problem is CardProblem.NOT_PRESENT else do.StartTimer(Timer.RETRY, RETRY_SECONDS)
    waiting = do.StartTimer(Timer.RETURN_CARD, s.service.times.return_card_s, keep=True)
    return waiting, do.Show(page, until=Timer.RETURN_CARD), notice


STOP_WAITING = (do.StopTimer(Timer.RETURN_CARD), do.StopTimer(Timer.RETRY))


def card_of(s: TopUp) -> PurseCard:
    if s.card is None:
        raise ev.UnexpectedEvent("no card has been read")
    return s.card


def init_facts(init: LoadInit) -> Facts:
    return {
        "amount_fen": init.amount_fen,
        "counter": init.counter,
        "old_balance_fen": init.balance_fen,
        "key_version": init.key_version,
        "algorithm": init.algorithm,
        "random": init.random.hex().upper(),
        "mac1": init.mac1.hex().upper(),
    }
