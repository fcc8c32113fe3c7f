"""Scenarios: what people and bad luck do to a simulated terminal, step by step, and what must be seen then.

The data is what a TOML file says (docs/simulator-api.md); `play` plays it on whatever has the terminal's actions.
"""

import dataclasses
import difflib
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from annotated_types import Ge, Gt, Le, MinLen

from device_sim.actions import ControlError, Mistake
from kiosk_core.clock import Clock
from kiosk_core.services import SettingError

_LOOK_S = 0.05
_LONGEST_S = 86_400
_SHOWN = 200

_Seconds = Annotated[float, Ge(0), Le(_LONGEST_S)]

_MISSING = object()

_STRICT = {"extra": "forbid", "strict": True}
_WITH_ARGUMENTS = {"extra": "allow", "strict": True}


class Stage(Protocol):
    """What a scenario is played on; device_sim.control.SimControl is one."""

    def actions(self) -> Mapping[str, Mapping[str, Any]]:
        """Return each action's `description` and the JSON Schema of its `arguments`."""
        ...

    def check(self, action: str, arguments: Mapping[str, Any]) -> tuple[Mistake, ...]:
        """Return what is wrong with the arguments of an action. Raises ControlError: there is no such action."""
        ...

    def do(self, do: str, /, **arguments: Any) -> Mapping[str, Any]:
        """Do an action and return what it returns. Raises ControlError."""
        ...


@dataclass(frozen=True)
class Expectation:
    """What must be seen in the state: at `path`, keys and numbers with dots between, within `within_s`.

    Exactly one of the others is given. `grows_by` compares with the state before the first step; `absent` is true
    for null and for what is not there.
    """

    path: Annotated[str, MinLen(1)]
    within_s: _Seconds = 0
    equals: bool | int | float | str | tuple[Any, ...] | None = None
    at_least: int | float | None = None
    at_most: int | float | None = None
    contains: int | str | None = None
    grows_by: int | float | None = None
    absent: bool | None = None

    __pydantic_config__ = _STRICT

    @property
    def demand(self) -> tuple[str, Any]:
        """The one that is given, and its value."""
        ((name, value),) = self.demands.items()
        return name, value

    @property
    def demands(self) -> dict[str, Any]:
        """Those that are given."""
        given = dataclasses.asdict(self)
        return {name: given[name] for name in given if name not in {"path", "within_s"} and given[name] is not None}

    def is_met(self, value: object, before: object) -> bool:
        """Return whether `value` is as demanded; `before` is what it was in the beginning."""
        name, wanted = self.demand
        match name:
            case "equals":
                listed = list(wanted) if isinstance(wanted, tuple) else wanted
                return value == listed and isinstance(value, bool) is isinstance(listed, bool)
            case "absent":
                return (value is None or value is _MISSING) is wanted
            case "contains":
                return isinstance(value, list | dict | str) and _holds(value, wanted)
        if not _is_number(value):
            return False
        match name:
            case "at_least":
                return value >= wanted  # type: ignore[no-any-return]
            case "at_most":
                return value <= wanted  # type: ignore[no-any-return]
        return _is_number(before) and value - before == wanted  # type: ignore[operator]

    def __str__(self) -> str:
        name, value = self.demand
        return f"{self.path} {name} {_json(value)}"


