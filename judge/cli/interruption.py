"""Ctrl-C, SIGTERM and a closed terminal, once: what follows is an orderly end.

Promised: the first signal raises KeyboardInterrupt, and later ones cannot break into the cleaning
up that it sets off. Not here: what is said to the user.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code of what was interrupted: 128 and SIGINT, as shells have it. No verdict has it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Within it a signal raises KeyboardInterrupt, and only the first one does.

    Signals reach the main thread alone; in any other this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    # Who started us with nohup, or in the background of a script, wants a signal ignored.
    before = {number: one for number, one in found.items() if one is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
