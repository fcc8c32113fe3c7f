"""The TCP transport against plain sockets."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from drivers import tcp_port
from drivers.tcp_port import open_tcp
from kiosk_core.errors import DeviceUnavailable
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S

NAME = "receipt_printer"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_bytes_go_both_ways_as_they_come(listener: socket.socket) -> None:
    transport = open_tcp("127.0.0.1", listener.getsockname()[1], NAME, RealClock())
    peer, _ = listener.accept()
    with peer:
        transport.write(b"\x10\x04\x01", PATIENCE_S)
        assert peer.recv(16) == b"\x10\x04\x01"
        peer.sendall(b"\x12\x16")
        assert transport.read(1, PATIENCE_S) == b"\x12"
        assert transport.read(16, PATIENCE_S) == b"\x16"
        assert transport.read(16, 0.0) == b""
        peer.sendall(b"old")
        while not transport.read(1, 1.0):
            pass
        transport.discard_input()
        assert transport.read(16, 0.0) == b""
    transport.close()


def test_a_device_that_hangs_up_is_unavailable(listener: socket.socket) -> None:
    transport = open_tcp("127.0.0.1", listener.getsockname()[1], NAME, RealClock())
    listener.accept()[0].close()
    with pytest.raises(DeviceUnavailable, match="closed the connection"):
        transport.read(16, PATIENCE_S)
    with pytest.raises(DeviceUnavailable):
        transport.discard_input()
    transport.close()
    transport.close()
    with pytest.raises(DeviceUnavailable):
        transport.read(16, PATIENCE_S)
    with pytest.raises(DeviceUnavailable):
        transport.write(b"x", 1.0)


def test_a_device_that_takes_nothing_is_unavailable_in_time(listener: socket.socket) -> None:
    transport = open_tcp("127.0.0.1", listener.getsockname()[1], NAME, RealClock())
    with listener.accept()[0], pytest.raises(DeviceUnavailable):
        transport.write(bytes(1 << 25), 0.05)  # more than both ends' buffers take
    transport.close()


def test_what_came_while_the_process_had_no_turn_is_no_silence() -> None:
    class Napping(SetClock):
        """Behind its first look at the line the process has no turn for a minute; meanwhile the answer comes."""

        looks = 0

        def now(self) -> float:
            self.looks += 1
            if self.looks == 3:
                peer.sendall(b"late")
                self.sleep(60)
            return super().now()

    peer, line = socket.socketpair()
    with peer, line:
        transport = tcp_port._TcpTransport(line, NAME, Napping(datetime(2026, 7, 26, 12, tzinfo=UTC)))
        assert transport.read(16, 5.0) == b"late"


def test_nobody_listens() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(DeviceUnavailable, match="refused"):
            open_tcp("127.0.0.1", deaf.getsockname()[1], NAME, RealClock())
