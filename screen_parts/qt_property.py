"""PyQt6's `pyqtProperty` with the types that its stubs leave out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtSignal

    T = TypeVar("T")

    class _Property(Generic[T]):
        def __get__(self, owner: object, owner_type: type | None = None) -> T: ...

    def qt_property(
        kind: type | str, *, notify: pyqtSignal | None = None, constant: bool = False
    ) -> Callable[[Callable[[Any], T]], _Property[T]]:
        """Make a read-only Qt property of type `kind` that says by `notify` when it changed."""
        ...

else:
    from PyQt6.QtCore import pyqtProperty as qt_property  # noqa: N813  (PyQt6 names the class like a decorator)

__all__ = ["qt_property"]
