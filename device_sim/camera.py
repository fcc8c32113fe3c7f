"""A network camera above a desk: cards are laid down, turned and taken; it sends MJPEG over HTTP as real ones do.

Written from RFC 2046 and RFC 1945 (HTTP/1.0). It needs no kernel and no camera, and takes the same way into a driver
as an IP camera. Nobody is in its pictures.
"""

import contextlib
import select
import socket
import threading
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from device_sim.documents import Document, Side, jpeg
from device_sim.kept_port import KeptPort
from wire import mjpeg

Pixels = NDArray[np.uint8]

BOUNDARY = "openteller"
_POLL_S = 0.02
_MAX_REQUEST = 8192
_REQUEST_S = 2.0
_NOISE = 4  # of 255, to either side: survives the JPEG
_DESK = (104, 128, 150)  # blue, green, red
_CARD = (238, 226, 214)
_INK = (60, 50, 40)
_CARD_MM = (85.6, 54.0)  # ISO/IEC 7810 ID-1
_CARD_SHARE = 0.7  # of the picture's width
_SOFT = 0.6  # how far the lens spreads a dot: standard deviation in dots


class CameraFault(Enum):
    """What can be wrong with the camera. The value is the name in scenarios."""

    BLACK = "black"
    FROZEN = "frozen"
    SLOW = "slow"
    SILENT = "silent"
    TORN = "torn"
    WRONG_SIZE = "wrong_size"


class Desk:
    """What the camera sees: a desk, and at most one card on it. Noise is drawn by the seed; any thread may call."""

    def __init__(self, width: int = 960, height: int = 720, seed: int = 1) -> None:
        self._size = width, height
        self._random = np.random.default_rng(seed)
        self._noise = self._random.integers(-_NOISE, _NOISE + 1, (height * 2, width * 2, 3), np.int16)
        self._lock = threading.Lock()
        self._card: Pixels | None = None
        self._below: Pixels | None = None
        self._angle = 0.0
        self._drawn = self._draw()

    @property
    def has_card(self) -> bool:
        """Whether a card lies on the desk."""
        return self._card is not None

    def lay(self, card: Pixels | None = None, angle: float = 0.0, below: Pixels | None = None) -> None:
        """Lay a card down (blue, green, red; None: one that says SPECIMEN), turned by `angle` degrees to the left.

        `below` is its other side, None: it looks the same.

        Raises:
            ValueError: there is one already.
        """
        with self._lock:
            if self._card is not None:
                raise ValueError("there is a card on the desk already")
            self._card = specimen() if card is None else card
            self._below = self._card if below is None else below
            self._angle = angle
            self._drawn = self._draw()

    def turn(self, angle: float) -> None:
        """Turn the card so that it lies at `angle` degrees. Raises ValueError without a card."""
        with self._lock:
            if self._card is None:
                raise ValueError("there is no card on the desk")
            self._angle = angle
            self._drawn = self._draw()

    def turn_over(self) -> None:
        """Turn the card so that its other side is up. Raises ValueError without a card."""
        with self._lock:
            if self._card is None:
                raise ValueError("there is no card on the desk")
            self._card, self._below = self._below, self._card
            self._drawn = self._draw()

    def take(self) -> None:
        """Take the card away. Raises ValueError without a card."""
        with self._lock:
            if self._card is None:
                raise ValueError("there is no card on the desk")
            self._card = None
            self._drawn = self._draw()

    def look(self) -> Pixels:
        """Return what a sensor sees now; no two looks are the same."""
        with self._lock:
            width, height = self._size
            x, y = int(self._random.integers(width)), int(self._random.integers(height))
            noise = self._noise[y : y + height, x : x + width]
            return np.asarray(cv2.add(self._drawn, noise, dtype=cv2.CV_8U), np.uint8)

    def _draw(self) -> Pixels:
        width, height = self._size
        shade = np.linspace(0.85, 1.1, width)[None, :, None]
        desk = np.clip(np.asarray(_DESK) * shade, 0, 255).astype(np.uint8).repeat(height, axis=0)
        if self._card is None:
            return desk
        scale = width * _CARD_SHARE / self._card.shape[1]
        turn = cv2.getRotationMatrix2D((self._card.shape[1] / 2, self._card.shape[0] / 2), self._angle, scale)
        turn[:, 2] += (width - self._card.shape[1]) / 2, (height - self._card.shape[0]) / 2
        cv2.warpAffine(self._card, turn, (width, height), desk, borderMode=cv2.BORDER_TRANSPARENT)
        return np.asarray(cv2.GaussianBlur(desk, (0, 0), _SOFT), np.uint8)


