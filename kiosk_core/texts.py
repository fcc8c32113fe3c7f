"""How texts travel: `Words` are looked up in the screen's catalogue, `LocalText` comes from a service file."""

from dataclasses import dataclass, field
from typing import Literal, get_args

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Words:
    """A text of the catalogue `kiosk_ui/texts/<language>.toml`: its key and the values of its {placeholders}."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalText:
    """A text that bank staff wrote in a service file, in every language of the terminal."""

    zh: str
    en: str

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic reads it from the class)

    def in_language(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.zh if language == "zh" else self.en
