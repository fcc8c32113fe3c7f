"""The port of cameras, in the words of XFS4IoT Camera 2.0 (TakePicture, Reset), and pictures that stay in memory."""

from datetime import datetime
from typing import NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk_core.device import Device

Pixels = NDArray[np.uint8]
"""Rows, columns and the three bytes blue, green, red."""


class Picture:
    """A picture of a person or a document. It lives in memory only: it cannot be pickled, and its repr shows its size.

    Whoever was given it wipes it when he is done, best by `with`. `number` grows with every picture of a camera;
    `taken_at` is when it arrived, aware of its zone.
    """

    __slots__ = ("number", "pixels", "taken_at")

    def __init__(self, pixels: Pixels, taken_at: datetime, number: int) -> None:
        self.pixels = pixels
        self.taken_at = taken_at
        self.number = number

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    def wipe(self) -> None:
        """Overwrite all pixels with black; may be called twice."""
        self.pixels.fill(0)

    def __enter__(self) -> "Picture":
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"Picture({self.width}x{self.height}, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a picture stays in memory")


class Camera(Device, Protocol):
    """A camera that is on while it is open. Its status has PICTURE_DARK and PICTURE_FROZEN among its faults.

    `latest` may be called from any thread; all else belongs to the thread that owns the device.
    """

    def latest(self, width_px: int) -> Picture | None:
        """Return a copy of the newest picture for a preview, scaled to at most `width_px`; None before the first.

        Does not wait. A picture whose `number` was seen before is not new; the asker's pace is the preview's.

        Raises:
            DeviceUnavailable: unplugged or silent.
        """
        ...

    def take_picture(self) -> Picture:
        """Return a picture in full size that was taken after the call, neither dark nor frozen.

        Raises:
            DeviceFault: PICTURE_DARK or PICTURE_FROZEN, where none other came before the deadline.
            DeviceUnavailable: unplugged or silent.
        """
        ...
