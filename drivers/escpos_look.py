"""What a printer that speaks ESC/POS says about itself: one Look, whichever way it was asked."""

from dataclasses import dataclass, replace
from functools import lru_cache

from kiosk_core.errors import Fault
from kiosk_core.status import DeviceState, Media, Supply
from wire import escpos_status
from wire.escpos_questions import StatusKind
from wire.escpos_status import AutoStatus, decode_status

_STATE_OF_FAULT = {
    Fault.COVER_OPEN: DeviceState.USER_ERROR,
    Fault.PAPER_OUT: DeviceState.USER_ERROR,
    Fault.CUTTER_STUCK: DeviceState.HARDWARE_ERROR,
    Fault.PRINTER_ERROR: DeviceState.HARDWARE_ERROR,
}


@dataclass(frozen=True)
class Look:
    """All that a printer said about itself, in one go."""

    offline: bool
    near_end: bool
    mendable: bool  # DLE ENQ may bring it back
    recovers_itself: bool
    faults: tuple[Fault, ...]  # the one to mend first comes first
    knows_paper: bool = True
    presented: bool | None = None  # a receipt in the presenter; None where the model does not tell

    @property
    def state(self) -> DeviceState:
        """The state of the printer: that of the fault to mend first."""
        if self.faults:
            return _STATE_OF_FAULT[self.faults[0]]
        return DeviceState.OFFLINE if self.offline else DeviceState.ONLINE

    @property
    def paper(self) -> Supply:
        """How much paper there is."""
        if Fault.PAPER_OUT in self.faults:
            return Supply.OUT
        if not self.knows_paper:
            return Supply.UNKNOWN
        return Supply.LOW if self.near_end else Supply.FULL

    @property
    def media(self) -> Media | None:
        """Whether a receipt is in the presenter; None where the model does not tell."""
        if self.presented is None:
            return None
        return Media.PRESENT if self.presented else Media.NOT_PRESENT


def names_no_cause(cause: int, error: int) -> bool:
    """Return whether the answer to DLE EOT 2 tells of an error that the answer to DLE EOT 3 does not name."""
    return decode_status(StatusKind.OFFLINE_CAUSE, cause).error and (
        decode_status(StatusKind.ERROR_CAUSE, error) == escpos_status.ErrorCause()
    )


@lru_cache(maxsize=64)  # a printer that is polled says the same all day
def look_in_answers(printer: int, cause: int, error: int, paper: int, *, presents: bool) -> Look:
    """Return what the answers to DLE EOT 1 to 4 say; `presents`: the last has a presenter's sensor in it."""
    offline = decode_status(StatusKind.PRINTER, printer).offline
    why = decode_status(StatusKind.OFFLINE_CAUSE, cause)
    broken = decode_status(StatusKind.ERROR_CAUSE, error)
    roll = escpos_status.decode_presenter_paper(paper) if presents else decode_status(StatusKind.PAPER, paper)
    look = look_of(
        AutoStatus(
            offline=offline,
            cover_open=why.cover_open,
            recoverable=broken.recoverable or names_no_cause(cause, error),
            cutter=broken.cutter,
            unrecoverable=broken.unrecoverable,
            recovers_itself=broken.recovers_itself,
            near_end=roll.near_end,
            end=roll.end or why.stopped_on_paper_end,
        )
    )
    return replace(look, presented=roll.presented)


def look_of(status: AutoStatus) -> Look:
    """Return what a frame of GS a says; it tells of no presenter."""
    broken = status.recoverable or status.unrecoverable
    faults = (
        (status.cover_open, Fault.COVER_OPEN),
        (status.end, Fault.PAPER_OUT),
        (status.cutter, Fault.CUTTER_STUCK),
        (broken and not status.cutter, Fault.PRINTER_ERROR),
    )
    return Look(
        offline=status.offline,
        near_end=status.near_end,
        mendable=status.recoverable or status.cutter,
        recovers_itself=status.recovers_itself,
        faults=tuple(fault for is_so, fault in faults if is_so),
    )
