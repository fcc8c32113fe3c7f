"""The speaker: a queue that never waits for a voice, hushes at once, and outlives voices that fail."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk_core.clock import Clock
from kiosk_core.speech import Chime, Speaker, Utterance
from tests.clocks import RealClock, SetClock
from tests.patience import until
from tests.voice.programs import until_written, write_program
from tests.voice.sounds import tone
from voice.cache import RememberingVoice
from voice.espeak import Espeak
from voice.loudspeaker import Aplay
from voice.settings import VoiceSettings
from voice.sound import Sound, chime
from voice.speaker import AGAIN_AFTER_S, SilentSpeaker, VoiceSpeaker
from voice.unavailable import Hushed, VoiceUnavailable

ONE, TWO, THREE = (Utterance("en", text) for text in ("one", "two", "three"))
SOUND = tone(0.05)


class ListVoice:
    """A voice whose sentences all sound alike; it fails as often as it is told."""

    def __init__(self) -> None:
        self.rendered: list[Utterance] = []
        self.failures: list[Exception] = []

    def render(self, utterance: Utterance, hush: threading.Event) -> Sound:
        self.rendered.append(utterance)
        if self.failures:
            raise self.failures.pop(0)
        return SOUND


class ListLoudspeaker:
    """A loudspeaker that holds every sound until it is let go, or hushed."""

    def __init__(self) -> None:
        self.played: list[Sound] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.is_closed = False

    def play(self, sound: Sound, hush: threading.Event) -> None:
        if hush.is_set():
            raise Hushed
        self.played.append(sound)
        while not self.go_on.wait(0.01):
            if hush.is_set():
                raise Hushed

    def close(self) -> None:
        self.is_closed = True


def wait_until_silent(speaker: Speaker) -> None:
    until(lambda: not speaker.is_speaking())


@contextmanager
def speaking(
    voice: ListVoice, loudspeaker: ListLoudspeaker | None = None, clock: Clock | None = None
) -> Iterator[Speaker]:
    speaker = VoiceSpeaker(voice, loudspeaker or ListLoudspeaker(), clock or RealClock())
    try:
        yield speaker
    finally:
        speaker.close()


def test_everything_is_said_in_the_order_in_which_it_was_queued() -> None:
    voice, loudspeaker = ListVoice(), ListLoudspeaker()
    with speaking(voice, loudspeaker) as speaker:
        speaker.say((Chime(), ONE, TWO))
        speaker.say((THREE,))
        wait_until_silent(speaker)
    assert voice.rendered == [ONE, TWO, THREE]
    assert loudspeaker.played == [chime(), SOUND, SOUND, SOUND]
    assert loudspeaker.is_closed


def test_it_is_speaking_from_the_word_on_until_all_is_said() -> None:
    loudspeaker = ListLoudspeaker()
    loudspeaker.go_on.clear()
    with speaking(ListVoice(), loudspeaker) as speaker:
        assert not speaker.is_speaking()
        speaker.say((ONE, TWO))
        assert speaker.is_speaking()
        loudspeaker.go_on.set()
        wait_until_silent(speaker)
    assert len(loudspeaker.played) == 2


def test_every_utterance_has_its_volume() -> None:
    loudspeaker = ListLoudspeaker()
    with speaking(ListVoice(), loudspeaker) as speaker:
        speaker.say((Utterance("en", "low", 0.5), Chime(0.25)))
        wait_until_silent(speaker)
    assert loudspeaker.played == [SOUND.at_volume(0.5), chime().at_volume(0.25)]


def test_hush_cuts_off_and_forgets_and_what_is_said_next_is_heard() -> None:
    voice, loudspeaker = ListVoice(), ListLoudspeaker()
    loudspeaker.go_on.clear()
    with speaking(voice, loudspeaker) as speaker:
        speaker.say((ONE, TWO))
        until(lambda: bool(loudspeaker.played))
        speaker.hush()
        wait_until_silent(speaker)
        loudspeaker.go_on.set()
        speaker.say((THREE,))
        wait_until_silent(speaker)
    assert voice.rendered == [ONE, THREE]
    assert len(loudspeaker.played) == 2


def test_a_player_that_is_hushed_is_ended_in_the_middle_of_its_sound(tmp_path: Path) -> None:
    player = write_program(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 250")
    speaker = VoiceSpeaker(ListVoice(), Aplay("default", RealClock(), player), RealClock())
    speaker.say((ONE, TWO))
    pid = until_written(tmp_path / "pid")
    speaker.hush()
    wait_until_silent(speaker)
    assert not (Path("/proc") / pid).exists()
    speaker.close()


def test_a_voice_that_fails_is_logged_once_and_tried_again_later(caplog: pytest.LogCaptureFixture) -> None:
    clock = SetClock(RealClock().wall())
    voice = ListVoice()
    voice.failures = [VoiceUnavailable("no voice"), VoiceUnavailable("still no voice")]
    with caplog.at_level(logging.INFO), speaking(voice, clock=clock) as speaker:
        speaker.say((ONE, TWO))
        wait_until_silent(speaker)
        assert voice.rendered == [ONE]
        clock.sleep(AGAIN_AFTER_S)
        speaker.say((ONE, TWO))
        wait_until_silent(speaker)
        assert voice.rendered == [ONE, ONE]
        clock.sleep(AGAIN_AFTER_S)
        speaker.say((TWO, THREE))
        wait_until_silent(speaker)
    assert voice.rendered == [ONE, ONE, TWO, THREE]
    assert [record.message for record in caplog.records] == [
        "nothing can be heard: no voice; tried again every 30 s",
        "the voice is back",
    ]


def test_a_defect_of_a_voice_does_not_end_the_speaker(caplog: pytest.LogCaptureFixture) -> None:
    clock = SetClock(RealClock().wall())
    voice = ListVoice()
    voice.failures = [ZeroDivisionError("defect")]
    with speaking(voice, clock=clock) as speaker:
        speaker.say((ONE,))
        wait_until_silent(speaker)
        clock.sleep(AGAIN_AFTER_S)
        speaker.say((TWO,))
        wait_until_silent(speaker)
    assert voice.rendered == [ONE, TWO]
    assert "the voice has a defect" in caplog.text


@pytest.mark.parametrize("script", ["exit 1", "echo noise", "exec cat", ""])
def test_an_espeak_that_fails_or_answers_nonsense_is_silence(
    tmp_path: Path, script: str, caplog: pytest.LogCaptureFixture
) -> None:
    voice = Espeak(VoiceSettings(), RealClock(), write_program(tmp_path, script))
    loudspeaker = ListLoudspeaker()
    speaker = VoiceSpeaker(voice, loudspeaker, RealClock())
    speaker.say((ONE,))
    wait_until_silent(speaker)
    speaker.close()
    assert not loudspeaker.played
    assert "nothing can be heard" in caplog.text


def test_a_player_that_hangs_keeps_nobody_waiting_who_closes_the_speaker(tmp_path: Path) -> None:
    player = write_program(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 250")
    speaker = VoiceSpeaker(ListVoice(), Aplay("default", RealClock(), player), RealClock())
    speaker.say((ONE, TWO))
    until_written(tmp_path / "pid")
    speaker.close()
    wait_until_silent(speaker)


def test_a_sentence_that_is_said_again_is_not_rendered_again() -> None:
    voice = ListVoice()
    remembering = RememberingVoice(voice)
    for utterance in (ONE, TWO, ONE, Utterance("en", "one", 0.2)):
        assert remembering.render(utterance, threading.Event()) == SOUND
    assert voice.rendered == [ONE, TWO]
    remembering.render(Utterance("zh", "one"), threading.Event())
    assert len(voice.rendered) == 3


def test_what_was_longest_unsaid_is_forgotten_where_there_is_too_much() -> None:
    voice = ListVoice()
    remembering = RememberingVoice(voice, most_bytes=2 * len(SOUND.samples))
    for utterance in (ONE, TWO, ONE, THREE, ONE, TWO):
        remembering.render(utterance, threading.Event())
    assert voice.rendered == [ONE, TWO, THREE, TWO]


def test_a_failure_is_not_remembered() -> None:
    voice = ListVoice()
    voice.failures = [VoiceUnavailable("no voice")]
    remembering = RememberingVoice(voice)
    with pytest.raises(VoiceUnavailable):
        remembering.render(ONE, threading.Event())
    assert remembering.render(ONE, threading.Event()) == SOUND


def test_a_screen_without_a_loudspeaker_says_nothing() -> None:
    speaker: Speaker = SilentSpeaker()
    speaker.say((ONE,))
    speaker.hush()
    speaker.close()
    assert not speaker.is_speaking()
