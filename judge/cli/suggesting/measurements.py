"""What is measured of a metric that was chosen: its rates and levels, the limit its buckets allow.

Owned here: a few numbers for a person, and the one number of the proposal that comes from data.
Not here: whether the metric fits (`trials`), judging.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from judge.cli.suggesting.trials import TRACKS, Trial, trial
from judge.sources.catalogue import Catalogue
from judge.spec.resolved import BASELINE, Kind, PrometheusConfig
from judge.spec.suggestion.aims import aim_of
from judge.spec.suggestion.candidates import Service
from judge.spec.suggestion.choice import Finding
from judge.spec.suggestion.sentences import chosen_remarks
from judge.spec.suggestion.slowdowns import Slowdowns, slowdowns

# Without traffic a native histogram has no buckets; usual ones grow by a tenth or less.
NATIVE = Slowdowns(limit=1.25, worst=2.0)
EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Measured:
    """A chosen metric with the ratios to write; None where it has none or can test none.

    ``worst`` is None too where it follows from the limit. ``bounds`` is how many buckets a classic
    histogram has; ``shares`` are the events among all, and ``levels`` a gauge's means over pods, by
    track.
    """

    finding: Finding
    limit: float | None
    worst: float | None
    bounds: int
    shares: Mapping[str, float]
    levels: Mapping[str, float]

    @property
    def testable(self) -> bool:
        """Whether its buckets, if it has any, can test some limit."""
        return self.limit is not None or self.finding.candidate.template.kind is not Kind.HISTOGRAM

    @property
    def about_pods(self) -> bool:
        """Whether it is the pods that it tells of, not what they are asked."""
        aim = aim_of(self.finding.candidate.template)
        return aim is not None and aim.about_pods


def measured(
    finding: Finding, service: Service, *, catalogue: Catalogue, config: PrometheusConfig
) -> Measured:
    """What there is to know of ``finding``. Raises `SourceError`."""
    tried = [trial(finding.candidate, service, track, config) for track in TRACKS]
    limit, worst, bounds = _ratios(finding, tried[TRACKS.index(BASELINE)], catalogue)
    return Measured(
        finding,
        limit,
        worst,
        bounds,
        shares=_shares(finding, tried, catalogue),
        levels=_levels(finding, tried, catalogue),
    )


def remarks(one: Measured) -> list[str]:
    """What to say of it."""
    return chosen_remarks(
        one.finding, shares=one.shares, levels=one.levels, bounds=one.bounds, limit=one.limit
    )


def _ratios(
    finding: Finding, baseline: Trial, catalogue: Catalogue
) -> tuple[float | None, float | None, int]:
    """The limit and the worst ratio, and the number of buckets that they depend on."""
    template = finding.candidate.template
    if template.kind is not Kind.HISTOGRAM:
        ratios = template.rules.ratios()
        return (ratios[0] if ratios else None), None, 0
    buckets = catalogue.buckets(baseline.buckets())
    found = slowdowns(buckets)
    bounds = len(buckets) if finding.candidate.classic else 0
    if found is None and not finding.candidate.classic and not buckets.get(math.inf):
        found = NATIVE
    return (found.limit, found.worst, bounds) if found else (None, None, bounds)


def _shares(finding: Finding, tried: list[Trial], catalogue: Catalogue) -> dict[str, float]:
    counted = [one for one in tried if EVENTS in one.queries and one.traffic(EVENTS)]
    answers = catalogue.ask([one.traffic(EVENTS) for one in counted])
    return {
        one.track: answer.total / everything
        for one, answer in zip(counted, answers, strict=True)
        if (everything := finding.tracks[one.track].traffic)
    }


def _levels(finding: Finding, tried: list[Trial], catalogue: Catalogue) -> dict[str, float]:
    if finding.candidate.template.kind is not Kind.GAUGE:
        return {}
    answers = catalogue.ask([one.level() for one in tried])
    found = zip(tried, answers, strict=True)
    return {one.track: answer.total for one, answer in found if answer.values}
