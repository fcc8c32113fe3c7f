"""What the bank is told of a customer's new ID card, and what it says: a person's data that cannot slip into a log."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from kiosk_core.id_card_reader import IdNumber, PersonalText


@dataclass(frozen=True, repr=False)
class IdRecord:
    """A card as its holder has confirmed it. `sex` is 男 or 女, `ethnicity` its name (汉); `valid_until` None: 长期.

    `address` and `authority` are None where the card's could not be read: the bank's counter fills them in.
    """

    name: PersonalText
    sex: str
    ethnicity: str
    birth: date
    number: IdNumber
    valid_from: date
    valid_until: date | None
    address: PersonalText | None = None
    authority: PersonalText | None = None

    def __repr__(self) -> str:
        return "IdRecord(***)"


class UpdateRefusal(Enum):
    """Why the bank did not take a card; the value names the text that the customer reads."""

    UNKNOWN_CUSTOMER = "unknown_customer"
    OLDER_CARD = "older_card"  # the bank knows a newer one
    OTHER_PERSON = "other_person"  # the name is not the one that the bank has with this number
    EXPIRED = "expired"
    HOST_ERROR = "host_error"


@dataclass(frozen=True)
class IdUpdated:
    """The bank has taken the card; `rrn` is its reference for that."""

    rrn: str


@dataclass(frozen=True)
class IdRefused:
    """The bank has changed nothing; `response_code` is its DE 39."""

    reason: UpdateRefusal
    response_code: str
