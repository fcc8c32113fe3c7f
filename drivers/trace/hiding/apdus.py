"""How much of a command to a card is shown, whichever reader carries it."""

APDU_HEAD = 5  # CLA INS P1 P2 Lc


def apdu_front(apdu: bytes, length: int) -> int:
    """Return how much of a command is shown: its header; of a SELECT also the name, which names no card."""
    return length if apdu[1:2] == b"\xa4" else min(APDU_HEAD, length)
