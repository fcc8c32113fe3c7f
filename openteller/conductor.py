"""The conductor: carries out the effects of journeys and feeds back what happened, one thing at a time.

It runs on one thread. Everything reaches it through its inbox: touches, device statuses, answers of devices and
host, and its own timers. Devices and host have threads of their own and answer through futures. The journal is
written by this thread, in the order of the effects, before the effects behind a Record are begun.
"""

import logging
import math
import queue
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.funding import FundingKind, FundingSource
from kiosk_core.id_card_reader import IdCardReader
from kiosk_core.journeys import effects as do
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.events import Event, Timer
from kiosk_core.journeys.journey import DEFAULT_KIND, INQUIRIES, MONEY_JOURNEYS, JourneyState, Next, advance
from kiosk_core.ledger import Facts, Journal, LedgerRow, Transaction
from kiosk_core.outbox import Unacknowledged
from kiosk_core.pages import (
    Cancel,
    CapturePage,
    ChangeLanguage,
    ChooseAmount,
    ChooseFunding,
    ChooseService,
    Done,
    Intent,
    MenuPage,
    MessagePage,
    Page,
    PaymentPage,
    Picture,
    Preview,
    ResultPage,
    ShowPage,
    StayHere,
)
from kiosk_core.ports import BankHost, ReceiptPrinter, TopUpModule
from kiosk_core.services import Service
from kiosk_core.settlement import Settlement, SettlementRefused, settle
from kiosk_core.status import DeviceStatus, Media
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language, Words
from openteller.home_page import Condition, home_page, offered
from openteller.open_cases import OpenCases
from openteller.page_on_screen import DEFAULT_LANGUAGE, PageOnScreen
from openteller.questions import Questions, SlotReading, Worker
from openteller.risk_check import RiskCheck

_log = logging.getLogger(__name__)

ECHO_SECONDS = 15.0
ECHO_AGAIN_SECONDS = 1.0
START_SECONDS = 3.0
READER_LOST_SECONDS = 3.0
HOME_LANGUAGE_SECONDS = 60

_Done = TypeVar("_Done")


@dataclass(frozen=True)
class _Touch:
    number: int
    intent: Intent


@dataclass(frozen=True)
class _Answer:
    """What a device or the host said to the session `session`; `event` is called on the conductor's thread."""

    session: int
    event: Callable[[], Event]


@dataclass(frozen=True)
class _HostEcho:
    online: bool


@dataclass(frozen=True)
class _Work:
    """Work on the open cases that another thread has got the answer for."""

    work: Callable[[], None]


@dataclass(frozen=True)
class _ShowCamera:
    """A technician wants the camera's picture on the screen for `seconds`; `done` hears whether it is there."""

    seconds: int
    preview: Preview
    done: "Future[bool]"


@dataclass(frozen=True)
class _Act:
    """What staff have done on this thread; `done` hears what came of it, or why not."""

    act: Callable[[], Any]
    done: "Future[Any]"


@dataclass(frozen=True)
class _Stop:
    pass


_Message = _Touch | DeviceStatus | _Answer | _HostEcho | _Work | _ShowCamera | _Act | _Stop


@dataclass
class _Session:
    """A journey under way: a customer's, or one that recovery resumed."""

    number: int
    state: JourneyState
    timers: dict[Timer, float] = field(default_factory=dict)
    ended: bool = False