class SimulatedCamera:
    """The camera on loopback, at `url`; one client at a time, the next one waits. Plugged in from the beginning.

    Unplugged, nobody listens and whoever looked has lost the connection; plugged in again it listens on the same
    port, which nobody else was given meanwhile. Context manager.

    Raises:
        OSError: no port can be had.
    """

    def __init__(self, desk: Desk, *, per_second: float = 25.0, port: int = 0) -> None:
        self.desk = desk
        self.faults: set[CameraFault] = set()
        """What is wrong now; may be changed at any time."""
        self._pause = 1.0 / per_second
        self._port = KeptPort(port)
        self._owner: threading.Thread | None = None
        self._stop = threading.Event()
        self._last = b""
        self.plug()

    def __enter__(self) -> "SimulatedCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        self._port.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._port.number}/video"

    def plug(self) -> None:
        """Listen, unless it does."""
        if self._owner is None:
            listener = self._port.listen()
            self._stop.clear()
            self._owner = threading.Thread(target=self._serve, args=(listener,), name="camera", daemon=True)
            self._owner.start()

    def unplug(self) -> None:
        """Cut the connection and listen no more."""
        owner, self._owner = self._owner, None
        if owner is not None:
            self._stop.set()
            owner.join()

    def part(self) -> bytes:
        """Return the next part of the stream, as the faults have it."""
        if CameraFault.FROZEN in self.faults and self._last:
            return self._last
        seen = self.desk.look()
        if CameraFault.WRONG_SIZE in self.faults:
            seen = seen[::2, ::2]
        if CameraFault.BLACK in self.faults:
            seen = np.zeros_like(seen)
        jpeg = cv2.imencode(".jpg", seen)[1].tobytes()
        if CameraFault.TORN in self.faults:
            jpeg = jpeg[: len(jpeg) // 2]
        self._last = mjpeg.encode_part(BOUNDARY, jpeg)
        return self._last

    def _serve(self, listener: socket.socket) -> None:
        with listener:
            while not self._stop.is_set():
                if select.select([listener], [], [], _POLL_S)[0]:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.settimeout(_REQUEST_S)
                        self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        request = bytearray()
        while b"\r\n\r\n" not in request:
            data = client.recv(_MAX_REQUEST)
            if not data or len(request) > _MAX_REQUEST:
                return
            request += data
        match bytes(request).split(b"\r\n", 1)[0].split(b" "):
            case [b"GET", b"/video", version] if version.startswith(b"HTTP/1."):
                self._stream(client)
            case [b"GET", _, _]:
                client.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            case _:
                client.sendall(b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def _stream(self, client: socket.socket) -> None:
        client.sendall(
            b"HTTP/1.0 200 OK\r\nServer: OpenTeller simulated camera\r\nCache-Control: no-store\r\n"
            b"Content-Type: multipart/x-mixed-replace; boundary=" + BOUNDARY.encode("ascii") + b"\r\n\r\n"
        )
        while not self._stop.is_set():
            if CameraFault.SILENT not in self.faults:
                client.sendall(self.part())
            self._stop.wait(self._pause * (20 if CameraFault.SLOW in self.faults else 1))


def picture(document: Document, side: Side) -> Pixels:
    """Return a side of a document, blue, green, red. Both sides of the one that says SPECIMEN are alike."""
    if document == "specimen":
        return specimen()
    seen = cv2.imdecode(np.frombuffer(jpeg(document, side), np.uint8), cv2.IMREAD_COLOR)
    if document == "copy":
        seen = cv2.cvtColor(cv2.cvtColor(np.asarray(seen), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(seen, np.uint8)


def specimen() -> Pixels:
    """Return the picture of a card with nobody's data, ten dots a millimetre."""
    width, height = (round(10 * side) for side in _CARD_MM)
    card = np.full((height, width, 3), _CARD, np.uint8)
    cv2.rectangle(card, (width * 2 // 3, height // 5), (width - 60, height * 4 // 5), (200, 190, 180), -1)
    for row in range(3):
        cv2.line(card, (60, 280 + 60 * row), (width // 2, 280 + 60 * row), _INK, 6)
    cv2.putText(card, "SPECIMEN", (50, 160), cv2.FONT_HERSHEY_SIMPLEX, 2.6, _INK, 10)
    return card
