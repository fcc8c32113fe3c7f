"""The colours of the suite, for every screen of it, and how well one can be read on another. sRGB as "#rrggbb"."""

from collections.abc import Mapping
from types import MappingProxyType

MIN_CONTRAST = 7.0
"""Of any text on its ground (WCAG 2, level AAA)."""

COLOURS: Mapping[str, str] = MappingProxyType(
    {
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
        "accentSoftPressed": "#C9E0EA",
        "onAccent": "#FFFFFF",
        "success": "#0A5838",
        "successSoft": "#DCF1E5",
        "attention": "#6A3500",
        "attentionSoft": "#FFEED0",
    }
)


def contrast(text: str, ground: str) -> float:
    """Return the contrast of two colours as WCAG 2 computes it: 1 (none) to 21."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
