"""Analyses for Kayenta's judge: what they become, and what does not go with which judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.loading import load_analysis, read_analysis_file
from judge.spec.metric_template import template_from_text
from judge.spec.resolved import (
    Direction,
    JudgeName,
    Kind,
    Metric,
    Query,
    Reading,
    ResolvedAnalysis,
)

HEAD = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
"""
SERIES = "{name: a, kind: series, queries: {values: 'rate(m{ {{ selector }} }[1m]) / 2'}%s}"
COUNTS = "{name: b, template: http-error-rate%s}"


def analysis(*metrics: str, more: str = "judge: kayenta") -> str:
    fields = "".join(f"  {line}\n" for line in more.splitlines())
    return f"{HEAD}  metrics: [{', '.join(metrics)}]\n{fields}"


def issues(text: str) -> list[str]:
    with pytest.raises(SpecError) as wrong:
        load_analysis(text, source="a.yaml")
    return [line.split(": ", 1)[1] for line in str(wrong.value).splitlines()]


def test_a_series_is_read_as_it_is_written_at_its_step() -> None:
    long = "{name: b, kind: series, queries: {values: {expr: 'm{ {{ selector }} }', step: 20s}}}"
    read = load_analysis(analysis(SERIES % "", long))
    series, other = read.metrics
    assert series.queries["canary"]["values"] == Query(
        'rate(m{ track="canary" }[1m]) / 2', Reading.SERIES, step=60.0
    )
    assert other.queries["baseline"]["values"].step == 20.0
    assert (series.kind, series.limit, series.worst) == (Kind.SERIES, None, None)
    assert series.direction is Direction.INCREASE


def test_a_long_query_may_be_folded_over_lines() -> None:
    folded = """\
  judge: kayenta
  metrics:
    - name: a
      kind: series
      queries:
        values: >-
          sum(rate(m{ {{ selector }} }[1m]))
          / 2
"""
    (metric,) = load_analysis(HEAD + folded).metrics
    assert metric.queries["canary"]["values"].expr == 'sum(rate(m{ track="canary" }[1m])) / 2'


def test_what_kayenta_says_of_a_metric_arrives_under_its_own_names() -> None:
    block = """, kayenta: {
      nanStrategy: replace, mustHaveData: true, groups: [Latency, "Group 2"],
      outliers: {strategy: remove, outlierFactor: 1.5},
      effectSize: {measure: cles, allowedIncrease: 0.6, criticalDecrease: 0.2}}"""
    (metric,) = load_analysis(analysis(SERIES % block)).metrics
    assert metric.kayenta == KayentaRules(
        NanStrategy.REPLACE,
        outlier_factor=1.5,
        must_have_data=True,
        effect=EffectSize(EffectMeasure.CLES, 0.6, 0.5, 0.5, 0.2),
        groups=("Latency", "Group 2"),
    )


@pytest.mark.parametrize("more", ["judge: kayenta", "alsoJudge: kayenta"])
def test_what_a_metric_does_not_say_is_left_to_its_other_rules(more: str) -> None:
    (metric,) = load_analysis(analysis(COUNTS % ", limit: {ratio: 1.1}", more=more)).metrics
    assert (metric.kayenta, metric.limit) == (None, 1.1)
    (metric,) = load_analysis(analysis(COUNTS % ", kayenta: {}", more=more)).metrics
    assert metric.kayenta == KayentaRules()


def test_no_groups_are_none_and_kept_outliers_have_no_factor() -> None:
    block = ", kayenta: {groups: [], outliers: {strategy: keep, outlierFactor: 2}}"
    (metric,) = load_analysis(analysis(SERIES % block)).metrics
    assert metric.kayenta == KayentaRules(groups=())


def test_without_kayenta_nothing_is_said_for_it() -> None:
    read = load_analysis(analysis(COUNTS % "", more="judge: sequential"))
    assert (read.judge, read.also_judge) == (JudgeName.SEQUENTIAL, None)
    assert read.metrics[0].kayenta is None
    assert "judge" not in to_document(read)["spec"]


