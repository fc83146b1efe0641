"""What ``judge check`` says of a file, as text and as JSON.

Owned here: the words. Not here: reading files and asking Prometheus (`check`), the words on weights
(`check_weights`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.cli.check_weights import Reports, weight_documents, weight_lines
from judge.errors import Issue
from judge.spec.parts import VALUES
from judge.spec.resolved import (
    Compare,
    Direction,
    JudgeName,
    Kind,
    Metric,
    Query,
    Reading,
    ResolvedAnalysis,
)
from judge.spec.units import format_duration

if TYPE_CHECKING:
    from judge.sources.inspect import TrackReport
    from judge.verdict.testability import Shortfall
    from judge.verdict.verdict import Promise

Found = Mapping[tuple[str, str, str], "TrackReport"]


@dataclass(frozen=True)
class Checked:
    """What is known of one file: its analysis or what is wrong, and what its queries found.

    ``weights`` are the reports on those of its tracks that are queries, by track.
    ``shortfalls`` are what keeps its metrics from being tested on the data that there are, and
    ``promise`` what a run's promise would be worth on them; ``unread`` is why those could not be
    read.
    """

    file: Path
    analysis: ResolvedAnalysis | None = None
    issues: tuple[Issue, ...] = ()
    notices: tuple[Issue, ...] = ()
    found: Found = field(default_factory=dict)
    weights: Reports = field(default_factory=dict)
    shortfalls: tuple[Shortfall, ...] = ()
    promise: Promise | None = None
    unread: str = ""

    @property
    def fine(self) -> bool:
        """Whether it can be used, and its critical metrics can be tested."""
        return not (self.issues or self.refused or self.hopeless)

    @property
    def refused(self) -> bool:
        """Whether Prometheus refuses a query of it."""
        errors = [report.error for report in self.found.values()]
        return any(errors) or any(report.error for report in self.weights.values())

    @property
    def hopeless(self) -> bool:
        """Whether a metric that its runs need will end inconclusive."""
        metrics = self.analysis.metrics if self.analysis else ()
        needed = {one.name for one in metrics if one.critical and not one.observe}
        return any(one.hopeless and one.metric in needed for one in self.shortfalls)


def lines(one: Checked) -> list[str]:
    """What there is to say of a file, as text."""
    if one.analysis is None:
        return [str(issue) for issue in one.issues]
    notices = [f"{notice} (a notice; it can be used)" for notice in one.notices]
    analysis = one.analysis
    looks = f"{analysis.looks} looks of {format_duration(analysis.interval)}"
    looks += ", fewer where it passes early" if analysis.early_pass else ""
    looks += _whose(analysis)
    looks += f", and {analysis.looks_after} after a pass" if analysis.looks_after else ""
    if analysis.baseline_offset:
        looks += f", each against the baseline {format_duration(analysis.baseline_offset)} before"
    told = [*notices, f"{one.file}: {analysis.name} {_judged(one)}: {looks}"]
    told += weight_lines(analysis, one.weights)
    for metric in analysis.metrics:
        told.append(
            f"  {metric.name} ({metric.template or metric.kind}): "
            f"{'; '.join([*_compared(metric, analysis), *_bounded(metric)])}"
        )
        for track, parts in metric.queries.items():
            for part, query in parts.items():
                report = one.found.get((metric.name, track, part))
                told += _query_lines(track, part, query, report)
        told += [_shortfall_line(short) for short in one.shortfalls if short.metric == metric.name]
    if one.promise is not None:
        from judge.verdict.promise import MEANINGS

        told.append(f"  the promise of a run that began now: {MEANINGS[one.promise]}")
    if one.unread and not one.refused:
        told.append(f"  the baseline's history cannot be read: {one.unread}")
    return told


def _whose(analysis: ResolvedAnalysis) -> str:
    """Which judge it is, where it is not our own alone."""
    strict = " strictly" if analysis.strict else ""
    if analysis.also_judge is not None:
        return f", judged by Kayenta's judge{strict} as well"
    if analysis.judge is not JudgeName.KAYENTA:
        return ""
    back = f", {format_duration(analysis.lookback)} back" if analysis.lookback else ""
    return f", judged{strict} by Kayenta's judge{back}"


def _judged(one: Checked) -> str:
    if one.refused:
        return "has queries that Prometheus refuses"
    return "is well written" if one.fine else "cannot be tested as it is"


def _shortfall_line(short: Shortfall) -> str:
    kept = "cannot be tested" if short.hopeless else "can be tested, but"
    return f"    {kept}: {short.reason}"


def _compared(metric: Metric, analysis: ResolvedAnalysis) -> Iterator[str]:
    """How the metric is compared with the baseline, if it is."""
    if analysis.judge is JudgeName.KAYENTA:
        yield f"bad is {_bad(metric)}"
        yield _effect(metric)
    elif metric.better is not None:
        yield f"an A/B test: {metric.better} is better"
        yield f"limit {metric.limit:g}, margin {metric.worst:g}"
    elif metric.limit is not None and metric.worst is not None:
        yield f"bad is {_bad(metric)}"
        yield f"limit {metric.limit:g}, worst {metric.worst:g}"


def _effect(metric: Metric) -> str:
    """From where on a difference counts with Kayenta's judge."""
    if metric.kayenta is None:
        return "any difference" if metric.limit is None else f"limit {metric.limit:g}"
    effect = metric.kayenta.effect
    named = {"up from": effect.allowed_increase, "down from": effect.allowed_decrease}
    if metric.direction is not Direction.EITHER:
        kept = "down from" if metric.direction is Direction.DECREASE else "up from"
        named = {kept: named[kept]}
    return f"{effect.measure} {', '.join(f'{name} {value:g}' for name, value in named.items())}"


