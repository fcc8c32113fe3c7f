"""Chinese as it is said becomes pinyin, which espeak-ng's voice `cmn-latn-pinyin` takes: qing3 ei1 ling2 san1 hao4."""

import re
from collections.abc import Iterator, Mapping

from pypinyin import Style, lazy_pinyin, load_phrases_dict

# Latin letters as Mandarin speakers name them: no standard has them; the names are those of Lonely Planet's Mandarin
# phrasebook (2012, p. 16) and of The Beijinger, "Learning your ABCs in Chinese" (2020), in syllables of Mandarin.
_LETTERS: Mapping[str, str] = {
    "A": "ei1",
    "B": "bi4",
    "C": "xi1",
    "D": "di4",
    "E": "yi4",
    "F": "ai2 fu5",
    "G": "ji4",
    "H": "ei2 chi5",
    "I": "ai4",
    "J": "zhei4",
    "K": "kei4",
    "L": "ai2 lou5",
    "M": "ai2 mu5",
    "N": "en1",
    "O": "ou1",
    "P": "pi4",
    "Q": "kiu4",
    "R": "a4 er5",
    "S": "ai2 si5",
    "T": "ti4",
    "U": "you1",
    "V": "wei2",
    "W": "da2 bu5 liu5",
    "X": "ai2 ke4 si5",
    "Y": "wai4",
    "Z": "zei4",
}

# Words of a bank that pypinyin 0.55 reads otherwise.
load_phrases_dict(
    {
        "还款": [["huán"], ["kuǎn"]],
        "还清": [["huán"], ["qīng"]],
        "归还": [["guī"], ["huán"]],
        "长按": [["cháng"], ["àn"]],
        "发卡": [["fā"], ["kǎ"]],
        "照片": [["zhào"], ["piàn"]],
    }
)

_NUMERALS: Mapping[str, str] = {
    "零": "ling2",
    "〇": "ling2",
    "一": "yi1",
    "幺": "yao1",
    "二": "er4",
    "两": "liang3",
    "三": "san1",
    "四": "si4",
    "五": "wu3",
    "六": "liu4",
    "七": "qi1",
    "八": "ba1",
    "九": "jiu3",
    "十": "shi2",
    "百": "bai3",
    "千": "qian1",
    "万": "wan4",
    "亿": "yi4",
    "点": "dian3",
}
# A number keeps the first tone of 一 but before a unit.
_ONE_BEFORE: Mapping[str, str] = {"百": "yi4", "千": "yi4", "万": "yi2", "亿": "yi2"}

# In words 一 has the second tone before a fourth and the fourth before any other (一次, 一张), but not where it counts
# places in an order (第一, 星期一) or stands for oneness (统一, 唯一). pypinyin changes only some.
_KEEP_ONE = "第期周统唯之"

_DIGIT = "[零〇一二两三四五六七八九十百千万亿幺]"
_A_NUMBER = f"(?:{_DIGIT}{{2,}}(?:点{_DIGIT}+)?|{_DIGIT}点{_DIGIT}+|{_DIGIT}(?=[号月日年楼元角分])|幺)"
_PIECE = re.compile(
    rf"(?P<number>{_A_NUMBER})|(?P<letters>[A-Za-z]+)|(?P<chinese>(?:(?!{_A_NUMBER})[㐀-鿿])+)"
    r"|(?P<stop>[。.!?;\n]+)|(?P<pause>[,、::()—]+)"
)


def of(said: str) -> str:
    """Return the pinyin of a text, its syllables apart, with tones 1 to 5; what has no sound is left out."""
    return " ".join(_syllables(said))


def _syllables(said: str) -> Iterator[str]:
    for piece in _PIECE.finditer(said):
        match piece.lastgroup:
            case "number":
                yield from _number(piece[0])
            case "letters":
                yield from (_LETTERS[letter] for letter in piece[0].upper())
            case "chinese":
                yield from _words(piece[0])
            case "stop":
                yield "."
            case _:
                yield ","


def _words(characters: str) -> Iterator[str]:
    syllables = lazy_pinyin(
        characters,
        Style.TONE3,
        errors=_silent,  # type: ignore[arg-type]
        neutral_tone_with_five=True,
        tone_sandhi=True,
    )
    before = " " + characters
    for place, (character, syllable) in enumerate(zip(characters, syllables, strict=True)):
        following = syllables[place + 1 : place + 2]
        if character == "一" and before[place] not in _KEEP_ONE and following and following[0]:
            yield "yi2" if following[0].endswith(("4", "5")) else "yi4"
        elif syllable:
            yield syllable


def _silent(unknown: str) -> list[str]:
    """Keep the places of characters that pypinyin does not know; it takes a list, though its stub says a text."""
    return [""] * len(unknown)


def _number(numerals: str) -> Iterator[str]:
    for numeral, following in zip(numerals, f"{numerals[1:]} ", strict=True):
        yield _ONE_BEFORE.get(following, "yi1") if numeral == "一" else _NUMERALS[numeral]
