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
AHEAD = 600  # seconds of traffic that is there before its time, so that a window can end in it
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
    canary: {selector: 'track="canary",version="{{ version }}"'}
  interval: 1m
  duration: 15m
  history: 1h
  delay: 0s
  metrics:
    - {name: error-rate, template: http-error-rate, limit: {ratio: 1.25}}
"""


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """The address of its Prometheus."""
    now = math.floor(time.time())
    canaries = now - 20 * MINUTE
    series = [
        *_pods("stable", "old", 6, 0.01, range(now - 2 * 3600, now + AHEAD, SCRAPE)),
        *_pods("canary", "good", 2, 0.01, range(canaries, now + AHEAD, SCRAPE)),
        *_pods("canary", "bad", 2, 0.05, range(canaries, now + AHEAD, SCRAPE)),
    ]
    with backfilled(folder, series) as address:
        yield address


def _pods(track: str, version: str, count: int, errors: float, times: range) -> Iterator[Series]:
    for pod in range(count):
        where = {"app": "checkout", "track": track, "version": version, "pod": f"{version}-{pod}"}
        for code, share in (("200", 1 - errors), ("500", errors)):
            samples = [(at, float(math.floor(RATE * share * (at - times[0])))) for at in times]
            yield Series("http_requests_total", {**where, "code": code}, samples)


def written(folder: Path, address: str, text: str = ANALYSIS) -> Path:
    """The analysis as a file in ``folder``."""
    file = folder / "checkout.yaml"
    file.write_text(text.replace("PROMETHEUS", address))
    return file
