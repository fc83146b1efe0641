"""Analyses and intervals for tests of Kayenta's judge: series with everything settable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from judge.spec.kayenta_rules import KayentaRules
from judge.spec.resolved import (
    BASELINE,
    CANARY,
    Direction,
    JudgeName,
    Kind,
    Metric,
    Query,
    Reading,
    ResolvedAnalysis,
    ScoreThresholds,
    Track,
)
from judge.stats.samples import Absence, Interval, Series

STEP = 10.0
Values = Mapping[str, np.ndarray]
"""The values of a track by its labels as JSON, all looks' in a row, without doubled bounds."""


def metric(name: str = "cpu", *, groups: Sequence[str] = ("all",), **changed) -> Metric:
    rules = changed.pop("rules", None) or KayentaRules(groups=tuple(groups))
    queries = {
        track: {"values": Query(name, Reading.SERIES, step=STEP)} for track in (BASELINE, CANARY)
    }
    return Metric(
        **{
            "name": name,
            "kind": Kind.SERIES,
            "direction": Direction.INCREASE,
            "limit": None,
            "worst": None,
            "kayenta": rules,
            "queries": queries,
            **changed,
        }
    )


def analysis(*metrics: Metric, **changed) -> ResolvedAnalysis:
    return ResolvedAnalysis(
        **{
            "name": "checkout",
            "metrics": metrics or (metric(),),
            "tracks": {BASELINE: Track(""), CANARY: Track("")},
            "judge": JudgeName.KAYENTA,
            "interval": 60.0,
            "duration": 600.0,
            "history": 0.0,
            "score": ScoreThresholds(95.0, 75.0),
            **changed,
        }
    )


def labels(**names: str) -> str:
    return json.dumps(names, sort_keys=True, separators=(",", ":"))


def alone(values: Sequence[float]) -> Values:
    return {"{}": np.asarray(values, dtype=float)}


def intervals(
    looks: int,
    by_metric: Mapping[str, Mapping[str, Values]],
    *,
    start: float = 1_600_000_000.0,
    length: float = 60.0,
) -> list[Interval]:
    """The looks of a run: each with its share of the points and the one at its end."""
    points = round(length / STEP)
    return [
        Interval(
            start + look * length,
            start + (look + 1) * length,
            {
                name: {
                    track: {
                        key: one
                        for key, all_values in values.items()
                        if (one := _cut(all_values, look * points, points)).at
                    }
                    for track, values in tracks.items()
                }
                for name, tracks in by_metric.items()
            },
        )
        for look in range(looks)
    ]


def hole(like: Interval, *metrics: str) -> Interval:
    absent = {name: dict.fromkeys((BASELINE, CANARY), Absence.UNREACHABLE) for name in metrics}
    return Interval(like.start, like.end, {}, absent=absent)


def _cut(values: np.ndarray, first: int, points: int) -> Series:
    """The points at both ends and between; where a value is None, nothing was said."""
    part = values[first : first + points + 1]
    return Series(tuple(STEP * i for i in range(len(part))), tuple(map(float, part)))


def uniform(rng: np.random.Generator, low: float, high: float, looks: int = 10) -> np.ndarray:
    return rng.uniform(low, high, 6 * looks + 1) if low < high else np.full(6 * looks + 1, low)
