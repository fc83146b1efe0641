"""Flagger's MetricTemplate: reading it, rendering it, and one with places of ours."""

from __future__ import annotations

import pytest

from judge.errors import SpecError
from judge.spec.flagger_template import FlaggerTemplate, Place, flagger_templates
from judge.spec.go_template import Value

HEAD = """\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: mine, namespace: flagger}
spec:
  query: |
"""
VALUES: dict[str, Value] = {
    "name": "podinfo",
    "namespace": "test",
    "target": "podinfo",
    "service": "podinfo",
    "ingress": "podinfo",
    "route": "podinfo",
    "interval": "1m",
    "variables": {"direction": "inbound"},
}


def text_of(query: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in query.split("\n"))


def template(query: str) -> FlaggerTemplate:
    (found,) = flagger_templates(text_of(query), source="mine.yaml")
    return found


def refusal(query: str) -> str:
    with pytest.raises(SpecError) as caught:
        template(query).placed()
    (issue,) = caught.value.issues
    return str(issue)


def test_every_field_arrives() -> None:
    text = """\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: latency, namespace: flagger, labels: {a: b}}
spec:
  provider:
    type: prometheus
    address: https://prometheus.example/api
    headers: {X-Scope-OrgID: [shop, spare]}
    secretRef: {name: prometheus-token}
    region: eu-1
    insecureSkipVerify: true
  query: up{job="{{ target }}",x="{{ variables.a }}",y="{{ index variables "b-c" }}"}
status: {conditions: []}
"""
    (found,) = flagger_templates(text, source="latency.yaml")
    assert (found.name, found.namespace) == ("latency", "flagger")
    provider = found.provider
    assert (provider.type, provider.address) == ("prometheus", "https://prometheus.example/api")
    assert provider.headers == {"X-Scope-OrgID": ["shop", "spare"]}
    assert provider.secret_ref is not None
    assert provider.secret_ref.name == "prometheus-token"
    assert (provider.region, provider.insecure_skip_verify) == ("eu-1", True)
    assert found.places == {"target", "variables.a", "variables.b-c"}


def test_blanks_collapse_as_flagger_has_it() -> None:
    found = template('sum(\n  x{a="{{ target }}",\tb="two  blanks"}\n)\n')
    assert found.rendered(VALUES) == 'sum( x{a="podinfo", b="two blanks"} )'


def test_null_is_a_field_that_is_not_there() -> None:
    text = text_of("up").replace("spec:\n", "spec:\n  provider: null\n")
    (found,) = flagger_templates(text, source="mine.yaml")
    assert found.provider.type == "prometheus"


def test_a_file_may_hold_several_documents() -> None:
    text = f"# comment\n---\nkind: Canary\n---\n{text_of('up')}---\n---\n{text_of('down')}"
    found = flagger_templates(text, source="all.yaml")
    assert [one.query.strip() for one in found] == ["up", "down"]


def test_every_fault_is_told_with_its_place_in_the_file() -> None:
    text = f"{text_of('up{{ nope }}')}---\n{text_of('up').replace('mine', '[]')}---\n"
    text += text_of("x\n  {{ if }}")
    with pytest.raises(SpecError) as caught:
        flagger_templates(text, source="all.yaml")
    found = [(one.line, one.column, one.path) for one in caught.value.issues]
    assert found == [
        (6, 10, "spec.query"),
        (10, 18, "metadata.name"),
        (21, 12, "spec.query"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (text_of("up").replace("v1beta1", "v2"), "1:13: apiVersion: must be 'flagger.app/v1beta1'"),
        (text_of(""), "spec.query: is empty; write a query"),
        (HEAD.replace("  query: |\n", "  query: [1]\n"), "spec.query: must be a text"),
        ("a: [", "not valid YAML"),
    ],
)
def test_what_is_no_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        flagger_templates(text, source="mine.yaml")
    assert said in str(caught.value)


def test_a_fault_of_rendering_is_where_it_stands() -> None:
    with pytest.raises(SpecError) as caught:
        template("x\n  {{ variables.nope }}").rendered(VALUES)
    assert str(caught.value).startswith("mine.yaml:7:10: spec.query: the variable nope is not set")


def test_what_flagger_fills_in_are_places() -> None:
    found = template(
        '{{- $pods := printf "%s-primary-.*" target -}}\n'
        'x{a=~"{{ $pods }}",b="{{ namespace }}/{{ name }}",c="{{ variables.c }}",'
        'd="{{ index variables "d-e" }}",s="{{ service }}"}[{{ interval }}]'
    ).placed()
    assert found.expr == (
        'x{a=~"{{ target }}-primary-.*",b="{{ namespace }}/{{ name }}",c="{{ c }}",'
        'd="{{ d_e }}",s="{{ service }}"}[{{ interval }}]'
    )
    assert [(one.name, one.optional) for one in found.places] == [
        ("target", False),
        ("namespace", False),
        ("name", False),
        ("c", False),
        ("d_e", True),
        ("service", False),
    ]
    assert found.places[4] == Place("d_e", "Flagger's variables.d-e", optional=True)
    assert found.places[5].description.startswith("Flagger's service: the Service; the target's")


def test_one_that_is_needed_somewhere_is_not_optional() -> None:
    found = template('x{a="{{ index variables "a" }}",b="{{ variables.a }}"}').placed()
    assert found.places == (Place("a", "Flagger's variables.a"),)


@pytest.mark.parametrize(
    ("query", "place", "said"),
    [
        (
            'up\n{{ if eq target "a" }}1{{ end }}',
            "7:11",
            "judge import flagger renders the template for one Canary",
        ),
        ("up{{ variables }}", "6:10", "all the variables are printed"),
        ("up{{ range variables }}{{ end }}", "6:16", "judge import flagger"),
        ('x{a="${target}"}', "5:10", "yields ${, which Judge takes for a variable"),
        ('x{a="{{ `{{ target }}` }}"}', "5:10", "yields {{, which Judge takes for a variable"),
        ("x{a=\"{{ target }}{{ '{' }}\"", "5:10", "this { is never closed"),
        ("x # all\n+ 1", "5:10", "holds a comment, which swallows the rest"),
        ("{{ if false }}x{{ end }}", "5:10", "yields nothing"),
        ('x{a="\ue000target\ue001{{ target }}\ue001"}', "5:10", "private use"),
        ('x{a="{{ variables.target }}{{ target }}"}', "6:13", "mixed up with target"),
        ('x{a="{{ variables.selector }}"}', "6:13", "mixed up with what Judge sets itself"),
        ('x{a="{{ variables.a_b }}{{ index variables "a-b" }}"}', "6:32", "mixed up with"),
        ('x{a="{{ index variables "1" }}"}', "6:13", "cannot be one of Judge's"),
    ],
)
def test_what_cannot_be_a_query_of_ours_is_refused(query: str, place: str, said: str) -> None:
    found = refusal(query)
    assert found.startswith(f"mine.yaml:{place}: spec.query: ")
    assert said in found


def test_numbers_from_elsewhere_are_refused() -> None:
    text = text_of("SELECT 1").replace("spec:\n", "spec:\n  provider:\n    type: datadog\n")
    (found,) = flagger_templates(text, source="mine.yaml")
    with pytest.raises(SpecError, match=r"mine.yaml:6:11: spec.provider.type: datadog is not read"):
        found.placed()
    assert found.rendered(VALUES) == "SELECT 1"
