"""What the screen says while a card is laid down: the right thing, and never faster than it can be read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_core.id_document import DocumentSide, Hint
from ocr.hints import STANDS_S, HintBoard, hint, lies_still
from ocr.id_card import Document, Risk, Unreadable
from tests.ocr.read_cards import back, front, square

times = st.lists(st.tuples(st.floats(0, 2), st.sampled_from(list(Hint))), max_size=60)


@given(times)
def test_no_hint_stands_for_less_time_than_it_takes_to_read_it(calls: list[tuple[float, Hint]]) -> None:
    board, now = HintBoard(Hint.LAY_DOWN, 0.0), 0.0
    shown, since = board.shown, 0.0
    for pause, called in calls:
        now += pause
        if board.call(called, now) is not shown:
            assert now - since >= STANDS_S
            shown, since = board.shown, now


@given(times, st.sampled_from(list(Hint)))
def test_what_pictures_go_on_to_call_for_is_said(before: list[tuple[float, Hint]], called: Hint) -> None:
    board, now = HintBoard(Hint.LAY_DOWN, 0.0), 0.0
    for pause, each in before:
        now += pause
        board.call(each, now)
    for _ in range(10):
        now += 0.2
        board.call(called, now)
    assert board.shown is called


def test_one_picture_among_many_changes_nothing() -> None:
    board = HintBoard(Hint.READING, 0.0)
    said = {board.call(Hint.GLARE if number == 6 else Hint.READING, number * 0.2) for number in range(12)}
    assert said == {Hint.READING}


@pytest.mark.parametrize(
    ("risks", "told"),
    [
        ((), Hint.READING),
        ((Risk.GLARE,), Hint.GLARE),
        ((Risk.OCCLUDED,), Hint.UNCOVER),
        ((Risk.BLURRED,), Hint.HOLD_STILL),
        ((Risk.EDGE_MISSING, Risk.OCCLUDED), Hint.WHOLE_CARD),
        ((Risk.SCREEN, Risk.BLURRED), Hint.ORIGINAL),
        ((Risk.PHOTOCOPY,), Hint.ORIGINAL),
        ((Risk.EXPIRED, Risk.EDITED, Risk.NUMBER_DISAGREES), Hint.READING),  # nothing that moving the card mends
    ],
)
def test_a_picture_calls_for_what_helps_it(risks: tuple[Risk, ...], told: Hint) -> None:
    assert hint(DocumentSide.FRONT, front(risks=risks), still=True) is told


def test_the_other_side_is_to_be_turned_over() -> None:
    assert hint(DocumentSide.BACK, front(risks=(Risk.GLARE,)), still=False) is Hint.TURN_OVER
    assert hint(DocumentSide.FRONT, back(), still=True) is Hint.TURN_OVER


def test_without_a_card_or_with_another_document_one_is_asked_for() -> None:
    assert hint(DocumentSide.FRONT, Unreadable.NO_CARD, still=False) is Hint.LAY_DOWN
    assert hint(DocumentSide.FRONT, Unreadable.BLURRED, still=False) is Hint.HOLD_STILL
    other = replace(front(), side=Document("bank_card", "front", {}))
    assert hint(DocumentSide.FRONT, other, still=True) is Hint.LAY_DOWN


def test_a_card_that_moves_is_to_be_held_still_but_a_cut_one_moved() -> None:
    assert hint(DocumentSide.FRONT, front(), still=False) is Hint.HOLD_STILL
    assert hint(DocumentSide.FRONT, front(risks=(Risk.EDGE_MISSING,)), still=False) is Hint.WHOLE_CARD


def test_a_card_far_away_is_to_come_closer_and_a_dark_one_to_light() -> None:
    assert hint(DocumentSide.FRONT, front(corners=square(300)), still=True) is Hint.CLOSER
    assert hint(DocumentSide.FRONT, front(exposure=0.1), still=True) is Hint.LIGHT


def test_a_card_lies_still_where_it_moves_less_than_outlines_are_uncertain() -> None:
    assert lies_still(square(800), square(800, at=8))
    assert not lies_still(square(800), square(800, at=20))
    assert lies_still(None, square(800))
