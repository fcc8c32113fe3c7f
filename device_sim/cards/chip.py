"""Chips: how a command becomes an answer, several applications in one chip, one chip with two faces, mute chips."""

from collections.abc import Callable, Sequence

from device_sim.card import Card
from device_sim.cards.lasting import TornError
from wire import apdu
from wire.apdu import CommandApdu, ResponseApdu
from wire.errors import WireError
from wire.purse import StatusWord


class RefusedCommand(Exception):
    """The chip answers with this status word alone."""

    def __init__(self, status_word: int) -> None:
        super().__init__(f"{status_word:04X}")
        self.status_word = status_word


def respond(command: bytes, answer: Callable[[CommandApdu], bytes]) -> bytes | None:
    """Return the response to `command`, None where the card was torn out; `answer` gives its data.

    `answer` may raise RefusedCommand, WireError (6700) and TornError. A wrong Le is 6Cxx: what acts looks at Le first.
    """
    try:
        asked = apdu.decode_command(command)
        data = answer(asked)
    except WireError:
        return status(StatusWord.WRONG_LENGTH)
    except RefusedCommand as refused:
        return status(refused.status_word)
    except TornError:
        return None
    if asked.expected is None or asked.expected in {apdu.MAX_ANSWER, len(data)}:
        return apdu.encode_response(ResponseApdu(data, StatusWord.OK))
    return status(0x6C00 | len(data) & 0xFF)


def status(status_word: int) -> bytes:
    """Return the response that is a status word alone."""
    return apdu.encode_response(ResponseApdu(b"", status_word))


def tlv(tag: str, *values: bytes) -> bytes:
    """Return a BER-TLV data object: `tag` in hexadecimal, the values one behind the other (at most 255 bytes)."""
    value = b"".join(values)
    length = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return bytes.fromhex(tag) + length + value


class Chip:
    """Applications in one chip, each a Card of its own: SELECT by name decides who answers from then on."""

    def __init__(self, atr: bytes, applications: Sequence[Card]) -> None:
        self._atr = atr
        self._applications = applications
        self._selected = applications[0]

    def power_on(self) -> bytes:
        """Begin anew, with the first application, and return the ATR."""
        for each in self._applications:
            each.power_on()
        self._selected = self._applications[0]
        return self._atr

    def power_off(self) -> None:
        """Forget what was selected."""
        for each in self._applications:
            each.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command, or None: the card was torn out. An application that is left forgets what was begun."""
        if command[1:4] != bytes.fromhex("A4 04 00"):
            return self._selected.transmit(command)
        refusal: bytes | None = status(StatusWord.FILE_NOT_FOUND)
        for each in self._applications:
            refusal = each.transmit(command)
            if refusal != status(StatusWord.FILE_NOT_FOUND):
                for other in self._applications:
                    if other is not each:
                        other.power_off()
                self._selected = each
                break
        return refusal


class Face:
    """A chip as one kind of reader sees it: by radio it has another ATR than at its contacts."""

    def __init__(self, chip: Card, atr: bytes) -> None:
        self._chip = chip
        self._atr = atr

    def power_on(self) -> bytes:
        """Begin anew and return this face's ATR."""
        self._chip.power_on()
        return self._atr

    def power_off(self) -> None:
        """Lose power."""
        self._chip.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command, or None: the card was torn out."""
        return self._chip.transmit(command)


class BrokenChip:
    """A chip that gives an ATR, b"" if it is mute, and no answer to anything."""

    def __init__(self, atr: bytes = b"") -> None:
        self._atr = atr

    def power_on(self) -> bytes:
        """Return the ATR."""
        return self._atr

    def power_off(self) -> None:
        """Forget nothing: there is nothing."""

    def transmit(self, command: bytes) -> None:
        """Answer nothing."""
