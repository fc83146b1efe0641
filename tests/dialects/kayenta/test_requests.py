"""What starts an execution: the run that it becomes, and what is refused, all at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from judge.dialects.kayenta.requests import (
    Caller,
    Execution,
    canary_execution,
    standalone_execution,
)
from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.resolved import JudgeName, PrometheusConfig, Query, Reading

NOW = 1_790_000_000.5
SERVERS = {"main": PrometheusConfig("http://main:9090"), "eu": PrometheusConfig("http://eu:9090")}
CALLER = Caller(namespace="shop", application="checkout")
START = 1_545_080_160.0  # 2018-12-17T20:56:00Z
START_ISO = "2018-12-17T20:56:00Z"


def config(**more: Any) -> dict[str, Any]:
    return {
        "name": "check,out_1",
        "applications": ["checkout"],
        "metrics": [
            {
                "name": "errors",
                "query": {
                    "type": "prometheus",
                    "customInlineTemplate": 'PromQL:rate(errors{pod="${scope}"}[1m])',
                },
                "groups": ["errors"],
                "scopeName": "default",
            },
            {
                "name": "cpu",
                "query": {
                    "type": "prometheus",
                    "customInlineTemplate": 'PromQL:cpu{zone="${location}",tier="${tier}"}',
                },
                "groups": ["system"],
                "scopeName": "slow",
            },
        ],
        "classifier": {"groupWeights": {"errors": 70, "system": 30}},
        **more,
    }


def side(scope: str, **more: Any) -> dict[str, Any]:
    times = {"start": START_ISO, "end": "2018-12-17T21:56:00Z", "step": 60}
    return {"scope": scope, "location": "eu", "extendedScopeParams": {"tier": 1}, **times, **more}


def canary(**more: Any) -> dict[str, Any]:
    return {
        "scopes": {
            "default": {"controlScope": side("a"), "experimentScope": side("b")},
            "slow": {
                "controlScope": side("c", start="2018-12-17T19:56:00+00:00"),
                "experimentScope": side("d", end="2018-12-17T21:26:00Z", step=300.0),
            },
        },
        "thresholds": {"pass": 95, "marginal": 75.5},
        **more,
    }


def standalone(**more: Any) -> dict[str, Any]:
    scope = {"controlScope": "a", "controlLocation": "eu", "experimentScope": "b"}
    both = {**scope, "experimentLocation": "eu", "extendedScopeParams": {"tier": "1"}}
    return {
        "scopes": [{**both, **more.pop("scope", {})}, {**both, "scopeName": "slow"}],
        "thresholds": {"pass": 95, "marginal": 75},
        "lifetimeDurationMins": 60,
        **more,
    }


def _canary(request: Any, *, of: Any = None, **caller: Any) -> Execution:
    asker = Caller(namespace="shop", application="checkout", **caller)
    return canary_execution(of or config(), request, asker, servers=SERVERS)


def _standalone(request: Any) -> Execution:
    return standalone_execution(config(), request, CALLER, servers=SERVERS, now=NOW)


def _query(execution: Execution, metric: int, track: str) -> Query:
    return execution.analysis.metrics[metric].queries[track]["values"]


def _issues(caught: pytest.ExceptionInfo[SpecError]) -> dict[str, str]:
    return {issue.path: issue.message for issue in caught.value.issues}


def test_a_canary_is_one_look_over_the_scopes_own_times() -> None:
    made = _canary(canary())
    assert made.started_at == START
    analysis = made.analysis
    assert (analysis.interval, analysis.looks, analysis.at_once) == (3600.0, 1, True)
    assert _query(made, 0, "baseline") == Query(
        'rate(errors{pod="a"}[1m])', Reading.SERIES, 60.0, 0.0, 3600.0
    )
    assert _query(made, 0, "canary").expr == 'rate(errors{pod="b"}[1m])'
    assert _query(made, 1, "baseline") == Query(
        'cpu{zone="eu",tier="1"}', Reading.SERIES, 60.0, -3600.0, 7200.0
    )
    slow = _query(made, 1, "canary")
    assert (slow.step, slow.begins, slow.lasts) == (300.0, 0.0, 1800.0)


def test_what_it_is_judged_by_is_the_configuration_and_the_thresholds() -> None:
    analysis = _canary(canary(), strict=True).analysis
    assert analysis.judge is JudgeName.KAYENTA
    assert analysis.strict
    assert (analysis.name, analysis.namespace) == ("check-out_1", "shop")
    assert analysis.group_weights == {"errors": 70.0, "system": 30.0}
    assert (analysis.score.passing, analysis.score.marginal) == (95.0, 75.5)
    assert analysis.history == 0
    assert from_document(to_document(analysis)) == analysis


@pytest.mark.parametrize(("named", "address"), [(None, "main"), ("", "main"), ("eu", "eu")])
def test_the_metrics_account_is_a_server_of_the_settings(named: str | None, address: str) -> None:
    made = _canary(canary(), metrics_account=named)
    assert made.analysis.prometheus.address == f"http://{address}:9090"
    assert made.asked.metrics_account == address


def test_an_end_at_the_start_is_one_value() -> None:
    request = canary()
    for one in request["scopes"]["default"].values():
        one["end"] = START_ISO
    made = _canary(request)
    assert made.analysis.interval == 1.0
    assert _query(made, 0, "canary").lasts == 0.0


def test_a_standalone_analysis_is_a_look_an_interval() -> None:
    made = _standalone(standalone(analysisIntervalMins=7, beginAfterMins=5, lookbackMins=14))
    analysis = made.analysis
    assert made.started_at == NOW
    assert (analysis.interval, analysis.looks, analysis.warmup) == (420.0, 8, 300.0)
    assert (analysis.lookback, analysis.at_once, analysis.delay) == (840.0, False, None)
    assert _query(made, 0, "baseline") == Query(
        'rate(errors{pod="a"}[1m])', Reading.SERIES, 60.0, 0.0, None
    )


def test_between_given_times_it_is_judged_at_once_without_a_warm_up() -> None:
    times = {"startTimeIso": START_ISO, "endTimeIso": "2018-12-17T21:26:59Z", "step": 15}
    request = standalone(scope=times, analysisIntervalMins=10, beginAfterMins=5)
    made = _standalone(request)
    analysis = made.analysis
    assert (made.started_at, analysis.warmup, analysis.delay) == (START, 0.0, 0.0)
    assert (analysis.interval, analysis.looks, analysis.at_once) == (600.0, 3, True)
    assert {_query(made, i, "canary").step for i in (0, 1)} == {15.0}


@pytest.mark.parametrize(
    ("more", "step", "every"),
    [
        ({"analysisIntervalMins": 5}, 60.0, None),
        ({"analysisIntervalMins": 5, "scope": {"step": 45}}, 15.0, 45.0),
        ({"analysisIntervalMins": 5, "scope": {"step": 7}}, 1.0, 7.0),
        ({"analysisIntervalMins": 20, "lookbackMins": 25, "scope": {"step": 600}}, 300.0, 600.0),
        ({"scope": {"step": 7}}, 7.0, None),
        ({"lookbackMins": 7, "scope": {"step": 120}}, 60.0, 120.0),
    ],
)
def test_every_window_has_its_values_a_step_apart(
    more: dict[str, Any], step: float, every: float | None
) -> None:
    made = _standalone(standalone(**copy.deepcopy(more)))
    assert {
        (query.step, query.every)
        for metric in made.analysis.metrics
        for parts in metric.queries.values()
        for query in parts.values()
    } == {(step, every)}
    assert from_document(to_document(made.analysis)) == made.analysis


def test_a_control_is_read_as_much_earlier_as_its_offset_says() -> None:
    made = _standalone(standalone(scope={"controlOffsetInMinutes": 90}))
    assert _query(made, 0, "baseline").begins == -5400.0
    assert _query(made, 0, "canary").begins == 0.0
    assert _query(made, 1, "baseline").begins == 0.0


def test_what_was_asked_is_kept_with_its_defaults() -> None:
    asked = _standalone(standalone(more={"x": 1}, siteLocal={"a": [1]})).asked
    assert asked.config == config()
    assert asked.request == {
        "scopes": [
            {
                "scopeName": name,
                "controlScope": "a",
                "controlLocation": "eu",
                "controlOffsetInMinutes": 0,
                "experimentScope": "b",
                "experimentLocation": "eu",
                "step": 60,
                "extendedScopeParams": {"tier": "1"},
            }
            for name in ("default", "slow")
        ],
        "thresholds": {"pass": 95.0, "marginal": 75.0},
        "lifetimeDurationMins": 60,
        "beginAfterMins": 0,
        "lookbackMins": 0,
        "siteLocal": {"a": [1]},
    }


def test_what_is_kept_of_a_canary_can_be_sent_again() -> None:
    made = _canary(canary())
    assert _canary(made.asked.request) == made


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": None, "siteLocal": None},
        {"thresholds": {"pass": 75.0, "marginal": 75}},
        {"x": {"unknown": True}},
    ],
    ids=["nulls", "equal thresholds", "unknown field"],
)
def test_what_kayenta_takes_is_taken(change: dict[str, Any]) -> None:
    assert _canary(canary(**change)).analysis.looks == 1


def test_a_scope_that_no_metric_names_may_be_as_long_as_it_likes() -> None:
    request = canary()
    long = {"controlScope": side("x", step=1), "experimentScope": side("y", start=1.5e9)}
    request["scopes"]["unused"] = long
    assert len(_canary(request).analysis.metrics) == 2


def test_as_argo_sends_it() -> None:
    detail = {"scope": "hash=1", "region": "us", "step": 60, "start": START_ISO}
    both = {"controlScope": {**detail, "end": "2018-12-17T21:00:00Z"}}
    both["experimentScope"] = both["controlScope"]
    of = config(metrics=config()["metrics"][:1])
    request = {"scopes": {"default": both}, "thresholds": {"pass": 90, "marginal": 75}}
    assert _canary(request, of=of).analysis.interval == 240.0


def test_everything_wrong_is_told_at_once() -> None:
    request = canary(thresholds={"pass": "95"})
    request["scopes"]["default"]["controlScope"]["step"] = "60"
    del request["scopes"]["slow"]["experimentScope"]
    broken = config()
    broken["metrics"][0]["analysisConfigurations"] = {"canary": {"critical": "true"}}
    with pytest.raises(SpecError) as caught:
        canary_execution(
            broken,
            request,
            Caller("shop", "x", metrics_account="main2"),
            servers=SERVERS,
            prefix="executionRequest.",
        )
    assert set(_issues(caught)) == {
        "canaryConfig.metrics[0].analysisConfigurations.canary.critical",
        "executionRequest.thresholds.pass",
        "executionRequest.thresholds.marginal",
        "executionRequest.scopes.default.controlScope.step",
        "executionRequest.scopes.slow.experimentScope",
        "metricsAccountName",
    }
    assert "main" in _issues(caught)["metricsAccountName"]


def test_what_does_not_fit_together_is_told_at_once_too() -> None:
    request = canary(thresholds={"pass": 50, "marginal": 75})
    request["scopes"]["other"] = request["scopes"].pop("slow")
    request["scopes"]["default"]["controlScope"]["end"] = "2018-12-17T20:55:59Z"
    request["scopes"]["default"]["experimentScope"].update(end="2019-12-17T20:55:59Z")
    of = config()
    of["metrics"][0]["query"]["customInlineTemplate"] = "PromQL:a${oops}"
    with pytest.raises(SpecError) as caught:
        _canary(request, of=of)
    found = _issues(caught)
    assert set(found) == {
        "thresholds.pass",
        "scopes",
        "scopes.default.controlScope.end",
        "scopes.default.experimentScope.step",
        "canaryConfig.metrics[0].query.customInlineTemplate",
    }
    assert "'slow', the scopeName of the metric cpu" in found["scopes"]
    assert "oops" in found["canaryConfig.metrics[0].query.customInlineTemplate"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"lifetimeDurationMins": None}, "lifetimeDurationMins"),
        ({"lifetimeDurationMins": "60"}, "lifetimeDurationMins"),
        ({"lifetimeDurationMins": 0.9}, "lifetimeDurationMins"),
        ({"lookbackMins": -1}, "lookbackMins"),
        ({"analysisIntervalMins": -1}, "analysisIntervalMins"),
        ({"lifetimeDurationMins": 11_001, "analysisIntervalMins": 1}, "analysisIntervalMins"),
        ({"scopes": []}, "scopes"),
        ({"scopes": {}}, "scopes"),
        ({"scope": {"step": 0}}, "scopes[0].step"),
        ({"scope": {"step": 1}, "lifetimeDurationMins": 184}, "scopes[0].step"),
        ({"scope": {"step": 1}, "analysisIntervalMins": 1, "lookbackMins": 184}, "scopes[0].step"),
        ({"scope": {"step": 60}, "lifetimeDurationMins": 11_000}, "scopes[0].step"),
        (
            {"scope": {"step": 60}, "lifetimeDurationMins": 12_000, "analysisIntervalMins": 60},
            "scopes[0].step",
        ),
        (
            {"scope": {"step": 59}, "lifetimeDurationMins": 400, "analysisIntervalMins": 200},
            "scopes[0].step",
        ),
        ({"scope": {"endTimeIso": "2018-12-17T20:56:00Z"}}, "scopes[0].endTimeIso"),
        (
            {
                "scope": {
                    "startTimeIso": START_ISO,
                    "endTimeIso": "9999-01-01T00:00:00Z",
                    "step": 31_536_000,
                }
            },
            "scopes[0].endTimeIso",
        ),
        ({"scope": {"startTimeIso": "yesterday"}}, "scopes[0].startTimeIso"),
        ({"thresholds": None}, "thresholds"),
        ({"thresholds": {"pass": 101, "marginal": 5}}, "thresholds.pass"),
        ({"thresholds": {"pass": 50, "marginal": -1}}, "thresholds.marginal"),
        ({"scope": {"controlOffsetInMinutes": 10**9}}, "scopes[0].controlOffsetInMinutes"),
        ({"scope": {"step": 10**9}}, "scopes[0].step"),
    ],
)
def test_a_standalone_request_that_cannot_be_judged_is_refused(
    change: dict[str, Any], path: str
) -> None:
    with pytest.raises(SpecError) as caught:
        _standalone(standalone(**copy.deepcopy(change)))
    assert list(_issues(caught)) == [path]


@pytest.mark.parametrize(("seconds", "taken"), [(10_999, True), (11_000, False)])
def test_a_query_of_a_canary_has_so_many_values(seconds: int, taken: bool) -> None:
    request = canary()
    request["scopes"]["default"]["controlScope"] = side("x", start=0, end=seconds, step=1)
    if taken:
        assert _query(_canary(request), 0, "baseline").lasts == seconds
        return
    with pytest.raises(SpecError) as caught:
        _canary(request)
    assert list(_issues(caught)) == ["scopes.default.controlScope.step"]


def test_a_window_of_as_many_values_as_a_query_can_hold_is_taken() -> None:
    made = _standalone(standalone(lifetimeDurationMins=10_999, analysisIntervalMins=1))
    assert made.analysis.looks == 10_999


def test_a_scope_of_more_than_ten_years_is_refused() -> None:
    request = canary()
    request["scopes"]["default"]["experimentScope"].update(start=0, step=10**6)
    with pytest.raises(SpecError) as caught:
        _canary(request)
    assert list(_issues(caught)) == ["scopes.default.experimentScope.end"]


def test_without_a_prometheus_in_the_settings_nothing_starts() -> None:
    with pytest.raises(SpecError, match="settings"):
        canary_execution(config(), canary(), CALLER, servers={})
