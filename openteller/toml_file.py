"""A TOML file checked against a dataclass; every mistake is told by file, line and key, all of a file at once."""

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from kiosk_core.errors import ConfigError
from kiosk_core.services import SettingError

T = TypeVar("T")

Key = tuple[str | int, ...]

_PLAIN = {
    "missing": "is missing",
    "int_type": "must be a whole number, not {value}",
    "int_from_float": "must be a whole number, not {value}",
    "float_type": "must be a number, not {value}",
    "bool_type": "must be true or false, not {value}",
    "string_type": 'must be a text in quotes, like "text", not {value}',
    "tuple_type": "must be a list in square brackets, not {value}",
    "dataclass_type": "must be a table of keys, not {value}",
    "dict_type": "must be a table of keys, not {value}",
    "literal_error": "must be {expected}, not {value}",
    "greater_than": "{value} is too small; it must be more than {gt:g}",
    "greater_than_equal": "{value} is too small; the least is {ge:.15g}",
    "less_than_equal": "{value} is too large; the most is {le:.15g}",
    "finite_number": "must be a number, not {value}",
    "string_too_short": "must not be empty",
    "too_short": "needs at least {min_length} of them, not {actual_length}",
    "value_error": "{error}",
}


class TomlFile:
    """The text of a file and where its keys stand.

    Raises:
        ConfigError: the file cannot be read, is not UTF-8 or not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ConfigError(str(path), None, "", "there is no such file") from None
        except OSError as error:
            raise ConfigError(str(path), None, "", f"cannot be read: {error.strerror}") from None
        try:
            self._text = data.decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(str(path), line, "", "is not UTF-8 text; save it as UTF-8") from None
        try:
            self._document = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            self._refuse_syntax(str(error))

    def checked(self, kind: type[T]) -> T:
        """Return the file as the dataclass `kind`; its Path fields are as written.

        Raises:
            ConfigError: it says everything that is wrong.
        """
        try:
            # In JSON mode a list may be a tuple and a text a path, while true is still no number and "5" neither.
            return TypeAdapter(kind).validate_json(json.dumps(self._document, default=str))
        except ValidationError as error:
            found = error.errors(include_url=False)
            mistakes = [self._mistake(kind, each) for each in found if not _counts_only_good_items(each, found)]
        raise together(mistakes)

    def choice(self, key: str, known: Collection[str]) -> str:
        """Return the text at the top-level `key`, which decides what else the file may say.

        Raises:
            ConfigError: it is missing, or none of `known`.
        """
        if key not in self._document:
            raise self.error((key,), _PLAIN["missing"])
        value = self._document[key]
        if not isinstance(value, str) or value not in known:
            expected = " or ".join(map(_shown, known))
            raise self.error((key,), _PLAIN["literal_error"].format(expected=expected, value=_shown(value)))
        return value

    def error(self, key: Key, problem: str) -> ConfigError:
        """Return the error that names `key`, and the line of it or of the section that it should be in."""
        return ConfigError(str(self.path), self._line_of(key), _dotted(key), problem)

    def _refuse_syntax(self, message: str) -> NoReturn:
        place = re.search(r" \((?:at line (\d+), column \d+|at end of document)\)$", message)
        line = int(place[1]) if place and place[1] else self._text.rstrip().count("\n") + 1
        problem = message[: place.start()] if place else message
        raise ConfigError(str(self.path), line, "", f"is not TOML: {problem[:1].lower()}{problem[1:]}") from None

    def _mistake(self, kind: type, found: Any) -> ConfigError:
        key: Key = found["loc"]
        context: dict[str, Any] = found.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, SettingError):
            return self.error(cause.key, cause.problem)
        if found["type"] == "unexpected_keyword_argument":
            return self.error(key, f"is no key of this section{_suggestion(kind, key)}")
        expected = str(context.get("expected", "")).replace("'", '"')
        plain = _PLAIN.get(found["type"], "{msg}")
        words = {**context, "expected": expected, "value": _shown(found["input"]), "msg": found["msg"]}
        return self.error(key, plain.format_map(words))

    def _line_of(self, key: Key) -> int | None:
        """Return the first line of `key`, or of the innermost section around it that is there; None for the file.

        The shortest beginning of the text that is TOML and holds the key ends with it. The key begins where the
        longest one without it ends, for blank lines and comments only make that longer.
        """
        while key and not _holds(self._document, key):
            key = key[:-1]
        lines = self._text.split("\n")
        before = 0
        for count in range(1, len(lines) + 1 if key else 0):
            try:
                document = tomllib.loads("\n".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue
            if _holds(document, key):
                return before + 1
            before = count
        return None


def _counts_only_good_items(mistake: Any, all_of_them: Sequence[Any]) -> bool:
    """Whether a list seems too short because its wrong items, of which the file hears besides, are not counted."""
    key = mistake["loc"]
    return mistake["type"] == "too_short" and any(
        each["loc"][: len(key)] == key and each["loc"] != key for each in all_of_them
    )


def together(mistakes: Sequence[ConfigError]) -> ConfigError:
    """Return the first of `mistakes` (never empty), by line, with the others behind it."""
    first, *others = sorted(mistakes, key=lambda each: (each.file, each.line or 0))
    return ConfigError(first.file, first.line, first.key, first.problem, others)


def _holds(document: object, key: Key) -> bool:
    for part in key:
        match document, part:
            case dict(), str() if part in document:
                document = document[part]
            case list(), int() if part < len(document):
                document = document[part]
            case _:
                return False
    return True


def _suggestion(kind: type, key: Key) -> str:
    for part in key[:-1]:
        kind = next((_dataclass_in(hint) for name, hint in get_type_hints(kind).items() if name == part), kind)
    known = [field.name for field in dataclasses.fields(kind)]
    near = difflib.get_close_matches(str(key[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; it knows {', '.join(known)}"


def _dataclass_in(hint: Any) -> Any:
    """Return the dataclass of a field's type, which may be optional or annotated, or a list or table of such."""
    if get_origin(hint) in {Annotated, Union, UnionType, tuple, dict, Mapping}:
        return next((found for found in map(_dataclass_in, get_args(hint)) if dataclasses.is_dataclass(found)), hint)
    return hint


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _dotted(key: Key) -> str:
    return ".".join(_parts(key))


def _parts(key: Key) -> Iterator[str]:
    for part in key:
        yield f"item {part + 1}" if isinstance(part, int) else part
