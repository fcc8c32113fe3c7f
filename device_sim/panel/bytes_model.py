"""The list of messages that QML shows: only what is new is made anew, so a list that is scrolled stays where it is."""

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QByteArray, QModelIndex, Qt

from device_sim.panel.listening import Passed

_ROLES = ("at", "sign", "octets", "more", "meaning", "times")
_FIRST = Qt.ItemDataRole.UserRole + 1


class BytesModel(QAbstractListModel):
    """Messages, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Passed] = []

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802  (Qt's signature)
        """Return how many messages there are."""
        return 0 if parent.isValid() else len(self._rows)

    def roleNames(self) -> dict[int, QByteArray]:  # noqa: N802
        """Return what QML calls the parts of a message."""
        return {_FIRST + place: QByteArray(name.encode()) for place, name in enumerate(_ROLES)}

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return a part of a message."""
        if not 0 <= index.row() < len(self._rows) or not 0 <= role - _FIRST < len(_ROLES):
            return None
        value = getattr(self._rows[index.row()], _ROLES[role - _FIRST])
        return list(value) if isinstance(value, tuple) else value

    def show(self, passed: Sequence[Passed]) -> None:
        """Show these messages."""
        if list(passed) == self._rows:
            return
        first = passed[0].sequence if passed else 0
        gone = next((place for place, each in enumerate(self._rows) if each.sequence >= first), len(self._rows))
        if not passed or gone == len(self._rows) or self._rows[gone].sequence != first:
            self.beginResetModel()
            self._rows = list(passed)
            self.endResetModel()
            return
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self._rows[:gone]
            self.endRemoveRows()
        if len(self._rows) > len(passed):
            self.beginRemoveRows(QModelIndex(), len(passed), len(self._rows) - 1)
            del self._rows[len(passed) :]
            self.endRemoveRows()
        stay = len(self._rows)
        for place, each in enumerate(passed[:stay]):
            if each != self._rows[place]:
                self._rows[place] = each
                self.dataChanged.emit(self.index(place), self.index(place))
        if len(passed) > stay:
            self.beginInsertRows(QModelIndex(), stay, len(passed) - 1)
            self._rows += passed[stay:]
            self.endInsertRows()
