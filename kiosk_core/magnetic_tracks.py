"""What a magnetic stripe holds, in a form that cannot slip into a log; the words are those of XFS4IoT ReadRawData."""

from dataclasses import dataclass, field
from enum import Enum

from kiosk_core.card_number import CardNumber

_START_SENTINELS = {1: "%", 2: ";", 3: ";"}  # ISO/IEC 7811-2
_END_SENTINEL = "?"


class TrackStatus(Enum):
    """Why there is nothing of a track: XFS4IoT ReadRawData.track1.status.

    DATA_MISSING: it is blank. DATA_SOURCE_NOT_SUPPORTED: this reader has no head for it. DATA_SOURCE_MISSING: the card
    has no such track, or it could not be read.
    """

    DATA_MISSING = "dataMissing"
    DATA_INVALID = "dataInvalid"
    DATA_SOURCE_NOT_SUPPORTED = "dataSourceNotSupported"
    DATA_SOURCE_MISSING = "dataSourceMissing"


@dataclass(frozen=True)
class TrackData:
    """The characters of a track between its sentinels.

    `str`, `repr` and format show how many they are; only `reveal` gives them.

    Raises:
        ValueError: there are none, or one is outside of 20 to 5F hex, the set of ISO/IEC 7811.
    """

    characters: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.characters or not all(" " <= each <= "_" for each in self.characters):
            raise ValueError("a track has at least one character, all of 20 to 5F hex")

    def reveal(self) -> str:
        """Return all characters. Only for the wire to the host."""
        return self.characters

    def __str__(self) -> str:
        return f"{len(self.characters)} characters"

    def __repr__(self) -> str:
        return f"TrackData({self})"


Track = TrackData | TrackStatus


def track_data(number: int, characters: bytes) -> Track:
    """Return track `number` (1 to 3) as a reader gave it, with its sentinels or without them."""
    try:
        text = characters.decode("ascii")
        return TrackData(text.removeprefix(_START_SENTINELS[number]).removesuffix(_END_SENTINEL))
    except ValueError:  # the decoder's error quotes the bytes, so it may not be the cause of another
        return TrackStatus.DATA_INVALID if characters else TrackStatus.DATA_MISSING


@dataclass(frozen=True)
class MagneticTracks:
    """Tracks 1 to 3 of a card; None for one that was not asked for. Its text shows no more than a masked number."""

    track1: Track | None = None
    track2: Track | None = None
    track3: Track | None = None

    @property
    def card_number(self) -> CardNumber | None:
        """The number on track 2, else on track 1 (ISO/IEC 7813), None where neither has one."""
        for track, prefix, separator in ((self.track2, "", "="), (self.track1, "B", "^")):
            if isinstance(track, TrackData) and track.characters.startswith(prefix):
                digits, separated, _ = track.characters.removeprefix(prefix).partition(separator)
                if separated and digits.isdigit() and 12 <= len(digits) <= 20:
                    return CardNumber(digits)
        return None

    def __str__(self) -> str:
        tracks = enumerate((self.track1, self.track2, self.track3), 1)
        said = [
            f"track {number}: {track.value if isinstance(track, TrackStatus) else track}"
            for number, track in tracks
            if track is not None
        ]
        number = self.card_number
        return ", ".join(said) + (f" ({number.masked})" if number is not None else "")

    def __repr__(self) -> str:
        return f"MagneticTracks({self})"
