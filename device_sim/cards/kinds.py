"""Card kinds as files of the card store describe them, and the cards that are made of them."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import StringConstraints, TypeAdapter

from device_sim.card import Card
from device_sim.cards.chip import BrokenChip, Chip, Face
from device_sim.cards.debit import DebitApplication, DebitIdentity
from device_sim.cards.lasting import Tearing
from device_sim.cards.mifare import Mifare, MifareClassic, MifareUltralight
from device_sim.cards.social_security import SocialSecurityApplication, SocialSecurityData
from device_sim.crt591_cards import SimulatedI2cCard, SimulatedSle4428, SimulatedSle4442
from device_sim.plastic_card import Length, PlasticCard, TrackDamage
from device_sim.transit_card import CardIdentity, PurseProfile, TransitCard
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import ChipProtocol
from wire.crt591_chips import Air
from wire.crt591_storage import I2cType
from wire.purse import Trip

_STRICT = {"extra": "forbid", "strict": True}

Hex = Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})+$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]
PurseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{19,20}$")]
Balance = Annotated[int, Ge(0), Le(1_000_000)]
Overdrawn = Annotated[int, Ge(-1_000_000), Le(1_000_000)]


@dataclass(frozen=True)
class TripKind:
    """A trip as a gate left it: the fare (0 at an entry), the balance after it, and when, by the gate's clock."""

    fare_fen: Balance
    balance_fen: Overdrawn
    at: datetime

    __pydantic_config__ = _STRICT

    def trip(self) -> Trip:
        """Return its record; terminal, station, city and types are zero, for no source says what they mean."""
        return Trip(
            kind=0,
            terminal_no=bytes(8),
            detail=0,
            station=bytes(7),
            amount_fen=self.fare_fen,
            balance_fen=self.balance_fen,
            date=f"{self.at:%Y%m%d}",
            time=f"{self.at:%H%M%S}",
            city=bytes(2),
            institution=bytes(8),
        )


@dataclass(frozen=True)
class PurseKind:
    """A purse that can be loaded (device_sim/transit_card.py). `aid`, `file_ids`, `pin`, `issuer` are hexadecimal.

    `overdraft_limit_fen` is what a T-Union card may be overdrawn by; a purse without it knows neither that nor `trips`,
    the oldest first.
    """

    number: PurseNumber = field(repr=False)
    balance_fen: Overdrawn
    begins: date
    expires: date
    aid: Hex
    file_ids: tuple[Hex, ...] = ()
    load_log: Annotated[int, Ge(1), Le(30)] | None = None
    overdraft_limit_fen: Balance | None = None
    pin: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})*$")] = field(default="", repr=False)
    pin_tries: Annotated[int, Ge(1), Le(15)] = 3
    issuer: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{16}$")] = "0000000000000001"
    trips: tuple[TripKind, ...] = ()

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if self.balance_fen < -(self.overdraft_limit_fen or 0):
            raise ValueError("a purse is overdrawn by overdraft_limit_fen at most")


@dataclass(frozen=True)
class DebitKind:
    """A debit application (device_sim/cards/debit.py); `key` of its cryptograms is hexadecimal."""

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{13,19}$")] = field(repr=False)
    expires: date
    key: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{32}$")] = field(repr=False)
    aid: Hex
    label: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ]{1,16}$")]
    pin: Annotated[str, StringConstraints(pattern=r"^([0-9]{4,12})?$")] = field(default="", repr=False)
    pin_tries: Annotated[int, Ge(1), Le(15)] = 3
    service_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")] = "220"
    checks_issuer: bool = False

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class ChipKind:
    """A chip with its applications: behind contacts, by radio, or both. Without applications it answers nothing.

    `atr` is that of the contacts, `radio_atr` what a contactless reader makes of it; "" where the chip is mute.
    """

    faces: Literal["contacts", "radio", "both"]
    atr: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})*$")] = ""
    radio_atr: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})*$")] = ""
    protocol: Literal["t0", "t1"] = "t0"
    emv: bool = True
    air: Literal["a", "b"] = "a"
    purse: PurseKind | None = None
    social_security: SocialSecurityData | None = None
    debit: DebitKind | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class MifareKind:
    """A Mifare card; `serial` has 4 bytes, 7 of an Ultralight, `key` 6, both hexadecimal."""

    type: Literal["s50", "s70", "ultralight"]
    serial: Hex
    key: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{12}$")] = field(default="FFFFFFFFFFFF", repr=False)

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        length = 7 if self.type == "ultralight" else 4
        if len(self.serial) != 2 * length:
            raise ValueError(f"the serial number of this Mifare card has {length} bytes")


