"""Check characters; the numbers are the standards' own examples, or public ones."""

import pytest

from ocr.checks import gb11643, icao9303, luhn


def test_the_luhn_digit_of_a_card_number() -> None:
    # A number that Stripe publishes for tests of UnionPay cards: 6200 0000 0000 0005.
    assert luhn("620000000000000") == "5"
    assert luhn("7992739871") == "3"


@pytest.mark.parametrize(
    ("text", "digit"),
    # ICAO Doc 9303-4, appendix B: the passport of Anna Maria Eriksson of Utopia.
    [("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("ZE184226B<<<<<", "1"),
     ("L898902C3674081221204159ZE184226B<<<<<1", "0")],
)  # fmt: skip
def test_the_check_digit_of_a_machine_readable_zone(text: str, digit: str) -> None:
    assert icao9303(text) == digit


def test_the_check_character_of_an_id_number() -> None:
    # GB 11643-1999, annex A: 11010519491231002X.
    assert gb11643("11010519491231002") == "X"
    # The official specimen of the foreigner's permanent residence card of 2023: 911124198108030024.
    assert gb11643("91112419810803002") == "4"


@pytest.mark.parametrize("text", ["1101051949123100", "1101051949123100A", "１１０１０５１９４９１２３１００２"])
def test_what_is_no_number_has_no_check_character(text: str) -> None:
    assert gb11643(text) == ""
    if not text.isascii() or not text.isdigit():
        assert luhn(text) == ""


def test_a_zone_has_no_other_characters() -> None:
    assert icao9303("l898902c3") == ""
    assert icao9303("李") == ""
