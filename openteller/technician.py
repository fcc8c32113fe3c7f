"""The core's side of a technician's questions: how devices are, what they say they are, tests and traces."""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from drivers.device_thread import DeviceThread
from drivers.registry import Role
from drivers.trace.watch import TraceWatch
from kiosk_core.card_reader import ResetAction
from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError, ProtocolViolation
from kiosk_core.screen_messages import Answer, Refused
from kiosk_core.status import Counters, DeviceStatus, Identity
from kiosk_core.technician_questions import (
    AskDevice,
    AskDevices,
    AskReset,
    AskTest,
    AskTrace,
    DeviceDetail,
    DeviceQuestion,
    DeviceReport,
    Devices,
    TestReport,
    TraceReport,
)
from kiosk_core.trace import header_line, record_line

_log = logging.getLogger(__name__)

TEST_S = 60.0
"""How long a self-test may take; a mechanism that moves needs seconds."""
ASK_S = 2.0
"""How long a device that is busy is waited for."""
COUNT_S = 0.3
"""The same where only counters are wanted."""
PAUSE_S = 5.0
"""How long nothing is asked again: a technician who looks all the time must not take the device's time."""
_LOOK_S = 0.1
_REPORT_BYTES = 40 * 1024  # of trace lines in a message of at most 64 KiB, in which their quotes are escaped

BUSY = "a customer is being served; try again when the home page is back"

T = TypeVar("T")


@dataclass(frozen=True)
class Attended:
    """A device as the technician asks for it."""

    thread: DeviceThread[Any]
    watch: TraceWatch
    model: str
    port: str


@dataclass(frozen=True)
class _Identified:
    """What a device said it is at an opening; `half` if it may say more later."""

    opening: int
    asked_at: float
    half: bool
    identity: Identity


class Technician:
    """Answers questions, on whatever thread asks; a device is only touched on its own thread.

    Args:
        devices: by their names.
        is_serving: whether a customer is being served.
    """

    def __init__(self, devices: Mapping[str, Attended], clock: Clock, is_serving: Callable[[], bool]) -> None:
        self._devices = devices
        self._clock = clock
        self._is_serving = is_serving
        self._counters: dict[str, tuple[float, dict[str, int]]] = {}
        self._identities: dict[str, _Identified] = {}
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every answer that is waiting for a device."""
        self._stopped.set()

    def answer(self, question: DeviceQuestion) -> Answer:
        """Return the answer."""
        if isinstance(question, AskDevices):
            return Devices(devices=tuple(self._report(name) for name in self._devices))
        if question.name not in self._devices:
            return Refused(reason=f'there is no device "{question.name}"', known=tuple(self._devices))
        match question:
            case AskDevice(name=name):
                return self._detail(name)
            case AskTest(name=name):
                return self._examined(name, lambda device: device.self_test())
            case AskReset():
                return self._reset(question)
            case AskTrace():
                return self._trace(question)

    def _detail(self, name: str) -> DeviceDetail:
        identity = self._identity(name)
        return DeviceDetail(
            report=self._report(name), identity=identity.model, firmware=identity.firmware, serial=identity.serial
        )

    def _identity(self, name: str) -> Identity:
        """Ask the device what it is, once an opening: no question goes to a device that serves a customer."""
        device = self._devices[name]
        now, opening = self._clock.now(), device.watch.openings
        known = self._identities.get(name)
        if known is None or known.opening != opening or (known.half and now - known.asked_at >= PAUSE_S):
            known = _Identified(opening, now, half=True, identity=Identity(""))
            if not self._is_serving():
                with contextlib.suppress(OpenTellerError, TimeoutError):
                    identity = self._do(name, lambda driver: driver.identify(), ASK_S)
                    # A printer without paper does not tell its firmware, and later does.
                    known = _Identified(opening, now, half=not identity.firmware, identity=identity)
                self._identities[name] = known
        return known.identity

    def _reset(self, question: AskReset) -> TestReport | Refused:
        if question.card == "stay":
            return self._examined(question.name, _reset)
        if question.name != Role.CARD_READER.value:
            return Refused(reason=f"{question.name} holds no cards; reset it without a place for one")
        place = ResetAction(question.card)
        try:
            return self._examined(question.name, lambda device: _reset(device, place))
        except ValueError as error:
            return Refused(reason=str(error))

    def _examined(self, name: str, examine: Callable[[Any], DeviceStatus]) -> TestReport | Refused:
        """Report what `examine` finds, unless a customer is served."""
        if self._is_serving():
            return Refused(reason=BUSY)
        began = self._clock.now()
        found: DeviceStatus | None = None
        problem = ""
        try:
            found = self._do(name, examine, TEST_S)
        except TimeoutError:
            problem = f"no result in {TEST_S:.0f} s"
        except OpenTellerError as error:
            problem = str(error)
        return TestReport(
            report=self._report(name, found),
            passed=found is not None and found.in_service,
            seconds=round(self._clock.now() - began, 3),
            problem=problem,
        )

    def _trace(self, question: AskTrace) -> TraceReport:
        watch = self._devices[question.name].watch
        lines: list[str] = []
        room = _REPORT_BYTES
        records = watch.records(after=question.after, last=question.last)
        for record in records:
            line = record_line(record)
            room -= len(line.encode())
            if lines and room < 0:
                break
            lines.append(line)
        return TraceReport(header=header_line(watch.header), records=tuple(lines), more=len(lines) < len(records))

    def _report(self, name: str, status: DeviceStatus | None = None) -> DeviceReport:
        """Report a status, the last published one where there is none newer."""
        device = self._devices[name]
        status = status or device.thread.status
        sent, received = device.watch.bytes_passed
        return DeviceReport(
            name=name,
            model=device.model,
            port=device.port,
            state=status.state.value,
            since=status.since.isoformat(timespec="seconds"),
            faults=tuple(sorted(fault.value for fault in status.faults)),
            supplies={supply: amount.value for supply, amount in status.supplies.items()},
            media=status.media.value if status.media is not None else None,
            detail=status.detail,
            counters=self._counted(name),
            bytes_sent=sent,
            bytes_received=received,
        )

    def _counted(self, name: str) -> dict[str, int]:
        taken, counted = self._counters.get(name, (0.0, {}))
        if name not in self._counters or self._clock.now() - taken >= PAUSE_S:
            with contextlib.suppress(OpenTellerError, TimeoutError):
                counters: Counters = self._do(name, lambda device: device.counters(), COUNT_S)
                counted = asdict(counters)
            self._counters[name] = self._clock.now(), counted
        return counted

    def _do(self, name: str, work: Callable[[Any], T], patience_s: float) -> T:
        """Return `work(device)`.

        Raises:
            TimeoutError: not in `patience_s`, or the core stops; work that has not begun will not be done.
            OpenTellerError, ValueError: as the driver raises.
        """
        future: Future[T] = self._devices[name].thread.call(work)
        until = self._clock.now() + patience_s
        while not wait((future,), _LOOK_S).done:
            if self._stopped.is_set() or self._clock.now() >= until:
                future.cancel()
                raise TimeoutError
        try:
            return future.result()
        except (OpenTellerError, ValueError):
            raise
        except Exception as error:  # noqa: BLE001  (the technician must get an answer)
            _log.exception("%s: a technician's question failed", name)
            raise ProtocolViolation(name, f"the driver failed: {type(error).__name__}") from None


def _reset(device: Any, *place: ResetAction) -> DeviceStatus:
    device.reset(*place)
    status: DeviceStatus = device.status()
    return status
