"""The receipt printer's mechanism: paper and its roll, knife and presenter, and all that can go wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from PIL import Image

from device_sim.receipt_paper import Paper, PrintedReceipt
from kiosk_core.clock import Clock
from wire.escpos_status import AutoStatus

NEAR_END_DOTS = 8000  # one metre of paper
HEAD_TO_KNIFE = 96  # dots between print head and knife, what GS V 65/66 feeds first
RETRACT_AFTER_S = 5  # PPU-700 p121
MOST_RECEIPTS = 5_000  # in the tray, and
MOST_ROWS = 2_000_000  # dots (250 m) of them; older ones fall out


@dataclass(frozen=True)
class Condition:
    """What a person did to the printer, or did not notice.

    `cutter_stuck` shows at the next cut and `paper_jammed` at the next movement; both are left by DLE ENQ once
    mended. `unrecoverable` (a broken head, say) is left by mending it and switching off and on. With `buffer_full`
    everything but real-time commands is lost, as it is where a host ignores the handshake.
    """

    powered: bool = True
    paper_out: bool = False
    paper_near_end: bool = False
    cover_open: bool = False
    cutter_stuck: bool = False
    head_hot: bool = False
    offline: bool = False
    paper_jammed: bool = False
    unrecoverable: bool = False
    feed_button: bool = False
    buffer_full: bool = False


class Presenter(Enum):
    """The two families of presenters: GS e (Infinite Peripherals KPM210 pp49-50) holds a receipt until told to.

    GS R (Citizen PPU-700 pp58, 121) brings it out by itself and takes it back after a time, 5 s to begin with.
    """

    GS_E = "GS e"
    GS_R = "GS R"


@dataclass(frozen=True)
class Pace:
    """How fast paper moves: `dots_per_s` (200 mm/s is 1600) on `clock`."""

    clock: Clock
    dots_per_s: float


class Mechanism:
    """Moves, prints on and cuts the paper, as far as its condition lets it.

    `receipts` lie where the customer takes them. With a presenter of GS e they get there by `present` only. A pace has
    the clock by which a presenter of GS R takes them back; without one it waits for ever.
    """

    def __init__(self, dots: int, pace: Pace | None, presenter: Presenter | None) -> None:
        self.receipts: list[PrintedReceipt] = []
        self.retracted: list[PrintedReceipt] = []
        self.presenter = presenter
        self._held: list[PrintedReceipt] = []
        self._pace = pace
        self._paper = Paper(dots)
        self._roll: int | None = None
        self._condition = Condition()
        self.power_up()

    def power_up(self) -> None:
        """Begin anew; the paper stays as it is."""
        self._cutter_error = self._jam_error = False
        self._broken = self._condition.unrecoverable
        self._busy_until = self._presented_at = 0.0
        self.retract_after_s = RETRACT_AFTER_S
        self._reserved: tuple[int, bool] | None = None  # dots to go, and whether the cut is partial

    @property
    def dots(self) -> int:
        """How wide the head is."""
        return self._paper.dots

    # -- condition -----------------------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """How it stands."""
        return self._condition

    @condition.setter
    def condition(self, condition: Condition) -> None:
        self._condition = condition
        self._broken = self._broken or condition.unrecoverable
        self.begin_now()

    def load(self, dots: int | None) -> None:
        """Put in a roll of `dots`, None = endless."""
        self._roll = dots
        self.condition = replace(self._condition, paper_out=False, paper_near_end=False)

    @property
    def status(self) -> AutoStatus:
        """Everything that a status byte can say."""
        now = self._condition
        return AutoStatus(
            offline=self.stopped,
            cover_open=now.cover_open,
            fed_by_button=now.feed_button,
            feed_button=now.feed_button,
            recoverable=self._jam_error,
            cutter=self._cutter_error,
            unrecoverable=self._broken,
            recovers_itself=now.head_hot,
            near_end=now.paper_near_end or now.paper_out or self._nearly_used_up,
            end=now.paper_out,
        )

    @property
    def _nearly_used_up(self) -> bool:
        return self._roll is not None and self._roll < NEAR_END_DOTS

    @property
    def stopped(self) -> bool:
        """Whether it is off-line: nothing that is not in real time is done."""
        now = self._condition
        by_hand = now.paper_out or now.cover_open or now.offline or now.head_hot or now.feed_button
        return by_hand or self._cutter_error or self._jam_error or self._broken

    @property
    def busy(self) -> bool:
        """Whether paper is moving."""
        return self._pace is not None and self._pace.clock.now() < self._busy_until

    @property
    def unfinished(self) -> PrintedReceipt | None:
        """What was printed and not cut, None where there is nothing."""
        return None if self._paper.clean else self._paper.look()

    def begin_now(self) -> None:
        """Let the time of the next movement count from now: there was nothing to do, or no way to do it."""
        if self._pace is not None:
            self._busy_until = max(self._busy_until, self._pace.clock.now())

    def recover(self) -> bool:
        """Leave the errors whose cause is mended (DLE ENQ, DLE DC4 fn 8); False if there was none to leave."""
        cutter = self._cutter_error and not self._condition.cutter_stuck
        jam = self._jam_error and not self._condition.paper_jammed
        self._cutter_error, self._jam_error = self._cutter_error and not cutter, self._jam_error and not jam
        return cutter or jam

    # -- paper ---------------------------------------------------------------------------------------------

    def advance(
        self,
        strip: Image.Image | int,
        texts: Sequence[str] = (),
        qr_codes: Sequence[str] = (),
        barcodes: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Print a strip (mode "1", as wide as the head), or let so many dots of white paper pass."""
        self._paper.add(strip, texts, qr_codes, barcodes)
        self._move(strip if isinstance(strip, int) else strip.height)

    def _move(self, dots: int) -> None:
        """Let paper pass: takes its time and uses up the roll."""
        if self._pace is not None:
            self._busy_until += dots / self._pace.dots_per_s
        if self._roll is not None:
            self._roll = max(0, self._roll - dots)
            if self._roll == 0:
                self._condition = replace(self._condition, paper_out=True)
        if self._condition.paper_jammed:
            self._jam_error = True
        if self._reserved is not None:
            left, partial = self._reserved
            self._reserved = (left - dots, partial)
            if left <= dots and self.cut(partial=partial):
                self._reserved = None

    def cut(self, *, partial: bool, feed: int | None = None, back: bool = False) -> bool:
        """Cut, with `feed` past the knife and so many dots more, and `back` again afterwards; False if it cannot."""
        if self._condition.cutter_stuck:
            self._cutter_error = True
            return False
        if feed is not None:
            self._move(HEAD_TO_KNIFE + feed)
            if back and self._roll is not None:
                self._roll += HEAD_TO_KNIFE + feed
        if self._paper.clean:
            self._paper.cut(partial)  # a blank slip that nobody counts
            return True
        tray = self._held if self.presenter is Presenter.GS_E else self.receipts
        tray.append(self._paper.cut(partial))
        _thin(tray)
        if self._pace is not None:
            self._presented_at = max(self._busy_until, self._pace.clock.now())
        return True

    def reserve_cut(self, feed: int, *, partial: bool) -> None:
        """Cut as soon as `feed` more dots have passed (GS V 97, 98); what is printed meanwhile is on the receipt."""
        self._reserved = (feed, partial)
        self._move(0)

    # -- presenter -----------------------------------------------------------------------------------------

    def present(self) -> None:
        """Push out what was cut, and first cut what was not (KPM210/216 p50)."""
        if not self._paper.clean:
            self.cut(partial=False)
        self.receipts += self._held
        self._held = []
        _thin(self.receipts)

    def retract(self) -> None:
        """Pull in what was cut and not taken."""
        self.retracted += self._held + self.receipts
        self._held, self.receipts[:] = [], []
        _thin(self.retracted)

    def take_back(self) -> None:
        """Retract what nobody took in its time."""
        if self._pace is None or self.presenter is not Presenter.GS_R or not (self.receipts and self.retract_after_s):
            return
        if self._pace.clock.now() >= self._presented_at + self.retract_after_s:
            self.retract()

    @property
    def presented(self) -> bool:
        """Whether the sensor of a presenter of GS R sees paper."""
        return self.presenter is Presenter.GS_R and bool(self.receipts)

    @property
    def presenter_status(self) -> int:
        """The byte that answers GS e 6: 01 near end, 04 paper, 08 a ticket at the mouth, 80 jam."""
        status = self.status
        return status.near_end * 0x01 | (not status.end) * 0x04 | bool(self.receipts) * 0x08 | self._jam_error * 0x80


def _thin(tray: list[PrintedReceipt]) -> None:
    rows = sum(receipt.height for receipt in tray)
    while len(tray) > MOST_RECEIPTS or rows > MOST_ROWS:
        rows -= tray.pop(0).height
