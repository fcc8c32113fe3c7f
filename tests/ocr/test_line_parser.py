"""From lines of text to fields: lines typed by hand as general engines gave them, and worse.

The number is GB 11643's own example: a woman of 110105 (朝阳, Beijing), born on 1949-12-31.
"""

import numpy as np
import pytest

from ocr.id_card import IdCardBack, IdCardFront, Quad, Source
from ocr.line_parser import ParsedCard, parse
from ocr.text_lines import LineOfText

# Text, and where its middle line begins and ends on a card of 1000 x 631 dots, all of it as GA 448 has it.
FRONT = (
    ("姓名", 60, 126, 97),
    ("某某", 168, 256, 97),
    ("性别女", 60, 200, 180),
    ("民族汉", 292, 426, 180),
    ("出生", 60, 126, 259),
    ("1949年12月31日", 168, 547, 259),
    ("住址", 60, 126, 337),
    ("北京市朝阳区幸福大街12号", 168, 572, 337),
    ("3号楼402室", 168, 350, 385),
    ("公民身份号码", 60, 305, 543),
    ("11010519491231002X", 336, 894, 543),
)
BACK = (
    ("中华人民共和国", 310, 882, 95),
    ("居民身份证", 310, 882, 205),
    ("签发机关北京市公安局朝阳分局", 222, 720, 476),
    ("有效期限2010.05.31-2030.05.31", 222, 760, 557),
)
Typed = tuple[tuple[str, float, float, float], ...]
READ = {
    "name": "某某",
    "sex": "女",
    "ethnicity": "汉",
    "birth": "1949-12-31",
    "address": "北京市朝阳区幸福大街12号3号楼402室",
    "id_number": "11010519491231002X",
}


def seen(typed: Typed, turn: float = 0.0, size: float = 1.0, at: tuple[float, float] = (80, 60)) -> list[LineOfText]:
    """The lines as they lie in a picture that has the card turned by so many degrees."""
    spin = np.exp(1j * np.radians(turn)) * size

    def spot(x: float, y: float) -> tuple[float, float]:
        place = (x + 1j * y) * spin + complex(*at)
        return place.real, place.imag

    lines = []
    for text, left, right, middle in typed:
        quad: Quad = (  # engines leave a little room around print
            spot(left - 7, middle - 20),
            spot(right + 7, middle - 20),
            spot(right + 7, middle + 20),
            spot(left - 7, middle + 20),
        )
        lines.append(LineOfText(text, quad, 0.98))
    return lines


def one(lines: list[LineOfText]) -> ParsedCard:
    (card,) = parse(lines)
    return card


def texts(card: ParsedCard) -> dict[str, str]:
    return {name: field.text for name, field in vars(card.side).items()}


def changed(typed: Typed, old: str, *new: tuple[str, float, float, float]) -> Typed:
    return tuple(each for line in typed for each in (new if line[0] == old else (line,)))


@pytest.mark.parametrize("turn", [0, 7, 90, 180, 200, 270])
def test_a_front_is_read_however_it_lies(turn: float) -> None:
    card = one(seen(FRONT, turn, 0.8, (900, 900)))
    assert isinstance(card.side, IdCardFront)
    assert texts(card) == READ
    top_left = (0 + 0j) * np.exp(1j * np.radians(turn)) * 0.8 + complex(900, 900)
    assert card.corners[0] == pytest.approx([top_left.real, top_left.imag], abs=12)


def test_corners_that_begin_anywhere_change_nothing() -> None:
    turned = [
        LineOfText(each.text, (each.quad[2], each.quad[3], each.quad[0], each.quad[1]), each.score)
        for each in seen(FRONT)
    ]
    assert texts(one(turned)) == READ


def test_a_number_that_agrees_with_birth_and_sex_is_sure_and_nothing_else_is() -> None:
    card = one(seen(FRONT))
    assert {name for name, field in vars(card.side).items() if field.sure} == {"id_number", "birth", "sex"}
    assert all(field.verified == field.sure for field in vars(card.side).values())


def test_traditional_forms_blanks_and_full_width_signs_are_folded() -> None:
    typed = changed(FRONT, "某某", ("黃 某", 168, 256, 97))
    typed = changed(typed, "11010519491231002X", ("１１０１０５ 19491231 002x", 336, 894, 543))
    read = texts(one(seen(typed)))
    assert (read["name"], read["id_number"]) == ("黄某", "11010519491231002X")


