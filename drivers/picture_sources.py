"""Where pictures come from: a V4L2 device or a file through OpenCV, or MJPEG over HTTP (drivers/mjpeg_source.py)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from drivers.mjpeg_source import MjpegSource
from kiosk_core.camera import Pixels
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Counters, Identity

_V4L2_SELECT_S = 2
_STILL_PER_SECOND = 10.0
_NAMES = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class Wanted:
    """The format that a V4L2 device is asked for; it gives the nearest that it has."""

    width: int = 1280
    height: int = 720
    per_second: int = 30


class PictureSource(Protocol):
    """A stream of pictures, already open. One thread reads and closes it; `interrupt` may come from another."""

    @property
    def identity(self) -> Identity:
        """What the source says it is."""
        ...

    @property
    def format(self) -> str:
        """What the pictures are coded in: "MJPG", "YUYV"..., "" where nobody says."""
        ...

    @property
    def counters(self) -> Counters:
        """Bytes received and torn pictures (`checksum_errors`), where the source can tell."""
        ...

    def read(self) -> Pixels:
        """Wait for the next picture; the array is the caller's own.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ProtocolViolation: what came cannot be a picture of a camera.
        """
        ...

    def interrupt(self) -> None:
        """Make a `read` under way end soon, where that can be done."""
        ...

    def close(self) -> None:
        """Let go of it; never raises, may be called twice."""
        ...


class VideoCapture(Protocol):
    """What we use of cv2.VideoCapture."""

    def isOpened(self) -> bool:  # noqa: N802
        """Return whether it is open."""
        ...

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        """Ask for a property."""
        ...

    def get(self, propId: int) -> float:  # noqa: N803
        """Return a property."""
        ...

    def read(self) -> tuple[bool, object]:
        """Return whether there was a picture, and it."""
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


def open_source(port: str, device: str, clock: Clock, wanted: Wanted) -> PictureSource:
    """Open `port` for `device` (its name in errors): http://HOST[:PORT]/PATH, a V4L2 device, or a file.

    Raises:
        DeviceUnavailable: absent, in use, or no source of pictures.
    """
    if port.startswith("http://"):
        return MjpegSource(port, device, clock)
    path = Path(port)
    # OpenCV would print a warning at every attempt.
    if not path.exists():
        raise DeviceUnavailable(device, f"{port}: no such device or file")
    if not path.is_char_device():
        return FileSource(path, device, clock)
    # A device that stops sending would hold OpenCV for 10 s, and itself with it; it reads this at its first capture.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_V4L2_SELECT_S))
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_V4L2)
    return V4l2Source(capture, device, _v4l2_name(path.resolve()), wanted)


class V4l2Source:
    """A camera of the kernel. MJPG is asked for first: raw pictures of that size do not fit through USB 2 at speed."""

    def __init__(self, capture: VideoCapture, device: str, model: str, wanted: Wanted) -> None:
        self._capture = capture
        self._device = device
        self._identity = Identity(model)
        if not capture.isOpened():
            capture.release()
            raise DeviceUnavailable(device, "cannot be opened as a camera, or is in use")
        # The coding decides which sizes there are, and the size which speeds; a queue of one keeps pictures fresh.
        for key, value in (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, wanted.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, wanted.height),
            (cv2.CAP_PROP_FPS, wanted.per_second),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            capture.set(key, value)
        self._format = _fourcc(capture.get(cv2.CAP_PROP_FOURCC))

    @property
    def identity(self) -> Identity:
        """The camera's name."""
        return self._identity

    @property
    def format(self) -> str:
        """The coding that the device took."""
        return self._format

    @property
    def counters(self) -> Counters:
        """Nothing: the kernel counts for itself."""
        return Counters()

    def read(self) -> Pixels:
        """Wait for the next picture. Raises DeviceUnavailable."""
        return _next(self._capture, self._device, "gives no picture: unplugged, or it hangs")

    def interrupt(self) -> None:
        """Do nothing: a read of OpenCV cannot be ended; it ends by itself after _V4L2_SELECT_S."""

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


class FileSource:
    """A picture or a video in a file, for demonstrations: it begins again at its end, at its own speed."""

    def __init__(self, path: Path, device: str, clock: Clock) -> None:
        self._path = path
        self._device = device
        self._clock = clock
        self._still = cv2.imread(str(path), cv2.IMREAD_COLOR)
        self._video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG) if self._still is None else None
        if self._video is not None and not self._video.isOpened():
            self._video.release()
            raise DeviceUnavailable(device, f"{path}: neither a picture nor a video")
        speed = self._video.get(cv2.CAP_PROP_FPS) if self._video is not None else _STILL_PER_SECOND
        self._pause = 1.0 / min(max(speed, 1.0), 60.0)

    @property
    def identity(self) -> Identity:
        """The file's name."""
        return Identity(f"file {self._path.name}")

    @property
    def format(self) -> str:
        """Nothing: it is not told."""
        return ""

    @property
    def counters(self) -> Counters:
        """Nothing."""
        return Counters()

    def read(self) -> Pixels:
        """Let the time of a picture pass and return the next one. Raises DeviceUnavailable."""
        self._clock.sleep(self._pause)
        if self._video is None:
            if self._still is None:
                raise DeviceUnavailable(self._device, "closed")
            return np.asarray(self._still, np.uint8).copy()
        with suppress(DeviceUnavailable):
            return _next(self._video, self._device, "ended")
        self._video.set(cv2.CAP_PROP_POS_FRAMES, 0)
        return _next(self._video, self._device, f"{self._path}: cannot be read")

    def interrupt(self) -> None:
        """Do nothing: a read takes no longer than a picture lasts."""

    def close(self) -> None:
        """Let go of the file and overwrite a still."""
        if self._video is not None:
            self._video.release()
        if self._still is not None:
            self._still.fill(0)
            self._still = None


def _next(capture: VideoCapture, device: str, otherwise: str) -> Pixels:
    try:
        there, pixels = capture.read()
    except cv2.error:
        there, pixels = False, None
    if not there or not isinstance(pixels, np.ndarray):
        raise DeviceUnavailable(device, otherwise)
    return np.asarray(pixels, np.uint8)


def _fourcc(value: float) -> str:
    """Return the four characters that a FOURCC is, "" for none: -1 is "unknown" to OpenCV."""
    text = int(value).to_bytes(4, "little").decode("ascii", "replace").rstrip() if value > 0 else ""
    return text if text.isprintable() else ""


def _v4l2_name(path: Path) -> str:
    """Return the camera's name as the kernel has it, or else its path."""
    try:
        return (_NAMES / path.name / "name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return str(path)
