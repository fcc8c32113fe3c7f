"""The camera's picture from the core to whoever draws it: small, in memory, one at a time, and never in the way."""

import base64
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from drivers.device_thread import DeviceThread
from kiosk_core.camera import Picture as CameraPicture
from kiosk_core.camera import Pixels
from kiosk_core.errors import DeviceUnavailable, Fault
from kiosk_core.intents import Cancel
from kiosk_core.pages import CapturePage, MenuPage, Page, Picture, Preview
from kiosk_core.protocol import MAX_LINE_BYTES, BadMessage, decode_from_core, decode_to_core
from kiosk_core.protocol import encode as line_of
from kiosk_core.screen_messages import Answer, AskFrame, Frame, Hello, Question, Refused, ShowPage, Touched
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity
from kiosk_core.technician_questions import AskPreview, Previewed
from kiosk_core.texts import Words
from openteller import device_commands, preview
from openteller.preview import MAX_JPEG_BYTES, CameraPreview, encode
from tests.clocks import RealClock
from tests.openteller.branch import Branch
from tests.patience import PATIENCE_S

CLOCK = RealClock()
PAGE = CapturePage(title=Words("t"), body=Words("b"), picture=Picture.PLACE_CARD, preview=Preview())
A = TypeVar("A", bound=Answer)


def grey(width: int = 640, height: int = 480) -> Pixels:
    return np.full((height, width, 3), 120, np.uint8)


def decoded(frame: Frame) -> Any:
    return cv2.imdecode(np.frombuffer(base64.b64decode(frame.jpeg), np.uint8), cv2.IMREAD_COLOR)


@dataclass
class Camera:
    """A camera of the test's own."""

    picture: CameraPicture | None = None
    faults: frozenset[Fault] = frozenset()
    unplugged: bool = False
    widths: list[int] = field(default_factory=list)

    def identify(self) -> Identity:
        return Identity("C")

    def self_test(self) -> DeviceStatus:
        return self.status()

    def status(self) -> DeviceStatus:
        if self.unplugged:
            raise DeviceUnavailable("camera", "unplugged")
        return DeviceStatus("camera", DeviceState.ONLINE, CLOCK.wall(), self.faults)

    def reset(self) -> None: ...

    def counters(self) -> Counters:
        return Counters()

    def close(self) -> None: ...

    def latest(self, width_px: int) -> CameraPicture | None:
        self.widths.append(width_px)
        return self.picture

    def take_picture(self) -> CameraPicture:
        raise AssertionError("a preview takes no picture")


class Rig:
    def __init__(self) -> None:
        self.camera = Camera(CameraPicture(grey(), CLOCK.wall(), 5))
        self.page: Page = PAGE
        published = threading.Event()

        def open_camera() -> Camera:
            if self.camera.unplugged:
                raise DeviceUnavailable("camera", "unplugged")
            return self.camera

        self.thread: DeviceThread[Any] = DeviceThread("camera", open_camera, CLOCK, lambda _: published.set(), 60)
        self.thread.start()
        assert published.wait(PATIENCE_S)
        self.preview = CameraPreview(self.thread, lambda: ShowPage(number=7, page=self.page))

    def ask(self, number: int = 7, after: int = 0) -> Frame:
        return self.preview.frame(AskFrame(number=number, after=after))


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(preview, "PATIENCE_S", PATIENCE_S)
    rig = Rig()
    yield rig
    rig.thread.stop()


def test_the_newest_picture_goes_to_the_screen_and_leaves_the_core_black(rig: Rig) -> None:
    frame = rig.ask()
    assert (frame.number, frame.picture, frame.problem) == (7, 5, None)
    assert decoded(frame).shape == (480, 640, 3)
    assert abs(int(decoded(frame)[240, 320, 0]) - 120) <= 2  # JPEG is nearly true
    assert rig.camera.widths == [640]
    assert rig.camera.picture is not None
    assert rig.camera.picture.pixels.max() == 0


def test_a_picture_that_was_seen_is_not_sent_again(rig: Rig) -> None:
    assert rig.ask(after=5) == Frame(number=7)
    rig.camera.picture = None
    assert rig.ask() == Frame(number=7)


@pytest.mark.parametrize("page", [MenuPage(), CapturePage(title=PAGE.title, body=PAGE.body, picture=PAGE.picture)])
def test_no_picture_leaves_the_core_without_a_page_that_shows_it(rig: Rig, page: Page) -> None:
    rig.page = page
    assert rig.ask() == Frame(number=7)
    assert rig.camera.widths == []


def test_no_picture_leaves_the_core_for_a_page_that_has_gone(rig: Rig) -> None:
    assert rig.ask(number=6) == Frame(number=6)
    assert rig.camera.widths == []


