"""A plan as text: for each metric a small chart, and what it means in words."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

from judge.cli.planning.chart import BLOCKS, PLAIN, axis, line
from judge.spec.resolved import CANARY, Compare, Direction, Kind, Metric
from judge.spec.units import format_duration
from judge.stats.planning.foresight import Estimate, Foresight
from judge.stats.planning.scenes import Planned
from judge.verdict.planning.metric_plan import Prospect, Regression
from judge.verdict.planning.plan import MetricPlan, Plan
from judge.verdict.promise import MEANINGS
from judge.verdict.reasons import amount

WIDTH = 30
COLUMNS = 100
HALF, MOST = 0.5, 0.95


def report(plan: Plan, *, blocks: str | None = None, columns: int | None = None) -> str:
    """The whole plan, in lines of at most ``columns``; by default as many as the terminal has.

    ``blocks`` draws the charts; by default what the terminal can show.
    """
    wide = _columns() if columns is None else columns
    drawn = _blocks() if blocks is None else blocks
    told = [*_head(plan)]
    for one in plan.metrics:
        told += ["", *_metric(one, plan, drawn)]
    return "\n".join(part for one in [*told, "", *_run(plan)] for part in _wrapped(one, wide))


def _columns() -> int:
    """A terminal's columns, where it has fewer than a line may have."""
    return min(COLUMNS, shutil.get_terminal_size().columns) if sys.stdout.isatty() else COLUMNS


def _wrapped(text: str, columns: int) -> list[str]:
    """Lines that are too long go on below, farther in."""
    if len(text) <= columns:
        return [text]
    inward = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(
        text, columns, subsequent_indent=inward, break_long_words=False, break_on_hyphens=False
    )


def _blocks() -> str:
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return BLOCKS


def _head(plan: Plan) -> Iterator[str]:
    analysis, history = plan.analysis, plan.history
    length = format_duration(history[-1].end - history[0].start)
    yield (
        f"{analysis.name}: {analysis.looks} looks of {format_duration(analysis.interval)}, planned "
        f"on {length} of history, {_time(history[0].start)} to {_time(history[-1].end)} UTC"
    )
    warmup = f", its {format_duration(analysis.warmup)} of warm-up over" if analysis.warmup else ""
    yield f"Regressions begin with the run{warmup}; in brackets what is 95 % sure"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _metric(one: MetricPlan, plan: Plan, blocks: str) -> Iterator[str]:
    metric = one.metric
    if one.prospect is None:
        yield f"{metric.name}: not planned: {one.cannot}"
    else:
        yield f"{metric.name} ({', '.join(_facts(one))})"
        yield f"  {_tracks(one.prospect.planned, metric)}{_moved(plan)}"
        yield from _regressions(one.prospect, metric, plan, blocks)
        yield from _foreseen(one, one.prospect, plan)
        yield from _bases(one, one.prospect)
    for short in plan.shortfalls:
        if short.metric == metric.name:
            yield f"  {'cannot be tested' if short.hopeless else 'note'}: {short.reason}"


def _facts(one: MetricPlan) -> Iterator[str]:
    metric = one.metric
    if one.level is not None:
        what = "median" if metric.kind is Kind.HISTOGRAM else "usually"
        yield f"{what} {amount(one.level, metric)}"
    yield _limits(one)
    if one.terms is not None:
        yield f"at most {100 * one.terms.alpha:.2g} % false rollbacks of its own"


def _limits(one: MetricPlan) -> str:
    limit, worst = one.metric.limit or 1.0, one.metric.worst or 1.0
    tested = limit if one.prospect is None else one.prospect.limit
    if abs(tested / limit - 1.0) <= 0.005:
        return f"limit {limit:.3g}, worst {worst:.3g}"
    return f"limit {tested:.3g} (the buckets' nearest to {limit:.3g}), worst {worst:.3g}"


def _tracks(planned: Planned, metric: Metric) -> str:
    requests = (
        "" if metric.kind is Kind.GAUGE else f" with {_percent(planned.share)} of the requests"
    )
    return f"canary: {_pods(planned.canary)}{requests}; baseline: {_pods(planned.baseline)}"


def _moved(plan: Plan) -> str:
    """That the canary's weight is read as it is moved, and cannot be known before."""
    track = plan.analysis.tracks.get(CANARY)
    if track is None or track.weight_query is None:
        return ""
    return " (its weight is a query: plan its steps one by one, with --weight)"


def _pods(count: int) -> str:
    return f"{count} pod{'s' * (count != 1)}"


