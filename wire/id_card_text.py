"""The text on a resident ID card: the four layouts of its 256-byte block, UTF-16LE, to frozen dataclasses and back.

Sources: facts/device-protocols.md 3b: fields and types after Johann356/readinfo `PCSCGetData.h`, nation and sex codes
after waitingsong/node-idcard-reader `src/lib/config.ts`. Every character here is a person's: no class has a repr with
values, and no error names one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from wire.errors import WireError

BLOCK_BYTES = 256
TYPE_OFFSET = 248
LONG_TERM = "长期"


class Sex(Enum):
    """The sex code (GB/T 2261.1)."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


_NATIONS = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇"
    " 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京"
    " 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
NATIONS: Mapping[str, str] = {f"{number:02}": name for number, name in enumerate(_NATIONS.split(), 1)} | {
    "57": "其他",
    "97": "其他",
    "98": "外国人入籍",
}
"""The nation codes and their names."""


@dataclass(frozen=True, repr=False)
class CitizenText:
    """A citizen's card (type " "). `nation` is a code; `valid_until` None is 长期, without an end."""

    name: str
    sex: Sex
    nation: str
    birth: date
    address: str
    id_number: str
    issuer: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, repr=False)
class ResidencePermitText:
    """A residence permit for people from Hong Kong, Macau and Taiwan (type "J"); `nation` is normally empty."""

    name: str
    sex: Sex
    nation: str
    birth: date
    address: str
    id_number: str
    issuer: str
    valid_from: date
    valid_until: date | None
    pass_number: str
    issue_count: str


@dataclass(frozen=True, repr=False)
class Foreigner2017Text:
    """A foreigner's permanent residence card of 2017 (type "I"); `nationality` has three letters."""

    latin_name: str
    sex: Sex
    permit_number: str
    nationality: str
    chinese_name: str
    valid_from: date
    valid_until: date | None
    birth: date
    version: str
    authority: str


@dataclass(frozen=True, repr=False)
class Foreigner2023Text:
    """A foreigner's permanent residence card of 2023 (type "Y"); a long Latin name goes on in `latin_name_rest`."""

    chinese_name: str
    sex: Sex
    renewal_count: str
    birth: date
    latin_name: str
    id_number: str
    valid_from: date
    valid_until: date | None
    latin_name_rest: str
    nationality: str
    associated_id: str


IdCardText = CitizenText | ResidencePermitText | Foreigner2017Text | Foreigner2023Text

_TYPE = "type"
_RFU = ""
_Layout = tuple[tuple[str, int], ...]

# Name and bytes of each field, in order.
_CITIZEN: _Layout = (
    ("name", 30),
    ("sex", 2),
    ("nation", 4),
    ("birth", 16),
    ("address", 70),
    ("id_number", 36),
    ("issuer", 30),
    ("valid_from", 16),
    ("valid_until", 16),
    ("pass_number", 18),
    ("issue_count", 4),
    (_RFU, 6),
    (_TYPE, 2),
    (_RFU, 6),
)
_FOREIGNER_2017: _Layout = (
    ("latin_name", 120),
    ("sex", 2),
    ("permit_number", 30),
    ("nationality", 6),
    ("chinese_name", 30),
    ("valid_from", 16),
    ("valid_until", 16),
    ("birth", 16),
    ("version", 4),
    ("authority", 8),
    (_TYPE, 2),
    (_RFU, 6),
)
_FOREIGNER_2023: _Layout = (
    ("chinese_name", 30),
    ("sex", 2),
    ("renewal_count", 4),
    ("birth", 16),
    ("latin_name", 70),
    ("id_number", 36),
    (_RFU, 30),
    ("valid_from", 16),
    ("valid_until", 16),
    ("latin_name_rest", 22),
    ("nationality", 6),
    (_TYPE, 2),
    ("associated_id", 6),
)


