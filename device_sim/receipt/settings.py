"""What the commands of a receipt printer set, and ESC @ brings back to its beginning."""

from dataclasses import dataclass, replace

from device_sim.receipt.characters import INTERNATIONAL, PAGES, SPACE_PAGE
from device_sim.receipt.glyphs import Font, Style
from device_sim.receipt_paper import LINE_SPACING

DOTS_PER_INCH = 203
TAB_COLUMNS = 8

_PLAIN = Style()


@dataclass
class Settings:
    """The settings of text, layout and symbols; lengths are in dots.

    Sources: Epson TM-T88III specification (ESC ! p94, GS ! p116, FS ! p146); HPRT TP80K (GS H, GS f, GS h, GS w,
    GS ( k); Shandong BT-T080 (GS w 2 to 6); BP-002 p44 (FS S); Epson TM-T88 p5-18 (GS L, GS P, GS W).
    """

    single: Style = _PLAIN
    double: Style = _PLAIN
    emphasized: bool = False
    double_strike: bool = False
    upside_down: bool = False
    kanji: bool = True  # Chinese models begin in Kanji mode (HCC POS80B p49)
    code_page: int = 0
    international: int = 0
    right_space: int = 0
    double_spaces: tuple[int, int] = (0, 0)
    justification: int = 0
    line_spacing: int = LINE_SPACING
    page_line_spacing: int = LINE_SPACING
    tabs: tuple[int, ...] | None = None
    left_margin: int = 0
    area_width: int | None = None
    units: tuple[int, int] = (DOTS_PER_INCH, DOTS_PER_INCH)  # along the head and along the paper, to an inch
    hri_position: int = 0
    hri_font: Font = Font.A
    barcode_height: int = 162
    barcode_module: int = 3
    stops_near_end: bool = False

    def change(self, name: str, parameters: bytes) -> bool:
        """Take over what a command of one parameter sets; False where it sets nothing, or is out of range."""
        return len(parameters) == 1 and (
            self._change_text(name, parameters[0]) or self._change_symbol(name, parameters[0])
        )

    def _change_text(self, name: str, n: int) -> bool:  # noqa: C901, PLR0912  (one line a command)
        match name:
            case "ESC !":
                self.emphasized = bool(n & 0x08)
                wide, high = 1 + bool(n & 0x20), 1 + bool(n & 0x10)
                font = Font.B if n & 0x01 else Font.A
                self.single = replace(self.single, width=wide, height=high, underline=n >> 7, font=font)
            case "ESC -" if n in (0, 1, 2, 48, 49, 50):
                self.single = replace(self.single, underline=n % 48)
            case "FS -" if n in (0, 1, 2, 48, 49, 50):
                self.double = replace(self.double, underline=n % 48)
            case "ESC E":
                self.emphasized = bool(n & 1)
            case "ESC G":
                self.double_strike = bool(n & 1)
            case "ESC M" if n in (0, 1, 48, 49):
                self.single = replace(self.single, font=Font.B if n % 48 else Font.A)
            case "ESC V" if n in (0, 1, 48, 49):
                self._both(turned=bool(n % 48))
            case "GS B":
                self._both(inverted=bool(n & 1))
            case "GS !" if n & 0x88 == 0:
                self._both(width=(n >> 4) + 1, height=(n & 0x07) + 1)
            case "FS !":
                wide, high = 1 + bool(n & 0x04), 1 + bool(n & 0x08)
                self.double = replace(self.double, width=wide, height=high, underline=n >> 7)
            case "FS W":
                self.double = replace(self.double, width=1 + (n & 1), height=1 + (n & 1))
            case "ESC R" if n in INTERNATIONAL:
                self.international = n
            case "ESC t" if n in PAGES or n == SPACE_PAGE:
                self.code_page = n
            case "GS b" | "FS C":
                pass  # smoothing shows on no 203 dpi head; FS C has no effect on Chinese models (Toshiba B-EP p583)
            case _:
                return False
        self._both(bold=self.emphasized or self.double_strike)
        return True

    def _both(self, **changes: int) -> None:
        self.single = replace(self.single, **changes)  # type: ignore[arg-type]  # the names come from above
        self.double = replace(self.double, **changes)  # type: ignore[arg-type]

    def _change_symbol(self, name: str, n: int) -> bool:
        match name:
            case "GS H" if n in (0, 1, 2, 3, 48, 49, 50, 51):
                self.hri_position = n % 48
            case "GS f" if n in (0, 1, 48, 49):
                self.hri_font = Font.B if n % 48 else Font.A
            case "GS h" if n:
                self.barcode_height = n
            case "GS w" if 2 <= n <= 6:
                self.barcode_module = n
            case _:
                return False
        return True
