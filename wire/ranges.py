"""Parameters that must lie in a range before they become bytes."""

from wire.errors import WireError


def within(value: int, low: int, high: int, what: str) -> int:
    """Return `value`; raises WireError, naming `what`, unless it is `low` to `high`."""
    if not low <= value <= high:
        raise WireError(f"{what} is {value}, not {low} to {high}")
    return value
