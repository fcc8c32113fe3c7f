"""The real-time commands of ESC/POS, found wherever they stand in what a printer receives, even inside a picture.

That is what printers do on a serial line (HPRT TP80K p72; PosBank A10plus, DLE EOT notes). DLE DC4 fn 8: Epson TM-T90
p98.
"""

import re

_COMMANDS = re.compile(rb"\x10(?:\x04[\x01-\x04]|\x05[\x01\x02]|\x14\x08\x01\x03\x14\x01\x06\x02\x08)")
_LONGEST = 10


class RealTimeScanner:
    """Finds real-time commands in pieces of a stream. The bytes go on to the language as well."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the commands that end in `data`, each with the offset in `data` behind it."""
        held = len(self._tail)
        joined = self._tail + data
        found = [(hit.end() - held, hit.group()) for hit in _COMMANDS.finditer(joined)]
        behind = found[-1][0] + held if found else 0
        self._tail = joined[max(behind, len(joined) - _LONGEST + 1) :]
        return found
