"""Other documents than resident ID cards, drawn: of people who do not exist, with numbers that nobody is given.

Sizes are those of the standards; where things are printed follows the official specimen for the foreigner's card of
2023 and is our own for all others (docs/ocr/layouts.md). Nationality is Utopia, ICAO's for specimens, with a number of
those that ISO 3166 leaves to users; bank cards begin like numbers that payment services publish for tests.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import numpy as np
from PIL import Image

from kiosk_core.id_card_reader import check_character
from ocr.checks import icao9303, luhn
from ocr.synth.faces import OCR_B, OVER, Colour, Face, Fonts, Sheet, emblem, front, guilloche, portrait
from ocr.synth.people import Person, person

Draw = Callable[[Random, Fonts], Face]
_SURNAMES = ("ERIKSSON", "MUELLER", "OKONKWO", "ZHENGJIAN", "SMITH", "DA SILVA", "KOWALSKA", "TANAKA", "IVANOVA", "LI")
_GIVEN = ("ANNA MARIA", "YANGBEN", "JOHN", "SOFIA", "KENJI", "OLGA", "PETER PAUL", "XIAOMING", "FATIMA", "EVA")
_HAN = ("安娜", "杨本", "约翰", "苏菲", "健二", "奥尔加", "彼得", "晓明", "法蒂玛", "伊娃")
_UTOPIA, _UTOPIA_NUMBER, _UTOPIA_NAME = "UTO", "999", "乌托邦"
_BINS = ("620000", "620550")
_PASSPORT = (1250, 880)  # 125 x 88 mm
_BLUE: Colour = (44, 62, 108)


def _dotted(day: date) -> str:
    return f"{day:%Y.%m.%d}"


def _years_on(day: date, years: int) -> date:
    """Return the day before the same day so many years on."""
    return day.replace(day=min(day.day, 28), year=day.year + years) - timedelta(days=1)


def social_security_card(chance: Random, fonts: Fonts) -> Face:
    """Draw the side of a social-security card that names its holder."""
    who = person(chance)
    issued = who.valid_from
    number = f"{chance.choice('ABCDEFGHJKLMN0123456789')}{chance.randrange(10**8):08}"
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, (200, 216, 240), (226, 232, 214))
    sheet.label(330, 74, "中华人民共和国社会保障卡", 46, 48, (176, 44, 44))
    sheet.draw.rounded_rectangle([value * OVER for value in (80, 180, 220, 290)], 30, fill=(206, 176, 104))
    portrait(sheet, chance, who.sex, (720, 170, 940, 460))
    rows = (("姓名", "name", who.name), ("社会保障号码", "number", who.id_number), ("卡号", "card_number", number),
            ("发卡日期", "issued", f"{issued:%Y年%m月}"))  # fmt: skip
    for row, (label, name, text) in enumerate(rows):
        sheet.label(80, 345 + 64 * row, label, 30, 31)
        sheet.text(name, 300, 345 + 64 * row, text, 34)
    fields = {"name": who.name, "number": who.id_number, "card_number": number, "issued": f"{issued:%Y-%m}"}
    return sheet.face("back", fields, "social_security_card")


def passport(chance: Random, fonts: Fonts) -> Face:
    """Draw the data page of a passport of Utopia."""
    who = person(chance)
    surname, given = chance.choice(_SURNAMES), chance.choice(_GIVEN)
    number = f"{chance.choice('ABCDEFGHKLMNPRSTUVWXYZ')}{chance.randrange(10**8):08}"
    issued = who.valid_from
    until = _years_on(issued, 10)
    sex = "F" if who.sex == "女" else "M"
    optional = chance.choice(
        ("", f"{chance.randrange(10**9)}", "LH" + "".join(chance.choice("0123456789AB") for _ in range(9)))
    )
    optional = f"{optional:<<14}"
    first = f"P<{_UTOPIA}{surname.replace(' ', '<')}<<{given.replace(' ', '<')}"
    parts = [f"{number:<<9}", f"{who.birth:%y%m%d}", f"{until:%y%m%d}", optional]
    one, born, ends, more = (part + icao9303(part) for part in parts)
    if not optional.strip("<"):
        more = optional + "<"
    second = one + _UTOPIA + born + sex + ends + more
    second += icao9303(one + born + ends + more)
    lines = f"{first:<<44}", second
    sheet = Sheet(chance, fonts, _PASSPORT)
    guilloche(sheet, chance, (214, 222, 236), (240, 220, 224))
    sheet.label(60, 50, "UTOPIA  乌托邦", 40, None, _BLUE)
    sheet.label(60, 110, "PASSPORT 护照", 34, None, _BLUE)
    portrait(sheet, chance, who.sex, (60, 160, 400, 610))
    rows = (("Surname", surname), ("Given names", given), ("Nationality", "UTOPIAN"),
            ("Date of birth", f"{who.birth:%d %m %Y}"), ("Date of expiry", f"{until:%d %m %Y}"))  # fmt: skip
    for row, (label, text) in enumerate(rows):
        sheet.label(450, 150 + 96 * row, label, 20, 0, _BLUE)
        sheet.text("page", 450, 184 + 96 * row, text, 34)
    sheet.label(900, 50, "Passport No.", 20, 0, _BLUE)
    sheet.text("page", 900, 84, number, 34)
    for y, name, line in ((722, "mrz_1", lines[0]), (786, "mrz_2", lines[1])):
        sheet.text(name, 62, y, line, 36, fonts=OCR_B, pitch=25.4)
    sheet.boxes |= dict.fromkeys(("surname", "given_names", "issuer"), sheet.boxes["mrz_1"])
    sheet.boxes |= dict.fromkeys(("number", "nationality", "birth", "sex", "valid_until"), sheet.boxes["mrz_2"])
    del sheet.boxes["page"]
    fields = {"mrz_1": lines[0], "mrz_2": lines[1], "surname": surname, "given_names": given, "issuer": _UTOPIA,
              "number": number, "nationality": _UTOPIA, "birth": who.birth.isoformat(), "sex": who.sex,
              "valid_until": until.isoformat()}  # fmt: skip
    return sheet.face("page", fields, "passport")


def _card_number(chance: Random, digits: int) -> str:
    start = chance.choice(_BINS) + "".join(chance.choice("0123456789") for _ in range(digits - 7))
    return start + luhn(start)


def _plastic(sheet: Sheet, chance: Random) -> Colour:
    """Colour a bank card, dark or light; return what prints well on it."""
    dark = chance.random() < 0.6
    base = np.array([chance.randrange(20, 110) if dark else chance.randrange(175, 240) for _ in range(3)], float)
    width, height = sheet.picture.size
    slope = np.linspace(0.8, 1.2, width)[None, :, None] * np.linspace(1.1, 0.9, height)[:, None, None]
    sheet.picture.paste(Image.fromarray(np.clip(base * slope, 0, 255).astype(np.uint8)))
    for _ in range(5):
        middle, size = (chance.randrange(width), chance.randrange(height)), chance.randrange(150, 700)
        tint = tuple(int(min(max(each * chance.uniform(0.85, 1.15), 0), 255)) for each in base)
        box = (middle[0] - size, middle[1] - size, middle[0] + size, middle[1] + size)
        sheet.draw.ellipse(box, outline=tint, width=chance.randrange(4, 40))
    sheet.draw.rounded_rectangle([value * OVER for value in (110, 205, 255, 315)], 30, fill=(206, 176, 104))
    return (240, 240, 236) if dark else (36, 36, 44)


def bank_card(chance: Random, fonts: Fonts) -> Face:
    """Draw a bank card whose number is printed flat."""
    sheet = Sheet(chance, fonts)
    ink = _plastic(sheet, chance)
    number, month = (
        _card_number(chance, chance.choice((16, 19))),
        date(chance.randrange(2027, 2036), chance.randrange(1, 13), 1),
    )
    sheet.label(70, 80, chance.choice(("城市银行", "农商银行", "储蓄银行")), 52, None, ink)
    sheet.label(760, 90, "DEBIT", 34, 0, ink)
    grouped = " ".join(number[start : start + 4] for start in range(0, 16, 4)) + (
        " " + number[16:] if number[16:] else ""
    )
    sheet.text("number", 90, 400 + chance.uniform(-20, 20), grouped, 58 if len(number) == 16 else 52, colour=ink)
    sheet.label(90, 520, "有效期至 VALID THRU", 22, 0, ink)
    sheet.text("valid_until", 400, 520, f"{month:%m/%y}", 36, colour=ink)
    return sheet.face("front", {"number": number, "valid_until": f"{month:%Y-%m}"}, "bank_card")


def embossed_bank_card(chance: Random, fonts: Fonts) -> Face:
    """Draw a bank card whose number and last month are embossed and tipped with silver or gold."""
    sheet = Sheet(chance, fonts)
    ink = _plastic(sheet, chance)
    number, month = _card_number(chance, 16), date(chance.randrange(2027, 2036), chance.randrange(1, 13), 1)
    sheet.label(70, 80, chance.choice(("城市银行", "农商银行", "储蓄银行")), 52, None, ink)
    tip = chance.choice(((206, 206, 210), (214, 190, 120)))
    grouped = " ".join(number[start : start + 4] for start in range(0, 16, 4))
    for name, x, y, text, size, pitch in (
        ("number", 119, 381, grouped, 60, 42.4), ("valid_until", 440, 470, f"{month:%m/%y}", 40, 29.7),
    ):  # fmt: skip
        for off, colour in (((-2, -2), (250, 250, 250)), ((3, 3), (24, 24, 28)), ((0, 0), tip)):
            sheet.text(name, x + off[0], y + off[1], text, size, fonts=OCR_B, pitch=pitch, colour=colour)
    sheet.label(300, 470, "VALID THRU", 18, 0, ink)
    return sheet.face("front", {"number": number, "valid_until": f"{month:%Y-%m}"}, "bank_card")


def _from_outside(chance: Random, code: str) -> Person:
    who = person(chance)
    number = code + who.id_number[6:17]
    return replace(who, id_number=number + check_character(number))


def residence_permit_front(chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the portrait of a residence permit for residents of Hong Kong, Macau or Taiwan."""
    who = _from_outside(chance, chance.choice(("810000", "820000", "830000")))
    drawn = front(replace(who, ethnicity=""), chance, fonts)
    fields = {name: text for name, text in drawn.fields.items() if name != "ethnicity"}
    return replace(drawn, fields=fields, document="residence_permit")


