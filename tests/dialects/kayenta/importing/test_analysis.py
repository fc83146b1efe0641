"""Imports: the analysis asks and judges as the configuration does, and what differs is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judge.dialects.kayenta.importing.analysis import Imported, imported
from judge.dialects.kayenta.metrics import group_weights, metric_of
from judge.dialects.kayenta.reading import read_config
from judge.dialects.kayenta.scopes import Scope
from judge.errors import SpecError
from judge.spec.loading import load_analysis
from judge.spec.resolved import BASELINE, CANARY, JudgeName, Kind, ResolvedAnalysis
from judge.spec.written import read_written

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.json"))


def made_of(doc: dict[str, Any]) -> Imported:
    text = json.dumps(doc, indent=1, ensure_ascii=False)
    return imported(read_written(text, source="kayenta.json"), shown="kayenta.json")


def config(*queries: dict[str, Any] | str, **fields: Any) -> dict[str, Any]:
    """A configuration with a metric for each query; a text is a whole one."""
    return {
        "name": "checkout",
        "metrics": [
            {
                "name": f"metric {i}",
                "groups": ["all"],
                "scopeName": "default",
                "query": {"type": "prometheus"}
                | ({"customInlineTemplate": f"PromQL:{one}"} if isinstance(one, str) else one),
            }
            for i, one in enumerate(queries)
        ],
        "classifier": {"groupWeights": {"all": 100}},
        **fields,
    }


def expressions(analysis: ResolvedAnalysis, metric: int = 0) -> list[str]:
    queries = analysis.metrics[metric].queries
    return [queries[track]["values"].expr for track in (BASELINE, CANARY)]


def told(made: Imported) -> dict[str, str]:
    """The remarks by path; each path's last one."""
    return {remark.path: remark.message for remark in made.remarks}


def inputs(scope: str, prefix: str = "") -> dict[str, str]:
    """What a caller sets so that both tracks have their scope."""
    both = {"baseline": f"{scope}-baseline", "canary": f"{scope}-canary"}
    return {f"{track}{prefix}Scope": value for track, value in both.items()}


SET = {
    "services": {**inputs("checkout"), "namespace": "shop", "quantile": "0.99"},
    "rollouts": {**inputs("5f6d8"), "location": "shop"},
    "service-cpu": {**inputs("cpu"), "namespace": "shop"},
    "instances": {
        **inputs("nodes"),
        **inputs("groups", "Instances"),
        "location": "us-east1",
        "instancesLocation": "us-east-1",
    },
}
SCOPES = {"services": "checkout", "rollouts": "5f6d8", "service-cpu": "cpu", "instances": "nodes"}


def scope(stem: str, scope_name: str, side: str) -> Scope:
    """What a request says in place of `SET`."""
    others = {"namespace": "shop", "quantile": "0.99"}
    if scope_name == "instances":
        return Scope(f"groups-{side}", "us-east-1", others)
    location = "us-east1" if stem == "instances" else "shop"
    return Scope(f"{SCOPES[stem]}-{side}", location, others)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_analysis_asks_and_judges_as_a_request_with_the_same_values_does(path: Path) -> None:
    read = read_config(json.loads(path.read_text()))
    text = made_of(json.loads(path.read_text())).text
    analysis = load_analysis(text, variables=SET[path.stem])
    assert (analysis.judge, analysis.strict) == (JudgeName.KAYENTA, False)
    assert analysis.group_weights == group_weights(read)
    assert len(analysis.metrics) == len(read.metrics)
    for i, metric in enumerate(analysis.metrics):
        name = read.metrics[i].scope_name
        same = metric_of(
            read,
            i,
            baseline=scope(path.stem, name, "baseline"),
            canary=scope(path.stem, name, "canary"),
        )
        assert metric.queries == same.queries
        assert (metric.kind, metric.kayenta) == (Kind.SERIES, same.kayenta)
        assert (metric.direction, metric.critical, metric.observe) == (
            same.direction,
            same.critical,
            same.observe,
        )


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_analysis_can_be_checked_before_anything_is_filled_in(path: Path) -> None:
    analysis = load_analysis(made_of(json.loads(path.read_text())).text)
    for i in range(len(analysis.metrics)):
        baseline, canary = expressions(analysis, i)
        assert baseline != canary