@dataclass(frozen=True)
class MemoryKind:
    """A card that only stores; `code` of an SLE card is hexadecimal, 3 bytes of a 4442, 2 of a 4428."""

    type: Literal[
        "sle4442", "sle4428", "24c01", "24c02", "24c04", "24c08", "24c16", "24c32", "24c64", "24c128", "24c256"
    ]
    code: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{4}|[0-9A-F]{6})?$")] = field(default="", repr=False)

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        length = {"sle4442": 3, "sle4428": 2}.get(self.type, 0)
        if self.code and len(self.code) != 2 * length:
            raise ValueError(f"the code of such a card has {length} bytes")


@dataclass(frozen=True)
class TrackKind:
    """A magnetic track: its characters, or what is wrong with it."""

    data: str = field(default="", repr=False)
    damage: Literal["no_start", "no_end", "parity", "checksum"] | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if bool(self.data) is (self.damage is not None):
            raise ValueError("a track has either data or damage")


@dataclass(frozen=True)
class CardKind:
    """A kind of card: what a file of the store says. `about` is a line for people."""

    about: str
    chip: ChipKind | None = None
    mifare: MifareKind | None = None
    memory: MemoryKind | None = None
    tracks: dict[Literal["1", "2", "3"], TrackKind] = field(default_factory=dict)
    length: Literal["standard", "long", "short"] = "standard"

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if self.memory is not None and self.chip is not None and self.chip.faces != "radio":
            raise ValueError("a card has either a chip or a memory behind its contacts")
        if self.mifare is not None and self.chip is not None and self.chip.faces != "contacts":
            raise ValueError("a card has either a chip or Mifare behind its coil")

    @property
    def purse(self) -> PurseKind | None:
        """Its purse."""
        return self.chip.purse if self.chip is not None else None

    def with_purse(self, number: str | None, balance_fen: int | None, expires: date | None) -> "CardKind":
        """Return this kind with another number, balance or date of its purse; None keeps it.

        Raises:
            ValueError: it has no purse.
        """
        if number is None and balance_fen is None and expires is None:
            return self
        if self.chip is None or self.chip.purse is None:
            raise ValueError("this kind of card has no purse: it takes no number, balance_fen or expires")
        purse = self.chip.purse
        purse = replace(
            purse,
            number=purse.number if number is None else number,
            balance_fen=purse.balance_fen if balance_fen is None else balance_fen,
            expires=purse.expires if expires is None else expires,
        )
        return replace(self, chip=replace(self.chip, purse=purse))


@dataclass(frozen=True)
class Issuer:
    """The master keys that the purses of the simulated cards derive from, 16 bytes each."""

    load_master_key: bytes = field(repr=False)
    tac_master_key: bytes = field(repr=False)


@dataclass(frozen=True)
class StoredCard:
    """A card of the simulated terminal, with those of its parts that have something to show."""

    about: str
    plastic: PlasticCard
    purse: TransitCard | None
    number: CardNumber | None
    """What is printed on it: the purse's number, else that of the debit application."""


@cache
def built_in_kinds() -> Mapping[str, CardKind]:
    """Return the kinds of the store that comes with the simulator, by name."""
    kinds = TypeAdapter(CardKind)
    folder = resources.files("device_sim") / "card_store"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {
        file.name.removesuffix(".toml"): kinds.validate_json(
            # In JSON a list may be a tuple and a text a date, while true is still no number.
            json.dumps(tomllib.loads(file.read_text("utf-8")), default=str)
        )
        for file in files
    }


