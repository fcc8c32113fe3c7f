"""`python -m benchmarks.painted_board URL TOKEN_FILE WxH`: a board that says when it had painted each call.

It prints "ready" once it follows the queue, then a line "TICKET SECONDS" (perf_counter, which all processes of a
machine share) for each frame that shows another ticket as the newest, when the frame is on the screen. Painting is done
by the thread that takes calls, so what a frame shows cannot change between painting and that moment.
"""

import os
import sys
import time
from pathlib import Path

from PyQt6.QtGui import QGuiApplication

from openteller.system_clock import SystemClock
from queue_display.board.app import start
from queue_display.listening.place import QueuePlace


def main(url: str, token_file: Path, size: str) -> int:
    """Show the board until the process is ended."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication(sys.argv[:1])
    width, _, height = size.partition("x")
    queue = QueuePlace(url, token_file.read_text(encoding="utf-8").strip())
    board = start(queue, SystemClock(), size=(int(width), int(height)))
    shown = ""

    def say() -> None:
        nonlocal shown
        now, newest = time.perf_counter(), board.model.newest.ticket
        if newest != shown:
            shown = newest
            print(newest, now, flush=True)

    def ready() -> None:
        if not board.model.connecting:
            print("ready", flush=True)
            board.model.state_changed.disconnect(ready)

    board.model.state_changed.connect(ready)
    board.screen.window.frameSwapped.connect(say)
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
