"""Why a ticket was called, as one sentence for the teller and the log."""

from collections.abc import Mapping

from kiosk_core.texts import Language, LocalText
from queue_display.dispatch import Because, Reason
from queue_display.policy import Rule

_SENTENCES: Mapping[Because, LocalText] = {
    Because.ALONE: LocalText("本窗口只有这一位在等候：已等{waited}。", "Nobody else waits here: waited {waited}."),
    Because.SENIOR: LocalText("等候时间最长：已等{waited}。", "Has waited longest: {waited}."),
    Because.GREEN: LocalText(
        "先于{over}号：绿色通道优先（已等{waited}，{over}号已等{over_waited}）。",
        "Called before {over}: the green channel goes first (waited {waited}, {over} {over_waited}).",
    ),
    Because.CAP: LocalText(
        "先于{over}号：已等{waited}，超过上限{target}（{over}号已等{over_waited}）。",
        "Called before {over}: waited {waited}, more than the limit of {target} ({over} {over_waited}).",
    ),
    Because.WINDOW: LocalText(
        "先于{over}号：本窗口优先办理此类客户（已等{waited}，{over}号已等{over_waited}）。",
        "Called before {over}: this window calls this class first (waited {waited}, {over} {over_waited}).",
    ),
    Because.LAYER: LocalText(
        "先于{over}号：此类客户优先（已等{waited}，{over}号已等{over_waited}）。",
        "Called before {over}: this class goes first (waited {waited}, {over} {over_waited}).",
    ),
    Because.BY_HAND: LocalText("由柜员指定叫号（已等{waited}）。", "Called by its number (waited {waited})."),
    Because.WENT_ON: LocalText("同一客户的下一项业务。", "The next service of the same customer."),
}

_SHARE = LocalText(
    "先于{over}号：已等{waited}，目标{target}，紧迫度{credit}（{over}号：{over_waited}，目标{over_target}，{over_credit}）。",
    "Called before {over}: waited {waited}, target {target}, urgency {credit} "
    "({over}: {over_waited}, target {over_target}, {over_credit}).",
)
_DUE = LocalText(
    "先于{over}号：已等{waited}，目标{target}，更早到期（{over}号：{over_waited}，目标{over_target}）。",
    "Called before {over}: waited {waited}, target {target}, which ends sooner "
    "({over}: {over_waited}, target {over_target}).",
)
_MINUTES = LocalText("{minutes}分钟", "{minutes} min")


def reason_sentence(reason: Reason, rule: Rule, language: Language) -> str:
    """Return the sentence; `rule` is that of the policy by which the call was made."""
    text = _SENTENCES.get(reason.because) or (_DUE if rule is Rule.DUE else _SHARE)
    minutes = _MINUTES.in_language(language)
    times = {
        name: minutes.format(minutes=int(max(0.0, seconds) // 60) or "<1")
        for name, seconds in (
            ("waited", reason.waited),
            ("target", reason.target),
            ("over_waited", reason.over_waited),
            ("over_target", reason.over_target),
        )
    }
    shares = {"credit": f"{reason.credit:.0%}", "over_credit": f"{reason.over_credit:.0%}"}
    return text.in_language(language).format(over=reason.over, **times, **shares)
