"""What becomes of a template's metric: its query as Judge measures it, within the good values.

Owned here: reading one metric, and its fields in the analysis. Promised: what is carried over fails
where Argo Rollouts' measurement would be Failed, up to the test that Judge makes of it; whatever is
read otherwise has a remark. Raises `SpecError` with its place for what cannot be carried over. Not
here: conditions (`conditions`), queries (`queries`), taking a query apart (`promql_shapes`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judge.dialects.argo.conditions import Conditions, Phase, Range
from judge.dialects.argo.expressions import Truth, parse
from judge.dialects.argo.importing.arguments import PLACE, Arguments
from judge.dialects.argo.importing.parts import Part
from judge.dialects.argo.importing.queries import Query, query_of
from judge.dialects.argo.importing.schedule import Schedule, Timing, limit_of, timing_of
from judge.dialects.argo.importing.server import Server, server_of
from judge.dialects.argo.tokens import ConditionError
from judge.errors import Issue
from judge.spec.promql import PromqlError
from judge.spec.promql_shapes import Level, Mean, Measured, Shape, measured, shape_of
from judge.spec.rendering import RenderingError
from judge.spec.resolved import Kind
from judge.spec.suggestion.draft import DraftMetric
from judge.spec.units import format_duration

SUCCESS, FAILURE = "successCondition", "failureCondition"
_OURS = ("provider", "prometheus")
_LIMITS = {
    "inconclusiveLimit": "stays behind; a run says pass, fail or inconclusive once, at its end",
    "consecutiveErrorLimit": "stays behind; a look that Prometheus does not answer is a hole",
    "consecutiveSuccessLimit": "stays behind; earlyPass passes as soon as it is proven",
}
_SCALAR = re.compile(r"\s*scalar\s*\(")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 80


@dataclass(frozen=True)
class MetricRead:
    """A metric that can be carried over. ``range`` None: it has no conditions."""

    part: Part
    name: str
    query: Query
    shape: Shape
    server: Server
    timing: Timing
    conditions: Conditions
    range: Range | None
    failures: int
    dry: bool

    @property
    def compared(self) -> bool:
        """Whether the versions are compared: where the query tells them apart.

        With a bound, a level and a mean have that alone: a level may be 0, where a ratio says
        nothing, and behind a mean there may be no buckets to compare.
        """
        alone = isinstance(self.shape, Level | Mean) and self.range is not None
        return bool(self.query.sides) and not alone

    def measured(self, name: str) -> tuple[Measured, ...]:
        """What Judge makes of it."""
        good = self.range or Range(None, None)
        return measured(self.shape, name=name, min=good.min, max=good.max, compared=self.compared)


def read_metric(part: Part, arguments: Arguments, *, dry: bool) -> MetricRead:
    """The metric at ``part``; ``dry``: it runs dry. Raises `SpecError` with the place."""
    provider = part.part(*_OURS)
    if provider is None:
        known = part.part("provider")
        which = next(iter(known.data), "none") if known else "none"
        raise part.refused(f"is of the provider {which}; Judge reads Prometheus", "provider")
    if provider.has("rangeQuery"):
        message = "is a range of values, where Judge looks at one a look; write an instant query"
        raise provider.refused(message, "rangeQuery")
    query = query_of(provider, arguments)
    if query.only_stable:
        raise provider.refused("reads the stable version alone, which is not judged", "query")
    conditions = _conditions(part, arguments)
    good = _range(part, conditions, compared=bool(query.sides))
    failures = limit_of(part, arguments, "failureLimit", 0)
    if failures < 0:
        message = "waits for a success however often it fails, and nothing here does"
        raise part.refused(message, "failureLimit")
    return MetricRead(
        part,
        part.text("name"),
        query,
        _of_all(_shape(provider, query), conditions),
        server_of(provider, arguments),
        timing_of(part, arguments),
        conditions,
        good,
        failures,
        dry,
    )


def _shape(provider: Part, query: Query) -> Shape:
    try:
        return shape_of(query.text)
    except (PromqlError, RenderingError) as error:
        at = query.offset(error.offset)
        raise provider.refused(str(error), "query", offset=at) from error


def _of_all(shape: Shape, conditions: Conditions) -> Shape:
    """Of a level of several series that which the conditions hold: the largest, or the least."""
    wanted = conditions.of_series()
    if not isinstance(shape, Level) or wanted not in ("max", "min"):
        return shape
    return Level(f"{wanted}({shape.expr})")


def _conditions(part: Part, arguments: Arguments) -> Conditions:
    return Conditions(_truth(part, SUCCESS, arguments), _truth(part, FAILURE, arguments))


def _truth(part: Part, name: str, arguments: Arguments) -> Truth | None:
    if not part.text(name):
        return None
    text = arguments.filled(part, name)
    try:
        return parse(text)
    except ConditionError as error:
        # With values put in for arguments, places in the text are no longer the file's.
        offset = error.offset if text == part.text(name) else None
        raise part.refused(str(error), name, offset=offset) from error


def _range(part: Part, conditions: Conditions, *, compared: bool) -> Range | None:
    """The good values; None where there is no condition, and the versions are compared."""
    if conditions.success is None and conditions.failure is None:
        if not compared:
            message = "has no condition and does not tell the versions apart: nothing to judge"
            raise part.refused(message)
        return None
    name = SUCCESS if conditions.success is not None else FAILURE
    if conditions.whole and conditions.listed:
        message = f"and the other condition take the result for two things; write {_FIRST}"
        raise part.refused(message, name)
    found = conditions.range()
    if found is None:
        message = "does not say from where to where the value may lie: a bound has one such range"
        raise part.refused(message, name)
    return found


_FIRST = "result[0] in both"


def metrics_of(read: MetricRead, name: str, schedule: Schedule) -> list[DraftMetric]:
    """The metric as an analysis writes it: one, or several."""
    made = read.measured(name)
    return [DraftMetric(_fields(one, read, schedule), one.remarks) for one in made]


def _fields(one: Measured, read: MetricRead, schedule: Schedule) -> dict[str, Any]:
    fields = {name: _shortest(value) for name, value in one.written().items()}
    queries = fields.pop("queries")
    if is_plain(one):
        lasts = min((read.failures + 1) * schedule.interval, schedule.duration)
        fields["for"] = format_duration(lasts)
    return {**fields, **({"observe": True} if read.dry else {}), "queries": queries}


def _shortest(value: Any) -> Any:
    """A number as one would write it: 500 rather than 500.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_plain(one: Measured) -> bool:
    """Whether its bound is a plain one: broken at every look for as long as `for` says."""
    if one.kind is Kind.GAUGE:
        return bool({"max", "min"} & one.rules.keys())
    return one.kind is Kind.HISTOGRAM and "min" in one.rules


