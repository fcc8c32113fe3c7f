"""A scanner for what must not be stored: card numbers, tracks, PINs, ID numbers and keys, however they are written.

It knows the very values of a run and looks for them as text (ASCII, UTF-16), packed digits, raw bytes, hexadecimal
(upper, lower, with spaces), Python's escapes and base64. A card number may be told by its first six and last four
digits: whatever shows more of it is found by any eight digits in a row, or twelve where they are packed, for so
many do not meet by chance.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_TEXT_WINDOW = 8
_PACKED_WINDOW = 12


@dataclass(frozen=True)
class Secret:
    """Something that must not be stored: its kind in words, and digits, text or bytes. Only `masked` may be told."""

    kind: str
    value: str | bytes
    masked: bool = False

    def traces(self) -> Iterator[tuple[str, bytes]]:
        """Yield each way in which it could be written, and the bytes of it."""
        if isinstance(self.value, bytes):
            yield from _as_bytes(self.value)
            return
        yield from _as_text(self.value)
        if self.value.isdigit():
            yield from _packed(self.value)
        if self.masked:
            for start in range(len(self.value) - _TEXT_WINDOW + 1):
                part = self.value[start : start + _TEXT_WINDOW]
                yield f"digits {start + 1} to {start + _TEXT_WINDOW} as text", part.encode()
                yield f"digits {start + 1} to {start + _TEXT_WINDOW} in UTF-16", part.encode("utf-16-le")
            for start in range(len(self.value) - _PACKED_WINDOW + 1):
                part = self.value[start : start + _PACKED_WINDOW]
                yield f"digits {start + 1} to {start + _PACKED_WINDOW} packed", bytes.fromhex(part)


def _as_text(text: str) -> Iterator[tuple[str, bytes]]:
    plain = text.encode()
    yield "text", plain
    yield "UTF-16, least significant byte first", text.encode("utf-16-le")
    yield "UTF-16, most significant byte first", text.encode("utf-16-be")
    yield from _hexadecimal(plain, "of the text")
    yield from _base64(plain, "of the text")


def _packed(digits: str) -> Iterator[tuple[str, bytes]]:
    """Yield the digits two to a byte: those that fill whole bytes whether the first stands high or low in its byte."""
    for name, start in (("high", 0), ("low", 1)):
        inner = digits[start : start + (len(digits) - start) // 2 * 2]
        if len(inner) >= _PACKED_WINDOW:
            yield f"packed, the first digit {name}", bytes.fromhex(inner)
            yield from _base64(bytes.fromhex(inner), f"of packed digits, the first {name}")


def _as_bytes(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "raw", data
    yield "Python's escapes", repr(data)[2:-1].encode()
    yield from _hexadecimal(data, "of the bytes")
    yield from _base64(data, "of the bytes")


def _hexadecimal(data: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    for name, text in (("lower", data.hex()), ("upper", data.hex().upper())):
        yield f"hexadecimal {what}, {name} case", text.encode()
        yield f"hexadecimal {what}, {name} case, UTF-16", text.encode("utf-16-le")
    for name, text in (("lower", data.hex(" ")), ("upper", data.hex(" ").upper())):
        yield f"hexadecimal {what}, {name} case, with spaces", text.encode()


def _base64(data: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    """Yield the part of the base64 that does not depend on the neighbours, for each place in a group of three bytes."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + data)
        first = -(-shift * 8 // 6)
        last = (shift + len(data)) * 8 // 6
        yield f"base64 {what}", encoded[first:last]
        yield f"base64 {what}, for URLs", encoded[first:last].translate(bytes.maketrans(b"+/", b"-_"))


class Scanner:
    """Looks for the traces of `secrets`."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._traces = [(f"{secret.kind} as {form}", trace) for secret in secrets for form, trace in secret.traces()]

    def findings(self, data: bytes) -> list[str]:
        """Return what was found in `data`: a line for each way of writing, with the place of the first."""
        return [f"{what} at byte {data.find(trace)}" for what, trace in self._traces if trace in data]

    def findings_in(self, files: Mapping[str, bytes]) -> list[str]:
        """Return what was found, each with the name of its file."""
        return [f"{name}: {finding}" for name, data in files.items() for finding in self.findings(data)]


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files below `folder`, by their paths."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
