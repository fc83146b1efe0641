"""A service whose canaries have run for 20 minutes until just now, in a real Prometheus.

Its errors come in at a steady pace, so that a verdict on it does not depend on the time of day.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

RATE = 20  # requests a second of each pod
SCRAPE = 15
MINUTE = 60
AHEAD = 180  # seconds of traffic that is there before its time, so that a window can end in it
DURATION = 15 * MINUTE

ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop}
spec:
  prometheus: {address: "PROMETHEUS"}
  inputs: [version]
  variables: {version: good}
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="{{ version }}"'}
  interval: 1m
  duration: 15m
  history: 1h
  delay: 0s
  metrics:
    - {name: error-rate, template: http-error-rate, limit: {ratio: 1.25}}
"""


@contextmanager
def service(folder: Path, labels: dict[str, str] | None = None) -> Iterator[str]:
    """The address of its Prometheus; ``labels`` are on every series."""
    now = math.floor(time.time())
    more = labels or {}
    series = [
        *_pods("stable", 6, 0.01, now - 2 * 3600, now, more),
        *_pods("good", 2, 0.01, now - 20 * MINUTE, now, more),
        *_pods("bad", 2, 0.05, now - 20 * MINUTE, now, more),
    ]
    with backfilled(folder, series) as address:
        yield address


def _pods(
    track: str, count: int, errors: float, since: int, now: int, more: dict[str, str]
) -> Iterator[Series]:
    times = range(since, now + AHEAD, SCRAPE)
    for pod in range(count):
        for code, share in (("200", 1 - errors), ("500", errors)):
            labels = {"track": track, "pod": f"{track}-{pod}", "code": code, **more}
            samples = [(at, float(math.floor(RATE * share * (at - since)))) for at in times]
            yield Series("http_requests_total", labels, samples)


def written(folder: Path, address: str, text: str = ANALYSIS) -> Path:
    """The analysis as a file in ``folder``."""
    file = folder / "checkout.yaml"
    file.write_text(text.replace("PROMETHEUS", address))
    return file
