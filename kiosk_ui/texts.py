"""The catalogue: every text of the screen in every language, read from `texts/<language>.toml`."""

import logging
import re
import tomllib
from pathlib import Path
from typing import Any

from kiosk_core.texts import LANGUAGES, Language, Words

FOLDER = Path(__file__).parent / "texts"

_SENTENCE = re.compile(r".+?(?:[。！？]|[.!?](?=\s|$)|$)\s*", re.DOTALL)

_log = logging.getLogger(__name__)


class Catalogue:
    """Texts by key; `strict` (tests) raises where a terminal would show the key and go on.

    Raises:
        KeyError: strict only; a key or the value of a placeholder is missing.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._texts = {language: load(language) for language in LANGUAGES}

    def text(self, words: Words, language: Language) -> str:
        """Return `words` in `language`, its placeholders filled in."""
        try:
            return self._texts[language][words.key].format_map(words.values)
        except KeyError:
            if self._strict:
                raise
            _log.error("text %s is missing in %s or lacks a value", words.key, language)
            return words.key

    def without_values(self, words: Words, language: Language) -> str:
        """Return the sentences of `words` that have no placeholder, for ears that are not the customer's."""
        text = self._texts[language].get(words.key, "")
        return "".join(sentence for sentence in _SENTENCE.findall(text) if "{" not in sentence).strip()

    def below(self, prefix: str, language: Language) -> dict[str, str]:
        """Return all texts below `prefix`, their keys without it and with "_" for ".": "ui" -> {"cancel": ...}."""
        start = f"{prefix}."
        texts = self._texts[language].items()
        return {key.removeprefix(start).replace(".", "_"): text for key, text in texts if key.startswith(start)}


def load(language: Language) -> dict[str, str]:
    """Return the texts of one language by dotted key."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: dict[str, Any], path: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{path}{name}"
        pairs += _flat(value, f"{key}.") if isinstance(value, dict) else [(key, str(value))]
    return pairs
