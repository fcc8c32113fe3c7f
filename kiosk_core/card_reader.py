"""The port of card readers: motor readers, dispensers and dip readers, in the words of XFS4IoT CardReader 3.0.

Source: facts/xfs4iot-messages.md.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from kiosk_core.device import Device
from kiosk_core.magnetic_tracks import MagneticTracks
from kiosk_core.status import Media


class CardRefusal(Enum):
    """Why a card could not be served. The words are errorCodes of XFS4IoT but for the last four.

    MOVED_BY_HAND: the customer held, pulled or pushed it. CHIP_OFF: the chip has no power, ask `chip_power` first.
    CARD_SILENT: the chip did not answer in its time; it may have acted. UNSUPPORTED: this unit lacks the part for it.
    """

    NO_MEDIA = "noMedia"
    OCCUPIED = "occupied"
    INVALID_MEDIA = "invalidMedia"
    CARD_TOO_SHORT = "cardTooShort"
    CARD_TOO_LONG = "cardTooLong"
    ATR_NOT_OBTAINED = "atrNotObtained"
    PROTOCOL_NOT_SUPPORTED = "protocolNotSupported"
    MOVED_BY_HAND = "movedByHand"
    CHIP_OFF = "chipOff"
    CARD_SILENT = "cardSilent"
    UNSUPPORTED = "unsupported"


class Destination(Enum):
    """Where `move` takes the card in the reader: XFS4IoT Move.to."""

    EXIT = "exit"
    TRANSPORT = "transport"
    RETAIN = "retain"


class ResetAction(Enum):
    """What becomes of a card that a reset finds: XFS4IoT Reset.to."""

    EXIT = "exit"
    RETAIN = "retain"
    CURRENT_POSITION = "currentPosition"


class ChipPower(Enum):
    """XFS4IoT ChipPower.chipPower."""

    COLD = "cold"
    WARM = "warm"
    OFF = "off"


class ChipProtocol(Enum):
    """XFS4IoT ChipIO.chipProtocol."""

    T0 = "chipT0"
    T1 = "chipT1"
    NOT_REQUIRED = "chipProtocolNotRequired"
    TYPE_A = "chipTypeAPart4"
    TYPE_B = "chipTypeB"


@dataclass(frozen=True)
class RawData:
    """What was read of a card: its chip's ATR."""

    protocol: ChipProtocol
    atr: bytes


@dataclass(frozen=True)
class ChipAnswer:
    """A chip's answer of 2 to 258 bytes, status word last."""

    data: bytes = field(repr=False)


class CardReader(Device, Protocol):
    """A card reader; one that lacks a part refuses what needs it by UNSUPPORTED. Blocking; one thread owns it.

    A motor reader moves the card and may retain and dispense it. A dip reader holds the card with a latch: EXIT opens
    the latch, TRANSPORT closes it, and there is no shutter, so `set_entry` changes nothing there.

    Every method raises DeviceUnavailable (unplugged, silent), DeviceFault (jam, bin full, stacker empty, broken) and
    ProtocolViolation. What a card or a customer causes is a CardRefusal. `status().supplies` has "stacker" (cards to
    dispense) and "retain_bin" (room for retained cards: OUT is a full bin).
    """

    def media(self) -> Media:
        """Return where the card is; fit for polling.

        ENTERING: at the gate; LATCHED: held by the contacts; JAMMED: stuck until a `reset` succeeds.
        """
        ...

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None:
        """Bring the reader to its state after power-up and a card inside to where `action` says.

        Raises:
            ValueError: the reader has no such place (a dip reader retains nothing).
        """
        ...

    def set_entry(self, enabled: bool) -> None:
        """Let a card in at the gate, or not."""
        ...

    def dispense(self) -> CardRefusal | None:
        """Move a new card from the stacker to the contacts; None is success."""
        ...

    def read_raw_data(self) -> RawData | CardRefusal:
        """Bring the card that is inside to the contacts, power it and return its ATR."""
        ...

    def read_tracks(
        self, *, track1: bool = True, track2: bool = True, track3: bool = True
    ) -> MagneticTracks | CardRefusal:
        """Return these tracks of the card at the gate or inside, never a former card's: XFS4IoT ReadRawData."""
        ...

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        """Power the chip (cold, warm: its ATR) or take its power (None)."""
        ...

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        """Send one APDU of 4 to 261 bytes, once, and return the answer; 61xx and 6Cxx are followed.

        6Cxx is followed by sending the command again with the length that the card named.
        """
        ...

    def move(self, to: Destination) -> CardRefusal | None:
        """Move the card in the reader; None is success."""
        ...
