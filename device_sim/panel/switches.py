"""The switches of the panel: everything that can go wrong with a device, as its unit and the state name it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from device_sim.bank_faults import BankFault
from device_sim.devices import CARD_READER, READER
from device_sim.misfortune import Harm
from device_sim.panel.texts import fault_text, group_text
from device_sim.ports import STALL
from device_sim.unit import BUSY, UNPLUG

State = Mapping[str, Any]
"""What `SimulatedTerminal.state` returns."""

BANK = "bank"

TEARS: Mapping[str, Literal["before_commit", "after_commit"]] = {
    "tear_before": "before_commit",
    "tear_after": "after_commit",
}
OF_BANK: Mapping[BankFault, Mapping[str, Any]] = {each: {"times": None} for each in BankFault} | {
    BankFault.CLOCK_SKEW: {"times": None, "seconds": 86_400.0},
    BankFault.ANSWER_CUT: {"times": None, "byte": 10},
    BankFault.RESTART: {},  # with every request would be never to answer
}
"""How the panel strikes each fault of the bank: for good, but for a restart."""

_PORT = {UNPLUG, BUSY, STALL}
_MESSAGE = {harm.value for harm in Harm}


@dataclass(frozen=True)
class Switch:
    """A fault as a switch; one that cannot befall anything now is not `possible`."""

    name: str
    english: str
    chinese: str
    on: bool
    possible: bool


@dataclass(frozen=True)
class SwitchGroup:
    """Switches below a heading."""

    english: str
    chinese: str
    switches: list[Switch]


def switch_groups(state: State, device: str, faults: Sequence[str]) -> list[SwitchGroup]:
    """Return the switches of a device whose unit knows `faults`, or of the bank."""
    if device == BANK:
        on = state["bank"]["faults"]
        return [_group("bank", device, [(fault.value, fault.value in on, True) for fault in OF_BANK])]
    on = state["faults"][device]
    card = card_at(state, device)
    tears = state["cards"][card]["tears"] if card is not None else None
    takes_cards = TEARS.items() if device in {READER, CARD_READER} else ()
    of_cable = _MESSAGE if set(faults) >= _MESSAGE else set()  # a camera has none, and may be slow all the same
    own = [fault for fault in faults if fault not in _PORT | of_cable]
    groups = [
        _group("card", device, [(name, tears == when, card is not None) for name, when in takes_cards]),
        _group("device", device, [(fault, fault in on, True) for fault in own]),
        _group("port", device, [(fault, fault in on, True) for fault in faults if fault in _PORT]),
        _group("message", device, [(fault, fault in on, True) for fault in faults if fault in of_cable]),
    ]
    return [group for group in groups if group.switches]


def troubles(state: State, device: str) -> int:
    """Return how many switches of a device are on."""
    if device == BANK:
        return len(state["bank"]["faults"])
    card = card_at(state, device)
    return len(state["faults"][device]) + (card is not None and state["cards"][card]["tears"] != "never")


def card_at(state: State, device: str) -> str | None:
    """Return the name of the card that is at a device."""
    return next((name for name, card in state["cards"].items() if card["place"] == device), None)


def _group(group: str, device: str, members: Sequence[tuple[str, bool, bool]]) -> SwitchGroup:
    heading = group_text(group)
    texts = [fault_text(name, device) for name, _, _ in members]
    found = [
        Switch(name, text.english, text.chinese, on, possible)
        for (name, on, possible), text in zip(members, texts, strict=True)
    ]
    return SwitchGroup(heading.english, heading.chinese, found)
