"""The calling policy of a branch, as checked data (`policy.toml`), and what it makes of each line.

The first of a line competes by its credit = rate * age - handicap. With rate and handicap of `Rule`:

    fifo          age                                        who came first
    due           age - target                               whose target ends first (earliest due date)
    accumulating  weight * age / target                      whose target is used up most (Kleinrock 1964)
    gcmu          weight * age / target * mean / service     the same, short services sooner (van Mieghem 1995 for
                                                             costs that grow with the square of the wait)

where `service` is the expected time of the service and `mean` that of all services. Classes of a lower `layer` go
first whatever the credit. A ticket that has waited for its class's `cap` joins layer 0, where the order is that of
joining: so layer 0 is the green channel, strict, and nobody starves behind it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Annotated, NamedTuple

from annotated_types import Ge, Gt, Le, MinLen

from kiosk_core.services import SettingError
from kiosk_core.texts import LocalText
from queue_display.tickets import Line

_STRICT = {"extra": "forbid", "strict": True}

Minutes = Annotated[float, Gt(0), Le(1440)]
Weight = Annotated[float, Ge(0.01), Le(100)]
Layer = Annotated[int, Ge(0), Le(9)]

_MINUTE_S = 60.0


class Rule(Enum):
    """How the classes of one layer share the windows."""

    FIFO = "fifo"
    DUE = "due"
    ACCUMULATING = "accumulating"
    GCMU = "gcmu"


@dataclass(frozen=True)
class ServiceQueue:
    """A service: how its numbers begin, how long one should wait for it at most, how long it takes at the window."""

    title: LocalText
    series: Annotated[str, MinLen(1)]
    target_min: Minutes
    expected_min: Minutes

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class CustomerClass:
    """A class of customers. `target_min` replaces that of the service; after `cap_min` nobody new goes before them."""

    title: LocalText
    layer: Layer = 1
    weight: Weight = 1.0
    target_min: Minutes | None = None
    cap_min: Minutes | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class AppointmentRule:
    """Appointments wait from their slot, or the check-in if that is later; more than `grace_min` later: a walk-in."""

    target_min: Minutes = 2.0
    grace_min: Minutes = 15.0

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class WindowRule:
    """What a window calls: `services` (empty: all), `only` these classes (empty: all), and which go `first` there."""

    services: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class TellerSkills:
    """The services that a teller does."""

    services: Annotated[tuple[str, ...], MinLen(1)]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class NoShowRule:
    """A no-show who comes back within `back_min` waits again and loses `behind_min` of his wait; later: refused."""

    back_min: Minutes = 30.0
    behind_min: Annotated[float, Ge(0), Le(1440)] = 5.0

    __pydantic_config__ = _STRICT


class Terms(NamedTuple):
    """What the policy makes of a line: credit = rate * age - handicap, its layer, and the age that ends in layer 0."""

    layer: int
    rate: float
    handicap: float
    cap_s: float
    target_s: float


@dataclass(frozen=True)
class Policy:
    """All rules of a branch.

    Raises:
        SettingError: a name that is nowhere defined, two services with one series, or a class that may starve.
    """

    service: Annotated[Mapping[str, ServiceQueue], MinLen(1)]
    customer_class: Annotated[Mapping[str, CustomerClass], MinLen(1)]
    rule: Rule = Rule.ACCUMULATING
    appointment: AppointmentRule = field(default_factory=AppointmentRule)
    no_show: NoShowRule = field(default_factory=NoShowRule)
    window: Mapping[str, WindowRule] = field(default_factory=dict)
    teller: Mapping[str, TellerSkills] = field(default_factory=dict)

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        self._check_series()
        self._check_caps()
        for name, window in self.window.items():
            _check_known(("window", name, "services"), window.services, self.service, "service")
            _check_known(("window", name, "only"), window.only, self.customer_class, "customer_class")
            _check_known(("window", name, "first"), window.first, self.customer_class, "customer_class")
        for name, teller in self.teller.items():
            _check_known(("teller", name, "services"), teller.services, self.service, "service")

    @cached_property
    def terms(self) -> Mapping[Line, Terms]:
        """What the policy makes of each line; any line of its services and classes may be asked for."""
        return _TermsByLine(self)

    @cached_property
    def mean_service_s(self) -> float:
        """The mean of the expected times of all services."""
        return _MINUTE_S * math.fsum(each.expected_min for each in self.service.values()) / len(self.service)

    def knows(self, service: str, customer_class: str) -> bool:
        """Whether both are in the policy: the log may be older, and of what somebody asks nothing is certain."""
        return service in self.service and customer_class in self.customer_class

    def window_rule(self, window: str) -> WindowRule:
        """Return the rule of a window; one that is not in the file calls everything."""
        return self.window.get(window, _ANYTHING)

    def may_call(self, window: str, skills: tuple[str, ...], line: Line) -> bool:
        """Whether a window, with a teller of these skills (empty: all), may call a line."""
        rule = self.window_rule(window)
        return (
            line.window in {"", window}
            and (not rule.services or line.service in rule.services)
            and (not rule.only or line.customer_class in rule.only)
            and (not skills or line.service in skills)
        )

    def _check_series(self) -> None:
        places: dict[str, str] = {}
        for name, service in self.service.items():
            if not service.series.isascii() or not service.series.isalpha() or not service.series.isupper():
                problem = f'"{service.series}" is not of the letters A to Z; numbers are like {service.series}013'
                raise SettingError(("service", name, "series"), problem)
            if service.series in places:
                problem = f'"{service.series}" is already the series of {places[service.series]}'
                raise SettingError(("service", name, "series"), problem)
            places[service.series] = name

    def _check_caps(self) -> None:
        lowest = min(each.layer for each in self.customer_class.values())
        for name, each in self.customer_class.items():
            is_passed = any(rule.first and name not in rule.first for rule in self.window.values())
            behind = each.layer > lowest or (each.layer > 0 and is_passed)
            if behind and each.cap_min is None:
                problem = "is missing: this class could wait for ever behind those that go first"
                raise SettingError(("customer_class", name, "cap_min"), problem)


_ANYTHING = WindowRule()


def _check_known(key: tuple[str, ...], names: tuple[str, ...], known: Mapping[str, object], kind: str) -> None:
    for place, name in enumerate(names):
        if name not in known:
            raise SettingError((*key, place), f'there is no {kind} "{name}"; there are {", ".join(known)}')


class _TermsByLine(dict[Line, Terms]):
    """Terms, made when they are first asked for: transfers to a window make lines that no table foresees."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def __missing__(self, line: Line) -> Terms:
        terms = self[line] = _terms(self._policy, line)
        return terms


def _terms(policy: Policy, line: Line) -> Terms:
    service = policy.service[line.service]
    customers = policy.customer_class[line.customer_class]
    target_min = customers.target_min or service.target_min
    if line.appointment:
        target_min = min(target_min, policy.appointment.target_min)
    target_s = target_min * _MINUTE_S
    rate, handicap = 1.0, 0.0
    match policy.rule:
        case Rule.FIFO:
            pass
        case Rule.DUE:
            handicap = target_s
        case Rule.ACCUMULATING:
            rate = customers.weight / target_s
        case Rule.GCMU:
            rate = customers.weight / target_s * policy.mean_service_s / (service.expected_min * _MINUTE_S)
    cap_s = math.inf if customers.cap_min is None else customers.cap_min * _MINUTE_S
    if customers.layer == 0:
        cap_s = 0.0
    return Terms(customers.layer, rate, handicap, cap_s, target_s)
