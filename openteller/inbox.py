"""Work for one thread that all others may bring."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Queue
from typing import Any, TypeVar

ASK_S = 2.0
"""How long to wait for a turn: the thread takes one thing at a time, none of them for long."""

_Done = TypeVar("_Done")


class Inbox:
    """Whoever brings work goes on at once; the thread that the inbox belongs to does it piece by piece."""

    def __init__(self) -> None:
        self._work: Queue[Callable[[], None] | None] = Queue()  # None: there will be no more

    def put(self, work: Callable[[], None]) -> None:
        """Have `work` done."""
        self._work.put(work)

    def ask(self, act: Callable[[], _Done]) -> "Future[_Done]":
        """Have `act` done; the future raises what `act` raises. What is cancelled before its turn is not done."""
        done: Future[_Done] = Future()
        self.put(lambda: _do(act, done))
        return done

    def close(self) -> None:
        """Let `do_next` return False after what is in here."""
        self._work.put(None)

    def do_next(self, patience_s: float) -> bool:
        """Wait up to `patience_s` for a piece of work and do it; return False where there will be no more."""
        try:
            work = self._work.get(timeout=patience_s)
        except Empty:
            return True
        if work is None:
            return False
        work()
        return True

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self._work.empty()


def awaited(asked: "Future[_Done]", patience_s: float = ASK_S) -> _Done | None:
    """Return what came of it; None: its turn did not come in time, and it will not be done."""
    try:
        return asked.result(patience_s)
    except TimeoutError:
        return None if asked.cancel() else asked.result()  # it is being done


def _do(act: Callable[[], Any], done: "Future[Any]") -> None:
    if not done.set_running_or_notify_cancel():
        return  # whoever asked has been told that it did not happen
    try:
        done.set_result(act())
    except Exception as error:  # noqa: BLE001  (whoever asked hears it; this thread has nothing to do with it)
        done.set_exception(error)
