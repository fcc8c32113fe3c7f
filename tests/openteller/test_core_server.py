"""The core's socket: polite to screens, unmoved by strangers."""

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk_core.intents import Cancel, Intent
from kiosk_core.pages import MenuPage
from kiosk_core.protocol import MAX_LINE_BYTES, decode_from_core, encode
from kiosk_core.screen_messages import Hello, ShowPage, Touched
from kiosk_core.technician_questions import Devices
from kiosk_core.texts import LANGUAGES, LocalText
from openteller.core_server import CoreServer
from tests.patience import PATIENCE_S

HELLO = Hello(
    terminal_no="OT000001",
    bank=LocalText("示例银行", "Example Bank"),
    simulated=True,
    languages=LANGUAGES,
    width_mm=268,
)


class Rig:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.touches: list[tuple[int, Intent]] = []
        self.server = CoreServer(
            path,
            HELLO,
            lambda: ShowPage(number=7, page=MenuPage()),
            lambda number, intent: self.touches.append((number, intent)),
            lambda _: Devices(devices=()),
        )
        self.server.start()

    def client(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(PATIENCE_S)
        client.connect(str(self.path))
        return client


def send_until_it_breaks(client: socket.socket) -> None:
    """Send bytes: the end of what a core says comes a moment before the end of the connection."""
    while True:
        client.sendall(b"x")


@pytest.fixture
def rig() -> Iterator[Rig]:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder) / "core.sock")
        yield rig
        rig.server.stop()
        assert not rig.path.exists()


def test_the_socket_is_for_its_owner_only(rig: Rig) -> None:
    assert rig.path.stat().st_mode & 0o777 == 0o600


def test_a_new_screen_is_told_the_terminal_and_the_page_that_stands(rig: Rig) -> None:
    with rig.client() as client, client.makefile("rb") as lines:
        assert decode_from_core(lines.readline()) == HELLO
        assert decode_from_core(lines.readline()) == ShowPage(number=7, page=MenuPage())
        rig.server.show(ShowPage(number=8, page=MenuPage()))
        assert decode_from_core(lines.readline()) == ShowPage(number=8, page=MenuPage())


def test_touches_arrive_however_they_are_cut(rig: Rig) -> None:
    line = encode(Touched(number=7, intent=Cancel()))
    with rig.client() as client, client.makefile("rb") as lines:
        for byte in line:
            client.sendall(bytes([byte]))
        client.sendall(b'{"type":"ask_devices"}\n')
        while not isinstance(decode_from_core(lines.readline()), Devices):
            pass
    assert rig.touches == [(7, Cancel())]


@pytest.mark.parametrize(
    "garbage", [b"\n", b"{}\n", b"\xff\xfe\n", b'{"type":"page"}\n', b'{"type":"intent","number":"7"}\n']
)
def test_what_is_no_message_is_ignored(rig: Rig, garbage: bytes) -> None:
    with rig.client() as client, client.makefile("rb") as lines:
        client.sendall(garbage + encode(Touched(number=7, intent=Cancel())) + b'{"type":"ask_devices"}\n')
        while not isinstance(decode_from_core(lines.readline()), Devices):
            pass
    assert rig.touches == [(7, Cancel())]


def test_a_line_without_end_ends_the_connection(rig: Rig) -> None:
    with rig.client() as client, client.makefile("rb") as lines:
        lines.readline()
        lines.readline()
        with contextlib.suppress(OSError):  # reset, or a broken pipe, or just the end
            client.sendall(b"x" * 4 * MAX_LINE_BYTES)
            assert lines.readline() == b""
        with pytest.raises(OSError, match=r"ipe|reset"):
            send_until_it_breaks(client)


def test_a_screen_that_does_not_read_is_dropped_and_holds_nobody_up(rig: Rig) -> None:
    page = ShowPage(number=9, page=MenuPage())
    with rig.client(), rig.client() as reader, reader.makefile("rb") as lines:
        for _ in range(6_000):  # more than a socket's buffer takes
            rig.server.show(page)
            lines.readline()
        assert decode_from_core(lines.readline())