def _regressions(one: Prospect, metric: Metric, plan: Plan, blocks: str) -> Iterator[str]:
    names = [_named(regression, metric) for regression in one.regressions]
    wide = max(len(name) for name in names)
    looks = len(one.regressions[0].seen.by_look)
    end = format_duration(looks * plan.analysis.interval)
    yield f"  {'':{wide}}  {axis(end, width=WIDTH)}"
    for name, regression in zip(names, one.regressions, strict=True):
        if regression.within:
            yield f"  {name:{wide}}  {'':{WIDTH}}  within the limit: a good release"
            continue
        drawn = line(list(regression.seen.by_look), width=WIDTH, blocks=blocks)
        yield f"  {name:{wide}}  {drawn}  {_seen(regression.seen, plan)}"


def _named(regression: Regression, metric: Metric) -> str:
    """As in "2 times the errors": what a release does."""
    fold = f"{regression.fold:.3g}"
    if metric.kind is Kind.HISTOGRAM:
        return f"{fold} times slower"
    growth = " the growth" if metric.compare is Compare.SLOPE else ""
    if metric.direction is Direction.DECREASE:
        return f"1/{fold} of{growth or ' it'}"
    return f"{fold} times{growth}"


def _seen(seen: Foresight, plan: Plan) -> str:
    """When it is seen: half of the time and nearly always, or how often at all."""
    half, most = seen.look(HALF), seen.look(MOST)
    if half.value is None:
        return f"seen in {_share(seen.share)} of runs"
    told = f"half by {_moment(half, plan)}"
    if most.value is not None:
        return f"{told}, 95 % by {_moment(most, plan)}"
    return f"{told}, {_share(seen.share)} in all"


def _share(share: Estimate) -> str:
    value, low, high = (round(100 * (one or 0.0)) for one in (share.value, share.low, share.high))
    return f"{value} % ({low}-{high})"


def _moment(look: Estimate, plan: Plan) -> str:
    """A time and its bounds; an end that lies beyond the run is left open."""
    value, low, high = (_length(one, plan) for one in (look.value, look.low, look.high))
    return value if low == high else f"{value} ({low}-{high})"


def _length(look: float | None, plan: Plan) -> str:
    return "" if look is None else format_duration(look * plan.analysis.interval)


def _foreseen(metric: MetricPlan, one: Prospect, plan: Plan) -> Iterator[str]:
    yield f"  smallest that the run sees: {_smallest(one)}"
    yield f"  a good release passes proven: {_proven(one, plan)}"
    for option in metric.options:
        tracks = option.prospect.planned
        named = (
            f"one pod more ({tracks.canary})"
            if option.name == "pod"
            else f"more traffic ({_percent(tracks.share)})"
        )
        gained = "; ".join(_gained(option.prospect, one, metric.metric, plan))
        yield f"  {named}: {gained}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _smallest(one: Prospect) -> str:
    half, most = (
        "none" if small.fold is None else f"{small.fold:.2g} times" for small in one.smallest
    )
    return f"{half} in half of the runs, {most} in 95 %"


def _proven(one: Prospect, plan: Plan) -> str:
    half = one.proven.look(HALF)
    when = "" if half.value is None else f", half could by {_moment(half, plan)}"
    return f"{_share(one.proven.share)}{when}"


def _gained(other: Prospect, one: Prospect, metric: Metric, plan: Plan) -> Iterator[str]:
    """What other tracks would see, where that is not the same."""
    for regression, planned in zip(other.regressions, one.regressions, strict=True):
        told = _briefly(regression.seen, plan)
        if not regression.within and told != _briefly(planned.seen, plan):
            yield f"{_named(regression, metric)} {told}"
    yield f"smallest {_smallest(other)}"
    yield f"proven {100 * (other.proven.share.value or 0.0):.0f} %"


def _briefly(seen: Foresight, plan: Plan) -> str:
    half = seen.look(HALF).value
    if half is None:
        return f"seen in {100 * (seen.share.value or 0.0):.0f} %"
    return f"half by {_length(half, plan)}"


def _bases(metric: MetricPlan, one: Prospect) -> Iterator[str]:
    """What the figures rest on."""
    runs = len(one.good.at)
    if one.made:
        yield (
            f"  from {runs} runs of a model: the history has too few pods, or is shorter than a "
            "run; its rate and the noise that the judge assumes, ten minutes by ten minutes"
        )
    else:
        yield (
            f"  from {runs} runs in which pods of this history play the canary, worth "
            f"{one.good.independent:.0f} independent ones"
        )
    if one.raised is not None and one.raised > 0.05 and metric.terms is not None:
        yield (
            f"  calibration asks {one.raised:.1f} more of the evidence (a logarithm): that is what "
            "this service's noise costs"
        )


def _run(plan: Plan) -> Iterator[str]:
    yield f"The promise of this run: {MEANINGS[plan.promise]}."
    if plan.proven is not None and len(plan.metrics) > 1:
        yield (
            f"A good release passes proven in {100 * plan.proven:.0f} % of runs, if its metrics "
            "have nothing to do with each other."
        )
    if any(one.prospect is not None for one in plan.metrics) and len(plan.metrics) > 1:
        yield "A regression in one critical metric rolls the run back when that metric shows it."
