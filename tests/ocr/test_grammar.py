"""What fields of documents may say; the zone is ICAO's own example (Doc 9303-4, appendix B)."""

from dataclasses import replace

import pytest

from ocr.grammar import alphabet, covered, date_of, in_order, meant, period_of, told
from ocr.layout import Field, Layout, Tells, layout

PAGE = layout("passport_page")
FIRST, SECOND = PAGE.fields
ONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
TWO = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def tells(layout: Layout, name: str) -> Tells:
    return next(rule for rule in layout.rules if isinstance(rule, Tells) and rule.field == name)


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2021年08月", "YYYY年MM月", "2021-08"),
        ("202108", "YYYY年MM月", "2021-08"),
        ("2021年13月", "YYYY年MM月", ""),
        ("1984年3月7日", "YYYY年M月D日", "1984-03-07"),
        ("2024.02.29", "YYYY.MM.DD", "2024-02-29"),
        ("2023.02.29", "YYYY.MM.DD", ""),
        ("09/35", "MM/YY", "2035-09"),
        ("740812", "YYMMDD", "1974-08-12"),
    ],
)
def test_a_date_is_told_as_a_day_or_a_month(text: str, form: str, day: str) -> None:
    assert date_of(text, form) == day


def test_a_period_ends_after_it_begins_or_never() -> None:
    assert period_of("2018.05.17-2023.05.16", "YYYY.MM.DD") == ("2018-05-17", "2023-05-16")
    assert period_of("2018.05.17-长期", "YYYY.MM.DD") == ("2018-05-17", "长期")
    assert period_of("2018.05.17-2008.05.16", "YYYY.MM.DD") == ("2018-05-17", "")
    assert period_of("2018.05.17", "YYYY.MM.DD") == ("", "")


def test_a_date_has_digits_and_the_marks_of_its_form() -> None:
    assert set(alphabet(Field("d", "date", (0, 0, 1, 1), format="YYYY年M月D日"))) == set("0123456789年月日")


def test_a_zone_is_in_order_where_all_its_digits_check() -> None:
    assert in_order(ONE, FIRST, PAGE)
    assert in_order(TWO, SECOND, PAGE)
    digits = [place for place in range(44) if TWO[place].isdigit()]
    assert len(digits) == 30
    for place in digits:  # one is another: a check digit tells
        other = "1" if TWO[place] != "1" else "2"
        assert not in_order(TWO[:place] + other + TWO[place + 1 :], SECOND, PAGE), place


def test_a_zone_without_optional_data_needs_no_digit_for_it() -> None:
    # The composite: 7, 3, 1 over L898902C36 7408122 1204159 and fifteen fillers.
    assert in_order("L898902C36UTO7408122F1204159<<<<<<<<<<<<<<<8", SECOND, PAGE)
    assert in_order("L898902C36UTO7408122F1204159<<<<<<<<<<<<<<08", SECOND, PAGE)


@pytest.mark.parametrize(
    ("name", "text"),
    [("surname", "ERIKSSON"), ("given_names", "ANNA MARIA"), ("issuer", "UTO"), ("number", "L898902C3"),
     ("birth", "1974-08-12"), ("sex", "女"), ("valid_until", "2012-04-15"), ("nationality", "UTO")],
)  # fmt: skip
def test_a_zone_tells_who_somebody_is(name: str, text: str) -> None:
    rule = tells(PAGE, name)
    assert told(ONE if rule.of == "mrz_1" else TWO, rule) == text


def test_digits_prove_number_and_days_but_no_names() -> None:
    assert [name for name in ("number", "birth", "valid_until") if covered(tells(PAGE, name), PAGE)] == [
        "number", "birth", "valid_until"]  # fmt: skip
    assert not any(covered(tells(PAGE, name), PAGE) for name in ("surname", "issuer", "sex", "nationality"))


def test_of_a_pattern_with_a_group_the_group_is_told() -> None:
    field = Field("nationality", "text", (0, 0, 1, 1), pattern="[^/]+/([A-Z]{3})")
    assert meant("加拿大/CAN", field) == {"nationality": "CAN"}
    assert meant("加拿大", field) == {"nationality": "加拿大"}


def test_a_residence_permit_has_the_number_of_one() -> None:
    front = layout("residence_permit_front")
    number = next(field for field in front.fields if field.name == "id_number")
    assert in_order("830000199706020042", number, front)  # of Tencent's documentation of its own reader
    assert not in_order("11010519491231002X", number, front)  # GB 11643-1999, annex A
    assert not in_order("830000199706020041", number, front)
    assert told("830000199706020042", tells(front, "birth")) == "1997-06-02"
    assert told("830000199706020042", replace(tells(front, "sex"))) == "女"


@pytest.mark.parametrize(
    ("number", "well"),
    [
        ("11010519491231002X", True),  # the example of GB 11643-1999
        ("110105194912310025", False),  # another check character
        ("01010519491231002X", False),
        ("", False),
    ],
)
def test_an_id_number_is_in_order_where_check_character_birth_and_region_are(number: str, well: bool) -> None:
    front = layout("resident_id_front")
    field = next(field for field in front.fields if field.name == front.proof)
    assert in_order(number, field, front) is well
