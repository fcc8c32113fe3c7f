"""Pictures and notices from a folder that staff fill as they like."""

import logging
from pathlib import Path

import pytest
from PyQt6.QtGui import QImage

from queue_display.board.notices import SHOWN_S, Notice, Notices


def picture(path: Path, width: int = 8, height: int = 8) -> None:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    assert image.save(str(path))


def shown(notices: Notices, rounds: int) -> list[str]:
    found = [notices.at(place * SHOWN_S) for place in range(rounds)]
    return [(notice.picture.rpartition("/")[2] or notice.headline) if notice else "" for notice in found]


def test_they_follow_each_other_by_name_and_begin_again(tmp_path: Path) -> None:
    picture(tmp_path / "20.png")
    picture(tmp_path / "30.JPG")
    (tmp_path / "10.txt").write_text("营业时间\n9:00–17:00\n", encoding="utf-8")
    (tmp_path / "readme.md").write_text("not shown", encoding="utf-8")
    notices = Notices(tmp_path)
    assert shown(notices, 5) == ["营业时间", "20.png", "30.JPG", "营业时间", "20.png"]


def test_each_stays_for_its_time(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("one\nof two", encoding="utf-8")
    (tmp_path / "2.txt").write_text("two", encoding="utf-8")
    notices = Notices(tmp_path)
    assert notices.at(0) == notices.at(SHOWN_S - 0.1) == Notice(headline="one", text="of two")
    assert notices.at(SHOWN_S) == Notice(headline="two")


def test_files_may_come_and_go(tmp_path: Path) -> None:
    notices = Notices(tmp_path)
    assert shown(notices, 1) == [""]
    (tmp_path / "1.txt").write_text("one", encoding="utf-8")
    assert notices.at(2 * SHOWN_S) == Notice(headline="one")
    (tmp_path / "1.txt").unlink()
    assert notices.at(4 * SHOWN_S) is None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("1.png", b"not a picture", "no picture"),
        ("1.txt", b"", "empty"),
        ("1.txt", b"\xff\xfe", "not UTF-8"),
        ("1.txt", b"x" * 5000, "first line has more than 10 Chinese characters"),
        ("1.txt", "一二三四五六七八九十一".encode(), "first line has more than 10 Chinese characters"),
        ("1.txt", b"a headline\n" + b"x" * 201, "more than 5 lines"),
        ("1.txt", b"a headline\n" + b"x\n" * 6, "more than 5 lines"),
    ],
)
def test_what_cannot_be_shown_is_left_out_and_said_once(
    tmp_path: Path, name: str, content: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "2.txt").write_text("fine", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert shown(Notices(tmp_path), 3) == ["fine"] * 3
    assert len(caplog.messages) == 1
    assert why in caplog.messages[0]


def test_a_picture_that_is_far_too_large_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("queue_display.board.notices._MOST_PIXELS", 63)
    picture(tmp_path / "1.png")
    assert Notices(tmp_path).at(0) is None
    assert "it has more than 63 pixels" in caplog.messages[0]


def test_a_picture_that_cannot_be_drawn_is_skipped_until_it_is_another(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    (tmp_path / "2.txt").write_text("two", encoding="utf-8")
    notices = Notices(tmp_path)
    notices.at(0)
    assert notices.skip(1) == Notice(headline="two")
    assert notices.at(1 + SHOWN_S) == Notice(headline="two")


def test_a_folder_that_is_gone_shows_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Notices(tmp_path / "nowhere").at(0) is None
    assert "No such file" in caplog.messages[0]
    assert Notices(None).at(0) is None
