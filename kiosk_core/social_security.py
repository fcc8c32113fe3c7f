"""The port of social-security cards, and what is read of one: a person's data that cannot slip into a log.

Of the accounts in such a card the transit purse is a matter of the top-up module, the bank's one of the bank host;
the medical one is nowhere written, and no port here could.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol

from kiosk_core.id_card_reader import IdCardSex, IdNumber, PersonalText


class Generation(Enum):
    """The generation of a card; the third keeps its holder's data behind a secure access module."""

    FIRST = 1
    SECOND = 2
    THIRD = 3


class Withheld(Enum):
    """Why the holder's data was not read; the value names the text that the customer reads.

    NEEDS_MODULE: only a secure access module (PSAM) opens it and this terminal has none. MODULE_REFUSED: it has one,
    which did not open it. NEEDS_PIN: the card wants a PIN first, as those of some provinces do. A PIN is never tried.
    """

    NEEDS_MODULE = "needs_module"
    MODULE_REFUSED = "module_refused"
    NEEDS_PIN = "needs_pin"


@dataclass(frozen=True, repr=False)
class Holder:
    """Whose card it is. `str`, `repr` and format hide it."""

    id_number: IdNumber
    name: PersonalText
    sex: IdCardSex

    def __repr__(self) -> str:
        return "Holder(***)"


@dataclass(frozen=True)
class SocialSecurityCard:
    """A card as read: `identifier` has 16 bytes, `number` is printed on the card, dates None where it names none."""

    identifier: bytes = field(repr=False)
    generation: Generation
    number: PersonalText
    issued: date | None
    expires: date | None
    holder: Holder | Withheld

    @property
    def region(self) -> str:
        """The six digits of the administrative division (GB/T 2260) that issued it."""
        return self.identifier[:3].hex()


class SocialSecurityProblem(Enum):
    """Why no card was read; the value names the text that the customer reads."""

    NOT_PRESENT = "not_present"
    NOT_SOCIAL_SECURITY = "not_social_security"
    UNREADABLE = "unreadable"


class SecureAccessModule(Protocol):
    """A PSAM, or the issuer's back office that plays its part; what it says to a card is its own secret."""

    def open_card(self, identifier: bytes, send: Callable[[bytes], bytes]) -> bool:
        """Authenticate to the card and return whether it took that.

        `send` passes an APDU to the card and returns its answer, status word last; it takes GET CHALLENGE and EXTERNAL
        AUTHENTICATE only.
        """
        ...


class SocialSecurityReader(Protocol):
    """Reads the social-security card that is in a card reader, whose errors its methods raise."""

    def read_card(self) -> SocialSecurityCard | SocialSecurityProblem:
        """Power the chip, select its social-security application and read card and holder."""
        ...
