"""The reader of MJPEG over HTTP, against servers that say what a test wants, byte by byte."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import cv2
import numpy as np
import pytest

from drivers import mjpeg_source
from drivers.mjpeg_source import MjpegSource
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from tests.clocks import SetClock
from tests.patience import PATIENCE_S, until

NAME = "camera"
# RFC 1945, 6: status line, headers, empty line.
OK = b"HTTP/1.0 200 OK\r\nServer: test\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def jpeg(level: int, size: int = 32) -> bytes:
    return cv2.imencode(".jpg", np.full((size, size, 3), level, np.uint8))[1].tobytes()


def part(data: bytes) -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data) + data + b"\r\n"


@contextlib.contextmanager
def server(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one client by `say` and give the URL."""

    def serve() -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            asked.append(client.recv(4096))
            say(client)

    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/cam?size=2"
        thread.join(PATIENCE_S)
    assert asked[0].startswith(b"GET /cam?size=2 HTTP/1.0\r\nHost: 127.0.0.1:")
    assert asked[0].endswith(b"\r\n\r\n")


def says(*pieces: bytes) -> Callable[[socket.socket], None]:
    """Say the pieces, and then nothing until the client is gone."""

    def say(client: socket.socket) -> None:
        for piece in pieces:
            client.sendall(piece)
        while client.recv(100):
            pass

    return say


def opened(url: str, clock: SetClock | None = None) -> MjpegSource:
    return MjpegSource(url, NAME, clock or standing())


def standing() -> SetClock:
    """A clock that stands: each wait has all the time that there is for the whole."""
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's naps are no silence."""
    monkeypatch.setattr(mjpeg_source, "OPEN_S", PATIENCE_S)
    monkeypatch.setattr(mjpeg_source, "QUIET_S", PATIENCE_S)


