"""A card number that cannot slip into a log: its text form is masked (PCI DSS 3.4: first six and last four)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CardNumber:
    """The number of a bank or transit card.

    `str`, `repr` and format show it masked; only `reveal` gives the digits, for the wire and for tokens.

    Raises:
        ValueError: the digits are not 12 to 20 decimal digits.
    """

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        if not (self.digits.isascii() and self.digits.isdigit() and 12 <= len(self.digits) <= 20):
            raise ValueError("a card number has 12 to 20 decimal digits")

    @property
    def masked(self) -> str:
        """The number with all but the first six and last four digits starred."""
        return f"{self.digits[:6]}{'*' * (len(self.digits) - 10)}{self.digits[-4:]}"

    def reveal(self) -> str:
        """Return all digits. Only for the wire to card or host, and for the keyed token of the journal."""
        return self.digits

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CardNumber({self.masked})"
