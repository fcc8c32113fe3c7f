"""When to come back, as a server says it in Retry-After (RFC 9110, 10.2.3)."""

import re


def retry_after_s(said: str | None) -> float:
    """Return in how many seconds to ask again; 0: nothing is said, or a date, which needs two clocks that agree."""
    return float(said) if said is not None and re.fullmatch("[0-9]{1,8}", said) else 0.0
