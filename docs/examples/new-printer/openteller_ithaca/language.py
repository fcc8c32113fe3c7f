"""Ithaca PcOS: TransAct, iTherm 280 Programmer's Guide, PN 28-07764 Rev C (April 2009)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.receipt_lines import PaperLine
from drivers.text_printer import Look
from kiosk_core.errors import Fault
from kiosk_core.status import Supply
from wire.escpos_text import ChineseText

_ANSWER = re.compile(rb"[\x06\x15][\x03\x04\x08\x09]")
_FAULTS = {b"\x15\x08": Fault.COVER_OPEN, b"\x15\x04": Fault.PAPER_OUT}


@dataclass(frozen=True)
class IthacaPcos:
    """A drivers.text_printer.Language; `feed` lines are between head and knife (not 5: that byte is ENQ)."""

    model: str
    columns: int
    feed: int
    text = ChineseText()
    marks = range(0x40, 0x80)  # numbers that no question has; none begins an answer
    questions = b"\x05\x03\x05\x04\x05\x08\x05\x09"  # paper low (p. 172), out, cover open, buffer empty (p. 173)?
    reset = b"\x05\x0a"  # p. 173

    def receipt(self, lines: Iterable[PaperLine], mark: int) -> bytes:
        """Initialise (p. 163), print UTF-8 (p. 272), double width (p. 107), feed (p. 87), cut and mark (p. 162)."""
        text = "".join(("\x0e" if line.large else "") + line.text + "\n" for line in lines)
        return b"\x1b@\x1b+T" + text.encode() + b"\x1bd%c\x1bv\x1bq%c" % (self.feed, mark)

    def look(self, heard: bytes) -> Look | None:
        """Read the answers to the four questions: ACK where all is well, NAK where not."""
        answers = {answer[1]: answer for answer in _ANSWER.findall(heard)}
        if len(answers) < len(self.questions) // 2:
            return None
        bad = {answer for answer in answers.values() if answer[0] == 0x15}
        faults = tuple(fault for answer, fault in _FAULTS.items() if answer in bad)
        paper = Supply.OUT if b"\x15\x04" in bad else Supply.LOW if b"\x15\x03" in bad else Supply.FULL
        return Look(faults, paper, idle=b"\x15\x09" not in bad)

    def has_mark(self, heard: bytes, mark: int) -> bool:
        """Find SOH and the mark (p. 162)."""
        return b"\x01%c" % mark in heard
