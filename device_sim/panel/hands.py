"""A person at the panel: every touch becomes an action on the terminal, every refusal a line to read."""

from collections.abc import Callable

from device_sim.control import ControlError
from device_sim.panel.misfortunes import MISFORTUNES
from device_sim.panel.sight import Sight, look
from device_sim.receipt_paper import PrintedReceipt
from device_sim.terminal import SimulatedTerminal


class Hands:
    """What a person does and holds. `problem` is why the last action was refused, empty if it was not."""

    def __init__(self, terminal: SimulatedTerminal) -> None:
        self.problem = ""
        self.receipt: PrintedReceipt | None = None
        self._terminal = terminal

    def look(self) -> Sight:
        """Return what the panel shows now."""
        return look(self._terminal.state())

    def lay_on(self, card: str) -> None:
        """Lay a card on the reader."""
        self._try(lambda: self._terminal.place_card(card))

    def take_off(self) -> None:
        """Take the card off the reader."""
        self._try(self._terminal.take_card)

    def pay(self) -> None:
        """Pay the latest order by phone."""
        self._try(self._terminal.pay)

    def take_receipt(self) -> bool:
        """Take the oldest receipt out of the slot into `receipt`; False if there is none."""

        def take() -> None:
            self.receipt = self._terminal.take_paper()

        return self._try(take)

    def turn(self, misfortune: str, on: bool) -> None:
        """Let a misfortune begin or end."""
        (found,) = (each for each in MISFORTUNES if each.name == misfortune)
        self._try(lambda: found.turn(self._terminal, on))

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (ControlError, OSError) as refusal:
            text = str(refusal)
            self.problem = text[:1].upper() + text[1:]
            return False
        self.problem = ""
        return True
