"""The real player, into a sound card that ALSA makes up."""

import shutil
import threading

import pytest

from tests.clocks import RealClock
from tests.voice.sounds import tone
from voice.loudspeaker import Aplay
from voice.unavailable import VoiceUnavailable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("aplay") is None, reason="aplay is not installed"),
]


def test_a_sound_is_taken_by_a_card() -> None:
    Aplay("null", RealClock()).play(tone(0.2), threading.Event())


def test_a_card_that_is_not_there_is_told_in_its_players_words() -> None:
    with pytest.raises(VoiceUnavailable, match="audio open error"):
        Aplay("nowhere", RealClock()).play(tone(0.2), threading.Event())