def test_the_fields_of_the_analysis_arrive() -> None:
    more = "judge: kayenta\nstrict: true\nlookback: 5m\ngroupWeights: {a: 60, rest: 40}"
    read = load_analysis(analysis(SERIES % ", kayenta: {groups: [a]}", more=more))
    assert (read.judge, read.strict, read.lookback) == (JudgeName.KAYENTA, True, 300.0)
    assert read.group_weights == {"a": 60.0, "rest": 40.0}
    beside = load_analysis(analysis(COUNTS % "", more="alsoJudge: kayenta\nstrict: true"))
    assert (beside.judge, beside.also_judge) == (JudgeName.SEQUENTIAL, JudgeName.KAYENTA)


@pytest.mark.parametrize(
    ("more", "history"),
    [
        ("judge: kayenta", 0.0),
        ("judge: kayenta\nhistory: 2h", 7200.0),
        ("judge: kayenta\nbaselineOffset: 1d", 0.0),
        ("judge: kayenta\nbaselineOffset: 1d\nhistory: 1h", 3600.0),
    ],
)
def test_kayenta_calibrates_nothing(more: str, history: float) -> None:
    read = load_analysis(analysis(SERIES % "", more=more))
    assert read.history == history
    assert from_document(to_document(read)).history == history
    short = to_document(read)
    del short["spec"]["history"]
    assert from_document(short).history == 0.0


def test_the_bound_of_a_template_is_not_kept_and_its_direction_is() -> None:
    text = analysis("{name: a, template: pods-crashing}")
    text = text.replace("{name: checkout}", "{name: checkout, namespace: shop}")
    for track in ("stable", "canary"):
        text = text.replace(f"{track}\"'", f"{track}\"', variables: {{pods: {track}}}")
    (read,) = load_analysis(text).metrics
    assert (read.bound, read.direction) == (None, Direction.INCREASE)


