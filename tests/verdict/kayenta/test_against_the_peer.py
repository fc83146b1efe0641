"""Whole judgements that Kayenta's own judge made are made again, number by number.

data/peer-judgements.json.gz holds 301 of them: what the judge was given, literally, and what it
answered. The inputs were drawn at random from many kinds (counts, heavy tails, ties, zeros of both
signs, gaps, infinities, values a hair apart, doubles near both ends of their range; 0 to 90 values
a side; all rules, several label sets, up to 20 groups), rounded to few digits, and given to the
NetflixACAJudge of Kayenta a69573be. Judgements that it did not repeat in each of 25 tries are left
out: where both sides are constant it adds noise without a seed. Where such sides remain their ratio
is "noise", and not compared. Everything else is equal to the last bit.
"""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from judge.dialects.kayenta.judging import judge_pairs
from judge.dialects.kayenta.pair_lists import read_pairs
from judge.dialects.kayenta.reading import read_config
from judge.spec.resolved import ScoreThresholds

Record = dict[str, Any]

_FILE = Path(__file__).parent / "data" / "peer-judgements.json.gz"
_SIDES = ("experiment", "control")
_STATISTICS = ("min", "max", "mean", "std", "count")


@functools.cache
def records() -> list[Record]:
    found: list[Record] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return found


def judged(record: Record) -> dict[str, Any]:
    """What our judge says, through the door that serves `POST /judges/judge`."""
    passing, marginal = record["thresholds"]
    return judge_pairs(
        read_config(_config(record)), read_pairs(_pairs(record)), ScoreThresholds(passing, marginal)
    )


@pytest.mark.parametrize("index", range(len(records())))
def test_a_judgement_is_the_peers(index: int) -> None:
    record = records()[index]
    peer, ours = record["said"], judged(record)
    results = zip(ours["results"], peer["results"], strict=True)
    assert [_told(one, like=expected) for one, expected in results] == peer["results"]
    assert _groups(ours) == peer["groups"]
    assert _score(ours) == peer["score"]


def test_the_judgements_are_of_all_kinds() -> None:
    said = [record["said"] for record in records()]
    labels = {result[0] for one in said for result in one["results"]}
    assert labels == {"Pass", "High", "Low", "Nodata", "NodataFailMetric", "Error"}
    assert {one["score"][1] for one in said} == {"Pass", "Marginal", "Fail"}
    assert len(records()) == 301


def _told(result: dict[str, Any], *, like: list[Any]) -> list[Any]:
    """A result as the data has it; its ratio is not looked at where ``like`` has noise in it."""
    metadata = result.get("resultMetadata", {})
    return [
        result["classification"],
        result.get("classificationReason"),
        result["critical"],
        like[3] if like[3] == "noise" else metadata.get("ratio"),
        *([result[f"{side}Metadata"]["stats"][name] for name in _STATISTICS] for side in _SIDES),
    ]


def _groups(said: dict[str, Any]) -> list[list[Any]]:
    return [[group["name"], group["score"]] for group in said["groupScores"]]


def _score(said: dict[str, Any]) -> list[Any]:
    score = said["score"]
    return [score["score"], score["classification"], score["classificationReason"]]


def _config(record: Record) -> dict[str, Any]:
    weights = record["weights"]
    return {
        "name": "peer",
        "applications": ["peer"],
        "judge": {"name": "NetflixACAJudge-v1.0", "judgeConfigurations": {}},
        "metrics": [
            {
                "name": name,
                "query": {"type": "prometheus", "customInlineTemplate": "PromQL:up"},
                "groups": groups,
                "analysisConfigurations": {"canary": canary},
                "scopeName": "default",
            }
            for name, groups, canary in record["metrics"]
        ],
        "classifier": {} if weights is None else {"groupWeights": weights},
    }


def _pairs(record: Record) -> list[dict[str, Any]]:
    return [
        {
            "name": record["metrics"][metric][0],
            "tags": {} if zone is None else {"zone": zone},
            "values": {"control": control, "experiment": experiment},
        }
        for metric, zone, control, experiment in record["pairs"]
    ]
