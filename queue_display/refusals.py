"""Why an act is not done, as a sentence for whoever asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from kiosk_core.texts import Language, LocalText


class Why(Enum):
    """Why an act is not done."""

    NO_DAY = "no_day"
    DAY_IS_OVER = "day_is_over"
    NO_SERVICE = "no_service"
    NO_CLASS = "no_class"
    NO_TICKET = "no_ticket"
    NO_WINDOW = "no_window"
    WINDOW_OPEN = "window_open"
    TELLER_ELSEWHERE = "teller_elsewhere"
    PAUSED = "paused"
    NOT_PAUSED = "not_paused"
    BUSY = "busy"
    NOBODY_AT_WINDOW = "nobody_at_window"
    NOBODY_WAITS = "nobody_waits"
    NONE_FOR_WINDOW = "none_for_window"
    WRONG_STATE = "wrong_state"
    OUT_OF_TIME = "out_of_time"
    CANNOT_DO = "cannot_do"


_SENTENCES: Mapping[Why, LocalText] = {
    Why.NO_DAY: LocalText("今天还没有开始营业。", "The day has not been opened yet."),
    Why.DAY_IS_OVER: LocalText("{day}已经开始或已经过去。", "{day} has begun or is over already."),
    Why.NO_SERVICE: LocalText("没有“{service}”这项业务。", "There is no service {service}."),
    Why.NO_CLASS: LocalText("没有“{customer_class}”这类客户。", "There is no class of customers {customer_class}."),
    Why.NO_TICKET: LocalText("今天没有{ticket}号。", "There is no ticket {ticket} today."),
    Why.NO_WINDOW: LocalText("{window}号窗口没有人签入。", "Nobody has signed in at window {window}."),
    Why.WINDOW_OPEN: LocalText("{window}号窗口已由{teller}签入。", "{teller} is signed in at window {window}."),
    Why.TELLER_ELSEWHERE: LocalText("{teller}已在{window}号窗口签入。", "{teller} is at window {window} already."),
    Why.PAUSED: LocalText("{window}号窗口正在暂停。", "Window {window} is paused; end the pause first."),
    Why.NOT_PAUSED: LocalText("{window}号窗口没有暂停。", "Window {window} is not paused."),
    Why.BUSY: LocalText(
        "{window}号窗口正在处理{ticket}号，请先办结、过号或挂起。",
        "Window {window} has {ticket}: finish, park or mark it as a no-show first.",
    ),
    Why.NOBODY_AT_WINDOW: LocalText("{window}号窗口没有客户。", "No customer is at window {window}."),
    Why.NOBODY_WAITS: LocalText("现在没有人等候。", "Nobody is waiting."),
    Why.NONE_FOR_WINDOW: LocalText(
        "有{count}人等候，但{window}号窗口不办理他们的业务。",
        "{count} are waiting, but for nothing that window {window} does.",
    ),
    Why.WRONG_STATE: LocalText("{ticket}号{state}，不能这样做。", "{ticket} {state}; that cannot be done with it."),
    Why.OUT_OF_TIME: LocalText(
        "{ticket}号过号已超过{minutes}分钟，请重新取号。",
        "{ticket} was missed more than {minutes} minutes ago; please take a new one.",
    ),
    Why.CANNOT_DO: LocalText("{window}号窗口不办理“{service}”。", "Window {window} does not do {service}."),
}

_STATES: Mapping[str, LocalText] = {
    "waiting": LocalText("正在等候", "is waiting"),
    "called": LocalText("已被叫号", "has been called"),
    "arrived": LocalText("已到窗口", "is at a window"),
    "serving": LocalText("正在办理", "is being served"),
    "parked": LocalText("已挂起", "is parked"),
    "no_show": LocalText("已过号", "was missed"),
    "finished": LocalText("已办结", "is finished"),
    "cancelled": LocalText("已取消", "was cancelled"),
}


@dataclass(frozen=True)
class Refusal:
    """An act that is not done; nothing has changed. `values` fill the sentence."""

    why: Why
    values: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """Return the reason for whoever asked."""
        values = dict(self.values)
        if "state" in values:
            values["state"] = _STATES[values["state"]].in_language(language)
        return _SENTENCES[self.why].in_language(language).format_map(values)
