"""Several readings of one side: what disagrees is asked back, what agrees is no surer than in each picture."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.combination import combined
from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Risk, Source
from tests.ocr.read_cards import NUMBER, back, field, front


def side(*cards: IdCard) -> IdCardFront | IdCardBack:
    return combined(cards)


def read(name: str, *cards: IdCard) -> FieldReading:
    found: FieldReading = vars(side(*cards))[name]
    return found


def names(*readings: FieldReading) -> FieldReading:
    return read("name", *(front(name=each) for each in readings))


def test_a_single_reading_stays_as_it_is_but_for_what_rules_prove() -> None:
    one = side(front())
    assert {name: each.text for name, each in vars(one).items()} == {
        name: each.text for name, each in front().fields.items()
    }
    assert [name for name, each in vars(one).items() if each.verified] == ["sex", "birth", "id_number"]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_no_number_of_pictures_that_agree_makes_a_doubtful_field_sure(count: int) -> None:
    found = names(*[field("王伟", 0.98, sure=False)] * count)
    assert (found.sure, found.confidence) == (False, pytest.approx(0.98))


def test_a_name_is_no_surer_than_in_most_of_its_pictures() -> None:
    doubtful = field("王伟", 0.95, sure=False)
    assert not names(doubtful, doubtful, field("王伟", 0.9999)).sure
    assert names(doubtful, field("王伟", 0.9999), field("王伟", 0.9999)).sure


def test_what_many_pictures_say_goes_before_what_one_is_surer_of() -> None:
    found = names(field("元明", 0.96, sure=False), *[field("亓明", 0.75, sure=False)] * 6)
    assert (found.text, found.sure) == ("亓明", False)


def test_blurred_pictures_count_only_where_there_is_no_clear_one() -> None:
    blurred, clear = front((Risk.BLURRED,), name=field("王韦")), front(name=field("王伟"))
    assert (read("name", blurred, blurred, clear).text, read("name", blurred, clear).sure) == ("王伟", True)
    assert not read("name", blurred).sure
    assert read("name", blurred, blurred).sure


def test_two_sure_readings_that_disagree_are_asked_back() -> None:
    found = names(field("王伟"), field("王韦"), field("王伟"))
    assert (found.text, found.sure) == ("王伟", False)


def test_a_reading_that_is_not_sure_of_itself_does_not_spoil_a_sure_one() -> None:
    found = names(field("工伟", 0.1, sure=False), field("王伟", 0.9995), field("王伟", 0.9995))
    assert (found.text, found.sure) == ("王伟", True)


def test_a_field_that_was_covered_once_is_taken_from_where_it_was_not() -> None:
    assert names(field("", 0.0), field("王伟")).text == "王伟"


def test_of_two_numbers_the_one_that_checks_is_taken() -> None:
    wrong = field("341302198403050074", 0.999, sure=False)
    found = read("id_number", front(id_number=wrong), front(id_number=field(NUMBER, 0.98, sure=False)))
    assert (found.text, found.verified) == (NUMBER, True)


def test_number_birth_and_sex_of_different_pictures_prove_each_other() -> None:
    one = front(birth=field("", 0.0), sex=field("男", 0.8, sure=False))
    two = front(id_number=field("", 0.0))
    assert all(read(name, one, two).verified for name in ("id_number", "birth", "sex"))


def test_a_birth_that_was_derived_proves_nothing() -> None:
    told = front(birth=field("1984-03-05", 0.9, sure=False, source=Source.DERIVED))
    assert not any(read(name, told, told).verified for name in ("id_number", "birth", "sex"))


def test_a_birth_that_disagrees_with_the_number_puts_both_in_doubt() -> None:
    card = front(birth=field("1985-03-05"))
    assert [name for name, each in vars(side(card, card)).items() if not each.sure] == ["birth", "id_number"]


def test_days_that_no_card_has_together_are_in_doubt() -> None:
    found = side(back(), back(valid_until=field("2031-03-04", 0.9999)), back(valid_until=field("2031-03-04", 0.9999)))
    assert isinstance(found, IdCardBack)
    assert not found.valid_from.sure
    assert not found.valid_until.sure


readings = st.builds(
    field,
    st.sampled_from(["王伟", "王韦", "壬伟", ""]),
    st.floats(0.0, 1.0),
    sure=st.booleans(),
    source=st.sampled_from([Source.PRINT, Source.REPAIRED]),
)


@settings(max_examples=50)
@given(st.lists(readings, min_size=1, max_size=8))
def test_whatever_was_read_the_text_is_one_of_it_and_confidence_a_chance(given_: list[FieldReading]) -> None:
    found = names(*given_)
    assert found.text in {each.text for each in given_}
    assert 0.0 <= found.confidence <= 1.0
    assert not (found.sure and not found.text)


@settings(max_examples=50)
@given(st.lists(readings, min_size=1, max_size=6), st.randoms())
def test_the_order_of_pictures_does_not_matter(given_: list[FieldReading], chance: Random) -> None:
    shuffled = sorted(given_, key=lambda _: chance.random())
    one, two = names(*given_), names(*shuffled)
    assert (one.text, one.sure) == (two.text, two.sure)
