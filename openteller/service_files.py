"""The files of a terminal's services, and of the rules for them (`services/*.toml`), read and checked at start."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kiosk_core.errors import ConfigError
from kiosk_core.risk import Risk
from kiosk_core.services import AccountDeposit, CardInquiry, IdUpdate, QueueTicketing, Service, TransitTopUp
from openteller.risk_check import load_blacklist
from openteller.toml_file import TomlFile, together

RISK_NAME = "risk.toml"
"""The file of the rules, among those of the services."""


_SERVICES: Mapping[str, type[Service]] = {
    "transit_top_up": TransitTopUp,
    "account_deposit": AccountDeposit,
    "card_info": CardInquiry,
    "id_update": IdUpdate,
    "queue_ticket": QueueTicketing,
}


def load_service(path: Path) -> Service:
    """Read and check one service file.

    Raises:
        ConfigError: as `openteller.config.load_terminal`.
    """
    file = TomlFile(path)
    return file.checked(_SERVICES[file.choice("kind", _SERVICES)])


def load_services(folder: Path) -> tuple[Service, ...]:
    """Read and check every `*.toml` in `folder` but that of the rules; return the services as the home page shows them.

    Raises:
        ConfigError: as `load_terminal`, over all files; or the folder has no service, or two share an id.
    """
    paths = sorted(path for path in folder.glob("*.toml") if path.name != RISK_NAME)
    if not paths:
        there = "has no service file (*.toml)" if folder.is_dir() else "there is no such folder"
        raise ConfigError(str(folder), None, "", there)
    services: dict[str, Service] = {}
    places: dict[str, Path] = {}
    mistakes: list[ConfigError] = []
    for path in paths:
        try:
            service = load_service(path)
        except ConfigError as error:
            mistakes += error.all
            continue
        if service.id in services:
            mistakes.append(TomlFile(path).error(("id",), f'"{service.id}" is already the id in {places[service.id]}'))
        services[service.id] = service
        places[service.id] = path
    if mistakes:
        raise together(mistakes)
    return tuple(sorted(services.values(), key=lambda each: (each.order, each.id)))


def load_risk(path: Path) -> Risk:
    """Read and check the file of the rules and the blacklists that it names; their paths are anchored in its folder.

    Raises:
        ConfigError: as `load_terminal`. A terminal that has no rules has a file with none: one that was lost must
            not look like one that was emptied.
    """
    file = TomlFile(path)
    risk = file.checked(Risk)
    lists = {name: replace(rule, file=str(path.parent / rule.file)) for name, rule in risk.blacklist.items()}
    for name, rule in lists.items():
        try:
            load_blacklist(Path(rule.file))
        except ConfigError as error:
            raise together([file.error(("blacklist", name, "file"), "names a list that is wrong"), error]) from None
    return replace(risk, blacklist=lists)
