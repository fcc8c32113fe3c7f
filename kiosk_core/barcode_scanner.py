"""The port of barcode and QR scanners, in the words of XFS4IoT BarcodeReader 3.0 (Read, Reset)."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from kiosk_core.device import Device


class Symbology(Enum):
    """XFS4IoT Read.symbology: those words that a symbology identifier can tell apart."""

    EAN_8 = "ean8"
    EAN_13 = "ean13"
    EAN_128 = "ean128"
    CODE_128 = "code128"
    CODE_39 = "code39"
    CODE_93 = "code93"
    CODE_11 = "code11"
    CODE_49 = "code49"
    CODE_16K = "code16K"
    CODE_ONE = "codeOne"
    CODABAR = "codabar"
    CODABLOCK_F = "codablockF"
    ITF = "itf"
    STANDARD_2_OF_5 = "std2Of5"
    MSI = "msi"
    PLESSEY = "plessey"
    TELEPEN = "telepenOriginal"
    CHANNEL_CODE = "channelCode"
    RSS = "rss"
    PDF417 = "pdf417"
    DATA_MATRIX = "dataMatrix"
    MAXI_CODE = "maxiCode"
    QR_CODE = "qrCode"
    AZTEC = "aztec"
    UNKNOWN = "symbologyUnknown"


@dataclass(frozen=True)
class Barcode:
    """A code as scanned. It may pay (付款码): `str`, `repr` and format hide its data, their length too."""

    symbology: Symbology
    data: bytes = field(repr=False)

    def reveal(self) -> bytes:
        """Return the data. Only for the host and for comparing."""
        return self.data

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"Barcode({self.symbology.value}, ***)"


class BarcodeScanner(Device, Protocol):
    """A scanner that sends by itself what it sees. Blocking; one thread owns it. Its errors name no code.

    A code counts only if it began after `set_reading(True)`: what somebody held before the scanner earlier is never
    taken for an answer.
    """

    def set_reading(self, enabled: bool) -> None:
        """Begin or end to take codes; both forget what was scanned before."""
        ...

    def read(self, timeout_s: float) -> Barcode | None:
        """Return the next code, None where none came in `timeout_s`.

        The same code seen again and again is given once. May be called in a loop; codes that come between two calls
        wait, a few at most.

        Raises:
            ValueError: not set to reading.
        """
        ...
