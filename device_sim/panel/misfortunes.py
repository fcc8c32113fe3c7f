"""The misfortunes that the panel offers: their names, how the state shows them, how they begin and end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from device_sim.terminal import PRINTER, READER, SimulatedTerminal
from device_sim.unit import UNPLUG

State = Mapping[str, Any]
"""What `SimulatedTerminal.state` returns."""

Turn = Callable[[SimulatedTerminal, bool], None]


@dataclass(frozen=True)
class Misfortune:
    """Something that goes wrong while it is on; `possible` is False where there is nothing that it could befall."""

    name: str
    group: str
    english: str
    chinese: str
    is_on: Callable[[State], bool]
    turn: Turn
    possible: Callable[[State], bool] = lambda _: True


def _fault(device: str, fault: str) -> tuple[Callable[[State], bool], Turn]:
    def turn(terminal: SimulatedTerminal, on: bool) -> None:
        if on:
            terminal.strike(device, fault)
        else:
            terminal.mend(device, fault)

    return lambda state: fault in state["faults"][device], turn


def _bank(fault: Literal["silent", "loses_answers"]) -> tuple[Callable[[State], bool], Turn]:
    def turn(terminal: SimulatedTerminal, on: bool) -> None:
        match fault:
            case "silent":
                terminal.set_bank(silent=on)
            case "loses_answers":
                terminal.set_bank(loses_answers=on)

    return lambda state: bool(state["bank"][fault]), turn


def _tear(
    when: Literal["before_commit", "after_commit"],
) -> tuple[Callable[[State], bool], Turn, Callable[[State], bool]]:
    def is_on(state: State) -> bool:
        here = state["on_reader"]
        return here is not None and state["cards"][here]["tears"] == when

    return (
        is_on,
        lambda terminal, on: terminal.tear_card(when if on else "never"),
        lambda state: state["on_reader"] is not None,
    )


_CARD, _PAPER, _LINE = "Card and reader 卡与读卡器", "Receipt printer 凭条打印机", "Bank 银行"

MISFORTUNES = (
    Misfortune("tear_before", _CARD, "Card torn out before the credit", "写卡前卡被拿走", *_tear("before_commit")),
    Misfortune("tear_after", _CARD, "Card torn out after the credit", "写卡后卡被拿走", *_tear("after_commit")),
    Misfortune("reader_unplugged", _CARD, "Reader unplugged", "读卡器断开", *_fault(READER, UNPLUG)),
    Misfortune("paper_out", _PAPER, "Paper out", "缺纸", *_fault(PRINTER, "paper_out")),
    Misfortune("cover_open", _PAPER, "Cover open", "上盖打开", *_fault(PRINTER, "cover_open")),
    Misfortune("cutter_stuck", _PAPER, "Cutter stuck", "切刀卡住", *_fault(PRINTER, "cutter_stuck")),
    Misfortune("printer_unplugged", _PAPER, "Printer unplugged", "打印机断开", *_fault(PRINTER, UNPLUG)),
    Misfortune("bank_silent", _LINE, "Bank is silent", "银行无响应", *_bank("silent")),
    Misfortune("bank_loses_answers", _LINE, "Bank's answers get lost", "银行应答丢失", *_bank("loses_answers")),
)
