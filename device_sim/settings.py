"""What `sim.toml` may say: the simulated terminal's devices, cards and bank host, as checked data."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MinLen
from pydantic import StringConstraints

_STRICT = {"extra": "forbid", "strict": True}

UsbId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{32}$")]


@dataclass(frozen=True)
class SocketSettings:
    """The Unix sockets: `control` for what people do, `usb` for the USB devices."""

    control: Path
    usb: Path

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ReaderSettings:
    """The contactless reader: its USB id, and how long it takes for an APDU."""

    usb: UsbId
    apdu_ms: Annotated[int, Ge(0), Le(5000)] = 20

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class PrinterSettings:
    """The receipt printer: on a serial line (`serial` is the path of its pty) or on the bus (`usb`).

    `dots_per_s` is its speed, 8 dots a millimetre; 0 prints at once. `baudrate` is how long bytes take on a serial
    line; 0: no time.
    """

    serial: Path | None = None
    usb: UsbId | None = None
    dots_per_s: Annotated[int, Ge(0), Le(10_000)] = 1200
    baudrate: Annotated[int, Ge(0), Le(921_600)] = 0

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if (self.serial is None) is (self.usb is None):
            raise ValueError("the printer needs either serial or usb")


@dataclass(frozen=True)
class BankSettings:
    """The bank host: where it listens, its books and certificates, and the master keys of its cards."""

    port: Annotated[int, Ge(0), Le(65535)]
    folder: Path
    ca_file: Path
    certificate_file: Path
    key_file: Path
    load_master_key: Key = field(repr=False)
    tac_master_key: Key = field(repr=False)

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CardSettings:
    """A transit card as it is when its state file does not exist yet."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{19}$")]
    balance_fen: Annotated[int, Ge(0), Le(1_000_000)]
    expires: date

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class SimSettings:
    """The whole simulated terminal. `card_folder` keeps the cards' state between runs; `seed` is that of all chance."""

    sockets: SocketSettings
    top_up_module: ReaderSettings
    receipt_printer: PrinterSettings
    bank_host: BankSettings
    card_folder: Path
    cards: Annotated[tuple[CardSettings, ...], MinLen(1)]
    seed: Annotated[int, Ge(0)] = 1

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        names = [card.name for card in self.cards]
        if len(set(names)) < len(names):
            raise ValueError("two cards have the same name")