@dataclass(frozen=True)
class Step:
    """One step: wait, then `do` an action `repeat` times, `every_s` apart, then see what is expected.

    `at_s` counts from the beginning, `after_s` from the end of the step before. With a `probability` below 1 each
    doing may be left out, by the scenario's seed. All other keys are the arguments of the action.
    """

    do: str | None = None
    at_s: _Seconds | None = None
    after_s: _Seconds | None = None
    repeat: Annotated[int, Ge(1), Le(100_000)] = 1
    every_s: _Seconds = 0
    probability: Annotated[float, Gt(0), Le(1)] = 1
    expect: Expectation | None = None

    __pydantic_config__ = _WITH_ARGUMENTS

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the action."""
        return {name: value for name, value in vars(self).items() if name not in _WORDS}

    def __str__(self) -> str:
        return " ".join([self.do or "", *(f"{name}={_json(value)}" for name, value in self.arguments.items())])


_WORDS = frozenset(field.name for field in dataclasses.fields(Step))


@dataclass(frozen=True)
class Scenario:
    """A scenario; `about` says what it shows."""

    about: Annotated[str, MinLen(1)]
    step: Annotated[tuple[Step, ...], MinLen(1)]
    seed: Annotated[int, Ge(0)] = 1

    __pydantic_config__ = _STRICT

    def contradictions(self) -> Iterator[SettingError]:
        """Yield what is wrong although each key by itself is right; only without any can it be played."""
        latest = 0.0
        for number, step in enumerate(self.step):
            key = ("step", number)
            if step.do is None and step.expect is None:
                yield SettingError((*key, "do"), "is missing; a step does or expects something")
            if step.do is None and step.arguments:
                yield SettingError((*key, min(step.arguments)), _no_word(min(step.arguments), ()))
            if step.at_s is not None and step.after_s is not None:
                yield SettingError((*key, "after_s"), "cannot stand beside at_s")
            if step.at_s is not None and step.at_s < latest:
                yield SettingError((*key, "at_s"), f"comes before the {latest:g} of a step above")
            if step.every_s and step.repeat == 1:
                yield SettingError((*key, "every_s"), "needs repeat")
            if step.expect is not None and len(step.expect.demands) != 1:
                wanted = "equals, at_least, at_most, contains, grows_by, absent"
                yield SettingError((*key, "expect"), f"needs exactly one of {wanted}")
            latest = step.at_s if step.at_s is not None else latest


def mistakes_on(scenario: Scenario, stage: Stage) -> Iterator[SettingError]:
    """Yield what the terminal would not understand: every action that it lacks, every argument that does not fit.

    Raises:
        OSError: the terminal has gone.
    """
    known = stage.actions()
    for number, step in enumerate(scenario.step):
        if step.do is None:
            continue
        key = ("step", number)
        if step.do not in known:
            yield SettingError((*key, "do"), f'"{step.do}" is no action{_near(step.do, sorted(known))}')
            continue
        arguments = known[step.do]["arguments"].get("properties", {})
        for wrong in stage.check(step.do, step.arguments):
            unknown = wrong.argument in step.arguments and wrong.argument not in arguments
            problem = _no_word(wrong.argument, arguments, step.do) if unknown else wrong.problem
            yield SettingError((*key, wrong.argument), problem)


@dataclass(frozen=True)
class Entry:
    """A line of the log: when, which step (from 1), what was done or expected, and what came of it."""

    at_s: float
    step: int
    what: str
    result: str
    right: bool = True

    def __str__(self) -> str:
        return f"{self.at_s:9.3f}  {self.step:3}  {self.what}: {self.result}"


def play(scenario: Scenario, stage: Stage, clock: Clock, tell: Callable[[Entry], None]) -> bool:
    """Play a scenario and tell what happens; return whether all went right. It ends where something does not.

    Raises:
        OSError: the terminal has gone.
    """
    return _Play(scenario, stage, clock, tell).run()


class _Play:
    def __init__(self, scenario: Scenario, stage: Stage, clock: Clock, tell: Callable[[Entry], None]) -> None:
        self._scenario = scenario
        self._stage = stage
        self._clock = clock
        self._tell = tell
        self._chance = random.Random(scenario.seed)  # noqa: S311  (bad luck, no secret)
        self._start = clock.now()
        self._before = stage.do("state")

    def run(self) -> bool:
        for number, step in enumerate(self._scenario.step, start=1):
            self._wait(step)
            if not self._do(number, step) or not self._expect(number, step):
                return False
        return True

    def _wait(self, step: Step) -> None:
        now = self._clock.now()
        pause = step.after_s or 0.0 if step.at_s is None else self._start + step.at_s - now
        if pause > 0:
            self._clock.sleep(pause)

    def _do(self, number: int, step: Step) -> bool:
        if step.do is None:
            return True
        for turn in range(step.repeat):
            if turn and step.every_s:
                self._clock.sleep(step.every_s)
            if self._chance.random() >= step.probability:
                self._say(number, str(step), "left out by chance")
                continue
            try:
                result = self._stage.do(step.do, **step.arguments)
            except ControlError as refusal:
                self._say(number, str(step), f"REFUSED: {refusal}", right=False)
                return False
            shown = {name: value for name, value in result.items() if name != "ok"}
            self._say(number, str(step), _shortened(_json(shown)) if shown else "done")
        return True

    def _expect(self, number: int, step: Step) -> bool:
        if step.expect is None:
            return True
        expected = step.expect
        began = self._clock.now()
        before = _at(self._before, expected.path)
        while True:
            state = self._stage.do("state")
            waited = self._clock.now() - began
            if expected.is_met(_at(state, expected.path), before):
                self._say(number, f"expect {expected}", f"seen after {waited:.2f} s" if waited >= _LOOK_S else "seen")
                return True
            if waited >= expected.within_s:
                found = _shown_at(state, expected.path)
                told = f"FAILED: {found} after {waited:.2f} s" if expected.within_s else f"FAILED: {found}"
                self._say(number, f"expect {expected}", told, right=False)
                return False
            self._clock.sleep(min(_LOOK_S, expected.within_s - waited))

    def _say(self, number: int, what: str, result: str, *, right: bool = True) -> None:
        self._tell(Entry(self._clock.now() - self._start, number, what, result, right))


def _at(state: object, path: str) -> object:
    """Return what is at `path`, or _MISSING."""
    for part in path.split("."):
        match state:
            case dict() if part in state:
                state = state[part]
            case list() if part.lstrip("-").isdecimal() and -len(state) <= int(part) < len(state):
                state = state[int(part)]
            case _:
                return _MISSING
    return state


def _shown_at(state: object, path: str) -> str:
    """Return what is at `path`, or what there is where it ends."""
    value = _at(state, path)
    if value is not _MISSING:
        return f"it is {_shortened(_json(value))}"
    parts = path.split(".")
    for count in range(len(parts) - 1, -1, -1):
        around = _at(state, ".".join(parts[:count])) if count else state
        if around is not _MISSING:
            break
    missing = parts[count]
    match around:
        case dict():
            return f"there is no {missing}; there are {', '.join(around)}"
        case list():
            return f"there is no {missing} in a list of {len(around)}"
    return f"there is no {missing} in {_shortened(_json(around))}"


def _holds(value: list[Any] | dict[str, Any] | str, wanted: int | str) -> bool:
    return str(wanted) in value if isinstance(value, str) else wanted in value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _no_word(word: str, arguments: Mapping[str, Any] | tuple[()], action: str = "") -> str:
    of = f"is neither a word of steps nor an argument of {action}" if action else "is no word of a step without do"
    return of + _near(word, sorted({*_WORDS, *arguments}))
