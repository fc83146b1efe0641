"""What a Flagger template's query is taken for, and how metrics of it are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.errors import SpecError
from judge.spec.loading import read_analysis_file
from judge.spec.metric_template import MetricTemplate, TemplateVariable, template_from_text
from judge.spec.queries import render_alone
from judge.spec.resolved import Direction, Kind, Metric, Query, Reading

ALL = 'x_total{app="{{ target }}"}'
DURATIONS = 'sum(rate(x_seconds_bucket{app="{{ target }}"}[1m])) by (le)'


def text_of(query: str) -> str:
    return (
        "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: mine}\n"
        f"spec:\n  query: |\n    {query}\n"
    )


def template(query: str) -> MetricTemplate:
    return template_from_text(text_of(query), source="mine.yaml")


def share(matcher: str, form: str = "{}") -> str:
    part = f'sum(rate(x_total{{app="{{{{ target }}}}",{matcher}}}[{{{{ interval }}}}]))'
    return form.format(f"{part}/sum(rate({ALL}[{{{{ interval }}}}]))")


@pytest.mark.parametrize(
    ("query", "counted", "direction", "percent", "turned"),
    [
        (share('code=~"5.."'), 'code=~"5.."', "increase", False, False),
        (share('code!~"5.."', "100 - {}*100"), 'code=~"5.."', "increase", True, False),
        (share('code!~"5.."', "{}*100"), 'code=~"5.."', "increase", True, True),
        (share('code!~"5.."', "1 - {}"), 'code=~"5.."', "increase", False, False),
        (share('code=~"5.."', "1 - {}"), 'code=~"5.."', "increase", False, True),
        (share('grpc_code="OK"', "100*{}"), 'grpc_code!="OK"', "increase", True, True),
        (share('grpc_code!="OK"', "100*{}"), 'grpc_code!="OK"', "increase", True, False),
        (share('path="/buy"'), 'path="/buy"', "either", False, False),
        (share('path="/buy"', "1 - {}"), 'path!="/buy"', "either", False, False),
        (share('code=~"2..|5.."'), 'code=~"2..|5.."', "either", False, False),
        (share('code!~"5..",path="/a"'), 'code!~"5..", path="/a"', "either", False, False),
    ],
)
def test_a_share_is_counted(
    query: str, counted: str, direction: str, percent: bool, turned: bool
) -> None:
    found = template(query)
    assert found.kind is Kind.PROPORTION
    assert found.queries == {
        "events": Query(f'x_total{{app="{{{{ target }}}}", {counted}}}'),
        "total": Query(ALL),
    }
    assert found.rules.direction == direction
    assert found.taken is not None
    assert (found.taken.percent, found.taken.turned) == (percent, turned)


def test_durations_are_compared_whole() -> None:
    found = template(f"histogram_quantile(0.9, {DURATIONS})")
    assert found.kind is Kind.HISTOGRAM
    assert found.queries == {"buckets": Query('x_seconds_bucket{app="{{ target }}"}')}
    assert (found.rules.unit, found.rules.quantile, found.rules.limit) == ("seconds", 0.9, 2.25)


@pytest.mark.parametrize(
    "query",
    [
        f"histogram_quantile(0.99, {DURATIONS}) * 1000",
        share('code=~"5.."', "1000 * {}"),
        share('code=~"5.."', "3 + {}"),
        share('code!~"5..",path="/a"', "1 - {}"),
        'max(busy{app="{{ target }}"})',
        '{{ variables.metric }}{app="{{ target }}"}',
        'sum(rate(x_bucket{a="{{ target }}",c="5"}[1m]))/sum(rate(x_bucket{a="{{ target }}"}[1m]))',
    ],
)
def test_any_other_number_is_taken_whole(query: str) -> None:
    found = template(query)
    assert found.kind is Kind.GAUGE
    assert found.rules.direction is Direction.EITHER
    (value,) = found.queries.values()
    assert value.reading is Reading.GAUGE
    assert "{{ target }}" in value.expr


def test_the_label_that_chooses_pods_names_them() -> None:
    by_label = share('code="500"').replace("app=", "kubernetes_pod_name=~")
    assert template(by_label).pod_label == "kubernetes_pod_name"
    assert template(share('code="500"')).pod_label == ""


def test_what_the_query_does_not_need_is_no_variable() -> None:
    query = share('code="500"').replace("interval", "variables.window")
    assert [one.name for one in template(query).variables] == ["target"]
    found = template('x{a="{{ index variables "b" }}",c="{{ variables.d }}"}')
    assert found.variables == (
        TemplateVariable("b", "Flagger's variables.b", ""),
        TemplateVariable("d", "Flagger's variables.d"),
    )


def test_what_nobody_sets_is_the_targets() -> None:
    found = template('x{s="{{ service }}",i="{{ ingress }}"}')
    alone = render_alone(found, {"target": "podinfo", "ingress": "edge"})
    assert alone["value"].expr == 'x{s="podinfo",i="edge"}'
    assert render_alone(found, {"service": "a", "ingress": "b"})["value"].expr == 'x{s="a",i="b"}'
    with pytest.raises(SpecError, match="service: has no value; write --set service="):
        render_alone(found, {"ingress": "edge"})
    with pytest.raises(SpecError, match="nothing uses this variable"):
        render_alone(template('x{i="{{ ingress }}"}'), {"target": "a", "route": "b"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{text_of('up')}---\n{text_of('down')}", "holds 2 MetricTemplates (mine, mine)"),
        (text_of("sum(up) +"), "mine.yaml:5:10: spec.query: the rendered query: "),
        (text_of('{{ if eq target "a" }}1{{ end }}'), "judge import flagger"),
        (text_of("up").replace("v1beta1", "v1"), "apiVersion: must be 'flagger.app/v1beta1'"),
    ],
)
def test_a_file_that_is_no_one_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        template_from_text(text, source="mine.yaml")
    assert said in str(caught.value)


def test_a_template_of_ours_may_speak_of_flagger() -> None:
    text = """\
