"""The day's appointments, as a file that the bank's booking system puts on the terminal.

A CSV file (UTF-8) with the columns code (6 digits), service, slot (YYYY-MM-DD HH:MM) and customer_class (may be empty).
"""

import csv
import io
import logging
from datetime import datetime
from pathlib import Path

from kiosk_core.branch_queue import Appointment
from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError

_log = logging.getLogger(__name__)

_COLUMNS = ("code", "service", "slot", "customer_class")


class AppointmentList:
    """Reads the file again whenever it changes; while it is wrong or gone, what was last right stands.

    Only appointments of today are found: a code that is known to somebody opens nothing tomorrow.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._found: dict[str, tuple[datetime, Appointment]] = {}

    def find(self, code: str) -> Appointment | None:
        """Return the appointment of this code, if there is one today."""
        self._read_again()
        at, appointment = self._found.get(code, (None, None))
        if at is None or at.date() != self._clock.wall().date():
            return None
        return appointment

    def _read_again(self) -> None:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._found = load_appointments(self._path, self._clock)
                self._seen = seen
        except (OSError, ConfigError) as error:
            _log.error("the appointments stay as they were: %s", error)


def load_appointments(path: Path, clock: Clock) -> dict[str, tuple[datetime, Appointment]]:
    """Read and check a file of appointments; return them by code, each with its slot in the branch's time.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong; the text names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error}") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(rows.fieldnames or ()) != _COLUMNS:
        raise ConfigError(str(path), 1, "", f"the first line must be {','.join(_COLUMNS)}")
    found: dict[str, tuple[datetime, Appointment]] = {}
    for row in rows:
        code, service, slot, customer_class = (row[name] or "" for name in _COLUMNS)
        try:
            at = datetime.strptime(slot, "%Y-%m-%d %H:%M").replace(tzinfo=clock.wall().tzinfo)
        except ValueError:
            raise ConfigError(str(path), rows.line_num, "slot", f'"{slot}" is not YYYY-MM-DD HH:MM') from None
        if not (code.isascii() and code.isdigit() and len(code) == 6) or code in found:
            raise ConfigError(str(path), rows.line_num, "code", "is not 6 digits, or was there before")
        if not service or not f"{service}{customer_class}".isprintable():
            raise ConfigError(str(path), rows.line_num, "service", "is missing, or no name")
        found[code] = at, Appointment(service, int(at.timestamp()), customer_class)
    return found
