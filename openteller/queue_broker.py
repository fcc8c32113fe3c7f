"""The broker between branches and headquarters: how it is named, whom it trusts, and by what it knows us."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kiosk_core.errors import OpenTellerError
from openteller.extras import of_extra
from openteller.trust import trust_besides

if TYPE_CHECKING:
    from queue_display.headquarters.line import Line

_PORTS = {"mqtts": 8883, "mqtt": 1883}


class BrokerUnusable(OpenTellerError):
    """The broker cannot be asked: it is named wrongly, or its login cannot be used."""


@dataclass(frozen=True)
class BrokerAt:
    """A broker `mqtts://HOST:PORT`, or without TLS `mqtt://HOST:PORT`.

    `ca` (PEM) is trusted besides the system's; `login` is a file with the user's name and password, a line each.
    """

    url: str
    ca: Path | None = None
    login: Path | None = None

    @property
    def is_plain(self) -> bool:
        """Whether anybody on the network can read what is said."""
        return self.url.startswith("mqtt://")


@contextmanager
def line_to(
    at: BrokerAt,
    topic: str,
    heard: Callable[[str, bytes], None],
    changed: Callable[[str], None],
    session: str = "",
) -> Iterator["Line"]:
    """Open a line to a broker, as queue_display.headquarters.mqtt.MqttLine; it need not be there yet.

    Raises:
        BrokerUnusable, ExtraMissing: the text says why.
        OSError: a file cannot be read.
    """
    with of_extra("headquarters"):
        from queue_display.headquarters.mqtt import Broker, MqttLine  # noqa: PLC0415
    host, port = _place(at.url)
    user, password = _login(at.login) if at.login else ("", "")
    trust = None if at.is_plain else trust_besides(at.ca)
    line = MqttLine(Broker(host, port, trust, user, password), topic, heard, changed, session)
    try:
        yield line
    finally:
        line.close()


def check_broker(at: BrokerAt) -> None:
    """Refuse a broker that could never be asked.

    Raises:
        BrokerUnusable, OSError: as `line_to`.
    """
    _place(at.url)
    if at.login is not None:
        _login(at.login)


def _place(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.username is not None or parts.password is not None:
        raise BrokerUnusable("leave user and password out of the broker's URL: every user of this machine can read it")
    if parts.scheme not in _PORTS or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise BrokerUnusable(f"{url}: name the broker like mqtts://HOST or mqtts://HOST:PORT")
    return parts.hostname, port or _PORTS[parts.scheme]


def _login(path: Path) -> tuple[str, str]:
    if path.stat().st_mode & 0o077:
        raise BrokerUnusable(f"{path}: others may read this password: chmod 600 {path}")
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) != 2 or not all(lines):
        raise BrokerUnusable(f"{path}: must have two lines, the user's name and the password")
    return lines[0], lines[1]
