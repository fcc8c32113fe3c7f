"""The reader of MJPEG against a server that says anything at any time, on a socket and a clock of the test's own."""

from collections import deque
from datetime import UTC, datetime
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers import mjpeg_source
from drivers.mjpeg_source import MAX_HEAD, OPEN_S, QUIET_S, MjpegSource
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from tests.clocks import SetClock
from tests.drivers.hostile import lanes
from wire import mjpeg

NAME = "camera"
URL = "http://192.0.2.1/cam"  # RFC 5737: nobody's
MAX_JPEG = 20_000
# RFC 1945, 6; RFC 2046, 5.1.1
OK = b"HTTP/1.0 200 OK\r\nServer: test\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
LEVELS = [40, 90, 140, 190]
# From light to dark, so that a torn one is another picture.
_RAMP = np.tile(np.arange(0, 192, 3, np.uint8)[:, None, None], (1, 64, 3))
JPEGS = {level: cv2.imencode(".jpg", np.add(_RAMP // 4, level, dtype=np.uint8))[1].tobytes() for level in LEVELS}
PICTURES = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in JPEGS.values()]


def part(data: bytes) -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data) + data + b"\r\n"


class HostileSocket:
    """A socket whose other end says `script`: seconds of silence, bytes; None: it resets. Behind it: the end."""

    def __init__(
        self, clock: SetClock, connect_s: float, send_s: float, script: list[tuple[float, bytes | None]]
    ) -> None:
        self._clock = clock
        self._connect_s = connect_s
        self._send_s = send_s
        self._timeout = 0.0
        self._coming: deque[tuple[float, bytes | None]] = deque()
        self._script = script
        self.heard_at = 0.0
        self.closed = False
        self._ended = 0

    def connect(self, address: tuple[str, int], timeout: float) -> "HostileSocket":
        self._timeout = timeout
        self._pass(self._connect_s)
        return self

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0, "it would not wait at all, or for ever"
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        self._pass(self._send_s)
        at = self._clock.now()
        for silence, said in self._script:
            at += silence
            self._coming.append((at, said))

    def recv(self, size: int) -> bytes:
        if self._coming and self._coming[0][0] > self._clock.now():
            self._pass(self._coming[0][0] - self._clock.now())
        if not self._coming:
            self._ended += 1
            assert self._ended < 3, "it reads on behind the end"
            return b""
        at, said = self._coming.popleft()
        if said is None:
            raise ConnectionResetError(104, "reset")
        if said[size:]:
            self._coming.appendleft((at, said[size:]))
        self.heard_at = self._clock.now()
        return said[:size]

    def recv_into(self, buffer: bytearray) -> int:
        assert self._timeout <= QUIET_S
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    @property
    def waits(self) -> bool:
        return bool(self._coming) and self._coming[0][0] <= self._clock.now()

    def shutdown(self, how: int) -> None:
        self._coming.clear()

    def close(self) -> None:
        self.closed = True

    def _pass(self, seconds: float) -> None:
        self._clock.sleep(min(seconds, self._timeout))
        if seconds > self._timeout:
            raise TimeoutError


SILENCES = st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.5, 1.0, 1.9, 2.1, 2.9, 3.1, 60.0])
JPEG = st.sampled_from(list(JPEGS.values()))
WHOLE = st.sampled_from([part(data) for data in JPEGS.values()])
PIECES = st.one_of(
    st.none(),
    WHOLE,
    WHOLE,
    st.builds(lambda whole, at: whole[: at % len(whole)], WHOLE, st.integers(0, 2000)),
    st.builds(lambda whole, at: whole[at % len(whole) :], WHOLE, st.integers(0, 2000)),
    st.builds(lambda jpeg, at: part(jpeg[: at % len(jpeg)]), JPEG, st.integers(-60, 2000)),
    st.builds(lambda whole, times: whole * times, WHOLE, st.integers(1, 30)),
    st.builds(
        lambda byte, size: byte * size, st.sampled_from([b"-", b"\r\n", b"\xff", b"\xff\xd8"]), st.integers(1, 90_000)
    ),
    st.sampled_from(
        [
            b"--frame",
            b"--frame\r\n\r\n",
            b"--frame\r\nContent-Length: 19999\r\n\r\n",
            b"--frame\r\nContent-Length: -1\r\n\r\n",
        ]
    ),
    st.just(b"--frame\r\nContent-Length: 999999\r\n\r\n" + bytes(200_000)),
    st.binary(max_size=200),
)
HEADS = st.one_of(
    *[st.just([OK])] * 4,
    st.integers(1, len(OK)).map(lambda at: [OK[:at], OK[at:]]),
    st.just([b"H" for _ in range(300)]),
    st.just([OK[: -len(b"\r\n")], b"X: " + b"y" * 30_000]),
    st.lists(st.binary(max_size=100), max_size=3),
)
Script = list[tuple[float, bytes | None]]
SCRIPTS = st.builds(
    lambda head, pace, rest: [*((pace, piece) for piece in head), *rest],
    HEADS,
    st.sampled_from([0.0, 0.0, 0.0, 0.02, 1.4]),
    st.lists(st.tuples(SILENCES, PIECES), max_size=12),
)


