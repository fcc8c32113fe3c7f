"""Tables for Excel: RFC 4180, UTF-8 with a byte order mark."""

import csv
import io
from collections.abc import Iterable, Sequence

from kiosk_core.texts import Language, LocalText

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(headings: Sequence[LocalText], rows: Iterable[Sequence[str]], language: Language) -> str:
    """Return a table."""
    text = io.StringIO()
    text.write("\ufeff")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(each.in_language(language) for each in headings)
    table.writerows(rows)
    return text.getvalue()


def harmless(text: str) -> str:
    """Return a text that a spreadsheet takes for no formula (OWASP, CSV Injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
