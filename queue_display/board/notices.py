"""What is shown while nobody is called: pictures and notices from a folder, in the order of their names.

A picture is a PNG, JPEG or WebP file. A notice is a text file in UTF-8: its first line is the headline. Files may come
and go while the board runs; one that cannot be shown is left out.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from unicodedata import east_asian_width

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QImageReader

SHOWN_S = 12.0

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
_TEXTS = frozenset({".txt"})
_MOST_PIXELS = 40_000_000
_MOST_BYTES = 4_000

# What fits on the board either way up; a Chinese character is as wide as two Latin ones.
_LONGEST_HEADLINE = 20
_LONGEST_LINE = 40
_MOST_LINES = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """A picture by its URL, or a headline and a text."""

    picture: str = ""
    headline: str = ""
    text: str = ""


class Notices:
    """The notices of `folder`, one after the other; none where there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._shown: Path | None = None
        self._since: float | None = None
        self._current: Notice | None = None
        self._refused: dict[Path, float] = {}

    def at(self, now: float) -> Notice | None:
        """Return what is shown at `now` (monotonic seconds), None where there is nothing."""
        if self._folder is not None and (self._since is None or now - self._since >= SHOWN_S):
            self._since = now
            self._current = self._next(self._folder)
        return self._current

    def skip(self, now: float) -> Notice | None:
        """Leave out what is shown, for it cannot be drawn; return what is shown instead."""
        if self._shown is not None:
            self._refuse(self._shown, "it is damaged")
        self._since = None
        return self.at(now)

    def _next(self, folder: Path) -> Notice | None:
        try:
            files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES | _TEXTS)
        except OSError as error:
            self._refuse(folder, error.strerror or str(error))
            return None
        last = self._shown
        for path in sorted(files, key=lambda path: (last is not None and path <= last, path)):
            notice = self._read(path)
            if notice is not None:
                self._shown = path
                return notice
        return None

    def _read(self, path: Path) -> Notice | None:
        try:
            if self._refused.get(path) == path.stat().st_mtime:
                return None
            return _picture(path) if path.suffix.lower() in _PICTURES else _text(path)
        except OSError as error:
            self._refuse(path, error.strerror or str(error))
        except _Unshowable as error:
            self._refuse(path, str(error))
        return None

    def _refuse(self, path: Path, why: str) -> None:
        """Leave a file out until it is another one."""
        _log.warning("%s is not shown: %s", path, why)
        with suppress(OSError):
            self._refused[path] = path.stat().st_mtime


class _Unshowable(Exception):
    pass


def _picture(path: Path) -> Notice:
    reader = QImageReader(str(path))
    size = reader.size()
    if not reader.canRead() or not size.isValid():
        raise _Unshowable("it is no picture")
    if size.width() * size.height() > _MOST_PIXELS:
        raise _Unshowable(f"it has more than {_MOST_PIXELS:,} pixels")
    return Notice(picture=QUrl.fromLocalFile(str(path)).toString())


def _text(path: Path) -> Notice:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    try:
        headline, _, text = data.decode("utf-8-sig").strip().partition("\n")
    except UnicodeDecodeError:
        raise _Unshowable("it is not UTF-8, or too long") from None
    if not headline:
        raise _Unshowable("it is empty")
    headline, text = headline.strip(), text.strip()
    if _width(headline) > _LONGEST_HEADLINE:
        raise _Unshowable(f"its first line has more than {_LONGEST_HEADLINE // 2} Chinese characters or twice as many")
    if sum(max(1, ceil(_width(line) / _LONGEST_LINE)) for line in text.split("\n")) > _MOST_LINES:
        raise _Unshowable(f"its text has more than {_MOST_LINES} lines")
    return Notice(headline=headline, text=text)


def _width(line: str) -> int:
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in line)