def _bounded(metric: Metric) -> Iterator[str]:
    """What it is held to whatever the baseline does, if it is."""
    bound = metric.bound
    if bound is None:
        return
    at = f" at quantile {bound.quantile:g}" if metric.kind is Kind.HISTOGRAM else ""
    lasting = "" if bound.lasting is None else f" for {format_duration(bound.lasting)}"
    for name, value in (("max", bound.max), ("min", bound.min)):
        if value is not None:
            shown = f"{100 * value:g}%" if metric.kind is Kind.PROPORTION else f"{value:g}"
            yield f"{name} {shown}{at}{lasting}"


def _bad(metric: Metric) -> str:
    if metric.compare is Compare.SLOPE:
        growths = {"increase": "faster growth", "decrease": "slower growth"}
        return growths.get(metric.direction, "any other growth")
    return {"increase": "an increase", "decrease": "a decrease"}.get(metric.direction, "any change")


def _query_lines(track: str, part: str, query: Query, report: TrackReport | None) -> list[str]:
    told = f": {_told(part, report)}" if report else ""
    indented = [f"      {line}" for line in query.expr.strip().splitlines()]
    every = f" every {format_duration(query.step)}" if query.reading is Reading.SERIES else ""
    return [f"    {track} {part}, a {query.reading}{every}{told}", *indented]


def _told(part: str, report: TrackReport) -> str:
    if report.error:
        return report.error
    counted = f"{report.series} series" + ("" if part == VALUES else f", {report.pods} pods")
    if part == "buckets" and report.series:
        return f"{counted}, {_layout(report)}"
    if report.series or part == "events":
        return counted
    return f"{counted}; nothing matches, so look at the selector and at what Prometheus scrapes"


def _layout(report: TrackReport) -> str:
    if not report.bounds:
        return "no buckets: these series are no histogram, so name its _bucket series"
    kind = "native" if report.native else "classic"
    return f"{len(report.bounds)} bounds of {kind} buckets"


def document(one: Checked) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "file": str(one.file),
        "ok": one.fine,
        "analysis": one.analysis.name if one.analysis else None,
        "issues": [asdict(issue) for issue in one.issues],
        "notices": [asdict(notice) for notice in one.notices],
        "weights": weight_documents(one.analysis, one.weights) if one.analysis else [],
        "queries": _query_documents(one.analysis, one.found) if one.analysis else [],
        "shortfalls": [asdict(short) for short in one.shortfalls],
        "promise": one.promise.value if one.promise is not None else None,
    }


def _query_documents(analysis: ResolvedAnalysis, found: Found) -> list[dict[str, Any]]:
    return [
        {
            "metric": metric.name,
            "track": track,
            "part": part,
            "expr": query.expr,
            "reading": query.reading.value,
            **_report_document(found.get((metric.name, track, part))),
        }
        for metric in analysis.metrics
        for track, parts in metric.queries.items()
        for part, query in parts.items()
    ]


def _report_document(report: TrackReport | None) -> dict[str, Any]:
    if report is None:
        return {}
    told: dict[str, Any] = {
        "series": report.series,
        "pods": report.pods,
        "error": report.error or None,
    }
    if report.bounds:
        told["buckets"] = {"bounds": len(report.bounds), "native": report.native}
    return told
