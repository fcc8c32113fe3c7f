"""What the reading process says is taken for what it is, and refused where it makes no sense."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.id_card import FieldReading, IdCard, IdCardBack, IdCardFront, Quality, Risk, Source, Unreadable
from ocr.worker.messages import Answer, Question, decode_answer, decode_question, encode_answer, encode_question

CORNERS = ((1.0, 2.0), (100.5, 2.0), (100.5, 60.0), (1.0, 60.0))
READ = FieldReading("男", 0.75, CORNERS, Source.REPAIRED, sure=True, verified=True)
NOTHING = FieldReading("", 0.0, None)
FRONT = IdCard(
    IdCardFront(READ, READ, NOTHING, NOTHING, READ, READ),
    CORNERS,
    Quality(0.5, 1.0, 0.25, 1.0, 359.0),
    frozenset({Risk.GLARE, Risk.EDITED}),
)
BACK = IdCard(IdCardBack(READ, READ, NOTHING), CORNERS, Quality(0, 0, 0, 0, 0), frozenset())


def same(one: Answer, other: Answer) -> bool:
    """Cards are compared by what is on them: two pictures of one card are not the same card."""
    if isinstance(one.told, IdCard) and isinstance(other.told, IdCard):
        return (vars(one.told), one.number, one.portrait) == (vars(other.told), other.number, other.portrait)
    return one == other


@pytest.mark.parametrize(
    "answer",
    [Answer(1, FRONT, (30, 20)), Answer(2, BACK), Answer(3, Unreadable.NO_CARD), Answer(2**31 - 1, FRONT)],
)
def test_an_answer_comes_back_as_it_was(answer: Answer) -> None:
    assert same(decode_answer(encode_answer(answer)), answer)


@pytest.mark.parametrize(
    "question", [Question(1, 640, 480, date(2026, 11, 22)), Question(7, 5000, 5000, None), Question(0, 200, 320, None)]
)
def test_a_question_comes_back_as_it_was(question: Question) -> None:
    assert decode_question(encode_question(question)) == question


@pytest.mark.parametrize("size", [(0, 0), (319, 319), (8000, 6300), (20_000, 300), (-640, -480)])
def test_the_process_refuses_a_size_for_which_the_memory_would_not_do(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"size|whole number"):
        decode_question(json.dumps({"number": 1, "size": size, "today": None}).encode())


GOOD = json.loads(encode_answer(Answer(1, FRONT, (30, 20))))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", -1), ("number", 1.5), ("number", True), ("number", 10**400), ("number", None),
        ("side", "neither"), ("side", ["front"]), ("side", "back"),
        ("fields", {}), ("fields", []), ("fields", {**GOOD["fields"], "name": None}),
        ("fields", {**GOOD["fields"], "name": ["x", 0.5, None, "print", True]}),
        ("fields", {**GOOD["fields"], "name": ["x", 1.5, None, "print", True, True]}),
        ("fields", {**GOOD["fields"], "name": ["x", 0.5, None, "print", 1, True]}),
        ("fields", {**GOOD["fields"], "name": ["x", 0.5, None, "guess", True, True]}),
        ("fields", {**GOOD["fields"], "name": ["x" * 501, 0.5, None, "print", True, True]}),
        ("fields", {**GOOD["fields"], "name": ["\ud800", 0.5, None, "print", True, True]}),
        ("fields", {**GOOD["fields"], "name": ["\x1b[2J", 0.5, None, "print", True, True]}),
        ("fields", {**GOOD["fields"], "name": ["x", 0.5, [[1, 2]], "print", True, True]}),
        ("fields", {**GOOD["fields"], "extra": GOOD["fields"]["name"]}),
        ("corners", None), ("corners", [[1, 2], [3, 4], [5, 6], [7, "8"]]), ("corners", [[1, 2]] * 5),
        ("corners", [[1, 2], [3, 4], [5, 6], [7, 10**400]]),
        ("quality", [0.5] * 4), ("quality", "good"), ("risks", ["none"]), ("risks", [{}]), ("risks", "glare"),
        ("portrait", [1]), ("portrait", [1, -1]), ("portrait", "large"),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_answer(json.dumps({**GOOD, key: value}).encode())


@pytest.mark.parametrize(
    "message",
    [
        b"", b"\0", b"\xff\xfe", b"null", b"[]", b'"front"', b"{}", b'{"number": 1}', b"[" * 50_000, b"9" * 5_000,
        b'{"number": 1, "unreadable": "tired"}', b'{"number": 1, "unreadable": ["no_card"]}',
        json.dumps({**GOOD, "quality": [float("nan")] * 5}).encode(),
        json.dumps({**GOOD, "quality": [float("inf")] * 5}).encode(),
        json.dumps({**GOOD, "more": 1}).encode(), encode_answer(Answer(1, FRONT))[:-2],
    ],
)  # fmt: skip
def test_garbage_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_answer(message)


@given(st.binary(max_size=400), st.integers(0, 2000), st.integers(0, 400))
def test_an_answer_with_wrong_bytes_is_an_answer_or_refused(wrong: bytes, at: int, gone: int) -> None:
    message = encode_answer(Answer(1, FRONT, (30, 20)))
    at %= len(message)
    try:
        answer = decode_answer(message[:at] + wrong + message[at + gone :])
    except ValueError:
        return
    assert isinstance(answer, Answer)
