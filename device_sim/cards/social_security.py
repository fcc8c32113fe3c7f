"""A social-security card's public files: EF05 about the card, EF06 about its holder, and nothing that needs a PSAM.

Written from facts/social-security-card.md, chapter 2. The keys of EXTERNAL AUTHENTICATE are nobody's here, so without
`accepts` it fails always (6300: ISO/IEC 7816-4), and what is not free to read stays closed (6982), as for a kiosk
without a PSAM. A card of the first generation has its holder's sex in record 3 and none of the later records.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import StringConstraints

from device_sim.cards.chip import RefusedCommand, respond, tlv
from wire.apdu import CommandApdu
from wire.purse import StatusWord

NAME = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""The application: sx1.sh.社会保障 in GBK."""

# An ATR without historical bytes, T=0: the cards' own are in no source.
ATR = bytes.fromhex("3B00")

_AUTHENTICATION_FAILED = 0x6300
_CHALLENGE = {4, 8}
_STRICT = {"extra": "forbid", "strict": True}

Files = Mapping[int, Mapping[int, bytes]]
"""By short identifier (5: EF05, 6: EF06) the records by number, each a data object of tag, length, value."""


@dataclass(frozen=True)
class SocialSecurityData:
    """What is written on a card when it is made; `closed` are the records, by file and number, that need a PSAM.

    `identifier` (its first 3 bytes are the region), `organisation` and `birthplace` are hexadecimal.
    """

    identifier: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{32}$")]
    card_class: Annotated[str, StringConstraints(pattern=r"^[0-9]$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]\.[0-9]{2}$")]
    organisation: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{24}$")]
    issued: date
    expires: date
    card_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{9}$")] = field(repr=False)
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{17}[0-9X]$")] = field(repr=False)
    name: Annotated[str, StringConstraints(min_length=1, max_length=15)] = field(repr=False)
    sex: Literal["1", "2"]
    nation: Annotated[int, Ge(1), Le(98)]
    birthplace: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    birth: date
    closed: tuple[tuple[Literal[5, 6], int], ...] = ()

    __pydantic_config__ = _STRICT

    def files(self) -> Files:
        """Return EF05 and EF06, without the extended name that is record 3 of EF06 from the second generation on."""
        card = (
            bytes.fromhex(self.identifier),
            self.card_class.encode("ascii"),
            self.version.encode("ascii"),
            bytes.fromhex(self.organisation),
            bytes.fromhex(f"{self.issued:%Y%m%d}"),
            bytes.fromhex(f"{self.expires:%Y%m%d}"),
            self.card_number.encode("ascii"),
        )
        holder = {1: tlv("08", self.number.encode("ascii")), 2: tlv("09", self.name.encode("gbk").ljust(30, b"\0"))}
        sex = tlv("0A", self.sex.encode("ascii"))
        if self.version.startswith("1"):
            holder[3] = sex
        else:
            holder |= {
                4: sex,
                5: tlv("0B", bytes((self.nation,))),
                6: tlv("0C", bytes.fromhex(self.birthplace)),
                7: tlv("0D", bytes.fromhex(f"{self.birth:%Y%m%d}")),
            }
        return {5: {tag: tlv(f"{tag:02X}", value) for tag, value in enumerate(card, 1)}, 6: holder}


class SocialSecurityApplication:
    """The application; a device_sim.card.Card."""

    def __init__(
        self,
        data: SocialSecurityData,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        accepts: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        """Make it; `accepts` says whether 16 bytes of EXTERNAL AUTHENTICATE are right: the issuer's rule is secret."""
        self._files = data.files()
        self._closed = data.closed
        self._draw = draw
        self._accepts = accepts
        self._authenticated = False
        self._selected = False
        self._file: int | None = None

    def power_on(self) -> bytes:
        """Begin anew and return the ATR."""
        self.power_off()
        return ATR

    def power_off(self) -> None:
        """Forget what was selected, and who authenticated."""
        self._selected = False
        self._authenticated = False
        self._file = None

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command."""
        return respond(command, self._answer)

    def _answer(self, asked: CommandApdu) -> bytes:
        if asked.cla != 0x00:
            raise RefusedCommand(StatusWord.UNKNOWN_CLA)
        match asked.ins:
            case 0xA4:
                return self._select(asked)
            case 0xB2:
                return self._read(asked)
            case 0x84:
                if (asked.p1, asked.p2) != (0, 0):
                    raise RefusedCommand(StatusWord.WRONG_P1P2)
                if asked.expected not in _CHALLENGE:
                    raise RefusedCommand(StatusWord.WRONG_LENGTH)
                return self._draw(asked.expected or 0)
            case 0x82:
                if len(asked.data) != 16:
                    raise RefusedCommand(StatusWord.WRONG_LENGTH)
                self._authenticated = self._accepts(asked.data)
                if not self._authenticated:
                    raise RefusedCommand(_AUTHENTICATION_FAILED)
                return b""
        raise RefusedCommand(StatusWord.UNKNOWN_INS)

    def _select(self, asked: CommandApdu) -> bytes:
        self._file = None
        match (asked.p1, asked.p2):
            case (0x04, 0x00):
                self._selected = asked.data == NAME
                if not self._selected:
                    raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
                return tlv("6F", tlv("84", NAME))
            case (0x00 | 0x02, 0x00):
                file = int.from_bytes(asked.data, "big") - 0xEF00
                if not self._selected or file not in self._files:
                    raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
                self._file = file
                return b""
        raise RefusedCommand(StatusWord.WRONG_P1P2)

    def _read(self, asked: CommandApdu) -> bytes:
        if asked.p2 & 0x07 != 0x04:
            raise RefusedCommand(StatusWord.WRONG_P1P2)
        file = asked.p2 >> 3 or self._file
        if not self._selected or file is None or file not in self._files:
            raise RefusedCommand(StatusWord.FILE_NOT_FOUND)
        if asked.p1 not in self._files[file]:
            raise RefusedCommand(StatusWord.RECORD_NOT_FOUND)
        if (file, asked.p1) in self._closed and not self._authenticated:
            raise RefusedCommand(StatusWord.PIN_NOT_VERIFIED)  # 6982: security status not satisfied
        return self._files[file][asked.p1]
