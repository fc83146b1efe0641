"""A real VictoriaMetrics with an imported history."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.exposition import Series, prometheus_text
from tests.servers.process import free_port, need, running


@contextlib.contextmanager
def imported(folder: Path, series: Sequence[Series]) -> Iterator[str]:
    """The address of a VictoriaMetrics that holds exactly ``series``."""
    need("victoria-metrics")
    address = f"127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr={address}",
        "-retentionPeriod=100y",
        "-loggerLevel=WARN",
        "-memory.allowedBytes=128MB",
    ]
    with running(command, ready=f"http://{address}/health", log=folder / "victoria-metrics.log"):
        _post(f"http://{address}/api/v1/import/prometheus", prometheus_text(series))
        _get(f"http://{address}/internal/force_flush")
        time.sleep(0.2)
        yield f"http://{address}"


def _post(url: str, body: str) -> None:
    request = urllib.request.Request(url, data=body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _get(url: str) -> None:
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()
