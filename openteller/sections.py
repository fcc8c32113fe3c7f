"""The sections of `kiosk.toml`: what each may hold, and what is wrong with it by itself."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import AfterValidator

from drivers.bank_card import UNION_PAY_CREDIT, UNION_PAY_DEBIT, ChipTerminal
from drivers.receipt_layout import PrinterProfile
from drivers.registry import Role
from kiosk_core.pin_pad import PinFormat
from kiosk_core.texts import LocalText

_STRICT = {"extra": "forbid", "strict": True}

_SIMULATED = ("sim://", "sim-usb://")

_REAL_PORT = "/[^/].*|usb://[0-9a-f]{4}:[0-9a-f]{4}|socket://[^:/]+:[0-9]+|http://[^/@\\s]+/\\S*|pcsc://.+"
_SIMULATED_PORT = "sim://[A-Za-z0-9_-]+|sim-usb://[0-9a-f]{4}:[0-9a-f]{4}"


def _matching(pattern: str, demand: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f'"{text}" {demand}')
        return text

    return AfterValidator(check)


def _hidden(pattern: str, demand: str) -> AfterValidator:
    """Check as `_matching` does, and never repeat the text: it is a key."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(demand)
        return text

    return AfterValidator(check)


Port = Annotated[
    str,
    _matching(
        f"{_REAL_PORT}|{_SIMULATED_PORT}",
        "is no port; it is a path like /dev/ttyUSB0, usb://VVVV:PPPP (vendor and product in hex), socket://HOST:PORT,"
        " http://HOST/PATH (a camera), pcsc://NAME-OF-READER, or of the simulator: sim://NAME, sim-usb://VVVV:PPPP",
    ),
]


@dataclass(frozen=True)
class TerminalSection:
    """Who the terminal is. `number` has 8 letters or digits, `purse_terminal_no` 12 digits (6 bytes on the card)."""

    number: Annotated[str, _matching("[0-9A-Za-z]{8}", "is not 8 letters or digits")]
    purse_terminal_no: Annotated[str, _matching("[0-9]{12}", "is not 12 digits")]
    bank: LocalText
    branch: LocalText
    simulated: bool = False

    __pydantic_config__ = _STRICT

    @property
    def purse_terminal_bytes(self) -> bytes:
        """`purse_terminal_no` as the 6 bytes that go to the card."""
        return bytes.fromhex(self.purse_terminal_no)


@dataclass(frozen=True)
class ScreenSection:
    """The panel: its dots, and its visible width in millimetres, from which all sizes follow."""

    width_px: Annotated[int, Ge(480), Le(7680)]
    height_px: Annotated[int, Ge(480), Le(7680)]
    width_mm: Annotated[float, Ge(50), Le(2000)]
    fullscreen: bool = True

    __pydantic_config__ = _STRICT


_ExchangeKey = Annotated[
    str,
    _hidden("[0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64}", "is not 32, 48 or 64 hexadecimal digits"),
]


@dataclass(frozen=True)
class HostServer:
    """A server of the bank host; `server_name` is the name in its certificate where that is not `host`."""

    host: Annotated[str, MinLen(1)]
    port: Annotated[int, Ge(1), Le(65535)]
    server_name: str = ""

    __pydantic_config__ = _STRICT

    @property
    def certified_name(self) -> str:
        """The name that the server's certificate must hold."""
        return self.server_name or self.host


@dataclass(frozen=True)
class HostSection:
    """The bank host: where it listens, whom to trust, and who we are (PEM files).

    `server_name` is the name in the host's certificate where that is not `host`. The servers of `fallback` are used in
    their order when the first cannot be reached; after `return_after_s` the first is tried again.

    With `mac` every message about money carries one (docs/host-messages.md). Its key is in the PIN pad, or, in a
    simulated terminal, in software, where it comes under `key_exchange_key` (AES, 32, 48 or 64 hexadecimal digits).
    """

    host: Annotated[str, MinLen(1)]
    port: Annotated[int, Ge(1), Le(65535)]
    ca_file: Path
    certificate_file: Path
    key_file: Path
    server_name: str = ""
    timeout_s: Annotated[float, Gt(0), Le(120)] = 10
    fallback: tuple[HostServer, ...] = ()
    return_after_s: Annotated[float, Ge(1), Le(86_400)] = 600
    mac: Literal["retail", "cmac"] | None = None
    key_exchange_key: _ExchangeKey | None = dataclasses.field(default=None, repr=False)

    __pydantic_config__ = _STRICT

    @property
    def servers(self) -> tuple[HostServer, ...]:
        """Every server, in the order in which they are tried."""
        return (HostServer(self.host, self.port, self.server_name), *self.fallback)


