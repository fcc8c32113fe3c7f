"""Queues in ciw (https://ciw.readthedocs.io), which nobody of us wrote: reads what to run as JSON, prints what came.

Run by .venv-ciw, for ciw brings a package "tests" of its own; nothing of ours is imported here.
"""

import json
import math
import sys
from typing import Any

import ciw


class OfCustomer(ciw.dists.Distribution):
    """A time that each customer brings with him, by the moment of his arrival."""

    def __init__(self, by_arrival: dict[str, float], of_individual: bool) -> None:
        self.by_arrival = by_arrival
        self.of_individual = of_individual

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        return self.by_arrival[f"{ind.arrival_date if self.of_individual else t:.3f}"]


def network(asked: dict[str, Any], arrivals: dict[str, Any], service: Any, patience: Any) -> Any:
    classes = list(arrivals)
    options: dict[str, Any] = {
        "number_of_servers": [asked["windows"]],
        "arrival_distributions": {name: [arrivals[name]] for name in classes},
        "service_distributions": {name: [service] for name in classes},
    }
    if asked["rule"] == "strict":
        options["priority_classes"] = {name: place for place, name in enumerate(classes)}
    if asked["rule"] == "accumulating":
        weights = asked["weights"]

        def longest(individuals: list[Any], now: float) -> Any:
            return max(individuals, key=lambda each: weights[each.customer_class] * (now - each.arrival_date))

        options["service_disciplines"] = [longest]
    if patience is not None:
        options["reneging_time_distributions"] = {name: [patience] for name in classes}
    return ciw.create_network(**options)


def same_customers(asked: dict[str, Any]) -> list[list[float | str | bool]]:
    """Return [arrival, wait, gave up] of customers who are given one by one, by arrival."""
    arrivals = {}
    for name, times in asked["arrivals"].items():
        gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
        arrivals[name] = ciw.dists.Sequential([*gaps, math.inf])
    patience = OfCustomer(asked["patience"], of_individual=False) if "patience" in asked else None
    made = network(asked, arrivals, OfCustomer(asked["service"], of_individual=True), patience)
    simulation = ciw.Simulation(made)
    simulation.simulate_until_max_time(asked["until"])
    records = simulation.get_all_records()
    return sorted([each.arrival_date, each.waiting_time, each.record_type == "renege"] for each in records)


def own_customers(asked: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return a run of customers whom ciw draws: means by class, what they drew, and of those who may give up more."""
    ciw.seed(seed)
    arrivals = {name: ciw.dists.Exponential(rate) for name, rate in asked["arrivals"].items()}
    patience = ciw.dists.Exponential(1 / asked["patience_s"]) if "patience_s" in asked else None
    simulation = ciw.Simulation(network(asked, arrivals, ciw.dists.Exponential(1 / asked["service_s"]), patience))
    simulation.simulate_until_max_time(asked["until"])
    records = simulation.get_all_records()
    counted = [each for each in records if each.arrival_date > asked["from"]]
    waits = {name: [each.waiting_time for each in counted if each.customer_class == name] for name in arrivals}
    served = [each.service_time for each in records if each.record_type == "service"]
    return {
        "means": {name: sum(each) / len(each) for name, each in waits.items()},
        "load": math.fsum(served) / asked["windows"] / asked["until"],
        "gave_up": sum(each.record_type == "renege" for each in counted) / len(counted),
        "wait": math.fsum(each.waiting_time for each in counted) / len(counted),
        "waited": sum(each.waiting_time > 0 for each in counted) / len(counted),
    }


def main() -> None:
    asked = json.load(sys.stdin)
    if "seeds" in asked:
        json.dump([own_customers(asked, seed) for seed in asked["seeds"]], sys.stdout)
    else:
        json.dump(same_customers(asked), sys.stdout)


if __name__ == "__main__":
    main()
