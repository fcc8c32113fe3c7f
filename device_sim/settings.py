"""What `sim.toml` may say: the simulated terminal's devices, cards and bank host, as checked data."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import StringConstraints

from device_sim.cards.kinds import Balance, PurseNumber

_STRICT = {"extra": "forbid", "strict": True}

UsbId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{32}$")]
Baudrate = Annotated[int, Ge(0), Le(921_600)]
Milliseconds = Annotated[int, Ge(0), Le(5000)]
TcpPort = Annotated[int, Ge(0), Le(65535)]


@dataclass(frozen=True)
class SocketSettings:
    """The Unix sockets: `control` for what people do, `usb` for the USB devices; and a port for HTTP on 127.0.0.1."""

    control: Path
    usb: Path
    http: Annotated[int, Ge(0), Le(65535)] | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ReaderSettings:
    """The contactless reader: its USB id, and how long it takes for an APDU."""

    usb: UsbId
    apdu_ms: Milliseconds = 20

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class PrinterSettings:
    """The receipt printer: on a serial line (`serial`: the path of its pty), on the bus (`usb`) or loopback (`tcp`).

    `dots_per_s` is its speed, 8 dots a millimetre; 0 prints at once. `baudrate` is how long bytes take on a serial
    line; 0: no time.
    """

    serial: Path | None = None
    usb: UsbId | None = None
    tcp: TcpPort | None = None
    dots_per_s: Annotated[int, Ge(0), Le(10_000)] = 1200
    baudrate: Baudrate = 0

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        _in_one_place("the printer", serial=self.serial, usb=self.usb, tcp=self.tcp)


@dataclass(frozen=True)
class CardReaderSettings:
    """A card reader: on a serial line, or on the bus if it is a CRT-288K, whose USB id is always 23d8:0285.

    `command_ms` is how long each of its commands takes. A dispenser has `stacker` cards and room for `bin_capacity`.
    """

    model: Literal["crt-591", "crt-571", "crt-310", "crt-288k"]
    serial: Path | None = None
    usb: Literal["23d8:0285"] | None = None
    baudrate: Baudrate = 0
    command_ms: Milliseconds = 100
    stacker: Annotated[int, Ge(0), Le(1000)] = 0
    bin_capacity: Annotated[int, Ge(1), Le(1000)] = 100

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        place = "usb" if self.model == "crt-288k" else "serial"
        if _in_one_place("the card reader", serial=self.serial, usb=self.usb) != place:
            raise ValueError(f"a {self.model} needs {place}")


@dataclass(frozen=True)
class IdCardReaderSettings:
    """The ID-card reader, on a serial line or on the bus; `answer_ms` is how long it takes for an answer."""

    serial: Path | None = None
    usb: UsbId | None = None
    baudrate: Baudrate = 0
    answer_ms: Milliseconds = 50

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        _in_one_place("the ID-card reader", serial=self.serial, usb=self.usb)


@dataclass(frozen=True)
class PinPadSettings:
    """The PIN pad on its serial line, and the keys in it: what other keys are loaded under, and that of PINs."""

    serial: Path
    baudrate: Baudrate = 0
    answer_ms: Milliseconds = 20
    key_loading_key: Key | None = field(default=None, repr=False)
    pin_key: Key | None = field(default=None, repr=False)

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class BarcodeScannerSettings:
    """The scanner on its serial line, and how it was set up (device_sim.barcode_scanner.ScannerSettings)."""

    serial: Path
    baudrate: Baudrate = 0
    prefix: str = ""
    suffix: str = "\r"
    identifiers: bool = False
    trigger_on: str = ""
    trigger_off: str = ""
    reset: str = ""
    one_shot: bool = False

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CameraSettings:
    """The camera above a desk: it serves MJPEG on 127.0.0.1:`port`/video, `per_second` pictures; 0 takes any port."""

    port: TcpPort
    per_second: Annotated[int, Ge(1), Le(60)] = 10

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class AccountSettings:
    """A bank account that a card of [[cards]] pays from: its PIN, and what is on it in new books."""

    card: str
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")] = field(repr=False)
    balance_fen: Balance

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CustomerSettings:
    """A customer of the bank and the ID card that it knows of him; without `valid_until` that has no end."""

    id_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{17}[0-9X]$")] = field(repr=False)
    name: Annotated[str, MinLen(1)] = field(repr=False)
    valid_from: date
    valid_until: date | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class BankSettings:
    """The bank host: where it listens, its books and certificates, and the master keys of its cards.

    With `mac` its messages carry MACs, whose keys travel under `key_exchange_key`. PINs for its `accounts` come under
    the PIN pad's `pin_key`, or under keys that the terminal fetches, in blocks under the pad's `key_loading_key`.
    `customers` may bring new ID cards.
    """

    port: TcpPort
    folder: Path
    ca_file: Path
    certificate_file: Path
    key_file: Path
    load_master_key: Key = field(repr=False)
    tac_master_key: Key = field(repr=False)
    mac: Literal["retail", "cmac"] | None = None
    key_exchange_key: Key | None = field(default=None, repr=False)
    accounts: tuple[AccountSettings, ...] = ()
    customers: tuple[CustomerSettings, ...] = ()

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if (self.mac is None) != (self.key_exchange_key is None):
            raise ValueError("mac and key_exchange_key go together")


@dataclass(frozen=True)
class CardSettings:
    """A card of a `kind` of the card store; number, balance and date of its purse, while it has no file yet."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
    number: PurseNumber | None = field(default=None, repr=False)
    balance_fen: Balance | None = None
    expires: date | None = None
    kind: str = "t_union"

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class SimSettings:
    """The whole simulated terminal; what has no section is not there.

    `card_folder` keeps the cards' state between runs, `card_store` has kinds of one's own, a TOML file each. `seed` is
    that of all chance. `speed` divides the time that mechanics take (10: ten times as fast); bytes keep their baudrate.
    """

    sockets: SocketSettings
    top_up_module: ReaderSettings
    receipt_printer: PrinterSettings
    bank_host: BankSettings
    card_folder: Path
    cards: Annotated[tuple[CardSettings, ...], MinLen(1)]
    seed: Annotated[int, Ge(0)] = 1
    speed: Annotated[float, Gt(0), Le(1000)] = 1.0
    card_store: Path | None = None
    card_reader: CardReaderSettings | None = None
    id_card_reader: IdCardReaderSettings | None = None
    pin_pad: PinPadSettings | None = None
    barcode_scanner: BarcodeScannerSettings | None = None
    camera: CameraSettings | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        names = [card.name for card in self.cards]
        if len(set(names)) < len(names):
            raise ValueError("two cards have the same name")
        accounts = [account.card for account in self.bank_host.accounts]
        if len(set(accounts)) < len(accounts) or not set(accounts) <= set(names):
            raise ValueError("every account of bank_host belongs to another card of [[cards]]")
        if accounts and (self.pin_pad is None or not (self.pin_pad.pin_key or self.pin_pad.key_loading_key)):
            raise ValueError("the accounts of bank_host need the pin_key or the key_loading_key of [pin_pad]")


def _in_one_place(device: str, **places: object) -> str:
    """Return the name of the only place that is not None. Raises ValueError where there is not exactly one."""
    given = [name for name, place in places.items() if place is not None]
    if len(given) != 1:
        raise ValueError(f"{device} needs one of {', '.join(places)}")
    return given[0]
