"""The ESC/POS command language, as a printer reads it: which bytes are a command, and where it ends.

Written from the printers' side and apart from `wire.escpos`, so that driver and simulator cannot agree on a mistake.
Sources: Epson "Paper roll" command reference ver. 10.01 (TM-T88III, TM-J2000; GS ( L pp228-250, GS ( k pp495-560,
GS ( H p429, GS V p373); HPRT TP80K programming manual (ESC L p8, GS ( L pp56-62, GS k pp67-69); Citizen CT-S280
pp159-165; Infinite Peripherals KPM210/216 pp49-50 (GS e); Citizen PPU-700 p121 (GS R); facts/device-protocols.md 3c.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_PREFIXES = {"DLE": 0x10, "ESC": 0x1B, "FS": 0x1C, "GS": 0x1D}
_SPELT = {"SP": 0x20, "FF": 0x0C, "EOT": 0x04, "ENQ": 0x05, "DC4": 0x14}

MAX_PICTURE = 512 * 1024  # bytes of one picture
MAX_NV_PICTURES = 192 * 1024  # bytes of one FS q


@dataclass(frozen=True)
class Token:
    """A command with its parameters, text, or bytes that are neither; `at` counts from the last power-up.

    `name` is the command as the manuals write it, "TEXT", or "" where `fault` says why the bytes are no command.
    """

    at: int
    name: str
    raw: bytes
    parameters: bytes = b""
    fault: str = ""


# What follows the name: how many bytes.
_FIXED = {
    "DLE EOT": 1,
    "DLE ENQ": 1,
    "ESC FF": 0,
    "ESC SP": 1,
    "ESC !": 1,
    "ESC $": 2,
    "ESC %": 1,
    "ESC -": 1,
    "ESC 2": 0,
    "ESC 3": 1,
    "ESC =": 1,
    "ESC ?": 1,
    "ESC @": 0,
    "ESC E": 1,
    "ESC G": 1,
    "ESC J": 1,
    "ESC L": 0,
    "ESC M": 1,
    "ESC R": 1,
    "ESC S": 0,
    "ESC T": 1,
    "ESC V": 1,
    "ESC W": 8,
    "ESC \\": 2,
    "ESC a": 1,
    "ESC c 3": 1,
    "ESC c 4": 1,
    "ESC c 5": 1,
    "ESC d": 1,
    "ESC i": 0,
    "ESC m": 0,
    "ESC p": 3,
    "ESC t": 1,
    "ESC v": 0,
    "ESC {": 1,
    "FS !": 1,
    "FS &": 0,
    "FS -": 1,
    "FS .": 0,
    "FS 2": 74,
    "FS ?": 2,
    "FS C": 1,
    "FS S": 2,
    "FS W": 1,
    "FS p": 2,
    "GS !": 1,
    "GS $": 2,
    "GS /": 1,
    "GS :": 0,
    "GS B": 1,
    "GS H": 1,
    "GS I": 1,
    "GS L": 2,
    "GS P": 2,
    "GS T": 1,
    "GS W": 2,
    "GS \\": 2,
    "GS ^": 3,
    "GS a": 1,
    "GS b": 1,
    "GS f": 1,
    "GS h": 1,
    "GS r": 1,
    "GS w": 1,
}

_CONTROLS = {0x00: "NUL", 0x09: "HT", 0x0A: "LF", 0x0C: "FF", 0x0D: "CR", 0x18: "CAN"}
_CONTROL = re.compile(rb"[\x00-\x1f]")
_CLEAR_BUFFERS = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")


class _More(Exception):
    """The command is not complete yet."""


class _Bad(Exception):
    """The bytes up to `end` are no command, and why; what follows is read anew, as printers do."""

    def __init__(self, end: int, why: str) -> None:
        super().__init__(why)
        self.end = end


def read(data: bytearray, at: int, *, line_empty: bool) -> Token | None:
    """Return what `data` begins with, None where bytes are missing. `at` is the position of its first byte.

    `line_empty` decides about GS k: with text in the line, a printer reads the bytes behind m as text.
    """
    if not data:
        return None
    first = data[0]
    if first >= 0x20:
        control = _CONTROL.search(data)
        return Token(at, "TEXT", bytes(data[: control.start() if control else None]))
    if first in _CONTROLS:
        return Token(at, _CONTROLS[first], bytes(data[:1]))
    try:
        return _command(data, at, line_empty)
    except _More:
        return None
    except _Bad as bad:
        return Token(at, "", bytes(data[: bad.end]), fault=str(bad))


def _command(data: bytearray, at: int, line_empty: bool) -> Token:
    if data[0] not in _PREFIXES.values():
        raise _Bad(1, "unknown control character")
    _need(data, 2)
    key = bytes(data[:2])
    if key in _TRIPLES:
        _need(data, 3)
        key = bytes(data[:3])
    if key in _NAMES:
        name = _NAMES[key]
        end = len(key) + _FIXED[name]
    elif key in _LONGER:
        name, length = _LONGER[key]
        if name == "GS k" and not line_empty:
            _need(data, 3)
            raise _Bad(3, "GS k with data in the line")
        end = length(data)
    elif key[:2] == b"\x1d(" and len(key) == 3:
        name, end = f"GS ( {chr(key[2])}", _parenthesis(data)
    else:
        raise _Bad(2, "unknown command")
    _need(data, end)
    return Token(at, name, bytes(data[:end]), bytes(data[len(key) : end]))


def _need(data: bytearray, size: int) -> None:
    if len(data) < size:
        raise _More


def _u16(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


# -- commands with a length of their own -------------------------------------------------------------------


def _parenthesis(data: bytearray) -> int:
    _need(data, 5)
    return 5 + _u16(data, 3)


def _large_graphics(data: bytearray) -> int:
    _need(data, 7)
    size = int.from_bytes(data[3:7], "little")
    if size > MAX_PICTURE:
        raise _Bad(7, "graphics too large")
    return 7 + size


def _raster(data: bytearray) -> int:
    _need(data, 8)
    mode, width, height = data[3], _u16(data, 4), _u16(data, 6)
    if mode not in (0, 1, 2, 3, 48, 49, 50, 51):
        raise _Bad(8, "GS v 0: m out of range")
    if not (1 <= width <= 2047 and 1 <= height <= 4095 and width * height <= MAX_PICTURE):
        raise _Bad(8, "GS v 0: size out of range")
    return 8 + width * height


def _bit_image(data: bytearray) -> int:
    _need(data, 3)
    if data[2] not in (0, 1, 32, 33):
        raise _Bad(3, "ESC *: m out of range")
    _need(data, 5)
    columns = _u16(data, 3)
    if not 1 <= columns <= 1023:
        raise _Bad(5, "ESC *: n out of range")
    return 5 + columns * (3 if data[2] >= 32 else 1)


def _tabs(data: bytearray) -> int:
    """ESC D: up to 32 ascending positions; NUL ends them, and so does one that does not ascend."""
    last = 0
    for i in range(2, 2 + 33):
        _need(data, i + 1)
        if data[i] == 0:
            return i + 1
        if data[i] <= last:
            return i
        last = data[i]
    return 2 + 32


def _cut(data: bytearray) -> int:
    _need(data, 3)
    if data[2] in (0, 1, 48, 49):
        return 3
    if data[2] in (65, 66, 97, 98, 103, 104):
        return 4
    raise _Bad(3, "GS V: m out of range")


def _downloaded_image(data: bytearray) -> int:
    _need(data, 4)
    width, height = data[2], data[3]
    if not (width and 1 <= height <= 48 and width * height <= 1536):
        raise _Bad(4, "GS *: size out of range")
    return 4 + width * height * 8


def _nv_images(data: bytearray) -> int:
    _need(data, 3)
    end = 3
    if not data[2]:
        raise _Bad(3, "FS q: n out of range")
    for _ in range(data[2]):
        _need(data, end + 4)
        width, height = _u16(data, end), _u16(data, end + 2)
        if not (1 <= width <= 1023 and 1 <= height <= 288):
            raise _Bad(end + 4, "FS q: size out of range")
        end += 4 + width * height * 8
        if end > MAX_NV_PICTURES:
            raise _Bad(end - width * height * 8, "FS q: too large")
    return end


def _user_characters(data: bytearray) -> int:
    _need(data, 5)
    height, first, last = data[2], data[3], data[4]
    if height != 3 or not 0x20 <= first <= last <= 0x7E:
        raise _Bad(5, "ESC &: out of range")
    end = 5
    for _ in range(first, last + 1):
        _need(data, end + 1)
        end += 1 + data[end] * height
    return end


def _eject(data: bytearray) -> int:
    _need(data, 3)
    if data[2] not in (1, 2, 3, 4, 5, 6):
        raise _Bad(3, "GS e: n out of range")
    return 4 if data[2] == 3 else 3


def _retract(data: bytearray) -> int:
    _need(data, 3)
    if data[2] == 0x30:
        return 3
    if data[2] != 0x31:
        raise _Bad(3, "GS R: unknown function")
    _need(data, 4)
    return 4


def _real_time(data: bytearray) -> int:
    _need(data, 3)
    match data[2]:
        case 1:
            return 5
        case 2:
            return 5
        case 8:
            known = min(len(data), len(_CLEAR_BUFFERS))
            if data[:known] != _CLEAR_BUFFERS[:known]:
                raise _Bad(2, "DLE DC4: unknown function")
            return len(_CLEAR_BUFFERS)
        case _:
            raise _Bad(2, "DLE DC4: unknown function")


_DIGITS = frozenset(b"0123456789")
_CODE39 = _DIGITS | frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./")
_CODABAR = _DIGITS | frozenset(b"ABCDabcd$+-./:")
# Function A ends with NUL, or by itself with the last digit a symbol can have (HPRT TP80K p68).
_FUNCTION_A = {0: (12, _DIGITS), 1: (12, _DIGITS), 2: (13, _DIGITS), 3: (8, _DIGITS)}
_OPEN_ENDED = {4: _CODE39, 5: _DIGITS, 6: _CODABAR}
_LONGEST = 255


def _barcode(data: bytearray) -> int:
    _need(data, 3)
    system = data[2]
    if system <= 6:
        most, allowed = _FUNCTION_A.get(system) or (_LONGEST, _OPEN_ENDED[system])
        for i in range(3, 3 + most):
            _need(data, i + 1)
            if data[i] == 0:
                return i + 1
            if data[i] not in allowed:
                raise _Bad(i, "GS k: d out of range")
        return 3 + most
    if 65 <= system <= 78:
        _need(data, 4)
        if not data[3]:
            raise _Bad(4, "GS k: n out of range")
        return 4 + data[3]
    raise _Bad(3, "GS k: m out of range")


def _key(name: str) -> bytes:
    prefix, *rest = name.split(" ")
    return bytes((_PREFIXES[prefix], *(_SPELT.get(each) or ord(each) for each in rest)))


_NAMES = {_key(name): name for name in _FIXED}
_LONGER: dict[bytes, tuple[str, Callable[[bytearray], int]]] = {
    _key(name): (name, length)
    for name, length in {
        "ESC &": _user_characters,
        "ESC *": _bit_image,
        "ESC D": _tabs,
        "DLE DC4": _real_time,
        "FS q": _nv_images,
        "GS *": _downloaded_image,
        "GS 8 L": _large_graphics,
        "GS R": _retract,
        "GS V": _cut,
        "GS e": _eject,
        "GS k": _barcode,
        "GS v 0": _raster,
    }.items()
}
_TRIPLES = {key[:2] for key in (*_NAMES, *_LONGER) if len(key) == 3} | {b"\x1d("}
