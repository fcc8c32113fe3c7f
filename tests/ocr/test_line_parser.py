"""From lines of text to fields: lines typed by hand as general engines gave them, and worse.

The number is GB 11643's own example: a woman of 110105 (朝阳, Beijing), born on 1949-12-31.
"""

import numpy as np
import pytest

from ocr.id_card import IdCardBack, IdCardFront, Quad, Source
from ocr.layout import layout
from ocr.line_parser import ParsedCard, parse
from ocr.text_lines import LineOfText

Typed = tuple[tuple[str, float, float, float], ...]
"""Text, and where its middle line begins and ends on a card of 1000 x 631 dots, and how high it is."""

SIDES = {side: layout(f"resident_id_{side}") for side in ("front", "back")}


def typed(side: str, *lines: tuple[str, str, str]) -> Typed:
    """Lines of a side: text, and the label or field with which it begins and with which it ends."""
    of = SIDES[side]
    boxes = {each.text: each.box for each in of.labels} | {each.name: each.box for each in of.fields}
    begins = {each.name: each.box[0] + 5 for each in of.fields}
    ends = {"公民身份号码": boxes["公民身份号码"][2], "id_number": of.spans[0][2]} if side == "front" else {}
    done = []
    for text, first, last in lines:
        left, top, _, bottom = boxes[first]
        value = text if first in begins else text[len(first) :]
        wide = sum(33 if each > "~" else 18 for each in value)
        right = ends.get(last, begins[last] + wide if last in begins else boxes[last][2])
        high = (bottom - top) / 2 if bottom - top < 100 else 18
        done.append((text, begins.get(first, left), right, top + high))
    return tuple(done)


FRONT = typed(
    "front",
    ("姓名", "姓名", "姓名"),
    ("某某", "name", "name"),
    ("性别女", "性别", "sex"),
    ("民族汉", "民族", "ethnicity"),
    ("出生", "出生", "出生"),
    ("1949年12月31日", "birth", "birth"),
    ("住址", "住址", "住址"),
    ("北京市朝阳区幸福大街12号", "address", "address"),
    ("公民身份号码", "公民身份号码", "公民身份号码"),
    ("11010519491231002X", "id_number", "id_number"),
)
FRONT = (*FRONT, ("3号楼402室", FRONT[7][1], FRONT[7][1] + 182, FRONT[7][3] + SIDES["front"].fields[4].pitch))
BACK = typed(
    "back",
    ("中华人民共和国", "中华人民共和国", "中华人民共和国"),
    ("居民身份证", "居民身份证", "居民身份证"),
    ("签发机关北京市公安局朝阳分局", "签发机关", "authority"),
    ("有效期限2010.05.31-2030.05.31", "有效期限", "validity"),
)
READ = {
    "name": "某某",
    "sex": "女",
    "ethnicity": "汉",
    "birth": "1949-12-31",
    "address": "北京市朝阳区幸福大街12号3号楼402室",
    "id_number": "11010519491231002X",
}


def seen(lines: Typed, turn: float = 0.0, size: float = 1.0, at: tuple[float, float] = (80, 60)) -> list[LineOfText]:
    """The lines as they lie in a picture that has the card turned by so many degrees."""
    spin = np.exp(1j * np.radians(turn)) * size

    def spot(x: float, y: float) -> tuple[float, float]:
        place = (x + 1j * y) * spin + complex(*at)
        return place.real, place.imag

    found = []
    for text, left, right, middle in lines:
        quad: Quad = (  # engines leave a little room around print
            spot(left - 7, middle - 20),
            spot(right + 7, middle - 20),
            spot(right + 7, middle + 20),
            spot(left - 7, middle + 20),
        )
        found.append(LineOfText(text, quad, 0.98))
    return found


def one(lines: list[LineOfText]) -> ParsedCard:
    (card,) = parse(lines)
    return card


def texts(card: ParsedCard) -> dict[str, str]:
    return {name: field.text for name, field in vars(card.side).items()}


