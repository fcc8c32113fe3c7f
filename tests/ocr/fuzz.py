"""`python -m tests.ocr.fuzz --count 10000`: hostile pictures through the whole reader, each answered or refused.

A picture that is answered wrongly, kills the process or keeps it longer than its 3 s is named by its number, under
which it can be made again; one that was late is read once more, as a busy machine may be why.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ocr.arrays import Pixels
from ocr.id_card import IdCard, Unreadable
from ocr.picture import decode
from ocr.worker import ReadingFailed, ReadingProcess
from tests.ocr.hostile import hostile

LIMIT_MS = 3000


@dataclass
class Verdict:
    """How pictures were answered, which of them were not and why, and the slowest: seconds of processors, its number.

    `late_once`: not answered within the limit by the clock at first, as processors were busy with other things.
    """

    answers: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    late_once: list[int] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)

    def fail(self, number: int, error: ReadingFailed) -> None:
        """Remember a picture that was not answered, and say so at once."""
        self.failed.append((number, str(error)))
        print(f"picture {number}: {error}", flush=True)


def fuzz(numbers: Iterable[int], reading: ReadingProcess) -> Verdict:
    """Read the pictures of these numbers."""
    verdict = Verdict()
    for done, number in enumerate(numbers, 1):
        picture = hostile(number)
        try:
            took, answer = _answer(picture, reading)
        except ReadingFailed as error:
            if "too long" not in str(error):
                verdict.fail(number, error)
                continue
            verdict.late_once.append(number)
            try:
                took, answer = _answer(picture, reading)
            except ReadingFailed as again:
                verdict.fail(number, again)
                continue
        verdict.slowest = max(verdict.slowest, (took, number))
        verdict.answers[answer.value if isinstance(answer, Unreadable) else "a card"] += 1
        if done % 500 == 0:
            print(f"{done} pictures, {len(verdict.failed)} failed", flush=True)
    return verdict


def _answer(picture: bytes | Pixels, reading: ReadingProcess) -> tuple[float, IdCard | Unreadable]:
    before = time.process_time()
    pixels = decode(picture) if isinstance(picture, bytes) else picture
    if isinstance(pixels, Unreadable):
        return time.process_time() - before, pixels
    child, spent = reading.pid, 0.0
    if child is not None:
        spent = _spent(child)
    answer = reading.read(pixels)
    took = _spent(reading.pid) - spent if child is not None and child == reading.pid else 0.0
    return time.process_time() - before + took, answer


def _spent(process: int) -> float:
    """Return the seconds of processors that a process has used: proc(5), /proc/PID/stat, fields 14 and 15."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Return 1 where a picture was not answered."""
    parser = argparse.ArgumentParser(prog="python -m tests.ocr.fuzz", description="Read hostile pictures.")
    parser.add_argument("--count", type=int, default=10_000, help="how many (10000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (0)")
    parser.add_argument("--limit-ms", type=int, default=LIMIT_MS, help="how long a picture may take (3000)")
    asked = parser.parse_args()
    begun = time.perf_counter()
    with ReadingProcess(limit_ms=asked.limit_ms) as reading:
        verdict = fuzz(range(asked.first, asked.first + asked.count), reading)
    for answer, times in verdict.answers.most_common():
        print(f"{times:7} {answer}")
    slow, number = verdict.slowest
    print(f"slowest: number {number}, {slow:.2f} s of processors; late by the clock at first: {verdict.late_once}")
    print(f"{asked.count} pictures in {time.perf_counter() - begun:.0f} s; failed: {verdict.failed}")
    return bool(verdict.failed)


if __name__ == "__main__":
    sys.exit(main())
