"""The few errors of the suite, sorted by who must act.

What a card, a customer or the host may answer in ordinary life ("refused", "cancelled", "declined") is a
result and not an exception; there is one channel for each thing.
"""

from collections.abc import Sequence
from enum import Enum


class Fault(Enum):
    """What a person must mend at a device. The value is the name in texts, logs and configuration."""

    PAPER_OUT = "paper_out"
    PAPER_JAM = "paper_jam"
    COVER_OPEN = "cover_open"
    CUTTER_STUCK = "cutter_stuck"
    PRINTER_ERROR = "printer_error"
    CARD_SLOT_ERROR = "card_slot_error"
    CARD_JAM = "card_jam"
    CARD_BIN_FULL = "card_bin_full"
    CARD_STACKER_EMPTY = "card_stacker_empty"
    POWER = "power"
    SECURITY_MODULE = "security_module"
    TAMPERED = "tampered"
    KEY_MISSING = "key_missing"
    PICTURE_DARK = "picture_dark"
    PICTURE_FROZEN = "picture_frozen"


class OpenTellerError(Exception):
    """The base of every error that the suite raises on purpose."""


class DeviceUnavailable(OpenTellerError):
    """The device is absent, unplugged or silent; the supervisor closes it and tries again by itself."""

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"{device}: {reason}")
        self.device = device
        self.reason = reason


class DeviceFault(OpenTellerError):
    """The device works but a person must mend something first."""

    def __init__(self, device: str, fault: Fault) -> None:
        super().__init__(f"{device}: {fault.value}")
        self.device = device
        self.fault = fault


class ProtocolViolation(OpenTellerError):
    """The device or host answered with bytes that break its own protocol: log, reset, never guess."""

    def __init__(self, device: str, detail: str) -> None:
        super().__init__(f"{device}: {detail}")
        self.device = device
        self.detail = detail


class HostSilent(OpenTellerError):
    """The bank host could not be reached or did not answer in time; it may or may not have acted."""


class HostUntrusted(HostSilent):
    """The bank host's answer came with a wrong MAC or none: it counts as none, and a reversal says so (A0)."""


class JournalUnavailable(OpenTellerError):
    """The journal cannot be written durably; no step that moves money may follow."""


class ConfigError(OpenTellerError):
    """Configuration files are wrong; raised at start only.

    The text reads "file:line: key: what is wrong" so that an editor can jump there, a line for each mistake:
    this one and `others`.
    """

    def __init__(
        self, file: str, line: int | None, key: str, problem: str, others: Sequence["ConfigError"] = ()
    ) -> None:
        where = f"{file}:{line}" if line is not None else file
        own = f"{where}: {key}: {problem}" if key else f"{where}: {problem}"
        super().__init__("\n".join([own, *map(str, others)]))
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
        self.others = tuple(others)

    @property
    def all(self) -> tuple["ConfigError", ...]:
        """Every mistake that was found, this one first."""
        return (self, *self.others)
