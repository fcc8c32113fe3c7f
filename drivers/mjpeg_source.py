"""A network camera that sends MJPEG over HTTP (wire/mjpeg.py): a drivers.picture_sources.PictureSource.

Our own reader, since OpenCV's (FFmpeg) takes a torn JPEG for a picture, invents the missing half and says nothing
(measured, docs/devices/camera.md). HTTP/1.0 is spoken: its answers are not cut into chunks.
"""

import http
import http.client
import io
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from urllib.parse import urlsplit

import cv2
import numpy as np

from kiosk_core.camera import Pixels
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters, Identity
from wire import mjpeg
from wire.errors import WireError

OPEN_S = 3.0
"""Until the head of the answer is there; an address of several that does not answer costs as much once more."""
QUIET_S = 2.0
"""How long a camera may send nothing in the middle of its stream."""
MAX_HEAD = 16 * 1024
MAX_JPEG = 8 * 1024 * 1024
MAX_PIXELS = 16_000_000
_CATCH_UP = 64  # parts that are passed over for a newer one: more than a socket holds after a nap of ours
_SERVER_LENGTH = 40
_READ = 64 * 1024


class MjpegSource:
    """The camera's stream, open. Of the pictures that have arrived only the newest is decoded.

    A torn JPEG is left out and counted. No passwords: the address stands in the configuration and in logs.
    """

    def __init__(self, url: str, device: str, clock: Clock) -> None:
        """Connect to http://HOST[:PORT]/PATH and read the head of the answer, in OPEN_S.

        Raises:
            DeviceUnavailable: nobody there, silent, or the answer is no stream of pictures.
        """
        self._device = device
        self._clock = clock
        self._counters = Counters()
        self._chunk = bytearray(_READ)
        deadline = clock.now() + OPEN_S
        with self._translated():
            parts = urlsplit(url)
            self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), OPEN_S)
        try:
            with self._translated():
                self._socket.settimeout(self._left(deadline))
                target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
                self._socket.sendall(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode("ascii"))
                headers, begun = self._answer(deadline)
                self._deframer = mjpeg.Deframer(mjpeg.boundary_of(headers.get("Content-Type", "")), MAX_JPEG)
                self._early = self._deframer.feed(begun)
        except BaseException:
            self._socket.close()
            raise
        server = "".join(filter(str.isprintable, headers.get("Server", "")))[:_SERVER_LENGTH]
        self._identity = Identity(server or "network camera")

    @property
    def identity(self) -> Identity:
        """The name that the camera's server gives itself."""
        return self._identity

    @property
    def format(self) -> str:
        """What the pictures are coded in."""
        return "MJPG"

    @property
    def counters(self) -> Counters:
        """Bytes received, and torn pictures and parts as `checksum_errors`."""
        return self._counters.copy()

    def read(self) -> Pixels:
        """Wait for the next whole picture; the array is the caller's own.

        Raises:
            DeviceUnavailable: the stream ended, or nothing has come for QUIET_S.
            ProtocolViolation: a picture that no camera has, of more than MAX_PIXELS.
        """
        newest: mjpeg.Part | None = None
        passed = 0
        while True:
            for found in self._receive():
                if isinstance(found, mjpeg.Damage):
                    self._counters.checksum_errors += 1
                    continue
                if newest is not None:
                    _wipe(newest)
                newest, passed = found, passed + 1
            # What waits in the socket is newer still; a camera that sends faster than we read is not waited for.
            if newest is not None and (passed >= _CATCH_UP or not select.select([self._socket], [], [], 0)[0]):
                pixels = self._decoded(newest)
                if pixels is not None:
                    return pixels
                newest, passed = None, 0

    def interrupt(self) -> None:
        """Make a `read` under way end at once."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection and overwrite what has arrived."""
        self.interrupt()
        self._socket.close()
        self._deframer.reset()
        self._chunk[:] = bytes(_READ)

    def _answer(self, deadline: float) -> tuple[Message, bytes]:
        """Return the headers of the answer and what has come behind them."""
        head = bytearray()
        while b"\r\n\r\n" not in head:
            if len(head) > MAX_HEAD:
                raise DeviceUnavailable(self._device, "its answer to HTTP does not end")
            self._socket.settimeout(self._left(deadline))
            data = self._socket.recv(MAX_HEAD)
            if not data:
                raise DeviceUnavailable(self._device, "the camera has ended its answer to HTTP")
            head += data
        self._socket.settimeout(QUIET_S)
        lines, _, begun = bytes(head).partition(b"\r\n\r\n")
        status, _, rest = lines.partition(b"\r\n")
        words = status.split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/1."):
            raise DeviceUnavailable(self._device, "no answer to HTTP")
        if words[1] != b"%d" % http.HTTPStatus.OK:
            code = words[1].decode("ascii", "replace")
            raise DeviceUnavailable(self._device, f"the camera answers HTTP {code[:3]}")
        headers = http.client.parse_headers(io.BytesIO(rest + b"\r\n\r\n"))
        if headers.get("Transfer-Encoding", "identity").lower() != "identity":
            raise DeviceUnavailable(self._device, "the camera cuts its answer into chunks, to HTTP/1.0")
        return headers, begun

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock.now()
        if left <= 0:
            raise DeviceUnavailable(self._device, "its answer to HTTP does not end")
        return left

    def _receive(self) -> list[mjpeg.Part | mjpeg.Damage]:
        early, self._early = self._early, []
        if early:
            return early
        with self._translated():
            size = self._socket.recv_into(self._chunk)
        if not size:
            raise DeviceUnavailable(self._device, "the camera has ended the stream")
        self._counters.bytes_received += size
        return self._deframer.feed(memoryview(self._chunk)[:size])

    def _decoded(self, part: mjpeg.Part) -> Pixels | None:
        """Return the picture and wipe the part; None where it is torn."""
        pixels = None
        try:
            width, height = mjpeg.jpeg_size(part.body)
            if width * height > MAX_PIXELS:
                raise ProtocolViolation(self._device, f"a picture of {width}x{height}")
            pixels = cv2.imdecode(np.frombuffer(part.body, np.uint8), cv2.IMREAD_COLOR)
        except (WireError, cv2.error):
            pass
        finally:
            _wipe(part)
        if pixels is None:
            self._counters.checksum_errors += 1
            return None
        return np.asarray(pixels, np.uint8)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise DeviceUnavailable(self._device, "silent") from None
        except (OSError, WireError) as error:
            raise DeviceUnavailable(self._device, str(error)) from None
        except (http.client.HTTPException, ValueError) as error:
            # Named by its kind: the text of these quotes what came.
            raise DeviceUnavailable(self._device, type(error).__name__) from None


def _wipe(part: mjpeg.Part) -> None:
    part.body[:] = bytes(len(part.body))
