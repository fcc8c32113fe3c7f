"""What espeak-ng says, against sources that are not espeak-ng: pinyin and IPA of Mandarin, CMUdict of English.

A Mandarin syllable is written in IPA with the contour of its tone (Duanmu, The Phonology of Standard Chinese, 2007):
55, 35, 214 and 51, and for a third tone 21 before another tone and 35 before another third. CMUdict 0.7b gives English.
"""

import re
import shutil
import threading
from collections.abc import Mapping, Sequence

import pytest

from kiosk_core.speech import Utterance
from kiosk_core.texts import Language
from queue_display.announcer import call_sentence
from tests.clocks import RealClock
from voice.espeak import Espeak
from voice.settings import VoiceSettings
from voice.unavailable import Hushed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]

# 现代汉语词典 gives the tones; a and ɑ are one sound of Mandarin, and both are a here; a medial i may be a j.
SYLLABLES: Mapping[str, tuple[str, int]] = {
    "零": ("liŋ", 2),
    "幺": ("jau", 1),
    "一": ("ji", 1),
    "二": ("ɚ", 4),
    "三": ("san", 1),
    "四": ("sɹ̩", 4),
    "五": ("wu", 3),
    "六": ("liou", 4),
    "七": ("tɕʰi", 1),
    "八": ("pa", 1),
    "九": ("tɕiou", 3),
    "十": ("ʂɻ̩", 2),
    "百": ("pai", 3),
    "千": ("tɕʰiɛn", 1),
    "请": ("tɕʰiŋ", 3),
    "号": ("xau", 4),
    "到": ("tau", 4),
    "窗": ("ʈʂʰwaŋ", 1),
    "口": ("kʰou", 3),
    "办": ("pan", 4),
    "理": ("li", 3),
    "元": ("yæn", 2),
    "角": ("tɕjau", 3),
    "分": ("fən", 1),
    "诶": ("ei", 1),  # A
    "必": ("pi", 4),  # B
    "西": ("ɕi", 1),  # C
    "弟": ("ti", 4),  # D
}

_IPA = {"tS;": "tɕ", "ts.": "ʈʂ", "S;": "ɕ", "s.": "ʂ", "@r": "ɚ", "i[": "ɹ̩", "i.": "ɻ̩"} | {
    "N": "ŋ",
    "X": "x",
    "A": "a",
    "E": "ɛ",
    "&": "æ",
    "@": "ə",
    "h": "ʰ",
    ";": "",
}

CMUDICT: Mapping[str, str] = {
    "TICKET": "T IH K AH T",
    "PLEASE": "P L IY Z",
    "GO": "G OW",
    "TO": "T AH",
    "WINDOW": "W IH N D OW",
    "0": "Z IH R OW",
    "1": "W AH N",
    "2": "T UW",
    "3": "TH R IY",
    "4": "F AO R",
    "5": "F AY V",
    "6": "S IH K S",
    "7": "S EH V AH N",
    "8": "EY T",
    "9": "N AY N",
    "A": "EY",
    "B": "B IY",
    "C": "S IY",
    "D": "D IY",
    "E": "IY",
    "F": "EH F",
    "G": "JH IY",
    "H": "EY CH",
    "I": "AY",
    "J": "JH EY",
    "K": "K EY",
    "L": "EH L",
    "M": "EH M",
    "N": "EH N",
    "O": "OW",
    "P": "P IY",
    "Q": "K Y UW",
    "R": "AA R",
    "S": "EH S",
    "T": "T IY",
    "U": "Y UW",
    "V": "V IY",
    "W": "D AH B AH L Y UW",
    "X": "EH K S",
    "Y": "W AY",
    "Z": "Z IY",
}

# espeak-ng's symbols of General American, and those of CMUdict.
_ARPABET: Mapping[str, str] = {
    "tS": "CH",
    "dZ": "JH",
    "I2": "AH",
    "I#": "IH",
    "i@": "IH",
    "o@": "AO R",
    "A@": "AA R",
    "a#": "AH",
    "t#": "T",
    "eI": "EY",
    "aI": "AY",
    "oU": "OW",
    "i:;": "IY",
    "i:": "IY",
    "u:": "UW",
    "T": "TH",
    "V": "AH",
    "@": "AH",
    "I": "IH",
    "E": "EH",
    "L": "L",
    "j": "Y",
    "i": "IY",
    "S": "SH",
    "N": "NG",
}


@pytest.fixture(scope="module")
def voice() -> Espeak:
    return Espeak(VoiceSettings(), RealClock())


def contours(tones: Sequence[int]) -> list[str]:
    """Return the contour of each tone among its neighbours."""
    third = {3: "35", 0: "214"}
    return [
        {1: "55", 2: "35", 4: "51"}.get(tone) or third.get(after, "21")
        for tone, after in zip(tones, [*tones[1:], 0], strict=True)
    ]


