"""An analysis as a machine writes it, or as it stands in a bundle: the models of that form.

It differs from what a user writes (`analysis`) in two ways: queries are given by track and
rendered, and next to everything may be missing. Not here: what it becomes (`document`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from judge.spec.analysis import (
    MOST_METRICS,
    MetadataWritten,
    SpecFields,
    TrackWritten,
)
from judge.spec.fields import Document, Duration, ListOf, Name
from judge.spec.metrics import MetricFields
from judge.spec.parts import QueriesWritten

UNNAMED = "unnamed"


class StoredMetadata(MetadataWritten):
    """What the analysis is called; a bundle need not say."""

    name: Name = UNNAMED


class StoredTracks(Document):
    """The tracks that are known."""

    baseline: TrackWritten | None = None
    canary: TrackWritten | None = None
    shadow: TrackWritten | None = None


class StoredQueries(QueriesWritten):
    """The queries of each track; or, as a user writes them, of every track alike."""

    baseline: QueriesWritten | None = None
    canary: QueriesWritten | None = None
    shadow: QueriesWritten | None = None


class StoredMetric(MetricFields):
    """One metric; it needs no queries to be judged from its samples."""

    queries: StoredQueries | None = None


class StoredSpec(SpecFields):
    """What is needed to judge."""

    tracks: StoredTracks = StoredTracks()
    duration: Duration | None = None
    metrics: Annotated[ListOf[StoredMetric], Field(min_length=1, max_length=MOST_METRICS)]


class StoredAnalysis(Document):
    """The whole document."""

    api_version: Literal["judge/v1"] = "judge/v1"
    kind: Literal["Analysis"] = "Analysis"
    metadata: StoredMetadata = StoredMetadata()
    spec: StoredSpec
