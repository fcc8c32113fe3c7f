"""PaddleOCR as a second engine: its default pipeline in a process of its own (decision 9).

Its packages ask for other releases of OpenCV and numpy than ours, and both cannot be in one environment. `./run
paddleocr` makes one for it with ONNX Runtime, `./run paddlepaddle` one with PaddlePaddle; the process there
(ocr/paddle_process.py) gets pictures through a pipe and answers with lines of text.
"""

import json
import os
import select
import subprocess
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ocr.arrays import Pixels
from ocr.recogniser import ModelMissing
from ocr.text_lines import LineOfText


class Runtime(Enum):
    """What runs PaddleOCR's networks; the value is the name of an environment made for it."""

    ONNX_RUNTIME = "paddleocr"  # PP-OCRv6 small, and which way up lines are
    PADDLEPADDLE = "paddlepaddle"  # PP-OCRv4 mobile, which knows no rare characters: packages bring no other for it


ENVIRONMENTS = "OPENTELLER_ENGINES"
"""The environment variable that names the folder with .venv-paddleocr; else it is the checkout's."""

_ENGINES = {Runtime.ONNX_RUNTIME: "onnxruntime", Runtime.PADDLEPADDLE: "paddle"}  # as PaddleOCR calls them
_START_S = 240.0  # some seconds on a machine that does nothing else and has loaded it before
_CHUNK = 1 << 16


class EngineFailed(RuntimeError):
    """The engine's process ended, or does not answer."""


def python_of(runtime: Runtime) -> Path:
    """Return the Python that has PaddleOCR with this runtime.

    Raises:
        ModelMissing: there is none.
    """
    name = runtime.value
    folder = Path(os.environ.get(ENVIRONMENTS) or Path(__file__).parent.parent)
    python = folder / f".venv-{name}" / "bin" / "python"
    if not python.exists():
        raise ModelMissing(
            f"PaddleOCR is missing; make .venv-{name} with: ./run {name} (or say in {ENVIRONMENTS} where)"
        )
    return python


class PaddleEngine:
    """The process with PaddleOCR; one thread owns it. To be closed."""

    def __init__(self, threads: int = 2, runtime: Runtime = Runtime.ONNX_RUNTIME, picture_s: float = 60.0) -> None:
        """Start it: some seconds. A picture may take `picture_s` seconds. Raises ModelMissing, EngineFailed."""
        self._picture_s = picture_s
        script = Path(__file__).with_name("paddle_process.py")
        self._process = subprocess.Popen(  # noqa: S603  (our own script, no shell)
            [python_of(runtime), "-I", script, _ENGINES[runtime], str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        try:
            told = self._answer(_START_S)
        except EngineFailed as error:
            told = {"error": str(error)}
        if "error" in told:
            self.close()
            raise EngineFailed(f"PaddleOCR did not start: {told['error']}")

    @property
    def process_id(self) -> int:
        """Return the number of its process, to measure it."""
        return self._process.pid

    def lines(self, picture: Pixels) -> Sequence[LineOfText]:
        """As LineEngine. Raises EngineFailed."""
        height, width = picture.shape[:2]
        head = json.dumps({"height": height, "width": width}).encode() + b"\n"
        assert self._process.stdin is not None  # noqa: S101  (it was asked for)
        try:
            self._process.stdin.write(head)
            rest = memoryview(np.ascontiguousarray(picture).data).cast("B")
            while rest:
                rest = rest[self._process.stdin.write(rest) :]
        except OSError as error:
            raise EngineFailed("PaddleOCR's process has ended") from error
        return [LineOfText(text, _quad(corners), score) for text, score, corners in self._answer(self._picture_s)]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, silent_s: float) -> Any:
        assert self._process.stdout is not None  # noqa: S101
        pipe = self._process.stdout.fileno()
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([pipe], [], [], silent_s)[0]:
                raise EngineFailed("PaddleOCR does not answer")
            read = os.read(pipe, _CHUNK)
            if not read:
                raise EngineFailed("PaddleOCR's process has ended")
            line += read
        return json.loads(line)


def _quad(corners: Sequence[Sequence[float]]) -> Any:
    return tuple((x, y) for x, y in corners)
