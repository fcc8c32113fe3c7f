"""What the panel shows, worked out from the terminal's state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from device_sim.devices import BARCODE_SCANNER, CAMERA, CARD_READER, ID_CARD_READER, READER
from device_sim.documents import DOCUMENTS
from device_sim.panel.switches import BANK, State, SwitchGroup, card_at, switch_groups, troubles
from device_sim.panel.texts import Text, device_text, document_text, id_card_text, sample_codes, spoken
from device_sim.sdt_reader import ID_CARDS
from kiosk_core.money import format_amount

_AT_THE_GATE = frozenset({"gate", "front", "front_held"})  # where a card sticks out, by device_sim.terminal's state
NOTHING, STRANGER = -1, -2


@dataclass(frozen=True)
class CardFace:
    """A card as it is drawn; `balance` of its purse is written out, else what it is; `number` masked or empty.

    `place` is the device that it is at, "bin", or empty for the hand.
    """

    name: str
    title: str
    number: str
    balance: str
    place: str


@dataclass(frozen=True)
class DeviceFace:
    """A device as it is drawn; `card` is the index of the card at it, NOTHING, or STRANGER for one of nobody's.

    `at_gate`: the card sticks out. `awake`: it waits for a person. `captured` cards are in its bin, -1: it has none.
    """

    name: str
    english: str
    chinese: str
    said: str
    troubles: int
    card: int = NOTHING
    at_gate: bool = False
    awake: bool = False
    captured: int = NOTHING


@dataclass(frozen=True)
class Choice:
    """Something to lay or hold before a device; `here`: it is."""

    name: str
    english: str
    chinese: str
    here: bool = False


@dataclass(frozen=True)
class Order:
    """A line of the bank's books."""

    number: str
    amount: str
    english: str
    chinese: str


@dataclass(frozen=True)
class Sight:
    """Everything that the panel shows but its paper, its bytes and how it is scrolled.

    `to_pay` is the amount that the phone would pay, written out, and empty where there is nothing to pay. `chosen` is
    the device whose `groups` of switches are shown, empty for none.
    """

    devices: list[DeviceFace]
    cards: list[CardFace]
    to_pay: str
    receipts: int
    troubles: int
    chosen: str = ""
    groups: list[SwitchGroup] = field(default_factory=list)
    id_cards: list[Choice] = field(default_factory=list)
    documents: list[Choice] = field(default_factory=list)
    codes: list[Choice] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def look(state: State, faults: Mapping[str, Sequence[str]], chosen: str = "") -> Sight:
    """Return what there is to see in a state of the terminal, whose units know `faults`."""
    devices = [*(_device(state, name) for name in faults), _device(state, BANK)]
    payable = [order["amount_fen"] for order in state["orders"] if order["payable"]]
    return Sight(
        devices=devices,
        cards=[
            CardFace(
                name,
                spoken(name),
                card["number"] or "",
                card["about"] if card["balance_fen"] is None else format_amount(card["balance_fen"]),
                "" if card["place"] == "hand" else card["place"],
            )
            for name, card in state["cards"].items()
        ],
        to_pay=format_amount(payable[-1]) if payable else "",
        receipts=state["receipts"],
        troubles=sum(device.troubles for device in devices),
        chosen=chosen,
        groups=switch_groups(state, chosen, faults.get(chosen, ())) if chosen else [],
        id_cards=_id_cards(state) if chosen == ID_CARD_READER else [],
        documents=_documents(state) if chosen == CAMERA else [],
        codes=[_choice(code, text) for code, text in sample_codes().items()] if chosen == BARCODE_SCANNER else [],
        orders=[_order(each) for each in reversed(state["orders"])][:20] if chosen == BANK else [],
    )


def _device(state: State, name: str) -> DeviceFace:
    text = device_text(name)
    own = state["devices"].get(name, {})
    card, at_gate, awake, said = NOTHING, False, False, ""
    match name:
        case "top_up_module" | "card_reader":
            here = card_at(state, name)
            card = list(state["cards"]).index(here) if here else STRANGER if own.get("occupied") else NOTHING
            at_gate = own.get("position") in _AT_THE_GATE
            said = "" if card == NOTHING else "card at the gate 卡在卡口" if at_gate else _CARD_THERE[name]
        case "id_card_reader":
            if own["card"]:
                whose = id_card_text(own["card"])
                card, said = 0, f"{whose.english} {whose.chinese}"
        case "pin_pad":
            awake = own["waits_for"] is not None
            said = {"pin": "waits for a PIN 等待密码", "key": "waits for a key 等待按键"}.get(own["waits_for"], "")
        case "barcode_scanner":
            awake = own["light"]
            said = "looks for a code 正在扫码" if awake else "dark 未亮"
        case "camera":
            card = 0 if own["document"] else NOTHING
            said = "sees a document 有证件" if own["document"] else ""
    return DeviceFace(
        name,
        text.english,
        text.chinese,
        said,
        troubles(state, name),
        card,
        at_gate,
        awake,
        own.get("captured", NOTHING),
    )


_CARD_THERE = {READER: "a card lies on it 卡已放上", CARD_READER: "a card is inside 卡在机内"}


def _id_cards(state: State) -> list[Choice]:
    here = state["devices"][ID_CARD_READER]["card"]
    return [_choice(name, id_card_text(name), here=name == here) for name in ID_CARDS]


def _documents(state: State) -> list[Choice]:
    here = state["devices"][CAMERA]["document"]
    return [_choice(name, document_text(name), here=name == here) for name in DOCUMENTS]


def _choice(name: str, text: Text, *, here: bool = False) -> Choice:
    return Choice(name, text.english, text.chinese, here)


def _order(entry: Mapping[str, object]) -> Order:
    how = (
        Text("refunded", "已退款")
        if entry["refunded_fen"]
        else Text("reversed", "已冲正")
        if entry["reversed"]
        else Text("loaded", "已充值")
        if entry["loaded"]
        else Text("paid", "已支付")
        if entry["paid"]
        else Text("open", "待支付")
        if entry["payable"]
        else Text("closed", "已关闭")
    )
    amount = entry["amount_fen"]
    assert isinstance(amount, int)  # noqa: S101  (the books' own)
    return Order(str(entry["order"]), format_amount(amount), how.english, how.chinese)
