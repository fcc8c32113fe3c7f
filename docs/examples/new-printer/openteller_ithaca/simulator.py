"""A simulated iTherm 280, from the words of the guide: questions are answered at once, all else has its turn."""

import re
import sys
from pathlib import Path

from device_sim.serial.pty_port import PtyPort

_PART = re.compile(rb"(?P<printed>[^\x05]+)|\x05(?P<question>.)", re.DOTALL)
_COMMAND = re.compile(
    rb"\x0e|\x1b@|\x1b\+T|(?P<cut>\x1bv)|\x1bd(?P<feed>.)|\x1bq(?P<mark>.)|(?P<text>\n|[^\0-\x1f]+)|(?P<odd>.[^@+vdq])",
    re.DOTALL,
)


class SimulatedIthaca:
    """A device_sim.serial.device.SerialDevice; set `lines_left` of the roll and `cover_open` as you like."""

    def __init__(self) -> None:
        self.lines_left, self.cover_open = 1000, False
        self.receipts: list[str] = []
        self.odd = b""  # what the guide does not have
        self._heard, self._buffer, self._paper = b"", b"", b""

    def receive(self, data: bytes) -> bytes:
        """Take what was sent and return the answers."""
        said, self._heard = b"", self._heard + data
        while part := _PART.match(self._heard):
            self._heard = self._heard[part.end() :]
            self._buffer += part["printed"] or b""
            said += self._answer(ord(part["question"])) if part["question"] else self.idle()
        return said

    def idle(self) -> bytes:
        """Print what there is paper for and return the marks that were reached."""
        said = b""
        while self.lines_left > 0 and not self.cover_open and (command := _COMMAND.match(self._buffer)):
            self._buffer = self._buffer[command.end() :]
            self._paper += command["text"] or b""
            self.lines_left -= ord(command["feed"] or b"\0") + (command["text"] == b"\n")
            self.odd += command["odd"] or b""
            said += b"\x01" + command["mark"] if command["mark"] else b""
            if command["cut"]:
                self.receipts.append(self._paper.decode())
                self._paper = b""
        return said

    def _answer(self, question: int) -> bytes:
        if question == 10:  # what is buffered is lost where it waits for somebody (p. 173)
            self._buffer = b""
        no = {3: self.lines_left < 50, 4: self.lines_left <= 0, 8: self.cover_open, 9: self._buffer != b"", 10: False}
        if question not in no:
            self.odd += bytes((question,))
            return b""
        return bytes((0x15 if no[question] else 0x06, question))


if __name__ == "__main__":  # the argument is the path of its serial port; Enter takes the paper out, or puts it in
    printer = SimulatedIthaca()
    with PtyPort(Path(sys.argv[1]), printer):
        for _ in sys.stdin:
            printer.lines_left = 0 if printer.lines_left else 1000
            print(*printer.receipts, f"{printer.lines_left} lines of paper left", sep="\n---\n", flush=True)
