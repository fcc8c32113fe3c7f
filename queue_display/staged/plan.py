"""A day as it may go, drawn before it begins: who comes, what each needs and does, and when tellers are there.

All is drawn from a seed, whatever the queue will make of it: two policies, or two numbers of windows, get the same day.
Times are seconds after midnight.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from kiosk_core.texts import Language
from queue_display.events import BreakReason
from queue_display.forecast import Forecast, Stream
from queue_display.policy import Policy
from queue_display.tickets import Channel
from queue_display.what_if import Coming

_WALK_S = (8.0, 30.0)
_TIDYING_S = (2.0, 15.0)
_LEAST_S = 20.0
_BOOKED_EARLY_S = (-300.0, 900.0)  # how long before the appointment its customer comes
_SLOT_S = 900.0
_MEALS = (11.5, 13.5)
_MEAL_S = 1800.0
_RESTS = ((10.0, 11.5), (14.5, 16.0))
_REST_S = 600.0
_STAY_S = 900.0
_SOONER_S = 300.0
_BUSY = 0.95
_PACE = (0.85, 1.15)


@dataclass(frozen=True)
class Habits:
    """What customers do: shares of them, and how many minutes they wait on average before they give up."""

    booked: float = 0.06
    english: float = 0.05
    two_services: float = 0.05
    sent_on: float = 0.04
    more_time: float = 0.04
    away: float = 0.05
    never_back: float = 0.5  # of those who are away
    patience_min: float = 150.0


@dataclass(frozen=True)
class Visit:
    """Somebody who comes `at` for `services`, each of which takes `at_window_s` with a teller of usual pace.

    `slot` is when his appointment is. `walk_s` is his way to the window, `tidying_s` what
    the teller has to do after him. `sent_on` is the service to which the first
    window sends him. `goes_on`: his next service follows at the same window. `more_time`: after so many seconds he
    parks his ticket for as many. `away`: from and until so many seconds after the ticket he is not there. He gives up
    after `patience_s`.
    """

    at: float
    services: tuple[str, ...]
    at_window_s: tuple[float, ...]
    customer_class: str
    language: Language = "zh"
    channel: Channel = Channel.KIOSK
    slot: float | None = None
    walk_s: float = 15.0
    tidying_s: float = 8.0
    sent_on: str = ""
    goes_on: bool = False
    more_time: tuple[float, float] | None = None
    away: tuple[float, float] | None = None
    patience_s: float = math.inf


@dataclass(frozen=True)
class Pause:
    """A break that begins when the teller is free after `at`."""

    at: float
    lasts_s: float
    reason: BreakReason


@dataclass(frozen=True)
class Shift:
    """A teller at a window from `begins` until nobody waits after `ends`; his services take `pace` times as long."""

    window: str
    teller: str
    begins: float
    ends: float
    pace: float
    pauses: tuple[Pause, ...]


@dataclass(frozen=True)
class DayPlan:
    """A day: it `begins` when the first teller comes, and no customer comes from `closes` on."""

    visits: tuple[Visit, ...]
    shifts: tuple[Shift, ...]
    begins: float
    closes: float


def plan_day(forecast: Forecast, policy: Policy, windows: int, habits: Habits = Habits(), seed: int = 0) -> DayPlan:
    """Return a day of this forecast with so many windows."""
    opens = forecast.first_hour * 3600.0
    closes = max(forecast.first_hour + len(stream.per_hour) for stream in forecast.coming) * 3600.0
    rng = random.Random(f"{seed}/visits")  # noqa: S311  (chances of a simulation)
    drawn = _Drawing(policy, habits, rng, opens)
    visits = sorted((drawn.visit(coming) for coming in forecast.day(seed)), key=lambda visit: visit.at)
    rng = random.Random(f"{seed}/shifts")  # noqa: S311
    shifts = tuple(_shift(number, windows, opens, closes, rng) for number in range(1, windows + 1))
    return DayPlan(tuple(visits), shifts, opens - _SOONER_S, closes)


def windows_for(forecast: Forecast, policy: Policy) -> int:
    """Return how many windows have just enough time for who comes: next to none is idle in the busiest hour."""
    hours = zip_longest(*(_work_s(stream, policy) for stream in forecast.coming), fillvalue=0.0)
    return max(1, math.ceil(max(map(math.fsum, hours)) / 3600 / _BUSY))


def _work_s(stream: Stream, policy: Policy) -> list[float]:
    return [count * policy.service[stream.service].expected_min * 60 for count in stream.per_hour]


@dataclass(frozen=True)
class _Drawing:
    policy: Policy
    habits: Habits
    rng: random.Random
    opens: float

    def visit(self, coming: Coming) -> Visit:
        """Return what becomes of somebody who comes; every visit takes as many chances from the generator."""
        rng, habits = self.rng, self.habits
        service, others = coming.line.service, [name for name in self.policy.service if name != coming.line.service]
        another = rng.choice(others or [service])
        is_two, is_sent_on = rng.random() < habits.two_services, rng.random() < habits.sent_on
        services = (service, another) if is_two else (service,)
        channel, at, slot = self._appointment(coming.at)
        return Visit(
            at=at,
            services=services,
            at_window_s=(self._lasts(service), self._lasts(another)),
            customer_class=coming.line.customer_class,
            language="en" if rng.random() < habits.english else "zh",
            channel=channel,
            slot=slot,
            walk_s=rng.uniform(*_WALK_S),
            tidying_s=rng.uniform(*_TIDYING_S),
            sent_on=another if is_sent_on and not is_two and others else "",
            goes_on=rng.random() < 0.5,
            more_time=_or_none(rng.random() < habits.more_time, (rng.uniform(30, 240), rng.uniform(120, 600))),
            away=self._away(),
            patience_s=rng.expovariate(1 / (habits.patience_min * 60)),
        )

    def _appointment(self, at: float) -> tuple[Channel, float, float | None]:
        chance, early, by_phone = self.rng.random(), self.rng.uniform(*_BOOKED_EARLY_S), self.rng.random() < 0.3
        if chance >= self.habits.booked:
            return (Channel.PHONE if by_phone else Channel.KIOSK), at, None
        slot = math.ceil(at / _SLOT_S) * _SLOT_S
        return Channel.BOOKING, max(self.opens, slot - early), slot

    def _away(self) -> tuple[float, float] | None:
        chance, goes, stays = self.rng.random(), self.rng.uniform(5, 40), self.rng.uniform(300, 1800)
        is_for_ever = self.rng.random() < self.habits.never_back
        return _or_none(chance < self.habits.away, (goes, math.inf if is_for_ever else goes + stays))

    def _lasts(self, service: str) -> float:
        """Return a time of the service, of a gamma law of shape 2 as estimates assume at first."""
        mean = self.policy.service[service].expected_min * 60
        return max(_LEAST_S, self.rng.gammavariate(2, mean / 2) - sum(_WALK_S) / 2)


def _or_none(is_so: bool, pair: tuple[float, float]) -> tuple[float, float] | None:
    return pair if is_so else None


def _shift(number: int, windows: int, opens: float, closes: float, rng: random.Random) -> Shift:
    """Return the shift of a window; meals follow each other, so that few windows pause at once."""
    first, last = _MEALS
    meal = Pause((first + (last - first) * (number * 7 % windows) / windows) * 3600, _MEAL_S, BreakReason.MEAL)
    rests = [Pause(rng.uniform(*span) * 3600, _REST_S, BreakReason.REST) for span in _RESTS]
    pauses = tuple(sorted((meal, *rests), key=lambda pause: pause.at))
    begins = opens - rng.uniform(0, _SOONER_S)
    return Shift(
        str(number), f"10{number:02}", begins, closes + _STAY_S, rng.uniform(0.85, 1.2), _inside(pauses, opens, closes)
    )


def _inside(pauses: Sequence[Pause], opens: float, closes: float) -> tuple[Pause, ...]:
    return tuple(pause for pause in pauses if opens < pause.at < closes)
