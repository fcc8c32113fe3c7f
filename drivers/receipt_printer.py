"""Receipt printers that speak ESC/POS, over a serial port or the USB printer class alike."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from drivers.receipt_layout import Lack, Presenter, PrinterProfile, compose, cut, definition
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.receipt import Bitmap, Receipt
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media, Supply
from wire import escpos, escpos_graphics, escpos_status, usb_printer
from wire.errors import WireError
from wire.escpos import Command, InformationKind, StatusKind, encode
from wire.escpos_status import (
    Answer,
    AutoStatus,
    ClearResponse,
    Information,
    Noise,
    NvKeys,
    PaperStatus,
    Processed,
    RealTimeAnswer,
    TransmittedByte,
    decode_status,
)

T = TypeVar("T", bound=Answer)

BAUDRATE = 38_400  # where none is configured
ANSWER_S = 1.0  # a printer with nothing to do answers a real-time request in milliseconds
BUSY_ANSWER_S = 10.0  # behind a full buffer of the operating system: 4 KiB take 4.3 s at 9600 Bd
QUESTIONS_S = 15.0  # an operation that prints nothing ends within this
PRINT_S = 60.0  # from the first byte of a receipt to the cut; `print` ends within CLEARING_S more
CLEARING_S = BUSY_ANSWER_S + ANSWER_S
POLL_S = 0.2  # how often the printer is asked for faults while it prints
RECOVERY_S = 10.0  # between two attempts to make the cutter move again
QUIET_S = 0.3  # a line on which nothing comes for so long has no late answer on it
NV_WRITE_S = 3.0  # how long a printer that writes its memory is left alone; no manual gives the time
_READ = 256
_QUESTIONS = {kind: encode(escpos.AskStatus(kind)) for kind in StatusKind}
_LOOKS = 3  # how often the four questions are asked until no answer is left over

_STATE_OF_FAULT = {
    Fault.COVER_OPEN: DeviceState.USER_ERROR,
    Fault.PAPER_OUT: DeviceState.USER_ERROR,
    Fault.CUTTER_STUCK: DeviceState.HARDWARE_ERROR,
    Fault.PRINTER_ERROR: DeviceState.HARDWARE_ERROR,
}

_SPOILS_A_DONE_RECEIPT = (Fault.CUTTER_STUCK, Fault.PRINTER_ERROR)


@dataclass(frozen=True)
class _Look:
    """All that a printer said about itself, in one go."""

    offline: bool
    near_end: bool
    mendable: bool  # DLE ENQ may bring it back
    recovers_itself: bool
    faults: tuple[Fault, ...]  # the one to mend first comes first
    knows_paper: bool = True
    presented: bool | None = None  # a receipt in the presenter; None where the model does not tell


class EscPosPrinter:
    """A `kiosk_core.ports.ReceiptPrinter` over an open transport.

    One thread uses it. What was half printed before this object existed, or when a receipt failed, is cut off before
    the next receipt, and what the printer still held of it is forgotten: nobody gets a piece of another's receipt.
    """

    def __init__(self, name: str, transport: Transport, profile: PrinterProfile, clock: Clock) -> None:
        self._name = name
        self._transport = transport
        self._profile = profile
        self._clock = clock
        self._deframer = escpos_status.AnswerDeframer()
        self._inbox: deque[Answer] = deque()
        self._status: DeviceStatus | None = None
        self._looked: _Look | None = None  # what the status was made of
        self._counters = Counters()
        self._paper_is_clean = False
        self._clears: bool | None = None if Lack.CLEARING not in profile.lacks else False  # None: not known yet
        self._next_recovery = clock.now()
        self._within_s = 0.0  # how long the operation that is going on may take
        self._until = clock.now()  # when it has to end
        self._pushed: AutoStatus | None = None  # the newest status that came unasked
        self._left_over = False  # more DLE EOT were answered than asked
        self._in_step = True  # no late answer can be on the line
        self._owed = 0  # answers to GS r that are still to come
        self._paper: PaperStatus | None = None  # what the newest of them said
        self._marks = int(clock.wall().timestamp() * 1000)
        self._mark = ""
        self._marked = False  # the mark has come back
        self._stored: dict[Bitmap, str] = {}
        self._has_defined = False

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def identify(self) -> Identity:
        """Return maker, model, firmware and serial number; what the printer does not tell stays empty.

        Raises:
            DeviceUnavailable: unplugged, or it does not answer.
            ProtocolViolation: its USB device id is malformed.
        """
        self._begin(QUESTIONS_S)
        if Lack.REAL_TIME_STATUS not in self._profile.lacks:
            self._ask(StatusKind.PRINTER, ANSWER_S)
        maker, model, serial = self._device_id()
        told = self._information(InformationKind.MODEL)
        if told is None:  # an old printer, or one that is off-line and executes nothing
            return Identity(f"{maker} {model}".strip() or self._profile.model, serial=serial)
        maker = self._information(InformationKind.MAKER) or maker
        firmware = self._information(InformationKind.FIRMWARE) or ""
        return Identity(f"{maker} {told}".strip(), firmware, self._information(InformationKind.SERIAL) or serial)

    def status(self) -> DeviceStatus:
        """Ask DLE EOT 1 to 4 and return faults and `supplies["paper"]`; a presenter shows in `media`.

        A cutter that was freed needs DLE ENQ 2 to move again: it is sent here, at most every RECOVERY_S. A model
        without DLE EOT is asked by GS a, one without that by GS r; what it does not tell is UNKNOWN.

        Raises:
            DeviceUnavailable: unplugged, or a question stays unanswered for ANSWER_S.
            ProtocolViolation: it goes on answering more than it is asked.
        """
        self._begin(QUESTIONS_S)
        look = self._recovered(self._look(ANSWER_S))
        if self._status is not None and look is self._looked:
            return self._status
        self._looked = look
        if look.faults:
            state = _STATE_OF_FAULT[look.faults[0]]
        else:
            state = DeviceState.OFFLINE if look.offline else DeviceState.ONLINE
        status = DeviceStatus(
            self._name,
            state,
            self._clock.wall(),
            frozenset(look.faults),
            {"paper": _paper_supply(look)},
            media=None if look.presented is None else Media.PRESENT if look.presented else Media.NOT_PRESENT,
            detail="pauses and recovers by itself" if look.recovers_itself else "",
        )
        if status != self._status:
            self._status = status
        return self._status

    def self_test(self) -> DeviceStatus:
        """Return the status with what the printer says it is as `detail`; no paper is used up.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ProtocolViolation: as `identify` and `status`.
        """
        identity = self.identify()
        status = self.status()
        told = f"{identity.model} {identity.firmware}".strip()
        return replace(status, detail=", ".join(each for each in (status.detail, told) if each))

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a receipt that was cut, a jam a cutter that got stuck meanwhile."""
        return self._counters.copy()

    def reset(self) -> None:
        """Forget what was half sent and bring all settings to those of power-up.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ProtocolViolation: as `status`.
        """
        self._begin(QUESTIONS_S)
        if Lack.RECOVERY not in self._profile.lacks:
            self._send(escpos.Recover(escpos.Recovery.CLEAR), ANSWER_S)
        self._forget()
        self._send(escpos.Initialize(), ANSWER_S)
        self._look(ANSWER_S)

    def store(self, picture: Bitmap) -> bool:
        """Have the printer keep a logo in its memory and return whether it says that it does.

        Then `print` sends its key instead. A picture that is already there is not sent, and one object sends one
        picture in its life: the memory wears. False is no error: `print` sends all the dots as before.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ValueError: the printer cannot hold it.
        """
        key, data = definition(picture, self._profile)
        if Lack.NV_GRAPHICS in self._profile.lacks:
            return False
        self._begin(QUESTIONS_S)
        keys = self._nv_keys()
        if keys is None:
            return False
        if key not in keys and not self._has_defined:
            self._has_defined = True
            self._write(data, ANSWER_S)
            self._clock.sleep(NV_WRITE_S)  # not even real-time requests may be sent now (Epson TM-T81 p74)
            keys = self._nv_keys() or frozenset()
        if key in keys:
            self._stored[picture] = key
        return picture in self._stored

    def retract(self) -> None:
        """Take back the receipt that nobody took.

        Raises:
            DeviceFault: it is still there.
            DeviceUnavailable: unplugged, silent, or not done within QUESTIONS_S.
            ValueError: the model has no presenter.
        """
        match self._profile.presenter:
            case Presenter.GS_E:
                command: Command = escpos.ControlEjector(escpos.Eject.RETRACT)
            case Presenter.GS_R:
                command = escpos.RetractNow()
            case None:
                raise ValueError(f"{self._profile.model} has no presenter")
        self._begin(QUESTIONS_S)
        self._send(command, ANSWER_S)
        self._ask_done(ANSWER_S)
        self._await_done()
        if self._look(ANSWER_S).presented:
            raise DeviceFault(self._name, Fault.PAPER_JAM)

    def print(self, receipt: Receipt) -> None:
        """Print, cut, and return when the printer has said that it is done.

        Done means: it sent back the mark of GS ( H, or answered GS r on models that have no marks; both are executed in
        their turn behind the cut. Until then DLE EOT is asked again and again for faults, since a printer that stops
        never gets there.

        Raises:
            DeviceFault: it could not print or cut all of it.
            DeviceUnavailable: unplugged, off-line, silent for BUSY_ANSWER_S or not done after PRINT_S.
            ProtocolViolation: what it answers is no ESC/POS, or it answers more than it is asked.
            ValueError: as `drivers.receipt_layout.compose`.
        """
        blocks = compose(receipt, self._profile, self._stored)
        self._begin(PRINT_S)
        self._forget()
        look = self._recovered(self._look(ANSWER_S))
        self._raise_fault(look.faults)
        if look.offline:
            raise DeviceUnavailable(self._name, "off-line")
        if not self._paper_is_clean:
            blocks.insert(0, cut(self._profile))
        self._paper_is_clean = False
        try:
            for block in blocks:
                self._write(block, self._left())
                self._check()
            self._ask_done(self._left())
            self._await_done()
            # A cover opened or a roll ended now is no fault of this receipt; a cutter that did not cut is.
            faults = self._look(BUSY_ANSWER_S).faults
            self._raise_fault(tuple(fault for fault in faults if fault in _SPOILS_A_DONE_RECEIPT))
        except DeviceFault as error:
            if error.fault is Fault.CUTTER_STUCK:
                self._counters.jams += 1
            self._until = self._clock.now() + CLEARING_S
            with suppress(DeviceUnavailable, ProtocolViolation):
                self._forget()
            raise
        self._paper_is_clean = True
        self._counters.cycles += 1

    def _ask_done(self, timeout_s: float) -> None:
        """Ask for what tells that all before it is done."""
        if Lack.PROCESSED in self._profile.lacks:
            self._send(escpos.TransmitStatus(1), timeout_s)
            self._owed += 1
        else:
            self._marks += 1
            self._mark = _mark(self._marks)
            self._marked = False
            self._send(escpos.AskProcessed(self._mark), timeout_s)

    @property
    def _is_done(self) -> bool:
        return self._owed == 0 if Lack.PROCESSED in self._profile.lacks else self._marked

    def _await_done(self) -> None:
        """Wait for what `_ask_done` asked for, and look for faults meanwhile."""
        while not self._is_done:
            self._pushed = None
            answer = self._next(min(POLL_S, self._left()))
            if answer is not None:
                self._note(answer)
            if self._pushed is not None:
                self._raise_fault(_look_of(self._pushed).faults)
            if answer is None and Lack.REAL_TIME_STATUS not in self._profile.lacks:
                self._raise_fault(self._look(BUSY_ANSWER_S).faults)
            self._left()
        if self._paper is not None and self._paper.end:
            raise DeviceFault(self._name, Fault.PAPER_OUT)

    def _check(self) -> None:
        """Ask DLE EOT 2 while printing; where it points at a fault, ask which and raise it."""
        if Lack.REAL_TIME_STATUS in self._profile.lacks:
            return  # the others are executed in their turn; a pushed status is seen in `_await_done`
        cause = decode_status(StatusKind.OFFLINE_CAUSE, self._ask(StatusKind.OFFLINE_CAUSE, BUSY_ANSWER_S))
        if cause.cover_open or cause.stopped_on_paper_end or cause.error:
            self._raise_fault(self._look(BUSY_ANSWER_S).faults)

    def _raise_fault(self, faults: tuple[Fault, ...]) -> None:
        if faults:
            raise DeviceFault(self._name, faults[0])

    def _left(self) -> float:
        left = self._until - self._clock.now()
        if left <= 0:
            raise DeviceUnavailable(self._name, f"not done after {self._within_s:.0f} s")
        return left

    # -- asking ------------------------------------------------------------------------------------------

    def _begin(self, within_s: float) -> None:
        """Begin an operation: what came before it answers nothing of it."""
        self._within_s = within_s
        self._until = self._clock.now() + within_s
        self._discard()
        if not self._in_step:
            self._settle()

    def _settle(self) -> None:
        """Wait until no late answer can come any more: the answers to DLE EOT cannot be told apart."""
        end = min(self._clock.now() + 10 * QUIET_S, self._until)
        while self._transport.read(_READ, QUIET_S):
            if self._clock.now() >= end:
                raise DeviceUnavailable(self._name, "never stops talking")
        self._discard()
        self._in_step = True

    def _look(self, timeout_s: float) -> _Look:
        """Ask for all that the printer tells of itself and return it as one."""
        lacks = self._profile.lacks
        if Lack.REAL_TIME_STATUS not in lacks:
            for _ in range(_LOOKS):
                self._left_over = False
                look = self._look_in_real_time(timeout_s)
                self._note_all()
                if not self._left_over:
                    return look
                self._settle()
            raise ProtocolViolation(self._name, "answers more than it is asked")
        if Lack.AUTO_STATUS not in lacks:
            return _look_of(self._auto_status(timeout_s))
        return self._look_at_paper(timeout_s)

    def _look_in_real_time(self, timeout_s: float) -> _Look:
        """Ask all four; each is answered in one round trip."""
        printer = self._ask(StatusKind.PRINTER, timeout_s)
        cause = self._ask(StatusKind.OFFLINE_CAUSE, timeout_s)
        error = self._ask(StatusKind.ERROR_CAUSE, timeout_s)
        paper = self._ask(StatusKind.PAPER, timeout_s)
        if _names_no_cause(cause, error):
            cause = self._ask(StatusKind.OFFLINE_CAUSE, timeout_s)  # it may have gone away between the two questions
        return _look_in_answers(printer, cause, error, paper, presents=self._profile.presenter is Presenter.GS_R)

    def _auto_status(self, timeout_s: float) -> AutoStatus:
        """Return the frame that GS a is answered by; from a printer that is off-line, the last one that it pushed."""
        self._send(escpos.AutoStatusBack(online=True, error=True, paper=True), timeout_s)
        frame = self._expect(AutoStatus, timeout_s)
        if frame is None:
            frame = self._pushed
            if frame is None or not frame.offline:
                raise self._silent("GS a")
        self._pushed = frame
        return frame

    def _look_at_paper(self, timeout_s: float) -> _Look:
        self._ask_done(timeout_s)
        deadline = self._clock.now() + min(timeout_s, self._until - self._clock.now())
        while not self._is_done:
            answer = self._next(deadline - self._clock.now())
            if answer is None:
                raise self._silent("GS r" if Lack.PROCESSED in self._profile.lacks else "GS ( H")
            self._note(answer)
        paper = self._paper or PaperStatus()
        look = _look_of(AutoStatus(near_end=paper.near_end, end=paper.end))
        return replace(look, knows_paper=self._paper is not None)

    def _recovered(self, look: _Look) -> _Look:
        """Return `look`, or a new one after a request to recover from an error that a person may have mended."""
        if Lack.RECOVERY in self._profile.lacks or not look.mendable or self._clock.now() < self._next_recovery:
            return look
        self._next_recovery = self._clock.now() + RECOVERY_S
        self._send(escpos.Recover(escpos.Recovery.CLEAR), ANSWER_S)
        return self._look(ANSWER_S)

    def _ask(self, kind: StatusKind, timeout_s: float) -> int:
        self._note_all()
        self._write(_QUESTIONS[kind], timeout_s)
        answer = self._expect(RealTimeAnswer, timeout_s)
        if answer is None:
            raise self._silent(f"DLE EOT {kind.value}")
        self._counters.exchanges += 1
        return answer.byte

    def _silent(self, question: str) -> DeviceUnavailable:
        self._in_step = False
        return DeviceUnavailable(self._name, f"does not answer {question}")

    def _information(self, kind: InformationKind) -> str | None:
        if Lack.INFORMATION in self._profile.lacks:
            return None
        self._send(escpos.AskInformation(kind), ANSWER_S)
        answer = self._expect(Information, ANSWER_S)
        return answer.text.strip() if answer is not None else None

    def _nv_keys(self) -> frozenset[str] | None:
        """Return the keys of all pictures in the printer's memory, None where it does not tell."""
        keys: frozenset[str] = frozenset()
        self._send(escpos_graphics.AskNvKeys(), ANSWER_S)
        while (block := self._expect(NvKeys, ANSWER_S)) is not None:
            self._send(escpos.Acknowledge(), ANSWER_S)
            keys |= block.keys
            if not block.more:
                return keys
        return None

    def _device_id(self) -> tuple[str, str, str]:
        """Return maker, model and serial number of the USB device id, "" without one."""
        if not isinstance(self._transport, UsbTransport):
            return "", "", ""
        ask = usb_printer.get_device_id()
        data = self._transport.control_in(ask.request_type, ask.request, ask.value, ask.index, ask.length)
        try:
            device_id = usb_printer.decode_device_id(data)
        except WireError as error:
            raise ProtocolViolation(self._name, str(error)) from error
        return device_id.manufacturer, device_id.model, device_id.serial

    def _forget(self) -> None:
        """Have the printer drop what it received and did not print; a printer that never could is asked once.

        Raises:
            DeviceUnavailable: it could before, and does not say that it has.
        """
        if self._clears is False:
            return
        self._send(escpos.ClearBuffers(), BUSY_ANSWER_S)
        if self._expect(ClearResponse, ANSWER_S) is not None:
            self._clears = True
            self._owed = 0  # the questions are gone, or their answers came before this one
        elif self._clears is None:
            self._clears = False
        else:
            raise self._silent("DLE DC4")

    def _send(self, command: Command, timeout_s: float) -> None:
        self._write(encode(command), timeout_s)

    def _write(self, data: bytes, timeout_s: float) -> None:
        self._transport.write(data, min(timeout_s, self._left()))
        self._counters.bytes_sent += len(data)

    def _discard(self) -> None:
        self._transport.discard_input()
        self._deframer.reset()
        self._inbox.clear()
        self._pushed = None

    def _expect(self, wanted: type[T], timeout_s: float) -> T | None:
        """Return the next answer of that kind, None after `timeout_s`; others are noted.

        Raises:
            ProtocolViolation: nothing but bytes that are no ESC/POS came.
        """
        deadline = min(self._clock.now() + timeout_s, self._until)
        noise = b""
        while (answer := self._next(deadline - self._clock.now())) is not None:
            if isinstance(answer, wanted):
                return answer
            if isinstance(answer, Noise):
                noise = (noise + answer.data)[:16]
            self._note(answer)
            if not self._inbox and self._clock.now() >= deadline:
                break
        if noise:
            self._in_step = False
            raise ProtocolViolation(self._name, f"answers {noise.hex(' ')}, which is no ESC/POS")
        return None

    def _note_all(self) -> None:
        while self._inbox:
            self._note(self._inbox.popleft())

    def _note(self, answer: Answer) -> None:
        """Take in an answer that is not the one waited for at the moment."""
        match answer:
            case AutoStatus():
                self._pushed = answer
            case TransmittedByte(byte) if self._owed > 0:
                self._owed -= 1
                self._paper = escpos_status.decode_transmitted_paper(byte)
            case Processed(mark) if mark == self._mark:
                self._marked = True
            case _:
                self._left_over |= isinstance(answer, RealTimeAnswer)
                self._counters.strays += 1

    def _next(self, timeout_s: float) -> Answer | None:
        """Return the next answer, None after `timeout_s`."""
        deadline = self._clock.now() + timeout_s
        while not self._inbox:
            left = deadline - self._clock.now()
            data = self._transport.read(_READ, max(left, 0.0))
            if data:
                self._counters.bytes_received += len(data)
                self._inbox.extend(self._deframer.feed(data))
            if left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None


