"""One-dimensional barcodes: the bars and spaces of what GS k prints, and the text below them.

Sources: HPRT TP80K pp67-69 and Ithaca PcOS 80PLUS pp98-99 (which data each system takes); Epson TM-C3500 p98
(GS1-128); Shandong BT-T080 p51 (GS w at 203 dpi). The patterns: ISO/IEC 15420 (EAN/UPC), 16388 (Code 39), 16390
(Interleaved 2 of 5), 15417 (Code 128); ANSI/AIM BC3 (Codabar) and BC5 (Code 93).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class System(Enum):
    """The barcode systems, by `m` of GS k function B."""

    UPC_A = 65
    UPC_E = 66
    EAN13 = 67
    EAN8 = 68
    CODE39 = 69
    ITF = 70
    CODABAR = 71
    CODE93 = 72
    CODE128 = 73
    GS1_128 = 74


class BadData(Exception):
    """The data make no symbol of this system; a printer has taken `good` bytes of them and reads the rest as text."""

    def __init__(self, why: str, good: int) -> None:
        super().__init__(why)
        self.good = good


@dataclass(frozen=True)
class Barcode:
    """`runs` are bars and spaces in turn, beginning with a bar.

    Each is in modules, or, where `binary` is set, 1 for thin and 2 for thick. `hri` is what a person reads.
    """

    system: System
    runs: tuple[int, ...]
    hri: str
    binary: bool = False

    def widths(self, module: int) -> list[int]:
        """Return bars and spaces in dots, for `module` dots a module as GS w sets them (2 to 6)."""
        if self.binary:
            return [module if run == 1 else THICK[module] for run in self.runs]
        return [run * module for run in self.runs]


THICK = {2: 5, 3: 8, 4: 10, 5: 13, 6: 15}  # dots of a thick element by those of a thin one, at 8 dots a millimetre


def encode(system: System, data: bytes) -> Barcode:
    """Return the symbol of `data`.

    Raises:
        BadData: its length or its characters are not allowed.
    """
    return _ENCODERS[system](data)


def _digits(data: bytes, lengths: Sequence[int]) -> str:
    for i, byte in enumerate(data):
        if byte not in b"0123456789":
            raise BadData("no digit", i)
    if len(data) not in lengths:
        raise BadData("wrong number of digits", 0)
    return data.decode()


def _only(data: bytes, alphabet: str) -> str:
    for i, byte in enumerate(data):
        if chr(byte) not in alphabet:
            raise BadData("no character of this system", i)
    return data.decode()


def check_digit(digits: str) -> str:
    """Return the check digit of an EAN or UPC number without it: weights 3 and 1 from the right."""
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(digits)))
    return str(-total % 10)


# -- EAN and UPC --------------------------------------------------------------------------------------------

_L_CODES = ("3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112")  # space, bar, space, bar
_PARITY13 = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")
_PARITY_E = ("GGGLLL", "GGLGLL", "GGLLGL", "GGLLLG", "GLGGLL", "GLLGGL", "GLLLGG", "GLGLGL", "GLGLLG", "GLLGLG")


def _left(digits: str, parity: str) -> str:
    return "".join(
        _L_CODES[int(d)] if which == "L" else _L_CODES[int(d)][::-1] for d, which in zip(digits, parity, strict=True)
    )


def _right(digits: str) -> str:
    return "".join(_L_CODES[int(digit)] for digit in digits)


def _runs(text: str) -> tuple[int, ...]:
    return tuple(int(run) for run in text)


def _ean13_runs(digits: str) -> tuple[int, ...]:
    return _runs("111" + _left(digits[1:7], _PARITY13[int(digits[0])]) + "11111" + _right(digits[7:]) + "111")


def _ean13(data: bytes) -> Barcode:
    digits = _digits(data, (12, 13))
    digits = digits if len(digits) == 13 else digits + check_digit(digits)
    return Barcode(System.EAN13, _ean13_runs(digits), digits)


def _upc_a(data: bytes) -> Barcode:
    digits = _digits(data, (11, 12))
    digits = digits if len(digits) == 12 else digits + check_digit(digits)
    return Barcode(System.UPC_A, _ean13_runs("0" + digits), digits)


def _ean8(data: bytes) -> Barcode:
    digits = _digits(data, (7, 8))
    digits = digits if len(digits) == 8 else digits + check_digit(digits)
    return Barcode(System.EAN8, _runs("111" + _left(digits[:4], "LLLL") + "11111" + _right(digits[4:]) + "111"), digits)


def _upc_e(data: bytes) -> Barcode:
    """UPC-E of six digits, of number system 0 with them (7, 8), or of a UPC-A number that can be shortened (11, 12)."""
    digits = _digits(data, (6, 7, 8, 11, 12))
    if len(digits) > 6 and digits[0] != "0":
        raise BadData("number system is not 0", 0)
    short = digits if len(digits) == 6 else digits[1:7] if len(digits) <= 8 else _shortened(digits[1:11])
    check = digits[-1] if len(digits) in (8, 12) else check_digit("0" + _lengthened(short))
    return Barcode(System.UPC_E, _runs("111" + _left(short, _PARITY_E[int(check)]) + "111111"), f"0{short}{check}")


def _shortened(number: str) -> str:
    """Return the six digits for manufacturer (5) and item (5)."""
    maker, item = number[:5], number[5:]
    if maker[2:] in ("000", "100", "200") and item < "01000":
        return maker[:2] + item[2:] + maker[2]
    if maker[3:] == "00" and item < "00100":
        return maker[:3] + item[3:] + "3"
    if maker[4] == "0" and item < "00010":
        return maker[:4] + item[4] + "4"
    if "00005" <= item < "00010":
        return maker + item[4]
    raise BadData("no UPC-A number that UPC-E can shorten", 11)


def _lengthened(short: str) -> str:
    last = short[5]
    match last:
        case "0" | "1" | "2":
            return short[:2] + last + "00" + "00" + short[2:5]
        case "3":
            return short[:3] + "00" + "000" + short[3:5]
        case "4":
            return short[:4] + "0" + "0000" + short[4]
        case _:
            return short[:5] + "0000" + last


# -- thin and thick -----------------------------------------------------------------------------------------

_CODE39_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. *$/+%"
_CODE39_TABLE = (
    "111221211 211211112 112211112 212211111 111221112 211221111 112221111 111211212 211211211 112211211 "
    "211112112 112112112 212112111 111122112 211122111 112122111 111112212 211112211 112112211 111122211 "
    "211111122 112111122 212111121 111121122 211121121 112121121 111111222 211111221 112111221 111121221 "
    "221111112 122111112 222111111 121121112 221121111 122121111 121111212 221111211 122111211 121121211 "
    "121212111 121211121 121112121 111212121"
)
_CODE39 = dict(zip(_CODE39_ALPHABET, _CODE39_TABLE.split(), strict=True))


def _code39(data: bytes) -> Barcode:
    text = _only(data, _CODE39_ALPHABET)
    text = f"*{text.strip('*')}*"  # start and stop are added where the host did not send them
    if "*" in text[1:-1]:
        raise BadData("a stop character in the middle", text.index("*", 1))
    return Barcode(System.CODE39, _runs("1".join(_CODE39[character] for character in text)), text, binary=True)


_ITF = ("11221", "21112", "12112", "22111", "11212", "21211", "12211", "11122", "21121", "12121")


def _itf(data: bytes) -> Barcode:
    """Interleaved 2 of 5; the last digit of an odd number is left out (HPRT TP80K p68)."""
    digits = _digits(data, range(2, 256))
    digits = digits[: len(digits) // 2 * 2]
    pairs = zip(digits[::2], digits[1::2], strict=True)
    middle = "".join(bar + space for b, s in pairs for bar, space in zip(_ITF[int(b)], _ITF[int(s)], strict=True))
    return Barcode(System.ITF, _runs("1111" + middle + "211"), digits, binary=True)


_CODABAR_ALPHABET = "0123456789-$:/.+ABCD"
_CODABAR_TABLE = (
    "1111122 1111221 1112112 2211111 1121121 2111121 1211112 1211211 1221111 2112111 "
    "1112211 1122111 2111212 2121112 2121211 1121212 1122121 1212112 1112122 1112221"
)
_CODABAR = dict(zip(_CODABAR_ALPHABET, _CODABAR_TABLE.split(), strict=True))


def _codabar(data: bytes) -> Barcode:
    text = _only(data, _CODABAR_ALPHABET + "abcd").upper()
    if len(text) < 2 or text[0] not in "ABCD" or text[-1] not in "ABCD":
        raise BadData("no start or stop character", len(data))
    return Barcode(System.CODABAR, _runs("1".join(_CODABAR[each] for each in text)), text, binary=True)


# -- Code 93 ------------------------------------------------------------------------------------------------

_CODE93_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"  # then the four shifts, ($) (%) (/) (+)
_CODE93_TABLE = (
    "131112 111213 111312 111411 121113 121212 121311 111114 131211 141111 211113 211212 211311 221112 221211 231111 "
    "112113 112212 112311 122112 132111 111123 111222 111321 121122 131121 212112 212211 211122 211221 221121 222111 "
    "112122 112221 122121 123111 121131 311112 311211 321111 112131 113121 211131 121221 312111 311121 122211"
)
_CODE93_PATTERNS = _CODE93_TABLE.split()
_CODE93_DOLLAR, _CODE93_PERCENT, _CODE93_SLASH, _CODE93_PLUS = 43, 44, 45, 46
_CODE93_END = "111141"


def _code93(data: bytes) -> Barcode:
    values: list[int] = []
    for i, byte in enumerate(data):
        if byte > 127:
            raise BadData("no ASCII character", i)
        values += _code93_values(byte)
    for longest in (20, 15):
        weights = (1 + i % longest for i in range(len(values)))
        values.append(sum(v * w for v, w in zip(reversed(values), weights, strict=False)) % 47)
    middle = "".join(_CODE93_PATTERNS[value] for value in values)
    hri = "".join(chr(byte) if 0x20 <= byte < 0x7F else " " for byte in data)
    return Barcode(System.CODE93, _runs(_CODE93_END + middle + _CODE93_END + "1"), hri)


def _code93_values(byte: int) -> list[int]:  # noqa: C901  (one line a group of the table)
    """Return one character, or a shift and a letter, for an ASCII code (ANSI/AIM BC5, full ASCII)."""

    def letter(offset: int) -> int:
        return 10 + offset

    character = chr(byte)
    if character in _CODE93_ALPHABET:
        return [_CODE93_ALPHABET.index(character)]
    if byte == 0x00:
        return [_CODE93_PERCENT, letter(20)]
    if byte <= 0x1A:
        return [_CODE93_DOLLAR, letter(byte - 1)]
    if byte <= 0x1F:
        return [_CODE93_PERCENT, letter(byte - 0x1B)]
    if byte <= 0x3A:  # ! to , and the colon
        return [_CODE93_SLASH, letter(byte - 0x21)]
    if byte <= 0x3F:
        return [_CODE93_PERCENT, letter(byte - 0x3B + 5)]
    if byte == 0x40:
        return [_CODE93_PERCENT, letter(21)]
    if byte <= 0x5F:
        return [_CODE93_PERCENT, letter(byte - 0x5B + 10)]
    if byte == 0x60:
        return [_CODE93_PERCENT, letter(22)]
    if byte <= 0x7A:
        return [_CODE93_PLUS, letter(byte - 0x61)]
    return [_CODE93_PERCENT, letter(byte - 0x7B + 15)]


# -- Code 128 -----------------------------------------------------------------------------------------------

_CODE128_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
_CODE128_PATTERNS = _CODE128_TABLE.split()
_CODE128_STOP = "2331112"
_FNC1, _SHIFT = 102, 98
_START = {"A": 103, "B": 104, "C": 105}
_TO_SET = {"A": 101, "B": 100, "C": 99}
_FNC4 = {"A": 101, "B": 100}


def _value_in(code_set: str, byte: int) -> int | None:
    match code_set:
        case "A" if byte <= 0x5F:
            return byte - 0x20 if byte >= 0x20 else byte + 0x40
        case "B" if 0x20 <= byte <= 0x7F:
            return byte - 0x20
        case "C" if byte <= 99:
            return byte
        case _:
            return None


def _symbol128(system: System, values: list[int], hri: str) -> Barcode:
    check = (values[0] + sum(i * value for i, value in enumerate(values))) % 103
    runs = "".join(_CODE128_PATTERNS[value] for value in (*values, check)) + _CODE128_STOP
    return Barcode(system, _runs(runs), hri)


def _code128(data: bytes) -> Barcode:
    """Code 128, its code sets chosen by the host: {A {B {C first, {S {1 {2 {3 {4 {{ within (HPRT TP80K p69)."""
    if len(data) < 2 or data[0] != 0x7B or chr(data[1]) not in _START:
        raise BadData("does not begin with a code set", 0)
    code_set = chr(data[1])
    values, hri, at, shifted = [_START[code_set]], "", 2, False
    while at < len(data):
        here = {"A": "B", "B": "A"}[code_set] if shifted else code_set
        value: int | None
        if data[at] == 0x7B and not (here == "C" and at + 1 == len(data)):
            value, code_set, text, shifts = _special128(data, at, code_set, here)
            at += 2
        else:
            value, text, shifts = _value_in(here, data[at]), _readable(here, data[at]), False
            at += 1
        if value is None:
            raise BadData("no character of the code set", at - 1)
        values.append(value)
        hri += text
        shifted = shifts
    return _symbol128(System.CODE128, values, hri)


def _readable(code_set: str, byte: int) -> str:
    if code_set == "C":
        return f"{byte:02d}"
    return chr(byte) if 0x20 <= byte < 0x7F else " "


def _special128(data: bytes, at: int, code_set: str, here: str) -> tuple[int | None, str, str, bool]:
    """Return value, code set from now on, HRI and whether the next character is shifted, for {x at `at`."""
    match chr(data[at + 1]) if at + 1 < len(data) else "":
        case "1":
            return _FNC1, code_set, " ", False
        case "2" if here != "C":
            return 97, code_set, " ", False
        case "3" if here != "C":
            return 96, code_set, " ", False
        case "4" if here != "C":
            return _FNC4[here], code_set, " ", False
        case "S" if here != "C":
            return _SHIFT, code_set, "", True
        case "A" | "B" | "C" as other if other != code_set:
            return _TO_SET[other], other, "", False
        case "{" if here == "B":
            return 0x7B - 0x20, code_set, "{", False
        case _:
            raise BadData("no special character", at)


def _gs1_128(data: bytes) -> Barcode:
    """GS1-128: start, FNC1, code sets and check character come from the printer (Epson TM-C3500 p98)."""
    encoded: list[int | None] = [None]  # None is FNC1
    hri, at, element = "", 0, 0
    while at < len(data):
        byte, at = data[at], at + 1
        character = chr(byte)
        if byte > 127:
            raise BadData("no ASCII character", at - 1)
        if character == "{":
            text, at = _special_gs1(data, at)
            encoded.append(None if text == " " else ord(text))
            hri += text
        elif character in "() ":
            element = len(encoded) if character == "(" else element
            hri += character
        elif character == "*":
            digits = "".join(chr(each) for each in encoded[element + 2 :] if each is not None)
            if not (digits.isascii() and digits.isdigit()):
                raise BadData("a check digit of no number", at - 1)
            encoded.append(ord(check_digit(digits)))
            hri += check_digit(digits)
        else:
            encoded.append(byte)
            hri += character if 0x20 <= byte < 0x7F else " "
    if len(encoded) < 3 or not all(each is not None and 0x30 <= each <= 0x39 for each in encoded[1:3]):
        raise BadData("no application identifier", len(data))
    return _symbol128(System.GS1_128, _values_of(encoded), hri)


def _special_gs1(data: bytes, at: int) -> tuple[str, int]:
    match chr(data[at]) if at < len(data) else "":
        case "1":
            return " ", at + 1
        case "{" | "(" | ")" | "*" as itself:
            return itself, at + 1
        case _:
            raise BadData("no special character", at - 1)


def _values_of(encoded: list[int | None]) -> list[int]:
    """Return start and characters in code sets of the printer's choice: C for four digits and more, else B or A."""
    values: list[int] = []
    code_set, at = "", 0
    while at < len(encoded):
        if encoded[at] is None and code_set:
            values.append(_FNC1)
            at += 1
            continue
        ahead = at + (encoded[at] is None)
        digits = 0
        while ahead + digits < len(encoded) and 0x30 <= (encoded[ahead + digits] or 0) <= 0x39:
            digits += 1
        byte = encoded[ahead] if ahead < len(encoded) else None
        if digits >= 4 or (code_set == "C" and digits >= 2):
            wanted = "C"
        else:
            wanted = "A" if byte is not None and byte < 0x20 else "B" if code_set != "A" or (byte or 0) > 0x5F else "A"
        if wanted != code_set:
            values.append(_TO_SET[wanted] if code_set else _START[wanted])
            code_set = wanted
            continue
        if code_set == "C":
            values.append((encoded[at] or 0) % 16 * 10 + (encoded[at + 1] or 0) % 16)
            at += 2
        else:
            value = _value_in(code_set, byte or 0)
            values.append(value if value is not None else 0)
            at += 1
    return values


_ENCODERS: dict[System, Callable[[bytes], Barcode]] = {
    System.UPC_A: _upc_a,
    System.UPC_E: _upc_e,
    System.EAN13: _ean13,
    System.EAN8: _ean8,
    System.CODE39: _code39,
    System.ITF: _itf,
    System.CODABAR: _codabar,
    System.CODE93: _code93,
    System.CODE128: _code128,
    System.GS1_128: _gs1_128,
}
