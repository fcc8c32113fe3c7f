"""Addresses and authorities, mended by the book of regions; what was seen is written by hand."""

import pytest

from ocr import places
from ocr.characters import common, folded, han
from ocr.places import Place, Weigh


def seen(likely: dict[str, float], otherwise: float = -30.0) -> Weigh:
    """Return what finds the texts of `likely` so likely, compared with what was read, and all others hardly."""
    return lambda text: likely.get(text, otherwise)


def no_matter(_text: str) -> float:
    raise AssertionError("nothing is to be weighed")


@pytest.mark.parametrize(
    "address",
    [
        "安徽省宿州市埇桥区人民路1号",
        "安徽省淮北市濉溪县河口镇",
        "浙江省义乌市红旗路9号",  # without the city above it
        "广东省东莞市长安镇",  # a city without counties
        "北京市朝阳区幸福街3号",
        "河北省石家庄市桥东区建设街2号",  # abolished in 2014
    ],
)
def test_an_address_that_begins_with_a_region_of_the_book_is_left_alone(address: str) -> None:
    assert places.address(address, no_matter) == Place(address, settled=True)


def test_a_misread_district_is_mended_by_the_one_of_its_city() -> None:
    mended = "安徽省宿州市埇桥区人民路1号"
    assert places.address("安徽省宿州市埔桥区人民路1号", seen({mended: -5.0})) == Place(mended, True, repaired=True)


def test_a_lost_and_a_doubled_character_are_mended() -> None:
    mended = "安徽省淮北市濉溪县河口镇"
    for read in ("安徽省淮北市溪县河口镇", "安徽省淮北市濉濉溪县河口镇"):
        assert places.address(read, seen({mended: -4.0})).text == mended


def test_what_the_picture_speaks_against_is_not_mended_but_not_settled_either() -> None:
    read = "安徽省宿州市埔桥区人民路1号"
    assert places.address(read, seen({}, -25.0)) == Place(read, settled=False)


def test_between_two_equally_likely_districts_none_is_chosen_unless_the_number_names_one() -> None:
    read = "安徽省阜阳市颍口区人民路1号"
    one, other = "安徽省阜阳市颍州区人民路1号", "安徽省阜阳市颍东区人民路1号"
    likely = seen({one: -4.0, other: -4.0})
    assert not places.address(read, likely).settled
    assert places.address(read, likely, home="341202").text == one


def test_a_city_that_was_a_county_may_stand_alone() -> None:
    address = "新疆维吾尔自治区哈密市人民路1号"  # 652201 until 2015
    assert places.address(address, seen({})).settled


@pytest.mark.parametrize("name", ["濉溪县公安局", "北京市公安局朝阳分局", "福州市公安局长乐分局", "义乌市公安局"])
def test_authorities_of_the_book_are_left_alone(name: str) -> None:
    assert places.authority(name, no_matter) == Place(name, settled=True)


def test_an_authority_is_mended_as_a_whole() -> None:
    assert places.authority("福州市公安局长乐分", seen({"福州市公安局长乐分局": -3.0})).text == "福州市公安局长乐分局"
    assert places.authority("扬州市公安局邢江分局", seen({"扬州市公安局邗江分局": -2.0})).repaired


@pytest.mark.parametrize("name", ["", "局", "某某部队", "长江航运公安局"])
def test_an_authority_that_the_book_lacks_is_left_but_not_settled(name: str) -> None:
    assert places.authority(name, seen({})) == Place(name, settled=False)


def test_a_county_that_was_gone_before_the_first_card_issues_none() -> None:
    assert not places.authority("孟县公安局", seen({})).settled  # until 1995; 盂县 is what stands there
    assert places.authority("盂县公安局", seen({})).settled
    assert places.address("北京市宣武区人民路1号", seen({})).settled  # until 2009


def test_traditional_forms_are_simplified_but_those_that_names_keep() -> None:
    assert folded("黃強漢") == "黄强汉"
    assert folded("堃淼甦昇") == "堃淼甦昇"
    assert folded("热合曼・玉素甫") == "热合曼·玉素甫"


def test_common_characters_are_those_of_level_one() -> None:
    assert all(common(each) for each in "王伟的")
    assert not any(common(each) for each in "龑翀甦A7")
    assert han("㛃")
    assert han("𠅤")
    assert not han("A")
