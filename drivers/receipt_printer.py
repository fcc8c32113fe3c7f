"""Receipt printers that speak ESC/POS, over a serial port or the USB printer class alike."""

from contextlib import suppress
from dataclasses import replace

from drivers.escpos_line import ANSWER_S, BUSY_ANSWER_S, EscPosLine
from drivers.escpos_look import Look, look_in_answers, look_of, names_no_cause
from drivers.receipt_layout import Lack, Presenter, PrinterProfile, compose, cut, definition
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.receipt import Bitmap, Receipt
from kiosk_core.status import Counters, DeviceStatus, Identity
from wire import escpos, escpos_graphics, usb_printer
from wire.errors import WireError
from wire.escpos import Command
from wire.escpos_questions import (
    Acknowledge,
    AskInformation,
    AutoStatusBack,
    InformationKind,
    Recover,
    Recovery,
    StatusKind,
)
from wire.escpos_status import AutoStatus, Information, NvKeys, PaperStatus, decode_status

BAUDRATE = 38_400  # where none is configured
QUESTIONS_S = 15.0  # an operation that prints nothing ends within this
PRINT_S = 60.0  # from the first byte of a receipt to the cut; `print` ends within CLEARING_S more
CLEARING_S = BUSY_ANSWER_S + ANSWER_S
POLL_S = 0.2  # how often the printer is asked for faults while it prints
RECOVERY_S = 10.0  # between two attempts to make the cutter move again
NV_WRITE_S = 3.0  # how long a printer that writes its memory is left alone; no manual gives the time
_LOOKS = 3  # how often the four questions are asked until no answer is left over

