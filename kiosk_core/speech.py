"""What is said aloud: the port of whatever speaks, for the calls of the branch queue and pages read aloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk_core.texts import Language


@dataclass(frozen=True)
class Utterance:
    """A sentence to be said in one language, as it is written: how its numbers and letters sound, the speaker knows.

    `volume` is a share of full volume, 0 to 1.
    """

    language: Language
    text: str
    volume: float = 1.0


@dataclass(frozen=True)
class Chime:
    """The gong before an announcement; `volume` as that of an utterance."""

    volume: float = 1.0


class Speaker(Protocol):
    """Something that speaks, or is silent where it cannot: no method waits for a voice, and none raises."""

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        """Queue `utterances` behind what is still to be said, and return at once."""
        ...

    def is_speaking(self) -> bool:
        """Return whether anything is being said or queued."""
        ...

    def hush(self) -> None:
        """Cut off what is being said, within 200 ms, and forget what is queued."""
        ...

    def close(self) -> None:
        """Hush, and let go of voice and loudspeaker."""
        ...
