"""A signal interrupts once, and cannot break into what it set off."""

from __future__ import annotations

import os
import signal

import pytest

from judge.cli.interruption import interrupted_once


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_signal_raises(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(number)
    assert signal.getsignal(number) is before


def interrupt_twice(number: int) -> None:
    with interrupted_once():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)


def test_a_signal_that_our_parent_had_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupted_once():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
