"""A device behind TCP (`socket://HOST:PORT`): network printers on port 9100, serial device servers in raw mode.

Python's own sockets instead of pyserial's `socket://`: that one leaks its socket when the peer is gone.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable

CONNECT_S = 3.0
_SLICE_S = 0.05
_READ = 4096


def open_tcp(host: str, port: int, device: str, clock: Clock) -> Transport:
    """Connect to `device` (its name in errors).

    Raises:
        DeviceUnavailable: nobody listens there, or does not answer within CONNECT_S.
    """
    with _translated(device):
        connection = socket.create_connection((host, port), timeout=CONNECT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _TcpTransport(connection, device, clock)


class _TcpTransport:
    """A Transport over a connected socket."""

    def __init__(self, connection: socket.socket, device: str, clock: Clock) -> None:
        self._connection = connection
        self._device = device
        self._clock = clock

    def write(self, data: bytes, timeout_s: float) -> None:
        with _translated(self._device):
            self._connection.settimeout(timeout_s)
            self._connection.sendall(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        deadline = self._clock.now() + timeout_s
        with _translated(self._device):
            while True:
                left = deadline - self._clock.now()
                if select.select([self._connection], [], [], min(_SLICE_S, max(0.0, left)))[0]:
                    return self._receive(size)
                if left <= 0:  # looked at after the deadline: what came while this process had no turn is no silence
                    return b""

    def discard_input(self) -> None:
        with _translated(self._device):
            while select.select([self._connection], [], [], 0)[0]:
                self._receive(_READ)

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()

    def _receive(self, size: int) -> bytes:
        data = self._connection.recv(size)
        if not data:
            raise ConnectionResetError("the device closed the connection")
        return data


@contextmanager
def _translated(device: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeviceUnavailable(device, str(error)) from error
    except ValueError as error:  # select() on a closed socket
        raise DeviceUnavailable(device, "closed") from error
