"""Targets that end in a reader of ID cards: files of pictures, and what a reading process that was taken over says."""

import numpy as np

from ocr.id_card import Unreadable
from ocr.picture import decode
from ocr.sizes import refused
from ocr.worker.messages import decode_answer, decode_question, encode_answer, encode_question


def picture_file(data: bytes) -> None:
    """A file is a picture of a size that is read, or is refused."""
    picture = decode(data)
    if not isinstance(picture, Unreadable):
        height, width, channels = picture.shape
        assert channels == 3
        assert picture.dtype == np.uint8
        assert refused(width, height) is None


def reading_answer(data: bytes) -> None:
    """An answer that is taken comes back as it was; what makes no sense is a ValueError and nothing else."""
    try:
        answer = decode_answer(data)
    except ValueError:
        return
    again = encode_answer(answer)
    assert encode_answer(decode_answer(again)) == again


def reading_question(data: bytes) -> None:
    """So does a question."""
    try:
        question = decode_question(data)
    except ValueError:
        return
    assert decode_question(encode_question(question)) == question
