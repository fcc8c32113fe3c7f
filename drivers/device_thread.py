"""The thread that owns a device: opens it, does its work one call at a time, polls it in the pauses, revives it."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import Any, Generic, TypeVar

from kiosk_core.clock import Clock
from kiosk_core.device import Device
from kiosk_core.errors import DeviceUnavailable, OpenTellerError, ProtocolViolation
from kiosk_core.status import DeviceState, DeviceStatus

_log = logging.getLogger(__name__)

REOPEN_SECONDS = 0.5


D = TypeVar("D", bound=Device)
T = TypeVar("T")


class _Order(Enum):
    POLL = "poll"
    STOP = "stop"


class Supervised(Generic[D]):
    """A device that is opened when it can be, polled, and opened again after it was lost. One thread uses it.

    No mistake of a driver, or of who listens, ends that thread: what is none of our errors is logged, and the device
    opened again.
    """

    def __init__(
        self, name: str, open_device: Callable[[], D], clock: Clock, on_status: Callable[[DeviceStatus], None]
    ) -> None:
        self._name = name
        self._open_device = open_device
        self._clock = clock
        self._on_status = on_status
        self._device: D | None = None
        self._status = DeviceStatus(name, DeviceState.STARTING, clock.wall())

    @property
    def status(self) -> DeviceStatus:
        """The last status that was published."""
        return self._status

    @property
    def is_open(self) -> bool:
        """Whether the device can be asked."""
        return self._device is not None

    def open(self) -> None:
        """Try to open the device, and poll it where that works."""
        try:
            self._device = self._open_device()
        except DeviceUnavailable as error:
            self._publish(DeviceStatus(self._name, DeviceState.NO_DEVICE, self._clock.wall(), detail=error.reason))
        except OpenTellerError as error:
            self._broken(str(error))
        except Exception as error:  # noqa: BLE001  (the thread must live)
            _log.exception("%s cannot be opened", self._name)
            self._broken(type(error).__name__)
        else:
            self.poll()

    def poll(self) -> None:
        """Ask for the status and publish it where it is new; a device that is not open is let be."""
        device = self._device
        if device is None:
            return
        try:
            self._publish(_a_status(device.status()))
        except OpenTellerError as error:
            self._lose(str(error))
        except Exception as error:  # noqa: BLE001  (the thread must live)
            _log.exception("%s cannot be polled", self._name)
            self._lose(type(error).__name__)

    def do(self, work: Callable[[D], T]) -> T:
        """Return `work(device)`; DeviceUnavailable and ProtocolViolation close the device before they are raised.

        Raises:
            DeviceUnavailable: also where the device is not open.
        """
        if self._device is None:
            raise DeviceUnavailable(self._name, self._status.detail or "not open")
        try:
            return work(self._device)
        except (DeviceUnavailable, ProtocolViolation) as error:
            self._lose(str(error))
            raise

    def close(self) -> None:
        """Let go of the device."""
        device, self._device = self._device, None
        if device is not None:
            try:
                device.close()
            except Exception:  # noqa: BLE001  (the thread must live)
                _log.exception("%s cannot be closed", self._name)

    def _lose(self, reason: str) -> None:
        _log.warning("%s is lost: %s", self._name, reason)
        self.close()
        self._publish(DeviceStatus(self._name, DeviceState.OFFLINE, self._clock.wall(), detail=reason))

    def _broken(self, reason: str) -> None:
        self._publish(DeviceStatus(self._name, DeviceState.HARDWARE_ERROR, self._clock.wall(), detail=reason))

    def _publish(self, status: DeviceStatus) -> None:
        if status != self._status:
            self._status = status
            try:
                self._on_status(status)
            except Exception:  # noqa: BLE001  (the thread must live)
                _log.exception("nobody has taken the status of %s", self._name)


def _a_status(told: object) -> DeviceStatus:
    if not isinstance(told, DeviceStatus):
        raise TypeError(f"a status is no {type(told).__name__}")
    return told


class DeviceThread(Generic[D]):
    """Owns one device; nobody else touches its driver.

    A call that ends in DeviceUnavailable or ProtocolViolation closes the device; it is opened again every
    REOPEN_SECONDS until it answers. Calls made meanwhile fail at once with DeviceUnavailable, and so do those that were
    not carried out when the thread ended, and later ones: no future waits for ever.
    """

    def __init__(
        self,
        name: str,
        open_device: Callable[[], D],
        clock: Clock,
        on_status: Callable[[DeviceStatus], None],
        poll_s: float,
    ) -> None:
        self._name = name
        self._supervised = Supervised(name, open_device, clock, on_status)
        self._clock = clock
        self._poll_s = poll_s
        self._jobs: queue.Queue[tuple[Callable[[D], Any], Future[Any]] | _Order] = queue.Queue()
        self._ended = False
        self._door = threading.Lock()  # nothing is put into the queue after it was emptied for the last time
        self._thread = threading.Thread(target=self._run, name=f"device-{name}", daemon=True)

    @property
    def status(self) -> DeviceStatus:
        """The last status that was published."""
        return self._supervised.status

    def start(self) -> None:
        """Begin to open the device and to poll it."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the call under way and close the device."""
        self._jobs.put(_Order.STOP)
        self._thread.join()

    def poll_soon(self) -> None:
        """Ask for the status as soon as the calls before this one are done, and publish it where it is new."""
        self._jobs.put(_Order.POLL)

    def call(self, work: Callable[[D], T]) -> "Future[T]":
        """Run `work(device)` on the device's thread; its result or exception comes in the future."""
        future: Future[T] = Future()
        with self._door:
            if not self._ended:
                self._jobs.put((work, future))
                return future
        future.set_exception(DeviceUnavailable(self._name, "stopped"))
        return future

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._supervised.close()
            with self._door:
                self._ended = True
            self._refuse_the_rest()

    def _serve(self) -> None:
        supervised, clock = self._supervised, self._clock
        due = clock.now()  # of the next poll, or attempt to open: many calls must not keep it off
        while True:
            if clock.now() >= due:
                if supervised.is_open:
                    supervised.poll()
                else:
                    supervised.open()
                due = clock.now() + (self._poll_s if supervised.is_open else REOPEN_SECONDS)
            was_open = supervised.is_open
            try:
                job = self._jobs.get(timeout=max(0.0, due - clock.now()))
            except queue.Empty:
                continue
            if job is _Order.STOP:
                break
            if job is _Order.POLL:
                due = clock.now()
                continue
            self._do(*job)
            del job  # its work and its answer may know a card number, and the next job may be hours away
            if was_open and not supervised.is_open:
                due = clock.now() + REOPEN_SECONDS

    def _refuse_the_rest(self) -> None:
        while not self._jobs.empty():
            job = self._jobs.get()
            if not isinstance(job, _Order) and job[1].set_running_or_notify_cancel():
                job[1].set_exception(DeviceUnavailable(self._name, "stopped"))

    def _do(self, work: Callable[[D], Any], future: "Future[Any]") -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = self._supervised.do(work)
        except Exception as error:  # noqa: BLE001  (it belongs to the caller, the thread must live)
            future.set_exception(error)
        except BaseException as error:  # the thread ends, and who waits must not wait for ever
            future.set_exception(error)
            raise
        else:
            future.set_result(result)
