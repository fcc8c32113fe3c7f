"""The reading process: `python -m ocr.worker THREADS SOCKET`, started by ReadingProcess and by nobody else.

Standard input is a pipe that its program holds: when that closes, this process ends. An exception ends it too: what a
hostile picture left behind is in nobody's memory then.
"""

import mmap
import os
import socket
import sys

import cv2

from ocr.id_card import IdCard
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.worker.confinement import confine, end_with, give_back
from ocr.worker.messages import LONGEST, READY, Answer, decode_question, encode_answer
from ocr.worker.shared_memory import PORTRAIT_ROOM, pixels


def main(threads: int, descriptor: int) -> None:
    """Answer questions until nobody asks any more."""
    end_with(sys.stdin.fileno())
    with socket.socket(fileno=descriptor) as program:
        cv2.setNumThreads(threads)
        reader = Reader(OnnxRecogniser(), threads)
        confine()
        program.send(READY)
        while (answer := _next_answer(program, reader)) is not None:
            program.send(answer)
            give_back()


def _next_answer(program: socket.socket, reader: Reader) -> bytes | None:
    message, descriptors, _, _ = socket.recv_fds(program, LONGEST, 1)
    if not message:
        return None
    question = decode_question(message)
    (descriptor,) = descriptors
    memory = mmap.mmap(descriptor, question.height * question.width * 3 + PORTRAIT_ROOM)
    os.close(descriptor)
    picture = pixels(memory, question.height, question.width)
    told = reader.read(picture, question.today)
    picture.fill(0)
    size = None
    if isinstance(told, IdCard) and told.portrait is not None:
        high, wide = size = told.portrait.shape[:2]
        pixels(memory, high, wide, picture.nbytes)[:] = told.portrait
        told.portrait.fill(0)
    return encode_answer(Answer(question.number, told, size))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
