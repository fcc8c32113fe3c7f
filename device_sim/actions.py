"""The actions of a simulated terminal behind one check of their arguments: the same for every way to drive it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs, CoreConfig, SchemaValidator

Action = Callable[..., Mapping[str, Any] | None]

_STRICT = CoreConfig(strict=True, allow_inf_nan=False)

Schema = Mapping[str, Any]
"""A JSON Schema of draft 2020-12."""


class ControlError(Exception):
    """The simulator refused an action; the text says why."""


@dataclass(frozen=True)
class Mistake:
    """An argument that is wrong, missing or unknown."""

    argument: str
    problem: str


class WrongArgumentsError(ControlError):
    """Arguments do not fit the annotations of the action; nothing was done."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(f"{each.argument}: {each.problem}" for each in mistakes))
        self.mistakes = mistakes


class CheckedActions:
    """Functions of keyword arguments, by name. An action raises ControlError for a wish that cannot be met."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = dict(actions)
        self._adapters: dict[str, TypeAdapter[Any]] = {
            name: TypeAdapter(action)  # type: ignore[arg-type]  # pydantic takes functions, its types do not say so
            for name, action in actions.items()
        }
        self._checks = {name: _check_of(adapter) for name, adapter in self._adapters.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, sorted."""
        return tuple(sorted(self._actions))

    def describe(self, action: str) -> str:
        """Return what `action` does, in the words of its docstring. Raises KeyError."""
        return " ".join((self._actions[action].__doc__ or "").split())

    def schema(self, action: str, ref_template: str = "#/$defs/{model}") -> Schema:
        """Return the JSON Schema of the object of arguments, from the annotations. Raises KeyError."""
        return self._adapters[action].json_schema(ref_template=ref_template)

    def check(self, action: str, arguments: Mapping[str, Any]) -> ArgsKwargs:
        """Return the arguments as the action takes them, and do nothing.

        Raises:
            WrongArgumentsError: it says what is wrong.
            ControlError: there is no such action; the text lists those that there are.
        """
        if action not in self._checks:
            raise ControlError(f"there is no action {action!r}; there are {', '.join(self.names)}")
        try:
            checked: ArgsKwargs = self._checks[action].validate_python(ArgsKwargs((), dict(arguments)))
        except ValidationError as error:
            raise WrongArgumentsError(
                tuple(_mistake(each["loc"], each["msg"]) for each in error.errors(include_url=False))
            ) from None
        return checked

    def do(self, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do `action` and return what it returns.

        Raises:
            ControlError: as `check`, or the action was refused.
        """
        given: Any = self.check(action, arguments)
        positional, keywords = given
        try:
            return dict(self._actions[action](*positional, **(keywords or {})) or {})
        except (OSError, ValueError) as error:
            raise ControlError(str(error)) from error


def _check_of(adapter: TypeAdapter[Any]) -> SchemaValidator:
    """Return what checks the arguments of a function without calling it."""
    match adapter.core_schema:
        case {"type": "definitions", "schema": {"arguments_schema": arguments}, "definitions": definitions}:
            return SchemaValidator({"type": "definitions", "schema": arguments, "definitions": definitions}, _STRICT)
        case {"arguments_schema": arguments}:
            return SchemaValidator(arguments, _STRICT)
    raise TypeError("an action is a function")


def _mistake(where: tuple[int | str, ...], what: str) -> Mistake:
    return Mistake(str(where[0]), f"{what[:1].lower()}{what[1:]}")
