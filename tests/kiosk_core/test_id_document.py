"""What an ID card under the camera becomes: hidden in every repr, wiped, and two sides that belong together."""

import pickle

import pytest

from kiosk_core.id_document import CapturedField, CapturedSide, Crop, DocumentSide, one_document


def front(birth: str, *, sure: bool = True) -> CapturedSide:
    return CapturedSide(DocumentSide.FRONT, (CapturedField("birth", birth, sure),))


def back(valid_from: str, valid_until: str) -> CapturedSide:
    fields = CapturedField("valid_from", valid_from, sure=True), CapturedField("valid_until", valid_until, sure=True)
    return CapturedSide(DocumentSide.BACK, fields)


def test_no_repr_gives_away_what_was_read() -> None:
    side = CapturedSide(DocumentSide.FRONT, (CapturedField("name", "韦小宝", sure=False, crop=Crop(b"PNG of it")),))

    assert "韦小宝" not in f"{side!r} {side}"
    assert "PNG of it" not in f"{side!r} {side}"


def test_wiping_a_side_overwrites_its_crops() -> None:
    crop = Crop(b"\x89PNG")

    CapturedSide(DocumentSide.FRONT, (CapturedField("name", "韦小宝", sure=False, crop=crop),)).wipe()

    assert crop.png == b"\0\0\0\0"


def test_a_crop_cannot_leave_memory() -> None:
    with pytest.raises(TypeError, match="memory"):
        pickle.dumps(Crop(b"\x89PNG"))


@pytest.mark.parametrize(
    ("birth", "valid_from", "valid_until"),
    [  # Law on Resident ID Cards, art. 5
        ("2005-05-01", "2015-06-01", "2020-06-01"),  # 10 years old: 5 years
        ("1990-05-01", "2010-06-01", "2020-06-01"),  # 20: 10 years
        ("1980-05-01", "2010-06-01", "2030-06-01"),  # 30: 20 years
        ("1990-05-01", "2012-02-29", "2022-03-01"),  # a day that the last year does not have
        ("1960-05-01", "2010-06-01", "长期"),  # 50: without an end
        ("1984-05-01", "2010-06-01", "2020-06-01"),  # 26 since a month, applied for at 25
        ("1984-05-01", "2010-06-01", "2030-06-01"),
    ],
)
def test_a_card_is_as_long_valid_as_its_holders_age_wants(birth: str, valid_from: str, valid_until: str) -> None:
    assert one_document(front(birth), back(valid_from, valid_until))


@pytest.mark.parametrize(
    ("birth", "valid_from", "valid_until"),
    [
        ("1960-05-01", "2010-06-01", "2020-06-01"),
        ("1990-05-01", "2010-06-01", "长期"),
        ("1990-05-01", "2010-06-01", "2030-06-01"),
        ("2015-05-01", "2010-06-01", "2015-06-01"),  # born after the card was made
    ],
)
def test_the_back_of_another_document_is_noticed(birth: str, valid_from: str, valid_until: str) -> None:
    assert not one_document(front(birth), back(valid_from, valid_until))


@pytest.mark.parametrize(
    ("address", "authority", "fits"),
    [  # Law on Resident ID Cards, art. 8
        ("福建省福州市鼓楼区示例巷3号", "福州市公安局鼓楼分局", True),
        ("北京市东城区虚构路1号", "北京市公安局东城分局", True),
        ("山西省河津市示例镇", "河津市公安局", True),
        ("福建省福州市鼓楼区示例巷3号", "南京市公安局玄武分局", False),
        ("福建省福州市鼓楼区示例巷3号", "", True),
        ("", "南京市公安局玄武分局", True),
    ],
)
def test_a_card_is_made_where_its_holder_lives(address: str, authority: str, fits: bool) -> None:
    one = CapturedSide(DocumentSide.FRONT, (CapturedField("address", address, sure=bool(address)),))
    other = CapturedSide(DocumentSide.BACK, (CapturedField("authority", authority, sure=bool(authority)),))
    assert one_document(one, other) is fits
    assert one_document(CapturedSide(DocumentSide.FRONT, (CapturedField("address", address, sure=False),)), other)


def test_what_is_not_sure_proves_nothing() -> None:
    assert one_document(front("1960-05-01", sure=False), back("2010-06-01", "2020-06-01"))
    assert one_document(front("1960-05-01"), CapturedSide(DocumentSide.BACK, ()))
