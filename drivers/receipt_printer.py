"""Receipt printers that speak ESC/POS, over a serial port or the USB printer class alike."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace

from drivers.receipt_layout import PrinterProfile, compose, cut
from drivers.transport import Transport, UsbTransport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.receipt import Receipt
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Supply
from wire import escpos, escpos_status, usb_printer
from wire.errors import WireError
from wire.escpos import Command, InformationKind, StatusKind, encode
from wire.escpos_status import (
    Answer,
    AutoStatus,
    ClearResponse,
    Information,
    Noise,
    RealTimeAnswer,
    TransmittedByte,
    decode_status,
)

BAUDRATE = 38_400  # where none is configured
ANSWER_S = 1.0  # a printer with nothing to do answers a real-time request in milliseconds
BUSY_ANSWER_S = 10.0  # behind a full buffer of the operating system: 4 KiB take 4.3 s at 9600 Bd
PRINT_S = 60.0  # from the first byte of a receipt to the cut
POLL_S = 0.2  # how often the printer is asked for faults while it prints
RECOVERY_S = 10.0  # between two attempts to make the cutter move again
_READ = 256

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
        self._counters = Counters()
        self._paper_is_clean = False
        self._knows_clear = True
        self._next_recovery = clock.now()

    def close(self) -> None:
        """Let go of the transport; never raises."""
        self._transport.close()

    def identify(self) -> Identity:
        """Return maker, model, firmware and serial number; what the printer does not tell stays empty.

        Raises:
            DeviceUnavailable: unplugged, or it does not answer DLE EOT.
            ProtocolViolation: its USB device id is malformed.
        """
        self._discard()
        self._ask(StatusKind.PRINTER, ANSWER_S)
        maker, model, serial = self._device_id()
        told = self._information(InformationKind.MODEL)
        if told is None:  # an old printer, or one that is off-line and executes nothing
            return Identity(f"{maker} {model}".strip() or self._profile.model, serial=serial)
        maker = self._information(InformationKind.MAKER) or maker
        firmware = self._information(InformationKind.FIRMWARE) or ""
        return Identity(f"{maker} {told}".strip(), firmware, self._information(InformationKind.SERIAL) or serial)

    def status(self) -> DeviceStatus:
        """Ask DLE EOT 1 to 4 and return faults and `supplies["paper"]`.

        A cutter that was freed needs DLE ENQ 2 to move again: it is sent here, at most every RECOVERY_S.

        Raises:
            DeviceUnavailable: unplugged, or one of the four stays unanswered for ANSWER_S.
        """
        self._discard()
        look = self._recovered(self._look(ANSWER_S))
        if look.faults:
            state = _STATE_OF_FAULT[look.faults[0]]
        else:
            state = DeviceState.OFFLINE if look.offline else DeviceState.ONLINE
        paper = Supply.OUT if Fault.PAPER_OUT in look.faults else Supply.LOW if look.near_end else Supply.FULL
        detail = "pauses and recovers by itself" if look.recovers_itself else ""
        now = self._clock.wall()
        status = DeviceStatus(self._name, state, now, frozenset(look.faults), {"paper": paper}, detail=detail)
        if self._status is None or replace(status, since=self._status.since) != self._status:
            self._status = status
        return self._status

    def self_test(self) -> DeviceStatus:
        """Return the status with what the printer says it is as `detail`; no paper is used up.

        Raises:
            DeviceUnavailable: unplugged or silent.
            ProtocolViolation: as `identify`.
        """
        identity = self.identify()
        status = self.status()
        told = f"{identity.model} {identity.firmware}".strip()
        return replace(status, detail=", ".join(each for each in (status.detail, told) if each))

    def counters(self) -> Counters:
        """Return what was counted; a cycle is a receipt that was cut, a jam a cutter that got stuck meanwhile."""
        return self._counters

    def reset(self) -> None:
        """Forget what was half sent and bring all settings to those of power-up.

        Raises:
            DeviceUnavailable: unplugged or silent.
        """
        self._discard()
        self._send(escpos.Recover(escpos.Recovery.CLEAR), ANSWER_S)
        self._forget()
        self._send(escpos.Initialize(), ANSWER_S)
        self._look(ANSWER_S)

    def print(self, receipt: Receipt) -> None:
        """Print, cut, and return when the printer has said that it is done.

        Done means: it answered GS r, which it executes in its turn behind the cut (`escpos.TransmitStatus`). Until
        then DLE EOT is asked again and again for faults, since a printer that stops never reaches GS r.

        Raises:
            DeviceFault: it could not print or cut all of it.
            DeviceUnavailable: unplugged, off-line, silent for BUSY_ANSWER_S or not done after PRINT_S.
            ValueError: a picture or QR code is wider than the paper.
        """
        blocks = compose(receipt, self._profile)
        deadline = self._clock.now() + PRINT_S
        self._discard()
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
                self._write(block, self._left(deadline))
                self._check()
            self._send(escpos.TransmitStatus(1), self._left(deadline))
            self._await_done(deadline)
            # A cover opened or a roll ended now is no fault of this receipt; a cutter that did not cut is.
            faults = self._look(BUSY_ANSWER_S).faults
            self._raise_fault(tuple(fault for fault in faults if fault in _SPOILS_A_DONE_RECEIPT))
        except DeviceFault as error:
            if error.fault is Fault.CUTTER_STUCK:
                self._counters = self._counters.counting(jams=1)
            with suppress(DeviceUnavailable):
                self._forget()
            raise
        self._paper_is_clean = True
        self._counters = self._counters.counting(cycles=1)

    def _await_done(self, deadline: float) -> None:
        while True:
            answer = self._next(POLL_S)
            match answer:
                case TransmittedByte(byte):
                    if escpos_status.decode_transmitted_paper(byte).end:
                        raise DeviceFault(self._name, Fault.PAPER_OUT)
                    return
                case AutoStatus():
                    self._raise_fault(_look_of(answer).faults)
                case None:
                    self._raise_fault(self._look(BUSY_ANSWER_S).faults)
            self._left(deadline)

    def _check(self) -> None:
        """Ask DLE EOT 2 while printing; where it points at a fault, ask which and raise it."""
        cause = decode_status(StatusKind.OFFLINE_CAUSE, self._ask(StatusKind.OFFLINE_CAUSE, BUSY_ANSWER_S))
        if cause.cover_open or cause.stopped_on_paper_end or cause.error:
            self._raise_fault(self._look(BUSY_ANSWER_S).faults)

    def _raise_fault(self, faults: tuple[Fault, ...]) -> None:
        if faults:
            raise DeviceFault(self._name, faults[0])

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock.now()
        if left <= 0:
            raise DeviceUnavailable(self._name, f"not done with a receipt after {PRINT_S:.0f} s")
        return left

    def _look(self, timeout_s: float) -> _Look:
        """Ask all four and return them as one; each is answered in one round trip."""
        printer = decode_status(StatusKind.PRINTER, self._ask(StatusKind.PRINTER, timeout_s))
        cause = decode_status(StatusKind.OFFLINE_CAUSE, self._ask(StatusKind.OFFLINE_CAUSE, timeout_s))
        error = decode_status(StatusKind.ERROR_CAUSE, self._ask(StatusKind.ERROR_CAUSE, timeout_s))
        paper = decode_status(StatusKind.PAPER, self._ask(StatusKind.PAPER, timeout_s))
        if cause.error and error == escpos_status.ErrorCause():
            # An error that no cause names; unless it went away between the two questions.
            cause = decode_status(StatusKind.OFFLINE_CAUSE, self._ask(StatusKind.OFFLINE_CAUSE, timeout_s))
            error = replace(error, recoverable=cause.error)
        return _look_of(
            AutoStatus(
                offline=printer.offline,
                cover_open=cause.cover_open,
                recoverable=error.recoverable,
                cutter=error.cutter,
                unrecoverable=error.unrecoverable,
                recovers_itself=error.recovers_itself,
                near_end=paper.near_end,
                end=paper.end or cause.stopped_on_paper_end,
            )
        )

    def _recovered(self, look: _Look) -> _Look:
        """Return `look`, or a new one after a request to recover from an error that a person may have mended."""
        if not look.mendable or self._clock.now() < self._next_recovery:
            return look
        self._next_recovery = self._clock.now() + RECOVERY_S
        self._send(escpos.Recover(escpos.Recovery.CLEAR), ANSWER_S)
        return self._look(ANSWER_S)

    def _ask(self, kind: StatusKind, timeout_s: float) -> int:
        self._send(escpos.AskStatus(kind), timeout_s)
        answer = self._expect(RealTimeAnswer, timeout_s)
        if not isinstance(answer, RealTimeAnswer):
            raise DeviceUnavailable(self._name, f"does not answer DLE EOT {kind.value}")
        self._counters = self._counters.counting(exchanges=1)
        return answer.byte

    def _information(self, kind: InformationKind) -> str | None:
        self._send(escpos.AskInformation(kind), ANSWER_S)
        answer = self._expect(Information, ANSWER_S)
        return answer.text.strip() if isinstance(answer, Information) else None

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
        """Have the printer drop what it received and did not print; a printer that cannot is asked once."""
        if self._knows_clear:
            self._send(escpos.ClearBuffers(), BUSY_ANSWER_S)
            self._knows_clear = isinstance(self._expect(ClearResponse, ANSWER_S), ClearResponse)

    def _send(self, command: Command, timeout_s: float) -> None:
        self._write(encode(command), timeout_s)

    def _write(self, data: bytes, timeout_s: float) -> None:
        self._transport.write(data, timeout_s)
        self._counters = self._counters.counting(bytes_sent=len(data))

    def _discard(self) -> None:
        self._transport.discard_input()
        self._deframer.reset()
        self._inbox.clear()

    def _expect(self, wanted: type[Answer], timeout_s: float) -> Answer | None:
        """Return the next answer of that kind and keep the others, None after `timeout_s`.

        Raises:
            ProtocolViolation: nothing but bytes that are no ESC/POS came.
        """
        deadline = self._clock.now() + timeout_s
        noise = b""
        others: list[Answer] = []
        try:
            while (answer := self._next(deadline - self._clock.now())) is not None:
                if isinstance(answer, wanted):
                    return answer
                if isinstance(answer, Noise):
                    noise += answer.data
                else:
                    others.append(answer)
                if not self._inbox and self._clock.now() >= deadline:
                    break
        finally:
            self._inbox.extendleft(reversed(others))
        if noise and not others:
            raise ProtocolViolation(self._name, f"answers {noise[:16].hex(' ')}, which is no ESC/POS")
        return None

    def _next(self, timeout_s: float) -> Answer | None:
        """Return the next answer, None after `timeout_s`."""
        deadline = self._clock.now() + timeout_s
        while not self._inbox:
            left = deadline - self._clock.now()
            data = self._transport.read(_READ, max(left, 0.0))
            if data:
                self._counters = self._counters.counting(bytes_received=len(data))
                self._inbox.extend(self._deframer.feed(data))
            if left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None


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
