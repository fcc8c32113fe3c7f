"""How the screen looks: one palette, one scale of sizes in millimetres of the panel.

Sources: facts/touch-ui.md 3 (caps >= 4.8 mm, targets >= 15 mm, gaps >= 3 mm, contrast >= 7:1).
"""

from dataclasses import dataclass

from PyQt6.QtGui import QColor

CAP_HEIGHT = 0.733  # of Noto Sans SC, as a part of its pixel size
MIN_CAP_MM = 4.8
MIN_TARGET_MM = 15.0
MIN_GAP_MM = 3.0
MIN_CONTRAST = 7.0

# A panel whose short side is wider than this is drawn in proportion, so that nothing looks lost on it...
_WIDEST_SHORT_SIDE_MM = 270.0
# ...and below this one the millimetres no longer fit and the sizes shrink in proportion (15.6": 194 mm).
_NARROWEST_SHORT_SIDE_MM = 190.0

COLOURS = {
    "canvas": "#F1F5F6",
    "surface": "#FFFFFF",
    "sunken": "#E3EAED",
    "ink": "#0E1F29",
    "inkSoft": "#33454F",
    "line": "#CAD5DA",
    "edge": "#647680",
    "accent": "#0A4A63",
    "accentPressed": "#062F40",
    "accentSoft": "#DAEAF1",
    "accentSoftPressed": "#C8DFE9",
    "onAccent": "#FFFFFF",
    "success": "#0A5838",
    "successSoft": "#DCF1E5",
    "attention": "#6A3500",
    "attentionSoft": "#FFEED0",
    "scrim": "#C00A1B24",
}

# In millimetres of the panel. One scale of spaces, five sizes of type, two weights (Regular, Bold).
_SIZES_MM = {
    "gap1": 2.0,
    "gap2": 4.0,
    "gap3": 6.0,
    "gap4": 9.0,
    "gap5": 14.0,
    "margin": 11.0,
    "radius": 4.0,
    "radiusLarge": 7.0,
    "stroke": 0.5,
    "textSmall": 6.6,
    "textBody": 8.0,
    "textLead": 10.0,
    "textTitle": 14.5,
    "textFigure": 24.0,
    "target": 16.0,
    "button": 22.0,
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
        """Pixels in a millimetre of the design; at least a true one on panels of 15 inches and more."""
        short_side = min(self.width_px, self.height_px)
        return min(max(self.px_per_mm, short_side / _WIDEST_SHORT_SIDE_MM), short_side / _NARROWEST_SHORT_SIDE_MM)


def properties(panel: Panel) -> dict[str, object]:
    """Return every property of qml/Theme.qml but `still`: colours, and sizes in pixels."""
    sizes = {name: max(1.0, round(mm * panel.unit)) for name, mm in _SIZES_MM.items()}
    return {"unit": panel.unit, **sizes, **{name: QColor(value) for name, value in COLOURS.items()}}


def contrast(text: QColor, ground: QColor) -> float:
    """Return the contrast of two opaque colours as WCAG 2 computes it: 1 (none) to 21."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
