"""What a shipped template is tried on: series as an exporter makes them, and what they must yield.

A `Case` is one template read for one look, the minute from `START` to `END`, of two tracks. Owned
here: writing the histories of counters, gauges and histograms, putting all cases' series into one
storage, and reading a case through `PrometheusSource` as a run does. Not here: the cases (`cases`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.sources.prometheus import PrometheusSource
from judge.spec.loading import load_analysis_document
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Histogram, Interval, Sample
from tests.servers.exposition import Series

# On a whole hour, long ago: nothing in these tests depends on the clock.
START = 1_699_999_200.0
END = START + 60.0
SCRAPE = 15.0
SCRAPES = 45
METRIC = "tried"

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One template, the series that its exporter would have made, and the samples they must yield.

    ``expected[track][pod]`` is compared whole: a pod too many fails. ``tracks`` are selectors by
    track; ``variables`` the metric's, ``track_variables`` each track's; ``fields`` are further
    fields of the metric, such as podLabel. ``name`` tells cases of one template apart.
    Series of different cases share one storage: keep them apart by a label (app, namespace).
    """

    template: str
    series: Sequence[Series]
    expected: Mapping[str, Mapping[str, Sample]]
    tracks: Mapping[str, str] = field(
        default_factory=lambda: {"baseline": 'track="stable"', "canary": 'track="canary"'}
    )
    variables: Mapping[str, str] = field(default_factory=dict)
    track_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def id(self) -> str:
        """What pytest calls it."""
        return f"{self.template}-{self.name}" if self.name else self.template


def times() -> list[float]:
    """When everything was scraped: ten minutes before `START`, and up to `END`."""
    return [END - SCRAPE * back for back in reversed(range(SCRAPES))]


def counter(name: str, grew: float, labels: Labels, *, base: float = 1e4) -> Series:
    """A counter that stands at ``base`` at `START` and grows by ``grew`` in every minute."""
    return Series(name, labels, [(at, base + grew * (at - START) / 60) for at in times()])


def gauge(name: str, value: float, labels: Labels, *, before: float | None = None) -> Series:
    """A gauge that is ``value`` from after `START` on, and was ``before`` (default: the same)."""
    earlier = value if before is None else before
    return Series(name, labels, [(at, value if at > START else earlier) for at in times()])


def classic(name: str, grew: Mapping[float, float], labels: Labels) -> list[Series]:
    """The series of a classic histogram whose buckets are called ``name`` (it ends in _bucket).

    ``grew`` is by how much each bucket, cumulative and with infinity, grows in every minute.
    """
    family = name.removesuffix("_bucket")
    everything = grew[math.inf]
    return [
        *(counter(name, n, {**labels, "le": le(bound)}) for bound, n in grew.items()),
        counter(f"{family}_count", everything, labels),
        counter(f"{family}_sum", everything / 8, labels),
    ]


def le(bound: float) -> str:
    """A bound as exporters write it."""
    return "+Inf" if bound == math.inf else f"{bound:g}"


def storage(cases: Iterable[Case]) -> list[Series]:
    """The series of all cases, each once. Raises ValueError where two cases contradict."""
    found: dict[str, Series] = {}
    for case in cases:
        for one in case.series:
            known = found.setdefault(one.selector(), one)
            if known.samples != one.samples:
                raise ValueError(f"{case.id}: another case has {one.selector()} with other values")
    return list(found.values())


def resolved(case: Case, address: str) -> ResolvedAnalysis:
    """An analysis of the case's template alone."""
    tracks = {
        name: {"selector": selector, "variables": dict(case.track_variables.get(name, {}))}
        for name, selector in case.tracks.items()
    }
    metric = {"name": METRIC, "template": case.template, "variables": dict(case.variables)}
    return load_analysis_document(
        {
            "apiVersion": "judge/v1",
            "kind": "Analysis",
            "metadata": {"name": "trial", "namespace": "shop"},
            "spec": {
                "prometheus": {"address": address},
                "tracks": tracks,
                "metrics": [{**metric, **case.fields}],
            },
        }
    )


def look(case: Case, address: str) -> Interval:
    """The case's one interval, read as a run reads it."""
    analysis = resolved(case, address)
    with PrometheusSource(analysis.prometheus) as source:
        (interval,) = source.read(
            analysis, start=START, end=END, step=END - START, tracks=[*case.tracks], thorough=True
        )
    return interval


def plain(sample: Sample) -> dict[str, float]:
    """A sample as numbers by name, for comparing: a histogram's sum is not asked for."""
    if isinstance(sample, Histogram):
        return {le(bound): n for bound, n in zip(sample.bounds, sample.counts, strict=True)}
    return {part: getattr(sample, part) for part in sample.__slots__}
