"""The simulated camera against hand-typed dialogues of HTTP/1.0 (RFC 1945) and multipart bodies (RFC 2046)."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from device_sim.camera import CameraFault, Desk, SimulatedCamera, picture, specimen
from device_sim.documents import DOCUMENTS
from tests.patience import PATIENCE_S


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    with SimulatedCamera(Desk(160, 120), per_second=200) as camera:
        yield camera


def body(part: bytes) -> bytes:
    head = re.match(rb"--openteller\r\nContent-Type: image/jpeg\r\nContent-Length: ([0-9]+)\r\n\r\n", part)
    assert head
    assert part.endswith(b"\r\n")
    inside = part[head.end() : -2]
    assert len(inside) == int(head[1])
    return inside


def asked(camera: SimulatedCamera, request: bytes, size: int) -> bytes:
    port = int(camera.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.sendall(request)
        answer = b""
        while len(answer) < size and (data := client.recv(4096)):
            answer += data
    return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /else HTTP/1.0", b"HTTP/1.0 404 Not Found\r\n"),
        (b"POST /video HTTP/1.0", b"HTTP/1.0 400 Bad Request\r\n"),
        (b"GET /video SPDY/3", b"HTTP/1.0 404 Not Found\r\n"),
        (b"hello", b"HTTP/1.0 400 Bad Request\r\n"),
        (b"x" * 20_000, b""),
    ],
)
def test_a_wrong_request_is_refused(camera: SimulatedCamera, request_line: bytes, status: bytes) -> None:
    assert asked(camera, request_line + b"\r\n\r\n", 10**9).startswith(status)


def test_pictures_follow_one_another(camera: SimulatedCamera) -> None:
    answer = asked(camera, b"GET /video HTTP/1.0\r\n\r\n", 30_000)
    head, _, stream = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"\r\nContent-Type: multipart/x-mixed-replace; boundary=openteller" in head
    assert stream.count(b"--openteller\r\nContent-Type: image/jpeg\r\n") > 1


def test_a_picture_is_a_whole_jpeg_and_no_two_are_the_same(camera: SimulatedCamera) -> None:
    first, second = body(camera.part()), body(camera.part())
    assert first != second
    for each in (first, second):
        seen = cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR)
        assert seen is not None
        assert seen.shape == (120, 160, 3)


def test_the_same_seed_sees_the_same() -> None:
    assert np.array_equal(Desk(64, 48, seed=7).look(), Desk(64, 48, seed=7).look())
    assert not np.array_equal(Desk(64, 48, seed=7).look(), Desk(64, 48, seed=8).look())


def test_a_card_is_laid_turned_and_taken() -> None:
    desk = Desk(160, 120)
    empty = desk.look().mean()
    desk.lay()
    flat = desk.look()
    assert desk.has_card
    assert flat.mean() > empty + 10
    with pytest.raises(ValueError, match="already"):
        desk.lay()
    desk.turn(90)
    upright = desk.look()
    assert upright[20:24, 75:85].mean() > flat[20:24, 75:85].mean() + 20  # above the middle: only when upright
    desk.take()
    assert not desk.has_card
    assert abs(desk.look().mean() - empty) < 1
    for act in (desk.take, lambda: desk.turn(5)):
        with pytest.raises(ValueError, match="no card"):
            act()
    desk.lay(specimen()[:, ::-1])
    assert desk.has_card


def test_faults_are_as_they_are_named(camera: SimulatedCamera) -> None:
    camera.faults = {CameraFault.BLACK}
    black = cv2.imdecode(np.frombuffer(body(camera.part()), np.uint8), cv2.IMREAD_COLOR)
    assert black is not None
    assert black.max() == 0
    camera.faults = set()
    last = camera.part()
    camera.faults = {CameraFault.FROZEN}
    assert camera.part() == camera.part() == last
    camera.faults = {CameraFault.TORN}
    torn = body(camera.part())
    assert torn[:2] == b"\xff\xd8"
    assert torn[-2:] != b"\xff\xd9"
    camera.faults = {CameraFault.WRONG_SIZE}
    small = cv2.imdecode(np.frombuffer(body(camera.part()), np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    assert small.shape == (60, 80, 3)


def test_unplugged_nobody_listens_and_plugged_in_it_is_where_it_was(camera: SimulatedCamera) -> None:
    url = camera.url
    camera.unplug()
    camera.unplug()
    with pytest.raises(ConnectionRefusedError):
        asked(camera, b"GET /video HTTP/1.0\r\n\r\n", 1)
    camera.plug()
    camera.plug()
    assert camera.url == url
    assert asked(camera, b"GET /video HTTP/1.0\r\n\r\n", 1)


def test_a_card_is_turned_over() -> None:
    desk = Desk(160, 120)
    with pytest.raises(ValueError, match="no card"):
        desk.turn_over()
    front, back = picture("citizen", "front"), picture("citizen", "back")
    desk.lay(front, below=back)
    up = desk.look()
    desk.turn_over()
    down = desk.look()
    desk.turn_over()
    emblem = slice(30, 55), slice(30, 55)  # red, where the front has print
    assert down[emblem][..., 0].mean() < up[emblem][..., 0].mean() - 40
    assert np.abs(desk.look().astype(int) - up).max() <= 16  # noise to either side of both


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_has_two_sides(document: Any) -> None:
    front, back = picture(document, "front"), picture(document, "back")
    assert front.shape[1] / front.shape[0] == pytest.approx(1.585, abs=0.005)  # ISO/IEC 7810 ID-1
    assert np.array_equal(front, back) == (document == "specimen")


def test_a_copy_has_no_colour() -> None:
    copy, card = picture("copy", "back"), picture("citizen", "back")
    assert np.ptp(copy, axis=2).max() == 0
    assert np.ptp(card, axis=2).max() > 100
