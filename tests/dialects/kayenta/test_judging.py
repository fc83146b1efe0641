"""Pairs judged by a configuration, on their values as they are."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialects.kayenta.judging import judge_pairs
from judge.dialects.kayenta.pair_lists import read_pairs
from judge.dialects.kayenta.reading import read_config
from judge.errors import SpecError
from judge.spec.resolved import ScoreThresholds
from tests.dialects.kayenta.playing import config

HIGH = {"control": [1.0, 2.0, 3.0] * 20, "experiment": [4.0, 5.0, 6.0] * 20}
SAME = {"control": [1.0, 2.0, 3.0] * 20, "experiment": [3.0, 2.0, 1.0] * 20}


def pair(name: str, values: dict[str, Any], **tags: str) -> dict[str, Any]:
    return {"name": name, "id": f"{name}-id", "tags": tags, "values": values}


def judged(of: dict[str, Any], *pairs: dict[str, Any]) -> dict[str, Any]:
    return judge_pairs(read_config(of), read_pairs(list(pairs)), ScoreThresholds(90.0, 50.0))


def analysed(of: dict[str, Any], index: int, **canary: Any) -> dict[str, Any]:
    of["metrics"][index]["analysisConfigurations"]["canary"].update(canary)
    return of


def test_each_pair_has_a_result_and_each_group_a_score() -> None:
    said = judged(
        config(),
        pair("errors", SAME, region="eu"),
        pair("errors", HIGH, region="us"),
        pair("latency", SAME),
        pair("cpu", SAME),
    )
    assert [(one["tags"], one["classification"]) for one in said["results"]] == [
        ({"region": "eu"}, "Pass"),
        ({"region": "us"}, "High"),
        ({}, "Pass"),
        ({}, "Pass"),
    ]
    assert {one["name"]: one["score"] for one in said["groupScores"]} == {
        "errors": 50.0,
        "latency": 100.0,
        "cpu": 100.0,
    }
    assert said["score"]["score"] == 70.0
    assert said["score"]["classification"] == "Marginal"
    assert {one["id"] for one in said["results"]} == {"errors-id", "latency-id", "cpu-id"}


def test_a_muted_metric_is_told_and_not_counted() -> None:
    said = judged(analysed(config(), 0, muted=True), pair("errors", HIGH), pair("cpu", SAME))
    assert [(one["classification"], one["muted"]) for one in said["results"]] == [
        ("High", True),
        ("Pass", False),
    ]
    assert [one["name"] for one in said["groupScores"]] == ["cpu"]


def test_an_empty_side_is_no_side_of_zeros() -> None:
    of = analysed(config(), 0, nanStrategy="replace")
    missing = {"control": SAME["control"], "experiment": []}
    gaps = {"control": SAME["control"], "experiment": ["NaN"] * 60}
    assert judged(of, pair("errors", missing))["results"][0]["classification"] == "Pass"
    of = analysed(config(), 0, nanStrategy="replace", direction="decrease")
    assert judged(of, pair("errors", gaps))["results"][0]["experimentMetadata"]["stats"] == {
        "min": 0.0,
        "max": 0.0,
        "mean": 0.0,
        "std": 0.0,
        "count": 60,
    }


def test_infinities_come_as_texts() -> None:
    values = {"control": [1, 2, 3.5], "experiment": ["Infinity", "-Infinity", 2]}
    (result,) = judged(config(), pair("cpu", values))["results"]
    assert result["experimentMetadata"]["stats"]["max"] == "Infinity"


def test_a_pair_of_no_metric_is_refused_by_name() -> None:
    with pytest.raises(SpecError, match=r"\[1\].name: 'error' is no metric.*errors"):
        judged(config(), pair("cpu", SAME), pair("error", SAME))


def test_a_side_has_no_more_values_than_a_range_query_yields() -> None:
    most = {"control": [1.0], "experiment": [1.0] * 11_000}
    assert len(read_pairs([pair("errors", most)])[0].side("experiment")) == 11_000
    with pytest.raises(SpecError, match=r"\[0\]\.values\.experiment.*11000"):
        read_pairs([pair("errors", {**most, "experiment": [1.0] * 11_001})])
