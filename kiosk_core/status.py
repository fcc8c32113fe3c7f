"""One frozen status for every device, in the words of XFS4IoT (Common.Status, CardReader.Status, Printer.Status)."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import Enum

from kiosk_core.errors import Fault


class DeviceState(Enum):
    """XFS4IoT `common.device`."""

    ONLINE = "online"
    OFFLINE = "offline"
    NO_DEVICE = "noDevice"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    STARTING = "starting"


class Media(Enum):
    """XFS4IoT `cardReader.media`."""

    PRESENT = "present"
    NOT_PRESENT = "notPresent"
    JAMMED = "jammed"
    ENTERING = "entering"
    LATCHED = "latched"
    UNKNOWN = "unknown"


class Supply(Enum):
    """XFS4IoT `printer.paper`."""

    FULL = "full"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DeviceStatus:
    """What technician pages, logs, telemetry and the screen read of a device.

    Two that tell the same are equal, however long the device has been so: `since` is when it became so.
    """

    name: str
    state: DeviceState
    since: datetime = field(compare=False)
    faults: frozenset[Fault] = frozenset()
    supplies: dict[str, Supply] = field(default_factory=dict)
    media: Media | None = None
    detail: str = ""

    @property
    def in_service(self) -> bool:
        """Whether the device can do its work now."""
        return self.state is DeviceState.ONLINE and not self.faults


@dataclass(frozen=True)
class Identity:
    """What a device says about itself: for the technician and for traces."""

    model: str
    firmware: str = ""
    serial: str = ""


@dataclass(slots=True)
class Counters:
    """What a driver has counted since it was made: for the technician, who sees a worn cable before it breaks.

    `cycles` are cards moved or powered, receipts cut, cards read, codes scanned, pictures taken; `strays` are messages
    that answered nothing that was asked; `bytes_*` count what passed the transport.
    """

    cycles: int = 0
    jams: int = 0
    exchanges: int = 0
    resends: int = 0
    checksum_errors: int = 0
    strays: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    def copy(self) -> "Counters":
        """Return what is counted so far, for whoever is not the driver: it changes no more."""
        return replace(self)

    def plus(self, other: "Counters") -> "Counters":
        """Return the sum of both, each counter by itself."""
        return Counters(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counters)))