def remarks_of(read: MetricRead, arguments: Arguments) -> Iterator[Issue]:
    """What of the metric is read otherwise than Argo Rollouts reads it."""
    part = read.part
    for name in (SUCCESS, FAILURE):
        yield from arguments.fixed(part, name)
    for argument in read.query.fixed:
        message = f"args.{argument.name} is written as its value now, {argument.value}"
        text = part.data["provider"]["prometheus"]["query"]
        at = next(m.start() for m in PLACE.finditer(text) if m[1] == argument.name)
        yield part.issue(message, *_OURS, "query", offset=at)
    yield from _condition_remarks(read)
    if part.has("failureLimit"):
        yield part.issue(_failures(read), "failureLimit")
    for name, message in _LIMITS.items():
        if part.has(name):
            yield part.issue(message, name)


def _failures(read: MetricRead) -> str:
    if any(is_plain(one) for one in read.measured(read.name)):
        return f"becomes `for`: {read.failures + 1} looks in a row, not that many in all"
    return "stays behind; the bound is tested on all that was seen, not counted by looks"


def _condition_remarks(read: MetricRead) -> Iterator[Issue]:
    part, conditions = read.part, read.conditions
    if read.range is None:
        message = "has no condition, so that it never fails; here the versions are compared"
        yield part.issue(message)
        return
    name = SUCCESS if part.has(SUCCESS) else FAILURE
    if conditions.whole and not _SCALAR.match(read.query.text):
        message = (
            "takes the result for a number, which is an error of Argo Rollouts' where the query "
            "yields a vector; read as result[0]"
        )
        yield part.issue(message, name)
    if conditions.of_series() == "each":
        message = "looks at each series; here they are bounded together, a level by its mean"
        yield part.issue(message, name)
    if conditions.undecided():
        message = "leaves values between it and the other condition, Inconclusive there; they pass"
        yield part.issue(message, FAILURE)
    for bound in read.range.strict:
        message = (
            f"lets {bound:g} itself fail, and the bound here lets it pass; write another number "
            "where whole things are counted"
        )
        yield part.issue(message, name)
    yield part.issue(_silence(read), name)


def _silence(read: MetricRead) -> str:
    """What becomes of a look without a value."""
    if read.conditions.whole:
        return f"of NaN says {read.conditions.of_value(math.nan)}; {_HOLE}"
    empty, nan = read.conditions.phase([]), read.conditions.phase([math.nan])
    said = f"without data says {empty}" if empty is not Phase.ERROR else "without data is an error"
    return f"{said}, of NaN says {nan}; {_HOLE}"


_HOLE = "here either is a hole, and a run of holes ends inconclusive"


def safe_name(name: str, taken: set[str]) -> str:
    """A metric's name of letters, digits, dashes and underscores that is not ``taken``."""
    plain = _NOT_IN_NAMES.sub("-", name).strip("-")[:_LONGEST] or "metric"
    rivals = (f"{plain}-{i}" for i in range(2, len(taken) + 3))
    return next(one for one in (plain, *rivals) if one not in taken)
