"""Carries out the ESC/POS commands of a receipt printer: text into lines, lines and symbols onto paper or page.

Sources: as in `device_sim.receipt.language`, and those of the rooms beside this one. A command that a manual does not
describe, or that comes where it has no effect, is reported and never guessed at.
"""

from collections import deque
from dataclasses import replace
from enum import Enum, auto

from PIL import Image

from device_sim.receipt import characters, language, status
from device_sim.receipt.barcodes import BadData, System, encode
from device_sim.receipt.drawing import Line, barcode_picture
from device_sim.receipt.glyphs import Style, glyph
from device_sim.receipt.graphics import Graphics
from device_sim.receipt.language import Token
from device_sim.receipt.mechanism import Mechanism, Presenter
from device_sim.receipt.page import Area, Page
from device_sim.receipt.pictures import NvMemory, enlarged, from_columns
from device_sim.receipt.qr import QrCode
from device_sim.receipt.reports import Refused, Report
from device_sim.receipt.settings import DOTS_PER_INCH, TAB_COLUMNS, Settings
from device_sim.receipt.status import AutomaticStatus, Maker
from device_sim.receipt_paper import LINE_SPACING, blank

MOST_REPORTS = 256
_SHOWN = 32  # bytes of a command in a report
_NO_EFFECT = frozenset(  # buttons, drawer, paper sensors that signal, auto line feed: nothing of them shows
    ("NUL", "CR", "DLE EOT", "DLE ENQ", "DLE DC4", "ESC c 3", "ESC c 5", "ESC p")
)


class Step(Enum):
    """What came of the next command: done, more bytes are needed, or it must be tried again after a recovery."""

    DONE = auto()
    STARVED = auto()
    STUCK = auto()


