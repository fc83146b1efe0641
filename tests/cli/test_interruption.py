"""A signal interrupts once, and cannot break into what it set off."""

from __future__ import annotations

import os
import signal

import pytest

from judge.cli.interruption import interrupted_once


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_signal_raises(number: int) -> None:
    before = signal.getsignal(number)
    cleaned_up = False
    with pytest.raises(KeyboardInterrupt), interrupted_once():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)
            cleaned_up = True
    assert cleaned_up
    assert signal.getsignal(number) is before


def test_a_signal_that_our_parent_had_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupted_once():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
