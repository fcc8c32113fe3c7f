"""What a page costs on its way from core to screen."""

from benchmarks.measure import Figure, side_by_side
from kiosk_core.pages import CardView, KeypadPage
from kiosk_core.protocol import decode_from_core, encode
from kiosk_core.screen_messages import ShowPage
from kiosk_core.texts import Words

PAGE = ShowPage(
    number=7,
    page=KeypadPage(
        title=Words("top_up.amount.title"),
        card=CardView(masked_number="310487*********5678", balance_fen=2_350),
        presets_fen=(2_000, 5_000, 10_000, 20_000, 30_000, 50_000),
        min_fen=1_000,
        max_fen=50_000,
        step_fen=1_000,
    ),
)


def run() -> list[Figure]:
    """Return one page, encoded and decoded."""
    return side_by_side({"a keypad page to the screen and back": lambda: decode_from_core(encode(PAGE))}, repeat=300)
