"""Real Prometheus servers: with a backfilled history, with one that was written, or scraping."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.exposition import Series, openmetrics, scrape_config
from tests.servers.native import NativeSeries
from tests.servers.process import free_port, need, running
from tests.servers.remote_write import remote_write

NATIVE = "--enable-feature=native-histograms"


@contextlib.contextmanager
def backfilled(folder: Path, series: Sequence[Series], *, blocks: str = "2h") -> Iterator[str]:
    """The address of a Prometheus whose storage holds exactly ``series``, in blocks that long."""
    need("prometheus", "promtool")
    data = folder / "data"
    written = folder / "history.om"
    written.write_text(openmetrics(series))
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(written), str(data)]
        + ([f"--max-block-duration={blocks}"] if blocks != "2h" else []),
        check=True,
        capture_output=True,
    )
    with prometheus(folder, data) as address:
        yield address


@contextlib.contextmanager
def scraping(
    folder: Path, targets: Sequence[str], *flags: str, interval: str = "1s"
) -> Iterator[str]:
    """The address of a Prometheus that scrapes ``targets`` (host:port), honouring their labels."""
    need("prometheus")
    config = scrape_config(targets, interval)
    with prometheus(folder, folder / "data", *flags, config=config) as address:
        yield address


@contextlib.contextmanager
def written(
    folder: Path, *, counters: Sequence[Series] = (), natives: Sequence[NativeSeries] = ()
) -> Iterator[str]:
    """The address of a Prometheus that knows native histograms, to which these were written."""
    need("prometheus")
    with prometheus(folder, folder / "data", NATIVE, "--web.enable-remote-write-receiver") as found:
        remote_write(found, counters=counters, natives=natives)
        yield found


@contextlib.contextmanager
def prometheus(folder: Path, data: Path, *flags: str, config: str = "{}\n") -> Iterator[str]:
    """The address of a Prometheus over the storage ``data`` with a configuration and flags."""
    file = folder / "prometheus.yml"
    file.write_text(config)
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
        "--log.level=warn",
        *flags,
    ]
    with running(command, ready=f"http://{address}/-/ready", log=folder / "prometheus.log"):
        yield f"http://{address}"
