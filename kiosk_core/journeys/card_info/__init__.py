"""What is on my card, as a table: (step, event) -> (state, effects). It moves no money and writes no row.

A transit card lies on the top-up module; a social-security card goes into the card reader, is read and comes out at
once. Nothing of a card is kept but for as long as its page stands.
"""

from kiosk_core.journeys.card_info.table import TABLE, CardInfo, Step, advance, begin

__all__ = ["TABLE", "CardInfo", "Step", "advance", "begin"]
