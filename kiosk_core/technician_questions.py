"""What a technician asks a running core, and what it answers: messages of the core protocol."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

MAX_PREVIEW_S = 300
"""How long a technician may have the camera's picture on the customer's screen."""


@dataclass(frozen=True, kw_only=True)
class AskDevices:
    """How are all devices? Answer: Devices."""

    type: Literal["ask_devices"] = "ask_devices"


@dataclass(frozen=True, kw_only=True)
class AskDevice:
    """How is the device `name`, and what does it say it is? Answer: DeviceDetail."""

    type: Literal["ask_device"] = "ask_device"
    name: str


@dataclass(frozen=True, kw_only=True)
class AskTest:
    """Have the device `name` test itself. Answer: TestReport; Refused while a customer is served."""

    type: Literal["ask_test"] = "ask_test"
    name: str


@dataclass(frozen=True, kw_only=True)
class AskReset:
    """Reset the device `name`, after a person has mended it; `card` is where a card reader takes a card that it finds.

    Answer: TestReport of what was found afterwards; Refused while a customer is served, or for want of such a place.
    """

    type: Literal["ask_reset"] = "ask_reset"
    name: str
    card: Literal["stay", "exit", "retain"] = "stay"


@dataclass(frozen=True, kw_only=True)
class AskTrace:
    """What passed between the device `name` and its driver, behind record `after`, the `last` (None: all) of it.

    Answer: TraceReport; as long as it says `more`, ask again behind its last record.
    """

    type: Literal["ask_trace"] = "ask_trace"
    name: str
    after: int = 0
    last: int | None = None


@dataclass(frozen=True, kw_only=True)
class AskPreview:
    """Show the camera's picture on the screen for `seconds`; 0 ends it. Answer: Previewed, or Refused."""

    type: Literal["ask_preview"] = "ask_preview"
    seconds: Annotated[int, Field(ge=0, le=MAX_PREVIEW_S)]
    mirrored: bool = False


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """The answer to AskPreview: for so many `seconds` from now it is on the screen, unless a customer leaves it."""

    type: Literal["previewed"] = "previewed"
    seconds: int


@dataclass(frozen=True, kw_only=True)
class AskHost:
    """How is the link to the bank host, and what waits for its answer? Answer: HostReport."""

    type: Literal["ask_host"] = "ask_host"


@dataclass(frozen=True, kw_only=True)
class HostServerReport:
    """A server of the bank host: whether it is the one in use, how often in a row it could not be reached."""

    name: str
    in_use: bool
    failures: int


@dataclass(frozen=True, kw_only=True)
class WaitingReport:
    """A transaction that the host has not acknowledged: its state in the journal, since when, how often it was tried.

    `next_try_s` is in how many seconds it is tried again, 0 as soon as the host is there and no customer is.
    """

    transaction: str
    state: str
    amount_fen: int
    since: str
    tries: int
    next_try_s: float


@dataclass(frozen=True, kw_only=True)
class HostReport:
    """The answer to AskHost. Times are ISO 8601, null where there was none yet.

    `failure` says why the last question got no answer, "" after one that did. `mac_key` is the check value of the key
    of the messages' MAC, "" where there is none. `pin_key` is that of the PIN key that came over the line last, ""
    before one has come, null where none comes so; `pin_key_problem` says why no PIN can be taken now, "" while one can.
    `journal_problem` says why the host does not take the journal for the terminal's own, "" while it does.
    """

    type: Literal["host"] = "host"
    servers: tuple[HostServerReport, ...]
    connected_since: str | None
    last_answer: str | None
    round_trip_ms: int | None
    failure: str
    mac_key: str
    pin_key: str | None
    pin_key_problem: str
    journal_problem: str
    waiting: tuple[WaitingReport, ...]


@dataclass(frozen=True, kw_only=True)
class DeviceReport:
    """One device: the fields of `DeviceStatus` as plain words, and what was counted.

    `counters` are the driver's, since it was opened, some seconds old, and empty where there are none; `bytes_*` count
    what passed since the core was started.
    """

    name: str
    model: str
    port: str
    state: str
    since: str
    faults: tuple[str, ...] = ()
    supplies: dict[str, str] = field(default_factory=dict)
    media: str | None = None
    detail: str = ""
    counters: dict[str, int] = field(default_factory=dict)
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The answer to AskDevices."""

    type: Literal["devices"] = "devices"
    devices: tuple[DeviceReport, ...]


@dataclass(frozen=True, kw_only=True)
class DeviceDetail:
    """The answer to AskDevice: `identity`, `firmware` and `serial` are what the device says it is."""

    type: Literal["device"] = "device"
    report: DeviceReport
    identity: str = ""
    firmware: str = ""
    serial: str = ""


@dataclass(frozen=True, kw_only=True)
class TestReport:
    """The answer to AskTest and AskReset. `problem` says why it did not end; `report` is what was found."""

    type: Literal["test"] = "test"
    report: DeviceReport
    passed: bool
    seconds: float
    problem: str = ""

    __test__ = False  # pytest would collect it


@dataclass(frozen=True, kw_only=True)
class TraceReport:
    """The answer to AskTrace: lines of a trace file (docs/traces.md), `header` and records."""

    type: Literal["trace"] = "trace"
    header: str
    records: tuple[str, ...]
    more: bool


DeviceQuestion = AskDevices | AskDevice | AskTest | AskReset | AskTrace
TechnicianQuestion = DeviceQuestion | AskHost | AskPreview
DeviceAnswer = Devices | DeviceDetail | TestReport | TraceReport
TechnicianAnswer = DeviceAnswer | HostReport | Previewed
