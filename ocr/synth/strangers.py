"""What people lay down that is no resident ID card: other cards, paper, a photo, nothing."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from ocr.synth.faces import HEIGHT, WIDTH, Fonts, font
from ocr.synth.people import person


def _bank_card(chance: Random, fonts: Fonts) -> Image.Image:
    base = np.array([chance.randrange(20, 200) for _ in range(3)], float)
    slope = np.linspace(0.7, 1.3, WIDTH)[None, :, None]
    picture = Image.fromarray(np.clip(np.broadcast_to(base * slope, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((90, 220, 230, 330), 18, fill=(206, 176, 104), outline=(120, 100, 60), width=3)
    number = "6222 " + " ".join(f"{chance.randrange(10_000):04}" for _ in range(3))
    pen.text((90, 390), number, (240, 240, 240), font(fonts, 66))
    pen.text((90, 60), chance.choice(("城市银行", "农商银行", "储蓄卡 DEBIT")), (250, 250, 250), font(fonts, 60))
    pen.text((520, 520), f"VALID THRU {chance.randrange(1, 13):02}/{chance.randrange(27, 36)}", (235,) * 3,
             font(fonts, 34))  # fmt: skip
    return picture


def _business_card(chance: Random, fonts: Fonts) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (chance.randrange(235, 255),) * 3)
    pen = ImageDraw.Draw(picture)
    who = person(chance)
    left = chance.randrange(60, 400)
    pen.text((left, 120), who.name, (30, 30, 30), font(fonts, 72))
    pen.text((left, 220), chance.choice(("客户经理", "总工程师", "副主任")), (90, 90, 90), font(fonts, 36))
    for row, text in enumerate((f"电话 138{chance.randrange(10**8):08}", f"地址 {who.address[:18]}", "www.example.cn")):
        pen.text((left, 380 + 60 * row), text, (60, 60, 60), font(fonts, 32))
    pen.rectangle((0, 0, WIDTH, chance.randrange(10, 60)), fill=tuple(chance.randrange(200) for _ in range(3)))
    return picture


def _page(chance: Random, fonts: Fonts) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, 1300), (chance.randrange(235, 255),) * 3)
    pen = ImageDraw.Draw(picture)
    for top in range(80, 1220, chance.randrange(44, 70)):
        text = "".join(person(chance).address for _ in range(2))[: chance.randrange(8, 27)]
        pen.text((80, top), text, (30, 30, 30), font(fonts, 32))
    return picture


def _face_photo(chance: Random, _: Fonts) -> Image.Image:
    picture = Image.new("RGB", (500, 700), chance.choice(((240, 240, 245), (70, 130, 210), (190, 40, 40))))
    pen = ImageDraw.Draw(picture)
    skin = chance.choice([(226, 188, 160), (208, 164, 132), (238, 206, 184)])
    pen.ellipse((60, 520, 440, 1000), fill=tuple(chance.randrange(150) for _ in range(3)))
    pen.rectangle((200, 440, 300, 560), fill=skin)
    pen.ellipse((120, 110, 380, 500), fill=skin)
    pen.pieslice((105, 70, 395, 400), 180, 360, fill=(30, 26, 24))
    for x in (195, 305):
        pen.ellipse((x - 20, 270, x + 20, 292), fill=(30, 24, 24))
    pen.arc((200, 360, 300, 430), 20, 160, fill=(150, 60, 60), width=8)
    return picture


def _temporary_card(chance: Random, fonts: Fonts) -> Image.Image:
    """Draw the back of a temporary ID card: all data on one side, under the title, in one column."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (chance.randrange(225, 245), 240, chance.randrange(225, 245)))
    pen, who = ImageDraw.Draw(picture), person(chance)
    rows = [
        f"姓名 {who.name}", f"性别 {who.sex}   民族 {who.ethnicity}", f"出生 {who.birth:%Y年%m月%d日}",
        f"住址 {who.address[:14]}", who.address[14:28], f"公民身份号码 {who.id_number}",
        f"有效期限 {who.valid_from:%Y年%m月%d日} 起 三个月", f"签发机关 {who.authority}",
    ]  # fmt: skip
    pen.text((WIDTH // 2, 60), "临时居民身份证", (40, 40, 60), font(fonts, 52), anchor="mm")
    for row, text in enumerate(rows):
        pen.text((330, 120 + row * 60), text, (40, 40, 40), font(fonts, 32))
    pen.rectangle((60, 150, 290, 450), fill=(150, 160, 190))
    return picture


def _social_security_card(chance: Random, fonts: Fonts) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (chance.randrange(180, 225), chance.randrange(210, 235), 245))
    pen, who = ImageDraw.Draw(picture), person(chance)
    pen.text((WIDTH // 2, 70), "中华人民共和国社会保障卡", (180, 40, 40), font(fonts, 52), anchor="mm")
    pen.rounded_rectangle((80, 190, 220, 300), 16, fill=(206, 176, 104))
    for row, text in enumerate(
        (f"姓名 {who.name}", f"社会保障号码 {who.id_number}", "卡号 A01234567", "发卡日期 2021年3月")
    ):
        pen.text((80, 350 + 60 * row), text, (30, 30, 30), font(fonts, 34))
    pen.rectangle((720, 180, 930, 450), fill=(210, 180, 170))
    return picture


def _nothing(_: Random, __: Fonts) -> None:
    return None


STRANGERS: dict[str, Callable[[Random, Fonts], Image.Image | None]] = {
    "bank card": _bank_card,
    "business card": _business_card,
    "empty": _nothing,
    "page of text": _page,
    "face photo": _face_photo,
    "social-security card": _social_security_card,
    "temporary ID card": _temporary_card,
}
"""What draws each flat; None where there is nothing but the ground."""
