"""What both ends say by, whatever it is made of."""

from typing import Protocol


class Line(Protocol):
    """What both ends say and hear by."""

    def publish(self, topic: str, payload: bytes, *, once: bool = False, retain: bool = False) -> None:
        """Send at least once, if the line holds; `once`: at most once, for what is said again anyway."""
        ...
