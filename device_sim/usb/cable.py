"""The cable to a simulated USB device: misfortune befalls the transfers on it."""

from collections import deque

from device_sim.misfortune import Fortune, Towards
from device_sim.tap import Tap
from device_sim.usb.device import Descriptor, Stall, UsbFunction
from kiosk_core.clock import Clock
from kiosk_core.trace import What

_HID = 0x03
_TRANSFER_TYPE, _INTERRUPT = 0x03, 0x03


class Cable:
    """A device_sim.usb.device.UsbFunction around another one: its messages are the transfers on the data pipes.

    `stalls` counts down: so many transfers to or from the device stall first. `tap` listens in.
    """

    def __init__(self, function: UsbFunction, clock: Clock, *, seed: int = 0) -> None:
        self.fortune = Fortune(seed)
        self.stalls = 0
        self.tap: Tap | None = None
        self._function = function
        # Beside the data pipes; those of a HID device are interrupt pipes themselves (HID 1.11, 4.4).
        self._beside = frozenset(
            endpoint.address
            for interface in function.descriptor.interfaces
            for endpoint in interface.endpoints
            if endpoint.attributes & _TRANSFER_TYPE == _INTERRUPT and interface.interface_class != _HID
        )
        self._clock = clock
        # By pipe: transfers on their way to the host, with the time when they arrive.
        self._under_way: dict[int, deque[tuple[float, bytes]]] = {}

    @property
    def descriptor(self) -> Descriptor:
        """The device's descriptors."""
        return self._function.descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        """Take one transfer. Raises Stall."""
        self._stall()
        if data and (tap := self.tap) is not None:
            tap(What.OUT, data)
        for pause, part in self.fortune.befall(Towards.DEVICE, data):
            self._clock.sleep(pause)
            self._function.bulk_out(endpoint, part)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        """Give the next transfer, None where there is none yet. Raises Stall."""
        pipe = self._under_way.setdefault(endpoint, deque())
        now = self._clock.now()
        if not pipe and (data := self._function.bulk_in(endpoint, size)) is not None:
            self._stall()
            arrives = now
            for pause, part in self.fortune.befall(Towards.HOST, data):
                arrives += pause
                pipe.append((arrives, part))
        if not pipe or pipe[0][0] > now:
            return None
        arrived = pipe.popleft()[1]
        if arrived and (tap := self.tap) is not None:
            tap(What.INTERRUPT if endpoint in self._beside else What.IN, arrived)
        return arrived

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        """Answer a class or vendor request. Raises Stall."""
        data = self._function.control_in(request_type, request, value, index, length)
        if data and (tap := self.tap) is not None:
            tap(What.CONTROL, data)
        return data

    def power_cycle(self) -> None:
        """Forget what was on its way, and what the device forgets."""
        self._under_way.clear()
        self._function.power_cycle()

    def _stall(self) -> None:
        if self.stalls:
            self.stalls -= 1
            raise Stall
