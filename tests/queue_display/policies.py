"""Policies for tests."""

from collections.abc import Mapping

from kiosk_core.texts import LocalText
from queue_display.policy import CustomerClass, Policy, Rule, ServiceQueue

TITLE = LocalText("名", "name")


def service(series: str, target_min: float = 5.0, expected_min: float = 5.0) -> ServiceQueue:
    return ServiceQueue(TITLE, series, target_min, expected_min)


def customers(
    *, layer: int = 1, weight: float = 1.0, target_min: float | None = None, cap_min: float | None = None
) -> CustomerClass:
    return CustomerClass(TITLE, layer, weight, target_min, cap_min)


def branch_policy(rule: Rule = Rule.ACCUMULATING, **others: Mapping[str, object]) -> Policy:
    """The policy that comes with the program, near enough."""
    return Policy(
        service={"simple": service("A", 2, 3), "complex": service("B", 15, 10), "corporate": service("C", 10, 8)},
        customer_class={
            "green": customers(layer=0),
            "vip": customers(target_min=5, cap_min=30, weight=1.5),
            "ordinary": customers(cap_min=45),
        },
        rule=rule,
        **others,  # type: ignore[arg-type]
    )
