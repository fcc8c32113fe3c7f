"""How the screen looks: the suite's palette, one scale of sizes in millimetres of the panel.

Sources: facts/touch-ui.md 3 (caps >= 4.8 mm, targets >= 15 mm, gaps >= 3 mm).
"""

from dataclasses import dataclass
from math import ceil

from PyQt6.QtGui import QColor

from kiosk_core.colours import COLOURS
from screen_parts.fonts import CAP_HEIGHT

MIN_CAP_MM = 4.8
MIN_TARGET_MM = 15.0
MIN_GAP_MM = 3.0

# The design is drawn for a panel of 21.5 inches; on others it grows and shrinks with the short side...
_DESIGN_SHORT_SIDE_MM = 270.0
# ...but text, targets and gaps keep their least true millimetres down to this panel (15.6": 194 mm).
_SMALLEST_SHORT_SIDE_MM = 190.0

_SCRIM = "#C00A1B24"  # lies over a page that is asked about; the only colour that is not opaque

_LEAST_TEXT_MM = MIN_CAP_MM / CAP_HEIGHT + 0.05


@dataclass(frozen=True)
class _Size:
    """Millimetres on the panel of the design, and the least true millimetres on any panel."""

    design_mm: float
    least_mm: float = 0.0


# One scale of spaces, five sizes of type, two weights (Regular, Bold).
_SIZES = {
    "gap1": _Size(2.0),
    "gap2": _Size(4.0, MIN_GAP_MM),
    "gap3": _Size(6.0, MIN_GAP_MM),
    "gap4": _Size(9.0, MIN_GAP_MM),
    "gap5": _Size(14.0),
    "margin": _Size(11.0),
    "radius": _Size(4.0),
    "radiusLarge": _Size(7.0),
    "stroke": _Size(0.5),
    "textSmall": _Size(6.6, _LEAST_TEXT_MM),
    "textBody": _Size(8.0, _LEAST_TEXT_MM),
    "textLead": _Size(10.0, 7.2),
    "textTitle": _Size(14.5, 9.5),
    "textFigure": _Size(24.0, 14.0),
    "target": _Size(16.0, MIN_TARGET_MM),
    "button": _Size(22.0, MIN_TARGET_MM + 1.0),
}


@dataclass(frozen=True)
class Panel:
    """The window in pixels and the width of the panel that it fills (or stands for) in millimetres."""

    width_px: int
    height_px: int
    width_mm: float

    @property
    def px_per_mm(self) -> float:
        """Pixels in a true millimetre."""
        return self.width_px / self.width_mm

    @property
    def unit(self) -> float:
        """Pixels in a millimetre of the design."""
        return min(self.width_px, self.height_px) / _DESIGN_SHORT_SIDE_MM


def properties(panel: Panel) -> dict[str, object]:
    """Return every property of qml/Theme.qml but `still`: colours, and sizes in pixels."""
    millimetre = min(panel.px_per_mm, min(panel.width_px, panel.height_px) / _SMALLEST_SHORT_SIDE_MM)
    sizes = {
        name: max(1, ceil(max(size.design_mm * panel.unit, size.least_mm * millimetre)))
        for name, size in _SIZES.items()
    }
    colours = {name: QColor(value) for name, value in (*COLOURS.items(), ("scrim", _SCRIM))}
    return {"unit": panel.unit, **sizes, **colours}
