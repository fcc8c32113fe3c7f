"""An ID card that is nobody's, as it is captured: order code 000 is never given to anyone."""

from dataclasses import replace

from kiosk_core.id_document import CapturedField, CapturedSide, Crop, DocumentRisk, DocumentSide

FRONT_TEXTS = {
    "name": "甄模拟",
    "sex": "女",
    "ethnicity": "汉",
    "birth": "1990-03-07",
    "address": "北京市东城区虚构胡同1号",
    "id_number": "110101199003070003",
}
BACK_TEXTS = {"authority": "北京市公安局东城分局", "valid_from": "2026-01-01", "valid_until": "2046-01-01"}
PNG = bytes.fromhex(  # one white dot
    "89504E470D0A1A0A0000000D49484452000000010000000108000000003A7E9B550000000A49444154789C63F80F000101010018DD8DB0"
    "0000000049454E44AE426082"
)


def side(which: DocumentSide, *asked: str, risks: frozenset[DocumentRisk] = frozenset(), **texts: str) -> CapturedSide:
    """Return a side of which all is sure but `asked`; `texts` stand there instead."""
    printed = FRONT_TEXTS if which is DocumentSide.FRONT else BACK_TEXTS
    return CapturedSide(
        which,
        tuple(
            CapturedField(name, texts.get(name, text), name not in asked, crop=Crop(PNG) if name in asked else None)
            for name, text in printed.items()
        ),
        risks,
    )


def front(*asked: str, **texts: str) -> CapturedSide:
    return side(DocumentSide.FRONT, *asked, **texts)


def back(*asked: str, **texts: str) -> CapturedSide:
    return side(DocumentSide.BACK, *asked, **texts)


def risky(captured: CapturedSide, *risks: DocumentRisk) -> CapturedSide:
    return replace(captured, risks=frozenset(risks))
