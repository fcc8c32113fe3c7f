"""Money is integer fen; one yuan is 100 fen. Only these functions know how it is written."""

FEN_PER_YUAN = 100


def format_yuan(fen: int) -> str:
    """Return `fen` as people read it: 123456 -> "1,234.56", -5 -> "-0.05"."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{rest:02d}"


def format_amount(fen: int) -> str:
    """Return `fen` with the currency sign: 5000 -> "¥50.00"."""
    return f"¥{format_yuan(fen)}"
