"""The card reader as the place where a customer has a social-security card read, and takes it out again."""

import contextlib
from collections.abc import Callable

from kiosk_core.card_reader import CardReader, ChipPower, Destination
from kiosk_core.errors import DeviceFault, Fault, OpenTellerError
from kiosk_core.social_security import SocialSecurityCard, SocialSecurityProblem, SocialSecurityReader
from kiosk_core.status import Media

_INSIDE = frozenset({Media.PRESENT, Media.LATCHED})


class SocialSecuritySlot:
    """Used by the one thread that owns the card reader, which every method is given anew.

    Args:
        chip: makes of an open reader what reads the card in it.
    """

    def __init__(self, chip: Callable[[CardReader], SocialSecurityReader]) -> None:
        self._chip = chip
        self._awaits_card = False

    def look(self, reader: CardReader) -> SocialSecurityCard | SocialSecurityProblem:
        """Let a card in; read one that has come in, and give it back.

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
                    return self._chip(reader).read_card()
                finally:
                    self.close(reader)
            case Media.PRESENT | Media.LATCHED:
                self.close(reader)
            case Media.JAMMED:
                raise DeviceFault("card_reader", Fault.CARD_JAM)
        return SocialSecurityProblem.NOT_PRESENT

    def close(self, reader: CardReader) -> None:
        """Let no card in any more and give back one that is there; its status says where that does not succeed."""
        self._awaits_card = False
        with contextlib.suppress(OpenTellerError):
            reader.set_entry(False)
            media = reader.media()
            if media is Media.LATCHED:
                reader.chip_power(ChipPower.OFF)
            if media in _INSIDE:
                reader.move(Destination.EXIT)
