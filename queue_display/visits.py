"""What customers do besides coming and being served, learned from the log: some give up, some are sent on."""

import random

from queue_display.arrival_rates import UNKNOWN, Rate

_FORGETTING = 0.998
_IMAGINED = 20.0


class GivingUp:
    """How often one who waits gives up: those who did, in all the seconds that anybody waited."""

    def __init__(self) -> None:
        self._gave_up = 0.0
        self._waited_s = 0.0

    def learn(self, waited_s: float, *, gave_up: bool) -> None:
        """Add a wait, and whether it ended so."""
        self._gave_up = self._gave_up * _FORGETTING + gave_up
        self._waited_s = self._waited_s * _FORGETTING + max(0.0, waited_s)

    @property
    def rate(self) -> Rate:
        """How often, a second."""
        return Rate(self._gave_up, self._waited_s) if self._gave_up and self._waited_s else UNKNOWN


class Onward:
    """To which service customers of another one are sent on, and how many; "" is none."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, float]] = {}

    def learn(self, service: str, onward: str) -> None:
        """Add one who was served."""
        counts = self._counts.setdefault(service, {"": _IMAGINED})
        for each in counts:
            counts[each] *= _FORGETTING
        counts[onward] = counts.get(onward, 0.0) + 1

    def draw(self, service: str, rng: random.Random) -> str:
        """Return where one who was served for `service` goes on to."""
        counts = self._counts.get(service)
        if counts is None or len(counts) == 1:
            return ""
        return rng.choices(list(counts), list(counts.values()))[0]
