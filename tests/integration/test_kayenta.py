"""Kayenta's callers against ``judge serve`` and a real Prometheus, from their call to the score.

Every score is compared with one that is computed directly over the range queries that Kayenta
would make itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from judge.api.tokens import hash_token
from judge.dialects.kayenta.judging import judge_pairs
from judge.dialects.kayenta.pair_lists import read_pairs
from judge.dialects.kayenta.reading import read_config
from judge.spec.resolved import ScoreThresholds
from tests.api.kayenta.argo import Argo, Measured, Phase
from tests.cli.serving import Process, serving
from tests.servers import prometheus
from tests.servers.exposition import Series

SCRAPE = 15
HOUR = 3600.0
STEP = 60
METRICS = {
    "seconds": "avg by (region) (request_seconds{{version='{scope}'}})",
    "errors": "sum(errors{{version='{scope}'}}) / sum(requests{{version='{scope}'}})",
    "cpu": "avg without (version) (cpu{{version='{scope}'}})",
}
LIMITS = {"pass": 90, "marginal": 50}


def _walk(name: str, version: str, begin: float, *, factor: float = 1.0, after: float = 0.0) -> Any:
    """Two hours of noise round 1, ``factor`` times as high from ``after`` seconds on."""
    rng = np.random.default_rng([len(name), *version.encode()])
    times = np.arange(begin - HOUR, begin + HOUR + SCRAPE, SCRAPE)
    high = np.where(times >= begin + after, factor, 1.0)
    values = np.round(high * rng.lognormal(0.0, 0.2, len(times)), 6)
    return list(zip(times.tolist(), values.tolist(), strict=True))


def _series(begin: float) -> list[Series]:
    """Versions: v1 and v2 alike; cpu's cpu is high, bad is bad, late gets bad after 12 minutes."""
    worse = {
        "v1": {},
        "v2": {},
        "hungry": {"cpu": (1.4, 0.0)},
        "bad": dict.fromkeys(("request_seconds", "errors", "cpu"), (1.5, 0.0)),
        "late": dict.fromkeys(("request_seconds", "errors", "cpu"), (3.0, 720.0)),
    }
    found = []
    for version, bad in worse.items():
        for name in ("errors", "requests", "cpu", "request_seconds"):
            factor, after = bad.get(name, (1.0, 0.0))
            labels = {"version": version}
            if name != "request_seconds":
                walk = _walk(name, version, begin, factor=factor, after=after)
                found.append(Series(name, labels, walk))
                continue
            for region in ("eu", "us"):
                walk = _walk(name + region, version, begin, factor=factor, after=after)
                found.append(Series(name, {**labels, "region": region}, walk))
    return found


def _config() -> dict[str, Any]:
    return {
        "name": "shop-canary",
        "applications": ["shop"],
        "metrics": [
            {
                "name": name,
                "query": {
                    "type": "prometheus",
                    "customInlineTemplate": "PromQL:" + query.format(scope="${scope}"),
                },
                "groups": [name],
                "analysisConfigurations": {
                    "canary": {
                        "direction": "increase",
                        "effectSize": {"allowedIncrease": 1.1, "criticalIncrease": 9.0},
                    }
                },
                "scopeName": "default",
            }
            for name, query in METRICS.items()
        ],
        "classifier": {"groupWeights": {"seconds": 50, "errors": 30, "cpu": 20}},
    }


