"""What a receipt can hold: barcodes are checked when they are made, not when they are printed."""

import pytest

from kiosk_core.receipt import Barcode, Symbology, check_digit


@pytest.mark.parametrize(
    ("number", "digit"),
    [
        ("400638133393", "1"),  # EAN-13 4006381333931
        ("7351353", "7"),  # EAN-8 73513537
        ("03600029145", "2"),  # UPC-A 036000291452
        ("04210000526", "4"),  # UPC-A 042100005264, as UPC-E 04252614
        ("00000000000", "0"),
    ],
)
def test_reckons_the_check_digit(number: str, digit: str) -> None:
    assert check_digit(number) == digit


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.EAN13, "4006381333931"),
        (Symbology.EAN13, "400638133393"),
        (Symbology.EAN8, "73513537"),
        (Symbology.UPC_A, "036000291452"),
        (Symbology.UPC_E, "042100005264"),
        (Symbology.UPC_E, "01200000345"),
        (Symbology.UPC_E, "01230000045"),
        (Symbology.UPC_E, "01234000005"),
        (Symbology.UPC_E, "01234500005"),
        (Symbology.CODE39, "A-1 $"),
        (Symbology.ITF, "1234"),
        (Symbology.CODABAR, "A123B"),
        (Symbology.CODE93, "a~"),
        (Symbology.CODE128, "T0001-{42}"),
    ],
)
def test_takes_what_the_symbology_can_hold(symbology: Symbology, data: str) -> None:
    assert Barcode(symbology, data).modules > 0


@pytest.mark.parametrize(
    ("symbology", "data", "why"),
    [
        (Symbology.EAN13, "4006381333932", "check digit of a EAN-13 barcode is 2, not 1"),
        (Symbology.EAN13, "40063813339", "12 or 13 digits"),
        (Symbology.EAN13, "40063813339a", "12 or 13 digits"),
        (Symbology.EAN13, "４００６３８１３３３９３", "12 or 13 digits"),
        (Symbology.EAN8, "73513530", "check digit"),
        (Symbology.UPC_A, "036000291453", "check digit"),
        (Symbology.UPC_E, "12345600005", "shorten"),  # system 1
        (Symbology.UPC_E, "01234567895", "shorten|check"),
        (Symbology.UPC_E, "01234500001", "shorten"),
        (Symbology.CODE39, "a", "capitals"),
        (Symbology.CODE39, "*A*", "capitals"),  # the printer adds the asterisks
        (Symbology.ITF, "123", "even number"),
        (Symbology.CODABAR, "123", "between two"),
        (Symbology.CODE93, "\n", "printable ASCII"),
        (Symbology.CODE128, "", "printable ASCII"),
        (Symbology.CODE128, "\x10\x04\x01", "printable ASCII"),
        (Symbology.CODE128, "啊", "printable ASCII"),
    ],
)
def test_refuses_what_it_cannot(symbology: Symbology, data: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Barcode(symbology, data)
