"""How the voice sounds and where it is heard, as checked data."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen

_STRICT = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class VoiceSettings:
    """The voice of a screen.

    `loudspeaker` is a sound card as ALSA names it (`aplay -L`), or "none". `one` is how a 1 in a ticket's number is
    said in Chinese: 幺, as in telephone numbers, is not taken for 七 across a noisy hall; some branches prefer 一.
    """

    loudspeaker: Annotated[str, MinLen(1)] = "default"
    words_a_minute: Annotated[int, Ge(80), Le(300)] = 150
    one: Literal["幺", "一"] = "幺"

    __pydantic_config__ = _STRICT
