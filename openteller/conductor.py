"""The conductor: serves one customer at a time, and in the pauses starts, recovers and tests the host.

It runs on one thread. All comes through its inbox, as something to be done on that thread: touches, device statuses,
answers of devices and host; beside that there are only timers. Devices and host have threads of their own and answer
through futures. The journal is written here, in the order of the effects, before those behind a Record are begun.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from kiosk_core.branch_queue import BranchQueue, QueueNow
from kiosk_core.clock import Clock
from kiosk_core.errors import JournalUnavailable
from kiosk_core.funding import FundingKind, FundingSource
from kiosk_core.id_card_reader import IdCardReader
from kiosk_core.id_document import DocumentCapture
from kiosk_core.intents import Cancel, ChangeLanguage, ChooseService, Intent, StayHere
from kiosk_core.journeys import events as ev
from kiosk_core.journeys.journey import DEFAULT_KIND, Next
from kiosk_core.journeys.touches import event_of
from kiosk_core.ledger import Journal, LedgerRow, Transaction
from kiosk_core.outbox import Unacknowledged
from kiosk_core.pages import MenuPage, MessagePage, Page, Preview, ResultPage, TicketPage
from kiosk_core.ports import BankHost, ReceiptPrinter, TopUpModule
from kiosk_core.screen_messages import ShowPage
from kiosk_core.services import Service
from kiosk_core.settlement import Settlement, SettlementRefused, settle
from kiosk_core.status import DeviceStatus
from kiosk_core.terminal import Terminal
from kiosk_core.texts import Language, Words
from openteller.appointments import AppointmentList
from openteller.camera_check import CameraCheck
from openteller.home_page import home_page
from openteller.host_echo import HostEcho
from openteller.inbox import Inbox
from openteller.open_cases import OpenCases
from openteller.page_on_screen import DEFAULT_LANGUAGE, PageOnScreen
from openteller.questions import Questions, SlotReading, Worker
from openteller.risk_check import RiskCheck
from openteller.services_offered import ServicesOffered
from openteller.session import Means, Session
from openteller.surroundings import Surroundings

_log = logging.getLogger(__name__)

START_SECONDS = 3.0

_Done = TypeVar("_Done")


class Conductor:
    """Runs the terminal: home page, one customer at a time, and recovery in the pauses.

    Args:
        terminal: makes the Terminal of today (its date checks the expiry of cards).
        risk: the rules that are checked before money moves.
        id_card_reader: None: the terminal has none.
        slot: where cards are read that come out again; None: the terminal has no card reader.
        documents: captures ID cards under the camera; None: the terminal cannot.
        funding: the ways to pay beside QR, which the host takes by itself.
        queue: the branch's queue; None: the terminal gives out no tickets.
        appointments: None: nobody comes with an appointment.
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
        documents: DocumentCapture | None = None,
        funding: Mapping[FundingKind, Worker[FundingSource]] | None = None,
        queue: Worker[BranchQueue] | None = None,
        appointments: AppointmentList | None = None,
        clock: Clock,
        screen: Callable[[ShowPage], None],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._inbox = Inbox()
        self._screen = PageOnScreen(screen, clock)
        reads_bank_cards = slot is not None and slot.bank_card is not None
        self._services = ServicesOffered(
            services,
            terminal,
            journal,
            reads_bank_cards=reads_bank_cards,
            captures_id_cards=documents is not None,
            knows_queue=queue is not None,
        )
        self._echo = HostEcho(host, clock, self._inbox.put, self._refresh_home)
        self._open_cases = OpenCases(journal, host, clock, self._inbox.put, self._refresh_home)
        self._surroundings = Surroundings(self._echo, self._open_cases, clock)
        self._camera = CameraCheck(self._screen, clock, self._show_home)
        questions = Questions(
            top_up_module,
            printer,
            host,
            journal,
            self._echo.host_failed,
            id_card_reader,
            funding or {},
            slot,
            documents,
            queue,
            appointments,
        )
        self._means = Means(
            journal=journal,
            questions=questions,
            risk=risk,
            screen=self._screen,
            clock=clock,
            condition=lambda: self._surroundings.condition,
            on_thread=self._inbox.put,
            journal_lost=self._open_cases.lose_journal,
        )
        self._session: Session | None = None
        self._started = False
        self._ready_by = clock.now() + START_SECONDS
        self._chosen: str | None = None  # what a customer touched while an earlier case was being settled

    # -- from other threads --------------------------------------------------------------------------------

    def touch(self, number: int, intent: Intent) -> None:
        """Take what the customer did on page `number`."""
        self._inbox.put(lambda: self._touched(number, intent))

    def device_changed(self, status: DeviceStatus) -> None:
        """Take the new status of a device."""
        self._inbox.put(lambda: self._status_changed(status))

    def queue_changed(self, now: QueueNow | None) -> None:
        """Take how the branch's queue stands; None: it does not answer."""
        self._inbox.put(lambda: self._queue_changed(now))

    def show_camera(self, seconds: int, preview: Preview) -> "Future[bool]":
        """Show the camera's picture on the screen for `seconds`, 0 ends it; False: a customer is being served."""
        return self._inbox.ask(lambda: self._camera.show(seconds, preview))

    def settle(self, settlement: Settlement) -> "Future[LedgerRow]":
        """Close a case for staff; the future raises SettlementRefused or JournalUnavailable."""
        return self.carry_out(lambda: self._settle(settlement))

    def carry_out(self, act: Callable[[], _Done]) -> "Future[_Done]":
        """Do something to the journal on this thread, which alone writes it; the future raises what `act` raises."""
        return self._inbox.ask(lambda: self._act(act))

    def stop(self) -> None:
        """End `run` after what is under way."""
        self._inbox.close()

    @property
    def shows_camera(self) -> bool:
        """Whether a technician has the camera's picture on the screen."""
        return self._camera.is_on

    @property
    def unacknowledged(self) -> tuple[Unacknowledged, ...]:
        """What waits for the host; any thread may ask."""
        return self._open_cases.waiting

    @property
    def head_acknowledged(self) -> int:
        """The newest row that the host has taken for the journal's own, 0 where there is none; any thread may ask."""
        return self._open_cases.head_acknowledged

    @property
    def head_problem(self) -> str:
        """Why the host does not take the journal for the terminal's own, "" while it does; any thread may ask."""
        return self._open_cases.head_problem

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
        """Wait up to `patience_s` (None: as long as it takes) for something to do; return False on stop."""
        wait = max(0.0, self._next_due() - self._clock.now())
        if not self._inbox.do_next(wait if patience_s is None else min(wait, patience_s)):
            return False
        self._fire_due()
        self._pause_work()
        return True

    def _next_due(self) -> float:
        due = [self._clock.now() + 1.0]
        if self._session is not None:
            due.append(self._session.timer_due)
        elif self._open_cases.are_due:
            return self._clock.now()
        elif self._started:
            due.append(self._echo.due)
            if self._echo.online:
                due.append(self._open_cases.look_due)
        else:
            due.append(self._ready_by)
        others = (self._screen.idle_until, self._surroundings.reader_lost_at, self._camera.until)
        return min(due + [each for each in others if each is not None])

    def _fire_due(self) -> None:
        now = self._clock.now()
        if self._session is not None:
            self._session.fire_timers(now)
        if self._surroundings.fire_reader_lost(now) and self._session is not None:
            self._session.advance(ev.ReaderLost())
        if self._screen.idle_until is not None and self._screen.idle_until <= now:
            self._idle_ended()
        if self._camera.until is not None and self._camera.until <= now:
            self._camera.end()

    def _pause_work(self) -> None:
        """Start, recover, send again and test the host while no customer is there."""
        if self._session is not None:
            return
        if self._echo.online:
            self._open_cases.introduce()
        if self._chosen is not None and self.idle:
            self._begin_what_was_chosen(self._chosen)
            return
        now = self._clock.now()
        if not self._started:
            self._start_when_ready(now)
        elif self._open_cases.are_due:
            self._recover(self._open_cases.next_due())
        elif now >= self._open_cases.look_due and self._echo.online:
            self._open_cases.look(host_online=True)
            self._refresh_home()
        elif now >= self._echo.due:
            self._echo.ask()

    # -- starting and recovering ---------------------------------------------------------------------------

    def _start_when_ready(self, now: float) -> None:
        """Wait for devices and host, for a while: a home page that is all "not available" for a second helps nobody.

        The reader comes first: a card that lies there may settle a load that a power cut interrupted.
        """
        if now >= self._echo.due:
            self._echo.ask()
        around = self._surroundings
        ready = around.condition.unavailable(DEFAULT_KIND) is None and around.knows("receipt_printer")
        if not ready and now < self._ready_by:
            return
        self._started = True
        self._open_cases.look(host_online=bool(self._echo.online))
        if self.idle:
            self._show_home(language=DEFAULT_LANGUAGE)

    def _act(self, act: Callable[[], _Done]) -> _Done:
        try:
            return act()
        except JournalUnavailable as error:
            self._open_cases.lose_journal(error)
            raise
        finally:
            self._open_cases.look_soon()

    def _settle(self, settlement: Settlement) -> LedgerRow:
        if self._session is not None:  # it may be asking the card of this very case
            raise SettlementRefused("a customer or a recovery is being served; try again when the home page is back")
        return settle(self._journal, settlement)

    def _recover(self, transaction: Transaction) -> None:
        first = self._services.resume(transaction)
        if first is None:
            _log.error("transaction %s: no service is configured that could settle it", transaction.id)
            self._refresh_home()
        else:
            _log.info("resuming transaction %s from %s", transaction.id, transaction.state.value)
            self._begin(first)

    # -- touches -------------------------------------------------------------------------------------------

    def _touched(self, number: int, intent: Intent) -> None:
        if isinstance(intent, ChangeLanguage):
            self._screen.language = intent.language
            if self._session is not None:
                self._session.speak(intent.language)
            self._refresh_home()
            return
        if not self._screen.takes(number):
            return
        session = self._session
        serves_nobody = session is None or not session.state.attended
        match intent:
            case StayHere():
                self._screen.stay(self._place)
            case ChooseService(service_id=service_id) if serves_nobody and not self._camera.is_on:
                self._choose(service_id)
            case Cancel() if self._camera.is_on:
                self._camera.end()
            case Cancel() if session is not None and self._screen.page.cancellable:
                session.advance(ev.CancelTouched())
            case _ if session is not None and (happened := event_of(intent)) is not None:
                session.advance(happened)
            case _:
                _log.info("page %d offers no %s", number, intent.kind)

    def _choose(self, service_id: str) -> None:
        """Begin what was chosen; where an earlier case is being settled, say so and begin it then."""
        service = self._services.find(service_id)
        if service is None:
            return
        if not self.idle:
            self._chosen = service_id
            self._show(MessagePage(title=Words("one_moment.title"), body=Words("one_moment.body")))
            return
        if self._surroundings.condition.unavailable(service.kind) is not None:
            return
        try:
            first = self._services.begin(service, self._screen.language)
        except JournalUnavailable as error:
            self._open_cases.lose_journal(error)
        else:
            self._begin(first)

    def _begin_what_was_chosen(self, service_id: str) -> None:
        self._chosen = None
        self._choose(service_id)
        if self._session is None:  # it cannot be had any more: the tile says why
            self._show_home()

    def _begin(self, first: Next) -> None:
        state, effects = first
        self._session = Session(state, self._means, self._session_ended)
        self._session.begin(effects)

    def _session_ended(self, session: Session) -> None:
        self._session = None
        self._open_cases.look_soon()
        if session.state.attended:
            self._show_home(language=DEFAULT_LANGUAGE)
        else:
            self._refresh_home()

    # -- devices -------------------------------------------------------------------------------------------

    def _status_changed(self, status: DeviceStatus) -> None:
        moved = self._surroundings.device_changed(status)
        if self._session is not None and moved is not None:
            self._session.advance(moved)
        self._refresh_home()

    def _queue_changed(self, now: QueueNow | None) -> None:
        self._surroundings.queue = now
        self._refresh_home()

    # -- pages ---------------------------------------------------------------------------------------------

    def _show(self, page: Page, language: Language | None = None) -> None:
        self._screen.show(page, self._place, language)

    @property
    def _place(self) -> object:
        return self._session.place if self._session is not None else None

    def _show_home(self, language: Language | None = None) -> None:
        self._screen.language = language or self._screen.language
        self._show(self._home(), language)

    def _refresh_home(self) -> None:
        waits = self._camera.is_on or self._chosen is not None
        if not self.idle or waits:
            return
        before, home = self._screen.page, self._home()
        if isinstance(before, MenuPage) and before != home and before.idle_s == home.idle_s:
            self._screen.renew(home)  # numbers that change are no touch of a customer
        elif before != home:
            self._show_home()

    def _home(self) -> MenuPage:
        return home_page(self._services.offered, self._surroundings.condition, self._screen.language)

    def _idle_ended(self) -> None:
        page = self._screen.page
        self._screen.idle_until = None
        session = self._session
        if session is None:
            self._show_home(language=DEFAULT_LANGUAGE)
        elif page.warning_s is None and not isinstance(page, ResultPage | TicketPage):
            self._show(replace(page, warning_s=session.state.service.times.warning_s))
        else:
            session.advance(ev.CustomerGone())
