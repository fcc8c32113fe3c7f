"""The blacklist: three ways to name a card, and no way to lose entries in silence."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.blacklist import Blacklist, BlacklistError, parse_blacklist
from kiosk_core.card_number import CardNumber

NUMBER = CardNumber("3104870000012345678")
OTHER = CardNumber("3104870000099999999")
TOKEN = "0123456789abcdef0123456789abcdef"
# printf 3104870000012345678 | sha256sum
DIGEST = "ec62eec2e56bcae787570452c90dc7bf498b9c11f18143af9529dadf0709f6ef"


@pytest.mark.parametrize("entry", ["310487*********5678", TOKEN, DIGEST])
def test_a_card_is_named_in_three_ways(entry: str) -> None:
    blacklist = parse_blacklist(f"# lost cards\n\n  {entry}  # since Monday\n")
    assert blacklist.bars(NUMBER, TOKEN)
    assert not blacklist.bars(OTHER, "f" * 32)


def test_a_list_without_cards_says_so() -> None:
    assert parse_blacklist("# no cards\n") == Blacklist()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "empty"),
        ("# no cards", 1, "cut off"),
        (f"# two\n{TOKEN}\n310487*********56", 3, "cut off"),
        ("# a\n3104870000012345678\n", 2, "full card number"),
        ("310487****************5678\n", 1, "names no card"),
        ("*******************\n", 1, "names no card"),
        (f"{TOKEN.upper()}\n", 1, "names no card"),
        (f"{TOKEN[:-1]}\n", 1, "names no card"),
        ("lost card of Mr Li\n", 1, "names no card"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_refused_by_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(BlacklistError, match=problem) as refused:
        parse_blacklist(text)
    assert refused.value.line == line


@given(st.text())
def test_any_text_is_a_list_or_refused(text: str) -> None:
    with suppress(BlacklistError):
        assert parse_blacklist(text).entries <= {word for line in text.split("\n") for word in line.split()}


@given(st.from_regex(r"[0-9]{12,20}", fullmatch=True))
def test_a_full_card_number_is_not_repeated_when_it_is_refused(number: str) -> None:
    with pytest.raises(BlacklistError) as refused:
        parse_blacklist(f"{number}\n")
    assert number not in str(refused.value)
