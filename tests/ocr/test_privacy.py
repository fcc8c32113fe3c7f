"""Pictures of cards are in memory only, are in no file and no log, and are overwritten after use."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.arrays import Pixels
from ocr.id_card import IdCard
from ocr.layout import layouts
from ocr.projection import rim
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level
from ocr.worker import ReadingProcess, process

READS = """
import logging, sys
wrote = []
def watches(event, arguments):
    if event == "open" and (arguments[2] & 0o3 or arguments[2] & 0o100):  # O_WRONLY, O_RDWR; O_CREAT
        wrote.append(arguments[0])
    if event.startswith(("tempfile.", "os.mkdir", "os.rename", "os.link", "os.symlink", "socket.", "subprocess.")):
        wrote.append(event)
logging.basicConfig(level=1, stream=sys.stdout)
logging.getLogger("PIL").setLevel(logging.INFO)  # its DEBUG tells what chunks a file has, and no dot of them
from ocr import read_id_card
data = open(sys.argv[1], "rb").read()
sys.dont_write_bytecode = True
sys.addaudithook(watches)
card = read_id_card(data)
assert "id_number" in card.fields, "no card was read"
open("/dev/null", "wb").close()  # what is written is seen
print(wrote)
"""


@pytest.mark.slow
def test_reading_writes_no_file_and_logs_nothing(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "card.png"), sample(Set.DEV, Level.EASY, 0).pixels)
    read = subprocess.run(
        [sys.executable, "-c", READS, str(tmp_path / "card.png")], capture_output=True, text=True, check=False
    )
    assert (read.stdout, read.stderr) == ("['/dev/null']\n", "")


# -- the kernel, where Python's hooks do not reach -----------------------------------------------------------------

CONFINED = """
import os, socket, sys
from ocr.worker.confinement import confine
before = open(sys.argv[1] + "/there", "ab")
confine()
def tried(what):
    try:
        what()
    except OSError as error:
        return error.strerror
    return "done"
print(tried(lambda: os.write(before.fileno(), b"x")))
print(tried(lambda: open(sys.argv[1] + "/new", "wb")))
print(tried(lambda: open("/dev/shm/new", "wb")))
print(tried(lambda: os.mkdir(sys.argv[1] + "/folder")))
print(tried(lambda: os.unlink(sys.argv[1] + "/there")))
print(tried(lambda: open("/etc/passwd")))
import wave, ocr.regions  # what Python may still have to load is there
print(ocr.regions.known("110101"))
"""


def test_a_reading_process_can_write_nothing_and_read_only_what_python_needs(tmp_path: Path) -> None:
    """Every picture that the tests of the worker have read was read like this: nothing of it can be in a file."""
    (tmp_path / "there").write_bytes(b"")
    told = subprocess.run([sys.executable, "-c", CONFINED, str(tmp_path)], capture_output=True, text=True, check=False)
    too_large, *denied, loaded = told.stdout.splitlines()
    assert (too_large, loaded, told.stderr) == ("File too large", "True", "")
    if "done" in denied:
        pytest.skip("this kernel has no Landlock: files may be made, and stay empty")
    assert denied == ["Permission denied"] * 5
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_bytes() == b""


# -- what is left in memory ----------------------------------------------------------------------------------------

MAY_BE_LOOKED_AT = """
import runpy
from ocr.worker import confinement
call = confinement._call
confinement._call = lambda f, *a: 0 if a[:1] == (confinement._PR_SET_DUMPABLE,) else call(f, *a)
runpy.run_module("ocr.worker", run_name="__main__", alter_sys=True)
"""


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stop a child: behind its answer it gives memory back, which could not be looked at while it goes."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    yield
    os.kill(pid, signal.SIGCONT)


def held(pid: int, needles: list[bytes]) -> int:
    """Return how many of the needles are somewhere in the memory of a process that may be written to."""
    found = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            place, rights, *_ = line.split()
            begin, end = (int(each, 16) for each in place.split("-"))
            if not rights.startswith("rw"):
                continue
            for at in range(begin, end, 32_000_000):
                memory.seek(at)
                part = memory.read(min(32_000_100, end - at))
                found |= {each for each in needles if each in part}
    return len(found)


def pieces(picture: Pixels, count: int) -> list[bytes]:
    """Rows of 16 dots each from all over a picture, of those that are like no others."""
    height, width = picture.shape[:2]
    places = [(y, x) for y in range(9, height, 7) for x in range(9, width - 16, 7)]
    rows = [picture[y, x : x + 16].tobytes() for y, x in places]
    lively = [each for each in rows if len(set(each)) > 24]
    return lively[:: len(lively) // count][:count]


@pytest.mark.slow
def test_no_part_of_a_picture_stays_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = sample(Set.DEV, Level.EASY, 0)
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", MAY_BE_LOOKED_AT))
    with ReadingProcess(threads=1, limit_ms=60_000) as reading:
        card = reading.read(scene.pixels)
        assert isinstance(card, IdCard)
        assert card.portrait is not None
        front = next(each for each in layouts()["resident_id"] if each.side == card.side_name)
        matrix = cv2.getPerspectiveTransform(np.array(card.corners, np.float32), rim(front.size).astype(np.float32))
        flat = cv2.warpPerspective(scene.pixels, matrix, front.size, borderMode=cv2.BORDER_REPLICATE)
        left, top, right, bottom = front.portrait or (0, 0, 0, 0)
        assert np.array_equal(flat[top:bottom, left:right], card.portrait)  # this is the flattened card, to the byte
        needles = pieces(scene.pixels, 8) + pieces(flat, 12) + pieces(card.portrait, 4)
        assert len(needles) == 24
        assert reading.pid is not None
        with standing_still(reading.pid):
            left_over = held(reading.pid, needles)
    assert held(os.getpid(), needles) == len(needles)  # the search finds what is there
    assert left_over == 0
