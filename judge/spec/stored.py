"""An analysis as a machine writes it, or as it stands in a bundle: the models of that form.

It differs from what a user writes (`analysis`) in two ways: queries are given by track and
rendered, and next to everything may be missing. Not here: what it becomes (`document`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from judge.spec.analysis import (
    MOST_METRICS,
    MetadataWritten,
    SpecFields,
    TrackWritten,
)
from judge.spec.fields import (
    LONG,
    SHORT,
    Document,
    Duration,
    ListOf,
    Name,
    OthersName,
    one_of,
)
from judge.spec.metrics import MetricFields
from judge.spec.parts import QueriesWritten, SeriesWritten
from judge.spec.resolved import Query

UNNAMED = "unnamed"

AnyText = Annotated[str, StringConstraints(min_length=1)]


class StoredMetadata(MetadataWritten):
    """What the analysis is called; a bundle need not say."""

    name: Name = UNNAMED


class StoredTracks(Document):
    """The tracks that are known."""

    baseline: TrackWritten | None = None
    canary: TrackWritten | None = None
    shadow: TrackWritten | None = None


class StoredSeries(SeriesWritten):
    """A series' query, and which stretch it is read over; seconds from the interval's start.

    Its text is Prometheus's to check: other systems send theirs unseen.
    """

    expr: AnyText
    reading: Literal["series"] = "series"
    begins: float = 0.0
    lasts: Annotated[float, Field(ge=0)] | None = None
    every: Annotated[float, Field(gt=0)] | None = None

    def query(self) -> Query:
        """The same, inside."""
        return replace(super().query(), begins=self.begins, lasts=self.lasts, every=self.every)


class StoredParts(QueriesWritten):
    """The queries of one track."""

    values: (
        Annotated[
            Annotated[AnyText, Tag(SHORT)] | Annotated[StoredSeries, Tag(LONG)],
            Discriminator(one_of),
        ]
        | None
    ) = None


class StoredQueries(StoredParts):
    """The queries of each track; or, as a user writes them, of every track alike."""

    baseline: StoredParts | None = None
    canary: StoredParts | None = None
    shadow: StoredParts | None = None


class StoredMetric(MetricFields):
    """One metric; it needs no queries to be judged from its samples.

    Those of other systems are called there as they like.
    """

    name: OthersName
    queries: StoredQueries | None = None


class StoredSpec(SpecFields):
    """What is needed to judge."""

    tracks: StoredTracks = StoredTracks()
    duration: Duration | None = None
    at_once: bool = False
    metrics: Annotated[ListOf[StoredMetric], Field(min_length=1, max_length=MOST_METRICS)]


class StoredAnalysis(Document):
    """The whole document."""

    api_version: Literal["judge/v1"] = "judge/v1"
    kind: Literal["Analysis"] = "Analysis"
    metadata: StoredMetadata = StoredMetadata()
    spec: StoredSpec
