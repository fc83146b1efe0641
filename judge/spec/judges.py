"""Which judges an analysis asks, and which of its fields go with which.

Owned here: that what is written for one judge is not silently passed over by the other. Promised:
each fault names its field and the way out. Not here: the fields (`analysis`, `kayenta_fields`), how
a judge judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from judge.errors import Issue
from judge.spec import rendering
from judge.spec.analysis import SpecFields, SpecWritten
from judge.spec.kayenta_rules import KayentaRules
from judge.spec.metric_template import MetricTemplate
from judge.spec.metrics import MetricFields, MetricWritten
from judge.spec.resolved import JudgeName, Kind, ResolvedAnalysis
from judge.spec.rules import Rules
from judge.spec.units import format_duration
from judge.spec.written import Written

ROUNDING = 1e-6
WHOLE = 100.0  # what the weights of groups are out of
_ASK = "write judge: kayenta or alsoJudge: kayenta too, or remove it"

Fault = tuple[tuple[str, ...], str]


def asked(spec: SpecFields) -> bool:
    """Whether Kayenta's judge is asked, first or beside the other."""
    return alone(spec) or spec.also_judge is not None


def alone(spec: SpecFields) -> bool:
    """Whether Kayenta's judge decides, without the sequential one."""
    return spec.judge == JudgeName.KAYENTA


def rules_of(metric: MetricFields) -> KayentaRules | None:
    """How Kayenta's judge takes the metric; None where that is for its other rules to say."""
    return None if metric.kayenta is None else metric.kayenta.resolved()


def judge_faults(spec: SpecFields) -> Iterator[Fault]:
    """What no run can be judged by, in any form of the analysis: the field, a sentence."""
    if alone(spec) and spec.also_judge is not None:
        message = "judges already; remove it, or write judge: sequential"
        yield ("alsoJudge",), f"{spec.also_judge} {message}"
    if alone(spec) and spec.early_pass:
        message = "is the sequential judge's: no look of Kayenta's judge proves a release good"
        yield ("earlyPass",), f"{message}; remove it, or write judge: sequential"
    if alone(spec) and spec.keep_watching:
        message = "is the sequential judge's; write a longer duration, or judge: sequential"
        yield ("keepWatching",), message


def kind_fault(kind: Kind, spec: SpecFields) -> str:
    """What keeps a metric of ``kind`` from being judged, or ""."""
    if kind is not Kind.SERIES or alone(spec):
        return ""
    return (
        "a series can be judged by Kayenta's judge alone; write judge: kayenta, or make it a "
        "proportion, a histogram or a gauge"
    )


def written_issues(spec: SpecWritten, written: Written) -> list[Issue]:
    """What does not go together in an analysis as a user writes it."""
    found = [*judge_faults(spec), *_weight_faults(spec), *_lookback_faults(spec)]
    if alone(spec) and "risk" in spec.model_fields_set:
        message = "is the sequential judge's: Kayenta's judge promises nothing; remove it"
        found.append((("risk",), message))
    issues = [written.issue(("spec", *path), message) for path, message in found]
    if asked(spec):
        return issues + [
            written.issue(("spec", "metrics", i, *inside), message)
            for i, inside, message in _grouping_faults(spec)
        ]
    for name, value in (
        ("strict", spec.strict),
        ("lookback", spec.lookback),
        ("groupWeights", spec.group_weights),
    ):
        if value:
            issues.append(written.issue(("spec", name), f"is for Kayenta's judge; {_ASK}"))
    return issues + [
        written.issue(("spec", "metrics", i, "kayenta"), f"is for Kayenta's judge; {_ASK}")
        for i, metric in enumerate(spec.metrics)
        if metric.kayenta is not None
    ]


def metric_faults(
    metric: MetricWritten, template: MetricTemplate, spec: SpecWritten
) -> Iterator[Fault]:
    """What of a metric does not go with its judge: the field's path below it, a sentence."""
    wrong = kind_fault(template.kind, spec)
    if wrong:
        yield ("kind",), wrong
    if not alone(spec):
        return
    yield from _own_faults(metric, template.kind)
    yield from _merged_faults(metric, template.rules)
    for part, query in template.queries.items():
        count = spec.interval / query.step
        if template.kind is Kind.SERIES and abs(count - round(count)) > ROUNDING:
            message = (
                f"{format_duration(query.step)} does not divide the interval "
                f"({format_duration(spec.interval)}), so that the values of two looks would not "
                "follow on each other; write a step that does"
            )
            yield ("queries", part, "step"), message


