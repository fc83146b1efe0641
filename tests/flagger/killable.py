"""A Judge in a process of its own that can be killed: its clock is told by whoever started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.api.running import running
from tests.flagger.stage import settle

PATIENCE = 30.0  # seconds

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["__main__", "tests.flagger.killable"])


def live(folder: Path, now: float, errors: float, line: Connection) -> None:
    """Serve until killed: tell the address, then take times to look at all that is due by them."""
    with running(folder, analyses=folder / "analyses") as server:
        server.clock.now, server.traffic.canary = now, errors
        line.send(server.url)
        while True:
            server.clock.now = line.recv()
            settle(server)
            line.send(None)


@dataclass(frozen=True)
class Killable:
    """A Judge that listens at ``url``."""

    url: str
    process: ForkServerProcess
    line: Connection

    @classmethod
    def start(cls, folder: Path, *, now: float, errors: float) -> Killable:
        """One over the database in ``folder``; ``errors`` is the canary's share."""
        ours, theirs = _processes.Pipe()
        process = _processes.Process(target=live, args=(folder, now, errors, theirs), daemon=True)
        process.start()
        theirs.close()
        return cls(_told(ours), process, ours)

    def pass_time(self, now: float) -> None:
        """Have it look at all that is due at ``now``."""
        self.line.send(now)
        _told(self.line)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(PATIENCE)
        assert self.process.exitcode == -signal.SIGKILL
        self.line.close()


def _told(line: Connection) -> str:
    assert line.poll(PATIENCE), "the process says nothing"
    return str(line.recv())
