"""What Kayenta's judge says, as models for the OpenAPI: the parts of a verdict that are its own.

The shapes are those of Kayenta's API (`judge.verdict.kayenta.documents` writes them), with its
texts for numbers that JSON does not have. The routes that speak Kayenta are `judge.api.kayenta`'s.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from judge.verdict.kayenta.labels import Label
from judge.verdict.kayenta.scoring import ScoreLabel

Number = float | Literal["NaN", "Infinity", "-Infinity"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StatisticsDocument(_Document):
    """What one track's values look like; zeros where there are none."""

    min: Number
    max: Number
    mean: Number
    std: Number
    count: int


class SideDocument(_Document):
    """One track of a result."""

    stats: StatisticsDocument


class RatioDocument(_Document):
    """The canary's mean over the baseline's; NaN where either is 0."""

    ratio: Number


class ResultDocument(_Document):
    """One label set of a metric: Kayenta's CanaryAnalysisResult."""

    name: str
    tags: dict[str, str]
    id: str
    classification: Label
    classificationReason: str | None = None  # noqa: N815
    groups: list[str]
    experimentMetadata: SideDocument  # noqa: N815
    controlMetadata: SideDocument  # noqa: N815
    resultMetadata: RatioDocument | None = None  # noqa: N815
    critical: bool
    muted: bool


class ScoreDocument(_Document):
    """A score from 0 to 100, and what the thresholds make of it."""

    score: Number
    classification: ScoreLabel
    classificationReason: str  # noqa: N815


class GroupScoreDocument(_Document):
    """The score of a group; its classification is always empty."""

    name: str
    score: Number
    classification: str
    classificationReason: str  # noqa: N815


class JudgeResultDocument(_Document):
    """Kayenta's CanaryJudgeResult, whose results stand with their metrics."""

    judgeName: str  # noqa: N815
    score: ScoreDocument
    groupScores: list[GroupScoreDocument]  # noqa: N815