class Interpreter:
    """Takes bytes with `load` and carries out one command with each `step`; `answers` is what it has to say."""

    def __init__(self, mechanism: Mechanism, auto_status: AutomaticStatus, maker: Maker, nv: NvMemory) -> None:
        self.reports: deque[Report] = deque(maxlen=MOST_REPORTS)
        self.answers = bytearray()
        self._mechanism = mechanism
        self._auto_status = auto_status
        self._maker = maker
        self._graphics = Graphics(nv)
        self._work = bytearray()
        self._at = 0
        self.power_up()

    def power_up(self) -> None:
        """Forget all but what is in the NV memory."""
        self.answers.clear()
        self._graphics.power_up()
        self.clear()
        self._at = 0
        self._initialize()

    def clear(self, unread: int = 0) -> None:
        """Forget what came and was not printed, and skip `unread` bytes that never got here; settings stay."""
        self._at += len(self._work) + unread
        self._work.clear()
        self._line = Line()
        self._page: Page | None = None
        self._lead: int | None = None
        self._graphics.clear()

    def _initialize(self) -> None:
        self._settings = Settings()
        self._line = Line()
        self._page = None
        self._graphics.initialize()
        self._qr = QrCode()
        self._direction = 0
        self._page_area: Area | None = None
        self._selected = True
        self._auto_status.off()

    @property
    def pending(self) -> int:
        """How many bytes wait for their command's end or for their turn."""
        return len(self._work)

    @property
    def stops_near_end(self) -> bool:
        """Whether ESC c 4 makes the printer stop when the roll is nearly used up."""
        return self._settings.stops_near_end

    def load(self, data: bytes) -> None:
        """Take what was received."""
        self._work += data

    def step(self) -> Step:
        """Carry out the next command."""
        if self._work and self._graphics.takes(self._work[0]):
            self._drop(1)
            self._collect()
            return Step.DONE
        token = language.read(self._work, self._at, line_empty=self._page is not None or self._line.empty)
        if token is None:
            return Step.STARVED
        if token.name != "TEXT" and self._lead is not None:
            self._lead = None
            self._character(characters.SUBSTITUTE, double=False)
        try:
            if not self._execute(token):
                return Step.STUCK
        except Refused as refusal:
            self._report(token, str(refusal))
        self._drop(len(token.raw))
        self._collect()
        return Step.DONE

    def _collect(self) -> None:
        self.answers += self._graphics.answers
        self._graphics.answers.clear()

    def _drop(self, size: int) -> None:
        del self._work[:size]
        self._at += size

    def _report(self, token: Token, reason: str) -> None:
        where = "page" if self._page is not None else "line start" if self._line.empty else "line"
        self.reports.append(Report(token.at, token.raw[:_SHOWN], where, reason))

    # -- one command ---------------------------------------------------------------------------------------

    def _execute(self, token: Token) -> bool:  # noqa: C901, PLR0912  (one group of commands a branch)
        """Do what a command says and return True; False if it must be tried again after a recovery."""
        name, p = token.name, token.parameters
        if name == "ESC =":
            self._selected = bool(p[0] & 1)
        elif not self._selected:
            pass
        elif name == "TEXT":
            self._text(token.raw)
        elif not name:
            raise Refused(token.fault)
        elif name in _NO_EFFECT or self._settings.change(name, p):
            pass
        elif name in ("GS V", "ESC i", "ESC m"):
            return self._cut(name, p)
        elif name in ("GS e", "GS R"):
            self._eject(name, p)
        elif name == "GS k":
            self._barcode(token)
        elif name == "ESC *":
            self._bit_image_line(p)
        elif name in ("GS v 0", "GS *", "GS /", "FS q", "FS p"):
            picture = self._graphics.bit_image(name, p)
            if picture is not None:
                self._put_picture(picture)
        elif name.startswith("GS (") or name == "GS 8 L":
            self._function(name, p)
        elif not (
            self._line_command(name, p)
            or self._position(name, p)
            or self._page_command(name, p)
            or self._question(name, p)
        ):
            raise Refused("out of range, or not simulated")
        return True

    def _line_command(self, name: str, p: bytes) -> bool:  # noqa: C901, PLR0912  (one line a command)
        settings = self._settings
        match name:
            case "LF":
                self._new_line()
            case "ESC d":
                self._feed_lines(p[0])
            case "ESC J":
                self._new_line(self._down(p[0]))
            case "ESC @":
                self._initialize()
            case "ESC 2" | "ESC 3":
                spacing = LINE_SPACING if name == "ESC 2" else self._down(p[0])
                if self._page is None:
                    settings.line_spacing = spacing
                else:
                    settings.page_line_spacing = spacing
            case "ESC SP":
                settings.right_space = self._along(p[0])
            case "FS S":
                settings.double_spaces = (self._along(p[0]), self._along(p[1]))
            case "FS &" | "FS .":
                settings.kanji = name == "FS &"
            case "ESC a" if p[0] in (0, 1, 2, 48, 49, 50):
                self._at_line_start()
                settings.justification = p[0] % 48
            case "ESC {":
                self._at_line_start()
                settings.upside_down = bool(p[0] & 1)
            case "ESC c 4":
                settings.stops_near_end = bool(p[0] & 0x03)
            case _:
                return False
        return True

    # -- text ----------------------------------------------------------------------------------------------

    def _text(self, data: bytes) -> None:
        settings = self._settings
        for byte in data:
            lead, self._lead = self._lead, None
            if lead is not None:
                double = characters.double(lead, byte)
                if double is not None:
                    self._character(double, double=True)
                    continue
                self._character(characters.SUBSTITUTE, double=False)
            if settings.kanji and characters.is_lead(byte):
                self._lead = byte
            else:
                self._character(characters.single(byte, settings.code_page, settings.international), double=False)

    def _character(self, character: str, *, double: bool) -> None:
        """Put a character in the line; a line that is full is printed, as a printer does."""
        settings = self._settings
        style = settings.double if double else settings.single
        before, after = settings.double_spaces if double else (0, settings.right_space)
        if self._page is not None:
            flat = glyph(character, _unturned(style), double=double)
            self._page.x += before * style.width
            self._page.put(flat, settings.page_line_spacing, text=character)
            self._page.x += after * style.width
            return
        picture = glyph(character, style, double=double)
        if self._line.x and self._line.x + picture.width > self._width:
            self._new_line()
        self._line.put(picture, character, before * style.width, after * style.width)

    @property
    def _width(self) -> int:
        room = self._mechanism.dots - self._settings.left_margin
        return max(1, min(room, self._settings.area_width or room))

    @property
    def _room(self) -> int:
        """How many dots a line has, on paper or page."""
        return self._width if self._page is None else self._page.along

    @property
    def _here(self) -> int:
        return self._line.x if self._page is None else self._page.x

    def _along(self, units: int) -> int:
        """Return dots along the line for so many motion units (GS P)."""
        return units * DOTS_PER_INCH // self._settings.units[self._sideways]

    def _down(self, units: int) -> int:
        """Return dots from line to line for so many motion units."""
        return units * DOTS_PER_INCH // self._settings.units[1 - self._sideways]

    @property
    def _sideways(self) -> int:
        return self._page.direction % 2 if self._page is not None else 0

    def _new_line(self, spacing: int | None = None) -> None:
        settings = self._settings
        if self._page is not None:
            self._page.new_line(settings.page_line_spacing if spacing is None else spacing)
            return
        line, self._line = self._line, Line()
        text = line.text
        strip = line.strip(
            self._mechanism.dots,
            settings.left_margin,
            self._width,
            settings.justification,
            settings.line_spacing if spacing is None else spacing,
            upside_down=settings.upside_down,
        )
        self._mechanism.advance(strip, (text,) if spacing is None or text else ())

    def _feed_lines(self, lines: int) -> None:
        if self._page is not None:
            self._page.new_line(lines * self._settings.page_line_spacing)
            return
        if not self._line.empty:
            self._new_line()
            lines -= 1
        if lines > 0:
            self._mechanism.advance(lines * self._settings.line_spacing)

    def _at_line_start(self) -> None:
        if self._page is None and not self._line.empty:
            raise Refused("has an effect at the beginning of a line only")

    # -- where things go -------------------------------------------------------------------------------------

    def _position(self, name: str, p: bytes) -> bool:  # noqa: C901, PLR0912  (one line a command)
        settings = self._settings
        n = int.from_bytes(p[:2], "little")
        signed = n - 0x10000 if n >= 0x8000 else n
        match name:
            case "HT":
                self._tab()
            case "ESC D":
                single = settings.single
                cell = single.font.value[0] * single.width + settings.right_space
                settings.tabs = tuple(column * cell for column in p if column)
            case "ESC $":
                self._go(self._along(n))
            case "ESC \\":
                self._go(self._here + self._along(signed))
            case "GS T" if p[0] in (0, 1, 48, 49):
                if self._page is None and p[0] % 48 == 0:
                    self._line = Line()
                elif self._page is None:
                    self._new_line()
                else:
                    self._page.x = 0
            case "GS L":
                self._at_line_start()
                if self._along(n) >= self._mechanism.dots:
                    raise Refused("margin is wider than the paper")
                settings.left_margin = self._along(n)
            case "GS W":
                self._at_line_start()
                settings.area_width = self._along(n)
            case "GS P":
                settings.units = (p[0] or DOTS_PER_INCH, p[1] or DOTS_PER_INCH)
            case _:
                return False
        return True

    def _go(self, x: int) -> None:
        page = self._page
        if not 0 <= x < self._room:
            raise Refused("position is outside the printing area")
        if page is not None:
            page.x = x
        else:
            self._line.go(x)

    def _tab(self) -> None:
        here, tabs = self._here, self._settings.tabs
        if tabs is None:
            step = TAB_COLUMNS * self._settings.single.font.value[0]
            target = (here // step + 1) * step
        else:
            target = next((tab for tab in tabs if tab > here), -1)
        if target < 0:
            raise Refused("no tab position behind this")
        if target >= self._room:
            self._new_line()
        else:
            self._go(target)

    # -- page mode -------------------------------------------------------------------------------------------

    def _page_command(self, name: str, p: bytes) -> bool:
        match name:
            case "ESC L":
                self._enter_page()
            case "ESC T" if p[0] in (0, 1, 2, 3, 48, 49, 50, 51):
                self._direction = p[0] % 48
                if self._page is not None:
                    self._page.turn(self._direction)
            case "ESC W":
                x, y, width, height = (int.from_bytes(p[i : i + 2], "little") for i in (0, 2, 4, 6))
                along, down = (DOTS_PER_INCH / unit for unit in self._settings.units)
                area = Area(int(x * along), int(y * down), int(width * along), int(height * down))
                if not Page(self._mechanism.dots).use(area):
                    raise Refused("area is outside the page")
                self._page_area = area
                if self._page is not None:
                    self._page.use(area)
            case "FF" | "ESC FF" | "CAN" | "ESC S" | "GS $" | "GS \\":
                self._in_page(name, int.from_bytes(p, "little"))
            case _:
                return False
        return True

    def _enter_page(self) -> None:
        self._at_line_start()
        if self._page is not None:
            raise Refused("in page mode already")
        self._page = Page(self._mechanism.dots)
        self._page.direction = self._direction
        if self._page_area is not None:
            self._page.use(self._page_area)
        self._page.home()

    def _in_page(self, name: str, n: int) -> None:
        page = self._page
        if page is None:
            raise Refused("has an effect in page mode only")
        match name:
            case "CAN":
                page.clear_area()
            case "GS $" | "GS \\":
                page.move_down(self._down(n - 0x10000 if n >= 0x8000 and name == "GS \\" else n), name == "GS $")
            case _:
                if name != "ESC S":
                    self._print_page(page)
                if name != "ESC FF":
                    self._page = None
                    self._page_area = None

    def _print_page(self, page: Page) -> None:
        picture = page.picture()
        if picture is not None:
            self._mechanism.advance(picture, page.texts, page.qr_codes, page.barcodes)

    # -- pictures --------------------------------------------------------------------------------------------

    def _bit_image_line(self, p: bytes) -> None:
        """ESC *: part of a line, eight or 24 dots high; what has no room is lost."""
        columns = int.from_bytes(p[1:3], "little")
        fine = p[0] >= 32
        picture = from_columns(columns, 24 if fine else 8, p[3:])
        picture = enlarged(picture, 1 if p[0] in (1, 33) else 2, 1 if fine else 3)
        if self._page is not None:
            self._page.put(picture, self._settings.page_line_spacing)
            return
        room = self._width - self._line.x
        if room > 0:
            self._line.put(picture.crop((0, 0, min(room, picture.width), picture.height)), "")

    def _put_picture(self, picture: Image.Image, qr_code: str | None = None) -> None:
        """Print a picture on lines of its own, or put it on the page."""
        codes = () if qr_code is None else (qr_code,)
        if self._page is not None:
            self._page.put(picture, self._settings.page_line_spacing)
            self._page.qr_codes += codes
            return
        self._at_line_start()
        self._mechanism.advance(self._placed(picture), (), codes)
        self._line = Line()

    def _placed(self, picture: Image.Image) -> Image.Image:
        """Return a strip of paper with a picture where margin, position and justification put it."""
        settings, start = self._settings, self._line.x
        strip = blank(self._mechanism.dots, picture.height)
        room = self._width - start
        inside = picture.crop((0, 0, min(room, picture.width), picture.height)) if room > 0 else None
        if inside is not None:
            if settings.upside_down:
                inside = inside.transpose(Image.Transpose.ROTATE_180)
            spare = (room - inside.width) * settings.justification // 2
            strip.paste(inside, (settings.left_margin + start + spare, 0))
        return strip

    # -- barcodes --------------------------------------------------------------------------------------------

    def _barcode(self, token: Token) -> None:
        """GS k. Data that make no symbol feed its height at most, and what follows them is text (HPRT TP80K p68)."""
        m, data = token.parameters[0], token.parameters[1:]
        first = 1
        if m <= 6:
            m, data = m + 65, data[:-1] if data.endswith(b"\0") else data
        else:
            first, data = 2, data[1:]
        if m > System.GS1_128.value:
            raise Refused("GS1 DataBar is not simulated")
        settings = self._settings
        try:
            barcode = encode(System(m), data)
        except BadData as bad:
            if bad.good and self._page is None:
                self._mechanism.advance(settings.barcode_height)
            rest = token.raw[3 + first - 1 + bad.good : 3 + first - 1 + len(data)]
            self._work[len(token.raw) : len(token.raw)] = rest
            self._at -= len(rest)
            raise Refused(f"GS k: {bad}") from None
        picture, below = barcode_picture(
            barcode, settings.barcode_module, settings.barcode_height, settings.hri_position, settings.hri_font
        )
        code = (barcode.system.name, barcode.hri)
        if self._page is not None:
            self._page.put(picture, settings.page_line_spacing, below)
            self._page.barcodes.append(code)
            return
        if picture.width > self._width - self._line.x:
            self._mechanism.advance(picture.height)
            raise Refused("GS k: wider than the printing area")
        self._mechanism.advance(self._placed(picture), (), (), (code,))
        self._line = Line()

    # -- functions: GS ( and GS 8 ------------------------------------------------------------------------------

    def _function(self, name: str, p: bytes) -> None:
        p = p[4:] if name == "GS 8 L" else p[2:]
        match name[-1], p[:1]:
            case "L", b"0" if len(p) >= 2:
                picture = self._graphics.function(p[1], p[2:])
                if picture is not None:
                    self._put_picture(picture)
                    if p[1] in (2, 50):
                        self._graphics.printed()
            case "k", b"1" if len(p) >= 2:
                self._qr_code(p[1], p[2:])
            case "k", b"0":
                raise Refused("PDF417 is not simulated")
            case "H", b"0" if len(p) == 6 and p[1] == 0x30 and all(0x20 <= byte <= 0x7E for byte in p[2:]):
                self.answers += b"\x37\x22" + p[2:] + b"\0"  # in its turn: all before it is printed
            case "A", _ if len(p) == 2 and p[0] in (0, 1, 2, 48, 49, 50) and p[1] in (2, 3, 50, 51):
                self._test_print(p[1] % 48)
            case _:
                raise Refused("function is unknown or not simulated")

    def _qr_code(self, fn: int, p: bytes) -> None:
        code = self._qr
        if fn == 82 and p == b"0":
            self._at_line_start()
            self.answers += code.size_answer(self._room)
        elif fn == 81 and p == b"0":
            picture = code.picture()
            if picture is None:
                raise Refused("there is no such QR code")
            if picture.width > self._room:
                raise Refused("QR code is wider than the printing area")
            self._put_picture(picture, code.data.decode("utf-8", "replace"))
        else:
            code.change(fn, p)

    def _test_print(self, pattern: int) -> None:
        """GS ( A: a status print or a rolling pattern; then the printer cuts and begins anew."""
        self._at_line_start()
        self._initialize()
        maker = self._maker
        status_print = [maker.maker, maker.model, f"Firmware {maker.firmware}", f"Serial {maker.serial}"]
        printable = "".join(map(chr, range(0x20, 0x7F))) * 2
        rolling = [printable[i : i + self._width // 12] for i in range(16)]
        for line in status_print if pattern == 2 else rolling:
            for character in line:
                self._character(character, double=False)
            self._new_line()
        self._mechanism.cut(partial=True, feed=0)

    # -- answers, knife and presenter --------------------------------------------------------------------------

    def _question(self, name: str, p: bytes) -> bool:
        answer: bytes | None = None
        match name:
            case "GS a":
                answer = self._auto_status.choose(p[0])
            case "GS r":
                answer = status.transmitted(self._mechanism.status, p[0])
            case "ESC v":
                answer = status.transmitted(self._mechanism.status, 1)
            case "GS I":
                answer = status.information(self._maker, p[0])
        if answer is None:
            return False
        self.answers += answer
        return True

    def _cut(self, name: str, p: bytes) -> bool:
        mechanism = self._mechanism
        self._at_line_start()
        if name != "GS V":  # ESC i is partial at Epson's, total at a KPM210 (p50)
            return mechanism.cut(partial=name == "ESC m" or mechanism.presenter is not Presenter.GS_E)
        m = p[0]
        if m in (97, 98):
            mechanism.reserve_cut(self._down(p[1]), partial=m == 98)
            return True
        feed = self._down(p[1]) if m >= 65 else None
        return mechanism.cut(partial=m in (1, 49, 66, 104), feed=feed, back=m in (103, 104))

    def _eject(self, name: str, p: bytes) -> None:
        mechanism = self._mechanism
        if mechanism.presenter is None or mechanism.presenter.value != name:
            raise Refused("there is no such presenter")
        match name, p[0]:
            case ("GS e", 2) | ("GS R", 0x30):
                mechanism.retract()
            case "GS R", _ if p[1] <= 9:
                mechanism.retract_after_s = p[1]
            case "GS e", 3 | 5:
                mechanism.present()
            case "GS e", 6:
                self.answers.append(mechanism.presenter_status)
            case _:
                raise Refused(f"{name}: out of range, or not simulated")


def _unturned(style: Style) -> Style:
    """ESC V has no effect in page mode (HPRT TP80K p8)."""
    return replace(style, turned=False) if style.turned else style
