"""The thread that owns the link to the bank host."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from kiosk_core.ports import BankHost

T = TypeVar("T")


class ClosableHost(BankHost, Protocol):
    """A host link that can be let go of."""

    def close(self) -> None:
        """Close the connection; never raises."""
        ...


class HostThread:
    """Carries out requests to the host one after the other; a slow host holds up nobody else."""

    def __init__(self, host: ClosableHost) -> None:
        self._host = host
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bank-host")

    def call(self, work: Callable[[BankHost], T]) -> "Future[T]":
        """Run `work(host)` on the thread; its result or exception comes in the future."""
        return self._thread.submit(work, self._host)

    def stop(self) -> None:
        """Wait for the request under way, forget those behind it and close the link."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._host.close()