@pytest.fixture(scope="module")
def begin() -> float:
    """When the canaries began: an hour and a little ago, at a time that is no whole minute."""
    return float(time.time() // 60 * 60 - HOUR - 120) + 7.25


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, begin: float) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus.backfilled(folder, _series(begin)) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judge")
    entries = [
        {"name": role, "hash": hash_token(f"token-{role}"), "role": role, "namespaces": ["shop"]}
        for role in ("hook", "operate")
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def judge(folder: Path, address: str) -> Iterator[Process]:
    with _serving(folder, address) as process:
        yield process


def _serving(folder: Path, address: str) -> Any:
    return serving(
        folder,
        JUDGE_PROMETHEUS=json.dumps({"main": {"address": address}}),
        JUDGE_TOKEN_FILE="tokens.yaml",
    )


@pytest.fixture(scope="module")
def stored(judge: Process) -> str:
    stored: str = _post(judge, "canaryConfig", _config())["canaryConfigId"]
    return stored


def _post(judge: Process, path: str, body: Any, **params: str) -> Any:
    headers = {"Authorization": "Bearer token-operate"}
    answer = httpx.post(
        f"{judge.url}/kayenta/{path}", json=body, params=params, headers=headers, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def _get(judge: Process, path: str) -> Any:
    """What a hook is told."""
    answer = httpx.get(f"{judge.url}/hooks/token-hook/kayenta/{path}", trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _completed(judge: Process, path: str, *, seconds: float = 60.0) -> Any:
    ends = time.monotonic() + seconds
    while not (said := _get(judge, path))["complete"]:
        assert time.monotonic() < ends, (said, judge.log)
        time.sleep(0.1)
    return said


def _standalone(
    judge: Process, version: str, begin: float, *, config: Any = None, **more: Any
) -> Any:
    """A standalone analysis of an hour from ``begin`` on, once it is complete."""
    scope = {
        "controlScope": "v1",
        "experimentScope": version,
        "startTimeIso": _iso(begin),
        "endTimeIso": _iso(begin + HOUR),
        **more.pop("scope", {}),
    }
    request = {"scopes": [scope], "thresholds": LIMITS, "analysisIntervalMins": 20, **more}
    body = {"canaryConfig": config or _config(), "executionRequest": request}
    started = _post(judge, "standalone_canary_analysis", body)["canaryAnalysisExecutionId"]
    return _completed(judge, f"standalone_canary_analysis/{started}")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _range(address: str, query: str, start: float, end: float, step: int) -> dict[str, list[float]]:
    params: dict[str, Any] = {"query": query, "start": start, "end": end, "step": step}
    answer = httpx.get(f"{address}/api/v1/query_range", params=params, trust_env=False)
    found = answer.json()["data"]["result"]
    assert found, query
    return {
        json.dumps(one["metric"]): [float(value) for _, value in one["values"]] for one in found
    }


def _direct(
    address: str, version: str, start: float, end: float, *, offset: float = 0.0, step: int = STEP
) -> tuple[dict[str, Any], float]:
    """The values by metric, and the score, of queries made here."""
    pairs = []
    for name, query in METRICS.items():
        controls = _range(address, query.format(scope="v1"), start - offset, end - offset, step)
        experiments = _range(address, query.format(scope=version), start, end, step)
        pairs += [
            {
                "name": name,
                "tags": json.loads(tags),
                "values": {"control": controls[tags], "experiment": experiments[tags]},
            }
            for tags in controls
        ]
    said = judge_pairs(read_config(_config()), read_pairs(pairs), ScoreThresholds(90.0, 50.0))
    return {f"{one['name']} {one['tags']}": one["values"] for one in pairs}, said["score"]["score"]


def _scores(said: Any) -> list[float]:
    scores: list[float] = said["canaryAnalysisExecutionResult"]["canaryScores"]
    return scores


@pytest.mark.parametrize(
    ("version", "phase"),
    [("v2", Phase.SUCCESSFUL), ("hungry", Phase.INCONCLUSIVE), ("bad", Phase.FAILED)],
)
def test_argo_is_told_the_score_of_the_same_queries(
    judge: Process, stored: str, address: str, begin: float, version: str, phase: Phase
) -> None:
    times = {"start": _iso(begin), "end": _iso(begin + HOUR), "step": STEP, "region": "eu"}
    argo = Argo(
        {
            "address": f"{judge.url}/hooks/token-hook/kayenta",
            "application": "shop",
            "canaryConfigName": "shop-canary",
            "metricsAccountName": "main",
            "configurationAccountName": "gcs",
            "storageAccountName": "gcs",
            "threshold": LIMITS,
            "scopes": [
                {
                    "name": "default",
                    "controlScope": {"scope": "v1", **times},
                    "experimentScope": {"scope": version, **times},
                }
            ],
        }
    )
    assert argo.config_id() == stored
    execution = argo.measure()
    _completed(judge, f"canary/{execution}")
    _, score = _direct(address, version, begin, begin + HOUR)
    assert argo.resume(execution) == Measured(phase, int(score))
    assert argo.slowest < 5


@pytest.mark.parametrize(
    ("more", "step"),
    [({}, 60), ({"lookbackMins": 30}, 60), ({}, 45), ({"lookbackMins": 30}, 77)],
    ids=["growing", "lookback", "growing, 45 s", "lookback, 77 s"],
)
def test_judgements_see_the_windows_that_kayenta_would(
    judge: Process, address: str, begin: float, more: dict[str, int], step: int
) -> None:
    said = _standalone(judge, "hungry", begin, scope={"step": step}, **more)
    expected = []
    for number in (1, 2, 3):
        end = begin + number * 1200.0
        start = end - 1800.0 if more else begin
        values, score = _direct(address, "hungry", start, end, step=step)
        expected.append(score)
        pairs = _get(judge, f"metricSetPairList/{said['pipelineId']}-{number}")
        found = {f"{one['name']} {one['tags']}": one["values"] for one in pairs}
        assert found == values
    assert _scores(said) == expected
    assert said["executionStatus"] == "SUCCEEDED"


def test_a_control_is_read_as_much_earlier_as_it_is_offset(
    judge: Process, address: str, begin: float
) -> None:
    said = _standalone(judge, "bad", begin, scope={"controlOffsetInMinutes": 50})
    values, score = _direct(address, "bad", begin, begin + 1200.0, offset=3000.0)
    assert _scores(said)[0] == score
    pairs = _get(judge, f"metricSetPairList/{said['pipelineId']}-1")
    assert [one["values"] for one in pairs] == list(values.values())


def test_a_bad_canary_ends_it_early_and_keeps_the_result(
    judge: Process, address: str, begin: float
) -> None:
    said = _standalone(judge, "late", begin)
    assert said["executionStatus"] == "TERMINAL"
    result = said["canaryAnalysisExecutionResult"]
    assert not result["didPassThresholds"]
    assert len(result["canaryScores"]) == 2
    for number, score in enumerate(result["canaryScores"], 1):
        assert score == _direct(address, "late", begin, begin + number * 1200.0)[1]


def test_without_an_end_it_catches_up_with_the_time_that_has_passed(
    judge: Process, address: str, begin: float
) -> None:
    scope = {"endTimeIso": None}
    said = _standalone(judge, "v2", begin, scope=scope, lifetimeDurationMins=40, beginAfterMins=10)
    assert said["executionStatus"] == "SUCCEEDED"
    start = begin + 600.0
    expected = [_direct(address, "v2", start, start + n * 1200.0)[1] for n in (1, 2)]
    assert _scores(said) == expected
    assert said["canaryAnalysisExecutionResult"]["didPassThresholds"]


def test_an_end_that_lies_ahead_is_not_waited_for(
    judge: Process, address: str, begin: float
) -> None:
    start = begin + 3000.0
    scope = {"startTimeIso": _iso(start), "endTimeIso": _iso(start + 2 * HOUR)}
    said = _standalone(judge, "hungry", begin, scope=scope, analysisIntervalMins=60)
    expected = [_direct(address, "hungry", start, start + n * HOUR)[1] for n in (1, 2)]
    assert _scores(said) == expected


def test_a_query_that_prometheus_refuses_is_no_score(judge: Process, begin: float) -> None:
    config = _config()
    config["metrics"][0]["query"]["customInlineTemplate"] = "PromQL:no such query"
    said = _standalone(judge, "v2", begin, config=config, analysisIntervalMins=60)
    assert (said["complete"], said["status"]) == (True, "terminal")
    assert "seconds: the source gave no" in said["exception"]["details"]["errors"][0]
    assert _scores(said) == []
