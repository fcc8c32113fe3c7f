"""A journey under way: its table says what follows from each event, and the effects are carried out in order."""

import contextlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.funding import FundingKind
from kiosk_core.id_document import CapturedSide
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Event, Timer
from kiosk_core.journeys.journey import JourneyState, advance
from kiosk_core.ledger import Facts, Journal
from kiosk_core.pages import CapturePage, Page, PaymentPage
from kiosk_core.status import Media
from kiosk_core.texts import Language
from openteller.home_page import Condition
from openteller.page_on_screen import PageOnScreen
from openteller.questions import Questions
from openteller.risk_check import RiskCheck

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Means:
    """What journeys are carried out with.

    `condition` says how the terminal stands now. `on_thread` has a function called by the conductor's thread.
    `journal_lost` hears that the journal took no row.
    """

    journal: Journal
    questions: Questions
    risk: RiskCheck
    screen: PageOnScreen
    clock: Clock
    condition: Callable[[], Condition]
    on_thread: Callable[[Callable[[], None]], None]
    journal_lost: Callable[[JournalUnavailable], None]


class Session:
    """A customer's journey, or one that recovery resumed. Belongs to the conductor's thread.

    Args:
        ended: is called when the journey has come to its end.
    """

    def __init__(self, state: JourneyState, means: Means, ended: Callable[["Session"], None]) -> None:
        self.state = state
        """What the journey knows."""
        self._means = means
        self._on_end = ended
        self._timers: dict[Timer, float] = {}
        self._ended = False

    @property
    def place(self) -> tuple[object, Enum]:
        """Where the customer stands: pages of one kind at one place are one."""
        return (self, self.state.step)

    @property
    def timer_due(self) -> float:
        """When the next timer fires."""
        return min(self._timers.values(), default=math.inf)

    def begin(self, effects: Sequence[do.Effect]) -> None:
        """Carry out the first effects."""
        try:
            self._carry_out(effects)
        except JournalUnavailable as error:
            self._means.journal_lost(error)
            self._end()

    def advance(self, event: Event) -> None:
        """Go on with what happened; a journey that has ended takes no notice."""
        self._answered(lambda: event)

    def fire_timers(self, now: float) -> None:
        """Go on with the timers that are due, the earliest first."""
        for timer, due in sorted(self._timers.items(), key=lambda item: item[1]):
            if due <= now and self._timers.get(timer) == due:
                del self._timers[timer]
                self.advance(ev.TimerFired(timer))

    def speak(self, language: Language) -> None:
        """Go on in another language."""
        self.state = replace(self.state, language=language)

    def _deliver(self, event: Callable[[], Event]) -> None:
        """Take what a device or the host said; `event` is called on the conductor's thread."""
        self._means.on_thread(lambda: self._answered(event))

    def _answered(self, event: Callable[[], Event]) -> None:
        if self._ended:
            _let_go(event)
            return
        before = self.state
        try:
            self.state, effects = advance(before, event())
            self._carry_out(effects)
        except JournalUnavailable as error:
            self._means.journal_lost(error)
            self._give_up(before)
        except Exception:  # noqa: BLE001  (whatever it is, the customer must be told what happened to the money)
            _log.exception("transaction %s: failed in step %s", before.transaction, before.step.name)
            self._give_up(before)

    def _give_up(self, before: JourneyState) -> None:
        """Tell the customer what is certain; recovery settles the rest from the journal."""
        self.state, effects = advance(before, ev.CannotGoOn())
        self._carry_out(effects)

    def _carry_out(self, effects: Sequence[do.Effect]) -> None:
        for effect in effects:
            self._perform(effect)

    def _perform(self, effect: do.Effect) -> None:  # noqa: C901, PLR0912  (a case an effect)
        means = self._means
        now = means.clock.now()
        match effect:
            case do.Show(page, until):
                means.screen.show(_with_deadline(page, until, self._timers, now), self.place)
            case do.Record(transaction, state, facts):
                means.journal.record(transaction, state, facts)
            case do.Note(transaction, facts):
                self._note(transaction, facts)
            case do.StartTimer(timer, seconds, keep):
                if not (keep and timer in self._timers):
                    self._timers[timer] = now + seconds
            case do.StopTimer(timer):
                self._timers.pop(timer, None)
            case do.WatchCard():
                if means.condition().media is Media.PRESENT:
                    self._deliver(ev.CardArrived)
            case do.Wipe(sides):
                for side in sides:
                    side.wipe()
            case do.AssessRisk():
                self._deliver(lambda: self._assessed(effect))
            case do.LookAtQueue():
                self._deliver(self._queue_seen)
            case do.End():
                self._end()
            case _:
                means.questions.ask(effect, self.state.terminal.purse_terminal_no, self._deliver)

    def _note(self, transaction: str, facts: Facts) -> None:
        """Write what has happened already: what the customer is told next does not depend on the row."""
        try:
            self._means.journal.note(transaction, facts)
        except JournalUnavailable as error:
            self._means.journal_lost(error)

    def _assessed(self, asked: do.AssessRisk) -> Event:
        condition = self._means.condition()
        can_identify = condition.in_service("id_card_reader")
        ways = filter(condition.can_take, (FundingKind.QR, *self._means.questions.funding))
        allowance = self._means.risk.allowance(asked.service, asked.number, asked.token, can_identify=can_identify)
        return ev.RiskAssessed(allowance, tuple(ways))

    def _queue_seen(self) -> Event:
        condition = self._means.condition()
        if condition.queue is None:
            return ev.QueueUnanswered()
        return ev.QueueSeen(condition.queue, self._means.questions.queue_ways(condition.in_service))

    def _end(self) -> None:
        self._ended = True
        self._on_end(self)


def _let_go(late: Callable[[], Event]) -> None:
    """Keep no picture that was captured for a customer who has gone meanwhile."""
    with contextlib.suppress(JournalUnavailable):
        event = late()
        if isinstance(event, ev.CaptureTold) and isinstance(event.news, CapturedSide):
            event.news.wipe()


def _with_deadline(page: Page, until: Timer | None, timers: Mapping[Timer, float], now: float) -> Page:
    if until is None or until not in timers or not isinstance(page, CapturePage | PaymentPage):
        return page
    return replace(page, deadline_s=max(0, math.ceil(timers[until] - now)))
