"""The issuer's command that gives a simulated purse another last day: UPDATE BINARY of file 15, sealed for a challenge.

04 D6 95 18 08, the day (BCD, 4 bytes, at byte 24 of file 15: facts/purse-load.md 1.1), MAC (4 bytes). Public is that
file 15 is written under a key of the issuer's with a MAC over the card's challenge (docs/sources.md); key, layout and
where the MAC begins are the simulator's own, shared by its cards and its host: the real rule is each issuer's secret.
"""

import hmac

from device_sim import card_crypto
from device_sim.cards.chip import RefusedCommand
from wire.apdu import CommandApdu
from wire.purse import StatusWord

CLA = 0x04
_HEAD = bytes.fromhex("04D69518 08")
_MAC_BYTES = 4
_CHALLENGE_BYTES = 8


def update_key(master_key: bytes, factor: bytes) -> bytes:
    """Return a card's key for it (16 bytes), from the issuer's load master key and the card's factor."""
    return card_crypto.diversify(card_crypto.diversify(master_key, b"FILE0015"), factor)


def extension(key: bytes, challenge: bytes, end: str) -> bytes:
    """Return the command that writes `end` (YYYYMMDD) to the card with this key that gave this challenge (8 bytes)."""
    body = _HEAD + bytes.fromhex(end)
    return body + card_crypto.sealing_mac(key, challenge, body)


def new_end(asked: CommandApdu, key: bytes, challenge: bytes) -> str:
    """Return the day that the command writes.

    Raises:
        RefusedCommand: it is another command (6D00, 6A86, 6700), has no MAC (6987), there is no challenge of 8 bytes
            (6984), or its MAC is not made with this key for this challenge (6988).
    """
    if asked.ins != _HEAD[1]:
        raise RefusedCommand(StatusWord.UNKNOWN_INS)
    if (asked.p1, asked.p2) != (_HEAD[2], _HEAD[3]):
        raise RefusedCommand(StatusWord.WRONG_P1P2)
    if len(asked.data) == _HEAD[4] - _MAC_BYTES:
        raise RefusedCommand(StatusWord.MAC_MISSING)
    if len(asked.data) != _HEAD[4]:
        raise RefusedCommand(StatusWord.WRONG_LENGTH)
    if len(challenge) != _CHALLENGE_BYTES:
        raise RefusedCommand(StatusWord.RANDOM_INVALID)
    end, mac = asked.data[:-_MAC_BYTES], asked.data[-_MAC_BYTES:]
    if not hmac.compare_digest(card_crypto.sealing_mac(key, challenge, _HEAD + end), mac):
        raise RefusedCommand(StatusWord.MAC_WRONG)
    return end.hex()
