"""The calls as the lobby sees them, however they are heard."""

from queue_display.board.lobby_calls import FRESH_S, LobbyCalls
from queue_display.listening.heard import Alive, Happened
from tests.queue_display.board.samples import NOW, board, called


def tickets(calls: LobbyCalls) -> list[tuple[str, str]]:
    return [(call.ticket, call.window) for call in calls.rows]


def test_it_shows_the_board_and_then_each_call_as_it_comes() -> None:
    calls = LobbyCalls()
    assert calls.begin(board((("A002", "1"), ("A001", "2")))) == ()
    (fresh,) = calls.hear(called(101, "A003", "2"))
    assert (fresh.ticket, fresh.window, fresh.again) == ("A003", "2", False)
    assert tickets(calls) == [("A003", "2"), ("A002", "1"), ("A001", "2")]


def test_a_recalled_ticket_moves_up_and_has_one_line() -> None:
    calls = LobbyCalls()
    calls.begin(board((("A002", "1"), ("A001", "2"))))
    (fresh,) = calls.hear(Happened(101, NOW, "Recalled", "A001"))
    assert fresh.again
    assert tickets(calls) == [("A001", "2"), ("A002", "1")]


def test_a_recall_of_a_call_that_is_long_gone_comes_with_the_next_board() -> None:
    calls = LobbyCalls()
    calls.begin(board((("A002", "1"),)))
    assert calls.hear(Happened(101, NOW, "Recalled", "A001")) == ()
    (fresh,) = calls.take(board((("A001", "7"), ("A002", "1")), entry=102, ago_s=0))
    assert fresh.ticket == "A001"
    assert tickets(calls) == [("A001", "7"), ("A002", "1")]


def test_what_was_missed_is_shown_but_only_what_is_fresh_is_told() -> None:
    calls = LobbyCalls()
    calls.begin(board((("A001", "2"),), entry=90))
    missed = (("A004", "1"), ("A003", "4"), ("A002", "3"), ("A001", "2"))  # 40 s apart
    assert [call.ticket for call in calls.begin(board(missed, ago_s=FRESH_S - 1))] == ["A004"]
    assert tickets(calls) == list(missed)


def test_nothing_is_told_twice() -> None:
    calls = LobbyCalls()
    assert len(calls.begin(board((("A001", "2"),), ago_s=0))) == 1
    assert calls.take(board((("A001", "2"),), ago_s=1)) == ()
    assert calls.hear(called(100, "A001", "2")) == ()
    calls.hear(called(101, "A002", "1"))
    assert calls.take(board((("A002", "1"), ("A001", "2")), entry=101, ago_s=0)) == ()


def test_an_answer_that_was_overtaken_takes_no_call_back() -> None:
    calls = LobbyCalls()
    calls.begin(board((("A001", "2"),)))
    calls.hear(called(101, "A002", "1"))
    calls.take(board((("A001", "2"),), entry=100))
    assert tickets(calls) == [("A002", "1"), ("A001", "2")]


def test_another_log_begins_anew_and_so_does_a_day() -> None:
    calls = LobbyCalls()
    calls.begin(board())
    calls.begin(board((("A001", "1"),), entry=3))
    assert tickets(calls) == [("A001", "1")]
    calls.hear(Happened(4, NOW, "DayOpened"))
    assert tickets(calls) == []
    calls.hear(called(5, "A001", "9"))
    assert tickets(calls) == [("A001", "9")]


def test_the_time_is_the_branchs_and_never_goes_back_while_it_follows() -> None:
    calls = LobbyCalls()
    calls.begin(board(at=NOW))
    calls.hear(Alive(100, NOW + 120))  # a branch that runs sixty times as fast
    calls.hear(called(101, "A002", "1", NOW + 119))
    assert calls.now == NOW + 120
