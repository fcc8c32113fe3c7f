"""Cards read in a process of their own: it may die, hang or talk nonsense, and costs one reading."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ocr.id_card import IdCard, Risk, Unreadable
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level
from ocr.worker import ReadingFailed, ReadingProcess, process
from tests.patience import PATIENCE_S

BLANK = np.full((240, 400, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def reading() -> Iterator[ReadingProcess]:
    with ReadingProcess(threads=1, limit_ms=120_000) as reading:
        yield reading


def pid_of(reading: ReadingProcess) -> int:
    assert reading._child is not None
    return reading._child._process.pid


def running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False


def ends(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)


def test_a_card_is_read_with_its_portrait_on_this_day(reading: ReadingProcess) -> None:
    scene = sample(Set.DEV, Level.EASY, 0)
    before = scene.pixels.copy()
    card = reading.read(scene.pixels)
    assert isinstance(card, IdCard)
    assert {name: field.text for name, field in card.fields.items()} == scene.cards[0].face.fields
    assert card.portrait is not None
    assert card.portrait.shape == (372, 282, 3)
    assert card.portrait.std() > 10
    assert np.array_equal(scene.pixels, before)  # it is the caller's


@pytest.mark.slow
def test_a_card_has_expired_by_the_day_that_is_told(reading: ReadingProcess) -> None:
    scene = sample(Set.DEV, Level.EASY, 9)  # valid from 2025-05-22 until 2030-05-22
    for day, expired in ((None, False), (date(2030, 5, 22), False), (date(2030, 5, 23), True)):
        card = reading.read(scene.pixels, day)
        assert isinstance(card, IdCard)
        assert (Risk.EXPIRED in card.risks) == expired


def test_many_threads_are_answered_one_after_the_other_each_with_its_own(reading: ReadingProcess) -> None:
    def asked(number: int) -> bool:
        small = np.full((200 + number, 330, 3), number, np.uint8)
        return reading.read(small) is (Unreadable.NO_CARD if number else Unreadable.TOO_SMALL)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(asked, [1, 2, 3, 4, 5, 6, 7, 8]))


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((6300, 8000), Unreadable.TOO_LARGE), ((1, 50_000), Unreadable.TOO_LARGE), ((1, 1), Unreadable.TOO_SMALL),
        ((0, 0), Unreadable.TOO_SMALL), ((199, 400), Unreadable.TOO_SMALL),
    ],
)  # fmt: skip
def test_a_picture_of_no_use_does_not_reach_the_process(shape: tuple[int, int], told: Unreadable) -> None:
    reading = ReadingProcess()
    assert reading.read(np.broadcast_to(np.zeros(3, np.uint8), (*shape, 3))) is told
    assert reading._child is None


@pytest.mark.parametrize(
    "picture", [np.zeros((300, 400), np.uint8), np.zeros((300, 400, 4), np.uint8), np.zeros((300, 400, 3))]
)
def test_what_is_no_picture_is_a_mistake_of_the_caller(reading: ReadingProcess, picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="height x width x 3, uint8"):
        reading.read(picture)


@pytest.mark.slow
def test_a_view_into_a_larger_picture_is_read_as_it_looks(reading: ReadingProcess) -> None:
    scene = sample(Set.DEV, Level.EASY, 0)
    mirrored_twice = scene.pixels[:, ::-1].copy()[:, ::-1]
    card = reading.read(mirrored_twice)
    assert isinstance(card, IdCard)
    assert card.fields["id_number"].text == scene.cards[0].face.fields["id_number"]


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGSEGV, marks=pytest.mark.slow)])
def test_a_process_that_dies_costs_one_reading(reading: ReadingProcess, how: signal.Signals) -> None:
    assert reading.read(BLANK) is Unreadable.NO_CARD
    os.kill(pid_of(reading), how)
    with pytest.raises(ReadingFailed, match="the reading process failed"):
        reading.read(BLANK)
    assert reading._child is None
    assert reading.read(BLANK) is Unreadable.NO_CARD


@pytest.mark.slow
def test_a_reading_that_takes_too_long_is_ended() -> None:
    reading = ReadingProcess(threads=1, limit_ms=50)
    reading.start()
    with reading:
        with pytest.raises(ReadingFailed, match="took too long"):
            reading.read(sample(Set.DEV, Level.EASY, 0).pixels)
        assert reading._child is None


def test_after_close_nothing_runs_and_nothing_is_read(reading: ReadingProcess) -> None:
    closed = ReadingProcess(threads=1)
    closed.start()
    pid = pid_of(closed)
    closed.close()
    closed.close()
    assert not running(pid)
    with pytest.raises(ReadingFailed, match="closed"):
        closed.read(BLANK)
    with pytest.raises(ReadingFailed, match="closed"):
        closed.start()


# -- processes that are not ours any more ------------------------------------------------------------------------

HOSTILE = """
import array, json, os, signal, socket, sys, time
program = socket.socket(fileno=int(sys.argv[2]))
program.send(b'{"ready": true}')
def asked():
    return json.loads(socket.recv_fds(program, 60000, 1)[0])["number"]
