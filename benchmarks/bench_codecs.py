"""What a page costs on its way to the screen, and a receipt on its way to the printer."""

from benchmarks.measure import Figure, side_by_side
from drivers.receipt_layout import PAPER_80_MM, compose
from kiosk_core.pages import CardView, KeypadPage, ShowPage
from kiosk_core.protocol import decode_from_core, encode
from kiosk_core.receipt import Bitmap, Pair, QrCode, Receipt, TextLine
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
LOGO = Bitmap(576, bytes(range(256)) * 56 + bytes(64))
LINES = tuple(
    TextLine("充值成功，请妥善保管本凭条，如有疑问请联系大堂经理") if i % 2 else Pair("充值后余额", "¥73.50")
    for i in range(40)
)
RECEIPT = Receipt((LOGO, *LINES, QrCode("OT000001-26112200001")))


def run() -> list[Figure]:
    """Return page and receipt."""
    return side_by_side(
        {
            "a page to the screen and back": lambda: decode_from_core(encode(PAGE)),
            "a receipt: 576 x 200 logo, 40 Chinese lines, QR": lambda: b"".join(compose(RECEIPT, PAPER_80_MM)),
        },
        repeat=40,
    )
