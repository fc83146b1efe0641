"""A track's weight, its expected share of requests: a number, or a query for one that changes.

Owned here: its fields, and filling the places of its query. Not here: asking the query
(`judge.sources.weights`), whether the weights fit together (`tracks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from judge.errors import Issue
from judge.spec import rendering
from judge.spec.fields import LONG, SHORT, Document, QueryText, Share
from judge.spec.promql import PromqlError
from judge.spec.rendering import RenderingError
from judge.spec.resolved import WeightQuery
from judge.spec.written import Path, Written


class WeightWritten(Document):
    """A share of requests that changes during a run."""

    query: QueryText
    """PromQL of one series: the weight, read at both ends of each interval."""
    of: Annotated[float, Field(gt=0)] = 1.0
    """What all requests are in the query's unit: 100 where it yields percent."""

    def resolved(self) -> WeightQuery:
        """The same, inside; its places are as they were."""
        return WeightQuery(self.query, self.of)


def _form(weight: object) -> str:
    return LONG if isinstance(weight, Mapping | WeightWritten) else SHORT


AnyWeight = Annotated[
    Annotated[Share, Tag(SHORT)] | Annotated[WeightWritten, Tag(LONG)], Discriminator(_form)
]


def constant(weight: AnyWeight | None) -> float | None:
    """The share where it is a number."""
    return None if isinstance(weight, WeightWritten) else weight


def queried(weight: AnyWeight | None) -> WeightQuery | None:
    """The query where it is one, its places as they were."""
    return weight.resolved() if isinstance(weight, WeightWritten) else None


def named(weight: AnyWeight | None) -> frozenset[str]:
    """The variables that its query names."""
    return rendering.names(weight.query) if isinstance(weight, WeightWritten) else frozenset()


def filled(
    weight: AnyWeight | None, variables: Mapping[str, str], written: Written, path: Path
) -> tuple[WeightQuery | None, list[Issue]]:
    """The query where it is one, rendered, and what keeps it from being so. ``path`` is its own."""
    query = queried(weight)
    if query is None:
        return None, []
    at = (*path, "query")
    try:
        return WeightQuery(rendering.render(query.expr, variables), query.of), []
    except RenderingError as error:
        lacking = error.name == rendering.SELECTOR and rendering.SELECTOR not in variables
        message = "names the track's selector; add one to the track" if lacking else str(error)
        return None, [written.issue(at, message, offset=error.offset)]
    except PromqlError as error:
        return None, [written.issue(at, str(error))]
