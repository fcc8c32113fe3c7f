"""Reading in a process of its own: no picture, however hostile, takes down the program that wants it read."""

from ocr.worker.process import ReadingFailed, ReadingProcess

__all__ = ["ReadingFailed", "ReadingProcess"]
