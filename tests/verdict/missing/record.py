"""Makes the recordings anew: python -m tests.verdict.missing.record [NAME...] from the project.

A real Prometheus is given every pod's samples in the order of their arrival, and after each
interval, once they have settled, `PrometheusSource` reads the look, as a daemon would have: nothing
that arrived later is known. The history is read as the run begins. A recording is one gzipped JSON
object a scenario, an evidence bundle by release in it. The same scenario gives the same file.

It takes the program prometheus and about a minute.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.sources.prometheus import PrometheusSource
from judge.sources.recording import bundle_document
from judge.spec.resolved import BASELINE, CANARY, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Interval
from tests.servers.prometheus import written
from tests.verdict.missing.churn import CHURN
from tests.verdict.missing.kinds import KINDS
from tests.verdict.missing.pods import SCRAPE, START
from tests.verdict.missing.recordings import FOLDER
from tests.verdict.missing.routing import ROUTING
from tests.verdict.missing.samples import Sample, push
from tests.verdict.missing.scenario import LOOKS, Release, Scenario
from tests.verdict.missing.scrapes import SCRAPES

SCENARIOS: Sequence[Scenario] = (*SCRAPES, *CHURN, *ROUTING, *KINDS)
STEP = 60.0
DELAY = SCRAPE + 5.0  # after an interval's end; every sample of it has arrived by then


class Stage:
    """A Prometheus, and the time up to which samples have reached it."""

    def __init__(self, address: str, samples: Sequence[Sample]) -> None:
        self.address = address
        self.now = samples[0].arrived
        self._samples = samples
        self._sent = 0

    def until(self, now: float) -> None:
        """Let everything arrive that arrives by ``now``, minute by minute."""
        while self.now < now:
            self.now = min(now, self.now + STEP)
            first = self._sent
            while self._sent < len(self._samples) and (
                self._samples[self._sent].arrived <= self.now
            ):
                self._sent += 1
            if self._sent > first:
                push(self.address, self._samples[first : self._sent])


@dataclass
class Taken:
    """A release as its run saw it so far."""

    release: Release
    analysis: ResolvedAnalysis
    history: list[Interval]
    intervals: list[Interval] = field(default_factory=list)


def record(scenarios: Sequence[Scenario], folder: Path) -> None:
    """Write the recordings of ``scenarios`` to ``folder``."""
    arriving = sorted(
        (sample for one in scenarios for sample in one.samples()), key=lambda one: one.arrived
    )
    with tempfile.TemporaryDirectory() as data, written(Path(data)) as address:
        stage = Stage(address, arriving)
        with PrometheusSource(PrometheusConfig(address=address), clock=lambda: stage.now) as source:
            taken = _taken(scenarios, stage, source)
    for one in scenarios:
        write(
            folder / f"{one.name}.json.gz", {name: taken[one.name, name] for name in one.releases}
        )


def _taken(
    scenarios: Sequence[Scenario], stage: Stage, source: PrometheusSource
) -> dict[tuple[str, str], Taken]:
    stage.until(START + DELAY)
    taken = {}
    for one in scenarios:
        for name, release in one.releases.items():
            analysis = one.analysis(name, address=stage.address)
            history = source.read(
                analysis,
                start=START - analysis.history,
                end=START,
                step=STEP,
                tracks=[BASELINE],
                thorough=False,
            )
            taken[one.name, name] = Taken(release, analysis, history)
    for look in range(LOOKS):
        stage.until(START + (look + 1) * STEP + DELAY)
        for one in taken.values():
            one.intervals.append(_look(one, source, look))
    return taken


def _look(run: Taken, source: PrometheusSource, look: int) -> Interval:
    start = START + look * STEP
    (interval,) = source.read(
        run.analysis,
        start=start,
        end=start + STEP,
        step=STEP,
        tracks=list(run.analysis.tracks),
        thorough=True,
    )
    if run.release.weight is None:
        return interval
    return replace(interval, weights={CANARY: run.release.weight(look)})


def write(path: Path, taken: dict[str, Taken]) -> None:
    """One recording; the address, which is another one each time, is left out."""
    bundles: dict[str, Any] = {}
    for name, run in taken.items():
        nowhere = replace(run.analysis, prometheus=PrometheusConfig())
        bundles[name] = bundle_document(nowhere, run.history, run.intervals)
    text = json.dumps(bundles, allow_nan=False, sort_keys=True, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    names = [one.name for one in SCENARIOS]
    wanted = sys.argv[1:] or names
    if not set(wanted) <= set(names):
        sys.exit(f"no such scenario: {', '.join(set(wanted) - set(names))}; one of {names}")
    FOLDER.mkdir(exist_ok=True)
    record([one for one in SCENARIOS if one.name in wanted], FOLDER)
