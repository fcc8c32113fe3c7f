"""The pictures that the panel's QML asks for: paper in the slot, and receipts in the hand."""

from collections.abc import Callable

from PIL import Image
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage
from PyQt6.QtQuick import QQuickImageProvider

from device_sim.receipt_paper import PrintedReceipt, paper_picture, sheet_picture

Slot = tuple[PrintedReceipt, bool]


class PaperProvider(QQuickImageProvider):
    """`image://paper/slot/<any>` and `image://paper/taken/<number>`, as wide as they are asked for.

    `slot` is the paper in the slot and whether it is cut; `taken` finds a receipt by its number.
    """

    def __init__(self, slot: Callable[[], Slot | None], taken: Callable[[int], PrintedReceipt | None]) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)
        self._slot = slot
        self._taken = taken

    def requestImage(self, id: str | None, requestedSize: QSize) -> tuple[QImage, QSize]:  # noqa: A002, N802, N803
        """Draw the paper."""
        which, _, number = (id or "").partition("/")
        picture = self._in_the_slot() if which == "slot" else self._in_the_hand(int(number))
        if picture is None:
            return QImage(), QSize()
        width = max(1, requestedSize.width())
        height = max(1, round(picture.height * width / picture.width))
        scaled = picture.resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
        image = QImage(scaled.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        return image, image.size()

    def _in_the_slot(self) -> Image.Image | None:
        slot = self._slot()
        return sheet_picture(slot[0], cut=slot[1]) if slot is not None else None

    def _in_the_hand(self, number: int) -> Image.Image | None:
        receipt = self._taken(number)
        return paper_picture(receipt) if receipt is not None else None
