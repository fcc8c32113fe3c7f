"""Which character a byte means: code pages (ESC t), international sets (ESC R), and Chinese in two bytes.

Sources: Epson TM-T85 p5-32 (ESC t 0 to 5) and escpos-printer-db, profile TM-T88V (the further pages); Printek
FormsMaster 8000 p34 and Epson ESC/P reference, ESC R (the twelve codes and their characters); SurePrint SP91 p66
(GB 18030: double bytes only).
"""

PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    13: "cp857",
    14: "cp737",
    15: "iso8859-7",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    33: "cp775",
    34: "cp855",
    35: "cp861",
    36: "cp862",
    39: "iso8859-2",
    40: "iso8859-15",
    45: "cp1250",
    46: "cp1251",
    47: "cp1253",
    48: "cp1254",
    51: "cp1257",
}
SPACE_PAGE = 255

_SWITCHED = "#$@[\\]^`{|}~"
INTERNATIONAL = {
    number: str.maketrans(_SWITCHED, characters)
    for number, characters in {
        0: _SWITCHED,
        1: "#$à°ç§^`éùè¨",  # France
        2: "#$§ÄÖÜ^`äöüß",  # Germany
        3: "£$@[\\]^`{|}~",  # United Kingdom
        4: "#$@ÆØÅ^`æøå~",  # Denmark I
        5: "#¤ÉÄÖÅÜéäöåü",  # Sweden
        6: "#$@°\\é^ùàòèì",  # Italy
        7: "₧$@¡Ñ¿^`¨ñ}~",  # Spain I
        8: "#$@[¥]^`{|}~",  # Japan
        9: "#¤ÉÆØÅÜéæøåü",  # Norway
        10: "#$ÉÆØÅÜéæøåü",  # Denmark II
        11: "#$á¡Ñ¿é`íñóú",  # Spain II
        12: "#$á¡Ñ¿éüíñóú",  # Latin America
        13: "#$@[₩]^`{|}~",  # Korea
    }.items()
}

SUBSTITUTE = "?"


def single(byte: int, page: int, international: int) -> str:
    """Return the character of a byte from 20 up; "?" where the page has none."""
    if byte < 0x7F:
        return chr(byte).translate(INTERNATIONAL[international])
    if page == SPACE_PAGE:
        return " "
    if byte == 0x7F or page not in PAGES:
        return SUBSTITUTE
    character = bytes((byte,)).decode(PAGES[page], "replace")
    return character if character.isprintable() else SUBSTITUTE if character == "\ufffd" else " "


def is_lead(byte: int) -> bool:
    """Whether a byte can begin a double-byte character of GB 18030."""
    return 0x81 <= byte <= 0xFE


def double(lead: int, trail: int) -> str | None:
    """Return the double-byte character, "?" where the code is empty, None where `trail` cannot be its second byte."""
    if not 0x40 <= trail <= 0xFE or trail == 0x7F:
        return None
    character = bytes((lead, trail)).decode("gb18030", "replace")
    return character if character.isprintable() or character == "\u3000" else SUBSTITUTE
