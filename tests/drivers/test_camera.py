"""The camera's driver: on sources that do what a test says, and on the simulated camera."""

import contextlib
import gc
import itertools
import logging
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from device_sim.camera import CameraFault, Desk, SimulatedCamera
from drivers.camera import CameraProfile, OpenCvCamera, PictureWatch, open_camera
from drivers.picture_sources import PictureSource
from kiosk_core.camera import Camera, Picture, Pixels
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.status import Counters, DeviceState, Identity
from tests.clocks import RealClock, SetClock, passing
from tests.patience import PATIENCE_S, until

NAME = "camera"
CAPTURE = f"capture-{NAME}"
PICTURE_S = 0.005
WATCHING = CameraProfile(open_s=1.0, picture_s=0.5, close_s=PATIENCE_S, dark_s=0.0, frozen_s=0.0)
QUICK = replace(WATCHING, open_s=0.2, picture_s=0.1, close_s=0.05)
"""For what never comes, and what never ends."""


class Film(SetClock):
    """Time passes with the pictures, which the capture stamps one by one: the machine's naps are no silence."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 7, 26, 12, tzinfo=UTC))

    def wall(self) -> datetime:
        if threading.current_thread().name == CAPTURE:
            self.sleep(PICTURE_S)
        return super().wall()


@pytest.fixture(autouse=True)
def no_capture_is_left_behind() -> Iterator[None]:
    """The next camera of that name would find its device hanging."""
    yield
    until(has_ended)


def has_ended() -> bool:
    return all(each.name != CAPTURE for each in threading.enumerate())


def seen(number: int, level: int = 120, size: tuple[int, int] = (48, 64)) -> Pixels:
    """Return a picture of that brightness, different from its neighbours by one pixel."""
    pixels = np.full((*size, 3), level, np.uint8)
    pixels[1, 1] = number % 256  # not where darkness is looked for
    return pixels


class ScriptedSource:
    """A PictureSource that asks `script` for the picture of each read, a thousandth of a second after the last."""

    def __init__(self, script: Callable[[int], Pixels] = seen) -> None:
        self.closed = threading.Event()
        self.identity = Identity("scripted")
        self.format = "TEST"
        self.counters = Counters(bytes_received=7)
        self._script = script
        self._numbers = itertools.count(1)

    def read(self) -> Pixels:
        self.closed.wait(0.001)
        return self._script(next(self._numbers))

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self.closed.set()


@contextlib.contextmanager
def camera_on(source: PictureSource, profile: CameraProfile = WATCHING) -> Iterator[OpenCvCamera]:
    camera = OpenCvCamera(NAME, lambda: source, Film(), profile)
    try:
        yield camera
    finally:
        camera.close()


# -- what goes wrong -----------------------------------------------------------------------------------------


def test_a_camera_that_cannot_be_opened_says_why() -> None:
    def absent() -> PictureSource:
        raise DeviceUnavailable(NAME, "no such device")

    with pytest.raises(DeviceUnavailable, match="no such device"):
        OpenCvCamera(NAME, absent, Film(), WATCHING)


def test_a_camera_without_a_first_picture_is_given_up_and_let_go() -> None:
    release = threading.Event()
    source = ScriptedSource(lambda number: seen(number + release.wait(PATIENCE_S)))
    with pytest.raises(DeviceUnavailable, match="gives no picture"):
        OpenCvCamera(NAME, lambda: source, RealClock(), QUICK)
    release.set()
    assert source.closed.wait(PATIENCE_S)


def test_a_read_that_hangs_holds_up_nobody_and_gets_no_second_thread_beside_it() -> None:
    hanging, release = threading.Event(), threading.Event()

    def hang(number: int) -> Pixels:
        if number > 3:
            clock.sleep(1.0)
            hanging.set()
            release.wait(PATIENCE_S)
        return seen(number)

    source, clock = ScriptedSource(hang), Film()
    camera = OpenCvCamera(NAME, lambda: source, clock, QUICK)
    assert hanging.wait(PATIENCE_S)
    with pytest.raises(DeviceUnavailable, match="silent"):
        camera.take_picture()
    with pytest.raises(DeviceUnavailable, match="silent"):
        camera.status()
    with pytest.raises(DeviceUnavailable, match="silent"):
        camera.latest(64)
    camera.close()
    with pytest.raises(DeviceUnavailable, match="hangs"):
        OpenCvCamera(NAME, ScriptedSource, RealClock(), QUICK)
    assert not source.closed.is_set()
    release.set()
    assert source.closed.wait(PATIENCE_S)
    until(has_ended)
    with camera_on(ScriptedSource()) as again:
        again.take_picture().wipe()


def test_a_camera_that_is_pulled_out_is_unavailable_at_once_for_every_question() -> None:
    pulled = threading.Event()

    def pull(number: int) -> Pixels:
        if pulled.is_set():
            raise DeviceUnavailable(NAME, "unplugged")
        return seen(number)

    with camera_on(ScriptedSource(pull)) as camera:
        pulled.set()
        until(has_ended)
        for question in (
            camera.status,
            camera.take_picture,
            camera.identify,
            camera.self_test,
            lambda: camera.latest(9),
        ):
            with pytest.raises(DeviceUnavailable, match="unplugged"):
                question()
        pulled.clear()
        camera.reset()
        assert camera.status().in_service


def test_what_cannot_be_a_picture_is_a_violation() -> None:
    def bomb(number: int) -> Pixels:
        raise ProtocolViolation(NAME, "a picture of 60000x60000")

    with pytest.raises(ProtocolViolation, match="60000"):
        OpenCvCamera(NAME, lambda: ScriptedSource(bomb), Film(), WATCHING)


def test_a_dark_camera_is_a_fault_and_gives_no_picture() -> None:
    with camera_on(ScriptedSource(lambda number: seen(number, level=9))) as camera:
        with pytest.raises(DeviceFault) as fault:
            camera.take_picture()
        assert fault.value.fault is Fault.PICTURE_DARK
        status = camera.status()
        assert (status.state, status.faults) == (DeviceState.ONLINE, {Fault.PICTURE_DARK})
        assert not status.in_service
        assert camera.self_test().faults == {Fault.PICTURE_DARK}
        assert camera.counters().cycles == 0


def test_a_frozen_camera_is_a_fault_and_gives_no_picture() -> None:
    with camera_on(ScriptedSource(lambda _: seen(1))) as camera:
        with pytest.raises(DeviceFault) as fault:
            camera.take_picture()
        assert fault.value.fault is Fault.PICTURE_FROZEN
        assert camera.status().faults == {Fault.PICTURE_FROZEN}


def test_a_camera_that_thaws_and_sees_light_again_is_in_service() -> None:
    wrong = threading.Event()
    wrong.set()
    with camera_on(ScriptedSource(lambda number: seen(1) if wrong.is_set() else seen(number))) as camera:
        until(lambda: not camera.status().in_service)
        wrong.clear()
        camera.take_picture().wipe()
        assert camera.status().in_service


def test_a_file_may_stand_still() -> None:
    with camera_on(ScriptedSource(lambda _: seen(1)), replace(WATCHING, frozen_s=None)) as camera:
        camera.take_picture().wipe()
        assert camera.status().in_service


# -- dark and frozen, by the clock ---------------------------------------------------------------------------


def test_darkness_is_a_fault_only_when_it_lasts() -> None:
    watch = PictureWatch(CameraProfile(dark_s=2.0))
    assert watch.see(seen(1, 9), None, 10.0) is Fault.PICTURE_DARK
    assert watch.faults(11.9) == frozenset()
    assert watch.faults(12.0) == {Fault.PICTURE_DARK}
    assert watch.see(seen(2), seen(1, 9), 12.5) is None
    assert watch.faults(99.0) == frozenset()
    assert watch.see(seen(3, 9), seen(2), 100.0) is Fault.PICTURE_DARK
    assert watch.faults(101.0) == frozenset()


def test_a_standing_picture_is_a_fault_only_when_it_lasts() -> None:
    watch = PictureWatch(CameraProfile(frozen_s=3.0))
    assert watch.see(seen(1), None, 10.0) is None
    assert watch.see(seen(1), seen(1), 10.5) is Fault.PICTURE_FROZEN
    assert watch.see(seen(1), seen(1), 11.5) is Fault.PICTURE_FROZEN
    assert watch.faults(13.4) == frozenset()
    assert watch.faults(13.5) == {Fault.PICTURE_FROZEN}
    assert watch.see(seen(2), seen(1), 13.6) is None
    assert watch.faults(99.0) == frozenset()


def test_what_is_dark_is_not_called_frozen() -> None:
    watch = PictureWatch(CameraProfile(dark_s=0.0, frozen_s=0.0))
    watch.see(seen(1, 0), None, 0.0)
    watch.see(seen(1, 0), seen(1, 0), 1.0)
    assert watch.faults(9.0) == {Fault.PICTURE_DARK}


def test_a_few_bright_spots_do_not_make_a_picture_bright() -> None:
    lamp, night = seen(1, 0, (480, 640)), seen(1, 0, (480, 640))
    lamp[:96, :128] = 255  # 4 of 100
    night[:24, :32] = 255  # a quarter of a hundredth
    assert PictureWatch(CameraProfile()).see(lamp, None, 0.0) is None
    assert PictureWatch(CameraProfile()).see(night, None, 0.0) is Fault.PICTURE_DARK


def test_another_size_is_another_picture() -> None:
    assert PictureWatch(CameraProfile()).see(seen(1, size=(24, 32)), seen(1), 0.0) is None


# -- pictures ------------------------------------------------------------------------------------------------


def test_a_port_is_what_the_driver_is() -> None:
    with camera_on(ScriptedSource()) as camera:
        port: Camera = camera
        assert port.identify() == Identity("scripted")
        status = port.status()
        assert (status.name, status.state, status.detail) == (NAME, DeviceState.ONLINE, "64x48 TEST")
        assert port.status().since == status.since


def test_a_picture_is_begun_after_the_call_and_not_from_a_queue() -> None:
    def slow(number: int) -> Pixels:
        time.sleep(0.004)
        return seen(number)

    with camera_on(ScriptedSource(slow)) as camera:
        for _ in range(5):
            assert camera._capture is not None
            begun = camera._capture.begun
            with camera.take_picture() as picture:
                assert picture.number >= begun + 2
                assert picture.pixels[1, 1, 0] == picture.number % 256


def test_a_preview_is_small_keeps_its_shape_and_does_not_wait() -> None:
    with camera_on(ScriptedSource(lambda number: seen(number, size=(720, 1280)))) as camera:
        small, whole = camera.latest(320), camera.latest(9999)
        assert small is not None
        assert whole is not None
        assert ((small.width, small.height), (whole.width, whole.height)) == ((320, 180), (1280, 720))
        assert small.number <= whole.number
        assert small.taken_at.tzinfo is not None


def test_of_the_pictures_that_came_all_but_the_newest_are_black() -> None:
    given: list[Pixels] = []

    def keep(number: int) -> Pixels:
        given.append(seen(number))
        return given[-1]

    camera = OpenCvCamera(NAME, lambda: ScriptedSource(keep), Film(), WATCHING)
    until(lambda: len(given) > 5)
    taken, preview = camera.take_picture(), camera.latest(64)
    assert preview is not None
    camera.close()
    assert max(int(each.max()) for each in given) == 0
    assert taken.pixels.max() > 0
    assert preview.pixels.max() > 0
    with pytest.raises(DeviceUnavailable, match="closed"):
        camera.latest(64)
    with pytest.raises(DeviceUnavailable, match="closed"):
        camera.take_picture()
    camera.close()


def test_a_thousand_pictures_take_no_more_memory_than_two() -> None:
    class Watched(np.ndarray):  # type: ignore[type-arg]
        pass

    alive: weakref.WeakSet[Watched] = weakref.WeakSet()
    counts: list[int] = []

    def watched(number: int) -> Pixels:
        pixels = seen(number).view(Watched)
        alive.add(pixels)
        counts.append(len(alive))
        return pixels

    class Rushing(ScriptedSource):
        def read(self) -> Pixels:
            return self._script(next(self._numbers))

    Watched.__hash__ = object.__hash__  # type: ignore[assignment]
    with camera_on(Rushing(watched)):
        until(lambda: len(counts) > 1000)
    gc.collect()
    assert max(counts) <= 3


def test_counters_go_on_over_a_reset_and_a_close() -> None:
    with camera_on(ScriptedSource()) as camera:
        camera.take_picture().wipe()
        before = camera.counters()
        assert (before.cycles, before.bytes_received) == (1, 7)
        camera.reset()
        camera.take_picture().wipe()
        after = camera.counters()
        assert (after.cycles, after.bytes_received) == (2, 14)
        assert after.exchanges > before.exchanges
        camera.close()
        assert camera.counters().bytes_received == 14


def test_a_self_test_says_size_coding_rate_and_brightness() -> None:
    with camera_on(ScriptedSource()) as camera:
        until(lambda: camera.counters().exchanges > 3)
        detail = camera.self_test().detail
    size, rate, brightness = detail.split(", ")
    assert (size, brightness) == ("64x48 TEST", "brightness 120 of 255")
    assert rate == f"{1 / PICTURE_S:.0f} a second"


def test_many_ask_for_previews_while_one_takes_pictures() -> None:
    with camera_on(ScriptedSource()) as camera:
        wrong: list[Picture | None] = []

        def look() -> None:
            for _ in range(50):
                preview = camera.latest(32)
                if preview is None or preview.pixels[-1, -1, 0] != 120:
                    wrong.append(preview)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            with camera.take_picture() as picture:
                assert picture.pixels[-1, -1, 0] == 120
        for thread in threads:
            thread.join()
        assert wrong == []


# -- the simulated camera ------------------------------------------------------------------------------------

LIVE = CameraProfile(open_s=PATIENCE_S, picture_s=0.25, close_s=PATIENCE_S, dark_s=0.1, frozen_s=0.1)


@pytest.fixture
def desk() -> Desk:
    return Desk(160, 120)


@pytest.fixture
def simulated(desk: Desk) -> Iterator[SimulatedCamera]:
    with SimulatedCamera(desk, per_second=200) as camera:
        yield camera


@pytest.fixture
def film() -> Film:
    return Film()


@pytest.fixture
def live(simulated: SimulatedCamera, film: Film) -> Iterator[OpenCvCamera]:
    camera = open_camera(NAME, simulated.url, film, LIVE)
    yield camera
    camera.close()


def test_a_card_that_is_laid_down_is_in_the_next_picture(live: OpenCvCamera, desk: Desk) -> None:
    assert live.identify() == Identity("OpenTeller simulated camera")
    assert live.status().detail == "160x120 MJPG"
    for _ in range(3):
        desk.lay()
        with live.take_picture() as picture:
            assert picture.pixels[82:86, 60:70].mean() > 180  # the card's paper
        desk.take()
        with live.take_picture() as picture:
            assert picture.pixels[82:86, 60:70].mean() < 160  # the desk


@pytest.mark.parametrize(
    ("wrong", "fault"), [(CameraFault.BLACK, Fault.PICTURE_DARK), (CameraFault.FROZEN, Fault.PICTURE_FROZEN)]
)
def test_a_camera_that_sees_nothing_new_is_a_fault(
    live: OpenCvCamera, simulated: SimulatedCamera, wrong: CameraFault, fault: Fault
) -> None:
    simulated.faults.add(wrong)
    until(lambda: live.status().faults == {fault})
    with pytest.raises(DeviceFault) as raised:
        live.take_picture()
    assert raised.value.fault is fault
    simulated.faults.clear()
    live.take_picture().wipe()
    until(lambda: live.status().in_service)


@pytest.mark.parametrize("wrong", [CameraFault.TORN, CameraFault.SILENT])
def test_a_camera_without_whole_pictures_is_silent(
    live: OpenCvCamera, simulated: SimulatedCamera, film: Film, wrong: CameraFault
) -> None:
    simulated.faults.add(wrong)
    if wrong is CameraFault.TORN:
        until(lambda: live.counters().checksum_errors > 3)
    with passing(film), pytest.raises(DeviceUnavailable, match="silent"):
        live.take_picture()
    assert (live.counters().checksum_errors > 3) == (wrong is CameraFault.TORN)


def test_a_slow_camera_still_gives_pictures(simulated: SimulatedCamera) -> None:
    patient = open_camera(NAME, simulated.url, RealClock(), replace(LIVE, picture_s=PATIENCE_S))
    simulated.faults.add(CameraFault.SLOW)
    patient.take_picture().wipe()
    patient.close()


def test_another_size_is_taken_and_told(live: OpenCvCamera, simulated: SimulatedCamera) -> None:
    simulated.faults.add(CameraFault.WRONG_SIZE)
    until(lambda: live.status().detail == "80x60 MJPG")
    with live.take_picture() as picture:
        assert (picture.width, picture.height) == (80, 60)


def test_unplugged_it_is_unavailable_at_once_and_plugged_in_it_is_back(
    live: OpenCvCamera, simulated: SimulatedCamera
) -> None:
    simulated.unplug()
    with pytest.raises(DeviceUnavailable):
        live.take_picture()  # no time passes: it waits for no deadline
    with pytest.raises(DeviceUnavailable):
        live.reset()
    simulated.plug()
    live.reset()
    live.take_picture().wipe()


def test_nothing_of_a_picture_is_logged_printed_or_written(
    simulated: SimulatedCamera,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    film = Film()
    camera = open_camera(NAME, simulated.url, film, LIVE)
    with camera.take_picture() as picture:
        shown += [repr(picture), repr(camera), repr(camera.status()), repr(camera.counters()), repr(camera.latest(99))]
    for wrong in (CameraFault.BLACK, CameraFault.FROZEN, CameraFault.TORN, CameraFault.SILENT):
        simulated.faults = {wrong}
        no_picture = wrong in {CameraFault.TORN, CameraFault.SILENT}
        with passing(film) if no_picture else contextlib.nullcontext():
            try:
                camera.take_picture().wipe()
            except OpenTellerError as error:
                shown.append("".join(traceback.format_exception(error)))
    camera.close()
    logging.getLogger("journey").warning("%s", shown)
    everything = "\n".join([*shown, caplog.text, *capfd.readouterr()])
    assert "array(" not in everything
    assert "\\x" not in everything
    assert len(everything) < 20_000
    assert list(tmp_path.iterdir()) == []
