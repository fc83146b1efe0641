"""What Kayenta's judge says, in the JSON of Kayenta's API: results, the score, its groups.

Owned here: the shapes, and numbers that JSON does not have: texts, as Kayenta writes them. The id
of a result is made of what it is about, so that a replay gives it again.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from typing import Any

from judge.stats.effect_sizes import Summary
from judge.verdict.kayenta.labels import Classification
from judge.verdict.kayenta.pairing import Tags
from judge.verdict.kayenta.scoring import Score, ScoreLabel

JUDGE_NAME = "NetflixACAJudge-v1.0"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:judge:kayenta:result")


def result_document(
    metric: str,
    tags: Tags,
    said: Classification,
    *,
    track: str,
    groups: Sequence[str],
    muted: bool,
) -> dict[str, Any]:
    """One pair's result: Kayenta's CanaryAnalysisResult; what it has not is left out."""
    written: dict[str, Any] = {
        "name": metric,
        "tags": dict(tags),
        "id": result_id(metric, tags, track=track),
        "classification": said.label.value,
        "classificationReason": said.reason or None,
        "groups": list(groups),
        "experimentMetadata": {"stats": _stats(said.experiment)},
        "controlMetadata": {"stats": _stats(said.control)},
        "resultMetadata": None if said.ratio is None else {"ratio": number(said.ratio)},
        "critical": said.critical,
        "muted": muted,
    }
    return {name: value for name, value in written.items() if value is not None}


def result_id(metric: str, tags: Tags, *, track: str) -> str:
    """What a pair and its result are called: the same whenever the same is compared."""
    return str(uuid.uuid5(_IDS, repr((track, metric, sorted(tags.items())))))


def score_document(score: Score, label: ScoreLabel) -> dict[str, Any]:
    """The judge's name, its score and those of its groups: CanaryJudgeResult without results."""
    return {
        "judgeName": JUDGE_NAME,
        "score": {
            "score": number(score.points),
            "classification": label.value,
            "classificationReason": score.reason,
        },
        "groupScores": [
            {
                "name": group.name,
                "score": number(group.points),
                "classification": "",
                "classificationReason": "",
            }
            for group in score.groups
        ],
    }


def number(value: float) -> float | str:
    """A number as JSON has it; NaN and infinities as texts."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _stats(summary: Summary) -> dict[str, Any]:
    return {
        "min": number(summary.min),
        "max": number(summary.max),
        "mean": number(summary.mean),
        "std": number(summary.std),
        "count": summary.count,
    }
