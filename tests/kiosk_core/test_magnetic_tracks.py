"""Tracks of a card: read with and without sentinels, and never shown. The numbers are nobody's."""

import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.card_number import CardNumber
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData, TrackStatus, track_data

# ISO/IEC 7813: B PAN ^ name ^ expiry service discretionary; PAN = expiry service discretionary
TRACK_1 = "B6222021234567890^NOBODY/N^30122010000"
TRACK_2 = "6222021234567890=30122010000"


@pytest.mark.parametrize(
    ("number", "given_bytes", "read"),
    [
        (1, b"%" + TRACK_1.encode() + b"?", TrackData(TRACK_1)),
        (1, TRACK_1.encode(), TrackData(TRACK_1)),
        (2, b";" + TRACK_2.encode() + b"?", TrackData(TRACK_2)),
        (2, TRACK_2.encode(), TrackData(TRACK_2)),
        (3, b";01?", TrackData("01")),
        (2, b"", TrackStatus.DATA_MISSING),
        (2, b";?", TrackStatus.DATA_INVALID),
        (2, b"6222~", TrackStatus.DATA_INVALID),
        (2, b"\xff\xfe", TrackStatus.DATA_INVALID),
    ],
)
def test_takes_the_sentinels_off(number: int, given_bytes: bytes, read: TrackData | TrackStatus) -> None:
    assert track_data(number, given_bytes) == read


@given(st.integers(1, 3), st.binary(max_size=200))
def test_any_bytes_are_a_track_or_none(number: int, data: bytes) -> None:
    track = track_data(number, data)
    assert isinstance(track, TrackStatus) or track.reveal() in data.decode()


def test_finds_the_card_number_on_track_2_and_else_on_track_1() -> None:
    number = CardNumber("6222021234567890")
    assert MagneticTracks(track2=TrackData(TRACK_2)).card_number == number
    assert MagneticTracks(TrackData(TRACK_1), TrackStatus.DATA_INVALID).card_number == number
    for text in ("6222021234567890", "1=2", "A222021234567890=", "=", "B6222021234567890^"):
        assert MagneticTracks(track2=TrackData(text)).card_number is None
    assert MagneticTracks(track3=TrackData(TRACK_2)).card_number is None


def test_shows_no_more_than_a_masked_number() -> None:
    tracks = MagneticTracks(TrackData(TRACK_1), TrackData(TRACK_2), TrackStatus.DATA_MISSING)
    assert f"{tracks}" == "track 1: 38 characters, track 2: 28 characters, track 3: dataMissing (622202******7890)"
    assert repr(tracks) == f"MagneticTracks({tracks})"
    assert (str(TrackData("1=2")), repr(TrackData("1=2"))) == ("3 characters", "TrackData(3 characters)")
    shown = f"{tracks} {tracks!r} {[tracks]} {tracks.track1!r} {tracks.track2}"
    for secret in ("6222021234567890", "NOBODY", "3012201"):
        assert secret not in shown
    assert pickle.loads(pickle.dumps(tracks)) == tracks
    assert str(MagneticTracks()) == ""


@pytest.mark.parametrize("text", ["", "6222~", "甲"])
def test_an_error_does_not_quote_the_track(text: str) -> None:
    with pytest.raises(ValueError, match="20 to 5F") as refused:
        TrackData(text)
    assert not text or text not in traceback.format_exception_only(refused.value)[0]
