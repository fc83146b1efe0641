"""Canary configurations at the door: what is let in, and what is told, all at once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from judge.dialects.kayenta.config import CanaryConfig
from judge.dialects.kayenta.reading import check_runnable, config_of, read_config
from judge.errors import SpecError
from judge.spec.written import read_written

CONFIGS = Path(__file__).parent / "configs"

METRIC: dict[str, Any] = {
    "name": "errors",
    "query": {"type": "prometheus", "metricName": "errors", "customInlineTemplate": "a='${scope}'"},
    "groups": ["all"],
    "analysisConfigurations": {"canary": {"direction": "increase"}},
    "scopeName": "default",
}
CONFIG: dict[str, Any] = {
    "name": "checkout",
    "applications": ["shop"],
    "judge": {"name": "NetflixACAJudge-v1.0", "judgeConfigurations": {}},
    "metrics": [METRIC],
    "templates": {"by-app": "app='${scope}'"},
    "classifier": {"groupWeights": {"all": 100}},
}

Change = tuple[str, Any]


def changed(*changes: Change) -> dict[str, Any]:
    """`CONFIG` with values put at dotted paths; a path beginning with a dot is the metric's."""
    config = copy.deepcopy(CONFIG)
    for path, value in changes:
        at: Any = config["metrics"][0] if path.startswith(".") else config
        *around, last = path.strip(".").split(".")
        for name in around:
            at = at.setdefault(name, {})
        at[last] = value
    return config


def issues(doc: Any, **how: Any) -> dict[str, str]:
    """What is told, by path."""
    with pytest.raises(SpecError) as raised:
        read_config(doc, **how)
    told = {issue.path: issue.message for issue in raised.value.issues}
    assert len(told) == len(raised.value.issues)
    return told


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.stem)
def test_configurations_as_they_are_in_use_are_let_in(path: Path) -> None:
    doc = json.loads(path.read_text())
    config = read_config(doc, stored="applications" in doc)
    check_runnable(config)
    assert [metric.name for metric in config.metrics] == [one["name"] for one in doc["metrics"]]


def test_the_defaults_are_kayentas() -> None:
    doc = changed((".analysisConfigurations", {}))
    analysis = read_config(doc).metrics[0].analysis
    assert (analysis.direction, analysis.nan_strategy) == ("either", "remove")
    assert (analysis.critical, analysis.must_have_data, analysis.muted) == (False, False, False)
    assert (analysis.outliers.strategy, analysis.outliers.outlier_factor) == ("keep", 3.0)
    assert analysis.effect_size.measure == "meanRatio"
    assert analysis.effect_size.allowed_increase is None