def test_a_label_that_was_misread_is_no_part_of_its_field() -> None:
    typed = changed(FRONT, "姓名", ("妊名", 60, 126, 97))
    typed = changed(typed, "住址", ("佳址", 60, 126, 337))
    assert texts(one(seen(typed))) == READ
    assert texts(one(seen(changed(changed(FRONT, "姓名"), "某某", ("性名某某", 60, 256, 97))))) == READ


def test_a_row_in_pieces_is_joined_from_the_left() -> None:
    typed = changed(
        FRONT, "1949年12月31日", ("月31日", 405, 547, 262), ("12", 350, 385, 256), ("1949年", 168, 315, 259)
    )
    typed = changed(typed, "性别女", ("性别", 60, 126, 180))
    assert texts(one(seen(changed(typed, "民族汉", ("女", 168, 198, 180), ("民族汉", 292, 426, 180))))) == READ


def test_what_was_not_seen_follows_from_the_number_and_is_not_sure() -> None:
    card = one(seen(changed(changed(FRONT, "性别女", ("性别", 60, 126, 180)), "1949年12月31日")))
    assert isinstance(card.side, IdCardFront)
    assert (card.side.sex.text, card.side.sex.source) == ("女", Source.DERIVED)
    assert (card.side.birth.text, card.side.birth.source) == ("1949-12-31", Source.DERIVED)
    assert not any(field.sure for field in vars(card.side).values())


def test_another_birth_than_the_numbers_is_shown_as_printed_and_nothing_is_sure() -> None:
    card = one(seen(changed(FRONT, "1949年12月31日", ("1949年12月30日", 168, 547, 259))))
    assert texts(card)["birth"] == "1949-12-30"
    assert not any(field.sure for field in vars(card.side).values())


@pytest.mark.parametrize(
    ("read", "means"), [("维吾尔", "维吾尔"), ("維吾爾", "维吾尔"), ("维吾示", "维吾尔"), ("天彝", "彝")]
)
def test_an_ethnicity_is_one_of_the_56(read: str, means: str) -> None:
    assert texts(one(seen(changed(FRONT, "民族汉", ("民族" + read, 292, 490, 180)))))["ethnicity"] == means


def test_a_region_is_mended_by_the_code_book() -> None:
    typed = changed(FRONT, "北京市朝阳区幸福大街12号", ("北京市朝阻区幸福大街12号", 168, 572, 337))
    assert texts(one(seen(typed))) == READ


def test_other_print_around_the_card_is_not_read() -> None:
    around = (
        ("本人确认 110105194912310021 有效", 60, 900, -80),
        ("姓名", 1100, 1166, 97),
        ("仅供办理业务使用", 60, 700, 720),
    )
    assert texts(one(seen(FRONT + around))) == READ


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_back_is_read(turn: float) -> None:
    card = one(seen(BACK, turn, 1.1, (1500, 1500)))
    assert isinstance(card.side, IdCardBack)
    assert texts(card) == {
        "authority": "北京市公安局朝阳分局",
        "valid_from": "2010-05-31",
        "valid_until": "2030-05-31",
    }


@pytest.mark.parametrize(
    ("printed", "until"),
    [("2010.05.31一长期", "长期"), ("2010.05.31～2030.05.31", "2030-05-31"), ("2010.05.31", ""), ("有效", "")],
)
def test_a_validity_is_read_whatever_its_dash_became(printed: str, until: str) -> None:
    typed = changed(BACK, "有效期限2010.05.31-2030.05.31", ("有效期限", 222, 360, 557), (printed, 396, 760, 557))
    assert texts(one(seen(typed)))["valid_until"] == until


def test_both_sides_on_a_sheet_are_two_cards_each_the_way_it_lies() -> None:
    front, back = parse(seen(FRONT) + seen(BACK, 180, 1.0, (1080, 1500)))
    assert texts(front) == READ
    assert texts(back)["authority"] == "北京市公安局朝阳分局"


@pytest.mark.parametrize("typed", [(), (("通知", 60, 200, 97),), (("", 60, 200, 97), ("姓名", 0, 0, 0))])
def test_where_there_is_no_card_none_is_read(typed: Typed) -> None:
    assert parse(seen(typed)) == []


def test_a_line_does_not_show_its_text_by_accident() -> None:
    assert "某某" not in repr(LineOfText("某某", ((0, 0), (9, 0), (9, 9), (0, 9)), 1.0))
