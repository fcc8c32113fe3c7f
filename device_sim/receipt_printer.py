"""A simulated ESC/POS receipt printer that renders what it prints; written from the manuals that its rooms name.

The command language and the rendering are in `device_sim.receipt`, the paper in `device_sim.receipt_paper`.
"""

import threading

from device_sim.receipt.interpreter import Interpreter, Step
from device_sim.receipt.mechanism import HEAD_TO_KNIFE, NEAR_END_DOTS, Condition, Mechanism, Pace, Presenter
from device_sim.receipt.pictures import NvMemory
from device_sim.receipt.real_time import RealTimeScanner
from device_sim.receipt.reports import Report
from device_sim.receipt.status import AutomaticStatus, Maker, real_time
from device_sim.receipt_paper import PrintedReceipt
from device_sim.usb.device import Descriptor, Endpoint, Interface, Stall
from wire import escpos_status, usb_printer

__all__ = [
    "HEAD_TO_KNIFE",
    "NEAR_END_DOTS",
    "RECEIVE_BUFFER",
    "Condition",
    "Maker",
    "Pace",
    "Presenter",
    "Report",
    "SimulatedReceiptPrinter",
    "UsbReceiptPrinter",
]

RECEIVE_BUFFER = 64 * 1024  # bytes; without a handshake on the line more are lost


class SimulatedReceiptPrinter:
    """A `device_sim.serial.device.SerialDevice`: bytes in, answers out, paper in `receipts`.

    It obeys real-time commands at once and everything else in its turn, and only while it is on-line: what comes
    meanwhile waits in its buffer and is printed once paper is back. Whatever had no effect is in `ignored`.
    """

    def __init__(
        self,
        dots: int = 576,
        pace: Pace | None = None,
        maker: Maker | None = None,
        presenter: Presenter | None = None,
    ) -> None:
        self._maker = maker or Maker()
        self._lock = threading.RLock()
        self._mechanism = Mechanism(dots, pace, presenter)
        self._auto_status = AutomaticStatus(self._mechanism)
        self._interpreter = Interpreter(self._mechanism, self._auto_status, self._maker, NvMemory())
        self._power_up()

    # -- what a person does ------------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """How the printer stands; set it to open the cover, take out the paper and so on."""
        with self._lock:
            return self._mechanism.condition

    @condition.setter
    def condition(self, condition: Condition) -> None:
        with self._lock:
            switched_off = self._mechanism.condition.powered and not condition.powered
            self._mechanism.condition = condition
            if switched_off:
                self._power_up()
            self._outbox += self._auto_status.changes()

    def load_paper(self, dots: int | None = None) -> None:
        """Put in a roll of `dots` (8 a millimetre), None = endless, and close the case of paper out."""
        with self._lock:
            self._mechanism.load(dots)
            self._outbox += self._auto_status.changes()

    @property
    def receipts(self) -> list[PrintedReceipt]:
        """What lies where the customer takes it, oldest first."""
        return self._mechanism.receipts

    @property
    def retracted(self) -> list[PrintedReceipt]:
        """What the presenter pulled in again."""
        return self._mechanism.retracted

    @property
    def unfinished(self) -> PrintedReceipt | None:
        """What comes out of the slot and is not cut yet, None where there is nothing on it."""
        with self._lock:
            return self._mechanism.unfinished

    def take_receipt(self) -> PrintedReceipt:
        """Take the oldest receipt out of the slot. Raises IndexError when there is none."""
        with self._lock:
            return self.receipts.pop(0)

    def power_cycle(self) -> None:
        """Switch off and on: buffers and settings are gone, the paper and the NV memory stay as they are."""
        with self._lock:
            self._power_up()

    def drop_buffers(self) -> None:
        """Forget what was received and not printed; settings stay."""
        with self._lock:
            self._scanner = RealTimeScanner()
            self._clear_buffers()

    @property
    def ignored(self) -> list[Report]:
        """What had no effect, and why: the last 256, oldest first."""
        with self._lock:
            return list(self._interpreter.reports)

    @property
    def lost(self) -> int:
        """How many bytes the receive buffer could not hold."""
        return self._lost

    # -- the line ----------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent and return what the printer answers at once."""
        with self._lock:
            if not self._mechanism.condition.powered:
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
            if not self._mechanism.condition.powered:
                return b""
            self._work()
            self._outbox += self._auto_status.changes()
            if not self._outbox:
                return b""
            answers = bytes(self._outbox)
            self._outbox.clear()
            return answers

    @property
    def port_status(self) -> usb_printer.PortStatus:
        """What GET_PORT_STATUS tells."""
        with self._lock:
            status = self._mechanism.status
            error = status.cutter or status.recovers_itself or status.recoverable or status.unrecoverable
            return usb_printer.PortStatus(status.end, not status.offline, error)

    @property
    def maker(self) -> Maker:
        """What the printer says it is."""
        return self._maker

    # -- inside ------------------------------------------------------------------------------------------

    def _power_up(self) -> None:
        self._scanner = RealTimeScanner()
        self._buffer = bytearray()
        self._outbox = bytearray()
        self._lost = 0
        self._mechanism.power_up()
        self._interpreter.power_up()

    def _store(self, data: bytes) -> None:
        if not self._buffer and not self._interpreter.pending:
            self._mechanism.begin_now()
        if self._mechanism.condition.buffer_full:
            self._lost += len(data)
            return
        while data:
            room = RECEIVE_BUFFER - len(self._buffer)
            if not room:
                self._lost += len(data)
                return
            self._buffer += data[:room]
            data = data[room:]
            if data:
                self._work()

    def _clear_buffers(self) -> None:
        self._interpreter.clear(len(self._buffer))
        self._buffer.clear()

    def _obey_at_once(self, command: bytes) -> None:
        match command[1]:
            case 0x04:
                self._outbox += real_time(self._mechanism, command[2])
            case 0x05:
                if self._mechanism.recover() and command[2] == 2:
                    self._clear_buffers()
            case _:
                self._clear_buffers()
                self._mechanism.recover()
                self._outbox += escpos_status.CLEAR_RESPONSE

    def _work(self) -> None:
        """Execute what has come, as far as state and pace allow."""
        self._mechanism.take_back()
        while (self._buffer or self._interpreter.pending) and not self._stopped and not self._mechanism.busy:
            if not self._interpreter.pending:
                self._interpreter.load(bytes(self._buffer))
                self._buffer.clear()
            step = self._interpreter.step()
            self._outbox += self._interpreter.answers
            self._interpreter.answers.clear()
            if step is Step.STUCK or (step is Step.STARVED and not self._buffer):
                return
            if step is Step.STARVED:
                self._interpreter.load(bytes(self._buffer))
                self._buffer.clear()

    @property
    def _stopped(self) -> bool:
        mechanism = self._mechanism
        return mechanism.stopped or (self._interpreter.stops_near_end and mechanism.status.near_end)


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