def changed(lines: Typed, old: str, *new: tuple[str, str, str]) -> Typed:
    """The lines, with others in the place of one: as `typed`."""
    side = "back" if lines[0][0] == "中华人民共和国" else "front"
    return tuple(each for line in lines for each in (typed(side, *new) if line[0] == old else (line,)))


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
    lines = changed(FRONT, "某某", ("黃 某", "name", "name"))
    lines = changed(lines, "11010519491231002X", ("１１０１０５ 19491231 002x", "id_number", "id_number"))
    read = texts(one(seen(lines)))
    assert (read["name"], read["id_number"]) == ("黄某", "11010519491231002X")


def test_a_label_that_was_misread_is_no_part_of_its_field() -> None:
    lines = changed(FRONT, "姓名", ("妊名", "姓名", "姓名"))
    lines = changed(lines, "住址", ("佳址", "住址", "住址"))
    assert texts(one(seen(lines))) == READ
    assert texts(one(seen(changed(changed(FRONT, "姓名"), "某某", ("性名某某", "姓名", "name"))))) == READ


def test_a_row_in_pieces_is_joined_from_the_left() -> None:
    left, middle = next((line[1], line[3]) for line in FRONT if line[0] == "1949年12月31日")
    pieces = (("月31日", left + 211, left + 340, middle + 3), ("12", left + 157, left + 193, middle - 3))
    lines = changed(FRONT, "1949年12月31日", ("1949年", "birth", "birth")) + pieces
    lines = changed(lines, "性别女", ("性别", "性别", "性别"))
    assert texts(one(seen(changed(lines, "民族汉", ("女", "sex", "sex"), ("民族汉", "民族", "ethnicity"))))) == READ


def test_what_was_not_seen_follows_from_the_number_and_is_not_sure() -> None:
    card = one(seen(changed(changed(FRONT, "性别女", ("性别", "性别", "性别")), "1949年12月31日")))
    assert isinstance(card.side, IdCardFront)
    assert (card.side.sex.text, card.side.sex.source) == ("女", Source.DERIVED)
    assert (card.side.birth.text, card.side.birth.source) == ("1949-12-31", Source.DERIVED)
    assert not any(field.sure for field in vars(card.side).values())


def test_another_birth_than_the_numbers_is_shown_as_printed_and_nothing_is_sure() -> None:
    card = one(seen(changed(FRONT, "1949年12月31日", ("1949年12月30日", "birth", "birth"))))
    assert texts(card)["birth"] == "1949-12-30"
    assert not any(field.sure for field in vars(card.side).values())


@pytest.mark.parametrize(
    ("read", "means"), [("维吾尔", "维吾尔"), ("維吾爾", "维吾尔"), ("维吾示", "维吾尔"), ("天彝", "彝")]
)
def test_an_ethnicity_is_one_of_the_56(read: str, means: str) -> None:
    assert texts(one(seen(changed(FRONT, "民族汉", ("民族" + read, "民族", "ethnicity")))))["ethnicity"] == means


def test_a_region_is_mended_by_the_code_book() -> None:
    lines = changed(FRONT, "北京市朝阳区幸福大街12号", ("北京市朝阻区幸福大街12号", "address", "address"))
    assert texts(one(seen(lines))) == READ


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
    lines = changed(
        BACK, "有效期限2010.05.31-2030.05.31", ("有效期限", "有效期限", "有效期限"), (printed, "validity", "validity")
    )
    assert texts(one(seen(lines)))["valid_until"] == until


def test_both_sides_on_a_sheet_are_two_cards_each_the_way_it_lies() -> None:
    front, back = parse(seen(FRONT) + seen(BACK, 180, 1.0, (1080, 1500)))
    assert texts(front) == READ
    assert texts(back)["authority"] == "北京市公安局朝阳分局"


@pytest.mark.parametrize("lines", [(), (("通知", 60, 200, 97),), (("", 60, 200, 97), ("姓名", 0, 0, 0))])
def test_where_there_is_no_card_none_is_read(lines: Typed) -> None:
    assert parse(seen(lines)) == []


def test_a_line_does_not_show_its_text_by_accident() -> None:
    assert "某某" not in repr(LineOfText("某某", ((0, 0), (9, 0), (9, 9), (0, 9)), 1.0))