def test_what_differs_is_told_with_its_place() -> None:
    path = next(one for one in CONFIGS if one.stem == "service-cpu")
    read = read_written(path.read_text(), source="service-cpu.json")
    escaped = "in a string its value is escaped, so write a backslash once"
    assert [str(remark) for remark in imported(read, shown="service-cpu.json").remarks] == [
        (
            "service-cpu.json:7:15: metrics[0].name: 'CPU usage for service' becomes "
            "CPU-usage-for-service; an analysis's names have no other characters"
        ),
        (
            "service-cpu.json:11:33: metrics[0].query.customFilterTemplate: ${namespace} becomes "
            f"namespace, the same for both sides; {escaped}"
        ),
        (
            "service-cpu.json:11:33: metrics[0].query.customFilterTemplate: ${scope} becomes "
            f"baselineScope and canaryScope; {escaped}"
        ),
        (
            "service-cpu.json:21:24: classifier.scoreThresholds: becomes score; Kayenta does not "
            "read it, each request carries its own: write those"
        ),
    ]


def test_thresholds_and_text_are_carried_over() -> None:
    made = made_of(
        config(
            'up{a="${scope}"}',
            description="Two\nlines",
            applications=["shop", "web"],
            classifier={"groupWeights": {}, "scoreThresholds": {"pass": 95, "marginal": 75}},
        )
    )
    analysis = load_analysis(made.text)
    assert (analysis.score.passing, analysis.score.marginal) == (95, 75)
    assert analysis.labels == {"applications": "shop, web"}
    assert "# Imported from kayenta.json: Two" in made.text


@pytest.mark.parametrize(
    ("thresholds", "score", "refused"),
    [
        ({}, (75, 50), False),
        ({"pass": 40}, (40, 40), False),
        ({"pass": 60, "marginal": 80}, (75, 50), True),
        ({"pass": 1000}, (75, 50), True),
    ],
)
def test_thresholds_that_are_missing_or_make_no_sense(
    thresholds: dict[str, float], score: tuple[float, float], refused: bool
) -> None:
    classifier = {"groupWeights": {}, "scoreThresholds": thresholds}
    made = made_of(config('up{a="${scope}"}', classifier=classifier))
    found = load_analysis(made.text).score
    assert (found.passing, found.marginal) == score
    assert ("cannot be used" in told(made).get("classifier.scoreThresholds", "")) is refused


def test_a_default_is_written_where_both_sides_share_it() -> None:
    made = made_of(config('rate(x{a="${scope:-web}",b="${zone:-eu}"}[${window:-10m}])'))
    analysis = load_analysis(made.text, variables={"baselineScope": "web"})
    assert expressions(analysis) == [
        'rate(x{a="web",b="eu"}[10m])',
        'rate(x{a="CHANGE_ME_canary",b="eu"}[10m])',
    ]


def test_a_default_that_our_query_cannot_hold_is_not_written() -> None:
    made = made_of(config('sum(x{a="${scope}"}) by (${labels:-pod,zone}) > ${least:-a-b}'))
    assert 'sum(x{a="CHANGE_ME_canary"}) by (CHANGE_ME) > CHANGE_ME' in expressions(
        load_analysis(made.text)
    )


def test_what_we_would_take_for_a_place_is_escaped() -> None:
    query = 'label_replace(m{a="${scope}"},"b","$${1}-{{x}}","c",\'(.*){{2}}\')'
    analysis = load_analysis(made_of(config(query)).text, variables={"canaryScope": "web"})
    same = metric_of(
        read_config(config(query)), 0, baseline=Scope("CHANGE_ME_baseline"), canary=Scope("web")
    )
    escaped = expressions(analysis)[1]
    assert escaped != same.queries[CANARY]["values"].expr
    assert escaped.replace("\\x7b", "{") == same.queries[CANARY]["values"].expr


