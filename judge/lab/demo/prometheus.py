"""A Prometheus of the demo's own: a process on a free loopback port.

Owned here: its configuration and data in a folder, its life and its end. Promised: `stop` ends
the process that `start` began, and no other. Not here: asking it anything but whether it is ready.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import requests

from judge.errors import SettingsError, SourceUnavailable
from judge.lab.demo.application import Target

CONFIGURATION = """\
global: {scrape_interval: SCRAPE, scrape_timeout: SCRAPE}
scrape_configs:
  - job_name: demo
    file_sd_configs: [{files: [targets.json], refresh_interval: 5s}]
"""

_READY = 30.0
_GRACE = 10.0


def find_prometheus(name: str = "prometheus") -> str:
    """The program's path; `SettingsError` says how to get one."""
    found = shutil.which(name)
    if found is None:
        raise SettingsError(
            f"{name}: no such program. The live demo needs Prometheus: install it "
            "(Debian: apt-get install prometheus; else https://prometheus.io/download), name it "
            "with --prometheus PATH, or run `judge demo` without --live, which needs nothing"
        )
    return found


class LocalPrometheus:
    """Prometheus with its files in ``folder``, which is kept when it stops.

    It scrapes every ``scrape`` seconds.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        *,
        scrape: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._program = program
        self._folder = folder
        self._configuration = CONFIGURATION.replace("SCRAPE", f"{round(scrape * 1000)}ms")
        self._sleep = sleep
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> None:
        """Start it and wait until it answers; `SourceUnavailable` with its last words if not."""
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "prometheus.yml").write_text(self._configuration)
        with (self._folder / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=data",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle
            )
        self._wait()

    def watch(self, targets: Sequence[Target]) -> None:
        """Scrape ``targets`` from now on, and nothing else."""
        found = [{"targets": [one.address], "labels": one.labels} for one in targets]
        fresh = self._folder / "targets.json.new"
        fresh.write_text(json.dumps(found))
        fresh.replace(self._folder / "targets.json")

    def stop(self) -> None:
        """End the process, if it was started."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_GRACE)
        self._process = None

    def _wait(self) -> None:
        assert self._process is not None  # noqa: S101 (start has just set it)
        for _ in range(int(_READY / 0.1)):
            if self._process.poll() is not None:
                break
            try:
                if requests.get(f"{self.address}/-/ready", timeout=(1, 2)).ok:
                    return
            except requests.RequestException:
                pass
            self._sleep(0.1)
        self.stop()
        said = (self._folder / "prometheus.log").read_text(errors="replace")[-800:]
        raise SourceUnavailable(f"{self._program} did not get ready; it said:\n{said}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
