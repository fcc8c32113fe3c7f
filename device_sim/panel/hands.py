"""A person at the panel: every touch becomes an action on the terminal, every refusal a line to read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from device_sim.actions import CheckedActions
from device_sim.bank_faults import BankFault
from device_sim.control import ControlError
from device_sim.devices import CARD_READER, READER
from device_sim.panel.sight import Sight, look
from device_sim.panel.switches import BANK, OF_BANK, TEARS, card_at
from device_sim.panel.texts import fault_text
from device_sim.receipt_paper import PrintedReceipt
from device_sim.terminal import SimulatedTerminal
from kiosk_core.clock import Clock

KEPT = 30
"""Receipts that were taken and are kept to look at: the oldest goes first."""


@dataclass(frozen=True)
class TakenReceipt:
    """A receipt in the hand: which one of the day, and when it was taken."""

    number: int
    at: str
    paper: PrintedReceipt


class Hands:
    """What a person does and holds. `problem` is why the last action was refused, empty if it was not.

    `news` is what the last action did where nothing remains to be seen of it. `chosen` is the device at which one is.
    """

    def __init__(self, terminal: SimulatedTerminal, clock: Clock) -> None:
        self.problem = ""
        self.news = ""
        self.chosen = ""
        self.receipts: list[TakenReceipt] = []
        self._terminal = terminal
        self._clock = clock
        self._actions = CheckedActions(terminal.actions)
        self._taken = 0

    def look(self) -> Sight:
        """Return what the panel shows now."""
        faults = {name: unit.faults for name, unit in self._terminal.units.items()}
        return look(self._terminal.state(), faults, self.chosen)

    @property
    def slot(self) -> tuple[PrintedReceipt, bool] | None:
        """The paper in the printer's slot, and whether it is cut."""
        return self._terminal.slot

    def choose(self, device: str) -> None:
        """Turn to a device, or with "" to none."""
        self.chosen = device
        self.problem = self.news = ""

    def act(self, action: str, **arguments: Any) -> bool:
        """Do one of the terminal's actions; False if it was refused."""
        return self._try(lambda: self._actions.do(action, arguments))

    def move_card(self, card: str) -> None:
        """Lay or push a card of the hand where one is, by default on the top-up module; take it from where it is."""
        places = {name: each["place"] for name, each in self._terminal.state()["cards"].items()}
        match places[card]:
            case "hand":
                self.act("insert_card" if self.chosen == CARD_READER else "place_card", card=card)
            case "bin":
                self.act("empty_bin")
            case place:
                self.act("take_card" if place == READER else "pull_card")

    def take_receipt(self) -> bool:
        """Take the oldest receipt out of the slot, to `receipts`; False if there is none."""

        def take() -> None:
            paper = self._terminal.take_paper()
            self._taken += 1
            self.receipts.append(TakenReceipt(self._taken, f"{self._clock.wall():%H:%M}", paper))
            del self.receipts[:-KEPT]

        return self._try(take)

    def turn(self, fault: str, on: bool) -> None:
        """Let a fault of the chosen device begin or end."""
        device = self.chosen
        if device == BANK and on:
            self.act("strike_bank", fault=fault, **OF_BANK[BankFault(fault)])
        elif fault in TEARS:
            card = card_at(self._terminal.state(), device)
            self.act("tear_card", when=TEARS[fault] if on else "never", card=card)
        elif not on:
            self.act("mend", device=device, fault=fault)
        elif self.act("strike", device=device, fault=fault) and fault not in self._terminal.units[device].active:
            said = fault_text(fault, device)
            self.news = f"{said.english}: it has happened. {said.chinese}：已发生。"

    def mend_all(self) -> None:
        """Let everything be as it should."""
        for name, card in self._terminal.state()["cards"].items():
            if card["tears"] != "never":
                self.act("tear_card", when="never", card=name)
        self.act("mend")

    def _try(self, act: Callable[[], Mapping[str, Any] | None]) -> bool:
        self.news = ""
        try:
            act()
        except (ControlError, OSError) as refusal:
            text = str(refusal)
            self.problem = text[:1].upper() + text[1:]
            return False
        self.problem = ""
        return True
