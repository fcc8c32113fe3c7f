"""How devices, branch queue, bank host and journal stand, from what each of them said last."""

from kiosk_core.branch_queue import QueueNow
from kiosk_core.clock import Clock
from kiosk_core.journeys import events as ev
from kiosk_core.status import DeviceStatus, Media
from openteller.home_page import Condition
from openteller.host_echo import HostEcho
from openteller.open_cases import OpenCases

READER_LOST_SECONDS = 3.0


class Surroundings:
    """Belongs to the conductor's thread."""

    def __init__(self, echo: HostEcho, open_cases: OpenCases, clock: Clock) -> None:
        self._echo = echo
        self._open_cases = open_cases
        self._clock = clock
        self._statuses: dict[str, DeviceStatus] = {}
        self.queue: QueueNow | None = None
        """How the branch's queue stands; None: it does not answer."""
        self.reader_lost_at: float | None = None
        """When nobody should wait for the top-up module any longer; None: it is in service."""

    @property
    def condition(self) -> Condition:
        """How the terminal stands now."""
        cases = self._open_cases
        host_knows_journal = self._echo.online and cases.head_taken is not None
        journal_ok = cases.journal_works and cases.head_taken is not False
        return Condition(self._statuses, host_knows_journal, journal_ok, self.queue)

    def knows(self, name: str) -> bool:
        """Whether the device of this name has said how it is."""
        return name in self._statuses

    def device_changed(self, status: DeviceStatus) -> ev.CardArrived | ev.CardLeft | None:
        """Take the new status of a device; return how the card on the top-up module moved, None where it did not."""
        before = self.condition.media
        self._statuses[status.name] = status
        after = self.condition.media
        if status.name == "top_up_module":
            self.reader_lost_at = None if status.in_service else self._clock.now() + READER_LOST_SECONDS
        if before is after:
            return None
        return ev.CardArrived() if after is Media.PRESENT else ev.CardLeft()

    def fire_reader_lost(self, now: float) -> bool:
        """Return whether whoever waits is to be told now that the top-up module is lost; he is again a while later."""
        if self.reader_lost_at is None or self.reader_lost_at > now:
            return False
        self.reader_lost_at = now + READER_LOST_SECONDS
        return True
