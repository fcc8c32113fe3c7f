"""Pictures of V4L2 devices and of files; the kernel's part is played by an object in place of cv2.VideoCapture."""

from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.picture_sources import FileSource, PictureSource, V4l2Source, Wanted, open_source
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.status import Counters, Identity
from tests.clocks import SetClock

NAME = "camera"
MJPG = float(int.from_bytes(b"MJPG", "little"))  # linux/videodev2.h, v4l2_fourcc
YUYV = float(int.from_bytes(b"YUYV", "little"))


class KernelCamera:
    """In place of cv2.VideoCapture: a camera that takes the coding `takes` and gives `pictures`."""

    def __init__(self, *pictures: object, takes: float = MJPG, opens: bool = True) -> None:
        self.asked: list[tuple[int, float]] = []
        self.released = 0
        self._pictures = list(pictures)
        self._takes = takes
        self._opens = opens

    def isOpened(self) -> bool:  # noqa: N802
        return self._opens

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.asked.append((propId, value))
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        assert propId == cv2.CAP_PROP_FOURCC
        return self._takes

    def read(self) -> tuple[bool, object]:
        found = self._pictures.pop(0) if self._pictures else None
        if isinstance(found, Exception):
            raise found
        return found is not None, found

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


def seen(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((48, 64, 3), level, np.uint8)


def test_a_device_is_asked_for_mjpg_before_the_size_and_the_rate() -> None:
    camera = KernelCamera(seen(5))
    source: PictureSource = V4l2Source(camera, NAME, "HD Webcam", Wanted(1920, 1080, 25))
    assert camera.asked == [
        (cv2.CAP_PROP_FOURCC, MJPG),
        (cv2.CAP_PROP_FRAME_WIDTH, 1920),
        (cv2.CAP_PROP_FRAME_HEIGHT, 1080),
        (cv2.CAP_PROP_FPS, 25),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]
    assert (source.format, source.identity, source.counters) == ("MJPG", Identity("HD Webcam"), Counters())
    assert source.read().mean() == 5
    source.interrupt()
    source.close()
    assert camera.released == 1


@pytest.mark.parametrize(("takes", "told"), [(YUYV, "YUYV"), (-1.0, ""), (0.0, ""), (1.0, "")])
def test_what_the_device_took_is_told(takes: float, told: str) -> None:
    assert V4l2Source(KernelCamera(takes=takes), NAME, "", Wanted()).format == told


def test_a_device_that_does_not_open_is_unavailable_and_let_go() -> None:
    camera = KernelCamera(opens=False)
    with pytest.raises(DeviceUnavailable, match="in use"):
        V4l2Source(camera, NAME, "", Wanted())
    assert (camera.released, camera.asked) == (1, [])


@pytest.mark.parametrize("instead", [None, cv2.error("select timeout"), "no array"])
def test_a_device_that_gives_no_picture_is_unavailable(instead: object) -> None:
    source = V4l2Source(KernelCamera(seen(5), instead), NAME, "", Wanted())
    source.read()
    with pytest.raises(DeviceUnavailable, match="unplugged, or it hangs"):
        source.read()


@pytest.mark.parametrize("port", ["/dev/video-that-is-absent", "/dev/null"])
def test_what_is_no_camera_is_unavailable(
    port: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    with pytest.raises(DeviceUnavailable, match=r"no such device|in use"):
        open_source(port, NAME, clock, Wanted())
    assert port == "/dev/null" or capfd.readouterr() == ("", "")


# -- files ---------------------------------------------------------------------------------------------------


def test_a_file_that_is_neither_picture_nor_video_is_unavailable(clock: SetClock, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no picture")
    with pytest.raises(DeviceUnavailable, match="neither"):
        open_source(str(tmp_path / "text"), NAME, clock, Wanted())


def test_a_picture_comes_again_and_again_ten_times_a_second(clock: SetClock, tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "still.png"), seen(80))
    source = open_source(str(tmp_path / "still.png"), NAME, clock, Wanted())
    first, second = source.read(), source.read()
    first.fill(0)
    assert second.mean() == 80
    assert clock.now() == pytest.approx(0.2)
    assert (source.identity, source.format) == (Identity("file still.png"), "")
    source.close()
    source.close()
    with pytest.raises(DeviceUnavailable, match="closed"):
        source.read()


def test_a_video_begins_again_at_its_end_and_has_its_own_pace(clock: SetClock, tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for level in (50, 100, 150):
        video.write(seen(level))
    video.release()
    source = FileSource(path, NAME, clock)
    levels = [round(float(source.read().mean()) / 50) for _ in range(7)]
    assert levels == [1, 2, 3, 1, 2, 3, 1]
    assert clock.now() == pytest.approx(0.35)
    source.close()
