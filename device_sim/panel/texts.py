"""What the panel calls things, in English and in Chinese: texts.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "texts.toml"


@dataclass(frozen=True)
class Text:
    """One thing in both languages; `chinese` is empty where nobody has named it."""

    english: str
    chinese: str


def device_text(device: str) -> Text:
    """Return what a device is called."""
    return _texts()["devices"].get(device) or _named(device)


def fault_text(fault: str, device: str = "") -> Text:
    """Return what a fault of a device is called."""
    faults = _texts()["faults"]
    return faults.get(f"{device}.{fault}") or faults.get(fault) or _named(fault)


def group_text(group: str) -> Text:
    """Return the heading of a group of faults."""
    return _texts()["groups"][group]


def id_card_text(card: str) -> Text:
    """Return whose ID card it is."""
    return _texts()["id_cards"].get(card) or _named(card)


def document_text(document: str) -> Text:
    """Return what a document for the camera is."""
    return _texts()["documents"].get(document) or _named(document)


def sample_codes() -> Mapping[str, Text]:
    """Return the codes that lie ready for the scanner."""
    return _texts()["codes"]


def spoken(name: str) -> str:
    """Return a name of the configuration as a person writes it."""
    return name.replace("_", " ").capitalize()


def _named(name: str) -> Text:
    return Text(spoken(name), "")


@cache
def _texts() -> Mapping[str, Mapping[str, Text]]:
    sections = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {section: {name: Text(*pair) for name, pair in texts.items()} for section, texts in sections.items()}
