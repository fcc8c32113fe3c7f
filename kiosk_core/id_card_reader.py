"""The port of the resident ID-card reader, and what it reads: a person's data that cannot slip into a log.

XFS4IoT has no class for these readers; the words for states and media are those of its CardReader class. `str`,
`repr` and format of everything here that came from a card show stars; only `reveal` and the named fields give it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol

from kiosk_core.device import Device

_HIDDEN = "***"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"


def check_character(digits: str) -> str:
    """Return the 18th character of a citizen's number for the 17 digits before it (GB 11643: mod 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


@dataclass(frozen=True)
class PersonalText:
    """A name, an address or the like. `str`, `repr` and format hide it, its length too."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text. Only for the screen of its owner, for the host and for comparing."""
        return self.text

    def __str__(self) -> str:
        return _HIDDEN

    def __repr__(self) -> str:
        return f"PersonalText({_HIDDEN})"


@dataclass(frozen=True)
class IdNumber:
    """The number of an ID card. `str`, `repr` and format hide it.

    Raises:
        ValueError: not 15 to 18 of 0-9 and A-Z; the text does not name the number.
    """

    characters: str = field(repr=False)

    def __post_init__(self) -> None:
        text = self.characters
        if not (text.isascii() and text.isalnum() and text == text.upper() and 15 <= len(text) <= 18):
            raise ValueError("an ID number has 15 to 18 of 0-9 and A-Z")

    @property
    def checks(self) -> bool:
        """Whether it is an 18-character citizen's number with the right check character (GB 11643: mod 11-2)."""
        text = self.characters
        return len(text) == 18 and text[:17].isdigit() and text[17] == check_character(text[:17])

    def reveal(self) -> str:
        """Return all characters. Only for the host, and for comparing."""
        return self.characters

    def __str__(self) -> str:
        return _HIDDEN

    def __repr__(self) -> str:
        return f"IdNumber({_HIDDEN})"


class IdCardKind(Enum):
    """The kinds of cards that these readers read."""

    CITIZEN = "citizen"
    HONG_KONG_MACAU_TAIWAN = "hong_kong_macau_taiwan"
    FOREIGNER_2017 = "foreigner_2017"
    FOREIGNER_2023 = "foreigner_2023"


class IdCardSex(Enum):
    """What a card says of its holder's sex."""

    UNKNOWN = "unknown"
    MALE = "male"
    FEMALE = "female"
    UNSTATED = "unstated"


PhotoDecoder = Callable[[bytes], bytes]
"""Turns the 1024 WLT bytes of a card into a picture file; raises ValueError where it cannot."""


@dataclass(frozen=True, repr=False)
class IdCardPhoto:
    """The photo: `wlt` as the card has it, `picture` a picture file, None without a decoder or where it failed."""

    wlt: bytes
    picture: bytes | None = None

    def __repr__(self) -> str:
        return f"IdCardPhoto({_HIDDEN})"


@dataclass(frozen=True, repr=False)
class IdCard:
    """A card as read. `valid_until` None: 长期, without an end. What a kind of card does not have is None or "".

    `nation` is the name of the nation of a citizen (汉); `nationality` three letters on a foreigner's card.
    """

    kind: IdCardKind
    name: PersonalText
    number: IdNumber
    sex: IdCardSex
    birth: date
    valid_from: date
    valid_until: date | None
    photo: IdCardPhoto
    latin_name: PersonalText | None = None
    address: PersonalText | None = None
    issuer: PersonalText | None = None
    nation: str = ""
    nationality: str = ""

    def __repr__(self) -> str:
        return f"IdCard({_HIDDEN})"


class IdCardProblem(Enum):
    """Why no card was read; the value names the text that the customer reads."""

    NOT_PRESENT = "not_present"
    UNREADABLE = "unreadable"
    NOT_AN_ID_CARD = "not_an_id_card"
    NOT_GENUINE = "not_genuine"


class IdCardReader(Device, Protocol):
    """A reader of resident ID cards: `identify` names the security module as serial number.

    The `media` of its status is what the last search for a card found. Its errors never name the bytes that came:
    they may be a person's. DeviceFault: the security module does not work.
    """

    def find_card(self) -> bool:
        """Return whether a card lies on the reader that has not been read since it was laid down.

        May be called in a loop: it lets pass what is missing to 300 ms since the last search.
        """
        ...

    def read_card(self) -> IdCard | IdCardProblem:
        """Find, select and read the card. Afterwards it must be lifted before it can be found again."""
        ...

    def read_new_addresses(self) -> tuple[PersonalText, ...] | IdCardProblem:
        """Return the addresses that were appended to the card just read, () where there are none."""
        ...
