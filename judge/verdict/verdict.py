"""A verdict: what is said of a metric and of a run, and its JSON form (DESIGN: Verdict)."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Outcome(enum.StrEnum):
    """What can be said of a metric or a run."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Difference(enum.StrEnum):
    """What an A/B test found; absent while it is not known."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "none"  # none larger than the margin


class Promise(enum.StrEnum):
    """What the bound on false rollbacks rests on."""

    EXACT = "exact"  # the assumptions of the test hold as far as the history shows
    CALIBRATED = "calibrated"  # measured on this service's own history
    EMPIRICAL = "empirical"  # before/after: measured on pairs of its own past days
    UNCALIBRATED = "uncalibrated"  # too little history to measure it
    NONE = "none"  # Kayenta's judge, which promises nothing


@dataclass(frozen=True, slots=True)
class BoundVerdict:
    """What is said of a metric's fixed bound (`max`, `min`).

    ``value`` is what was bounded, in the metric's unit. ``promised``: its false alarms are inside
    the promise, and ``evidence`` and ``threshold`` are those of an e-process; else it is a plain
    rule, and they are None.
    """

    broken: bool
    promised: bool
    value: float | None = None
    max: float | None = None
    min: float | None = None
    evidence: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """What is said of one metric of one comparison.

    ``estimate``, ``low`` and ``high`` are effect ratios (canary / baseline), the latter two a
    confidence sequence at the metric's share of the promise; ``evidence`` is the natural logarithm
    of the e-value against ``limit`` and ``threshold`` what it must reach. None: not known.
    ``limit`` is the one that was tested: buckets may not allow the one that was asked for.
    ``observed[track]`` are values for the eye: a share, a mean, quantiles. ``difference`` is the
    answer of an A/B test; its evidence is that the canary is worse. ``kayenta`` is what Kayenta's
    judge says, in its own JSON: a result for each label set.
    """

    verdict: Outcome
    reason: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    evidence: float | None = None
    threshold: float | None = None
    proven: bool = False
    observed: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    bound: BoundVerdict | None = None
    difference: Difference | None = None
    kayenta: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class TrackVerdict:
    """What is said of one track as a whole; a shadow's acts on nothing."""

    verdict: Outcome
    reason: str
    score: float | None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a run after a look.

    ``decided`` is False while the run goes on (the verdict is then ``inconclusive``: not known
    yet). ``decided_at`` is the index of the deciding interval, None until there is one; of a run
    that fails after it had passed, the one at which it failed. ``watching``: it has passed, and is
    looked at still.
    ``comparisons[track][metric]``; ``metrics`` is the canary's (the shadow's where there is no
    canary). ``tracks[track]`` is each track's own verdict, the first of them the run's.
    ``kayenta`` is the score as Kayenta's judge tells it, None of any other judge's verdict;
    ``also[judge]`` is the JSON form of what another judge says of the same intervals.
    """

    verdict: Outcome
    reason: str
    score: float | None
    promise: Promise
    proven: bool = False
    decided: bool = False
    decided_at: int | None = None
    watching: bool = False
    metrics: Mapping[str, MetricVerdict] = field(default_factory=dict)
    comparisons: Mapping[str, Mapping[str, MetricVerdict]] = field(default_factory=dict)
    tracks: Mapping[str, TrackVerdict] = field(default_factory=dict)
    kayenta: Mapping[str, Any] | None = None
    also: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def metric_document(verdict: MetricVerdict) -> dict[str, Any]:
    """The JSON form of a metric's verdict; absent and non-finite numbers are null."""
    written: dict[str, Any] = {
        "verdict": verdict.verdict.value,
        "estimate": _number(verdict.estimate),
        "low": _number(verdict.low),
        "high": _number(verdict.high),
        "limit": _number(verdict.limit),
        "evidence": _number(verdict.evidence),
        "threshold": _number(verdict.threshold),
        "proven": verdict.proven,
        "reason": verdict.reason,
        "observed": {
            track: {name: _number(value) for name, value in values.items()}
            for track, values in verdict.observed.items()
        },
        "bound": None if verdict.bound is None else _bound_document(verdict.bound),
        "difference": None if verdict.difference is None else verdict.difference.value,
    }
    if verdict.kayenta:
        written["kayenta"] = list(verdict.kayenta)
    return written


def _bound_document(bound: BoundVerdict) -> dict[str, Any]:
    numbers = ("value", "max", "min", "evidence", "threshold")
    return {
        "broken": bound.broken,
        "promised": bound.promised,
        **{name: _number(getattr(bound, name)) for name in numbers},
    }


def document(verdict: Verdict) -> dict[str, Any]:
    """The JSON form of a run's verdict."""
    written = {
        "verdict": verdict.verdict.value,
        "score": _number(verdict.score),
        "proven": verdict.proven,
        "promise": verdict.promise.value,
        "decidedAt": verdict.decided_at,
        "reason": verdict.reason,
        "metrics": {name: metric_document(one) for name, one in verdict.metrics.items()},
    }
    if len(verdict.comparisons) > 1:
        written["comparisons"] = {
            track: {
                **_track_document(verdict.tracks.get(track)),
                "metrics": {name: metric_document(one) for name, one in metrics.items()},
            }
            for track, metrics in verdict.comparisons.items()
        }
    if verdict.kayenta is not None:
        written["kayenta"] = dict(verdict.kayenta)
    if verdict.also:
        written["alsoJudged"] = {name: dict(said) for name, said in verdict.also.items()}
    return written


def _track_document(track: TrackVerdict | None) -> dict[str, Any]:
    if track is None:
        return {}
    return {
        "verdict": track.verdict.value,
        "score": _number(track.score),
        "proven": track.proven,
        "reason": track.reason,
    }


def from_document(written: Mapping[str, Any]) -> Verdict:
    """The verdict of its JSON form, as `document` wrote it, with sequences or without."""
    decided_at = written["decidedAt"]
    return Verdict(
        verdict=Outcome(written["verdict"]),
        reason=written["reason"],
        score=written["score"],
        promise=Promise(written["promise"]),
        proven=written["proven"],
        decided=decided_at is not None,
        decided_at=decided_at,
        metrics=_metrics(written["metrics"]),
        comparisons={
            track: _metrics(one["metrics"])
            for track, one in (written.get("comparisons") or {}).items()
        },
        tracks={
            track: TrackVerdict(Outcome(one["verdict"]), one["reason"], one["score"], one["proven"])
            for track, one in (written.get("comparisons") or {}).items()
            if "verdict" in one
        },
        kayenta=written.get("kayenta"),
        also=written.get("alsoJudged") or {},
    )


def _metrics(written: Mapping[str, Any]) -> dict[str, MetricVerdict]:
    return {
        name: MetricVerdict(
            **{
                **{field: value for field, value in one.items() if field != "sequence"},
                "verdict": Outcome(one["verdict"]),
                "bound": BoundVerdict(**one["bound"]) if one.get("bound") else None,
                "difference": Difference(one["difference"]) if one.get("difference") else None,
            }
        )
        for name, one in written.items()
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