def with_judges(analysis: ResolvedAnalysis, spec: SpecFields) -> ResolvedAnalysis:
    """``analysis`` with the judges that ``spec`` asks, and what it says for them."""
    return replace(
        analysis,
        judge=spec.judge,
        also_judge=None if spec.also_judge is None else JudgeName(spec.also_judge),
        strict=spec.strict,
        group_weights=dict(spec.group_weights),
        lookback=spec.lookback,
    )


def without_bounds(rules: Rules, spec: SpecFields) -> Rules:
    """The rules, without what Kayenta's judge alone would not hold to."""
    if not alone(spec):
        return rules
    return replace(rules, max=None, min=None, lasting=None, quantile=None)


def notices(spec: SpecWritten, written: Written) -> list[Issue]:
    """Weights of groups that no metric counts in: Kayenta takes them, and so do we."""
    if not asked(spec):
        return []
    known = {group for metric in spec.metrics for group in _groups(metric) or ()}
    return [
        written.issue(
            ("spec", "groupWeights", name),
            f"no metric counts in the group {name}; {rendering.unknown(name, known)}",
            key=True,
        )
        for name in spec.group_weights
        if name not in known
    ]


def _groups(metric: MetricFields) -> tuple[str, ...] | None:
    """The groups as written; None where nobody said."""
    return None if metric.kayenta is None else metric.kayenta.groups


def _grouping_faults(spec: SpecWritten) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Metrics that would count nowhere, or by no weight of theirs, because there are groups."""
    if not spec.group_weights and not any(_groups(metric) for metric in spec.metrics):
        return
    for i, metric in enumerate(spec.metrics):
        if _groups(metric) is None and not metric.observe:
            message = (
                "others count in groups, and this one in none, so that its score would be lost; "
                "write kayenta: {groups: [...]}, or groups: [] to leave it out"
            )
            yield i, (), message
        if alone(spec) and metric.weight is not None:
            yield i, ("weight",), "where there are groups, groupWeights weigh them; remove it"


def _weight_faults(spec: SpecFields) -> Iterator[Fault]:
    total = sum(spec.group_weights.values())
    if total > WHOLE + ROUNDING:
        yield ("groupWeights",), f"add up to {total:g}, more than {WHOLE:g} percent; lower them"


def _lookback_faults(spec: SpecFields) -> Iterator[Fault]:
    if 0 < spec.lookback < spec.interval:
        shown = format_duration(spec.interval)
        message = f"{format_duration(spec.lookback)} is shorter than one interval ({shown})"
        yield ("lookback",), f"{message}; write {shown} or more, or remove it for the whole run"


def _own_faults(metric: MetricWritten, kind: Kind) -> Iterator[Fault]:
    """What the metric itself says, and only the sequential judge would look at."""
    own = metric.rules()
    if kind is Kind.SERIES:
        return  # which knows none of these with any judge
    if own.limit is not None and metric.kayenta is not None:
        message = "kayenta.effectSize says from where on a difference counts; remove one of the two"
        yield ("limit",), message
    if own.worst is not None:
        yield ("worst",), "is the sequential judge's; remove it"
    for name, value in (("max", own.max), ("min", own.min), ("for", own.lasting)):
        if value is not None:
            yield (name,), "is the sequential judge's: Kayenta's knows no bounds; remove it"
    if kind is Kind.GAUGE and own.floor is not None:
        yield ("floor",), "is the sequential judge's; remove it"


def _merged_faults(metric: MetricWritten, default: Rules) -> Iterator[Fault]:
    """What the metric or its template asks for, and Kayenta's judge cannot do."""
    own = metric.rules()
    both = own.over(default)
    otherwise = "remove it, or write judge: sequential"
    if both.slope:
        path = ("compare",) if own.slope else ("template",)
        yield path, f"slope: Kayenta's judge compares levels; {otherwise}"
    if both.better is not None:
        path = ("template",) if own.better is None else ("better",)
        yield path, f"an A/B test is the sequential judge's; {otherwise}"
    if default.bounded and both.limit is None and not own.bounded and metric.kayenta is None:
        message = (
            "the template holds its metrics to a fixed bound, which Kayenta's judge does not know; "
            "write a limit, take another template, or write judge: sequential"
        )
        yield ("template",), message
