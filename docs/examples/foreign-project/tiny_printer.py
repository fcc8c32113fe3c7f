"""A tiny driver for ESC/POS receipt printers on a serial port or behind TCP."""

import termios

import serial

_INITIALIZE = b"\x1b@"  # ESC @
_CUT = b"\x1dV\x00"  # GS V 0
_SAY_WHEN_YOU_ARE_HERE = b"\x1dr\x01"  # GS r 1: answered in its turn, behind all that was printed
_HOW_IS_THE_PAPER = b"\x10\x04\x04"  # DLE EOT 4: answered at once
_PAPER_END = 0x60


class PrinterError(Exception):
    """The receipt did not come out; the text says why."""


class TinyPrinter:
    """A printer at `port`: a path, or "socket://HOST:PORT"."""

    def __init__(self, port: str, timeout_s: float = 2.0) -> None:
        self._port = serial.serial_for_url(port, timeout=timeout_s)

    def print_receipt(self, *lines: str) -> None:
        """Print and cut, and return once it has come out. Raises PrinterError."""
        try:
            self._port.reset_input_buffer()
            text = "".join(f"{line}\n" for line in lines).encode("ascii")
            self._port.write(_INITIALIZE + text + _CUT + _SAY_WHEN_YOU_ARE_HERE)
            if not self._port.read(1):
                raise PrinterError(self._problem())
        except (
            OSError,
            termios.error,
        ) as error:  # pyserial's own errors are OSErrors, but it lets termios.error through
            raise PrinterError("the printer is gone") from error

    def _problem(self) -> str:
        self._port.write(_HOW_IS_THE_PAPER)
        answer = self._port.read(1)
        if not answer:
            return "the printer says nothing"
        return "the paper is out" if answer[0] & _PAPER_END else "the printer did not say that it was done"

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()
