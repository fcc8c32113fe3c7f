"""Where the time of a reading goes: functions of `ocr` with clocks around them; time within another part is its own."""

import importlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

# Part of the work, and the functions that do it: a function of a module, or a method of a class in it.
PARTS: dict[str, tuple[str, ...]] = {
    "find: edges": ("ocr.finder:outlines",),
    "find: text": ("ocr.detector:TextDetector.lines", "ocr.finder:corners_from"),
    "find: labels": ("ocr.finder:which", "ocr.finder:fitted", "ocr.finder:sharpened"),
    "flatten": ("ocr.reader:Reader._read",),
    "lines": ("ocr.field_reader:FieldReader.read", "ocr.lines:ink", "ocr.lines:find"),
    "recognise": ("ocr.recogniser:OnnxRecogniser.chances",),
    "decode": ("ocr.fields:Interpreter.line",),
    "rules": ("ocr.rules:front", "ocr.rules:back"),
    "quality": ("ocr.sight:look", "ocr.reader:look", "ocr.quality:measure"),
    "risks": ("ocr.risks:judge",),
}


class Profile:
    """Adds up milliseconds by part, and how often each was called. One thread at a time."""

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        """Take what tells the time."""
        self._seconds = seconds
        self.ms: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._running: list[str] = []
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
        """Return the function with a clock around it."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self._note()
            self._running.append(part)
            self.calls[part] += 1
            try:
                return function(*arguments, **named)
            finally:
                self._note()
                self._running.pop()

        return call

    def _note(self) -> None:
        """Give the time since the last note to who was running."""
        now = self._seconds()
        if self._running:
            self.ms[self._running[-1]] += (now - self._since) * 1000
        self._since = now
