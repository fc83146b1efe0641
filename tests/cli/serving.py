"""``judge serve`` as a process of its own, on a free loopback port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

READY = re.compile(r"Judge listens on (http://\S+?),")


@dataclass
class Process:
    """The process, where it listens and what it logs."""

    process: subprocess.Popen[str]
    url: str
    said: str
    log: list[str] = field(default_factory=list)

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(30)

    def megabytes(self) -> float:
        """What it holds of the memory, where the system says."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            pytest.skip("there is no /proc to read the memory from")
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmRSS"].split()[0]) / 1024


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would set Judge."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUDGE_")}
    return {**kept, "NO_PROXY": "127.0.0.1", **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "judge", *arguments]


def refused(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """The exit code and the message of a ``judge serve`` that cannot begin."""
    done = subprocess.run(
        command("serve", *arguments),
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@contextmanager
def serving(
    folder: Path, arguments: Sequence[str] = ("--port", "0"), **more: str
) -> Iterator[Process]:
    """A server that listens, with its database in ``folder``."""
    process = subprocess.Popen(
        command("serve", *arguments),
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    try:
        said = process.stdout.readline()
        found = READY.search(said)
        assert found, (said, log)
        yield Process(process, found[1], said, log)
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()
