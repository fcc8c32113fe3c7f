"""`openteller ocr --camera SOURCE`: hints while a card is laid down, then what was read, as the kiosk does it."""

import json
import queue
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from drivers.camera import CameraProfile, OpenCvCamera
from drivers.device_thread import DeviceThread
from drivers.picture_sources import Wanted, open_source
from kiosk_core.camera import Camera
from kiosk_core.errors import OpenTellerError
from kiosk_core.id_document import CapturedSide, CaptureNews, CaptureProblem, DocumentSide, Hint
from ocr.worker import ReadingProcess
from openteller.console import stop
from openteller.id_capture import IdCapture
from openteller.system_clock import SystemClock

_HINTS = {
    Hint.LAY_DOWN: "lay the card under the camera, the {side} up",
    Hint.TURN_OVER: "turn the card over: the {side} must be up",
    Hint.WHOLE_CARD: "move the card so that all of it is in the picture",
    Hint.CLOSER: "bring the card closer",
    Hint.HOLD_STILL: "let the card lie still",
    Hint.GLARE: "turn the card a little: light is reflected in it",
    Hint.UNCOVER: "take the fingers off the text",
    Hint.LIGHT: "it is too dark or too bright",
    Hint.ORIGINAL: "lay down the card itself, no copy and no screen",
    Hint.READING: "one moment, the card is being read",
}
_PROBLEMS = {
    CaptureProblem.NO_PICTURE: "the camera gives no picture, or a black or frozen one",
    CaptureProblem.NO_READING: "the reading process fails; what it says to a file: openteller ocr FILE",
}


def capture_sides(source: str, sides: Sequence[DocumentSide], seconds: float, *, as_json: bool) -> None:
    """Capture and show the sides one after the other; hints go to stderr. Exits with 1 where one is not captured."""
    clock = SystemClock()
    still = CameraProfile(frozen_s=None)  # a file stands still

    def open_camera() -> Camera:
        return OpenCvCamera("camera", lambda: open_source(source, "camera", clock, Wanted()), clock, still)

    try:
        open_camera().close()  # what is wrong with it is said at once
    except OpenTellerError as error:
        stop(str(error))
    camera: DeviceThread[Camera] = DeviceThread("camera", open_camera, clock, lambda _: None, 1.0)
    camera.start()
    capture = IdCapture(camera, ReadingProcess(), clock)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        for side in sides:
            captured = _captured(capture, side, seconds, console)
            print(json.dumps(_as_json(captured), ensure_ascii=False), flush=True) if as_json else _print(captured)
            captured.wipe()
    finally:
        capture.close()
        camera.stop()


def _captured(capture: IdCapture, side: DocumentSide, seconds: float, console: Console) -> CapturedSide:
    news: queue.SimpleQueue[CaptureNews] = queue.SimpleQueue()
    capture.start(side, news.put)
    while True:
        try:
            told = news.get(timeout=seconds)
        except queue.Empty:
            stop(f"nothing has changed for {seconds:.0f} seconds; is the {side.value} of an ID card under the camera?")
        match told:
            case CapturedSide():
                return told
            case CaptureProblem():
                stop(_PROBLEMS[told])
            case Hint():
                console.print(f"[dim]{_HINTS[told].format(side=side.value)}[/]")


def _as_json(captured: CapturedSide) -> dict[str, Any]:
    fields = {each.name: {"text": each.text, "sure": each.sure, "verified": each.verified} for each in captured.fields}
    risks = sorted(risk.value for risk in captured.risks)
    return {"side": captured.side.value, "fields": fields, "risks": risks}


def _print(captured: CapturedSide) -> None:
    table = Table(title=captured.side.value, title_justify="left", caption_justify="left", box=None, pad_edge=False)
    for head in ("field", "text", ""):
        table.add_column(head, overflow="fold")
    for each in captured.fields:
        said = "proved by a rule" if each.verified else "sure" if each.sure else "ask back"
        table.add_row(each.name.replace("_", " "), each.text or "-", said)
    table.caption = "risks: " + (", ".join(sorted(risk.value.replace("_", " ") for risk in captured.risks)) or "none")
    Console(highlight=False).print(table)
