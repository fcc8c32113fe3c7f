"""What the fields of a resident ID card may say."""

import numpy as np
import pytest

from kiosk_core.ethnicities import ETHNICITIES
from ocr import regions
from ocr.fields import Interpreter, birth_date, born, checks, in_order, sex, validity
from ocr.layout import Field


def test_the_example_of_gb_11643_checks() -> None:
    assert checks("11010519491231002X")
    assert checks("440524188001010014")


@pytest.mark.parametrize("number", ["110105194912310021", "11010519491231002", "11010519491231002x", "", "１" * 18])
def test_other_numbers_do_not(number: str) -> None:
    assert not checks(number)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1984年3月7日", "1984-03-07"),
        ("19841027", "1984-10-27"),
        ("984年3月7日", ""),
        ("1984年", ""),
        ("", ""),
        ("1984年2月30日", ""),
        ("2965年3月7日", ""),
    ],
)
def test_a_birth_date_is_read_with_and_without_its_labels(text: str, day: str) -> None:
    assert birth_date(text) == day


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2012.03.04-2032.03.04", ("2012-03-04", "2032-03-04")),
        ("2012.03.04-长期", ("2012-03-04", "长期")),
        ("20120304-20320304", ("2012-03-04", "2032-03-04")),
        ("2012.03.04-", ("2012-03-04", "")),
        ("2012.03-2032.03.04", ("", "")),
    ],
)
def test_a_validity_has_two_days(text: str, days: tuple[str, str]) -> None:
    assert validity(text) == days


def test_a_number_tells_birth_and_sex() -> None:
    assert (born("11010519491231002X"), sex("11010519491231002X")) == ("1949-12-31", "女")
    assert (born("440524188001010014"), sex("440524188001010014")) == ("", "男")  # nobody born then has such a card


@pytest.mark.parametrize(
    "text",
    ["2012.03.04-2032.03.04", "2012.03.04-2022.03.04", "2012.03.04-2017.03.04", "2012.03.04-长期", "20120304-长期"],
)
def test_cards_are_valid_for_5_10_or_20_years_or_for_good(text: str) -> None:
    assert in_order(text)


@pytest.mark.parametrize(
    "text",
    ["2012.03.04-2032.03.05", "2012.03.04-2027.03.04", "1999.03.04-2019.03.04", "2012.02.30-长期", "2012.03.04-", ""],
)
def test_no_card_is_valid_otherwise(text: str) -> None:
    assert not in_order(text)


def test_on_29_february_a_term_may_end_a_day_sooner_or_later() -> None:
    assert in_order("2012.02.29-2022.02.28")
    assert in_order("2012.02.29-2022.03.01")
    assert in_order("2012.02.29-2032.02.29")
    assert not in_order("2012.02.29-2032.03.01")


def test_there_are_56_ethnicities() -> None:
    assert len(set(ETHNICITIES)) == 56


def test_a_region_has_its_names_and_its_path() -> None:
    assert regions.names("130103") == ("桥东区",)  # until 2014
    assert regions.path("330782") == ("浙江省", "金华市", "义乌市")
    assert regions.path("110105") == ("北京市", "", "朝阳区")
    assert not regions.known("999999")


def test_whichever_dot_the_network_sees_within_a_name_counts_as_the_one_that_cards_print() -> None:
    characters = ("", "古", "丽", "·", "・", "•")
    steps = np.array([[0, 1, 0, 0, 0, 0], [0.1, 0, 0, 0.3, 0.4, 0.2], [0, 0, 1, 0, 0, 0]], np.float32)
    line = Interpreter(characters).line(Field("name", "name", (0, 0, 100, 40)), [steps])
    assert line.reading.text == "古·丽"
    assert line.reading.sure == pytest.approx(0.9)


# 森 and 品 are in level 1 of GB 2312; 淼 is not; 佳 stands before, with nothing else in sight.
@pytest.mark.parametrize(
    ("others", "margin", "rival"),
    [((0.0, 0.0), 12.0, 12.0), ((0.01, 0.0), 4.6, 12.0), ((0.0, 0.01), 12.0, 4.6), ((0.001, 0.05), 6.9, 3.0)],
)
def test_a_character_is_as_certain_as_it_is_before_common_and_before_uncommon_others(
    others: tuple[float, float], margin: float, rival: float
) -> None:
    steps = np.zeros((5, 5), np.float32)
    steps[:, 0] = 1
    steps[1] = [0, 1, 0, 0, 0]
    steps[3] = [0, 0, 1, *others]
    line = Interpreter(("", "佳", "森", "品", "淼")).line(Field("name", "name", (0, 0, 100, 40)), [steps])
    assert line.reading.text == "佳森"
    assert (line.margin, line.rival) == pytest.approx((margin, rival), abs=0.1)  # ln of odds


def test_a_traditional_form_is_no_rival_of_what_it_is_folded_to() -> None:
    steps = np.array([[1, 0, 0], [0, 0.6, 0.4], [1, 0, 0]], np.float32)
    for characters in (("", "黄", "黃"), ("", "黃", "黄")):
        line = Interpreter(characters).line(Field("name", "name", (0, 0, 100, 40)), [steps])
        assert (line.margin, line.rival) == (12.0, 12.0)


def test_a_single_stroke_within_a_name_is_the_character_that_means_one() -> None:
    steps = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0.3, 0.7]], np.float32)
    line = Interpreter(("", "飞", "一", "ー")).line(Field("name", "name", (0, 0, 100, 40)), [steps])
    assert line.reading.text == "飞一"
    assert line.reading.sure == pytest.approx(1.0)
