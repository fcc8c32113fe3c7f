"""A simulated ESC/POS receipt printer that renders what it prints; written from the manuals named in `wire.escpos`."""

import threading
from collections import deque
from dataclasses import dataclass, replace

import segno
from PIL import Image

from device_sim.receipt_paper import (
    CELL,
    LINE_SPACING,
    Paper,
    PrintedReceipt,
    Style,
    blank,
    picture_strip,
    text_line,
)
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from kiosk_core.clock import Clock
from wire import escpos, escpos_status, usb_printer
from wire.escpos import Command, InformationKind, StatusKind, Unknown
from wire.escpos_status import AutoStatus, ErrorCause, OfflineCause, PaperStatus, PrinterStatus

RECEIVE_BUFFER = 64 * 1024  # bytes; without a handshake on the line more are lost
NEAR_END_DOTS = 8000  # one metre of paper
HEAD_TO_KNIFE = 96  # dots between print head and knife, what GS V 65/66 feeds first


@dataclass(frozen=True)
class Condition:
    """What a person did to the printer, or did not notice. `cutter_stuck` shows at the next cut."""

    powered: bool = True
    paper_out: bool = False
    paper_near_end: bool = False
    cover_open: bool = False
    cutter_stuck: bool = False
    head_hot: bool = False
    offline: bool = False


@dataclass(frozen=True)
class Pace:
    """How fast paper moves: `dots_per_s` (200 mm/s is 1600) on `clock`."""

    clock: Clock
    dots_per_s: float


@dataclass(frozen=True)
class Maker:
    """What the printer says to GS I and GET_DEVICE_ID."""

    maker: str = "OpenTeller"
    model: str = "SIM-80"
    firmware: str = "1.00"
    serial: str = "SIM0000001"


_PLAIN = Style()
_NO_AUTO_STATUS = escpos.AutoStatusBack()


@dataclass
class _Settings:
    """What ESC @ brings back to its beginning."""

    justification: int = 0
    ascii_style: Style = _PLAIN
    chinese_style: Style = _PLAIN
    kanji: bool = True  # Chinese models begin in Kanji mode (HCC POS80B p49)
    code_page: int = 0
    auto_status: escpos.AutoStatusBack = _NO_AUTO_STATUS
    qr_model: int = 2
    qr_dots: int = 3
    qr_level: escpos.QrLevel = escpos.QrLevel.L
    qr_data: bytes = b""

    def change(self, command: Command | Unknown) -> bool:  # noqa: C901  (one line a command)
        """Take over what `command` sets; return False where it is no setting."""
        match command:
            case escpos.Emphasis(on):
                self.ascii_style = replace(self.ascii_style, bold=on)
                self.chinese_style = replace(self.chinese_style, bold=on)
            case escpos.PrintMode(_, bold, high, wide, underline):
                self.ascii_style = Style(1 + wide, 1 + high, bold, underline)
            case escpos.CharacterSize(width, height):
                self.ascii_style = replace(self.ascii_style, width=width, height=height)
                self.chinese_style = replace(self.chinese_style, width=width, height=height)
            case escpos.KanjiOn() | escpos.KanjiOff():
                self.kanji = isinstance(command, escpos.KanjiOn)
            case escpos.KanjiMode(wide, high, underline):
                self.chinese_style = Style(1 + wide, 1 + high, self.chinese_style.bold, underline)
            case escpos.CodePage(page):
                self.code_page = page
            case escpos.QrModel(model):
                self.qr_model = model
            case escpos.QrModuleSize(dots):
                self.qr_dots = dots
            case escpos.QrCorrection(level):
                self.qr_level = level
            case escpos.QrStore(data):
                self.qr_data = data
            case _:
                return False
        return True