def hold(script: Script, connect_s: float, send_s: float) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    socket = HostileSocket(clock, connect_s, send_s, script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mjpeg_source, "MAX_JPEG", MAX_JPEG)
        patch.setattr(mjpeg_source, "socket", SimpleNamespace(create_connection=socket.connect, SHUT_RDWR=2))
        patch.setattr(
            mjpeg_source,
            "select",
            SimpleNamespace(select=lambda readers, *_: (readers if socket.waits else [], [], [])),
        )
        try:
            source = MjpegSource(URL, NAME, clock)
        except DeviceUnavailable:
            assert clock.now() <= OPEN_S + 1e-6
            assert socket.closed or connect_s > OPEN_S
            return
        assert clock.now() <= OPEN_S + 1e-6
        look_until_it_fails(source, clock, socket)
        source.close()
        assert socket.closed
        assert not source._deframer._buffer
        assert not any(source._chunk)


def look_until_it_fails(source: MjpegSource, clock: SetClock, socket: HostileSocket) -> None:
    for _ in range(400):
        try:
            pixels = source.read()
        except (DeviceUnavailable, ProtocolViolation):
            assert clock.now() - socket.heard_at <= QUIET_S + 1e-6
            return
        finally:
            assert len(source._deframer._buffer) <= MAX_JPEG + mjpeg.MAX_HEAD + 64 * 1024
        assert any(np.array_equal(pixels, sent) for sent in PICTURES), "no picture that was sent"
    raise AssertionError("it gives pictures that nobody sent")


@lanes(fast=100, slow=2000)
def test_pictures_are_those_that_were_sent_and_no_deadline_passes(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(SCRIPTS, st.sampled_from([0.0, 0.1, 1.4, 2.9, 3.1]), st.sampled_from([0.0, 0.1, 1.4, 2.9, 3.1]))
    def check(script: Script, connect_s: float, send_s: float) -> None:
        hold(script, connect_s, send_s)

    check()


def test_connecting_sending_and_answering_share_one_deadline() -> None:
    for connect_s, send_s, pause_s in ((2.9, 2.9, 0.1), (2.9, 0.0, 2.9), (0.0, 2.9, 2.9), (1.4, 1.4, 1.4)):
        hold([(pause_s, OK)], connect_s, send_s)


def test_a_head_without_end_is_bounded() -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    said: Script = [(0.0, b"X" * 1000) for _ in range(1000)]
    socket = HostileSocket(clock, 0.0, 0.0, said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mjpeg_source, "socket", SimpleNamespace(create_connection=socket.connect, SHUT_RDWR=2))
        with pytest.raises(DeviceUnavailable, match="does not end"):
            MjpegSource(URL, NAME, clock)
    assert len(socket._coming) >= 1000 - MAX_HEAD // 1000 - 2


def test_a_picture_torn_at_any_byte_is_left_out() -> None:
    whole = JPEGS[40]
    for at in range(0, len(whole), 3):
        hold([(0.0, OK), (0.1, part(whole[:at])), (0.1, part(whole))], 0.0, 0.0)
