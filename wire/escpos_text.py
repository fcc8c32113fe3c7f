"""Text for ESC/POS printers: GB 18030 between FS & and FS ., or the single-byte code pages of ESC t.

Sources: facts/device-protocols.md 3c (FS &, FS .); Samsung SRP-275 operator's manual p5-33 (ESC t and its pages).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Protocol

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOUBLE_BYTES = re.compile(rb"(?:[\x81-\xfe][\x40-\xfe])+")
_ASCII_RUN = re.compile(r"[ -~]+")
_SUBSTITUTE = "?"

# What is printed for signs that a printer's tables often lack.
_LOOKALIKES = str.maketrans({"¥": "￥", "–": "-", "\u00a0": " ", "•": "·", "−": "-"})


class TextEncoding(Protocol):
    """How a printer model takes text. What it cannot print becomes what looks like it, or "?".

    Control characters become "?" as well, lest a name from outside become a command.
    """

    def printable(self, text: str) -> str:
        """Return `text` as it will stand on the paper."""
        ...

    def width(self, text: str) -> int:
        """Return how many single-byte columns `text` takes; it is as `printable` returned it."""
        ...

    def fitting(self, text: str, width: int) -> int:
        """Return how many of the first characters of such a text fit into `width` columns."""
        ...

    def encode(self, text: str) -> bytes:
        """Return the bytes that print such a text; a line feed in it stays one."""
        ...


class ChineseText:
    """For printers with a Chinese font: ASCII as it is, all else in two bytes of GB 18030 and two columns wide.

    GB 18030 codes of four bytes are in no ESC/POS source that was found: such characters are replaced ("¥", U+00A5,
    by the full-width sign A3 A4).
    """

    def printable(self, text: str) -> str:
        """Return `text` with what has no code of one or two bytes replaced."""
        if not _CONTROL.search(text):
            # GBK is the part of GB 18030 with two bytes: where it takes all, nothing needs replacing.
            text = text.translate(_LOOKALIKES) if "–" in text else text
            try:
                text.encode("gbk")
            except UnicodeEncodeError:
                pass
            else:
                return text
        return "".join(map(_chinese, text.translate(_LOOKALIKES)))

    def width(self, text: str) -> int:
        """Return one for an ASCII character, two for another."""
        return len(text.encode("gb18030"))

    def fitting(self, text: str, width: int) -> int:
        """Return how many of the first characters fit into `width` columns."""
        return len(text.encode("gb18030")[:width].decode("gb18030", "ignore"))

    def encode(self, text: str) -> bytes:
        """Return ASCII as it is, each run of double bytes between FS & and FS . (facts 3c)."""
        return _DOUBLE_BYTES.sub(b"\x1c\x26\\g<0>\x1c\x2e", text.encode("gb18030"))


def _chinese(character: str) -> str:
    if _CONTROL.match(character):
        return _SUBSTITUTE
    try:
        size = len(character.encode("gb18030"))
    except UnicodeEncodeError:  # a lone surrogate
        return _SUBSTITUTE
    return character if size <= 2 else _SUBSTITUTE


class CodePageText:
    """For printers without: one byte and one column a character, from the first page that has it.

    `pages` are the printer's code pages in the order of preference: the name of a Python codec, and `n` of ESC t. The
    page is chosen where a character needs another one, so it does not matter which one the printer begins with.
    """

    def __init__(self, pages: Mapping[str, int]) -> None:
        self._pages = pages
        self._of_character: dict[str, tuple[int, bytes] | None] = {}

    def printable(self, text: str) -> str:
        """Return `text` with what no page has replaced: by its compatible form ("５" by "5"), or by "?"."""
        return "".join(map(self._nearest, text.translate(_LOOKALIKES) if not text.isascii() else text))

    def width(self, text: str) -> int:
        """Return the number of characters."""
        return len(text)

    def fitting(self, text: str, width: int) -> int:
        """Return how many of the first characters fit into `width` columns."""
        return min(len(text), width)

    def encode(self, text: str) -> bytes:
        """Return the bytes with ESC t before the first character of another page."""
        data = bytearray()
        page: int | None = None
        for character in text:
            found = self._find(character)
            if found is None:  # ASCII or a line feed: the same in all pages
                data += character.encode("ascii")
                continue
            if found[0] != page:
                page = found[0]
                data += bytes((0x1B, 0x74, page))
            data += found[1]
        return bytes(data)

    def _nearest(self, character: str) -> str:
        for form in (character, unicodedata.normalize("NFKC", character)):
            if _ASCII_RUN.fullmatch(form) or self._find(form) is not None:
                return form
        return _SUBSTITUTE

    def _find(self, character: str) -> tuple[int, bytes] | None:
        """Return page and byte of what is not ASCII, None where no page has it."""
        if character.isascii() or len(character) != 1 or not character.isprintable():
            return None
        if character not in self._of_character:
            self._of_character[character] = self._search(character)
        return self._of_character[character]

    def _search(self, character: str) -> tuple[int, bytes] | None:
        for codec, page in self._pages.items():
            try:
                return page, character.encode(codec)
            except UnicodeEncodeError:
                continue
        return None