@dataclass(frozen=True)
class JournalSection:
    """The folder of the electronic journal, what chains its rows, and how long it keeps them at hand.

    Rows older than `keep_days` go to archives, and those older than a month once the database has more than `max_mb`.
    A clock that was set back by more than `clock_back_s` begins no transaction.
    """

    folder: Path
    hash: Literal["sha256", "sm3"] = "sha256"
    keep_days: Annotated[int, Ge(31), Le(3650)] = 365
    max_mb: Annotated[int, Ge(10), Le(1_000_000)] = 512
    clock_back_s: Annotated[int, Ge(1), Le(3600)] = 60

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CoreSection:
    """The Unix socket on which screens and technicians reach the core."""

    socket: Path

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ServicesSection:
    """The folder of the service files."""

    folder: Path

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class DeviceSection:
    """A device: its model (drivers/registry.py) and where it is; `baudrate` replaces the model's on a serial port."""

    model: Annotated[str, MinLen(1)]
    port: Port
    baudrate: Annotated[int, Ge(1200), Le(921_600)] | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class DevicesSection:
    """The devices of the terminal, a field for each `drivers.registry.Role`."""

    top_up_module: DeviceSection
    receipt_printer: DeviceSection
    card_reader: DeviceSection | None = None
    id_card_reader: DeviceSection | None = None
    pin_pad: DeviceSection | None = None
    camera: DeviceSection | None = None
    barcode_scanner: DeviceSection | None = None

    __pydantic_config__ = _STRICT

    def of(self, role: Role) -> DeviceSection | None:
        """Return the section of `role`, None where the terminal has no such device."""
        section: DeviceSection | None = getattr(self, role.value)
        return section


@dataclass(frozen=True)
class SimulatorSection:
    """Where the simulator's USB bus is reached; only with [terminal] simulated = true."""

    usb_socket: Path

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ReceiptSection:
    """What all receipts share: `logo` is a PNG, printed black on white, at most as wide as the paper.

    With `logo_in_printer` it is written once into the printer's own memory, where that has one, and receipts begin to
    print sooner on a slow line.
    """

    logo: Path
    logo_in_printer: bool = False

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class PrintersSection:
    """A file of printer profiles that this terminal adds to those of `drivers/printers.toml`."""

    profiles: Path

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class PrinterProfiles:
    """A file of printer profiles, each under [printer.NAME]."""

    printer: dict[str, PrinterProfile]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CardsSection:
    """A file of transit purses that this terminal knows beside those of `drivers/card_profiles.toml`."""

    profiles: Path

    __pydantic_config__ = _STRICT


def _digits(count: int) -> AfterValidator:
    return _matching(f"[0-9]{{{count}}}", f"is not {count} digits")


def _hex_bytes(fewest: int, most: int) -> AfterValidator:
    said = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return _matching(f"([0-9A-Fa-f]{{2}}){{{fewest},{most}}}", f"is not {said} bytes in hexadecimal")


@dataclass(frozen=True)
class BankCardSection:
    """Bank cards pay at this terminal, by chip and PIN; what its acquirer says of it goes to chip and host.

    The codes are those of EMV 4.3 Book 4 annex A, ISO 3166 and ISO 4217 (drivers.bank_card.ChipTerminal says which).
    `serial` None: the terminal's number. `pin_formats` are those that the host takes, best first.

    `pin_key` says how the key of PIN blocks gets into the PIN pad: "injected" in a secure room, or "from_host" over the
    line, and again after `renew_pin_key_after` PINs (1000 where it is not said).
    """

    applications: Annotated[tuple[Annotated[str, _hex_bytes(5, 16)], ...], MinLen(1)] = (
        UNION_PAY_DEBIT.hex().upper(),
        UNION_PAY_CREDIT.hex().upper(),
    )
    country: Annotated[str, _digits(4)] = "0156"
    currency: Annotated[str, _digits(4)] = "0156"
    kind: Annotated[str, _digits(2)] = "14"
    capabilities: Annotated[str, _hex_bytes(3, 3)] = "604020"
    application_version: Annotated[str, _hex_bytes(2, 2)] = "0020"
    transaction_type: Annotated[str, _digits(2)] = "00"
    serial: Annotated[str, _matching("[0-9A-Za-z]{8}", "is not 8 letters or digits")] | None = None
    pin_formats: Annotated[tuple[Literal["iso0", "iso3", "iso4"], ...], MinLen(1)] = ("iso0",)
    pin_key: Literal["injected", "from_host"] = "injected"
    renew_pin_key_after: Annotated[int, Ge(1), Le(1_000_000)] | None = None

    __pydantic_config__ = _STRICT

    def chip_terminal(self, number: str) -> ChipTerminal:
        """Return what chips are told; `number` is the terminal's."""
        return ChipTerminal(
            tuple(bytes.fromhex(each) for each in self.applications),
            self.country,
            self.currency,
            self.kind,
            bytes.fromhex(self.capabilities),
            bytes.fromhex(self.application_version),
            self.serial or number,
            self.transaction_type,
        )

    @property
    def pins_per_key(self) -> int:
        """How many PINs a key that came over the line serves."""
        return self.renew_pin_key_after or 1000

    @property
    def formats(self) -> tuple[PinFormat, ...]:
        """The formats of PIN blocks that the host takes, best first."""
        return tuple(PinFormat(each) for each in self.pin_formats)


@dataclass(frozen=True)
class QueueSection:
    """The branch's queue (`openteller queue serve`): where it is, and the file that holds the token of a kiosk.

    `ca_file` is who signs its certificate (PEM), where that is none that this machine knows. `appointments` is a file
    of the day's appointments.
    """

    url: Annotated[
        str,
        _matching(
            r"https://[A-Za-z0-9.-]+(:[0-9]+)?/?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?/?",
            "is no address of a queue: https://HOST:PORT, or http:// on this machine itself, where nobody can listen",
        ),
    ]
    token_file: Path
    ca_file: Path | None = None
    appointments: Path | None = None

    __pydantic_config__ = _STRICT


def is_simulated(port: str) -> bool:
    """Return whether a device's `port` is one of the simulator."""
    return port.startswith(_SIMULATED)
