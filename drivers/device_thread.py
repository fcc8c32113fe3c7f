"""The thread that owns a device: opens it, does its work one call at a time, polls it in the pauses, revives it."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from kiosk_core.clock import Clock
from kiosk_core.device import Device
from kiosk_core.errors import DeviceUnavailable, OpenTellerError, ProtocolViolation
from kiosk_core.status import DeviceState, DeviceStatus

_log = logging.getLogger(__name__)

REOPEN_SECONDS = 0.5


D = TypeVar("D", bound=Device)
T = TypeVar("T")


class DeviceThread(Generic[D]):
    """Owns one device; nobody else touches its driver.

    A call that ends in DeviceUnavailable or ProtocolViolation closes the device; it is opened again every
    REOPEN_SECONDS until it answers. Calls made meanwhile fail at once with DeviceUnavailable.
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
        self._open_device = open_device
        self._clock = clock
        self._on_status = on_status
        self._poll_s = poll_s
        self._device: D | None = None
        self._jobs: queue.Queue[tuple[Callable[[D], Any], Future[Any]] | None] = queue.Queue()
        self._status = DeviceStatus(name, DeviceState.STARTING, clock.wall())
        self._thread = threading.Thread(target=self._run, name=f"device-{name}", daemon=True)

    @property
    def status(self) -> DeviceStatus:
        """The last status that was published."""
        return self._status

    def start(self) -> None:
        """Begin to open the device and to poll it."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the call under way and close the device."""
        self._jobs.put(None)
        self._thread.join()

    def call(self, work: Callable[[D], T]) -> "Future[T]":
        """Run `work(device)` on the device's thread; its result or exception comes in the future."""
        future: Future[T] = Future()
        self._jobs.put((work, future))
        return future

    def _run(self) -> None:
        while True:
            if self._device is None:
                self._open()
            pause = REOPEN_SECONDS if self._device is None else self._poll_s
            try:
                job = self._jobs.get(timeout=pause)
            except queue.Empty:
                self._poll()
                continue
            if job is None:
                break
            self._do(*job)
        self._close()

    def _open(self) -> None:
        try:
            self._device = self._open_device()
        except DeviceUnavailable as error:
            self._publish(DeviceStatus(self._name, DeviceState.NO_DEVICE, self._clock.wall(), detail=error.reason))
        except ProtocolViolation as error:
            state = DeviceState.HARDWARE_ERROR
            self._publish(DeviceStatus(self._name, state, self._clock.wall(), detail=error.detail))
        else:
            self._poll()

    def _poll(self) -> None:
        device = self._device
        if device is None:
            return
        try:
            self._publish(device.status())
        except OpenTellerError as error:
            self._lose(error)

    def _do(self, work: Callable[[D], Any], future: "Future[Any]") -> None:
        if not future.set_running_or_notify_cancel():
            return
        device = self._device
        if device is None:
            future.set_exception(DeviceUnavailable(self._name, self._status.detail or "not open"))
            return
        try:
            result = work(device)
        except (DeviceUnavailable, ProtocolViolation) as error:
            self._lose(error)
            future.set_exception(error)
        except Exception as error:  # noqa: BLE001  (it belongs to the caller, the thread must live)
            future.set_exception(error)
        else:
            future.set_result(result)

    def _lose(self, error: OpenTellerError) -> None:
        _log.warning("%s is lost: %s", self._name, error)
        self._close()
        self._publish(DeviceStatus(self._name, DeviceState.OFFLINE, self._clock.wall(), detail=str(error)))

    def _close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None

    def _publish(self, status: DeviceStatus) -> None:
        before = self._status
        same = (before.state, before.faults, before.supplies, before.media, before.detail) == (
            status.state,
            status.faults,
            status.supplies,
            status.media,
            status.detail,
        )
        if not same:
            self._status = status
            self._on_status(status)
