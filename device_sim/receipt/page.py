"""Page mode: a page in the printer's memory on which everything may stand anywhere, in four directions.

Sources: HPRT TP80K p8 (ESC L); Epson TM-T88 p5-10 and TM-U295 p5-18 (ESC T, ESC W); Zijiang ZJ-58 p53 (GS $);
Citizen iDP-3221 p137 (where data stand: characters and pictures with their foot on the base line, the first of which
is one character below the top of the area; what is higher than that is not printed).
"""

from dataclasses import dataclass, replace

from PIL import Image, ImageChops

from device_sim.receipt.glyphs import CELL

MAX_HEIGHT = 1662  # dots (HPRT TP809 p14: as high as graphics may be)

_TURNED = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}


@dataclass(frozen=True)
class Area:
    """ESC W: a part of the page, in dots."""

    x: int
    y: int
    width: int
    height: int


class Page:
    """The page, the area of it that is in use, and where the next thing goes.

    `direction` is n of ESC T: 0 left to right, 1 bottom to top, 2 right to left, 3 top to bottom. `x` and `y` count
    along and across it, from the corner where it begins; `y` is the base line.
    """

    def __init__(self, dots: int) -> None:
        self._dots = dots
        self._canvas: Image.Image | None = None
        self._bottom = 0
        self.texts: list[str] = []
        self.qr_codes: list[str] = []
        self.barcodes: list[tuple[str, str]] = []
        self.direction = 0
        self.area = Area(0, 0, dots, MAX_HEIGHT)
        self.home()

    def home(self) -> None:
        """Go to where the area begins."""
        self.x, self.y = 0, CELL
        self._new_line = True

    @property
    def along(self) -> int:
        """How many dots a line has."""
        return self.area.width if self.direction in (0, 2) else self.area.height

    @property
    def across(self) -> int:
        """How many dots there are for lines."""
        return self.area.height if self.direction in (0, 2) else self.area.width

    def turn(self, direction: int) -> None:
        """ESC T."""
        self.direction = direction
        self.home()

    def use(self, area: Area) -> bool:
        """ESC W: use an area, cut to what can be printed; False where nothing of it can be."""
        if area.x >= self._dots or area.y >= MAX_HEIGHT or not area.width or not area.height:
            return False
        width, height = min(area.width, self._dots - area.x), min(area.height, MAX_HEIGHT - area.y)
        self.area = replace(area, width=width, height=height)
        self.home()
        return True

    def new_line(self, spacing: int) -> None:
        """Go to the beginning of the next line."""
        self.x, self.y = 0, self.y + spacing
        self._new_line = True

    def move_down(self, dots: int, absolute: bool) -> None:
        """GS $, and GS with a backslash: go to the base line so far from the first one, or from here.

        What is outside the area is ignored.
        """
        y = (CELL if absolute else self.y) + dots
        if 0 <= y < self.across + CELL:
            self.y = y
            self._new_line = True

    def put(self, picture: Image.Image, spacing: int = 0, below: int = 0, text: str | None = None) -> None:
        """Put a picture with its foot `below` dots under the base line, and go on behind it.

        What has no room left on the line is put on the next one, `spacing` below; what is out of the area is lost.
        """
        if self.x and self.x + picture.width > self.along:
            self.new_line(spacing)
        self._paste(picture, self.x, self.y + below - picture.height)
        if text is not None:
            if self._new_line:
                self.texts.append("")
            self.texts[-1] += text
            self._new_line = False
        self.x += picture.width

    def _paste(self, picture: Image.Image, x: int, y: int) -> None:
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(picture.width, self.along - x), min(picture.height, self.across - y)
        if left >= right or top >= bottom:
            return
        part = picture.crop((left, top, right, bottom))
        x, y = x + left, y + top
        area = self.area
        match self.direction:
            case 0:
                corner = (area.x + x, area.y + y)
            case 1:
                corner = (area.x + y, area.y + area.height - x - part.width)
            case 2:
                corner = (area.x + area.width - x - part.width, area.y + area.height - y - part.height)
            case _:
                corner = (area.x + area.width - y - part.height, area.y + x)
        turned = part.transpose(_TURNED[self.direction]) if self.direction else part
        if self._canvas is None:
            self._canvas = Image.new("1", (self._dots, MAX_HEIGHT), 1)
        self._canvas.paste(0, corner, ImageChops.invert(turned))  # dots add up
        self._bottom = max(self._bottom, area.y + area.height)

    def clear_area(self) -> None:
        """CAN: forget what stands in the area."""
        if self._canvas is not None:
            area = self.area
            self._canvas.paste(1, (area.x, area.y, area.x + area.width, area.y + area.height))
        self.texts, self.qr_codes, self.barcodes = [], [], []
        self.home()

    def picture(self) -> Image.Image | None:
        """Return the page down to the end of the lowest area that was used; None if nothing stands on it."""
        if self._canvas is None:
            return None
        return self._canvas.crop((0, 0, self._dots, self._bottom))
