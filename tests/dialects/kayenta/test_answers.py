"""What is told of an execution, in Kayenta's shape, whatever became of its run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judge.api.kayenta.execution_examples import CANARY_ANSWER, PAIRS, STANDALONE_ANSWER
from judge.dialects.kayenta.judgements import judgements
from judge.errors import NotFound
from judge.store.run import Command
from tests.dialects.kayenta.playing import (
    START_ISO,
    TOLD,
    Stage,
    canary_request,
    config,
    staged,
    standalone_request,
    steady,
    worse,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return staged(tmp_path)


def everything(_namespace: str) -> bool:
    return True


def canary(stage: Stage, identity: str) -> dict[str, Any]:
    return stage.executions.canary(identity, sees=everything)


def standalone(stage: Stage, identity: str) -> dict[str, Any]:
    return stage.executions.standalone(identity, sees=everything)


def only_worse(*names: str) -> Callable[[str, str, float], float]:
    """Those metrics get worse, the others stay as they are."""
    return lambda metric, track, at: (worse if metric in names else steady)(metric, track, at)


def later_worse(start: float) -> Callable[[str, str, float], float]:
    """All metrics are ten times worse from a time on."""
    return lambda metric, track, at: (
        steady(metric, track, at) * (10.0 if track == "canary" and at > start else 1.0)
    )


def test_a_canary_that_waits_is_not_complete(stage: Stage) -> None:
    identity = stage.canary(parent="p1", config_id="c1")
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (False, "running")
    assert "result" not in said
    assert "exception" not in said
    assert said["stageStatus"]["fetchExperiment2"] == "running"
    assert said["stageStatus"]["judge"] == "not_started"
    assert (said["pipelineId"], said["canaryConfigId"]) == (identity, "c1")
    assert said["parentPipelineExecutionId"] == "p1"


def test_a_canary_that_passed(stage: Stage) -> None:
    identity = stage.canary()
    stage.play()
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (True, "succeeded")
    assert set(said["stageStatus"].values()) == {"succeeded"}
    result = said["result"]["judgeResult"]
    assert result["score"] == {
        "score": 100.0,
        "classification": "Pass",
        "classificationReason": result["score"]["classificationReason"],
    }
    assert [one["classification"] for one in result["results"]] == ["Pass"] * 3
    assert {one["name"]: one["score"] for one in result["groupScores"]} == {
        "errors": 100.0,
        "latency": 100.0,
        "cpu": 100.0,
    }
    assert said["result"]["canaryDuration"] == "PT1H"
    assert said["metricSetPairListId"] == f"{identity}-1"
    assert said["canaryExecutionRequest"] == canary_request()
    assert said["config"] == config()
    assert said["buildTimeIso"] == START_ISO
    assert said["endTimeMillis"] > said["startTimeMillis"] == said["buildTimeMillis"]


@pytest.mark.parametrize(
    ("bad", "score", "classification"),
    [
        (("cpu",), 85.0, "Marginal"),
        (("errors",), 40.0, "Fail"),
        (("errors", "latency", "cpu"), 0.0, "Fail"),
    ],
)
def test_a_canary_that_did_not(
    stage: Stage, bad: tuple[str, ...], score: float, classification: str
) -> None:
    identity = stage.canary()
    stage.play(only_worse(*bad))
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (True, "succeeded")
    found = said["result"]["judgeResult"]["score"]
    assert (found["score"], found["classification"]) == (score, classification)


def test_a_canary_that_could_not_be_read_has_no_score(stage: Stage) -> None:
    identity = stage.canary()
    stage.play(holes=[0])
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (True, "terminal")
    assert "result" not in said
    assert said["exception"]["details"]["errors"] == [TOLD]
    assert said["stageStatus"]["fetchControl0"] == "terminal"


def lately_high(metric: str, track: str, at: float) -> float:
    """Two values of it are too few to be sure of anything."""
    return at % 7 + (5.0 if track == "canary" else 0.0)


@pytest.mark.parametrize(("strict", "status"), [(False, "succeeded"), (True, "terminal")])
def test_what_a_strict_judge_cannot_tell_has_no_score(
    stage: Stage, strict: bool, status: str
) -> None:
    identity = stage.canary(canary_request(1), strict=strict)
    stage.play(lately_high)
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (True, status)
    assert ("result" in said) is not strict
    assert ("Too little data" in str(said.get("exception"))) is strict


def test_a_score_that_its_judge_did_not_stand_by_in_the_end_is_none(stage: Stage) -> None:
    stage.standalone(strict=True)
    run = stage.play()
    assert run is not None
    *_, last = stage.runs.looks(run.id)
    assert judgements(run, [last], {})[0].score == 100.0
    verdict = {**last.verdict, "verdict": "inconclusive", "reason": "the last look was not seen"}
    (doubted,) = judgements(run, [replace(last, verdict=verdict)], {})
    assert (doubted.score, doubted.why) == (None, "the last look was not seen")


def test_a_canary_that_was_canceled(stage: Stage) -> None:
    identity = stage.canary()
    stage.runs.steer(identity, Command.CANCEL, by="me")
    said = canary(stage, identity)
    assert (said["complete"], said["status"]) == (True, "canceled")
    assert said["exception"]["details"]["errors"] == ["Canary execution was canceled."]


def test_a_canary_that_was_decided_by_hand_has_no_score(stage: Stage) -> None:
    identity = stage.canary()
    stage.runs.steer(identity, Command.PROMOTE, by="me")
    said = canary(stage, identity)
    assert said["status"] == "terminal"
    assert "by hand by me" in said["exception"]["details"]["errors"][0]


def test_an_analysis_that_goes_on(stage: Stage) -> None:
    identity = stage.standalone(standalone_request(beginAfterMins=5), user="jo")
    assert [one["status"] for one in standalone(stage, identity)["stageStatus"]] == [
        *("RUNNING", *["NOT_STARTED"] * 6, "RUNNING")
    ]
    stage.play(looks=1)
    stage.now = 1_790_000_040.0 + 60 * 30
    said = standalone(stage, identity)
    assert (said["complete"], said["executionStatus"], said["status"]) == (
        False,
        "RUNNING",
        "running",
    )
    assert (said["user"], said["application"]) == ("jo", "checkout")
    assert "canaryAnalysisExecutionResult" not in said
    assert [(one["type"], one["name"], one["status"]) for one in said["stageStatus"][:-1]] == [
        ("wait", "Warmup Wait", "SUCCEEDED"),
        ("wait", "Interval Wait #1", "SUCCEEDED"),
        ("runCanary", "Run Canary #1", "SUCCEEDED"),
        ("wait", "Interval Wait #2", "RUNNING"),
        ("runCanary", "Run Canary #2", "NOT_STARTED"),
        ("wait", "Interval Wait #3", "NOT_STARTED"),
        ("runCanary", "Run Canary #3", "NOT_STARTED"),
    ]
    assert said["stageStatus"][2]["executionId"] == f"{identity}-1"
    assert canary(stage, f"{identity}-2")["status"] == "running"


def test_an_analysis_that_passed(stage: Stage) -> None:
    times = {"endTimeIso": "2026-09-21T15:14:00Z", "controlOffsetInMinutes": 30}
    identity = stage.standalone(standalone_request(scope=times))
    stage.play()
    said = standalone(stage, identity)
    assert (said["complete"], said["executionStatus"]) == (True, "SUCCEEDED")
    assert [one["type"] for one in said["stageStatus"]] == [
        *["runCanary"] * 3,
        "setupAndExecuteCanariesStage",
        "generateCanaryAnalysisResultStage",
    ]
    assert {one["status"] for one in said["stageStatus"]} == {"SUCCEEDED"}
    result = said["canaryAnalysisExecutionResult"]
    assert result["didPassThresholds"]
    assert result["canaryScores"] == [100.0, 100.0, 100.0]
    assert (
        result["canaryScoreMessage"]
        == "Final canary score 100.0 met or exceeded the pass score threshold."
    )
    assert result["hasWarnings"]
    last = result["canaryExecutionResults"][-1]
    assert last["warnings"] == []
    assert "fewer than 50" in result["canaryExecutionResults"][0]["warnings"][0]
    assert last["judgementStartTimeIso"] == "2026-09-21T13:44:00Z"
    assert last["judgementEndTimeIso"] == "2026-09-21T14:44:00Z"
    assert last["result"]["canaryDuration"] == "PT1H"
    assert "canaryConfigId" not in said


def test_a_last_score_between_the_thresholds_succeeds_and_does_not_pass(stage: Stage) -> None:
    identity = stage.standalone()
    stage.play(only_worse("cpu"))
    said = standalone(stage, identity)
    assert said["executionStatus"] == "SUCCEEDED"
    result = said["canaryAnalysisExecutionResult"]
    assert not result["didPassThresholds"]
    assert (
        result["canaryScoreMessage"] == "Final canary score 85.0 is below the pass score threshold."
    )


def test_an_early_end_keeps_its_result(stage: Stage) -> None:
    identity = stage.standalone()
    stage.play(later_worse(1_790_000_040.0 + 1200))
    said = standalone(stage, identity)
    assert (said["complete"], said["executionStatus"]) == (True, "TERMINAL")
    assert "exception" not in said
    result = said["canaryAnalysisExecutionResult"]
    assert result["canaryScores"] == [100.0, 0.0]
    assert not result["didPassThresholds"]
    assert "not above the marginal" in result["canaryScoreMessage"]
    statuses = {one["name"]: one["status"] for one in said["stageStatus"]}
    assert (statuses["Run Canary #2"], statuses["Run Canary #3"]) == ("TERMINAL", "NOT_STARTED")
    assert [one["executionStatus"] for one in result["canaryExecutionResults"]] == [
        *["SUCCEEDED"] * 2
    ]


def test_a_hole_at_the_end_has_no_score_and_does_not_pass(stage: Stage) -> None:
    identity = stage.standalone()
    stage.play(holes=[2])
    said = standalone(stage, identity)
    assert said["executionStatus"] == "TERMINAL"
    assert said["exception"]["details"]["errors"] == [TOLD]
    result = said["canaryAnalysisExecutionResult"]
    assert not result["didPassThresholds"]
    assert result["canaryScores"] == [100.0, 100.0]
    assert TOLD in result["canaryScoreMessage"]
    assert result["canaryExecutionResults"][2]["executionStatus"] == "TERMINAL"
    assert "result" not in result["canaryExecutionResults"][2]


def test_a_hole_on_the_way_is_a_warning_afterwards(stage: Stage) -> None:
    identity = stage.standalone()
    stage.play(holes=[1])
    result = standalone(stage, identity)["canaryAnalysisExecutionResult"]
    assert result["didPassThresholds"]
    assert result["canaryScores"] == [100.0, 100.0]
    first, second, third = result["canaryExecutionResults"]
    assert second["executionStatus"] == "TERMINAL"
    assert not any("Interval #2" in one for one in first["warnings"])
    assert any("Interval #2 could not be read" in one for one in third["warnings"])


def test_a_hole_out_of_the_lookback_is_none(stage: Stage) -> None:
    identity = stage.standalone(standalone_request(lookbackMins=20))
    stage.play(holes=[1])
    result = standalone(stage, identity)["canaryAnalysisExecutionResult"]
    assert not any("Interval" in one for one in result["canaryExecutionResults"][2]["warnings"])


def test_an_analysis_that_was_canceled(stage: Stage) -> None:
    identity = stage.standalone()
    stage.play(looks=1)
    stage.runs.steer(identity, Command.CANCEL, by="me")
    said = standalone(stage, identity)
    assert (said["complete"], said["status"]) == (True, "canceled")
    assert "canaryAnalysisExecutionResult" not in said
    assert {one["status"] for one in said["stageStatus"][2:]} == {"CANCELED"}


@pytest.mark.parametrize(
    ("order", "status", "passed"),
    [(Command.PROMOTE, "SUCCEEDED", True), (Command.ROLLBACK, "TERMINAL", False)],
)
def test_an_analysis_that_was_decided_by_hand(
    stage: Stage, order: Command, status: str, passed: bool
) -> None:
    identity = stage.standalone()
    stage.play(looks=1)
    stage.runs.steer(identity, order, by="me")
    said = standalone(stage, identity)
    assert said["executionStatus"] == status
    result = said["canaryAnalysisExecutionResult"]
    assert result["didPassThresholds"] is passed
    assert "by hand by me" in result["canaryScoreMessage"]
    assert result["canaryScores"] == [100.0]


def test_each_judgement_is_a_canary_of_its_own(stage: Stage) -> None:
    times = {"controlOffsetInMinutes": 10, "extendedScopeParams": {"a": "1"}}
    identity = stage.standalone(standalone_request(scope=times))
    stage.play()
    said = canary(stage, f"{identity}-2")
    assert (said["pipelineId"], said["status"]) == (f"{identity}-2", "succeeded")
    assert said["result"]["judgeResult"]["score"]["score"] == 100.0
    assert said["result"]["canaryDuration"] == "PT40M"
    assert said["canaryExecutionRequest"]["scopes"]["default"] == {
        "controlScope": {
            "scope": "v1",
            "start": "2026-09-21T14:04:00Z",
            "end": "2026-09-21T14:44:00Z",
            "step": 60,
            "extendedScopeParams": {"a": "1"},
        },
        "experimentScope": {
            "scope": "v2",
            "start": START_ISO,
            "end": "2026-09-21T14:54:00Z",
            "step": 60,
            "extendedScopeParams": {"a": "1"},
        },
    }


def test_the_values_of_a_judgement_are_its_pair_list(stage: Stage) -> None:
    identity = stage.standalone(standalone_request(lookbackMins=20))
    stage.play()
    pairs = stage.executions.pair_list(f"{identity}-3", sees=everything)
    results = canary(stage, f"{identity}-3")["result"]["judgeResult"]["results"]
    assert [one["id"] for one in pairs] == [one["id"] for one in results]
    first = pairs[0]
    start = 1_790_000_040 + 40 * 60
    expected = [steady("errors", "canary", start + 60.0 * i) for i in range(21)]
    assert first["values"] == {"control": expected, "experiment": expected}
    assert first["scopes"]["experiment"] == {
        "startTimeIso": "2026-09-21T14:54:00Z",
        "startTimeMillis": start * 1000,
        "stepMillis": 60_000,
    }
    assert first["attributes"]["control"] == {"query": "errors{pod='v1'}"}
    assert (first["name"], first["tags"]) == ("errors", {})


@pytest.mark.parametrize("suffix", ["-0", "-2", "-x", "x", "-1-1", ""])
def test_what_is_not_there_is_not_found(stage: Stage, suffix: str) -> None:
    canary_id, analysis_id = stage.canary(), stage.standalone()
    stage.runs.steer(canary_id, Command.CANCEL, by="me")
    asks: list[Callable[[], object]] = [
        lambda: stage.executions.standalone(canary_id + suffix, sees=everything),
        lambda: stage.executions.canary(analysis_id + (suffix or "-9"), sees=everything),
        lambda: stage.executions.pair_list(analysis_id + suffix, sees=everything),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()


def test_what_another_namespace_has_is_not_found_either(stage: Stage) -> None:
    identity = stage.canary()
    assert stage.executions.canary(identity, sees=lambda name: name == "shop")
    with pytest.raises(NotFound, match=identity):
        stage.executions.canary(identity, sees=lambda name: name == "other")


def shape(value: Any) -> Any:
    """Names and kinds, without what they are."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return "number" if isinstance(value, int | float) else "text"


def test_the_examples_of_the_api_are_shaped_like_answers(stage: Stage) -> None:
    of = config(metrics=config()["metrics"][:1])
    identity = stage.canary(of=of, config_id="c1", configuration_account="judge")
    stage.play()
    said, example = canary(stage, identity), copy.deepcopy(CANARY_ANSWER)
    pairs = stage.executions.pair_list(f"{identity}-1", sees=everything)
    assert shape(pairs) == shape(PAIRS)
    for one in (said, example):
        del one["config"], one["canaryExecutionRequest"]
    assert shape(said) == shape(example)


def test_the_example_of_an_analysis_is_shaped_like_answers(stage: Stage) -> None:
    identity = stage.standalone(config_id="c1", configuration_account="judge")
    stage.play()
    said, example = standalone(stage, identity), copy.deepcopy(STANDALONE_ANSWER)
    for one in (said, example):
        del one["canaryConfig"], one["canaryAnalysisExecutionRequest"]
        del one["canaryAnalysisExecutionResult"]["canaryExecutionResults"][0]["warnings"]
    assert shape(said) == shape(example)