@pytest.mark.parametrize(
    "change",
    [
        ("configVersion", 1.0),
        ("name", 7),
        ("something", {"else": 1}),
        (".query.serviceType", "prometheus"),
        (".query.aggregationPeriod", "60s"),
        (".analysisConfigurations.canary.direction", None),
        (".analysisConfigurations.canary.nanStrategy", "none"),
        (".analysisConfigurations.canary.nanStrategy", "default"),
        (".analysisConfigurations.canary.nanStrategy", ""),
        (".analysisConfigurations.canary.outliers", {"strategy": "none", "outlierFactor": 0}),
        (".analysisConfigurations.canary.outliers", {}),
        (".analysisConfigurations.canary.effectSize", {"allowedIncrease": None}),
        (".analysisConfigurations.canary.effectSize.allowedIncrease", 2),
        (".analysisConfigurations.other", {"critical": "yes"}),
        ("classifier.groupWeights", {"all": "100"}),
        ("classifier.groupWeights", None),
        ("classifier.groupWeights", {"all": 60, "none": 60}),
        ("classifier.scoreThresholds", {"pass": "95", "marginal": 75}),
        ("createdTimestamp", "1600000000000"),
        ("judge", None),
        ("judge", {}),
        ("templates", None),
        ("metrics", []),
        ("metrics", None),
        (".scopeName", None),
        (".groups", []),
        (".query.labelBindings", None),
        (".query.customInlineTemplate", "${whole}"),
    ],
    ids=str,
)
def test_what_kayenta_works_with_is_let_in(change: Change) -> None:
    read_config(changed(change), stored=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((".analysisConfigurations.canary.effectSize.allowedIncrease", "1.1"), "without quotes"),
        ((".analysisConfigurations.canary.effectSize.criticalDecrease", True), "without quotes"),
        ((".analysisConfigurations.canary.effectSize.allowedDecrease", 2**31), "32 bits"),
        ((".analysisConfigurations.canary.effectSize.allowedIncrease", float("inf")), "finite"),
        ((".analysisConfigurations.canary.effectSize.measure", "meanratio"), "mean meanRatio?"),
        ((".analysisConfigurations.canary.effectSize", []), "must be a mapping"),
        ((".analysisConfigurations.canary.outliers.outlierFactor", "3"), "without quotes"),
        (
            (".analysisConfigurations.canary.outliers.strategy", "drop"),
            "default, keep, none, remove",
        ),
        ((".analysisConfigurations.canary.nanStrategy", "zero"), "remove, replace"),
        ((".analysisConfigurations.canary.direction", "Increase"), "did you mean increase?"),
        ((".analysisConfigurations.canary.critical", "true"), "true or false"),
        ((".analysisConfigurations.canary.mustHaveData", 1), "true or false"),
        ((".analysisConfigurations.canary.muted", "no"), "true or false"),
        ((".analysisConfigurations.canary", "x"), "must be a mapping"),
        ((".query.type", "atlas"), "atlas is not read here"),
        ((".query.type", "promethues"), "not a metrics store"),
        ((".query.type", None), "is missing"),
        ((".query.customFilter", ""), "customInlineTemplate"),
        ((".query.labelBindings", "a='b'"), "must be a list"),
        ((".query", None), "is missing"),
        ((".groups", None), "is missing"),
        ((".groups", "all"), "must be a list"),
        ((".groups", [""]), "must not be empty"),
        ((".name", ""), "is missing"),
        ((".name", "two\nlines"), "cannot be shown"),
        ((".name", "x" * 1001), "at most 1000 characters"),
        (("judge.name", "dredd-v1.0"), "write NetflixACAJudge-v1.0"),
        (("templates", {"by-app": None}), "must be a text"),
        (("classifier", None), "is missing"),
        (("classifier.groupWeights", {"all": None}), "must be a number"),
        (("classifier.groupWeights", {"all": "much"}), "must be a number"),
        (("classifier.groupWeights", {"all": -1}), "must be 0 or more"),
        (("classifier.groupWeights", {"all": 101}), "must be 100 or less"),
    ],
    ids=str,
)
def test_what_kayenta_dies_on_or_passes_over_is_refused_at_its_field(
    change: Change, told: str
) -> None:
    path = f"metrics[0]{change[0]}" if change[0].startswith(".") else change[0]
    (found,) = issues(changed(change)).items()
    assert found[0].startswith(path)
    assert told in found[1]