def test_what_cannot_be_escaped_leaves_the_metric_out() -> None:
    made = made_of(config("m{a='${scope}',b=~`x{{2}}`}", "up{a='${scope}'}"))
    assert [metric.name for metric in load_analysis(made.text).metrics] == ["metric-1"]
    assert "{{ would be taken for a variable" in told(made)["metrics[0].query"]


def test_comments_are_not_carried_over() -> None:
    made = made_of(config("up{a='${scope}', # {{ no }} ${scope}\n b='#'} # ${zone}"))
    assert expressions(load_analysis(made.text))[1] == "up{a='CHANGE_ME_canary', \n b='#'} "


def test_a_variable_that_is_all_the_matchers_becomes_the_tracks_selector() -> None:
    made = made_of(config("sum(a{${who}}) / sum(b{code='5',${who}})", "c{ ${who} ,d='e'}"))
    analysis = load_analysis(made.text)
    assert expressions(analysis)[1] == (
        'sum(a{CHANGE_ME="canary"}) / sum(b{code=\'5\',CHANGE_ME="canary"})'
    )
    assert analysis.tracks[CANARY].selector == 'CHANGE_ME="canary"'
    assert "becomes each track's selector" in told(made)["metrics[0].query.customInlineTemplate"]


def test_a_variable_that_stands_elsewhere_too_stays_a_variable() -> None:
    made = made_of(config("sum(a{${who}}) by (${who})"))
    assert expressions(load_analysis(made.text))[0] == (
        "sum(a{CHANGE_ME_baseline}) by (CHANGE_ME_baseline)"
    )


def test_names_that_are_ours_or_the_same_in_our_letters_are_told_apart() -> None:
    query = "m{a='${track}',b='${my-app}',c='${my.app}',d='${1st}',e='${scope}',f='${canaryScope}'}"
    analysis = load_analysis(
        made_of(config(query)).text,
        variables={
            "track2": "A",
            "my_app": "B",
            "my_app2": "C",
            "_1st": "D",
            "canaryScope": "E",
            "canaryScope2": "F",
        },
    )
    assert expressions(analysis)[1] == "m{a='A',b='B',c='C',d='D',e='E',f='F'}"


def test_metrics_that_name_no_scope_have_variables_of_each_track() -> None:
    made = made_of(config("m{hash='${hash}',ns='${ns}'}", "n{a='${scope}',ns='${zone}'}"))
    variables = {"canaryHash": "1f", "canaryNs": "shop", "canaryScope": "s", "zone": "z"}
    analysis = load_analysis(made.text, variables=variables)
    assert expressions(analysis, 0)[1] == "m{hash='1f',ns='shop'}"
    assert expressions(analysis, 1)[1] == "n{a='s',ns='z'}"


def test_without_any_variable_the_sides_differ_by_their_time() -> None:
    made = made_of(config("sum(up)", {"metricName": "m", "customInlineTemplate": "a='b'"}))
    analysis = load_analysis(made.text)
    assert analysis.baseline_offset == 3600
    assert expressions(analysis, 1) == ["avg(m{a='b'})"] * 2


def test_a_metric_that_alone_names_no_variable_is_left_out() -> None:
    made = made_of(config("sum(up)", "up{a='${scope}'}"))
    assert [metric.name for metric in load_analysis(made.text).metrics] == ["metric-1"]
    assert "both sides read the same series" in told(made)["metrics[0].query"]


@pytest.mark.parametrize(
    ("query", "path", "why"),
    [
        ({"metricName": "m", "customInlineTemplate": "${all}"}, "customInlineTemplate", "request"),
        ({"metricName": "m"}, "resourceType", "is missing"),
        ("rate(m{a='${scope}',b=~\"\\d\"}[1m])", "customInlineTemplate", "no escape"),
    ],
)
def test_what_only_a_request_could_complete_is_left_out(
    query: dict[str, Any] | str, path: str, why: str
) -> None:
    made = made_of(config(query, "up{a='${scope}'}"))
    assert [metric.name for metric in load_analysis(made.text).metrics] == ["metric-1"]
    message = told(made)[f"metrics[0].query.{path}"]
    assert why in message
    assert message.endswith("; the metric is left out")