@pytest.mark.parametrize(
    ("fault", "problem"), [(Fault.PICTURE_DARK, "preview.dark"), (Fault.PICTURE_FROZEN, "preview.frozen")]
)
def test_a_picture_that_is_of_no_use_is_not_shown_but_said(rig: Rig, fault: Fault, problem: str) -> None:
    rig.camera.faults = frozenset({fault})
    assert rig.ask() == Frame(number=7, picture=5, problem=Words(problem))


def test_a_camera_that_has_gone_is_said_and_is_shown_again_when_it_is_back(rig: Rig) -> None:
    rig.camera.unplugged = True
    assert rig.ask() == Frame(number=7, problem=Words("preview.gone"))
    assert rig.ask() == Frame(number=7, problem=Words("preview.gone"))
    rig.camera.unplugged = False
    until = time.monotonic() + PATIENCE_S
    while not rig.ask().jpeg:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_terminal_without_camera_says_so() -> None:
    preview = CameraPreview(None, lambda: ShowPage(number=7, page=PAGE))
    assert preview.frame(AskFrame(number=7)) == Frame(number=7, problem=Words("preview.gone"))


def test_a_camera_that_is_busy_holds_no_touch_up_and_its_late_picture_is_black(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, looking = threading.Event(), threading.Event()
    picture = rig.camera.picture
    assert picture is not None

    def slow(_: int) -> CameraPicture:
        looking.set()
        assert go_on.wait(PATIENCE_S)
        return picture

    def impatient(futures: "tuple[Future[object]]", _: float) -> object:
        assert looking.wait(PATIENCE_S)
        return wait(futures, 0)

    monkeypatch.setattr(rig.camera, "latest", slow)
    monkeypatch.setattr(preview, "wait", impatient)
    assert rig.ask() == Frame(number=7)  # the thread is in it: not to be cancelled any more
    assert rig.ask() == Frame(number=7)  # waits behind it: cancelled
    go_on.set()
    rig.thread.call(lambda _: None).result(PATIENCE_S)
    assert picture.pixels.max() == 0


@pytest.mark.parametrize("shape", [(480, 640), (1138, 640), (4000, 640)])
def test_whatever_the_camera_sees_fits_into_a_line(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)  # nothing is worse for a JPEG
    jpeg = encode(noise)
    assert len(jpeg) <= MAX_JPEG_BYTES
    frame = Frame(number=2**53, picture=2**53, jpeg=base64.b64encode(b"x" * MAX_JPEG_BYTES).decode())
    assert len(line_of(frame)) <= MAX_LINE_BYTES


def test_a_frame_is_in_no_repr() -> None:
    assert "SECRET" not in repr(Frame(number=1, picture=2, jpeg="SECRET"))


@pytest.mark.parametrize("seconds", [-1, 301])
def test_nobody_asks_for_a_preview_without_end(seconds: int) -> None:
    with pytest.raises(BadMessage):
        decode_to_core(b'{"type":"ask_preview","seconds":%d}\n' % seconds)


# -- over the socket of a whole terminal -----------------------------------------------------------------------


class Screen:
    """A client that asks for frames, as the customer's screen does."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        assert isinstance(self.next(), Hello)
        self.shown = self.next()
        self._seen = 0

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def send(self, message: Question | Touched) -> None:
        self._socket.sendall(line_of(message))

    def ask(self, question: Question, wanted: type[A]) -> A:
        self.send(question)
        while True:
            message = self.next()
            if isinstance(message, wanted):
                return message
            assert isinstance(message, ShowPage), message

    def next(self) -> Any:
        line = self._lines.readline()
        assert line, "the core hung up"
        message = decode_from_core(line)
        if isinstance(message, ShowPage):
            self.shown = message
        return message

    def see(self, kind: str) -> None:
        while self.shown.page.kind != kind:
            self.next()

    def frame(self, fits: Callable[[Frame], object]) -> Frame:
        until = time.monotonic() + PATIENCE_S
        while not fits(frame := self.ask(AskFrame(number=self.shown.number, after=self._seen), Frame)):
            assert time.monotonic() < until, frame
            time.sleep(0.02)
        self._seen = frame.picture
        return frame


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    branch = Branch()
    branch.start_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    yield branch
    branch.close()


@pytest.fixture
def screen(branch: Branch) -> Iterator[Screen]:
    with Screen(branch.core_socket) as screen:
        screen.see("menu")
        yield screen
        screen.ask(AskPreview(seconds=0), Previewed)
        screen.see("menu")


def begin(screen: Screen) -> None:
    assert screen.ask(AskPreview(seconds=300), Previewed) == Previewed(seconds=300)
    screen.see("capture")


def test_frames_come_while_the_page_stands_and_end_with_it(screen: Screen) -> None:
    assert screen.ask(AskFrame(number=screen.shown.number), Frame).jpeg == ""
    begin(screen)
    first = screen.frame(lambda frame: frame.jpeg)
    assert decoded(first).shape == (480, 640, 3)
    second = screen.frame(lambda frame: frame.jpeg and frame.picture > first.picture)
    assert second.jpeg != first.jpeg  # no two looks are the same
    number = screen.shown.number
    screen.send(Touched(number=number, intent=Cancel()))
    screen.see("menu")
    assert screen.ask(AskFrame(number=number), Frame) == Frame(number=number)


def test_a_camera_that_is_unplugged_meanwhile_is_said_and_goes_on_when_it_is_back(
    screen: Screen, branch: Branch
) -> None:
    begin(screen)
    screen.frame(lambda frame: frame.jpeg)
    branch.sim.strike("camera", "unplug")
    try:
        frame = screen.frame(lambda frame: frame.problem)
        assert (frame.problem, frame.jpeg) == (Words("preview.gone"), "")
    finally:
        branch.sim.mend("camera")
    screen.frame(lambda frame: frame.jpeg)


def test_a_screen_that_reads_nothing_keeps_no_page_from_the_others(screen: Screen, branch: Branch) -> None:
    begin(screen)
    with Screen(branch.core_socket) as slow:
        slow.see("capture")
        slow.send(AskFrame(number=slow.shown.number))  # it never reads the answer: the one frame that waits
        screen.frame(lambda frame: frame.jpeg)
        screen.send(Touched(number=screen.shown.number, intent=Cancel()))
        screen.see("menu")
        slow.see("menu")  # it was not dropped: no page had to wait for it


def test_no_frame_is_written_or_logged(screen: Screen, branch: Branch, caplog: pytest.LogCaptureFixture) -> None:
    written: list[object] = []
    watching = threading.Event()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and watching.is_set() and str(arguments[1] or "r")[0] != "r":
            written.append(arguments[0])

    sys.addaudithook(hook)
    begin(screen)
    screen.frame(lambda frame: frame.jpeg)
    before = sizes_below(branch.out)
    caplog.clear()
    watching.set()
    numbers = {screen.frame(lambda frame: frame.jpeg).picture for _ in range(10)}
    watching.clear()
    assert len(numbers) == 10
    assert written == []
    assert before == sizes_below(branch.out)
    assert caplog.records == []


def sizes_below(folder: Path) -> dict[Path, int]:
    """Return how large each file is but the bank's: the terminal tells it the journal's head by itself."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {each: each.stat().st_size for each in files if folder / "bank" not in each.parents}


def show(branch: Branch, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(device_commands.app, ["show", *words, str(branch.config_file)], env={"NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


def test_a_technician_shows_the_camera_and_it_ends_by_itself(screen: Screen, branch: Branch) -> None:
    code, out, error = show(branch, "camera", "--seconds", "1", "--mirrored")
    assert (code, error) == (0, "")
    assert out == "the camera's picture is on the screen for 1 s; press Ctrl-C to end\n"
    screen.see("capture")
    assert isinstance(screen.shown.page, CapturePage)
    assert screen.shown.page.preview == Preview(mirrored=True)
    screen.see("menu")


def test_a_technician_ends_it_by_ctrl_c(screen: Screen, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(device_commands, "time", SimpleNamespace(sleep=interrupted))
        assert show(branch, "camera", "--seconds", "300")[0] == 0
    screen.see("capture")
    screen.see("menu")


def test_only_a_camera_has_a_picture(branch: Branch) -> None:
    assert show(branch, "card_reader") == (1, "", 'card_reader has no picture; only "camera" can be shown\n')


def test_no_customer_is_disturbed(branch: Branch) -> None:
    with branch.customer() as customer:
        customer.choose_service()
        assert show(branch, "camera") == (2, "", "a customer is being served; try again when the home page is back\n")
        with Screen(branch.core_socket) as other:
            assert other.ask(AskPreview(seconds=5), Refused).reason.startswith("a customer is being served")
        customer.cancel()
        customer.see("result")
        customer.done()
        customer.see("menu")


def test_a_device_is_tested_while_its_picture_is_on_the_screen(screen: Screen, branch: Branch) -> None:
    begin(screen)
    result = CliRunner().invoke(device_commands.app, ["test", "camera", str(branch.config_file)])
    assert (result.exit_code, result.stdout.split()[0]) == (0, "PASS")