@pytest.mark.parametrize(
    ("changes", "path", "told"),
    [
        (
            [
                (".analysisConfigurations.canary.outliers.strategy", "remove"),
                (".analysisConfigurations.canary.outliers.outlierFactor", 0),
            ],
            "metrics[0].analysisConfigurations.canary.outliers.outlierFactor",
            "must be more than 0",
        ),
        (
            [(".query", {"type": "prometheus", "customFilterTemplate": "by-ap"})],
            "metrics[0].query.customFilterTemplate",
            "did you mean by-app?",
        ),
        (
            [
                (".query", {"type": "prometheus", "metricName": "m", "customFilterTemplate": "a"}),
                ("templates", {}),
            ],
            "metrics[0].query.customFilterTemplate",
            "known: none",
        ),
        (
            [(".query", {"type": "prometheus", "customFilterTemplate": "by-app"})],
            "metrics[0].query.metricName",
            "is missing",
        ),
        (
            [(".query", {"type": "prometheus"})],
            "metrics[0].query.metricName",
            "is missing",
        ),
        (
            [(".query", {"type": "prometheus", "metricName": "m", "resourceType": "k8s"})],
            "metrics[0].query.resourceType",
            "has no filters of its own",
        ),
        (
            [(".query.customInlineTemplate", "PromQL:")],
            "metrics[0].query.customInlineTemplate",
            "holds no query",
        ),
        (
            [(".query.customInlineTemplate", "PromQL:sum(rate(errors[1m])")],
            "metrics[0].query.customInlineTemplate",
            "never closed",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_at_its_field(
    changes: list[Change], path: str, told: str
) -> None:
    (found,) = issues(changed(*changes)).items()
    assert found[0] == path
    assert told in found[1]


def test_a_metric_of_no_group_needs_one_unless_it_is_muted() -> None:
    muted = (".analysisConfigurations.canary.muted", True)
    assert "metrics[0].groups" in issues(changed((".groups", None)))
    read_config(changed((".groups", None), muted))


def test_everything_is_told_at_once() -> None:
    twin = {**METRIC, "analysisConfigurations": {"canary": {"critical": "yes", "muted": 1}}}
    unnamed = {"query": {"type": "graphite", "metricName": "cpu.user"}, "groups": [None]}
    query = {"type": "prometheus", "customFilterTemplate": "none"}
    last = {**METRIC, "name": "last", "query": query}
    doc = {"name": "a name", "metrics": [METRIC, twin, unnamed, "x", last]}
    assert list(issues(doc, stored=True)) == [
        "metrics[1].analysisConfigurations.canary.critical",
        "metrics[1].analysisConfigurations.canary.muted",
        "metrics[2].query.type",
        "metrics[2].groups[0]",
        "metrics[3]",
        "metrics[1].name",
        "metrics[2].name",
        "metrics[4].query.customFilterTemplate",
        "classifier",
        "name",
        "applications",
    ]


def test_only_what_is_stored_needs_to_be_found_again() -> None:
    doc = changed(("name", "with blanks"), ("applications", []))
    read_config(doc)
    assert list(issues(doc, stored=True)) == ["name", "applications"]


def test_a_path_may_begin_outside_of_the_configuration() -> None:
    assert list(issues({**CONFIG, "classifier": 3}, prefix="canaryConfig.")) == [
        "canaryConfig.classifier"
    ]
    assert list(issues("text", prefix="canaryConfig.")) == ["canaryConfig"]


def test_a_run_needs_metrics_and_their_scopes() -> None:
    many = [{**METRIC, "name": f"errors-{i}"} for i in range(201)]
    for changes, path in (
        ([("metrics", [])], "metrics"),
        ([("metrics", many)], "metrics"),
        ([(".groups", []), ("classifier", {})], "metrics"),
        ([(".scopeName", "")], "metrics[0].scopeName"),
    ):
        with pytest.raises(SpecError) as raised:
            check_runnable(read_config(changed(*changes)), prefix="canaryConfig.")
        (issue,) = raised.value.issues
        assert issue.path == f"canaryConfig.{path}"


def test_a_file_has_lines() -> None:
    text = json.dumps(changed((".analysisConfigurations.canary.muted", "no")), indent=1)
    with pytest.raises(SpecError) as raised:
        config_of(read_written(text, source="kayenta.json"))
    (issue,) = raised.value.issues
    assert '"muted": "no"' in text.splitlines()[issue.line - 1]
    assert str(issue).startswith(f"kayenta.json:{issue.line}:")


def test_halves_of_characters_are_refused() -> None:
    assert list(issues({**CONFIG, "description": "\ud800"})) == ["description"]


def test_what_is_read_can_be_shared() -> None:
    doc = copy.deepcopy(CONFIG)
    config = read_config(doc)
    assert isinstance(config, CanaryConfig)
    assert doc == CONFIG
