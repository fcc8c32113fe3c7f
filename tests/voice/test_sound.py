"""Sound: WAV files from outside, volume, the gong."""

import io
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.voice.sounds import tone
from voice.loudspeaker import WavFile
from voice.sound import RATE_HZ, Sound, chime, read_wav
from voice.unavailable import VoiceUnavailable


def wav(channels: int = 1, width: int = 2, rate: int = RATE_HZ) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(channels * width * 100))
    return target.getvalue()


def test_a_sound_is_the_same_after_it_was_a_wav_file() -> None:
    assert read_wav(tone(0.1).wav()) == tone(0.1)


def test_a_wav_file_of_a_pipe_whose_header_promises_two_gigabytes_is_what_is_there() -> None:
    data = bytearray(tone(0.1).wav())
    data[4:8] = (0x7FFF_F024).to_bytes(4, "little")
    data[40:44] = (0x7FFF_F000).to_bytes(4, "little")
    assert read_wav(bytes(data)) == tone(0.1)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a wav file at all", wav()[:30]])
def test_what_is_no_wav_file_is_told(data: bytes) -> None:
    with pytest.raises(VoiceUnavailable, match="no WAV file"):
        read_wav(data)


@pytest.mark.parametrize("data", [wav(channels=2), wav(width=1), wav(rate=16_000)])
def test_sound_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(VoiceUnavailable, match="must be 1, 16, 22050"):
        read_wav(data)


def test_a_wav_file_that_was_cut_within_a_sample_loses_that_sample_only() -> None:
    assert read_wav(tone(0.1).wav()[:-1]).samples == tone(0.1).samples[:-2]


def test_half_the_volume_is_half_the_level() -> None:
    assert tone(0.1).at_volume(0.5).level == pytest.approx(tone(0.1).level / 2, rel=1e-3)
    assert tone(0.1).at_volume(0).level == 0
    assert Sound(b"").level == 0


def test_the_gong_is_two_falling_bells_that_do_not_click() -> None:
    values = np.frombuffer(chime().samples, "<i2").astype(float)
    halves = np.split(values, 2)
    pitches = [np.argmax(np.abs(np.fft.rfft(half))) * RATE_HZ / len(half) for half in halves]
    assert pitches == pytest.approx([659, 523], abs=3)
    assert chime().seconds == pytest.approx(0.9, abs=1e-3)
    assert abs(values[0]) < 100
    assert all(abs(half[-1]) < 1000 for half in halves)
    assert np.max(np.abs(values)) < 32_767 * 0.55


def test_sounds_are_written_one_behind_the_other(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "said.wav")
    file.play(tone(0.1), threading.Event())
    file.play(chime(), threading.Event())
    file.close()
    written = read_wav((tmp_path / "said.wav").read_bytes())
    assert written.samples == tone(0.1).samples + chime().samples


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="No such file or directory"):
        WavFile(tmp_path / "nowhere" / "said.wav")
