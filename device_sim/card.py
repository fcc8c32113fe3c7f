"""What a simulated card is to a simulated reader, and a card that is nobody's transit card."""

from typing import Protocol

from wire import apdu
from wire.apdu import ResponseApdu
from wire.errors import WireError
from wire.purse import StatusWord


class Card(Protocol):
    """A card in the reader's field."""

    def power_on(self) -> bytes:
        """Take power, begin anew, and return the ATR that the reader makes for it; b"": the chip is mute."""
        ...

    def power_off(self) -> None:
        """Lose power, and with it all that is not in lasting memory."""
        ...

    def transmit(self, command: bytes) -> bytes | None:
        """Answer a command APDU, or None: the card left the field before its answer was through."""
        ...


class OtherCard:
    """A card that knows SELECT but no application of ours: a bank card, an access card."""

    # A contactless ATR without historical bytes, seen at OMNIKEY readers (ledger-u2f-javacard issue 11).
    ATR = bytes.fromhex("3B80800101")

    def power_on(self) -> bytes:
        """Return the ATR."""
        return self.ATR

    def power_off(self) -> None:
        """Forget nothing: there is nothing."""

    def transmit(self, command: bytes) -> bytes | None:
        """Answer 6A82 to every SELECT, 6D00 to the rest."""
        try:
            selected = apdu.decode_command(command).ins == 0xA4
        except WireError:
            return apdu.encode_response(ResponseApdu(b"", StatusWord.WRONG_LENGTH))
        return apdu.encode_response(
            ResponseApdu(b"", StatusWord.FILE_NOT_FOUND if selected else StatusWord.UNKNOWN_INS)
        )