def residence_permit_back(chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the emblem of a residence permit."""
    who, taiwan = person(chance), chance.random() < 0.4
    permit = f"{chance.randrange(10**8):08}" if taiwan else f"{chance.choice('HM')}{chance.randrange(10**8):08}"
    times = f"{chance.randrange(1, 6):02}"
    until = _years_on(who.valid_from, 5)
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, (226, 226, 212), (240, 212, 208))
    emblem(sheet)
    dark = (52, 46, 46)
    sheet.label(310, 95, "中华人民共和国", 56, 86, dark)
    sheet.label(310, 200, "台湾居民居住证" if taiwan else "港澳居民居住证", 68, 86, dark)
    for y, label, name, text in (
        (380, "签发机关", "authority", who.authority),
        (446, "有效期限", "validity", f"{_dotted(who.valid_from)}-{_dotted(until)}"),
        (512, "通行证号码", "permit_number", permit), (578, "签发次数", "times_issued", times),
    ):  # fmt: skip
        sheet.label(222, y, label, 30, 32)
        sheet.text(name, 420, y, text, 34)
    fields = {"authority": who.authority, "valid_from": who.valid_from.isoformat(), "valid_until": until.isoformat(),
              "permit_number": permit, "times_issued": times}  # fmt: skip
    sheet.boxes |= {"valid_from": sheet.boxes["validity"], "valid_until": sheet.boxes["validity"]}
    del sheet.boxes["validity"]
    return sheet.face("back", fields, "residence_permit")


@dataclass(frozen=True)
class _Holder:
    """The holder of a foreigner's permanent residence card, in both of his scripts, and until when he is."""

    who: Person
    latin: str
    han: str
    until: date


def _holder(chance: Random) -> _Holder:
    who = person(chance)
    given = chance.randrange(len(_GIVEN))
    latin = f"{chance.choice(_SURNAMES)}, {_GIVEN[given]}"
    return _Holder(who, latin, _HAN[given], _years_on(who.valid_from, 10))


def permanent_residence_2023(chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the portrait of a foreigner's permanent residence card of 2023."""
    holder = _holder(chance)
    code = holder.who.id_number
    number = f"9{code[:2]}{_UTOPIA_NUMBER}{code[6:17]}"
    number += check_character(number)
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, (204, 214, 236), (240, 212, 222))
    portrait(sheet, chance, holder.who.sex, (650, 101, 953, 467))
    _bilingual(
        sheet,
        ((82, 96, "姓名 / Name"), (82, 258, "性别 / Sex"), (304, 258, "出生日期 / Date of Birth"),
         (82, 349, "国籍 / Nationality"), (82, 444, "有效期限 / Period of Validity"), (82, 547, "证件号码 / ID No.")),
    )  # fmt: skip
    _say_who(sheet, holder, " – ", ((84, 149), (84, 196), (84, 300), (302, 300), (84, 390), (84, 481)))
    sheet.text("id_number", 304, 541, number, 42, fonts=OCR_B, pitch=29.4)
    return _foreigner(sheet, holder, number, "permanent_residence_2023")


def permanent_residence_2017(chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the portrait of a foreigner's permanent residence card of 2017."""
    holder = _holder(chance)
    who = holder.who
    number = f"{_UTOPIA}{who.id_number[:4]}{who.birth:%y%m%d}{who.id_number[16]}"
    number += icao9303(number)
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, (206, 226, 220), (236, 226, 206))
    portrait(sheet, chance, who.sex, (660, 96, 940, 450))
    _bilingual(
        sheet,
        ((70, 70, "姓名 / Name"), (70, 214, "性别 / Sex"), (300, 214, "出生日期 / Date of Birth"),
         (70, 304, "国籍 / Nationality"), (70, 394, "有效期限 / Period of Validity"),
         (70, 482, "签发机关 / Issuing Authority"), (70, 574, "证件号码 / ID No.")),
    )  # fmt: skip
    _say_who(sheet, holder, "-", ((72, 116), (72, 162), (72, 254), (300, 254), (72, 344), (72, 434)))
    sheet.label(72, 524, "中华人民共和国公安部", 30, None, (32, 30, 36))
    sheet.text("id_number", 300, 570, number, 42, fonts=OCR_B, pitch=29.4)
    return _foreigner(sheet, holder, number, "permanent_residence_2017")


def _bilingual(sheet: Sheet, labels: Iterable[tuple[float, float, str]]) -> None:
    """Print labels in Chinese and English; Latin letters are narrower."""
    for x, y, label in labels:
        chinese, english = label.split(" / ")
        sheet.label(x, y, chinese, 22, 22, _BLUE)
        sheet.label(x + 22 * len(chinese) + 8, y, f"/ {english}", 20, 0, _BLUE)


def _say_who(sheet: Sheet, holder: _Holder, dash: str, places: Sequence[tuple[float, float]]) -> None:
    """Print both names, sex, birth, nationality and validity, at these places one after the other."""
    who = holder.who
    names, han, sex, birth, nationality, validity = places
    sheet.text("latin_name", *names, holder.latin, 30, fonts=OCR_B)
    sheet.text("name", *han, holder.han, 36, pitch=46)
    sheet.text("sex", *sex, f"{who.sex} / {'F' if who.sex == '女' else 'M'}", 32)
    sheet.text("birth", *birth, _dotted(who.birth), 31)
    sheet.text("nationality", *nationality, f"{_UTOPIA_NAME} / {_UTOPIA}", 32)
    sheet.text("validity", *validity, f"{_dotted(who.valid_from)}{dash}{_dotted(holder.until)}", 31)


def _foreigner(sheet: Sheet, holder: _Holder, number: str, document: str) -> Face:
    who = holder.who
    fields = {"latin_name": holder.latin, "name": holder.han, "sex": who.sex, "birth": who.birth.isoformat(),
              "nationality": _UTOPIA, "valid_from": who.valid_from.isoformat(),
              "valid_until": holder.until.isoformat(), "id_number": number}  # fmt: skip
    sheet.boxes |= {"valid_from": sheet.boxes["validity"], "valid_until": sheet.boxes["validity"]}
    del sheet.boxes["validity"]
    return sheet.face("front", fields, document)


DOCUMENTS: Mapping[str, Draw] = {
    "social_security_card_back": social_security_card,
    "passport_page": passport,
    "bank_card_flat": bank_card,
    "bank_card_embossed": embossed_bank_card,
    "residence_permit_front": residence_permit_front,
    "residence_permit_back": residence_permit_back,
    "permanent_residence_2017_front": permanent_residence_2017,
    "permanent_residence_2023_front": permanent_residence_2023,
}
"""What draws each side, by the name of its layout's file."""