def ipa(phonemes: str) -> list[str]:
    """Translate espeak-ng's Mandarin, "tS;h'i21N_| l'i35N_|", syllable by syllable: IPA, then the contour."""
    said = []
    for syllable in re.findall(r"[^|\s]+(?=_\|)", phonemes):
        contour = re.search(r"\d+", syllable)
        assert contour, f"{syllable} has no tone"
        letters = re.sub(r"[\d',_]", "", syllable)
        symbols = re.findall("|".join(map(re.escape, _IPA)) + "|.", letters)
        said.append("".join(_IPA.get(symbol, symbol) for symbol in symbols) + contour[0])
    return said


def expected_ipa(*clauses: str) -> list[str]:
    return [
        SYLLABLES[character][0] + contour
        for clause in clauses
        for character, contour in zip(clause, contours([SYLLABLES[each][1] for each in clause]), strict=True)
    ]


def arpabet(phonemes: str) -> str:
    """Translate espeak-ng's English into ARPAbet, without stress."""
    letters = re.sub(r"[',_|;\s]", "", phonemes)
    symbols = re.findall("|".join(map(re.escape, sorted(_ARPABET, key=len, reverse=True))) + "|.", letters)
    return " ".join(_ARPABET.get(symbol, symbol.upper()) for symbol in symbols)


@pytest.mark.parametrize(
    ("number", "window", "said"),
    [
        ("A013", "3", "请诶零幺三号到三号窗口办理"),
        ("B245", "1", "请必二四五号到一号窗口办理"),
        ("C678", "10", "请西六七八号到十号窗口办理"),
        ("D999", "12", "请弟九九九号到十二号窗口办理"),
    ],
)
def test_a_call_is_pronounced_in_chinese_as_the_dictionary_says(
    voice: Espeak, number: str, window: str, said: str
) -> None:
    phonemes = voice.phonemes(Utterance("zh", call_sentence(number, window, "zh")))
    assert ipa(phonemes) == expected_ipa(said)


@pytest.mark.parametrize(("number", "window"), [("A013", "3"), ("B245", "1"), ("C678", "9")])
def test_a_call_is_pronounced_in_english_as_cmudict_says(voice: Espeak, number: str, window: str) -> None:
    phonemes = voice.phonemes(Utterance("en", call_sentence(number, window, "en")))
    words = ["TICKET", *number, "PLEASE", "GO", "TO", "WINDOW", window]
    assert arpabet(phonemes) == " ".join(CMUDICT[word] for word in words)


def test_every_letter_is_pronounced_in_english_as_cmudict_says(voice: Espeak) -> None:
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        phonemes = voice.phonemes(Utterance("en", f"Ticket {letter}7"))
        assert arpabet(phonemes) == " ".join(CMUDICT[word] for word in ("TICKET", letter, "7")), letter


def test_no_two_letters_and_no_letter_and_number_sound_alike_in_chinese(voice: Espeak) -> None:
    heard: dict[str, str] = {}
    for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ零幺一二三四五六七八九":
        phonemes = voice.phonemes(Utterance("zh", sign)).strip()
        assert re.search(r"\d", phonemes), f"{sign} is silent"
        assert heard.setdefault(phonemes, sign) == sign
    assert len(heard) == 37


def test_a_sum_is_pronounced_with_all_its_places(voice: Espeak) -> None:
    """The voice itself would drop 千; 一 before 千 has the fourth tone (现代汉语八百词)."""
    said = ipa(voice.phonemes(Utterance("zh", "1234.56元")))
    expected = expected_ipa("一千二百三十四元五角六分")
    assert said == ["ji51", *expected[1:]]


@pytest.mark.parametrize(("language", "syllables"), [("zh", 13), ("en", 14)])
def test_a_call_can_be_heard_and_lasts_as_long_as_people_take(
    voice: Espeak, language: Language, syllables: int
) -> None:
    sound = voice.render(Utterance(language, call_sentence("A013", "3", language)), threading.Event())
    assert sound.level > 0.05
    assert 0.15 * syllables < sound.seconds < 0.5 * syllables


def test_a_slower_voice_takes_longer() -> None:
    slow, fast = (
        Espeak(VoiceSettings(words_a_minute=speed), RealClock())
        .render(Utterance("zh", "请取走您的银行卡"), threading.Event())
        .seconds
        for speed in (100, 200)
    )
    assert slow > 1.3 * fast


@pytest.mark.parametrize("text", ["", " ", "。。。", "\0", "-v", "[[", "<speak>", "😀", "x" * 100_000, "零" * 100_000])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_is_too_strange_to_be_said(voice: Espeak, language: Language, text: str) -> None:
    hush = threading.Event()
    enough = threading.Timer(0.5, hush.set)
    is_long = len(text) > 1000
    if is_long:
        enough.start()
    try:
        assert voice.render(Utterance(language, text), hush).seconds >= 0
    except Hushed:
        assert is_long
    finally:
        enough.cancel()


def test_text_is_never_taken_for_an_option_or_for_phonemes(voice: Espeak) -> None:
    assert voice.spelling(Utterance("en", "[[h@l'oU]]")) == " h@l'oU]]"