def decode_text(block: bytes) -> IdCardText:
    """Return what the 256 bytes say; spaces and NULs at the end of a field are its filling.

    Raises:
        WireError: another length, not UTF-16, a type, sex or date that no layout has. It names the field alone.
    """
    if len(block) != BLOCK_BYTES:
        raise WireError(f"the text of a card has {BLOCK_BYTES} bytes, not {len(block)}")
    match block[TYPE_OFFSET : TYPE_OFFSET + 2].decode("utf-16-le", "replace"):
        case " ":
            f = _cut(block, _CITIZEN)
            return CitizenText(
                f["name"],
                _sex(f["sex"]),
                f["nation"],
                _date(f, "birth"),
                f["address"],
                f["id_number"],
                f["issuer"],
                _date(f, "valid_from"),
                _end(f),
            )
        case "J":
            f = _cut(block, _CITIZEN)
            return ResidencePermitText(
                f["name"],
                _sex(f["sex"]),
                f["nation"],
                _date(f, "birth"),
                f["address"],
                f["id_number"],
                f["issuer"],
                _date(f, "valid_from"),
                _end(f),
                f["pass_number"],
                f["issue_count"],
            )
        case "I":
            f = _cut(block, _FOREIGNER_2017)
            return Foreigner2017Text(
                f["latin_name"],
                _sex(f["sex"]),
                f["permit_number"],
                f["nationality"],
                f["chinese_name"],
                _date(f, "valid_from"),
                _end(f),
                _date(f, "birth"),
                f["version"],
                f["authority"],
            )
        case "Y":
            f = _cut(block, _FOREIGNER_2023)
            return Foreigner2023Text(
                f["chinese_name"],
                _sex(f["sex"]),
                f["renewal_count"],
                _date(f, "birth"),
                f["latin_name"],
                f["id_number"],
                _date(f, "valid_from"),
                _end(f),
                f["latin_name_rest"],
                f["nationality"],
                f["associated_id"],
            )
        case _:
            raise WireError("a card of an unknown type")


def encode_text(text: IdCardText) -> bytes:
    """Return the 256 bytes, fields filled with spaces.

    Raises:
        WireError: a field is too long; it is named, its value is not.
    """
    match text:
        case CitizenText():
            return _fill(text, _CITIZEN, " ")
        case ResidencePermitText():
            return _fill(text, _CITIZEN, "J")
        case Foreigner2017Text():
            return _fill(text, _FOREIGNER_2017, "I")
        case Foreigner2023Text():
            return _fill(text, _FOREIGNER_2023, "Y")


def _cut(block: bytes, layout: _Layout) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 0
    for name, size in layout:
        if name not in (_RFU, _TYPE):
            # Replaced and looked for, since the exception of a strict decoder would carry the bytes.
            value = block[at : at + size].decode("utf-16-le", "replace")
            if "\ufffd" in value:
                raise WireError(f"{name} is no UTF-16")
            fields[name] = value.rstrip(" \x00")
        at += size
    return fields


def _fill(text: IdCardText, layout: _Layout, kind: str) -> bytes:
    block = bytearray()
    for name, size in layout:
        value = kind if name == _TYPE else _shown(getattr(text, name, ""), name)
        octets = value.encode("utf-16-le")
        if len(octets) > size:
            raise WireError(f"{name} has at most {size // 2} characters")
        block += octets + b" \x00" * ((size - len(octets)) // 2)
    return bytes(block)


def _shown(value: str | Sex | date | None, name: str) -> str:
    match value:
        case Sex():
            return value.value
        case date():
            return value.isoformat().replace("-", "")  # %Y has no leading zeros
        case None:
            return LONG_TERM
        case _ if value.rstrip(" \x00") != value:
            raise WireError(f"{name} ends with filling")
        case _:
            return value


def _sex(code: str) -> Sex:
    if code not in _SEXES:
        raise WireError("sex is no code")
    return _SEXES[code]


_SEXES = {sex.value: sex for sex in Sex}


def _end(fields: Mapping[str, str]) -> date | None:
    return None if fields["valid_until"] == LONG_TERM else _date(fields, "valid_until")


def _date(fields: Mapping[str, str], name: str) -> date:
    if re.fullmatch("[0-9]{8}", fields[name]):
        digits = fields[name]
        try:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            pass  # raised below, where no exception with a number in it is at hand
    raise WireError(f"{name} is no date")
