"""When to come back, as servers say it and as they do not."""

import pytest

from queue_display.retry_after import retry_after_s


@pytest.mark.parametrize(("said", "seconds"), [("0", 0), ("120", 120), ("99999999", 99_999_999)])
def test_seconds_are_taken_as_they_are_said(said: str, seconds: float) -> None:
    assert retry_after_s(said) == seconds


@pytest.mark.parametrize(
    "said", [None, "", "-1", "1.5", "1e9", "9" * 400, "²", "１２", "Mon, 23 Nov 2026 09:00:00 GMT", "12\n"]
)
def test_anything_else_says_nothing(said: str | None) -> None:
    assert retry_after_s(said) == 0
