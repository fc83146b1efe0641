"""What the query of a Flagger template measures, as a metric of ours.

Owned here: which kind it is taken for, and what its author has to know of that. Promised: where the
numbers would come out in another unit than the query's, the query is taken whole. Not here: the
template (`flagger_template`), a query's shape (`promql_shapes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from judge.spec.resolved import Kind, Query, Reading
from judge.spec.rules import Rules


@dataclass(frozen=True, slots=True)
class Measured:
    """A kind and its queries, with places; ``percent`` where the query yields percent of it."""

    kind: Kind
    queries: Mapping[str, Query]
    description: str
    rules: Rules = field(default_factory=Rules)
    pod_label: str = ""
    percent: bool = False


def measured(expr: str) -> Measured:
    """What ``expr``, PromQL with places that yields one number, is taken for."""
    return Measured(
        Kind.GAUGE,
        {"value": Query(expr, Reading.GAUGE)},
        "the number that the query yields, taken as it is",
    )


def percent_faults(rules: Rules) -> Iterator[tuple[tuple[str, ...], str]]:
    """Bounds that may be meant in percent, where a metric is a share: field, sentence."""
    for name, value in (("max", rules.max), ("min", rules.min)):
        if isinstance(value, float):
            message = (
                f"{value:g} may be meant in percent, as Flagger's template yields them, or as a "
                f"share; write {value:g}% or {100 * value:g}%"
            )
            yield (name,), message
