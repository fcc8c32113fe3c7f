"""A camera over OpenCV or MJPEG. It is a kiosk_core.camera.Camera: docs/devices/camera.md.

A thread of the driver reads all the time and keeps the newest picture alone, so nobody waits in `read` of OpenCV
(which may block for seconds) but this thread, and a picture is as fresh as the camera gives it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from drivers.picture_sources import PictureSource, Wanted, open_source
from kiosk_core.camera import Picture, Pixels
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity

_SLICE_S = 0.02  # how long one wait lasts; the deadlines are the clock's
_SAMPLE = 8  # every eighth pixel of every eighth row tells light from dark
_PACE = 31  # arrivals that the rate of pictures is taken from


@dataclass(frozen=True)
class CameraProfile:
    """What differs between cameras. `frozen_s` None: identical pictures are no fault (a file, a picture on a wall).

    A picture is dark where not one pixel in a hundred is brighter than `dark_level` (0 to 255).
    """

    wanted: Wanted = field(default_factory=Wanted)
    open_s: float = 8.0
    """Until the first picture; V4L2 cameras take one to three seconds."""
    picture_s: float = 3.0
    """For a picture; a source that has given none for this long is silent."""
    close_s: float = 1.0
    dark_level: int = 24
    dark_s: float = 2.0
    frozen_s: float | None = 3.0


class PictureWatch:
    """Tells from the pictures of a camera whether it is dark or frozen.

    No two pictures of a sensor are the same to the pixel: noise. In the dark they may be, where the camera rounds the
    noise away; so what is dark is not called frozen.
    """

    def __init__(self, profile: CameraProfile) -> None:
        self._profile = profile
        self._dark_since: float | None = None
        self._same_since: float | None = None

    def see(self, pixels: Pixels, before: Pixels | None, now: float) -> Fault | None:
        """Take the next picture and the one before it; return what keeps this one from being used."""
        dark = bool(np.percentile(pixels[::_SAMPLE, ::_SAMPLE], 99) <= self._profile.dark_level)
        same = self._profile.frozen_s is not None and before is not None and np.array_equal(pixels, before)
        self._dark_since = (now if self._dark_since is None else self._dark_since) if dark else None
        self._same_since = (now if self._same_since is None else self._same_since) if same and not dark else None
        return Fault.PICTURE_DARK if dark else Fault.PICTURE_FROZEN if same else None

    def faults(self, now: float) -> frozenset[Fault]:
        """Return what has lasted long enough for a person to look at the camera."""
        found = set()
        if self._dark_since is not None and now - self._dark_since >= self._profile.dark_s:
            found.add(Fault.PICTURE_DARK)
        frozen_s = self._profile.frozen_s
        if self._same_since is not None and frozen_s is not None and now - self._same_since >= frozen_s:
            found.add(Fault.PICTURE_FROZEN)
        return frozenset(found)


class _Capture:
    """The thread that opens, reads and closes a source, and the newest picture that it has brought."""

    def __init__(
        self, name: str, open_source: Callable[[], PictureSource], clock: Clock, profile: CameraProfile
    ) -> None:
        self._open_source = open_source
        self._clock = clock
        self._watch = PictureWatch(profile)
        self._stopping = False
        self.changed = threading.Condition()
        # All below is guarded by `changed`.
        self.error: OpenTellerError | None = None
        self.newest: Picture | None = None
        self.flaw: Fault | None = None
        self.begun = 0
        self._source: PictureSource | None = None
        self._seen = 0
        self.arrivals: deque[float] = deque(maxlen=_PACE)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def identity(self) -> Identity:
        return self._source.identity if self._source is not None else Identity("")

    @property
    def format(self) -> str:
        return self._source.format if self._source is not None else ""

    def faults(self) -> frozenset[Fault]:
        return self._watch.faults(self._clock.now())

    def counters(self) -> Counters:
        counters = self._source.counters if self._source is not None else Counters()
        return counters.plus(Counters(exchanges=self._seen))

    def rate(self) -> float:
        with self.changed:
            passed = self.arrivals[-1] - self.arrivals[0] if self.arrivals else 0.0
            return (len(self.arrivals) - 1) / passed if passed > 0 else 0.0

    def stop(self, timeout_s: float) -> None:
        """End the thread; one that hangs in a read lets go of the source by itself when the read returns."""
        with self.changed:
            self._stopping = True
            source = self._source
            self._forget()
        if source is not None:
            source.interrupt()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        source: PictureSource | None = None
        try:
            source = self._open_source()
            with self.changed:
                self._source = source
            while self._step(source):
                pass
        except OpenTellerError as error:
            with self.changed:
                # Its traceback would keep the last pictures alive.
                self.error = error.with_traceback(None)
        finally:
            if source is not None:
                source.close()
            with self.changed:
                self._forget()
                self.changed.notify_all()

    def _step(self, source: PictureSource) -> bool:
        with self.changed:
            if self._stopping:
                return False
            self.begun += 1
            number = self.begun
        pixels = source.read()
        now = self._clock.now()
        with self.changed:
            before = self.newest
            self.flaw = self._watch.see(pixels, before.pixels if before else None, now)
            self.newest = Picture(pixels, self._clock.wall(), number)
            if before is not None:
                before.wipe()
            if self._stopping:
                self._forget()
                return False
            self.arrivals.append(now)
            self._seen += 1
            self.changed.notify_all()
        return True

    def _forget(self) -> None:
        if self.newest is not None:
            self.newest.wipe()
            self.newest = None


class OpenCvCamera:
    """A kiosk_core.camera.Camera.

    Deadlines: `open_s` for the constructor and `reset`, `picture_s` for `take_picture`, `status` and `self_test`,
    `close_s` for `close`, whatever the source does.
    """

    def __init__(
        self, name: str, open_source: Callable[[], PictureSource], clock: Clock, profile: CameraProfile | None = None
    ) -> None:
        """Open the camera and wait for its first picture.

        Raises:
            DeviceUnavailable: absent, in use, silent, or an earlier read still hangs in it.
            ProtocolViolation: it gives something else than pictures.
        """
        self._name = name
        self._open_source = open_source
        self._clock = clock
        self._profile = profile or CameraProfile()
        self._past = Counters()
        self._status: DeviceStatus | None = None
        self._capture: _Capture | None = None
        self._start()

    def identify(self) -> Identity:
        """Return the camera's name as the kernel or its server gives it."""
        capture, _ = self._alive()
        return capture.identity

    def self_test(self) -> DeviceStatus:
        """Take a picture and wipe it; `detail` of the status has its size, coding, rate and brightness."""
        capture = self._open()
        try:
            with self.take_picture() as picture:
                brightness = round(float(picture.pixels[::_SAMPLE, ::_SAMPLE].mean()))
        except DeviceFault as fault:
            status = self.status()
            return replace(status, faults=status.faults | {fault.fault})
        status = self.status()
        return replace(status, detail=f"{status.detail}, {capture.rate():.0f} a second, brightness {brightness} of 255")

    def status(self) -> DeviceStatus:
        """Return whether pictures come and can be used; `detail` has their size and coding."""
        capture, picture = self._alive()
        detail = f"{picture.width}x{picture.height} {capture.format}".rstrip()
        status = DeviceStatus(self._name, DeviceState.ONLINE, self._clock.wall(), capture.faults(), detail=detail)
        if status != self._status:
            self._status = status
        return self._status

    def reset(self) -> None:
        """Close the camera and open it again."""
        self._stop()
        self._start()

    def counters(self) -> Counters:
        """Return pictures taken as `cycles`, pictures seen as `exchanges`, torn ones as `checksum_errors`."""
        capture = self._capture
        return self._past.copy() if capture is None else self._past.plus(capture.counters())

    def close(self) -> None:
        """Let go of the camera and overwrite the newest picture; one that was given out is its owner's."""
        self._stop()

    def latest(self, width_px: int) -> Picture | None:
        """Return a copy of the newest picture, scaled to at most `width_px`; from any thread, without waiting."""
        capture = self._open()
        with capture.changed:
            newest = self._newest(capture)
            if newest is None:
                return None
            width = min(width_px, newest.width)
            height = max(1, round(newest.height * width / newest.width))
            pixels = (
                newest.pixels.copy()
                if width == newest.width
                else cv2.resize(newest.pixels, (width, height), interpolation=cv2.INTER_AREA)
            )
            return Picture(np.asarray(pixels, np.uint8), newest.taken_at, newest.number)

    def take_picture(self) -> Picture:
        """Return a picture in full size that was taken after the call, neither dark nor frozen.

        The read that was under way may bring an old picture, and so may the next one, from a queue: both are passed.
        """
        capture = self._open()
        deadline = self._clock.now() + self._profile.picture_s
        with capture.changed:
            first = capture.begun + 2
            while True:
                newest = self._newest(capture)
                fresh = newest is not None and newest.number >= first
                if newest is not None and fresh and capture.flaw is None:
                    self._past.cycles += 1
                    return Picture(newest.pixels.copy(), newest.taken_at, newest.number)
                if self._clock.now() >= deadline:
                    if fresh and capture.flaw is not None:
                        raise DeviceFault(self._name, capture.flaw)
                    raise DeviceUnavailable(self._name, "silent")
                capture.changed.wait(_SLICE_S)

    def _open(self) -> _Capture:
        if self._capture is None:
            raise DeviceUnavailable(self._name, "closed")
        return self._capture

    def _newest(self, capture: _Capture) -> Picture | None:
        """Return the newest picture. Raises what ended the capture, or DeviceUnavailable for an old picture."""
        if capture.error is not None:
            raise capture.error.with_traceback(None)
        if capture.newest is not None and self._clock.now() - capture.arrivals[-1] > self._profile.picture_s:
            raise DeviceUnavailable(self._name, "silent")
        return capture.newest

    def _alive(self) -> tuple[_Capture, Picture]:
        capture = self._open()
        with capture.changed:
            newest = self._newest(capture)
        if newest is None:
            raise DeviceUnavailable(self._name, "gives no picture")
        return capture, newest

    def _start(self) -> None:
        """Open the source in a new thread and wait for a picture; never a second thread beside one that hangs."""
        thread = f"capture-{self._name}"
        if any(each.name == thread for each in threading.enumerate()):
            raise DeviceUnavailable(self._name, "an earlier read still hangs")
        capture = _Capture(thread, self._open_source, self._clock, self._profile)
        deadline = self._clock.now() + self._profile.open_s
        with capture.changed:
            while capture.newest is None and capture.error is None and self._clock.now() < deadline:
                capture.changed.wait(_SLICE_S)
            opened = capture.newest is not None
        if not opened:
            capture.stop(self._profile.close_s)
            raise capture.error or DeviceUnavailable(self._name, "gives no picture")
        self._capture = capture

    def _stop(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.stop(self._profile.close_s)
            self._past = self._past.plus(capture.counters())


def open_camera(name: str, port: str, clock: Clock, profile: CameraProfile | None = None) -> OpenCvCamera:
    """Open the camera at `port`: a path of a V4L2 device, picture or video, or http://HOST[:PORT]/PATH.

    Raises:
        DeviceUnavailable: absent, in use, silent.
    """
    chosen = profile or CameraProfile()
    return OpenCvCamera(name, lambda: open_source(port, name, clock, chosen.wanted), clock, chosen)