class Conductor:
    """Runs the terminal: home page, one customer at a time, and recovery in the pauses.

    Args:
        terminal: makes the Terminal of today (its date checks the expiry of cards).
        risk: the rules that are checked before money moves.
        id_card_reader: None: the terminal has none.
        slot: where cards are read that come out again; None: the terminal has no card reader.
        funding: the ways to pay beside QR, which the host takes by itself.
        screen: is given every page; must not block.
    """

    def __init__(
        self,
        *,
        services: Sequence[Service],
        terminal: Callable[[], Terminal],
        journal: Journal,
        top_up_module: Worker[TopUpModule],
        printer: Worker[ReceiptPrinter],
        host: Worker[BankHost],
        risk: RiskCheck,
        id_card_reader: Worker[IdCardReader] | None = None,
        slot: SlotReading | None = None,
        funding: Mapping[FundingKind, Worker[FundingSource]] | None = None,
        clock: Clock,
        screen: Callable[[ShowPage], None],
    ) -> None:
        self._services = {service.id: service for service in sorted(services, key=lambda each: each.order)}
        reads_bank_cards = slot is not None and slot.bank_card is not None
        self._offered = offered(self._services.values(), reads_bank_cards=reads_bank_cards)
        self._terminal = terminal
        self._journal = journal
        self._host = host
        self._open_cases = OpenCases(journal, host, clock, lambda work: self._inbox.put(_Work(work)))
        self._questions = Questions(
            top_up_module,
            printer,
            host,
            journal,
            lambda: self._inbox.put(_HostEcho(online=False)),
            id_card_reader,
            funding or {},
            slot,
        )
        self._risk = risk
        self._clock = clock
        self._screen = PageOnScreen(screen, clock)
        self._inbox: queue.Queue[_Message] = queue.Queue()
        self._statuses: dict[str, DeviceStatus] = {}
        self._sessions = 0
        self._session: _Session | None = None
        self._started = False
        self._ready_by = clock.now() + START_SECONDS
        self._reader_lost_at: float | None = None
        self._host_online: bool | None = None
        self._next_echo = clock.now()
        self._camera_until: float | None = None
        self._chosen: str | None = None  # what a customer touched while an earlier case was being settled

    # -- from other threads --------------------------------------------------------------------------------

    def touch(self, number: int, intent: Intent) -> None:
        """Take what the customer did on page `number`."""
        self._inbox.put(_Touch(number, intent))

    def device_changed(self, status: DeviceStatus) -> None:
        """Take the new status of a device."""
        self._inbox.put(status)

    def show_camera(self, seconds: int, preview: Preview) -> "Future[bool]":
        """Show the camera's picture on the screen for `seconds`, 0 ends it; False: a customer is being served."""
        done: Future[bool] = Future()
        self._inbox.put(_ShowCamera(seconds, preview, done))
        return done

    def settle(self, settlement: Settlement) -> "Future[LedgerRow]":
        """Close a case for staff; the future raises SettlementRefused or JournalUnavailable."""
        return self.carry_out(lambda: self._settle(settlement))

    def carry_out(self, act: Callable[[], _Done]) -> "Future[_Done]":
        """Do something to the journal on this thread, which alone writes it; the future raises what `act` raises."""
        done: Future[_Done] = Future()
        self._inbox.put(_Act(act, done))
        return done

    def stop(self) -> None:
        """End `run` after the message under way."""
        self._inbox.put(_Stop())

    @property
    def shows_camera(self) -> bool:
        """Whether a technician has the camera's picture on the screen."""
        return self._camera_until is not None

    @property
    def unacknowledged(self) -> tuple[Unacknowledged, ...]:
        """What waits for the host; any thread may ask."""
        return self._open_cases.waiting

    @property
    def head_acknowledged(self) -> int:
        """The newest row that the host has taken for the journal's own, 0 where there is none; any thread may ask."""
        return self._open_cases.head_acknowledged

    @property
    def idle(self) -> bool:
        """Whether it has started, and nobody is being served or recovered."""
        return self._started and self._session is None and not self._open_cases.are_due

    @property
    def shown(self) -> ShowPage:
        """The page that is on the screen, for a screen that has just connected."""
        return self._screen.shown

    # -- the loop ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run until `stop`."""
        self._show(self._screen.page)
        while self.step(None):
            pass

    def step(self, patience_s: float | None) -> bool:
        """Wait up to `patience_s` (None: as long as it takes) for one message or timer; return False on stop."""
        due = self._next_due()
        wait = max(0.0, due - self._clock.now())
        if patience_s is not None:
            wait = min(wait, patience_s)
        try:
            message = self._inbox.get(timeout=wait)
        except queue.Empty:
            message = None
        if isinstance(message, _Stop):
            return False
        if message is not None:
            self._take(message)
        self._fire_due()
        self._pause_work()
        return True

    def _take(self, message: _Message) -> None:
        match message:
            case _Touch(number, intent):
                self._touched(number, intent)
            case DeviceStatus():
                self._status_changed(message)
            case _Answer(session, event):
                if self._session is not None and self._session.number == session:
                    self._advance(self._session, event)
            case _HostEcho(online):
                self._host_online = online
                self._next_echo = self._clock.now() + (ECHO_SECONDS if online else ECHO_AGAIN_SECONDS)
                self._refresh_home()
            case _Work(work):
                work()
                self._refresh_home()  # it may have found that the journal fails
            case _ShowCamera(seconds, preview, done):
                done.set_result(self._show_camera(seconds, preview))
            case _Act(act, done=heard):
                self._act(act, heard)

    def _next_due(self) -> float:
        due = [self._clock.now() + 1.0]
        if self._session is not None:
            due += self._session.timers.values()
        elif self._open_cases.are_due:
            return self._clock.now()
        elif self._started:
            due.append(self._next_echo)
            if self._host_online:
                due.append(self._open_cases.look_due)
        due += [
            each for each in (self._screen.idle_until, self._reader_lost_at, self._camera_until) if each is not None
        ]
        return min(due)

    def _fire_due(self) -> None:
        now = self._clock.now()
        session = self._session
        if session is not None:
            for timer, due in sorted(session.timers.items(), key=lambda item: item[1]):
                if due <= now and session.timers.get(timer) == due:
                    del session.timers[timer]
                    self._advance(session, ev.TimerFired(timer))
        if self._reader_lost_at is not None and self._reader_lost_at <= now:
            self._reader_lost_at = now + READER_LOST_SECONDS
            if self._session is not None:
                self._advance(self._session, ev.ReaderLost())
        if self._screen.idle_until is not None and self._screen.idle_until <= now:
            self._idle_ended()
        if self._camera_until is not None and self._camera_until <= now:
            self._hide_camera()

    def _pause_work(self) -> None:
        """Start, recover, send again and test the host while no customer is there."""
        if self._session is not None:
            return
        if self._chosen is not None and self.idle:
            self._begin_what_was_chosen(self._chosen)
            return
        now = self._clock.now()
        if not self._started:
            self._start_when_ready(now)
        elif self._open_cases.are_due:
            self._recover(self._open_cases.next_due())
        elif now >= self._open_cases.look_due and self._host_online:
            self._look_for_open_cases()
            self._refresh_home()
        elif now >= self._next_echo:
            self._echo()

    # -- starting and recovering ---------------------------------------------------------------------------

    def _start_when_ready(self, now: float) -> None:
        """Wait for devices and host, for a while: a home page that is all "not available" for a second helps nobody.

        The reader comes first: a card that lies there may settle a load that a power cut interrupted.
        """
        if now >= self._next_echo:
            self._echo()
        ready = self._condition.unavailable(DEFAULT_KIND) is None and "receipt_printer" in self._statuses
        if not ready and now < self._ready_by:
            return
        self._started = True
        self._look_for_open_cases()
        if self.idle:
            self._show_home(language=DEFAULT_LANGUAGE)

    def _look_for_open_cases(self) -> None:
        try:
            self._open_cases.look(host_online=bool(self._host_online))
        except JournalUnavailable as error:
            self._lose_journal(error)

    def _act(self, act: Callable[[], Any], done: "Future[Any]") -> None:
        if not done.set_running_or_notify_cancel():
            return  # whoever asked has been told that it did not happen
        try:
            done.set_result(act())
        except JournalUnavailable as error:
            self._lose_journal(error)
            done.set_exception(error)
        except Exception as error:  # noqa: BLE001  (whoever asked hears it; customers have nothing to do with it)
            done.set_exception(error)
        self._open_cases.look_soon()

    def _settle(self, settlement: Settlement) -> LedgerRow:
        if self._session is not None:  # it may be asking the card of this very case
            raise SettlementRefused("a customer or a recovery is being served; try again when the home page is back")
        return settle(self._journal, settlement)

    def _recover(self, transaction: Transaction) -> None:
        service = self._service_of(transaction)
        if service is None:
            _log.error("transaction %s: no service is configured that could settle it", transaction.id)
            self._refresh_home()
        else:
            _log.info("resuming transaction %s from %s", transaction.id, transaction.state.value)
            self._begin(MONEY_JOURNEYS[service.kind].resume(transaction, service, self._terminal()))

    def _service_of(self, transaction: Transaction) -> Service | None:
        """Return the service of the transaction or, where it is no longer offered, another of its kind."""
        kind = transaction.facts.get("kind", DEFAULT_KIND)
        able = [each for each in self._services.values() if each.kind == kind]
        named = (each for each in able if each.id == transaction.facts.get("service"))
        return next(named, able[0] if able else None)

    def _echo(self) -> None:
        self._next_echo = math.inf  # until this one is answered
        future = self._host.call(lambda host: host.online())
        future.add_done_callback(lambda done: self._inbox.put(_HostEcho(_succeeded(done))))

    # -- touches -------------------------------------------------------------------------------------------

    def _touched(self, number: int, intent: Intent) -> None:  # noqa: C901  (a case an intent)
        if isinstance(intent, ChangeLanguage):
            self._screen.language = intent.language
            if self._session is not None:
                self._session.state = replace(self._session.state, language=intent.language)
            self._refresh_home()
            return
        if not self._screen.takes(number):
            return
        session = self._session
        match intent:
            case StayHere():
                self._screen.stay(self._place)
            case ChooseService(service_id=service_id) if self._serves_nobody and self._camera_until is None:
                self._choose(service_id)
            case ChooseAmount(amount_fen=amount_fen) if session is not None:
                self._advance(session, ev.AmountChosen(amount_fen))
            case ChooseFunding(funding=funding) if session is not None:
                self._advance(session, ev.FundingChosen(funding))
            case Cancel() if self._camera_until is not None:
                self._hide_camera()
            case Cancel() if session is not None and self._screen.page.cancellable:
                self._advance(session, ev.CancelTouched())
            case Done() if session is not None:
                self._advance(session, ev.DoneTouched())
            case _:
                _log.info("page %d offers no %s", number, intent.kind)

    @property
    def _serves_nobody(self) -> bool:
        return self._session is None or not self._session.state.attended

    def _choose(self, service_id: str) -> None:
        """Begin what was chosen; where an earlier case is being settled, say so and begin it then."""
        service = self._services.get(service_id)
        if service not in self._offered:
            return
        if not self.idle:
            self._chosen = service_id
            self._show(MessagePage(title=Words("one_moment.title"), body=Words("one_moment.body")))
            return
        if self._condition.unavailable(service.kind) is not None:
            return
        if service.kind in INQUIRIES:
            self._begin(INQUIRIES[service.kind].begin(service, self._terminal(), self._screen.language))
            return
        try:
            facts = {"service": service.id, "kind": service.kind, "language": self._screen.language}
            transaction = self._journal.begin(facts)
        except JournalUnavailable as error:
            self._lose_journal(error)
            return
        self._begin(MONEY_JOURNEYS[service.kind].begin(service, self._terminal(), transaction, self._screen.language))

    def _begin_what_was_chosen(self, service_id: str) -> None:
        self._chosen = None
        self._choose(service_id)
        if self._session is None:  # it cannot be had any more: the tile says why
            self._show_home()

    # -- journeys ------------------------------------------------------------------------------------------

    def _begin(self, first: Next) -> None:
        state, effects = first
        self._sessions += 1
        session = _Session(self._sessions, state)
        self._session = session
        try:
            for effect in effects:
                self._perform(session, effect)
        except JournalUnavailable as error:
            self._lose_journal(error)
            self._end(session)

    def _advance(self, session: _Session, event: Event | Callable[[], Event]) -> None:
        if session.ended:
            return
        before = session.state
        try:
            session.state, effects = advance(before, event() if callable(event) else event)
            for effect in effects:
                self._perform(session, effect)
        except JournalUnavailable as error:
            self._lose_journal(error)
            self._give_up(session, before)
        except Exception:  # noqa: BLE001  (whatever it is, the customer must be told what happened to the money)
            _log.exception("transaction %s: failed in step %s", before.transaction, before.step.name)
            self._give_up(session, before)

    def _give_up(self, session: _Session, before: JourneyState) -> None:
        """Tell the customer what is certain; recovery settles the rest from the journal."""
        session.state, effects = advance(before, ev.CannotGoOn())
        for effect in effects:
            self._perform(session, effect)

    def _perform(self, session: _Session, effect: do.Effect) -> None:  # noqa: C901  (a case an effect)
        now = self._clock.now()
        match effect:
            case do.Show(page, until):
                self._show(_with_deadline(page, until, session.timers, now))
            case do.Record(transaction, state, facts):
                self._journal.record(transaction, state, facts)
            case do.Note(transaction, facts):
                self._note(transaction, facts)
            case do.StartTimer(timer, seconds, keep):
                if not (keep and timer in session.timers):
                    session.timers[timer] = now + seconds
            case do.StopTimer(timer):
                session.timers.pop(timer, None)
            case do.WatchCard():
                if self._condition.media is Media.PRESENT:
                    self._inbox.put(_Answer(session.number, ev.CardArrived))
            case do.AssessRisk():
                self._inbox.put(_Answer(session.number, lambda: self._assessed(effect)))
            case do.End():
                self._end(session)
            case _:
                self._questions.ask(
                    effect,
                    session.state.terminal.purse_terminal_no,
                    lambda event: self._inbox.put(_Answer(session.number, event)),
                )

    def _note(self, transaction: str, facts: Facts) -> None:
        """Write what has happened already: what the customer is told next does not depend on the row."""
        try:
            self._journal.note(transaction, facts)
        except JournalUnavailable as error:
            self._lose_journal(error)

    def _assessed(self, asked: do.AssessRisk) -> Event:
        reader = self._statuses.get("id_card_reader")
        can_identify = reader is not None and reader.in_service
        ways = filter(self._condition.can_take, (FundingKind.QR, *self._questions.funding))
        allowance = self._risk.allowance(asked.service, asked.number, asked.token, can_identify=can_identify)
        return ev.RiskAssessed(allowance, tuple(ways))

    def _end(self, session: _Session) -> None:
        session.ended = True
        if self._session is session:
            self._session = None
        self._open_cases.look_soon()
        if session.state.attended:
            self._show_home(language=DEFAULT_LANGUAGE)
        else:
            self._refresh_home()

    # -- devices -------------------------------------------------------------------------------------------

    @property
    def _condition(self) -> Condition:
        return Condition(self._statuses, self._host_online, self._open_cases.journal_works)

    def _status_changed(self, status: DeviceStatus) -> None:
        before = self._condition.media
        self._statuses[status.name] = status
        after = self._condition.media
        if status.name == "top_up_module":
            self._reader_lost_at = None if status.in_service else self._clock.now() + READER_LOST_SECONDS
        if self._session is not None and before is not after:
            self._advance(self._session, ev.CardArrived() if after is Media.PRESENT else ev.CardLeft())
        self._refresh_home()

    def _lose_journal(self, error: JournalUnavailable) -> None:
        _log.critical("the journal is lost, the terminal goes out of service: %s", error)
        self._open_cases.journal_works = False
        self._refresh_home()

    # -- pages ---------------------------------------------------------------------------------------------

    def _show(self, page: Page, language: Language | None = None) -> None:
        self._screen.show(page, self._place, language)

    @property
    def _place(self) -> tuple[int, Enum] | None:
        """Where the customer stands: pages of one kind at one place are one."""
        return (self._session.number, self._session.state.step) if self._session is not None else None

    def _show_home(self, language: Language | None = None) -> None:
        self._screen.language = language or self._screen.language
        self._show(self._home(), language)

    def _refresh_home(self) -> None:
        waits = self._camera_until is not None or self._chosen is not None
        if self.idle and not waits and self._screen.page != self._home():
            self._show_home()

    def _show_camera(self, seconds: int, preview: Preview) -> bool:
        if self._camera_until is not None:
            self._hide_camera()
        if not isinstance(self._screen.page, MenuPage):
            return seconds == 0
        if seconds > 0:
            self._camera_until = self._clock.now() + seconds
            title, body = Words("camera_check.title"), Words("camera_check.body")
            picture = Picture.PLACE_CARD
            self._show(CapturePage(title=title, body=body, picture=picture, preview=preview, cancellable=True))
        return True

    def _hide_camera(self) -> None:
        self._camera_until = None
        self._show_home()

    def _home(self) -> MenuPage:
        idle_s = HOME_LANGUAGE_SECONDS if self._screen.language != DEFAULT_LANGUAGE else None
        return home_page(self._offered, self._condition, idle_s)

    def _idle_ended(self) -> None:
        page = self._screen.page
        self._screen.idle_until = None
        session = self._session
        if session is None:
            self._show_home(language=DEFAULT_LANGUAGE)
        elif page.warning_s is None and not isinstance(page, ResultPage):
            warning_s = session.state.service.times.warning_s
            self._show(replace(page, warning_s=warning_s))
        else:
            self._advance(session, ev.CustomerGone())


def _with_deadline(page: Page, until: Timer | None, timers: Mapping[Timer, float], now: float) -> Page:
    if until is None or until not in timers or not isinstance(page, CapturePage | PaymentPage):
        return page
    return replace(page, deadline_s=max(0, math.ceil(timers[until] - now)))


def _succeeded(done: "Future[bool]") -> bool:
    return done.exception() is None and done.result()
