"""The thread that owns a link to another machine: the bank host, the branch's queue."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Closable(Protocol):
    """A link that can be let go of."""

    def close(self) -> None:
        """Close the connection; never raises."""
        ...


L = TypeVar("L", bound=Closable)


class WorkerThread(Generic[L]):
    """Carries out requests one after the other; a slow machine holds up nobody else."""

    def __init__(self, link: L, name: str) -> None:
        self._link = link
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def call(self, work: Callable[[L], T]) -> "Future[T]":
        """Run `work(link)` on the thread; its result or exception comes in the future."""
        return self._thread.submit(work, self._link)

    def stop(self) -> None:
        """Wait for the request under way, forget those behind it and close the link."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._link.close()
