"""What differs from transit purse to transit purse: how one is selected, read, and what it may hold. Data, not code.

The profiles that come with the suite are in `drivers/card_profiles.toml`, each with its source.
"""

import importlib.resources
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import StringConstraints, TypeAdapter

_STRICT = {"extra": "forbid", "strict": True}
_FEN_PER_YUAN = 100

Yuan = Annotated[int, Ge(1), Le(10_000)]
Source = Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class SocialSecurityRule:
    """What the purse of a social-security card may hold: `region` begins the six digits of where it was issued.

    `issuer_commands` as in CardProfile.
    """

    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]
    max_balance_yuan: Yuan
    source: Source
    issuer_commands: bool = False

    __pydantic_config__ = _STRICT

    @property
    def max_balance_fen(self) -> int:
        """The most that it may hold, in fen."""
        return self.max_balance_yuan * _FEN_PER_YUAN


@dataclass(frozen=True)
class CardProfile:
    """A kind of purse. `name` is for staff; `source` says where all this is from.

    It is selected by `aid`, or the beginning of it, or by `file`, its identifier; with an `issuer` it is only the purse
    whose file 15 has these two bytes at 2. `number_digits` of its number count, the last ones of 20. `pin`, as it is
    sent, goes before a load; without one none is ever tried. `overdraft`: it knows the amounts of T-Union.
    `file_1a` is what file 1A holds: a log of loads beside file 18, concessions, or None for what nobody knows.
    `trips`: file 1E has them. `issuer_commands`: before a load the host is asked for commands of its issuer, such as
    one that makes it valid longer. `social_security`: what it may hold in the chip of such a card.

    Raises:
        ValueError: it names neither `aid` nor `file`, or both.
    """

    name: Annotated[str, MinLen(1)]
    source: Source
    aid: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2}){5,16}$")] | None = None
    file: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{4}$")] | None = None
    issuer: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{4}$")] | None = None
    number_digits: Literal[19, 20] = 20
    pin: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2}){2,8}$")] | None = field(default=None, repr=False)
    overdraft: bool = False
    file_1a: Literal["loads", "concessions"] | None = None
    trips: bool = False
    issuer_commands: bool = False
    max_balance_yuan: Yuan | None = None
    max_load_yuan: Yuan | None = None
    social_security: tuple[SocialSecurityRule, ...] = ()

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if (self.aid is None) is (self.file is None):
            raise ValueError("a purse is selected by either aid or file")

    @property
    def max_balance_fen(self) -> int | None:
        """The most that it may hold, in fen; None: no rule of its own."""
        return None if self.max_balance_yuan is None else self.max_balance_yuan * _FEN_PER_YUAN

    @property
    def max_load_fen(self) -> int | None:
        """The most that may be loaded at once, in fen; None: no rule of its own."""
        return None if self.max_load_yuan is None else self.max_load_yuan * _FEN_PER_YUAN


@dataclass(frozen=True)
class CardProfiles:
    """A file of profiles, each under [profile.NAME], in the order in which a card is asked for them."""

    profile: dict[str, CardProfile]

    __pydantic_config__ = _STRICT


def _built_in() -> Mapping[str, CardProfile]:
    text = importlib.resources.files("drivers").joinpath("card_profiles.toml").read_text(encoding="utf-8")
    # In JSON a list may be a tuple, while true is still no number.
    return TypeAdapter(CardProfiles).validate_json(json.dumps(tomllib.loads(text))).profile


CARDS: Mapping[str, CardProfile] = _built_in()
"""The purses of `drivers/card_profiles.toml`, by name."""