# Not flagger.app/v1beta1.
apiVersion: judge/v1
kind: MetricTemplate
metadata: {name: ours}
spec: {kind: gauge, queries: {value: up}}
"""
    assert template_from_text(text, source="ours.yaml").taken is None


def metric(folder: Path, query: str, more: str) -> Metric:
    (folder / "mine.yaml").write_text(text_of(query))
    file = folder / "analysis.yaml"
    file.write_text(f"""\
apiVersion: judge/v1
kind: Analysis
metadata: {{name: podinfo, namespace: test}}
spec:
  tracks:
    baseline: {{variables: {{target: podinfo-primary}}}}
    canary: {{variables: {{target: podinfo}}}}
  metrics: [{{name: mine, template: ./mine.yaml{more}}}]
""")
    loaded = read_analysis_file(file)
    assert loaded.notices == ()
    (found,) = loaded.analysis.metrics
    return found


def test_tracks_make_a_comparison_of_it(tmp_path: Path) -> None:
    query = 'x{ns="{{ namespace }}",s="{{ service }}"}[{{ interval }}]'
    found = metric(tmp_path, f"max(max_over_time({query}))", "")
    assert {track: parts["value"].expr for track, parts in found.queries.items()} == {
        track: f'max(max_over_time(x{{ns="test",s="{name}"}}[1m]))'
        for track, name in (("baseline", "podinfo-primary"), ("canary", "podinfo"))
    }
    assert (found.template, found.direction, found.limit) == ("mine", Direction.EITHER, 1.25)


@pytest.mark.parametrize(
    ("query", "more", "direction", "limit"),
    [
        ("max({})", ", max: 3", Direction.INCREASE, None),
        ("max({})", ", min: 3", Direction.DECREASE, None),
        ("max({})", ", min: 3, max: 5", Direction.EITHER, None),
        ("max({})", ", max: 3, limit: {ratio: 1.5}", Direction.INCREASE, 1.5),
        ("max({})", ", direction: decrease", Direction.DECREASE, 0.8),
        (f"histogram_quantile(0.9, {DURATIONS})", "", Direction.INCREASE, 2.25),
        (f"histogram_quantile(0.9, {DURATIONS})", ", max: 0.5", Direction.INCREASE, None),
        (share('code=~"5.."', "{}*100"), ", max: 1%", Direction.INCREASE, None),
        (share('code=~"5.."'), ", max: 0.01", Direction.INCREASE, None),
        (share('path="/buy"'), ", min: 1%", Direction.DECREASE, None),
    ],
)
def test_a_metric_says_how_it_is_judged(
    tmp_path: Path, query: str, more: str, direction: Direction, limit: float | None
) -> None:
    found = metric(tmp_path, query.replace("max({})", 'max(x{a="{{ target }}"})'), more)
    assert (found.direction, found.limit) == (direction, limit)
    if found.kind is Kind.HISTOGRAM and found.bound:
        assert found.bound.quantile == 0.9


@pytest.mark.parametrize(
    ("query", "more", "said"),
    [
        (share('code=~"5.."', "{}*100"), ", max: 1", "write 1% or 100%"),
        (share('code=~"5.."', "{}*100"), ", max: 0.5", "write 0.5% or 50%"),
        (share('code!~"5.."', "{}*100"), ", min: 99%", "write max: 1% for min: 99%"),
        (share('code!~"5.."'), ", direction: decrease", "failures are counted; remove it"),
        (share('code=~"5.."'), ", variables: {direction: in}", "nothing uses the variable"),
        ('x{a="{{ variables.b }}"}', "", "the variable b (Flagger's variables.b) has no value"),
    ],
)
def test_what_may_be_meant_otherwise_is_refused(
    tmp_path: Path, query: str, more: str, said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        metric(tmp_path, query, more)
    assert said in str(caught.value)
