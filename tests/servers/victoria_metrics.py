"""A real VictoriaMetrics with an imported history."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.exposition import Series, prometheus_text, scrape_config
from tests.servers.process import free_port, need, running


@contextlib.contextmanager
def imported(folder: Path, series: Sequence[Series]) -> Iterator[str]:
    """The address of a VictoriaMetrics that holds exactly ``series``."""
    with victoria_metrics(folder) as address:
        _post(f"{address}/api/v1/import/prometheus", prometheus_text(series))
        _get(f"{address}/internal/force_flush")
        time.sleep(0.2)
        yield address


@contextlib.contextmanager
def scraping(folder: Path, targets: Sequence[str], *, interval: str = "1s") -> Iterator[str]:
    """The address of a VictoriaMetrics that scrapes ``targets``, honouring their labels."""
    config = folder / "scrape.yml"
    config.write_text(scrape_config(targets, interval))
    with victoria_metrics(folder, f"-promscrape.config={config}") as address:
        yield address


@contextlib.contextmanager
def victoria_metrics(folder: Path, *flags: str) -> Iterator[str]:
    """The address of an empty VictoriaMetrics."""
    need("victoria-metrics")
    address = f"127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr={address}",
        "-retentionPeriod=100y",
        "-loggerLevel=WARN",
        "-memory.allowedBytes=128MB",
        *flags,
    ]
    with running(command, ready=f"http://{address}/health", log=folder / "victoria-metrics.log"):
        yield f"http://{address}"


def _post(url: str, body: str) -> None:
    request = urllib.request.Request(url, data=body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _get(url: str) -> None:
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()
