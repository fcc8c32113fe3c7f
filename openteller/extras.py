"""Packages that only some need: they come with an extra of the distribution."""

from collections.abc import Iterator
from contextlib import contextmanager

from kiosk_core.errors import OpenTellerError


class ExtraMissing(OpenTellerError):
    """A package is not installed, and nothing can be done without it here."""


@contextmanager
def of_extra(extra: str) -> Iterator[None]:
    """Import in this block what comes with `extra`.

    Raises:
        ExtraMissing: it is not installed; the text says how to.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"the package {error.name} is missing; install what this needs with: pip install openteller[{extra}]"
        ) from None
