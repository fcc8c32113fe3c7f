"""The gate of a card reader: a card is let in, noticed, and given back. Called on the thread that owns the reader.

Every function raises DeviceFault, DeviceUnavailable and ProtocolViolation of the reader.
"""

from kiosk_core.card_reader import CardReader, ChipPower, Destination, ResetAction
from kiosk_core.errors import DeviceFault, Fault
from kiosk_core.status import Media

INSIDE = frozenset({Media.PRESENT, Media.LATCHED})


def let_card_in(reader: CardReader) -> bool:
    """Let a card in and return True; False: one is there, and can be taken."""
    media = reader.media()
    if media is Media.NOT_PRESENT:
        reader.set_entry(True)
        return True
    _expect_works(media)
    if media is not Media.ENTERING:
        reader.move(Destination.EXIT)
    return False


def has_card(reader: CardReader) -> bool:
    """Return whether a card has come in; then no other can."""
    media = reader.media()
    if media in INSIDE:
        reader.set_entry(False)
        return True
    _expect_works(media)
    return False


def give_card_back(reader: CardReader) -> None:
    """Let no card in any more and bring out one that is there, without power at its chip."""
    reader.set_entry(False)
    match reader.media():
        case Media.NOT_PRESENT | Media.ENTERING:
            return
        case Media.JAMMED:
            reader.reset(ResetAction.EXIT)
            return
        case Media.LATCHED:
            reader.chip_power(ChipPower.OFF)
    reader.move(Destination.EXIT)


def _expect_works(media: Media) -> None:
    if media in {Media.JAMMED, Media.UNKNOWN}:
        raise DeviceFault("card_reader", Fault.CARD_JAM)
