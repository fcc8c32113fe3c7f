"""Threads that work side by side on one picture; who asked waits for all of them, and has what went wrong in any."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

_T = TypeVar("_T")


def side_by_side(crew: Executor, works: Iterable[Callable[[], _T]]) -> list[_T]:
    """Return what each work returns, in their order; raise what the first of them raised that failed.

    None of them runs any more then. A thread of the crew may not call it.
    """
    futures = [crew.submit(work) for work in works]
    try:
        return [_result(future) for future in futures]
    finally:
        _end(futures)


@contextmanager
def meanwhile(crew: Executor, work: Callable[[], _T]) -> Iterator[Callable[[], _T]]:
    """Begin a work, and lend what waits for its result; it does not run any more when the block ends, asked or not."""
    future = crew.submit(work)
    try:
        yield partial(_result, future)
    finally:
        _end([future])


def _result(future: Future[_T]) -> _T:
    return future.result()


def _end(futures: list[Future[_T]]) -> None:
    for future in futures:
        future.cancel()
    wait(futures)
