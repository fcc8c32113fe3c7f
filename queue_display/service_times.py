"""How long a window is occupied by a ticket, learned per service, hour and teller; seconds.

What is learned is the time from the call until the window may call again: the way to the window, the service, or the
wait for a no-show. The mean is that of the service times a factor of the hour times a factor of the teller, each drawn
towards what is known without it by some imagined observations. The spread is that of the last ratios to the mean.
Between two customers a window lets pass a moment, until its teller calls: these gaps are learned as they come.
"""

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from queue_display.policy import Policy

Key = TypeVar("Key")

_PRIOR_RATIOS = (
    *(0.12, 0.23, 0.31, 0.38, 0.45, 0.52, 0.59, 0.66, 0.73, 0.81),
    *(0.89, 0.97, 1.07, 1.17, 1.29, 1.43, 1.60, 1.82, 2.14, 2.82),
)
"""Twenty equally likely ratios to the mean of a gamma law of shape 2: what is assumed of an unknown service."""

_SHAPE = 2.0
_REMEMBERED = 400
_IMAGINED = 8.0
_IMAGINED_FACTOR = 20.0
_FORGETTING = 0.998
_LONGEST = 10.0
_REMEMBERED_GAPS = 200
_LONGEST_GAP_S = 120.0
_SHORTEST_S = 1.0
_BEYOND_ALL = 0.5


class Law:
    """A law of times at the window: its mean, and equally likely ratios to it, ascending."""

    __slots__ = ("_count", "_ratios", "mean")

    def __init__(self, mean: float, ratios: tuple[float, ...]) -> None:
        self.mean = mean
        self._ratios = ratios
        self._count = len(ratios)

    def draw(self, rng: random.Random) -> float:
        """Return a time."""
        return self.mean * self._ratios[int(rng.random() * self._count)]

    def residual(self, elapsed: float, rng: random.Random) -> float:
        """Return what is left of a time of which `elapsed` has passed.

        Beyond all that was seen half a mean is left, more or less: nothing is known, and it must end.
        """
        longer = bisect_right(self._ratios, elapsed / self.mean)
        if longer == self._count:
            return rng.expovariate(1 / (_BEYOND_ALL * self.mean))
        place = longer + int(rng.random() * (self._count - longer))
        return self.mean * self._ratios[place] - elapsed


@dataclass(slots=True)
class _Mean:
    """A mean that forgets slowly and begins with imagined observations."""

    total: float
    count: float

    @property
    def value(self) -> float:
        return self.total / self.count

    def add(self, value: float) -> None:
        self.total = self.total * _FORGETTING + value
        self.count = self.count * _FORGETTING + 1


@dataclass(slots=True)
class _Service:
    mean: _Mean
    ratios: deque[float] = field(default_factory=lambda: deque(_PRIOR_RATIOS, _REMEMBERED))
    ascending: tuple[float, ...] = _PRIOR_RATIOS


class ServiceTimes:
    """Learned from one time after another; before the first it knows what the policy expects."""

    def __init__(self, policy: Policy) -> None:
        self._services = {
            name: _Service(_Mean(each.expected_min * 60 * _IMAGINED, _IMAGINED))
            for name, each in policy.service.items()
        }
        self._gaps: deque[float] = deque(maxlen=_REMEMBERED_GAPS)
        self._hours: dict[int, _Mean] = {}
        self._tellers: dict[str, _Mean] = {}

    def learn(self, service: str, hour: int, teller: str, seconds: float) -> None:
        """Add a time. One of more than ten times the expected is a ticket that nobody finished, and counts as ten."""
        known = self._services[service]
        hour_factor, teller_factor = self._factor(self._hours, hour), self._factor(self._tellers, teller)
        expected = known.mean.value * hour_factor * teller_factor
        ratio = min(max(seconds, _SHORTEST_S) / expected, _LONGEST)
        known.mean.add(known.mean.value * ratio)
        known.ratios.append(ratio)
        known.ascending = ()
        self._hours.setdefault(hour, _Mean(_IMAGINED_FACTOR, _IMAGINED_FACTOR)).add(hour_factor * ratio)
        self._tellers.setdefault(teller, _Mean(_IMAGINED_FACTOR, _IMAGINED_FACTOR)).add(teller_factor * ratio)

    def learn_gap(self, seconds: float) -> None:
        """Add for how long a window that could call somebody did not; two minutes and more: its teller was away."""
        self._gaps.append(min(max(0.0, seconds), _LONGEST_GAP_S))

    def gap(self, rng: random.Random) -> float:
        """Return for how long a window may let somebody wait whom it can call; 0 until one was seen."""
        return self._gaps[int(rng.random() * len(self._gaps))] if self._gaps else 0.0

    def doubt(self, service: str, rng: random.Random) -> float:
        """Return by what the mean of a service may be wrong, a factor: the less was seen, the further it may be from 1.

        It is the mean of as many times as count, each with the variance that is assumed of an unknown service.
        """
        shape = _SHAPE * self._services[service].mean.count
        return rng.gammavariate(shape, 1 / shape)

    def mean(self, service: str, hour: int, teller: str) -> float:
        """Return the mean time of a service in an hour (0 to 23) by a teller."""
        known = self._services[service].mean.value
        return known * self._factor(self._hours, hour) * self._factor(self._tellers, teller)

    def law(self, service: str, hour: int, teller: str) -> Law:
        """Return the law of a service in an hour by a teller."""
        known = self._services[service]
        if not known.ascending:
            known.ascending = tuple(sorted(known.ratios))
        return Law(self.mean(service, hour, teller), known.ascending)

    @staticmethod
    def _factor(factors: Mapping[Key, _Mean], key: Key) -> float:
        return factors[key].value if key in factors else 1.0
