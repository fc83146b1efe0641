"""A track's weight is a share, or a query for one, rendered like a metric's."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.errors import SpecError
from judge.spec.document import from_document
from judge.spec.loading import load_analysis, read_analysis_file
from judge.spec.resolved import ResolvedAnalysis, Track, WeightQuery

HEAD = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop}
spec:
  metrics: [{name: errors, template: http-error-rate}]
  variables: {app: checkout}
  tracks:
    baseline: {selector: 'a="b"'}
"""


def loaded(weight: str, *, canary: str = "selector: 'a=\"c\"'") -> ResolvedAnalysis:
    return load_analysis(f"{HEAD}    canary: {{{canary}, weight: {weight}}}\n", source="a.yaml")


def test_a_query_sees_what_a_metrics_query_sees_for_the_track() -> None:
    query = (
        "max by ({{ podLabel }}) (w{ {{ selector }}, ns='{{ namespace }}', x='{{ app }}', "
        "y='{{ own }}' }) # {{ track }}"
    )
    canary = 'selector: \'a="c"\', variables: {own: "it\'s"}'
    track = loaded(f'{{query: "{query}"}}', canary=canary).tracks["canary"]
    filled = "max by (pod) (w{ a=\"c\", ns='shop', x='checkout', y='it\\'s' }) # canary"
    assert track == Track('a="c"', None, WeightQuery(filled, of=1.0))


def test_a_share_is_as_it_was() -> None:
    assert loaded("25%").tracks["canary"] == Track('a="c"', 0.25, None)


def test_two_weights_by_query_are_not_added_up() -> None:
    query = "{query: w, of: 100}"
    head = HEAD.replace("'a=\"b\"'", f"'a=\"b\"', weight: {query}")
    tracks = load_analysis(f"{head}    canary: {{selector: 'a=\"c\"', weight: 90%}}\n").tracks
    assert tracks["baseline"].weight_query == WeightQuery("w", of=100.0)


BAD = {
    "neither": ("[10%]", "9:41: spec.tracks.canary.weight: a share is a number; write it as 5%"),
    "no query": ("{of: 100}", "9:41: spec.tracks.canary.weight.query: is missing; add it"),
    "another field": (
        "{query: w, off: 100}",
        "9:52: spec.tracks.canary.weight.off: is not a field here; known: of, query; did you mean",
    ),
    "an empty query": (
        "{query: ''}",
        "9:49: spec.tracks.canary.weight.query: an empty query; write PromQL",
    ),
    "an open bracket": (
        "{query: 'max(w'}",
        "9:53: spec.tracks.canary.weight.query: this ( is never closed; add its )",
    ),
    "an unknown variable": (
        "{query: 'w{a=\"{{ nobody }}\"}'}",
        "9:55: spec.tracks.canary.weight.query: the variable nobody has no value; set it under",
    ),
    "a whole of nothing": (
        "{query: w, of: 0}",
        "9:56: spec.tracks.canary.weight.of: must be more than 0",
    ),
    "a whole in percent": (
        "{query: w, of: 100%}",
        "9:56: spec.tracks.canary.weight.of: must be a number, without quotes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_weight_is_told_with_its_place(case: str) -> None:
    weight, told = BAD[case]
    with pytest.raises(SpecError) as wrong:
        loaded(weight)
    (found,) = str(wrong.value).splitlines()
    assert found.startswith(f"a.yaml:{told}")


@pytest.mark.parametrize(
    ("canary", "query", "told"),
    [
        ("variables: {app: x}", "w{ {{ selector }} }", "names the track's selector; add one to"),
        (
            "selector: 'a=\"c\"', variables: {own: 'x y'}",
            "w * {{ own }}",
            "the variable own stands outside of a string, where 'x y' would change the query",
        ),
        (
            "selector: 'a=\"c\"'",
            "w{x='{{ selector }}'} * {{ selector }}",
            "{{ selector }} is a list of label matchers; write it between braces",
        ),
    ],
)
def test_what_cannot_be_filled_in_is_told_at_the_query(canary: str, query: str, told: str) -> None:
    with pytest.raises(SpecError) as wrong:
        loaded(f'{{query: "{query}"}}', canary=canary)
    found = {issue.path: issue.message for issue in wrong.value.issues}
    assert found["spec.tracks.canary.weight.query"].startswith(told)


def test_variables_that_a_weight_alone_names_are_used() -> None:
    canary = "selector: 'a=\"c\"', variables: {own: x}"
    weight = "{query: 'w{a=\"{{ own }}\"}'}"
    assert loaded(weight, canary=canary).tracks["canary"].weight_query == WeightQuery('w{a="x"}')
    with pytest.raises(SpecError, match="nothing uses the variable own"):
        loaded("10%", canary=canary)


def test_variables_of_the_spec_that_a_weight_alone_names_are_used(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    notices = []
    for weight in ("{query: 'w{a=\"{{ app }}\"}'}", "10%"):
        file.write_text(f"{HEAD}    canary: {{selector: 'a=\"c\"', weight: {weight}}}\n")
        notices.append([one.path for one in read_analysis_file(file).notices])
    assert notices == [[], ["spec.variables.app"]]


def test_a_query_in_a_stored_document_is_rendered_already() -> None:
    document = {
        "metrics": [{"name": "errors", "kind": "proportion"}],
        "tracks": {
            "baseline": {"selector": 'a="b"', "weight": 0.5},
            "canary": {"weight": {"query": "w{a='{{ x }}'}", "of": 100}},
        },
    }
    assert from_document(document).tracks == {
        "baseline": Track('a="b"', 0.5),
        "canary": Track("", None, WeightQuery("w{a='{{ x }}'}", of=100.0)),
    }
