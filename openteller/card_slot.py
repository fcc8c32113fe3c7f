"""The card reader as the place where a customer has a card read, and takes it out again."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from kiosk_core.card_reader import CardReader
from kiosk_core.errors import DeviceFault, Fault, OpenTellerError
from kiosk_core.status import Media
from openteller.card_gate import give_card_back

T = TypeVar("T")


class CardSlot:
    """Used by the one thread that owns the card reader, which every method is given anew."""

    def __init__(self) -> None:
        self._awaits_card = False

    def look(self, reader: CardReader, read: Callable[[CardReader], T]) -> T | None:
        """Let a card in; `read` one that has come in, and give it back. None: none has.

        A card that is there already is given back unread: it may be somebody else's, or the one that was just read.

        Raises:
            DeviceFault, DeviceUnavailable, ProtocolViolation: of the reader.
        """
        match reader.media():
            case Media.NOT_PRESENT:
                reader.set_entry(True)
                self._awaits_card = True
            case Media.PRESENT | Media.LATCHED if self._awaits_card:
                try:
                    return read(reader)
                finally:
                    self.close(reader)
            case Media.PRESENT | Media.LATCHED:
                self.close(reader)
            case Media.JAMMED:
                raise DeviceFault("card_reader", Fault.CARD_JAM)
        return None

    def close(self, reader: CardReader) -> None:
        """Let no card in any more and give back one that is there; its status says where that does not succeed."""
        self._awaits_card = False
        with contextlib.suppress(OpenTellerError):
            give_card_back(reader)
