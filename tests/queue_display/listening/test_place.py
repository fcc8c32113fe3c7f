"""Where a queue is and by which token it is asked: a file holds one token, and nobody sees it by chance."""

from pathlib import Path

import pytest

from queue_display.listening.place import NoToken, QueuePlace, read_token


def test_a_token_is_read_with_or_without_the_end_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for text in ("a-token", "a-token\n", "  a-token\r\n"):
        file.write_text(text)
        assert read_token(file) == "a-token"


@pytest.mark.parametrize("text", ["", "\n", "two words", "two\nlines\n", "täken", "a" * 201, "a" * 5000])
def test_anything_else_is_no_token(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NoToken):
        read_token(file)


def test_a_token_is_in_no_text_of_the_place() -> None:
    assert "secret" not in repr(QueuePlace("https://queue.example", "secret"))
