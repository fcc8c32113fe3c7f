"""What is written becomes what is said: numbers, sums, tickets, dates, in both languages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice import chinese, english, pinyin
from voice.numbers import LARGEST, cardinal

# 现代汉语 numerals as any grammar has them; what is easily wrong are the zeros and 两.
CARDINALS = {
    0: ("零", "zero"),
    2: ("二", "two"),
    10: ("十", "ten"),
    12: ("十二", "twelve"),
    20: ("二十", "twenty"),
    101: ("一百零一", "one hundred and one"),
    110: ("一百一十", "one hundred and ten"),
    200: ("二百", "two hundred"),
    1_001: ("一千零一", "one thousand and one"),
    1_010: ("一千零一十", "one thousand and ten"),
    1_234: ("一千二百三十四", "one thousand two hundred and thirty-four"),
    2_026: ("两千零二十六", "two thousand and twenty-six"),
    10_010: ("一万零一十", "ten thousand and ten"),
    22_000: ("两万二千", "twenty-two thousand"),
    120_000: ("十二万", "one hundred and twenty thousand"),
    1_000_123: ("一百万零一百二十三", "one million one hundred and twenty-three"),
    100_003_000: ("一亿零三千", "one hundred million three thousand"),
    101_000_000: ("一亿零一百万", "one hundred and one million"),
}


@pytest.mark.parametrize(("number", "words"), CARDINALS.items())
def test_a_cardinal_is_said_as_it_is_counted(number: int, words: tuple[str, str]) -> None:
    assert (cardinal(number, "zh"), cardinal(number, "en")) == words


_VALUES = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def counted_in_chinese(words: str) -> int:
    """Read a Chinese cardinal, written without a look at how it is made."""
    total = group = digit = 0
    for character in words:
        if character in _VALUES:
            digit = _VALUES[character]
        elif character in _UNITS:
            group += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            total += (group + digit) * {"万": 10**4, "亿": 10**8}[character]
            group = digit = 0
    return total + group + digit


@given(st.integers(0, LARGEST))
def test_every_cardinal_can_be_read_back(number: int) -> None:
    assert counted_in_chinese(cardinal(number, "zh")) == number


@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_no_two_numbers_sound_alike(one: int, other: int) -> None:
    assert (cardinal(one, "en") == cardinal(other, "en")) == (one == other)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("请A013号到3号窗口办理", "请A零幺三号到三号窗口办理"),
        ("A-001", "A零零幺"),
        ("VIP007", "VIP零零七"),
        ("２号窗口", "二号窗口"),
        ("12号窗口", "十二号窗口"),
        ("前面2位", "前面两位"),
        ("2分钟,12分钟", "两分钟,十二分钟"),
        ("¥1,234.56", "一千二百三十四元五角六分"),
        ("1234.50元", "一千二百三十四元五角"),
        ("￥3.05", "三元零五分"),
        ("0.05元", "五分"),
        ("0.00元", "零元"),
        ("余额-5元", "余额负五元"),
        ("2元", "两元"),
        ("2026-11-23", "二零二六年十一月二十三日"),
        ("2026年1月2日", "二零二六年一月二日"),
        ("9:05", "九点零五分"),
        ("2:00", "两点"),
        ("80%", "百分之八十"),
        ("3.14", "三点一四"),
        ("尾号1234", "尾号幺二三四"),
        ("热线:95588", "热线:九五五八八"),
        ("6222021234567890", "六二二二零二幺二三四五六七八九零"),
    ],
)
def test_chinese_is_written_out(written: str, said: str) -> None:
    assert chinese.written_out(written) == said


def test_a_branch_may_say_one_in_numbers_as_when_counting() -> None:
    assert chinese.written_out("A011", one="一") == "A零一一"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Ticket A013, please go to window 3.", "Ticket eigh zero one three, please go to window three."),
        ("Please go to window A. A card is there.", "Please go to window eigh. A card is there."),
        ("VIP007", "V I P zero zero seven"),
        ("¥1,234.56", "one thousand two hundred and thirty-four point five six yuan"),
        ("RMB 20.00", "twenty yuan"),
        ("-5 yuan", "minus five yuan"),
        ("2026-11-23", "twenty-three November two thousand and twenty-six"),
        ("2026-13-23", "two zero two six one three two three"),
        ("9:05 14:30 14:00", "nine oh five fourteen thirty fourteen o'clock"),
        ("80%", "eighty percent"),
        ("Take your card\nThank you!\nBye", "Take your card.\nThank you!\nBye"),
        ("6222021234567890.", "six two two two zero two one two three four five six seven eight nine zero."),
        ("Window 贵宾室", "Window  "),
    ],
)
def test_english_is_written_out(written: str, said: str) -> None:
    assert english.written_out(written) == said


@given(st.text(st.sampled_from("0129.,:-¥元%A号 年"), max_size=30) | st.text(max_size=30))
def test_no_digit_is_left_to_the_voice_whatever_is_written(written: str) -> None:
    assert not re.search(r"\d", chinese.written_out(written))
    assert not re.search(r"\d", english.written_out(written))
    assert re.fullmatch(r"(?:(?:[a-zü]+[1-5]|[.,])(?: |$))*", pinyin.of(chinese.written_out(written)))


@pytest.mark.parametrize(
    ("said", "syllables"),
    [
        ("银行重新发卡", "yin2 hang2 chong2 xin1 fa1 ka3"),
        ("还款", "huan2 kuan3"),
        ("长按照片", "chang2 an4 zhao4 pian4"),
        ("换一张，再放一次", "huan4 yi4 zhang1 , zai4 fang4 yi2 ci4"),
        ("一个", "yi2 ge4"),
        ("第一天", "di4 yi1 tian1"),
        ("星期一", "xing1 qi1 yi1"),
        ("一号窗口", "yi1 hao4 chuang1 kou3"),
        ("一千一百一十一", "yi4 qian1 yi4 bai3 yi1 shi2 yi1"),
        ("不是不能", "bu2 shi4 bu4 neng2"),
        ("VIP室", "wei2 ai4 pi4 shi4"),
        ("您好\n请坐。", "nin2 hao3 . qing3 zuo4 ."),
    ],
)
def test_characters_are_read_as_they_are_in_their_words(said: str, syllables: str) -> None:
    assert pinyin.of(said.replace("，", ",")) == syllables
