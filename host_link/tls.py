"""The connection to the bank host over TCP: TLS 1.3 only, one pinned CA, certificates on both sides."""

import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from host_link.name_lookup import NameLookup
from kiosk_core.clock import Clock

_log = logging.getLogger(__name__)

_RECEIVE_BYTES = 4096


@dataclass(frozen=True)
class TlsSettings:
    """Where the bank host is and how both sides prove who they are (PEM files).

    `server_name` must be a name in the host's certificate, whatever `host` is: an address, or a name to look up.
    """

    host: str
    port: int
    ca_file: Path
    certificate_file: Path
    key_file: Path
    server_name: str


class TlsConnection:
    """Implements host_link.connection.Connection on a socket whose handshake is done."""

    def __init__(self, connection: ssl.SSLSocket, clock: Clock) -> None:
        self._socket = connection
        self._clock = clock

    def send(self, data: bytes, deadline: float) -> None:
        """Send all of `data`; see the protocol."""
        self._socket.settimeout(_left(self._clock, deadline))
        self._socket.sendall(data)

    def receive(self, deadline: float) -> bytes:
        """Return the next bytes; see the protocol."""
        self._socket.settimeout(max(0.0, deadline - self._clock.now()))
        try:
            return self._socket.recv(_RECEIVE_BYTES)
        except ssl.SSLWantReadError:
            raise TimeoutError from None

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class TlsConnector:
    """Opens TlsConnections: a host_link.connection.Connect.

    Raises:
        OSError: a certificate or the key cannot be read.
    """

    def __init__(self, settings: TlsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lookup = NameLookup(settings.host)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_flags |= ssl.VERIFY_X509_STRICT
        self._context.load_verify_locations(settings.ca_file)  # and no other CA is trusted
        self._context.load_cert_chain(settings.certificate_file, settings.key_file)

    def __call__(self, deadline: float) -> TlsConnection:
        """Connect and shake hands by `deadline`.

        Raises:
            OSError: the host is not reached, or it and we do not trust each other.
        """
        settings = self._settings
        address = self._lookup.address(_left(self._clock, deadline))
        plain = socket.create_connection((address, settings.port), _left(self._clock, deadline))
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(plain.close)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._context.wrap_socket(
                plain, server_hostname=settings.server_name, do_handshake_on_connect=False
            )
            on_failure.callback(connection.close)
            connection.settimeout(_left(self._clock, deadline))
            connection.do_handshake()
            on_failure.pop_all()
        _log.info("connected to %s:%d", settings.host, settings.port)
        return TlsConnection(connection, self._clock)


def _left(clock: Clock, deadline: float) -> float:
    left = deadline - clock.now()
    if left <= 0:
        raise TimeoutError
    return left
