"""What the panel shows, worked out from the terminal's state."""

from dataclasses import dataclass

from device_sim.panel.misfortunes import MISFORTUNES, State
from kiosk_core.money import format_amount


@dataclass(frozen=True)
class CardFace:
    """A card as it is drawn; `balance` of its purse is written out, else what it is; `number` masked or empty."""

    name: str
    title: str
    number: str
    balance: str
    on_reader: bool


@dataclass(frozen=True)
class Switch:
    """A misfortune as a switch; `heading` is not empty on the first one of its group."""

    name: str
    heading: str
    english: str
    chinese: str
    on: bool
    possible: bool


@dataclass(frozen=True)
class Sight:
    """Everything that the panel shows but its own fold and scroll.

    `to_pay` is the amount that the phone would pay, written out, and empty where there is nothing to pay.
    """

    cards: list[CardFace]
    to_pay: str
    receipts: int
    switches: list[Switch]
    bad_luck: int


def look(state: State) -> Sight:
    """Return what there is to see in a state of the terminal."""
    switches = [
        Switch(
            each.name,
            "" if before is not None and before.group == each.group else each.group,
            each.english,
            each.chinese,
            each.is_on(state),
            each.possible(state),
        )
        for before, each in zip((None, *MISFORTUNES), MISFORTUNES, strict=False)
    ]
    payable = [order["amount_fen"] for order in state["orders"] if order["payable"]]
    return Sight(
        cards=[
            CardFace(
                name,
                name.replace("_", " ").capitalize(),
                card["number"] or "",
                card["about"] if card["balance_fen"] is None else format_amount(card["balance_fen"]),
                name == state["on_reader"],
            )
            for name, card in state["cards"].items()
        ],
        to_pay=format_amount(payable[-1]) if payable else "",
        receipts=state["receipts"],
        switches=switches,
        bad_luck=sum(switch.on for switch in switches),
    )
