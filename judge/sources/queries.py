"""What is asked of the server for an analysis: as few queries as possible, each sum with its mark.

Owned here: the branches (a metric, a track, a part), the PromQL that yields each one's sum by pod
and what makes it doubtful, and how many branches travel in one query, joined by ``or`` with the
label `MARK`. Not here: asking (`prometheus`), what the numbers mean (`increments`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judge.sources.selectors import BOUND_LABEL, NAME_LABEL, Selector, quoted, selector
from judge.spec.resolved import PARTS, Kind, Metric, PrometheusConfig, Query, Reading

MARK = "judge_branch"
(BUCKETS,) = PARTS[Kind.HISTOGRAM]
EVENTS, _TOTAL = PARTS[Kind.PROPORTION]
# Prometheus shows a series for this long after its last sample, unless it was marked stale.
LOOKBACK = 300.0
INFINITE = "+Inf"


class What(enum.StrEnum):
    """Which number of a branch a series carries."""

    SUM = "s"  # of buckets: one by bound
    SERIES = "c"  # how many there are: where it is not known which came and went
    DOUBTS = "d"  # how many came, went or were reset since the interval began
    GONE = "g"  # how many there were not long ago, where there are none
    PARTIAL = "p"  # how many have a bucket's bound, where not all of the pod's series do
    UNBOUNDED = "u"  # how many are no classic buckets: native histograms, perhaps


@dataclass(frozen=True, slots=True)
class Branch:
    """One part (`PARTS`) of one metric in one track."""

    metric: str
    track: str
    part: str
    query: Query

    @property
    def counter(self) -> bool:
        """Whether what counts is how much it grew."""
        return self.query.reading is Reading.COUNTER

    @property
    def buckets(self) -> bool:
        """Whether it is a histogram's."""
        return self.part == BUCKETS


def branches(metrics: Iterable[Metric], tracks: Sequence[str]) -> list[Branch]:
    """Every branch that ``metrics`` have queries for in ``tracks``; series have none (`series`)."""
    return [
        Branch(metric.name, track, part, metric.queries[track][part])
        for metric in metrics
        if metric.kind is not Kind.SERIES
        for track in tracks
        for part in PARTS[metric.kind]
        if part in metric.queries.get(track, {})
    ]


def joined(asked: Sequence[Branch], config: PrometheusConfig, *, step: float, reach: float) -> str:
    """One query for all of ``asked``; a series' mark is its index in ``asked`` and a `What`.

    An interval is ``step`` seconds long; events that are gone are looked for ``reach`` seconds
    back.
    """
    terms = []
    for index, branch in enumerate(asked):
        for what, expr in _exprs(branch, config, step, reach):
            terms.append(f'label_replace({expr},"{MARK}","{index}{what}","","")')
    return _balanced(terms)


def unmarked(mark: str) -> tuple[int, What]:
    """The index and the `What` of a mark. Raises ValueError for anything else."""
    return int(mark[:-1]), What(mark[-1])


def by_pod(function: str, expr: str, config: PrometheusConfig, *labels: str) -> str:
    """``function`` (an aggregation) of ``expr`` by pod, and by ``labels``."""
    return f"{function} by ({','.join((config.pod_label, *labels))}) ({expr})"


def native_histograms(chosen: Selector, config: PrometheusConfig) -> str:
    """The native histograms that ``chosen`` selects, summed by pod and replica.

    Without a mark: Prometheus 2.42 makes a plain 0 of a native histogram where a label is replaced,
    and a maximum over replicas drops it.
    """
    return by_pod("sum", str(chosen.where(BOUND_LABEL, "")), config, *config.replica_labels)


def deduplicated(query: Query, config: PrometheusConfig) -> str:
    """``query`` with the replicas of an HA pair as one series, the one that is ahead."""
    chosen = selector(query.expr)
    if chosen is None or chosen.one_name:
        return _merged(_closed(query.expr), config)
    # Aggregating drops the name, and series of several names would become one.
    named = f'label_replace({_closed(query.expr)},"judge_name","$1",{quoted(NAME_LABEL)},"(.*)")'
    return _merged(named, config)


