"""What follows from the acts by which tellers open, pause and close windows; a part of `queue_display.deciding`."""

from queue_display.acts import EndBreak, SignIn, SignOut, Staffing
from queue_display.branch import Branch, Window
from queue_display.events import BreakBegan, BreakEnded, Event, TellerSignedIn, TellerSignedOut, Transferred
from queue_display.policy import Policy
from queue_display.refusals import Refusal, Why


def decide_staffing(branch: Branch, policy: Policy, act: Staffing) -> tuple[Event, ...] | Refusal:
    """Return what follows from the act of a teller who opens, closes or pauses a window."""
    if isinstance(act, SignIn):
        return _sign_in(branch, policy, act)
    window = branch.windows.get(act.window)
    if window is None:
        return Refusal(Why.NO_WINDOW, {"window": act.window})
    if isinstance(act, EndBreak):
        return (BreakEnded(act.window),) if window.pause else Refusal(Why.NOT_PAUSED, {"window": act.window})
    if window.ticket:
        return busy(window)
    if isinstance(act, SignOut):
        bound = [head for line, heads in branch.lines.items() if line.window == act.window for head in heads]
        freed = (Transferred(head.number, head.line.service) for head in sorted(bound))
        return (*freed, TellerSignedOut(act.window))
    if window.pause:
        return Refusal(Why.PAUSED, {"window": act.window})
    return (BreakBegan(act.window, act.reason),)


def _sign_in(branch: Branch, policy: Policy, act: SignIn) -> tuple[Event, ...] | Refusal:
    there = branch.windows.get(act.window)
    if there is not None:
        return Refusal(Why.WINDOW_OPEN, {"window": act.window, "teller": there.teller})
    elsewhere = next((window for window in branch.windows.values() if window.teller == act.teller), None)
    if elsewhere is not None:
        return Refusal(Why.TELLER_ELSEWHERE, {"window": elsewhere.name, "teller": act.teller})
    skills = policy.teller[act.teller].services if act.teller in policy.teller else ()
    return (TellerSignedIn(act.window, act.teller, skills),)


def busy(window: Window) -> Refusal:
    """Return why a window that has somebody cannot do it."""
    return Refusal(Why.BUSY, {"window": window.name, "ticket": window.ticket})
