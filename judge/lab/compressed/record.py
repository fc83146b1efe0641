"""Makes the recordings of services: python -m judge.lab.compressed.record FOLDER [MINUTES].

A real Prometheus scrapes the services of `law` twice a second over HTTP, while their time runs 30
times as fast: a scrape is one of every 15 seconds of theirs, and two real seconds are an interval
of a minute. Their pods come, go and restart, and scrapes fail. Then `PrometheusSource` reads it
all, as a daemon would, and each service becomes an evidence bundle of the baseline alone, in its
own time: ``intervals`` as a run reads them, ``history`` those that a history's reading, which asks
for no raw samples, has otherwise. It takes the program prometheus, and MINUTES (real ones).
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from judge.lab.compressed.law import LAWS, ServiceLaw
from judge.lab.compressed.service import Service
from judge.lab.demo.prometheus import LocalPrometheus, find_prometheus
from judge.sources.prometheus import PrometheusSource
from judge.sources.recording import bundle_document
from judge.spec.loading import load_analysis
from judge.spec.resolved import BASELINE, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Interval, Level, Sample

SPEED = 30.0
SCRAPE = 0.5  # seconds
STEP = 60.0 / SPEED
BEAT = 0.2
MINUTES = 50.0
DIGITS = 4  # of a level that is kept

ERRORS = {
    "name": "error-rate",
    "kind": "proportion",
    "direction": "increase",
    "queries": {
        "events": 'http_requests_total{ {{ selector }}, code=~"5.." }',
        "total": "http_requests_total{ {{ selector }} }",
    },
}
CPU = {
    "name": "cpu",
    "kind": "gauge",
    "direction": "increase",
    "queries": {
        "value": {"expr": "process_cpu_seconds_total{ {{ selector }} }", "reading": "counter"}
    },
}
LATENCY = {
    "name": "latency",
    "kind": "histogram",
    "direction": "increase",
    "queries": {"buckets": "http_request_duration_seconds_bucket{ {{ selector }} }"},
}


def analysis(law: ServiceLaw, address: str) -> ResolvedAnalysis:
    """What is read of a service."""
    metrics = [ERRORS, LATENCY if law.latency else CPU]
    limits: Mapping[str, Any] = {"limit": {"ratio": 1.25}, "worst": {"ratio": 2}}
    spec = {
        "prometheus": {"address": address},
        "tracks": {
            "baseline": {"selector": f'app="{law.name}",track="stable"'},
            "canary": {"selector": f'app="{law.name}",track="canary"'},
        },
        "interval": "1m",
        "duration": "30m",
        "metrics": [{**one, **limits} for one in metrics],
    }
    document = {
        "apiVersion": "judge/v1",
        "kind": "Analysis",
        "metadata": {"name": law.name, "namespace": "lab"},
        "spec": spec,
    }
    return load_analysis(json.dumps(document))


async def live(laws: Sequence[ServiceLaw], prometheus: LocalPrometheus, minutes: float) -> float:
    """Let the services live for so many real minutes; when they were all up, in Unix seconds."""
    began = time.time()
    services = [
        Service(law, clock=lambda: (time.time() - began) * SPEED / 60.0, rng=_rng(law))
        for law in laws
    ]
    try:
        while time.time() - began < minutes * 60.0:
            for one in services:
                await one.beat()
            if any(one.changed for one in services):
                prometheus.watch([target for one in services for target in one.targets()])
                for one in services:
                    one.changed = False
            await asyncio.sleep(BEAT)
    finally:
        for one in services:
            await one.stop()
    return began


def _rng(law: ServiceLaw) -> np.random.Generator:
    return np.random.default_rng([len(law.name), *law.name.encode()])


def read(
    law: ServiceLaw, address: str, start: float, end: float, *, thorough: bool
) -> list[Interval]:
    """What Prometheus knows of a service, in intervals of its own minutes from 0 on."""
    asked = analysis(law, address)
    with PrometheusSource(asked.prometheus) as source:
        found = source.read(
            asked, start=start, end=end, step=STEP, tracks=[BASELINE], thorough=thorough
        )
    return [_stretched(one, number) for number, one in enumerate(found)]


def read_twice(
    law: ServiceLaw, address: str, start: float, end: float
) -> tuple[list[Interval], list[Interval]]:
    """As a history is read, those that a run would have read otherwise; and as a run reads them."""
    run = read(law, address, start, end, thorough=True)
    history = read(law, address, start, end, thorough=False)
    return [one for one, other in zip(history, run, strict=True) if one != other], run


def _stretched(one: Interval, number: int) -> Interval:
    samples = {
        metric: {
            track: {pod: _shorter(sample) for pod, sample in pods.items()}
            for track, pods in tracks.items()
        }
        for metric, tracks in one.samples.items()
    }
    return replace(one, start=60.0 * number, end=60.0 * (number + 1), samples=samples)


def _shorter(sample: Sample) -> Sample:
    """With as many digits as matter; a rate in the service's own seconds."""
    if isinstance(sample, Level):
        return Level(float(f"{sample.value / SPEED:.{DIGITS}g}"))
    return sample


def write(
    law: ServiceLaw, history: Sequence[Interval], intervals: Sequence[Interval], folder: Path
) -> Path:
    """One recording: a bundle of the baseline alone, in all of its intervals."""
    nowhere = replace(analysis(law, "http://localhost"), prometheus=PrometheusConfig())
    text = json.dumps(
        bundle_document(nowhere, history, intervals), sort_keys=True, separators=(",", ":")
    )
    path = folder / f"{law.name}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def record(laws: Sequence[ServiceLaw], folder: Path, minutes: float) -> list[Path]:
    """Record the services for so many real minutes into ``folder``."""
    with tempfile.TemporaryDirectory() as data:
        prometheus = LocalPrometheus(find_prometheus(), Path(data), scrape=SCRAPE)
        prometheus.start()
        try:
            began = asyncio.run(live(laws, prometheus, minutes))
            start = STEP * (1 + (began + 5.0) // STEP)
            end = STEP * ((began + minutes * 60.0) // STEP - 1)
            return [
                write(law, *read_twice(law, prometheus.address, start, end), folder) for law in laws
            ]
        finally:
            prometheus.stop()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    asked = float(sys.argv[2]) if len(sys.argv) == 3 else MINUTES
    for made in record(LAWS, Path(sys.argv[1]), asked):
        sys.stdout.write(f"{made}\n")