def make_card(kind: CardKind, name: str, folder: Path, issuer: Issuer) -> StoredCard:
    """Make the card `name`, or continue with what `folder` keeps of it: a JSON file for every memory that it has.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file holds something else.
    """
    tearing = Tearing()
    card = PlasticCard(tracks=_tracks(kind.tracks), length=Length(kind.length), tearing=tearing)
    purse = None
    if kind.chip is not None:
        chip, purse = _chip(kind.chip, name, folder, issuer, tearing)
        if kind.chip.faces != "radio":
            card.chip = Face(chip, bytes.fromhex(kind.chip.atr))
        if kind.chip.faces != "contacts":
            card.radio = Face(chip, bytes.fromhex(kind.chip.radio_atr))
        card.protocol = ChipProtocol.T0 if kind.chip.protocol == "t0" else ChipProtocol.T1
        card.emv = kind.chip.emv
        card.air = Air.A if kind.chip.air == "a" else Air.B
    if kind.mifare is not None:
        card.mifare = _mifare(kind.mifare, folder / f"{name}.mifare.json", tearing)
    if kind.memory is not None:
        card.memory = _memory(kind.memory, folder / f"{name}.memory.json", tearing)
    debit = kind.chip.debit if kind.chip is not None else None
    number = CardNumber(debit.number) if debit is not None else None
    return StoredCard(kind.about, card, purse, purse.identity.number if purse is not None else number)


def _chip(kind: ChipKind, name: str, folder: Path, issuer: Issuer, tearing: Tearing) -> tuple[Card, TransitCard | None]:
    applications: list[Card] = []
    purse = None
    if kind.purse is not None:
        identity = CardIdentity.of_issuer(
            CardNumber(kind.purse.number),
            issuer.load_master_key,
            issuer.tac_master_key,
            end=f"{kind.purse.expires:%Y%m%d}",
        )
        identity = replace(identity, start=f"{kind.purse.begins:%Y%m%d}", issuer=bytes.fromhex(kind.purse.issuer))
        profile = PurseProfile(
            bytes.fromhex(kind.purse.aid),
            tuple(bytes.fromhex(each) for each in kind.purse.file_ids),
            kind.purse.load_log,
            kind.purse.overdraft_limit_fen,
            bytes.fromhex(kind.purse.pin),
            kind.purse.pin_tries,
        )
        purse = TransitCard(
            identity,
            balance_fen=kind.purse.balance_fen,
            profile=profile,
            trips=[each.trip() for each in kind.purse.trips],
            file=folder / f"{name}.json",
            tearing=tearing,
        )
        applications.append(purse)
    if kind.social_security is not None:
        applications.append(SocialSecurityApplication(kind.social_security))
    if kind.debit is not None:
        applications.append(_debit(kind.debit, folder / f"{name}.debit.json", tearing))
    return Chip(b"", applications) if applications else BrokenChip(), purse


def _debit(kind: DebitKind, file: Path, tearing: Tearing) -> DebitApplication:
    identity = DebitIdentity(
        CardNumber(kind.number),
        f"{kind.expires:%y%m%d}",
        bytes.fromhex(kind.key),
        kind.pin,
        bytes.fromhex(kind.aid),
        kind.label,
        kind.service_code,
        checks_issuer=kind.checks_issuer,
    )
    return DebitApplication(identity, pin_tries=kind.pin_tries, file=file, tearing=tearing)


def _mifare(kind: MifareKind, file: Path, tearing: Tearing) -> Mifare:
    serial = bytes.fromhex(kind.serial)
    if kind.type == "ultralight":
        return MifareUltralight(serial, file=file, tearing=tearing)
    sectors = 40 if kind.type == "s70" else 16
    return MifareClassic(serial, sectors=sectors, key=bytes.fromhex(kind.key), file=file, tearing=tearing)


def _memory(kind: MemoryKind, file: Path, tearing: Tearing) -> SimulatedSle4442 | SimulatedSle4428 | SimulatedI2cCard:
    match kind.type:
        case "sle4442":
            return SimulatedSle4442(bytes.fromhex(kind.code or "FFFFFF"), file=file, tearing=tearing)
        case "sle4428":
            return SimulatedSle4428(bytes.fromhex(kind.code or "FFFF"), file=file, tearing=tearing)
        case size:
            return SimulatedI2cCard(I2cType[size[2:].upper()], file=file, tearing=tearing)


def _tracks(kinds: Mapping[Literal["1", "2", "3"], TrackKind]) -> dict[int, bytes | TrackDamage]:
    return {
        int(number): track.data.encode("ascii") if track.damage is None else TrackDamage[track.damage.upper()]
        for number, track in kinds.items()
    }