"""


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadingProcess]:
    monkeypatch.setattr(process, "COMMAND", ("replaced",))
    reading = ReadingProcess(limit_ms=120_000)
    yield reading
    reading.close()


@pytest.mark.parametrize(
    "does",
    [
        "asked(); program.send(b'nonsense')",
        "asked(); program.send(b'{')",
        "program.send(json.dumps({'number': 0, 'unreadable': 'no_card'}).encode()); asked(); time.sleep(600)",
        "program.send(json.dumps({'number': asked() + 1, 'unreadable': 'no_card'}).encode()); time.sleep(600)",
        "asked(); program.send(b' ' * 60000 + b'x'); time.sleep(600)",
        "asked(); program.shutdown(socket.SHUT_WR); time.sleep(600)",
        "asked()",
        "sys.exit(3)",
        "asked(); os.kill(os.getpid(), signal.SIGABRT)",
        "asked(); program.send(pickle := b'cos\\nsystem\\n(S\"true\"\\ntR.'); time.sleep(600)",
    ],
)
def test_nonsense_ends_the_process(hostile: ReadingProcess, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", HOSTILE + does))
    hostile.start()
    pid = pid_of(hostile)
    with pytest.raises(ReadingFailed, match="failed"):
        hostile.read(BLANK)
    assert not running(pid)
    assert hostile._child is None


def test_a_process_that_says_nothing_is_killed(hostile: ReadingProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", HOSTILE + "time.sleep(600)"))
    hostile._limit_s = 0.05
    with pytest.raises(ReadingFailed, match="took too long"):
        hostile.read(BLANK)


def test_the_memory_cannot_be_made_shorter_by_the_process(
    hostile: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the program would be killed when it overwrites what is missing."""
    shortens = (
        "number, fds, *_ = socket.recv_fds(program, 60000, 1)\n"
        "try:\n    os.ftruncate(fds[0], 0)\nexcept PermissionError:\n    told = 'too_small'\n"
        "program.send(json.dumps({'number': json.loads(number)['number'], 'unreadable': told}).encode())\n"
    )
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", HOSTILE + shortens))
    assert hostile.read(BLANK) is Unreadable.TOO_SMALL


def test_whoever_waits_when_it_is_closed_is_told(hostile: ReadingProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", HOSTILE + "asked(); time.sleep(600)"))
    hostile.start()
    told: list[BaseException] = []

    def waits() -> None:
        try:
            hostile.read(BLANK)
        except ReadingFailed as error:
            told.append(error)

    waiting = [threading.Thread(target=waits) for _ in range(3)]
    for each in waiting:
        each.start()
    hostile.close()
    for each in waiting:
        each.join(PATIENCE_S)
    assert len(told) == 3


# -- its program dies --------------------------------------------------------------------------------------------

DIES = """
import sys, threading
from ocr.worker import ReadingProcess
reading = ReadingProcess(threads=1, limit_ms=120_000)
starter = threading.Thread(target=reading.start)  # a thread that ends does not end the process
starter.start()
starter.join()
print(reading._child._process.pid, flush=True)
print(reading.read(__import__("numpy").zeros((240, 400, 3), "uint8")).value, flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_it_ends_with_its_program_however_that_ends() -> None:
    import subprocess

    with subprocess.Popen([sys.executable, "-c", DIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert program.stdout.readline() == b"no_card\n"
        os.kill(pid, signal.SIGSTOP)  # it can do nothing itself
        program.kill()
    os.kill(pid, signal.SIGCONT)
    assert ends(pid)
