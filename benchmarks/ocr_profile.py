"""Where the time of a reading goes: functions of `ocr` with clocks around them; time within another part is its own.

Where threads work side by side, each has its share of the time, so that all parts add up to the time by the wall.
"""

import importlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import isgeneratorfunction
from threading import Lock, get_ident
from typing import Any

WAITING = "waiting"  # for other threads: it has time of its own only where nobody works
# Part of the work, and the functions that do it: a function of a module, or a method of a class in it.
PARTS: dict[str, tuple[str, ...]] = {
    "find: edges": ("ocr.finder:outlines", "ocr.outline:_steep", "ocr.outline:_around", "ocr.outline:quads_of_lines"),
    "find: text": ("ocr.detector:TextDetector.lines", "ocr.finder:corners_from"),
    "find: labels": ("ocr.finder:which", "ocr.finder:fitted", "ocr.finder:proved", "ocr.finder:sharpened"),
    "flatten": ("ocr.reader:Reader._read", "ocr.flat:_flattened"),
    "lines": (
        "ocr.field_reader:FieldReader.find",
        "ocr.field_reader:FieldReader.read",
        "ocr.lines:ink",
        "ocr.lines:find",
    ),
    "recognise": ("ocr.recogniser:OnnxRecogniser.chances", "ocr.recogniser:QuickRecogniser.chances"),
    "decode": ("ocr.fields:Interpreter.line",),
    "rules": ("ocr.rules:front", "ocr.rules:back"),
    WAITING: ("ocr.crew:_result", "ocr.crew:_end"),
    "quality": ("ocr.sight:look", "ocr.reader:look", "ocr.quality:measure"),
    "risks": ("ocr.risks:seen", "ocr.risks:told"),
}


class Profile:
    """Adds up milliseconds by part, and how often each was called."""

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        """Take what tells the time."""
        self._seconds = seconds
        self.ms: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._turn = Lock()
        self._running: dict[int, list[str]] = defaultdict(list)  # by thread: parts, the innermost last
        self._since = 0.0

    def install(self) -> None:
        """Put a clock around every function of PARTS, for the rest of the process. Raises AttributeError."""
        for part, names in PARTS.items():
            for name in names:
                module, _, path = name.partition(":")
                holder: Any = importlib.import_module(module)
                *owners, attribute = path.split(".")
                for owner in owners:
                    holder = getattr(holder, owner)
                setattr(holder, attribute, self.timed(part, getattr(holder, attribute)))

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a clock around it; of a generator, around each step."""
        if isgeneratorfunction(function):

            @wraps(function)
            def steps(*arguments: Any, **named: Any) -> Iterator[Any]:
                running = function(*arguments, **named)
                while True:
                    try:
                        with self._clock(part):
                            each = next(running)
                    except StopIteration:
                        return
                    yield each

            return steps

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with self._clock(part):
                return function(*arguments, **named)

        return call

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        with self._turn:
            self._note()
            self._running[get_ident()].append(part)
            self.calls[part] += 1
        try:
            yield
        finally:
            with self._turn:
                self._note()
                self._running[get_ident()].pop()

    def _note(self) -> None:
        """Give the time since the last note to those who were running."""
        now = self._seconds()
        inmost = [parts[-1] for parts in self._running.values() if parts]
        working = [part for part in inmost if part != WAITING] or inmost
        for part in working:
            self.ms[part] += (now - self._since) * 1000 / len(working)
        self._since = now