class SimulatedReceiptPrinter:
    """A `device_sim.serial.device.SerialDevice`: bytes in, answers out, paper in `receipts`.

    It obeys real-time commands at once and everything else in its turn, and only while it is on-line: what comes
    meanwhile waits in its buffer and is printed once paper is back. Whatever had no effect is in `ignored`.
    """

    def __init__(self, dots: int = 576, pace: Pace | None = None, maker: Maker | None = None) -> None:
        self.receipts: list[PrintedReceipt] = []
        self.ignored: list[Command | Unknown] = []
        self._maker = maker or Maker()
        self._lock = threading.RLock()
        self._pace = pace
        self._paper = Paper(dots)
        self._paper_dots: int | None = None
        self._condition = Condition()
        self._power_up()

    # -- what a person does ------------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """How the printer stands; set it to open the cover, take out the paper and so on."""
        with self._lock:
            return self._condition

    @condition.setter
    def condition(self, condition: Condition) -> None:
        with self._lock:
            if self._condition.powered and not condition.powered:
                self._power_up()
            self._condition = condition
            self._begin_now()
            self._push_auto_status()

    def load_paper(self, dots: int | None = None) -> None:
        """Put in a roll of `dots` (8 a millimetre), None = endless, and close the case of paper out."""
        with self._lock:
            self._paper_dots = dots
            self.condition = replace(self._condition, paper_out=False, paper_near_end=False)

    def take_receipt(self) -> PrintedReceipt:
        """Take the oldest receipt out of the slot. Raises IndexError when there is none."""
        with self._lock:
            return self.receipts.pop(0)

    def power_cycle(self) -> None:
        """Switch off and on: buffers and settings are gone, the paper stays as it is."""
        with self._lock:
            self._power_up()

    def drop_buffers(self) -> None:
        """Forget what was received and not printed; settings stay."""
        with self._lock:
            self._scanner = escpos.RealTimeScanner()
            self._clear_buffers()

    # -- the line ----------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what the printer answers at once."""
        with self._lock:
            if not self._condition.powered:
                return b""
            self._work()
            begin = 0
            for end, command in self._scanner.feed(data):
                self._store(data[begin:end])
                self._obey_at_once(command)
                begin = end
            self._store(data[begin:])
            return self.idle()

    def idle(self) -> bytes:
        """Go on with the work and return what there is to say."""
        with self._lock:
            if not self._condition.powered:
                return b""
            self._work()
            self._push_auto_status()
            answers = bytes(self._outbox)
            self._outbox.clear()
            return answers

    @property
    def port_status(self) -> usb_printer.PortStatus:
        """What GET_PORT_STATUS tells."""
        with self._lock:
            status = self._status
            return usb_printer.PortStatus(status.end, not status.offline, status.cutter or status.recovers_itself)

    @property
    def maker(self) -> Maker:
        """What the printer says it is."""
        return self._maker

    # -- inside ------------------------------------------------------------------------------------------

    def _power_up(self) -> None:
        self._scanner = escpos.RealTimeScanner()
        self._deframer = escpos.CommandDeframer()
        self._buffer = bytearray()
        self._commands: deque[Command | Unknown] = deque()
        self._outbox = bytearray()
        self._cutter_error = False
        self._busy_until = 0.0
        self._settings = _Settings()
        self._line: list[tuple[str, Style]] = []
        self._lead: int | None = None
        self._told: AutoStatus | None = None

    def _store(self, data: bytes) -> None:
        if not self._commands and not self._buffer:
            self._begin_now()
        self._buffer += data[: RECEIVE_BUFFER - len(self._buffer)]

    def _clear_buffers(self) -> None:
        self._buffer.clear()
        self._commands.clear()
        self._deframer.reset()
        self._line.clear()
        self._lead = None

    def _obey_at_once(self, command: escpos.RealTimeCommand) -> None:
        match command:
            case escpos.AskStatus(kind):
                self._outbox += escpos_status.encode_status(self._answer_to(kind))
            case escpos.Recover(recovery) if self._cutter_error and not self._condition.cutter_stuck:
                self._cutter_error = False
                if recovery is escpos.Recovery.CLEAR:
                    self._clear_buffers()
            case escpos.Recover():
                pass
            case escpos.ClearBuffers():
                self._clear_buffers()
                self._cutter_error = self._cutter_error and self._condition.cutter_stuck
                self._outbox += escpos_status.CLEAR_RESPONSE

    @property
    def _status(self) -> AutoStatus:
        now = self._condition
        return AutoStatus(
            offline=self._stopped,
            cover_open=now.cover_open,
            cutter=self._cutter_error,
            recovers_itself=now.head_hot,
            near_end=now.paper_near_end or now.paper_out or self._nearly_used_up,
            end=now.paper_out,
        )

    @property
    def _nearly_used_up(self) -> bool:
        return self._paper_dots is not None and self._paper_dots < NEAR_END_DOTS

    @property
    def _stopped(self) -> bool:
        now = self._condition
        return now.paper_out or now.cover_open or now.offline or now.head_hot or self._cutter_error

    def _answer_to(self, kind: StatusKind) -> escpos_status.RealTimeStatus:
        status = self._status
        match kind:
            case StatusKind.PRINTER:
                return PrinterStatus(offline=status.offline)
            case StatusKind.OFFLINE_CAUSE:
                error = status.cutter or status.recovers_itself
                return OfflineCause(status.cover_open, stopped_on_paper_end=status.end, error=error)
            case StatusKind.ERROR_CAUSE:
                return ErrorCause(cutter=status.cutter, recovers_itself=status.recovers_itself)
            case StatusKind.PAPER:
                return PaperStatus(status.near_end, status.end)

    def _push_auto_status(self) -> None:
        """Send the ASB frame if an item that GS a chose has changed."""
        chosen, now, told = self._settings.auto_status, self._status, self._told
        if told is None:
            return
        changed = (
            (chosen.online and (now.offline, now.cover_open) != (told.offline, told.cover_open))
            or (chosen.error and (now.cutter, now.recovers_itself) != (told.cutter, told.recovers_itself))
            or (chosen.paper and (now.near_end, now.end) != (told.near_end, told.end))
        )
        if changed:
            self._tell_auto_status()

    def _tell_auto_status(self) -> None:
        self._told = self._status
        self._outbox += escpos_status.encode_auto_status(self._told)

    def _work(self) -> None:
        """Execute what has come, as far as state and pace allow."""
        while not self._stopped and not self._busy:
            if not self._commands:
                if not self._buffer:
                    return
                self._commands.extend(self._deframer.feed(bytes(self._buffer)))
                self._buffer.clear()
                continue
            if not self._execute(self._commands[0]):
                return
            self._commands.popleft()

    @property
    def _busy(self) -> bool:
        return self._pace is not None and self._pace.clock.now() < self._busy_until

    def _begin_now(self) -> None:
        """Let the time of the next movement count from now: there was nothing to do, or no way to do it."""
        if self._pace is not None:
            self._busy_until = max(self._busy_until, self._pace.clock.now())

    def _execute(self, command: Command | Unknown) -> bool:  # noqa: C901, PLR0912  (one line a command)
        """Do what `command` says and return True; False if it must be tried again after a recovery."""
        if not isinstance(command, escpos.Text) and self._lead is not None:
            self._lead = None
            self._character("?")
        if self._settings.change(command):
            return True
        match command:
            case escpos.Text(data):
                self._text(data)
            case escpos.LineFeed():
                self._print_line()
            case escpos.FeedLines(lines):
                self._feed(lines)
            case escpos.Initialize():
                self._line.clear()
                self._settings = _Settings()
                self._told = None
            case escpos.AutoStatusBack():
                self._settings.auto_status = command
                self._told = None
                if command != _NO_AUTO_STATUS:
                    self._tell_auto_status()
            case escpos.AskInformation(kind):
                self._outbox += escpos_status.encode_information(self._information(kind))
            case escpos.AskIdByte(number):
                self._outbox.append(_ID_BYTES[number])
            case escpos.TransmitStatus(1):
                paper = PaperStatus(self._status.near_end, self._status.end)
                self._outbox += escpos_status.encode_transmitted_paper(paper)
            case escpos.TransmitStatus():
                self._outbox.append(0)
            case escpos.Justify() | escpos.Raster() | escpos.QrPrint() | escpos.Cut():
                return self._at_line_start(command)
            case Unknown():
                self.ignored.append(command)
            case _:
                pass  # a real-time command: obeyed when it arrived
        return True

    def _at_line_start(self, command: escpos.Justify | escpos.Raster | escpos.QrPrint | escpos.Cut) -> bool:
        """Do what works only with an empty line buffer (Epson ESC a, GS V; HPRT GS v 0)."""
        if self._line:
            self.ignored.append(command)
            return True
        match command:
            case escpos.Justify(justification):
                self._settings.justification = justification.value
            case escpos.Raster():
                self._advance(picture_strip(_raster_picture(command), self._paper.dots, self._settings.justification))
            case escpos.QrPrint():
                self._print_qr(command)
            case escpos.Cut():
                return self._cut(command)
        return True

    def _information(self, kind: InformationKind) -> str:
        match kind:
            case InformationKind.FIRMWARE:
                return self._maker.firmware
            case InformationKind.MAKER:
                return self._maker.maker
            case InformationKind.MODEL:
                return self._maker.model
            case InformationKind.SERIAL:
                return self._maker.serial

    def _text(self, data: bytes) -> None:
        for byte in data:
            lead, self._lead = self._lead, None
            if lead is not None:
                if byte in range(0x40, 0xFF) and byte != 0x7F:
                    self._character(bytes((lead, byte)).decode("gb18030", "replace"))
                    continue
                self._character("?")
            if self._settings.kanji and byte in range(0x81, 0xFF):
                self._lead = byte
            else:
                self._character(self._single_byte(byte))

    def _single_byte(self, byte: int) -> str:
        """Return the character of page 0, PC437; the other pages are not modelled."""
        if byte < 0x7F:
            return chr(byte)
        return bytes((byte,)).decode("cp437") if self._settings.code_page == 0 and byte != 0x7F else "?"

    def _character(self, character: str) -> None:
        """Put a character in the line; a line that is full is printed, as a printer does."""
        single = character < "\x80"
        style = self._settings.ascii_style if single else self._settings.chinese_style
        if _width(self._line) + _width([(character, style)]) > self._paper.dots:
            self._print_line()
        self._line.append((character, style))

    def _print_line(self) -> None:
        text = "".join(character for character, _ in self._line)
        strip = text_line(self._line, self._paper.dots, self._settings.justification)
        self._line = []
        self._advance(strip, text)

    def _feed(self, lines: int) -> None:
        if self._line:
            self._print_line()
            lines -= 1
        if lines > 0:
            self._advance(blank(self._paper.dots, lines * LINE_SPACING))

    def _print_qr(self, command: escpos.QrPrint) -> None:
        """Print the stored symbol; what does not fit or is not there is not printed (Epson TM-J2000 p559)."""
        settings = self._settings
        picture = _qr_picture(settings)
        if picture is None or picture.width > self._paper.dots:
            self.ignored.append(command)
            return
        strip = picture_strip(picture, self._paper.dots, settings.justification)
        self._advance(strip, qr_code=settings.qr_data.decode("utf-8", "replace"))

    def _cut(self, command: escpos.Cut) -> bool:
        if self._condition.cutter_stuck:
            self._cutter_error = True
            return False
        if command.feed is not None:
            self._move(HEAD_TO_KNIFE + command.feed)
        if self._paper.clean:
            self._paper.cut()  # a blank slip that nobody counts
        else:
            self.receipts.append(self._paper.cut())
        return True

    def _advance(self, strip: Image.Image, text: str | None = None, qr_code: str | None = None) -> None:
        self._paper.add(strip, text, qr_code)
        self._move(strip.height)

    def _move(self, dots: int) -> None:
        """Let paper pass: takes its time and uses up the roll."""
        if self._pace is not None:
            self._busy_until += dots / self._pace.dots_per_s
        if self._paper_dots is not None:
            self._paper_dots = max(0, self._paper_dots - dots)
            if self._paper_dots == 0:
                self._condition = replace(self._condition, paper_out=True)


