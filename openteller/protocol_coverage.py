"""Which commands, statuses and error codes of each device's manual are simulated, driven and tested.

`openteller/coverage/DEVICE.toml` is the manual's inventory, with the reasons of gaps; `measured.json` beside it is what
was heard while the tests ran. tests/coverage measures, and fails where the file says anything else.
"""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER: Traversable = files("openteller") / "coverage"
MEASURED = "measured.json"


class Column(Enum):
    """What can be said of an entry: a simulator understands or says it, a driver sends or reads it, a vector has it."""

    SIMULATED = "simulated"
    DRIVEN = "driven"
    TESTED = "tested"


@dataclass(frozen=True)
class Entry:
    """A command, status or code of the manual; `match` is what it looks like to tests/coverage/traffic.py.

    `gaps` has the reason for each column that is empty, and is meant to be.
    """

    kind: str
    where: str
    code: str
    name: str
    match: re.Pattern[str]
    gaps: Mapping[Column, str]


@dataclass(frozen=True)
class Line:
    """An entry, and the columns that were measured."""

    entry: Entry
    found: frozenset[Column]

    @property
    def unexplained(self) -> list[Column]:
        """Columns that are empty without a reason."""
        return [column for column in Column if column not in self.found and column not in self.entry.gaps]

    @property
    def outdated(self) -> list[Column]:
        """Columns that have a reason for a gap, and no gap."""
        return [column for column in self.entry.gaps if column in self.found]


@dataclass(frozen=True)
class Coverage:
    """A device with all lines of its manual."""

    device: str
    name: str
    manual: str
    lines: tuple[Line, ...]

    def count(self, column: Column) -> int:
        """Return of how many entries that can be said."""
        return sum(column in line.found for line in self.lines)


Measured = Mapping[str, Mapping[str, Collection[str]]]
"""Device, code and columns."""


def devices() -> list[str]:
    """Return the devices that have an inventory."""
    return sorted(each.name.removesuffix(".toml") for each in FOLDER.iterdir() if each.name.endswith(".toml"))


def inventory(device: str) -> tuple[str, str, tuple[Entry, ...]]:
    """Return name, manual and entries of a device.

    Raises:
        KeyError: its file lacks something, has a code twice, or a gap of no entry or no column.
    """
    table = tomllib.loads((FOLDER / f"{device}.toml").read_text(encoding="utf-8"))
    reasons: dict[str, dict[Column, str]] = {}
    for gap in table.get("gap", []):
        for code in gap["codes"]:
            for column in gap["columns"]:
                reasons.setdefault(code, {})[Column[column.upper()]] = gap["reason"]
    entries = []
    codes = set()
    for group in table["group"]:
        for code, name, *own in group["entries"]:
            if code in codes:
                raise KeyError(f"{device}: {code} is there twice")
            codes.add(code)
            match = re.compile(own[0] if own else _filled(group["match"], code, name))
            entries.append(Entry(group["kind"], group["where"], code, name, match, reasons.pop(code, {})))
    if reasons:
        raise KeyError(f"{device}: gaps of no entry: {', '.join(reasons)}")
    return table["name"], table["manual"], tuple(entries)


def measured() -> Measured:
    """Return what was measured."""
    found: Measured = json.loads((FOLDER / MEASURED).read_text(encoding="utf-8"))
    return found


def coverage(device: str, found: Measured) -> Coverage:
    """Return the coverage of a device."""
    name, manual, entries = inventory(device)
    of_device = found.get(device, {})
    lines = tuple(Line(entry, frozenset(map(Column, of_device.get(entry.code, ())))) for entry in entries)
    return Coverage(device, name, manual, lines)


# -- patterns --------------------------------------------------------------------------------------------------

_SPELT = {"HT": 9, "LF": 10, "FF": 12, "CR": 13, "CAN": 24, "DLE": 16, "ESC": 27, "FS": 28, "GS": 29, "SP": 32}
_SPELT |= {"EOT": 4, "ENQ": 5, "DC4": 20}


def _filled(pattern: str, code: str, name: str) -> str:
    """Put a code into a pattern: its {hex}, its last word as {ascii} or {last}, {spelt} as in ESC/POS, its {name}."""
    last = code.rsplit(maxsplit=1)[-1]
    values = {
        "hex": code.replace(" ", "").lower(),
        "ascii": last.encode("ascii").hex(),
        "last": last.lower() if re.fullmatch("[0-9A-F]{2}", last) else last[-1],
        "spelt": "".join(f"{_SPELT[word] if word in _SPELT else ord(word):02x}" for word in code.split())
        if "{spelt}" in pattern
        else "",
        "name": name + "$",
    }
    return re.sub(r"\{([a-z]+)\}", lambda found: values[found[1]], pattern)