WRONG: dict[str, tuple[str, str]] = {
    "a series without Kayenta": (
        analysis(SERIES % "", more="judge: sequential"),
        "spec.metrics[0].kind: a series can be judged by Kayenta's judge alone; write judge: kay",
    ),
    "a series beside the sequential judge": (
        analysis(SERIES % "", more="alsoJudge: kayenta"),
        "spec.metrics[0].kind: a series can be judged by Kayenta's judge alone; write judge: kay",
    ),
    "a limit of a series": (
        analysis(SERIES % ", limit: {ratio: 1.2}"),
        "spec.metrics[0].limit: is not for a series; write kayenta: {effectSize: ...}",
    ),
    "a bound of a series": (
        analysis(SERIES % ", max: 5"),
        "spec.metrics[0].max: is not for a series; remove it",
    ),
    "a floor of a series": (
        analysis(SERIES % ", floor: 5"),
        "spec.metrics[0].floor: is for kind: gauge, and this metric is a series; remove it",
    ),
    "a limit beside an effect size": (
        analysis(COUNTS % ", limit: {ratio: 1.2}, kayenta: {}"),
        "spec.metrics[0].limit: kayenta.effectSize says from where on a difference counts; rem",
    ),
    "a metric in no group beside others": (
        analysis(SERIES % ", kayenta: {groups: [a]}", COUNTS % ""),
        "spec.metrics[1]: others count in groups, and this one in none, so that its score would",
    ),
    "a metric in no group beside weights": (
        analysis(COUNTS % "", more="judge: kayenta\ngroupWeights: {a: 50}"),
        "spec.metrics[0]: others count in groups, and this one in none, so that its score would",
    ),
    "a worst ratio": (
        analysis(COUNTS % ", worst: {ratio: 3}"),
        "spec.metrics[0].worst: is the sequential judge's; remove it",
    ),
    "an upper bound": (
        analysis(COUNTS % ", max: 5%"),
        "spec.metrics[0].max: is the sequential judge's: Kayenta's knows no bounds; remove it",
    ),
    "how long a bound must be broken": (
        analysis(COUNTS % ", max: 5%, for: 3m"),
        "spec.metrics[0].for: is the sequential judge's: Kayenta's knows no bounds",
    ),
    "a floor": (
        analysis("{name: a, template: container-memory, floor: 3}"),
        "spec.metrics[0].floor: is the sequential judge's; remove it",
    ),
    "growth": (
        analysis(
            "{name: a, template: container-memory, compare: slope, direction: increase, "
            "limit: {ratio: 1.1}}"
        ),
        "spec.metrics[0].compare: slope: Kayenta's judge compares levels; remove it, or write ju",
    ),
    "an A/B test": (
        analysis(COUNTS % ", better: increase"),
        "spec.metrics[0].better: an A/B test is the sequential judge's; remove it, or write judge",
    ),
    "a template with nothing but a bound": (
        analysis("{name: a, template: alerts-firing}"),
        "spec.metrics[0].template: the template holds its metrics to a fixed bound, which",
    ),
    "a weight beside groups": (
        analysis(SERIES % ", weight: 2, kayenta: {groups: [a]}"),
        "spec.metrics[0].weight: where there are groups, groupWeights weigh them; remove it",
    ),
    "an early pass": (
        analysis(SERIES % "", more="judge: kayenta\nearlyPass: true"),
        "spec.earlyPass: is the sequential judge's: no look of Kayenta's judge proves a release",
    ),
    "watching on": (
        analysis(SERIES % "", more="judge: kayenta\nkeepWatching: 10m"),
        "spec.keepWatching: is the sequential judge's; write a longer duration, or judge: seq",
    ),
    "a risk": (
        analysis(SERIES % "", more="judge: kayenta\nrisk: {falseRollback: 1%}"),
        "spec.risk: is the sequential judge's: Kayenta's judge promises nothing; remove it",
    ),
    "strictness for nobody": (
        analysis(COUNTS % "", more="strict: true"),
        "spec.strict: is for Kayenta's judge; write judge: kayenta or alsoJudge: kayenta too",
    ),
    "weights for nobody": (
        analysis(COUNTS % "", more="groupWeights: {a: 5}"),
        "spec.groupWeights: is for Kayenta's judge; write judge: kayenta or alsoJudge",
    ),
    "lookback for nobody": (
        analysis(COUNTS % "", more="lookback: 5m"),
        "spec.lookback: is for Kayenta's judge; write judge: kayenta or alsoJudge: kayenta too",
    ),
    "rules for nobody": (
        analysis(COUNTS % ", kayenta: {mustHaveData: true}", more="judge: sequential"),
        "spec.metrics[0].kayenta: is for Kayenta's judge; write judge: kayenta or alsoJudge",
    ),
    "Kayenta beside itself": (
        analysis(SERIES % "", more="judge: kayenta\nalsoJudge: kayenta"),
        "spec.alsoJudge: kayenta judges already; remove it, or write judge: sequential",
    ),
    "the sequential judge beside another": (
        analysis(SERIES % "", more="judge: kayenta\nalsoJudge: sequential"),
        "spec.alsoJudge: must be 'kayenta'",
    ),
    "a weight above the whole": (
        analysis(SERIES % "", more="judge: kayenta\ngroupWeights: {metrics: 101}"),
        "spec.groupWeights.metrics: must be 100 or less",
    ),
    "a weight below nothing": (
        analysis(SERIES % "", more="judge: kayenta\ngroupWeights: {metrics: -1}"),
        "spec.groupWeights.metrics: must be 0 or more",
    ),
    "weights above the whole together": (
        analysis(SERIES % "", more="judge: kayenta\ngroupWeights: {metrics: 61, rest: 40}"),
        "spec.groupWeights: add up to 101, more than 100 percent; lower them",
    ),
    "a weight that is a text": (
        analysis(SERIES % "", more="judge: kayenta\ngroupWeights: {metrics: '60'}"),
        "spec.groupWeights.metrics: must be a number, without quotes",
    ),
    "an effect that is a text": (
        analysis(SERIES % ", kayenta: {effectSize: {allowedIncrease: '1.2'}}"),
        "spec.metrics[0].kayenta.effectSize.allowedIncrease: must be a number, without quotes",
    ),
    "another measure": (
        analysis(SERIES % ", kayenta: {effectSize: {measure: cohensD}}"),
        "spec.metrics[0].kayenta.effectSize.measure: must be 'meanRatio' or 'cles'",
    ),
    "another strategy": (
        analysis(SERIES % ", kayenta: {nanStrategy: drop}"),
        "spec.metrics[0].kayenta.nanStrategy: must be 'remove' or 'replace'",
    ),
    "a lookback of less than a look": (
        analysis(SERIES % "", more="judge: kayenta\nlookback: 30s"),
        "spec.lookback: 30s is shorter than one interval (1m); write 1m or more, or remove it",
    ),
    "a step that is too short": (
        analysis("{name: a, kind: series, queries: {values: {expr: m, step: 500ms}}}"),
        "spec.metrics[0].queries.values.step: a step of 500ms is too short; write 1s or more",
    ),
    "a step that does not divide the interval": (
        analysis(SERIES % "", more="judge: kayenta\ninterval: 90s"),
        "spec.metrics[0].queries.values.step: 1m does not divide the interval (1m30s)",
    ),
    "a series read as a counter": (
        analysis("{name: a, kind: series, queries: {values: {expr: m, reading: counter}}}"),
        "spec.metrics[0].queries.values.reading: is not a field here; known: expr, step",
    ),
    "a gauge read as a series": (
        analysis("{name: a, kind: gauge, queries: {value: {expr: m, reading: series}}}"),
        "spec.metrics[0].queries.value.reading: must be 'counter' or 'gauge'",
    ),
    "the values of a gauge": (
        analysis("{name: a, kind: gauge, queries: {values: m}}"),
        "spec.metrics[0].queries.values: is no part of a gauge, which has value; remove it",
    ),
    "the same series twice": (
        analysis("{name: a, kind: series, queries: {values: m}}"),
        "spec.metrics[0]: reads the same series for baseline and canary; tell the tracks apart",
    ),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_what_does_not_go_together_is_told_with_its_field(text: str, told: str) -> None:
    found = issues(text)
    assert any(line.startswith(told) for line in found), found


def test_a_weight_of_a_group_that_nobody_counts_in_is_a_notice(tmp_path: Any) -> None:
    more = "judge: kayenta\ngroupWeights: {metrcs: 50}"
    groups = ", kayenta: {groups: [metrics]}"
    file = tmp_path / "a.yaml"
    file.write_text(analysis(SERIES % groups, more=more), encoding="utf-8")
    (notice,) = read_analysis_file(file).notices
    told = "spec.groupWeights.metrcs: no metric counts in the group metrcs; known: metrics; did you"
    assert told in str(notice)


def test_a_template_may_be_of_series() -> None:
    template = template_from_text(
        "apiVersion: judge/v1\nkind: MetricTemplate\nmetadata: {name: a}\nspec:\n"
        "  kind: series\n  direction: either\n"
        "  queries: {values: 'sum(rate(m{ {{ selector }} }[1m]))'}\n",
        source="a.yaml",
    )
    assert (template.kind, template.rules.direction) == (Kind.SERIES, Direction.EITHER)
    assert template.queries["values"].reading is Reading.SERIES


def test_a_bundle_of_series_may_say_little() -> None:
    document = {"judge": "kayenta", "metrics": [{"name": "a", "kind": "series"}]}
    assert from_document(document) == ResolvedAnalysis(
        "unnamed",
        (Metric("a", Kind.SERIES, Direction.INCREASE, None, None),),
        judge=JudgeName.KAYENTA,
        history=0.0,
    )


def test_what_no_run_can_be_judged_by_is_refused_of_a_machine_too() -> None:
    series = {"name": "a", "kind": "series"}
    for document, told in (
        ({"metrics": [series]}, "metrics[0].kind: a series can be judged by Kayenta's"),
        (
            {"judge": "kayenta", "keepWatching": 600, "metrics": [series]},
            "keepWatching: is the sequential judge's",
        ),
    ):
        with pytest.raises(SpecError) as wrong:
            from_document(document)
        assert str(wrong.value).startswith(told)


def test_what_another_system_asked_for_is_read_back_whatever_a_user_may_write() -> None:
    query = Query("m{a='(", Reading.SERIES, step=7.5, begins=-300.25, lasts=0.0)
    metric = Metric(
        "errors, all",
        Kind.SERIES,
        Direction.EITHER,
        None,
        None,
        kayenta=KayentaRules(groups=("Group 1",)),
        queries={"canary": {"values": query}},
    )
    asked = ResolvedAnalysis(
        "a",
        (metric,),
        interval=300.0,
        judge=JudgeName.KAYENTA,
        group_weights={"Group 1": 70.0, "Group 2": 70.0},
        lookback=60.0,
        at_once=True,
    )
    assert from_document(to_document(asked)) == asked


def test_the_document_says_whose_opinion_is_recorded_and_what_waits_for_nothing() -> None:
    read = load_analysis(analysis(COUNTS % "", more="alsoJudge: kayenta"))
    asked = replace(read, at_once=True)
    assert from_document(to_document(asked)) == asked