# GS I 1 model, 2 type, 3 ROM version: Toshiba B-EP p590, Epson RP-U420 p63 (two-byte characters, autocutter), Toshiba.
_ID_BYTES = {1: 0x0C, 2: 0x03, 3: 0x41}


def _width(characters: list[tuple[str, Style]]) -> int:
    return sum((CELL // 2 if character < "\x80" else CELL) * style.width for character, style in characters)


def _raster_picture(raster: escpos.Raster) -> Image.Image:
    width, height = raster.width_bytes * 8, len(raster.rows) // raster.width_bytes
    picture = Image.frombytes("1", (width, height), bytes(byte ^ 0xFF for byte in raster.rows))
    wide = raster.scale in (escpos.RasterScale.DOUBLE_WIDTH, escpos.RasterScale.QUADRUPLE)
    high = raster.scale in (escpos.RasterScale.DOUBLE_HEIGHT, escpos.RasterScale.QUADRUPLE)
    return picture.resize((width * (1 + wide), height * (1 + high)), Image.Resampling.NEAREST)


def _qr_picture(settings: _Settings) -> Image.Image | None:
    if not settings.qr_data or settings.qr_model != 2:
        return None
    try:
        symbol = segno.make(settings.qr_data, error=settings.qr_level.name, micro=False, boost_error=False)
    except segno.DataOverflowError:
        return None
    side = len(symbol.matrix)
    picture = Image.new("1", (side, side), 1)
    picture.putdata([0 if module else 1 for row in symbol.matrix for module in row])
    return picture.resize((side * settings.qr_dots, side * settings.qr_dots), Image.Resampling.NEAREST)


# -- the same printer on USB -------------------------------------------------------------------------------

_OUT, _IN = 0x01, 0x82


class UsbReceiptPrinter:
    """A `device_sim.usb.device.UsbFunction`: the USB printer class around a simulated printer."""

    def __init__(self, printer: SimulatedReceiptPrinter, vendor_id: int = 0x04B8, product_id: int = 0x0E15) -> None:
        self._printer = printer
        self._answers = bytearray()
        maker = printer.maker
        endpoints = (Endpoint(_OUT, 2), Endpoint(_IN, 2))
        interface = Interface(
            usb_printer.INTERFACE_CLASS,
            usb_printer.INTERFACE_SUBCLASS,
            usb_printer.PROTOCOL_BIDIRECTIONAL,
            endpoints,
        )
        self._descriptor = Descriptor(vendor_id, product_id, maker.maker, maker.model, maker.serial, (interface,))

    @property
    def descriptor(self) -> Descriptor:
        """Its descriptors."""
        return self._descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Print. Raises Stall for another endpoint than 01."""
        if endpoint != _OUT:
            raise Stall
        self._answers += self._printer.receive(data)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Return answers, None where there are none. Raises Stall for another endpoint than 82."""
        if endpoint != _IN:
            raise Stall
        self._answers += self._printer.idle()
        if not self._answers:
            return None
        data = bytes(self._answers[:size])
        del self._answers[:size]
        return data

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Answer GET_DEVICE_ID, GET_PORT_STATUS and SOFT_RESET. Raises Stall."""
        maker = self._printer.maker
        match request_type, request, value, index:
            case (0xA1, 0, 0, 0):
                fields = {
                    "MFG": maker.maker,
                    "CMD": "ESC/POS",
                    "MDL": maker.model,
                    "CLS": "PRINTER",
                    "SN": maker.serial,
                }
                return usb_printer.encode_device_id(usb_printer.DeviceId(fields))[:length]
            case (0xA1, 1, 0, 0):
                return usb_printer.encode_port_status(self._printer.port_status)[:length]
            case (0x21, 2, 0, 0):
                self._answers.clear()
                self._printer.drop_buffers()
                return b""
            case _:
                raise Stall

    def power_cycle(self) -> None:
        """Lose the answers on their way; the printer has a power supply of its own and keeps its state."""
        self._answers.clear()
