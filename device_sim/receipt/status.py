"""What the simulated receipt printer answers about itself: DLE EOT, GS r, GS I and the automatic status (GS a)."""

from collections.abc import Callable
from dataclasses import dataclass

from device_sim.receipt.mechanism import Mechanism, Presenter
from wire import escpos_status
from wire.escpos_status import AutoStatus, ErrorCause, OfflineCause, PaperStatus, PrinterStatus


@dataclass(frozen=True)
class Maker:
    """What the printer says to GS I and GET_DEVICE_ID."""

    maker: str = "OpenTeller"
    model: str = "SIM-80"
    firmware: str = "1.00"
    serial: str = "SIM0000001"


# GS I 1 model, 2 type, 3 ROM version: Toshiba B-EP p590, Epson RP-U420 p63 (two-byte characters, autocutter), Toshiba.
_ID_BYTES = {1: 0x0C, 2: 0x03, 3: 0x41}


def real_time(mechanism: Mechanism, n: int) -> bytes:
    """Return the answer to DLE EOT `n` (1 to 4)."""
    status = mechanism.status
    match n:
        case 1:
            answer: escpos_status.RealTimeStatus = PrinterStatus(offline=status.offline, feed_button=status.feed_button)
        case 2:
            error = status.cutter or status.recovers_itself or status.recoverable or status.unrecoverable
            answer = OfflineCause(status.cover_open, status.fed_by_button, status.end, error)
        case 3:
            answer = ErrorCause(status.recoverable, status.cutter, status.unrecoverable, status.recovers_itself)
        case _ if mechanism.presenter is Presenter.GS_R:  # bit 6 is the presenter's sensor (PPU-700 p58)
            return bytes((0x12 | status.near_end * 0x0C | status.end * 0x20 | mechanism.presented * 0x40,))
        case _:
            answer = PaperStatus(status.near_end, status.end)
    return escpos_status.encode_status(answer)


def transmitted(status: AutoStatus, n: int) -> bytes | None:
    """Return the answer to GS r `n` (1, 49 paper; 2, 50 drawer), None where there is none."""
    if n in (1, 49):
        return escpos_status.encode_transmitted_paper(PaperStatus(status.near_end, status.end))
    return b"\0" if n in (2, 50) else None


def information(maker: Maker, n: int) -> bytes | None:
    """Return the answer to GS I `n`, None where there is none."""
    if n % 48 in _ID_BYTES and n < 52:
        return bytes((_ID_BYTES[n % 48],))
    text = {65: maker.firmware, 66: maker.maker, 67: maker.model, 68: maker.serial}.get(n)
    return None if text is None else escpos_status.encode_information(text)


class AutomaticStatus:
    """GS a: four bytes at once, and again whenever something of what was chosen has changed."""

    def __init__(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism
        self.off()

    def off(self) -> None:
        """Say nothing any more."""
        self._chosen = 0
        self._told: AutoStatus | None = None

    def choose(self, n: int) -> bytes:
        """Choose by the bits of `n`: 1 drawer, 2 online, 4 errors, 8 paper. Return what is said now."""
        self._chosen = n & 0x0F
        self._told = None
        return self._tell() if self._chosen else b""

    def changes(self) -> bytes:
        """Return what there is to say since the last time."""
        told = self._told
        if told is None:
            return b""
        now = self._mechanism.status
        if not any(self._chosen & bit and part(now) != part(told) for bit, part in _PARTS.items()):
            return b""
        return self._tell()

    def _tell(self) -> bytes:
        self._told = self._mechanism.status
        return escpos_status.encode_auto_status(self._told)


_PARTS: dict[int, Callable[[AutoStatus], tuple[bool, ...]]] = {
    0x02: lambda status: (status.offline, status.cover_open, status.fed_by_button),
    0x04: lambda status: (status.recoverable, status.cutter, status.unrecoverable, status.recovers_itself),
    0x08: lambda status: (status.near_end, status.end),
}
