"""How a journey's table is applied: an event in a step leads on, means nothing there, or ought not to have come."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from kiosk_core.journeys import events as ev
from kiosk_core.journeys.effects import Effect

S = TypeVar("S")
StepT = TypeVar("StepT", bound=Enum)


def follow(
    table: Mapping[tuple[StepT, type[ev.Event]], Callable[[S, Any], tuple[S, tuple[Effect, ...]]]],
    step: StepT,
    s: S,
    event: ev.Event,
) -> tuple[S, tuple[Effect, ...]]:
    """Return what follows from `event` for `s`, which stands in `step`; in a step ENDED nothing does.

    Touches, timers and card movements that mean nothing in this step are ignored, so a second tap does nothing.

    Raises:
        UnexpectedEvent: an answer to a question that this step did not ask.
    """
    transition = table.get((step, type(event)))
    if transition is not None:
        return transition(s, event)
    if isinstance(event, ev.Unasked) or step.name == "ENDED":
        return s, ()
    raise ev.UnexpectedEvent(f"{type(event).__name__} in step {step.value}")


def ignore(s: S, _: ev.Event) -> tuple[S, tuple[Effect, ...]]:
    """Take what may be late in this step, and means nothing."""
    return s, ()