_SPOILS_A_DONE_RECEIPT = (Fault.CUTTER_STUCK, Fault.PRINTER_ERROR)


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
        self._line = EscPosLine(name, transport, profile.lacks, clock)
        self._status: DeviceStatus | None = None
        self._looked: Look | None = None  # what the status was made of
        self._paper_is_clean = False
        self._next_recovery = clock.now()
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
        self._line.begin(QUESTIONS_S)
        if Lack.REAL_TIME_STATUS not in self._profile.lacks:
            self._line.ask(StatusKind.PRINTER, ANSWER_S)
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
        self._line.begin(QUESTIONS_S)
        look = self._recovered(self._look(ANSWER_S))
        if self._status is not None and look is self._looked:
            return self._status
        self._looked = look
        status = DeviceStatus(
            self._name,
            look.state,
            self._clock.wall(),
            frozenset(look.faults),
            {"paper": look.paper},
            media=look.media,
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
        return self._line.counters.copy()

    def reset(self) -> None:
        """Forget what was half sent and bring all settings to those of power-up.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ProtocolViolation: as `status`.
        """
        self._line.begin(QUESTIONS_S)
        if Lack.RECOVERY not in self._profile.lacks:
            self._line.send(Recover(Recovery.CLEAR), ANSWER_S)
        self._line.forget()
        self._line.send(escpos.Initialize(), ANSWER_S)
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
        self._line.begin(QUESTIONS_S)
        keys = self._nv_keys()
        if keys is None:
            return False
        if key not in keys and not self._has_defined:
            self._has_defined = True
            self._line.write(data, ANSWER_S)
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
        self._line.begin(QUESTIONS_S)
        self._line.send(command, ANSWER_S)
        self._line.ask_done(ANSWER_S)
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
        self._line.begin(PRINT_S)
        self._line.forget()
        look = self._recovered(self._look(ANSWER_S))
        self._raise_fault(look.faults)
        if look.offline:
            raise DeviceUnavailable(self._name, "off-line")
        if not self._paper_is_clean:
            blocks.insert(0, cut(self._profile))
        self._paper_is_clean = False
        try:
            for block in blocks:
                self._line.write(block, self._line.left())
                self._check()
            self._line.ask_done(self._line.left())
            self._await_done()
            # A cover opened or a roll ended now is no fault of this receipt; a cutter that did not cut is.
            faults = self._look(BUSY_ANSWER_S).faults
            self._raise_fault(tuple(fault for fault in faults if fault in _SPOILS_A_DONE_RECEIPT))
        except DeviceFault as error:
            if error.fault is Fault.CUTTER_STUCK:
                self._line.counters.jams += 1
            self._line.extend(CLEARING_S)
            with suppress(DeviceUnavailable, ProtocolViolation):
                self._line.forget()
            raise
        self._paper_is_clean = True
        self._line.counters.cycles += 1

    def _await_done(self) -> None:
        """Wait for the answer that tells that all is done, and look for faults meanwhile."""
        while not self._line.is_done:
            self._line.pushed = None
            answered = self._line.listen(min(POLL_S, self._line.left()))
            if self._line.pushed is not None:
                self._raise_fault(look_of(self._line.pushed).faults)
            if not answered and Lack.REAL_TIME_STATUS not in self._profile.lacks:
                self._raise_fault(self._look(BUSY_ANSWER_S).faults)
            self._line.left()
        if self._line.paper is not None and self._line.paper.end:
            raise DeviceFault(self._name, Fault.PAPER_OUT)

    def _check(self) -> None:
        """Ask DLE EOT 2 while printing; where it points at a fault, ask which and raise it."""
        if Lack.REAL_TIME_STATUS in self._profile.lacks:
            return  # the others are executed in their turn; a pushed status is seen in `_await_done`
        cause = decode_status(StatusKind.OFFLINE_CAUSE, self._line.ask(StatusKind.OFFLINE_CAUSE, BUSY_ANSWER_S))
        if cause.cover_open or cause.stopped_on_paper_end or cause.error:
            self._raise_fault(self._look(BUSY_ANSWER_S).faults)

    def _raise_fault(self, faults: tuple[Fault, ...]) -> None:
        if faults:
            raise DeviceFault(self._name, faults[0])

    # -- asking ------------------------------------------------------------------------------------------

    def _look(self, timeout_s: float) -> Look:
        """Ask for all that the printer tells of itself and return it as one."""
        lacks = self._profile.lacks
        if Lack.REAL_TIME_STATUS not in lacks:
            for _ in range(_LOOKS):
                self._line.left_over = False
                look = self._look_in_real_time(timeout_s)
                self._line.note_all()
                if not self._line.left_over:
                    return look
                self._line.settle()
            raise ProtocolViolation(self._name, "answers more than it is asked")
        if Lack.AUTO_STATUS not in lacks:
            return look_of(self._auto_status(timeout_s))
        return self._look_at_paper(timeout_s)

    def _look_in_real_time(self, timeout_s: float) -> Look:
        """Ask all four; each is answered in one round trip."""
        printer = self._line.ask(StatusKind.PRINTER, timeout_s)
        cause = self._line.ask(StatusKind.OFFLINE_CAUSE, timeout_s)
        error = self._line.ask(StatusKind.ERROR_CAUSE, timeout_s)
        paper = self._line.ask(StatusKind.PAPER, timeout_s)
        if names_no_cause(cause, error):
            # It may have gone away between the two questions.
            cause = self._line.ask(StatusKind.OFFLINE_CAUSE, timeout_s)
        return look_in_answers(printer, cause, error, paper, presents=self._profile.presenter is Presenter.GS_R)

    def _auto_status(self, timeout_s: float) -> AutoStatus:
        """Return the frame that GS a is answered by; from a printer that is off-line, the last one that it pushed."""
        self._line.send(AutoStatusBack(online=True, error=True, paper=True), timeout_s)
        frame = self._line.expect(AutoStatus, timeout_s)
        if frame is None:
            frame = self._line.pushed
            if frame is None or not frame.offline:
                raise self._line.silent("GS a")
        self._line.pushed = frame
        return frame

    def _look_at_paper(self, timeout_s: float) -> Look:
        self._line.ask_done(timeout_s)
        self._line.wait_done(timeout_s)
        paper = self._line.paper or PaperStatus()
        look = look_of(AutoStatus(near_end=paper.near_end, end=paper.end))
        return replace(look, knows_paper=self._line.paper is not None)

    def _recovered(self, look: Look) -> Look:
        """Return `look`, or a new one after a request to recover from an error that a person may have mended."""
        if Lack.RECOVERY in self._profile.lacks or not look.mendable or self._clock.now() < self._next_recovery:
            return look
        self._next_recovery = self._clock.now() + RECOVERY_S
        self._line.send(Recover(Recovery.CLEAR), ANSWER_S)
        return self._look(ANSWER_S)

    def _information(self, kind: InformationKind) -> str | None:
        if Lack.INFORMATION in self._profile.lacks:
            return None
        self._line.send(AskInformation(kind), ANSWER_S)
        answer = self._line.expect(Information, ANSWER_S)
        return answer.text.strip() if answer is not None else None

    def _nv_keys(self) -> frozenset[str] | None:
        """Return the keys of all pictures in the printer's memory, None where it does not tell."""
        keys: frozenset[str] = frozenset()
        self._line.send(escpos_graphics.AskNvKeys(), ANSWER_S)
        while (block := self._line.expect(NvKeys, ANSWER_S)) is not None:
            self._line.send(Acknowledge(), ANSWER_S)
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
