"""What a terminal has of the branch's queue: who asks it, who follows it, and the day's appointments."""

from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError
from openteller.appointments import AppointmentList
from openteller.queue_client import QueueClient
from openteller.queue_follower import QueueFollower, Tell
from openteller.sections import QueueSection
from openteller.worker_thread import WorkerThread
from queue_display.listening.place import NoToken, QueuePlace, read_token


class QueueLink:
    """Asks on one thread and follows on another, so that no customer waits behind numbers for the home page.

    Args:
        file: of the configuration, whose `section` this is.

    Raises (in the constructor):
        ConfigError: the token or the certificate of `section` cannot be used.
    """

    def __init__(self, file: str, section: QueueSection, clock: Clock) -> None:
        self._clock = clock
        try:
            self._place = _place(section)
            client = QueueClient(self._place, clock)
        except OSError as error:
            problem = f"{section.token_file} or {section.ca_file}: {error}"
            raise ConfigError(file, None, "queue", problem) from None
        self.asking = WorkerThread(client, "branch-queue")
        """Where tickets are taken."""
        self.appointments = AppointmentList(section.appointments, clock) if section.appointments is not None else None
        self._follower: QueueFollower | None = None

    def follow(self, tell: Tell) -> None:
        """Begin to follow the queue."""
        self._follower = QueueFollower(QueueClient(self._place, self._clock), self._clock, tell)
        self._follower.start()

    def stop(self) -> None:
        """End both threads."""
        if self._follower is not None:
            self._follower.stop()
        self.asking.stop()


def _place(section: QueueSection) -> QueuePlace:
    try:
        return QueuePlace(section.url, read_token(section.token_file), section.ca_file)
    except NoToken:
        raise ConfigError(str(section.token_file), None, "", "holds no token") from None