# -- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([], "silent"),
        ([b"HTTP/1.0 200 OK\r\nX: y"], "silent"),
        ([b"SSH-2.0-OpenSSH\r\n\r\n"], "no answer to HTTP"),
        ([b"\x00\xff\r\n\r\n"], "no answer to HTTP"),
        ([b"HTTP/1.0\r\n\r\n"], "no answer to HTTP"),
        ([b"HTTP/1.1 401 Unauthorized\r\n\r\n"], "HTTP 401"),
        ([b"HTTP/1.0 404 Not Found\r\n\r\n"], "HTTP 404"),
        ([b"HTTP/1.0 302 Found\r\nLocation: http://elsewhere.example/\r\n\r\n"], "HTTP 302"),
        ([b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n", jpeg(1)], "not a multipart stream"),
        ([b"HTTP/1.0 200 OK\r\n\r\n"], "not a multipart stream"),
        ([b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n"], "no boundary"),
        ([OK.replace(b"Server: test", b"Transfer-Encoding: chunked")], "chunks"),
        ([b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"], "HTTPException"),
        ([b"HTTP/1.0 200 OK\r\n", b"X: " + b"y" * 40_000], "does not end"),
    ],
)
def test_what_is_no_stream_is_unavailable_and_says_why(
    pieces: list[bytes], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "silent":
        monkeypatch.setattr(mjpeg_source, "OPEN_S", 0.15)
    with server(says(*pieces)) as url, pytest.raises(DeviceUnavailable, match=reason):
        opened(url)


def test_a_head_that_drips_for_ever_ends_with_the_deadline() -> None:
    clock = standing()

    def drip(client: socket.socket) -> None:
        while True:
            client.sendall(b"X")
            clock.sleep(PATIENCE_S / 20)
            time.sleep(0.001)

    with server(drip) as url, pytest.raises(DeviceUnavailable, match="does not end"):
        opened(url, clock)
    assert clock.now() >= PATIENCE_S


def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}/", "http://127.0.0.1:port/", "http://[::/"):
            with pytest.raises(DeviceUnavailable):
                opened(url)


@pytest.mark.parametrize("reason", ["silent", "ended"])
def test_a_stream_that_falls_silent_or_ends_is_unavailable(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason == "silent":
        monkeypatch.setattr(mjpeg_source, "QUIET_S", 0.1)
    with server(says(OK, part(jpeg(9))) if reason == "silent" else lambda client: client.sendall(OK)) as url:
        source = opened(url)
        with pytest.raises(DeviceUnavailable, match=reason):
            source.read(), source.read()
        source.close()


def test_torn_pictures_are_left_out_and_counted() -> None:
    whole = jpeg(200)
    torn = [part(whole[: len(whole) // 2]), part(whole[:-2]), part(b""), part(b"\x00" * 50), part(b"\xff\xd8\xff\xd9")]
    cut = b"--frame\r\nContent-Length: 5000\r\n\r\n" + whole[:100] + b"\r\n"
    sources: list[MjpegSource] = []

    def left_out(count: int) -> bool:
        return bool(sources) and sources[0].counters.checksum_errors == count

    def say(client: socket.socket) -> None:
        client.sendall(OK)
        for number, bad in enumerate(torn, 1):
            client.sendall(bad)
            until(partial(left_out, number))  # before a newer one comes, for which it would not be looked at
            client.sendall(part(jpeg(100)))
        client.sendall(cut + part(jpeg(100)))

    with server(say) as url:
        source = opened(url)
        sources.append(source)
        with contextlib.suppress(DeviceUnavailable):  # it ends
            while True:
                assert abs(int(source.read().mean()) - 100) <= 2
        assert len(torn) <= source.counters.checksum_errors <= len(torn) + 1
        source.close()


def test_a_picture_that_would_fill_the_memory_is_a_violation_and_not_decoded() -> None:
    bomb = jpeg(1)
    at = bomb.index(b"\xff\xc0")  # T.81, B.2.2: marker, length, precision, lines, columns
    bomb = bomb[: at + 5] + b"\xff\xff\xff\xff" + bomb[at + 9 :]
    with server(says(OK, part(bomb))) as url:
        source = opened(url)
        with pytest.raises(ProtocolViolation, match="65535x65535"):
            source.read()
        source.close()


def test_garbage_without_end_is_bounded_and_ends_with_an_interrupt() -> None:
    def flood(client: socket.socket) -> None:
        client.sendall(OK)
        while True:
            client.sendall(b"\x5a" * 4096)

    with server(flood) as url:
        source = opened(url)

        def interrupt() -> None:
            until(lambda: source.counters.bytes_received > 4096)
            source.interrupt()

        hand = threading.Thread(target=interrupt)
        hand.start()
        with pytest.raises(DeviceUnavailable):
            source.read()
        hand.join()
        assert source.counters.bytes_received > 4096
        assert len(source._deframer._buffer) < 100
        source.close()
        source.close()


# -- pictures ------------------------------------------------------------------------------------------------


def test_of_what_has_arrived_the_newest_counts() -> None:
    said = threading.Event()

    def say(client: socket.socket) -> None:
        client.sendall(OK + part(jpeg(10)) + part(jpeg(20)) + part(jpeg(30)))
        said.set()
        client.recv(100)

    with server(say) as url:
        source = opened(url)
        assert said.wait(PATIENCE_S)
        assert abs(int(source.read().mean()) - 30) <= 2
        assert source.counters.checksum_errors == 0
        source.close()


def test_a_camera_that_never_pauses_gives_pictures_all_the_same() -> None:
    def rush(client: socket.socket) -> None:
        client.sendall(OK)
        while True:
            client.sendall(part(jpeg(50)) * 20)

    with server(rush) as url:
        source = opened(url)
        for _ in range(5):
            assert abs(int(source.read().mean()) - 50) <= 2
        source.close()


def test_a_picture_that_came_with_the_head_is_not_lost() -> None:
    with server(says(OK + part(jpeg(70)))) as url:
        source = opened(url)
        picture = source.read()
        assert picture.shape == (32, 32, 3)
        assert abs(int(picture.mean()) - 70) <= 2
        assert (source.identity.model, source.format) == ("test", "MJPG")
        source.close()


def test_the_name_of_a_server_is_short_and_printable() -> None:
    with server(says(OK.replace(b"test", b"\x1b[2J" + b"n" * 500))) as url:
        source = opened(url)
        assert source.identity.model == "[2J" + "n" * 37
        source.close()
    with server(says(OK.replace(b"Server: test", b"X: y"))) as url:
        source = opened(url)
        assert source.identity.model == "network camera"
        source.close()
