"""Engines that read cards, each in a process of its own: ours, RapidOCR and PaddleOCR, two threads each.

A process imports what its engine needs and nothing of the benchmark, so that its memory is the engine's.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ocr.arrays import Pixels
from ocr.id_card import IdCard, Quality, Unreadable
from ocr.text_lines import LineEngine, LineOfText

THREADS = 2
_PATIENCE_S = 900.0  # a page of a thousand words on a busy machine
_NOTHING = Quality(0, 0, 0, 0, 0)
Read = Callable[[Pixels], IdCard | Unreadable]


@dataclass(frozen=True)
class Answer:
    """What an engine read of a picture, and how long that took. `ms`: milliseconds of parts of it, where it tells."""

    found: IdCard | Unreadable
    seconds: float
    cpu_seconds: float
    ms: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)


class Engine:
    """A process that reads cards with one engine; to be closed."""

    def __init__(self, name: str) -> None:
        """Start it: "ours", "rapidocr" or "paddleocr"."""
        self.name = name
        ours, theirs = socket.socketpair()
        script = f"from benchmarks.ocr_engines import serve; serve({name!r}, {theirs.fileno()})"
        self._process = subprocess.Popen([sys.executable, "-c", script], pass_fds=[theirs.fileno()])  # noqa: S603
        theirs.close()
        self._link: Connection[object, Any] = Connection(ours.detach())
        self.start_seconds, self._pids = self._link.recv()

    def read(self, picture: Pixels) -> Answer:
        """Return what it reads."""
        before = sum(map(_cpu_seconds, self._pids))
        self._link.send(picture)
        answer: Answer = self._link.recv()
        return replace(answer, cpu_seconds=sum(map(_cpu_seconds, self._pids)) - before)

    @property
    def peak_mb(self) -> float:
        """Return how much memory it has had at most, in MB, with all its processes."""
        return sum(map(_peak_mb, self._pids))

    def close(self) -> None:
        """End the process."""
        self._link.close()
        self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(name: str, descriptor: int) -> None:
    """Be the process of an engine: take pictures from a socket and answer, until it is closed."""
    link: Connection[Any, Any] = Connection(descriptor)
    begun = time.perf_counter()
    import cv2  # noqa: PLC0415  (in this process alone)

    cv2.setNumThreads(THREADS)
    read, pids, profile = {"ours": _ours, "rapidocr": _rapidocr, "paddleocr": _paddleocr}[name]()
    link.send((time.perf_counter() - begun, pids))
    while True:
        try:
            picture = link.recv()
        except EOFError:
            return
        if profile is not None:
            profile.ms.clear()
            profile.calls.clear()
        begun = time.perf_counter()
        found = read(picture)
        seconds = time.perf_counter() - begun
        if isinstance(found, IdCard):
            found = replace(found, portrait=None)
        told = (dict(profile.ms), dict(profile.calls)) if profile is not None else ({}, {})
        link.send(Answer(found, seconds, 0.0, *told))


def _ours() -> tuple[Read, list[int], Any]:
    from benchmarks.ocr_profile import Profile  # noqa: PLC0415
    from ocr.reader import Reader  # noqa: PLC0415
    from ocr.recogniser import OnnxRecogniser  # noqa: PLC0415

    profile = Profile()
    profile.install()
    return Reader(OnnxRecogniser(), THREADS).read, [os.getpid()], profile


class _RapidOcr:
    """RapidOCR's default pipeline."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR  # noqa: PLC0415

        options = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": THREADS for kind in ("intra", "inter")}
        self._pipeline = RapidOCR(params={**options, "Global.log_level": "critical"})

    def lines(self, picture: Pixels) -> list[LineOfText]:
        found: Any = self._pipeline(picture)
        if found.boxes is None:
            return []
        return [
            LineOfText(text, tuple((float(x), float(y)) for x, y in corners), float(score))  # type: ignore[arg-type]
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]


def _rapidocr() -> tuple[Read, list[int], Any]:
    return _parsing(_RapidOcr()), [os.getpid()], None


def _paddleocr() -> tuple[Read, list[int], Any]:
    from ocr.paddle import PaddleEngine  # noqa: PLC0415

    engine = PaddleEngine(THREADS, picture_s=_PATIENCE_S)
    return _parsing(engine), [os.getpid(), engine.process_id], None


def _parsing(engine: LineEngine) -> Read:
    """Return how cards are read by an engine and the parser of lines, without looking at anything but text."""
    from ocr.line_parser import parse  # noqa: PLC0415

    def read(picture: Pixels) -> IdCard | Unreadable:
        cards = parse(engine.lines(picture))
        if not cards:
            return Unreadable.NO_CARD
        nowhere = (0.0, 0.0)
        return IdCard(cards[0].side, (nowhere, nowhere, nowhere, nowhere), _NOTHING, frozenset())

    return read


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
