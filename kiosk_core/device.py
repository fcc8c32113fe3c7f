"""What every device offers, whatever it is for; the ports of the device classes add their own verbs to it."""

from typing import Protocol

from kiosk_core.status import Counters, DeviceStatus, Identity


class Device(Protocol):
    """A device behind its driver, already open. Blocking; one thread owns it.

    Every method but `counters` and `close` raises DeviceUnavailable (unplugged, silent) and ProtocolViolation (bytes
    that break its protocol), none later than the deadline that its driver documents.
    """

    def identify(self) -> Identity:
        """Return what the device says it is; "" for what it does not tell."""
        ...

    def self_test(self) -> DeviceStatus:
        """Test what can be tested without a customer, and return the status with what was found in `detail`.

        No card is moved or kept and no paper is used up.
        """
        ...

    def status(self) -> DeviceStatus:
        """Ask the device now; a fault is in the answer and not raised."""
        ...

    def reset(self) -> None:
        """Bring the device to its state after power-up and forget whatever was half done.

        Raises:
            DeviceFault: it cannot get there before a person mends it.
        """
        ...

    def counters(self) -> Counters:
        """Return what the driver has counted since it was made."""
        ...

    def close(self) -> None:
        """Let go of the device; never raises, may be called twice."""
        ...