def test_nothing_that_could_be_carried_over_is_an_error_that_says_why() -> None:
    with pytest.raises(SpecError) as raised:
        made_of(config({"metricName": "m"}))
    assert [issue.path for issue in raised.value.issues] == [
        "metrics[0].query.resourceType",
        "metrics",
    ]


def test_what_kayenta_does_not_read_stays_behind_and_is_told() -> None:
    doc = config(
        {
            "metricName": "m",
            "labelBindings": ["a='b'"],
            "groupByFields": ["pod"],
            "resourceType": "gce_instance",
            "customInlineTemplate": "PromQL:up{a='${scope}'}",
            "customFilterTemplate": "x",
            "sumByFields": ["pod"],
        },
        templates={"x": "c='d'"},
        id="7",
        judge={"judgeConfigurations": {"a": 1}, "extra": 2},
        owner="shop",
    )
    doc["metrics"][0]["analysisConfigurations"] = {"canary": {"criticl": True}, "other": {}}
    found = told(made_of(doc))
    for path in (
        "id",
        "owner",
        "judge.extra",
        "judge.judgeConfigurations",
        "templates.x",
        "metrics[0].analysisConfigurations.canary.criticl",
        "metrics[0].analysisConfigurations.other",
        "metrics[0].query.metricName",
        "metrics[0].query.labelBindings",
        "metrics[0].query.groupByFields",
        "metrics[0].query.resourceType",
        "metrics[0].query.customFilterTemplate",
        "metrics[0].query.sumByFields",
    ):
        assert found[path].startswith("stays behind"), path


@pytest.mark.parametrize(
    ("weights", "carried", "remark"),
    [
        ({"all": 60}, {"all": 60}, "no score is higher"),
        ({"all": 100, "others": 25}, {"all": 80, "others": 20}, "are made to add up to 100"),
        ({"all": 50, "others": 50}, {"all": 50, "others": 50}, None),
    ],
)
def test_weights_that_do_not_add_up(
    weights: dict[str, float], carried: dict[str, float], remark: str | None
) -> None:
    made = made_of(config("up{a='${scope}'}", classifier={"groupWeights": weights}))
    assert load_analysis(made.text).group_weights == carried
    assert (remark or "") in told(made).get("classifier.groupWeights", "")
    assert ("classifier.groupWeights" in told(made)) is (remark is not None)


def test_a_weight_of_no_group_and_a_metric_in_none_are_told() -> None:
    doc = config("up{a='${scope}'}", "m{a='${scope}'}", classifier={"groupWeights": {"x.y": 10}})
    doc["metrics"][1]["groups"] = []
    found = told(made_of(doc))
    assert "is lost" in found["classifier.groupWeights.x.y"]
    assert "it decides nothing" in found["metrics[1].groups"]


def test_names_that_yaml_would_take_for_something_else_come_through() -> None:
    groups = ["yes", "null", "a: b", "1", " c ", "#", "ü", "'"]
    doc = config("up{a='${scope}',b=\"\\\\d+: #\"} or\n  down{a='${scope}'}")
    doc["metrics"][0]["groups"] = groups
    doc["classifier"]["groupWeights"] = dict.fromkeys(groups, 5)
    doc["name"] = "on: off"
    analysis = load_analysis(made_of(doc).text)
    assert analysis.name == "on-off"
    assert analysis.group_weights == dict.fromkeys(groups, 5)
    rules = analysis.metrics[0].kayenta
    assert rules is not None
    assert rules.groups == tuple(groups)
    assert expressions(analysis)[0] == (
        "up{a='CHANGE_ME_baseline',b=\"\\\\d+: #\"} or\n  down{a='CHANGE_ME_baseline'}"
    )


def test_what_is_no_configuration_is_told_with_lines() -> None:
    doc = config("up{a='${scope}'}", "up{b='${scope}'", judge={"name": "dredd"})
    with pytest.raises(SpecError) as raised:
        made_of(doc)
    assert [issue.path for issue in raised.value.issues] == ["judge.name"]
    assert raised.value.issues[0].line > 0
