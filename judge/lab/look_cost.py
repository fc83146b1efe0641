"""What one look costs the daemon: its own code on a database, with a recording for Prometheus.

Everything that a look does is in it (claiming, judging, recording in a transaction) but what
Prometheus's answer takes to come and to be parsed. Runs on a database of its own, in a temporary
folder.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from dataclasses import dataclass

import numpy as np
from prometheus_client import CollectorRegistry

from judge.lab.bundles import good_bundle
from judge.runs.look import Looker
from judge.runs.memory import Memory
from judge.runs.metrics import RunMetrics
from judge.runs.run import look_due
from judge.sources.recorded import RecordedSource
from judge.sources.recording import Bundle
from judge.store.claims import Claims
from judge.store.database import migrate, open_database
from judge.store.runs import Runs
from judge.verdict.judging import make_judge

METRICS = 5
LOOKS = 30
HISTORY = 480
CPU_MILLISECONDS = 20.0
_BEGINS = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class LookCost:
    """Milliseconds of CPU: of the median and of the worst look, and of the first, which
    calibrates; ``metrics`` of counts, ``looks`` in all."""

    metrics: int
    looks: int
    first: float
    median: float
    worst: float

    def __str__(self) -> str:
        return (
            f"one look of a run with {self.metrics} count metrics, without Prometheus: "
            f"{self.median:.1f} ms of CPU in the median, {self.worst:.1f} ms at worst "
            f"(to reach: under {CPU_MILLISECONDS:g} ms); {self.first:.0f} ms for the first, which "
            f"calibrates on {HISTORY} intervals"
        )


def look_cost(*, metrics: int = METRICS, looks: int | None = None, seed: int = 1) -> LookCost:
    """Take every look of a good run, one after the other, and time them."""
    rng = np.random.default_rng(seed)
    bundle = good_bundle(metrics, rng=rng, looks=looks or LOOKS, history=HISTORY)
    with tempfile.TemporaryDirectory(prefix="judge-lab-") as folder:
        taken = _taken(bundle, f"sqlite:///{folder}/judge.db")
    first, *later = taken
    return LookCost(metrics, len(taken), first, statistics.median(later), max(later))


def _taken(bundle: Bundle, database: str) -> list[float]:
    """Milliseconds of CPU of each look."""
    engine = open_database(database)
    try:
        migrate(engine)
        now = [_BEGINS]
        claims = Claims(engine, clock=lambda: now[0], wall=lambda: now[0])
        looker = _looker(bundle, claims, now)
        run, _ = Runs(engine, clock=lambda: now[0]).start(bundle.analysis)
        looker.step(*claims.claim("lab", limit=1, lease=1e9))
        spent = []
        for index in range(bundle.analysis.looks):
            now[0] = look_due(run, index, delay=0.0) + 1.0
            claims.release("lab")
            begun = time.process_time()
            looker.step(*claims.claim("lab", limit=1, lease=1e9))
            spent.append(1e3 * (time.process_time() - begun))
        return spent
    finally:
        engine.dispose()


def _looker(bundle: Bundle, claims: Claims, now: list[float]) -> Looker:
    source = RecordedSource(bundle, started_at=_BEGINS)
    return Looker(
        claims,
        sources=lambda _: source,
        memory=Memory(claims, judge=make_judge),
        clock=lambda: now[0],
        metrics=RunMetrics(CollectorRegistry()),
        rng=random.Random(1),  # noqa: S311 - jitter
    )
