"""What the API answers: its JSON documents, as models for the OpenAPI, and how a run becomes one.

Promises one shape for a verdict at any time of a run: before the first look it is `inconclusive`,
with a reason and null numbers. Times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from judge.api.kayenta_documents import JudgeResultDocument, ResultDocument
from judge.spec.resolved import BASELINE
from judge.store.run import Run, RunState
from judge.verdict.promise import unmeasured
from judge.verdict.verdict import Difference, MetricVerdict, Outcome, Promise, Verdict, document


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BoundDocument(_Document):
    """What is said of a metric's fixed bound, in the metric's unit; null: not known, or not set."""

    broken: bool
    promised: bool = Field(description="Whether false alarms of it are inside the promise")
    value: float | None = Field(description="What is bounded, of the canary")
    max: float | None
    min: float | None
    evidence: float | None = Field(description="As of the metric; null for a plain bound")
    threshold: float | None


class SequenceDocument(_Document):
    """What was said of a metric after each look, the first at index 0; null: not known then.

    ``low`` and ``high`` hold at every look at once.
    """

    estimate: list[float | None]
    low: list[float | None]
    high: list[float | None]
    evidence: list[float | None]


class MetricDocument(_Document):
    """What is said of one metric. Ratios are canary / baseline; null: not known."""

    verdict: Outcome
    estimate: float | None
    low: float | None = Field(description="With high, a confidence sequence: valid at every look")
    high: float | None
    limit: float | None = Field(
        description="The ratio that was tested; null for a metric held to its fixed bound alone"
    )
    evidence: float | None = Field(description="Natural logarithm of the e-value against limit")
    threshold: float | None = Field(description="What evidence must reach to fail the metric")
    proven: bool
    reason: str
    observed: dict[str, dict[str, float | None]] | None = Field(
        None, description="By track, for the eye: a share, a mean, quantiles"
    )
    bound: BoundDocument | None = Field(None, description="Where the metric has max or min")
    difference: Difference | None = Field(
        None, description="The answer of an A/B test; null: not known yet, or no A/B test"
    )
    sequence: SequenceDocument | None = Field(None, description="Of one run, where asked for")
    kayenta: list[ResultDocument] | None = Field(
        None, description="What Kayenta's judge says, where it is asked: a result a label set"
    )


class ComparisonDocument(_Document):
    """One track compared with the baseline; its own verdict is there after the first look."""

    verdict: Outcome | None = None
    score: float | None = Field(None, description="0 to 100")
    proven: bool | None = None
    reason: str | None = None
    metrics: dict[str, MetricDocument]


class VerdictDocument(_Document):
    """What is said of a run or a window."""

    verdict: Outcome
    score: float | None = Field(description="0 to 100")
    proven: bool
    promise: Promise
    decidedAt: int | None = Field(  # noqa: N815
        description="Index of the deciding interval: of the pass, or of the failure after it"
    )
    reason: str
    metrics: dict[str, MetricDocument]
    comparisons: dict[str, ComparisonDocument] | None = Field(
        None, description="By track, where there is a shadow beside the canary"
    )
    kayenta: JudgeResultDocument | None = Field(
        None, description="The score as Kayenta's judge tells it, of a run that it judges"
    )
    alsoJudged: dict[str, OtherDocument] | None = Field(  # noqa: N815
        None, description="By name, what another judge says of the same looks, and decides nothing"
    )


class OtherDocument(VerdictDocument):
    """What another judge says beside the one that decides."""

    leftOut: list[str] | None = Field(  # noqa: N815
        None, description="The metrics that it cannot judge"
    )


class ShortfallDocument(_Document):
    """What keeps a metric from being tested on the baseline's history."""

    metric: str
    reason: str
    hopeless: bool = Field(description="Whether it will end inconclusive as it is")


class RunDocument(VerdictDocument):
    """A run with what is said of it now."""

    id: str
    state: RunState = Field(
        description="done and cancelled are final; watching: passed, and looked at still"
    )
    name: str
    namespace: str
    key: str | None
    labels: dict[str, str]
    mode: Literal["enforce", "observe"]
    held: bool = Field(description="Whether what the decision sets off waits for approval")
    createdAt: float  # noqa: N815
    startedAt: float  # noqa: N815
    endedAt: float | None  # noqa: N815
    interval: float = Field(description="Seconds between looks")
    looks: int = Field(description="Intervals looked at so far")
    looksPlanned: int = Field(  # noqa: N815
        description="Intervals of the whole run at most, watching on included"
    )
    shortfalls: list[ShortfallDocument] | None = Field(
        None, description="Of one run: what cannot be tested; null before its history is read"
    )


class VerdictAnswer(_Document):
    """The answer to a verdict asked for."""

    data: VerdictDocument


class RunAnswer(_Document):
    """The answer about one run."""

    data: RunDocument


class RunsAnswer(_Document):
    """A page of runs, newest first. ``next``: the ``cursor`` of the next page; null at the end."""

    data: list[RunDocument]
    next: str | None


def run_document(run: Run) -> dict[str, Any]:
    """The JSON form of a run."""
    return {
        "id": run.id,
        "state": run.state.value,
        "name": run.name,
        "namespace": run.namespace,
        "key": run.key,
        "labels": dict(run.analysis.labels),
        "mode": run.analysis.mode.value,
        "held": run.held,
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "endedAt": run.ended_at,
        "interval": run.analysis.interval,
        "looks": run.next_index,
        "looksPlanned": run.analysis.all_looks,
        **_said(run),
    }


def _said(run: Run) -> Mapping[str, Any]:
    """The verdict; who decides by hand before the first look says nothing of the metrics."""
    if run.verdict is None:
        return _unjudged(run)
    if run.verdict["metrics"]:
        return run.verdict
    return {**run.verdict, "metrics": _unjudged(run)["metrics"]}


def _unjudged(run: Run) -> Mapping[str, Any]:
    reason = (
        "not known yet: waiting for the first look"
        if run.state.active
        else f"{run.state.value} before the first look"
    )
    metrics = {
        metric.name: MetricVerdict(Outcome.INCONCLUSIVE, reason, limit=metric.limit)
        for metric in run.analysis.metrics
    }
    tracks = [track for track in run.analysis.tracks if track != BASELINE]
    verdict = Verdict(
        Outcome.INCONCLUSIVE,
        reason,
        score=None,
        promise=unmeasured(run.analysis),
        metrics=metrics,
        comparisons=dict.fromkeys(tracks, metrics),
    )
    return document(verdict)
