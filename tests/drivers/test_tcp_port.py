"""The TCP transport against plain sockets."""

import socket
from collections.abc import Iterator

import pytest

from drivers.tcp_port import open_tcp
from kiosk_core.errors import DeviceUnavailable
from tests.clocks import RealClock

NAME = "receipt_printer"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_bytes_go_both_ways_as_they_come(listener: socket.socket) -> None:
    transport = open_tcp("127.0.0.1", listener.getsockname()[1], NAME, RealClock())
    peer, _ = listener.accept()
    with peer:
        transport.write(b"\x10\x04\x01", 1.0)
        assert peer.recv(16) == b"\x10\x04\x01"
        peer.sendall(b"\x12\x16")
        assert transport.read(1, 1.0) == b"\x12"
        assert transport.read(16, 1.0) == b"\x16"
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
        transport.read(16, 1.0)
    with pytest.raises(DeviceUnavailable):
        transport.discard_input()
    transport.close()
    transport.close()
    with pytest.raises(DeviceUnavailable):
        transport.read(16, 1.0)
    with pytest.raises(DeviceUnavailable):
        transport.write(b"x", 1.0)


def test_a_device_that_takes_nothing_is_unavailable_in_time(listener: socket.socket) -> None:
    transport = open_tcp("127.0.0.1", listener.getsockname()[1], NAME, RealClock())
    with listener.accept()[0], pytest.raises(DeviceUnavailable):
        transport.write(bytes(1 << 25), 0.05)  # more than both ends' buffers take
    transport.close()


def test_nobody_listens(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(DeviceUnavailable, match="refused"):
        open_tcp("127.0.0.1", port, NAME, RealClock())
