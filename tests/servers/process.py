"""A real server as a subprocess on a free loopback port, waited for and ended by its pid."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

READY_WITHIN = 30.0


def need(*programs: str) -> None:
    """Skip the test, with the reason, where a program is missing; in CI that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)} (run tests/bring-servers)")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (run tests/bring-servers)")


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(command: Sequence[str], *, ready: str, log: Path) -> Iterator[None]:
    """Run ``command`` until the block ends; enter the block once ``ready`` (a URL) answers 200."""
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        try:
            _wait_ready(process, ready, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"{process.args!r} ended early:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), opener.open(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"not ready within {READY_WITHIN:g} s: {process.args!r}\n{log.read_text()[-2000:]}")
