"""What staff ask a running core to do to its journal, and what it answers: messages of the core protocol."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from kiosk_core.ledger import Resolution


@dataclass(frozen=True, kw_only=True)
class AskSettle:
    """Close a case in SUSPENSE or MANUAL as staff decided (kiosk_core/settlement.py). Answer: Settled, or Refused."""

    type: Literal["ask_settle"] = "ask_settle"
    transaction: str
    resolution: Resolution
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The answer to AskSettle: the case is closed by this row of the journal."""

    type: Literal["settled"] = "settled"
    row: int


@dataclass(frozen=True, kw_only=True)
class AskConfirmClock:
    """Take the clock to be right though it was set back: `by` looked at it. Answer: ClockConfirmed, or Refused."""

    type: Literal["ask_confirm_clock"] = "ask_confirm_clock"
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClockConfirmed:
    """The answer to AskConfirmClock: the journal's `row` says so, written `at` (ISO 8601) by the clock in question."""

    type: Literal["clock_confirmed"] = "clock_confirmed"
    row: int
    at: str


@dataclass(frozen=True, kw_only=True)
class AskConfirmDisk:
    """Take the journal for the terminal's own though the bank's host refused it. Answer: DiskConfirmed, or Refused."""

    type: Literal["ask_confirm_disk"] = "ask_confirm_disk"
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DiskConfirmed:
    """The answer to AskConfirmDisk: the journal's `row` says so, and the bank's host is told."""

    type: Literal["disk_confirmed"] = "disk_confirmed"
    row: int


@dataclass(frozen=True, kw_only=True)
class AskRetire:
    """Remove archives that are older than the day `before` (YYYY-MM-DD) while all have more than `keep_mb` MiB.

    Answer: ArchivesRetired, or Refused.
    """

    type: Literal["ask_retire"] = "ask_retire"
    before: str
    keep_mb: Annotated[int, Field(ge=0)]
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ArchivesRetired:
    """The answer to AskRetire: archives 1 to `archive` are gone, rows to `last`, none later than `until` (ISO 8601)."""

    type: Literal["archives_retired"] = "archives_retired"
    archive: int
    last: int
    until: str


StaffQuestion = AskSettle | AskConfirmClock | AskConfirmDisk | AskRetire
StaffAnswer = Settled | ClockConfirmed | DiskConfirmed | ArchivesRetired
