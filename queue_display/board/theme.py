"""How the board looks: the suite's palette on a dark ground, and sizes that are read from 10 m.

A panel of 43 inches is 535 mm high. On it, from 10 m, the capitals of the smallest text subtend 5.5 arc minutes, of
waits 8, of calls 13 and more; sight of 1.0 reads 5, of 0.4 12.5. Larger panels only help.
"""

from PyQt6.QtGui import QColor

from kiosk_core.colours import COLOURS

DESIGN_SHORT_SIDE_PX = 1080
PANEL_SHORT_SIDE_MM = 535.0
READ_FROM_MM = 10_000.0

CALL = "#FFE07A"
"""The ground of a call that is lit up, and what stands out on the dark ground."""

_SIZES = {
    "margin": 28,
    "gap": 20,
    "radius": 18,
    "header": 128,
    "textSmall": 44,
    "textBody": 52,
    "textFigure": 66,
    "textTime": 76,
    "textCall": 104,
    "textGoing": 120,
    "textNumber": 300,
}


def properties(width_px: int, height_px: int) -> dict[str, object]:
    """Return every property of qml/Theme.qml: colours, and sizes in pixels."""
    unit = min(width_px, height_px) / DESIGN_SHORT_SIDE_PX
    colours = {name: QColor(value) for name, value in {**COLOURS, "call": CALL}.items()}
    return {"unit": unit, **{name: max(1, round(size * unit)) for name, size in _SIZES.items()}, **colours}
