"""The camera's picture for the screen: the newest one, small, as a JPEG in memory, or what is wrong with it."""

import base64
from collections.abc import Callable
from concurrent.futures import Future, wait

import cv2

from drivers.device_thread import DeviceThread
from kiosk_core.camera import Camera, Picture, Pixels
from kiosk_core.errors import Fault, OpenTellerError
from kiosk_core.pages import CapturePage, ScanPage
from kiosk_core.protocol import MAX_LINE_BYTES
from kiosk_core.screen_messages import AskFrame, Frame, ShowPage
from kiosk_core.status import DeviceState
from kiosk_core.texts import Words

WIDTH_PX = 640
PATIENCE_S = 0.1
"""How long a camera's thread is waited for: touches of the screen that asks wait as long."""
MAX_JPEG_BYTES = (MAX_LINE_BYTES - 1024) * 3 // 4  # in base64 it must fit into a line
_QUALITIES = (75, 50, 25, 10)

_PROBLEMS = {
    Fault.PICTURE_DARK: Words("preview.dark"),
    Fault.PICTURE_FROZEN: Words("preview.frozen"),
}
_GONE = Words("preview.gone")


class CameraPreview:
    """Answers what the screen asks while a page with a preview stands; otherwise no picture leaves the core.

    The screen asks for each frame, so a slow one gets fewer, and there is never more than one under way to it.

    Args:
        camera: None where the terminal has none.
        shown: the page that is on the screen.
    """

    def __init__(self, camera: DeviceThread[Camera] | None, shown: Callable[[], ShowPage]) -> None:
        self._camera = camera
        self._shown = shown

    def frame(self, question: AskFrame) -> Frame:
        """Return the newest picture behind the one asked for; empty where there is none or the page has gone."""
        shown = self._shown()
        looks = isinstance(shown.page, CapturePage | ScanPage) and shown.page.preview
        if shown.number != question.number or not looks:
            return Frame(number=question.number)
        camera = self._camera
        if camera is None or camera.status.state is not DeviceState.ONLINE:
            return Frame(number=question.number, problem=_GONE)
        future = camera.call(_look)
        if not wait((future,), PATIENCE_S).done:
            future.cancel()
            future.add_done_callback(_wipe)
            return Frame(number=question.number)
        try:
            faults, picture = future.result()
        except OpenTellerError:
            return Frame(number=question.number, problem=_GONE)
        if picture is None:
            return Frame(number=question.number)
        with picture:
            for fault, problem in _PROBLEMS.items():
                if fault in faults:
                    return Frame(number=question.number, picture=picture.number, problem=problem)
            if picture.number == question.after:
                return Frame(number=question.number)
            jpeg = base64.b64encode(encode(picture.pixels)).decode("ascii")
            return Frame(number=question.number, picture=picture.number, jpeg=jpeg)


def encode(pixels: Pixels) -> bytes:
    """Return `pixels` as a JPEG of at most MAX_JPEG_BYTES: coarser, and at last smaller, until it is."""
    while True:
        for quality in _QUALITIES:
            _, jpeg = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
            if jpeg.size <= MAX_JPEG_BYTES:
                return jpeg.tobytes()
        pixels = pixels[::2, ::2]


def _look(camera: Camera) -> tuple[frozenset[Fault], Picture | None]:
    return camera.status().faults, camera.latest(WIDTH_PX)


def _wipe(late: "Future[tuple[frozenset[Fault], Picture | None]]") -> None:
    if not late.cancelled() and late.exception() is None and (picture := late.result()[1]) is not None:
        picture.wipe()