def _mark(number: int) -> str:
    """Return four of the 94 visible characters of ASCII that come again only after 78 million numbers."""
    return "".join(chr(0x21 + number // 94**place % 94) for place in range(4))


def _paper_supply(look: _Look) -> Supply:
    if Fault.PAPER_OUT in look.faults:
        return Supply.OUT
    if not look.knows_paper:
        return Supply.UNKNOWN
    return Supply.LOW if look.near_end else Supply.FULL


def _names_no_cause(cause: int, error: int) -> bool:
    """Return whether the answer to DLE EOT 2 tells of an error that the answer to DLE EOT 3 does not name."""
    return decode_status(StatusKind.OFFLINE_CAUSE, cause).error and (
        decode_status(StatusKind.ERROR_CAUSE, error) == escpos_status.ErrorCause()
    )


@lru_cache(maxsize=64)  # a printer that is polled says the same all day
def _look_in_answers(printer: int, cause: int, error: int, paper: int, *, presents: bool) -> _Look:
    """Return what the answers to DLE EOT 1 to 4 say; `presents`: the last has a presenter's sensor in it."""
    offline = decode_status(StatusKind.PRINTER, printer).offline
    why = decode_status(StatusKind.OFFLINE_CAUSE, cause)
    broken = decode_status(StatusKind.ERROR_CAUSE, error)
    roll = escpos_status.decode_presenter_paper(paper) if presents else decode_status(StatusKind.PAPER, paper)
    look = _look_of(
        AutoStatus(
            offline=offline,
            cover_open=why.cover_open,
            recoverable=broken.recoverable or _names_no_cause(cause, error),
            cutter=broken.cutter,
            unrecoverable=broken.unrecoverable,
            recovers_itself=broken.recovers_itself,
            near_end=roll.near_end,
            end=roll.end or why.stopped_on_paper_end,
        )
    )
    return replace(look, presented=roll.presented)


def _look_of(status: AutoStatus) -> _Look:
    broken = status.recoverable or status.unrecoverable
    faults = (
        (status.cover_open, Fault.COVER_OPEN),
        (status.end, Fault.PAPER_OUT),
        (status.cutter, Fault.CUTTER_STUCK),
        (broken and not status.cutter, Fault.PRINTER_ERROR),
    )
    return _Look(
        offline=status.offline,
        near_end=status.near_end,
        mendable=status.recoverable or status.cutter,
        recovers_itself=status.recovers_itself,
        faults=tuple(fault for is_so, fault in faults if is_so),
    )
