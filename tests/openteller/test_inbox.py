"""Work that is brought to a thread: done in its turn, or not at all."""

from concurrent.futures import Future
from threading import Event, Thread

import pytest

from openteller.inbox import Inbox, awaited
from tests.patience import PATIENCE_S


def test_what_was_asked_is_done_in_its_turn_and_told() -> None:
    inbox = Inbox()
    asked = inbox.ask(lambda: 7)
    assert inbox.do_next(0.0)
    assert awaited(asked) == 7


def test_what_had_no_turn_in_time_is_not_done_later() -> None:
    inbox, done = Inbox(), []
    asked: Future[None] = inbox.ask(lambda: done.append("late"))
    assert awaited(asked, 0.0) is None
    inbox.close()
    while inbox.do_next(0.0):
        pass
    assert done == []


def test_what_is_being_done_is_waited_for() -> None:
    inbox, begun, may_end = Inbox(), Event(), Event()

    def act() -> str:
        begun.set()
        assert may_end.wait(PATIENCE_S)
        return "done"

    asked = inbox.ask(act)
    thread = Thread(target=inbox.do_next, args=(PATIENCE_S,))
    thread.start()
    assert begun.wait(PATIENCE_S)
    told: list[str | None] = []
    waiting = Thread(target=lambda: told.append(awaited(asked, 0.0)))
    waiting.start()
    may_end.set()
    for each in (waiting, thread):
        each.join(PATIENCE_S)
    assert told == ["done"]


def test_who_asked_hears_what_went_wrong_and_the_thread_goes_on() -> None:
    inbox = Inbox()
    asked: Future[None] = inbox.ask(lambda: (_ for _ in ()).throw(ValueError("wrong")))
    assert inbox.do_next(0.0)
    with pytest.raises(ValueError, match="wrong"):
        awaited(asked)
    assert inbox.is_empty
