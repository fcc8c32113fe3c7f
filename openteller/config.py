"""The configuration of a terminal (`kiosk.toml`), read and checked at start."""

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from drivers.card_profiles import CARDS, CardProfile, CardProfiles
from drivers.receipt_layout import PRINTERS, PrinterProfile
from drivers.registry import Model, Role, models
from kiosk_core.errors import ConfigError
from kiosk_core.services import SettingError
from openteller.console import TERMINAL_FILE
from openteller.sections import (
    BankCardSection,
    CardsSection,
    CoreSection,
    DevicesSection,
    HostSection,
    JournalSection,
    PrinterProfiles,
    PrintersSection,
    QueueSection,
    ReceiptSection,
    ScreenSection,
    ServicesSection,
    SimulatorSection,
    TerminalSection,
    is_simulated,
)
from openteller.toml_file import TomlFile, together
from voice.settings import VoiceSettings

T = TypeVar("T")

_STRICT = {"extra": "forbid", "strict": True}

# Linux keeps 108 bytes for the path of a Unix socket, the closing zero among them (unix(7)).
_LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True)
class TerminalConfig:
    """All of `kiosk.toml`. Paths are absolute, or relative to the folder of the file as it was named."""

    terminal: TerminalSection
    screen: ScreenSection
    host: HostSection
    journal: JournalSection
    core: CoreSection
    services: ServicesSection
    devices: DevicesSection
    receipt: ReceiptSection | None = None
    simulator: SimulatorSection | None = None
    printers: PrintersSection | None = None
    cards: CardsSection | None = None
    bank_card: BankCardSection | None = None
    queue: QueueSection | None = None
    voice: VoiceSettings | None = None

    __pydantic_config__ = _STRICT

    @property
    def models(self) -> dict[str, Model]:
        """The models that this terminal can name.

        Raises:
            ConfigError: the file of [printers] or that of [cards] is wrong.
        """
        printers = load_printers(self.printers.profiles) if self.printers is not None else {}
        cards = load_cards(self.cards.profiles) if self.cards is not None else {}
        # A card is asked for the terminal's own purses first.
        return models({**PRINTERS, **printers}, {**cards, **{name: CARDS[name] for name in CARDS if name not in cards}})


def load_printers(path: Path) -> dict[str, PrinterProfile]:
    """Read and check a file of printer profiles.

    Raises:
        ConfigError: as `load_terminal`.
    """
    return TomlFile(path).checked(PrinterProfiles).printer


def load_cards(path: Path) -> dict[str, CardProfile]:
    """Read and check a file of transit purses.

    Raises:
        ConfigError: as `load_terminal`.
    """
    return TomlFile(path).checked(CardProfiles).profile


def load_terminal(path: Path) -> TerminalConfig:
    """Read and check a terminal's configuration.

    Raises:
        ConfigError: what is wrong, all of it (`ConfigError.all`), each by file, line and key.
    """
    if path == TERMINAL_FILE and not path.exists():
        raise ConfigError(str(path), None, "", "there is no such file; name this terminal's kiosk.toml in the command")
    file = TomlFile(path)
    config = anchored(file.checked(TerminalConfig), path.parent)
    mistakes = [file.error(wrong.key, wrong.problem) for wrong in _contradictions(config)]
    if mistakes:
        raise together(mistakes)
    return config


def unreadable_files(host: HostSection, queue: QueueSection | None = None) -> tuple[tuple[str, str], ...]:
    """Return key and problem of each file of certificates and tokens that cannot be read on this machine."""
    files = [(f"host.{key}", getattr(host, key)) for key in ("ca_file", "certificate_file", "key_file")]
    if queue is not None:
        files += [(f"queue.{key}", getattr(queue, key)) for key in ("token_file", "ca_file")]
    return tuple(
        (key, problem) for key, path in files if path is not None and (problem := _problem_with(key, path)) is not None
    )


def _problem_with(key: str, path: Path) -> str | None:
    try:
        path.read_bytes()
        if key == "queue.token_file" and path.stat().st_mode & 0o077:
            return f"others may read {path}, which is a secret: chmod 600 {path}"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None


def _contradictions(config: TerminalConfig) -> Iterator[SettingError]:
    if config.simulator is not None and not config.terminal.simulated:
        yield SettingError(("simulator",), "is only for a terminal with [terminal] simulated = true")
    known = config.models
    for role in Role:
        device = config.devices.of(role)
        if device is None:
            continue
        key = ("devices", role.value)
        fit = sorted(name for name, model in known.items() if model.role is role)
        if device.model not in fit:
            yield SettingError((*key, "model"), f'"{device.model}" is no model of it; there are {", ".join(fit)}')
        if is_simulated(device.port) and not config.terminal.simulated:
            problem = (
                f'"{device.port}" is a simulated device; only a terminal with [terminal] simulated = true has such'
            )
            yield SettingError((*key, "port"), problem)
        elif device.port.startswith("sim-usb://") and config.simulator is None:
            yield SettingError((*key, "port"), f'"{device.port}" needs [simulator] usb_socket')
    yield from _mac_contradictions(config)
    yield from _bank_card_contradictions(config)
    length = len(os.fsencode(config.core.socket))
    if length > _LONGEST_SOCKET_PATH:
        yield SettingError(("core", "socket"), f"the path has {length} bytes; the most is {_LONGEST_SOCKET_PATH}")


def _mac_contradictions(config: TerminalConfig) -> Iterator[SettingError]:
    host = config.host
    if host.key_exchange_key is not None:
        if not config.terminal.simulated:
            problem = "is a key in clear; only a terminal with [terminal] simulated = true has it outside its PIN pad"
            yield SettingError(("host", "key_exchange_key"), problem)
        if host.mac is None:
            yield SettingError(("host", "key_exchange_key"), "is of no use without mac")
    elif host.mac is not None and config.devices.pin_pad is None:
        yield SettingError(("host", "mac"), "needs [devices.pin_pad], which holds the key")
    elif host.mac == "cmac":
        yield SettingError(("host", "mac"), 'must be "retail" where the PIN pad makes the MACs')


def _bank_card_contradictions(config: TerminalConfig) -> Iterator[SettingError]:
    if config.bank_card is None:
        return
    if config.devices.card_reader is None:
        yield SettingError(("bank_card",), "needs [devices.card_reader], which takes the card")
    if config.devices.pin_pad is None:
        yield SettingError(("bank_card",), "needs [devices.pin_pad], on which the PIN is typed")
    if config.bank_card.renew_pin_key_after is not None and config.bank_card.pin_key == "injected":
        problem = 'is of no use where the PIN key is injected; set pin_key = "from_host", or leave it out'
        yield SettingError(("bank_card", "renew_pin_key_after"), problem)


def anchored(section: T, folder: Path) -> T:
    """Return `section`, a dataclass, with every relative path in it and below put under `folder`."""
    moved: dict[str, Any] = {}
    for field in dataclasses.fields(section):  # type: ignore[arg-type]
        value = getattr(section, field.name)
        if isinstance(value, Path):
            moved[field.name] = folder / value
        elif dataclasses.is_dataclass(value):
            moved[field.name] = anchored(value, folder)
    return dataclasses.replace(section, **moved)  # type: ignore[type-var]
