"""A day that may come: how many customers an hour, as checked data (like openteller's default day), and draws of it."""

import math
import random
from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Le, MinLen

from kiosk_core.services import SettingError
from queue_display.policy import Policy
from queue_display.tickets import Line
from queue_display.what_if import Coming

_STRICT = {"extra": "forbid", "strict": True}

Count = Annotated[float, Ge(0), Le(10_000)]


@dataclass(frozen=True)
class Stream:
    """Customers of one line: how many come in the first hour of the day, the second, and so on."""

    service: str
    customer_class: str
    per_hour: Annotated[tuple[Count, ...], MinLen(1)]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Forecast:
    """Who comes on a day that begins at `first_hour`.

    Raises:
        SettingError: the day goes on after midnight.
    """

    first_hour: Annotated[int, Ge(0), Le(23)]
    coming: Annotated[tuple[Stream, ...], MinLen(1)]

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        for place, stream in enumerate(self.coming):
            if self.first_hour + len(stream.per_hour) > 24:
                problem = f"has {len(stream.per_hour)} hours; from {self.first_hour}:00 that is beyond midnight"
                raise SettingError(("coming", place, "per_hour"), problem)

    def check(self, policy: Policy) -> None:
        """Raise SettingError if a service or class is none of the policy."""
        for place, stream in enumerate(self.coming):
            if stream.service not in policy.service:
                raise SettingError(("coming", place, "service"), f'the policy has no service "{stream.service}"')
            if stream.customer_class not in policy.customer_class:
                problem = f'the policy has no customer_class "{stream.customer_class}"'
                raise SettingError(("coming", place, "customer_class"), problem)

    @property
    def tickets(self) -> float:
        """How many come on average."""
        return math.fsum(count for stream in self.coming for count in stream.per_hour)

    def scaled(self, tickets: float) -> "Forecast":
        """Return the same day with so many customers on average."""
        factor = tickets / self.tickets if self.tickets else 0.0
        streams = (
            replace(stream, per_hour=tuple(count * factor for count in stream.per_hour)) for stream in self.coming
        )
        return replace(self, coming=tuple(streams))

    def day(self, seed: int) -> tuple[Coming, ...]:
        """Return such a day: Poisson arrivals, by time."""
        rng = random.Random(seed)  # noqa: S311  (chances of a simulation)
        coming: list[Coming] = []
        for stream in self.coming:
            line = Line(stream.service, stream.customer_class)
            for hour, count in enumerate(stream.per_hour, self.first_hour):
                at = hour * 3600.0 + (rng.expovariate(count / 3600) if count else 3600.0)
                while at < (hour + 1) * 3600.0:
                    coming.append(Coming(at, line, at))
                    at += rng.expovariate(count / 3600)
        return tuple(sorted(coming, key=lambda each: each.at))
