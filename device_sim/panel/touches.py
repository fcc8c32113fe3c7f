"""What QML calls, and what it is told in return."""

from dataclasses import asdict
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from device_sim.panel.bytes_model import BytesModel
from device_sim.panel.hands import Hands
from device_sim.panel.listening import Listening
from device_sim.receipt_paper import PrintedReceipt


class Touches(QObject):
    """One person's touches. `seen` is a Sight as a map, `said` a line and whether it is a refusal.

    `paper` says that the paper in the slot is another one: its number (0: none) and whether it is cut; `held` which
    receipts are in the hand, maps of number and time.
    """

    seen = pyqtSignal("QVariantMap")
    said = pyqtSignal(str, bool)
    paper = pyqtSignal(int, bool)
    held = pyqtSignal("QVariantList")

    def __init__(self, hands: Hands, listening: Listening | None) -> None:
        super().__init__()
        self._hands = hands
        self._listening = listening
        self._paused = False
        self._last: dict[str, Any] = {}
        self._slot: tuple[PrintedReceipt, bool] | None = None
        self._slots = 0
        self.passed = BytesModel()
        """What passes on the cable of the chosen device."""

    @property
    def slot(self) -> tuple[PrintedReceipt, bool] | None:
        """The paper in the slot as it was told last."""
        return self._slot

    def taken(self, number: int) -> PrintedReceipt | None:
        """Return a receipt in the hand."""
        return next((each.paper for each in self._hands.receipts if each.number == number), None)

    @pyqtSlot()
    def look(self) -> None:
        """Say what there is to see, if it has changed."""
        sight = asdict(self._hands.look())
        if sight != self._last:
            self._last = sight
            self.seen.emit(sight)
        slot = self._hands.slot
        if slot != self._slot:
            self._slot = slot
            self._slots += 1
            self.paper.emit(self._slots if slot is not None else 0, slot is not None and slot[1])
        if self._listening is not None and not self._paused:
            self.passed.show(self._listening.heard(self._hands.chosen))

    @pyqtSlot(str)
    def choose(self, device: str) -> None:
        """Turn to a device, or with "" to none."""
        self._hands.choose(device)
        self._paused = False
        self._done()

    @pyqtSlot(bool)
    def pause(self, paused: bool) -> None:
        """Let the bytes stand still, or go on."""
        self._paused = paused
        self.look()

    @pyqtSlot(str)
    def move_card(self, card: str) -> None:
        """Lay a card on a device or push it in; take it from where it is."""
        self._hands.move_card(card)
        self._done()

    @pyqtSlot(str)
    @pyqtSlot(str, "QVariantMap")
    def act(self, action: str, arguments: dict[str, Any] | None = None) -> None:
        """Do one of the terminal's actions."""
        self._hands.act(action, **(arguments or {}))
        self._done()

    @pyqtSlot(result="bool")
    def take_receipt(self) -> bool:
        """Take a receipt; False if there is none."""
        taken = self._hands.take_receipt()
        self.held.emit([{"number": each.number, "at": each.at} for each in self._hands.receipts])
        self._done()
        return taken

    @pyqtSlot(str, bool)
    def turn(self, fault: str, on: bool) -> None:
        """Let a fault of the chosen device begin or end."""
        self._hands.turn(fault, on)
        self._done()

    @pyqtSlot()
    def mend_all(self) -> None:
        """Let everything be as it should."""
        self._hands.mend_all()
        self._done()

    def _done(self) -> None:
        self.said.emit(self._hands.problem or self._hands.news, bool(self._hands.problem))
        self.look()
