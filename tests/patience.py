"""Waiting for what other threads and processes do: long, since only a fault makes it last."""

import time
from collections.abc import Callable

PATIENCE_S = 100.0
"""More than a machine with far too much to do needs; a whole test has 300 s."""


def until(so: Callable[[], object]) -> None:
    """Return when `so()` is true; fail after PATIENCE_S."""
    give_up = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < give_up, "it did not come true"
        time.sleep(0.005)