def _merged(expr: str, config: PrometheusConfig) -> str:
    if not config.replica_labels:
        return expr
    return f"max without ({','.join(config.replica_labels)}) ({expr})"


def present(expr: str, config: PrometheusConfig) -> str:
    """Which series there are, native histograms too, replicas as one."""
    if not config.replica_labels:
        return expr
    return f"group without ({','.join(config.replica_labels)}) ({expr})"


def _exprs(
    branch: Branch, config: PrometheusConfig, step: float, reach: float
) -> list[tuple[What, str]]:
    chosen = selector(branch.query.expr)
    if branch.buckets and chosen is not None:
        return _of_buckets(chosen, config, step)
    single = deduplicated(branch.query, config)
    exprs = [(What.SUM, by_pod("sum", single, config))]
    if branch.counter and chosen is not None and chosen.one_name:
        exprs.append((What.DOUBTS, by_pod("count", _doubts(chosen, config, step), config)))
    elif branch.counter:
        exprs.append((What.SERIES, by_pod("count", single, config)))
    if branch.counter and branch.part == EVENTS and chosen is not None:
        exprs.append((What.GONE, _gone(chosen, config, step, reach)))
    return exprs


def _gone(chosen: Selector, config: PrometheusConfig, step: float, reach: float) -> str:
    """The pods that had series within ``reach``, and none at either end of an interval."""
    then = by_pod("count", f"last_over_time({chosen}[{duration(reach)}])", config)
    ends = by_pod("count", f"{chosen} or {chosen} offset {duration(step)}", config)
    return f"{then} unless {ends}"


def _of_buckets(chosen: Selector, config: PrometheusConfig, step: float) -> list[tuple[What, str]]:
    """What a histogram's selector finds. Its buckets come, go and are reset together.

    So doubts are looked for among the buckets +Inf, and among native histograms.
    """
    single = deduplicated(Query(str(chosen)), config)
    whole = deduplicated(Query(str(chosen.where(BOUND_LABEL, INFINITE))), config)
    one_each = chosen.among(BOUND_LABEL, ("", INFINITE))
    having = by_pod("count", single, config, BOUND_LABEL)
    all_of_them = by_pod("count", whole, config)
    exprs = [
        (What.SUM, by_pod("sum", single, config, BOUND_LABEL)),
        (What.PARTIAL, f"{having} != ignoring ({BOUND_LABEL}) group_left () {all_of_them}"),
        (What.UNBOUNDED, by_pod("count", str(chosen.where(BOUND_LABEL, "")), config)),
    ]
    if chosen.one_name:
        exprs.append((What.DOUBTS, by_pod("count", _doubts(one_each, config, step), config)))
    else:
        exprs.append((What.SERIES, all_of_them))
    return exprs


def _doubts(chosen: Selector, config: PrometheusConfig, step: float) -> str:
    """The series that came, went or were reset: usually none.

    A reset lies between two samples, of which the first may be as old as the lookback at the
    interval's start; those that were complete by then belong to earlier intervals.
    """
    ago, back = duration(step), duration(LOOKBACK)
    now, before = present(str(chosen), config), present(f"{chosen} offset {ago}", config)
    by_now = f"resets({chosen}[{duration(step + LOOKBACK)}])"
    by_then = f"resets({chosen}[{back}] offset {ago})"
    return f"({now} unless {before}) or ({before} unless {now}) or {by_now} > {by_then}"


def _closed(expr: str) -> str:
    """``expr`` so that a comment at its end does not swallow what is written behind it."""
    return f"{expr}\n" if "#" in expr else expr


def duration(seconds: float) -> str:
    """A PromQL duration."""
    whole = round(seconds * 1000)
    return f"{whole}ms" if whole % 1000 else f"{whole // 1000}s"


def _balanced(terms: Sequence[str]) -> str:
    """``terms`` joined by ``or`` as a balanced tree.

    Prometheus evaluates ``or`` pair by pair: a long chain goes over its first series once a link.
    """
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return f"({_balanced(terms[:middle])} or {_balanced(terms[middle:])})"
