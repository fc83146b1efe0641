"""The published schema says what the loader does, as far as a schema can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from judge.errors import SpecError
from judge.spec.loading import load_analysis_document
from judge.spec.schema import analysis_schema

from .test_loading import WHOLE

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples" / "analysis"
VALIDATOR = Draft202012Validator(analysis_schema())


def parsed(text: str) -> Any:
    return json.loads(json.dumps(YAML(typ="safe").load(text)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(analysis_schema())
    assert analysis_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    VALIDATOR.validate(parsed(path.read_text(encoding="utf-8")))


def test_an_analysis_with_every_field_is_valid() -> None:
    VALIDATOR.validate(parsed(WHOLE))


def test_what_is_not_judged_yet_belongs_to_the_grammar() -> None:
    document = parsed(WHOLE)
    document["spec"]["metrics"][0] |= {"source": "far"}
    VALIDATOR.validate(document)


def test_an_analysis_for_kayentas_judge_is_valid_and_its_slips_are_not() -> None:
    document = parsed(WHOLE)
    effect = {"measure": "cles", "allowedIncrease": 0.6}
    block = {"nanStrategy": "replace", "effectSize": effect, "groups": ["a"]}
    queries = {"values": {"expr": "m", "step": "30s"}}
    document["spec"] |= {"judge": "kayenta", "groupWeights": {"a": 50}, "lookback": "5m"}
    document["spec"]["metrics"] = [
        {"name": "a", "kind": "series", "queries": queries, "kayenta": block}
    ]
    VALIDATOR.validate(document)
    block["nanStrategy"] = "drop"
    effect["allowedIncrease"] = "0.6"
    document["spec"]["groupWeights"]["a"] = 500
    places = {error.json_path for error in VALIDATOR.iter_errors(document)}
    assert "$.spec.groupWeights.a" in places
    assert any(place.startswith("$.spec.metrics[0].kayenta") for place in places)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("apiVersion", "judge/v2"),
        ("kind", "Rollout"),
        ("spec", None),
        ("spec.interval", 60),
        ("spec.interval", "60"),
        ("spec.interval", "1m30"),
        ("spec.interval", ""),
        ("spec.intervall", "1m"),
        ("spec.metrics", []),
        ("spec.metrics.0.name", "my errors"),
        ("spec.metrics.0.weight", 0),
        ("spec.metrics.0.critical", "yes"),
        ("spec.metrics.0.direction", "up"),
        ("spec.metrics.0.limit", 1.25),
        ("spec.metrics.1.queries.total", 5),
        ("spec.metrics.1.max", "300ms"),
        ("spec.metrics.1.min", True),
        ("spec.metrics.1.kind", "gouge"),
        ("spec.metrics.2.quantile", 1),
        ("spec.metrics.2.quantile", 0),
        ("spec.metrics.2.for", 120),
        ("spec.metrics.2.queries.bucket", "a"),
        ("spec.metrics.3.floor", -1),
        ("spec.metrics.3.compare", "growth"),
        ("spec.metrics.3.queries.value", {"expr": "a", "reading": "rate"}),
        ("spec.tracks.baseline", None),
        ("spec.tracks.canary.weight", "ten percent"),
        ("spec.tracks.canary.weight", 1.5),
        ("spec.tracks.canary.weight", {"of": 100}),
        ("spec.tracks.shadow.weight.of", 0),
        ("spec.tracks.shadow.weight.of", "100%"),
        ("spec.tracks.shadow.weight.query", 10),
        ("spec.score.pass", 101),
        ("spec.mode", "dry"),
        ("spec.onPass.0.slack", {}),
    ],
)
def test_what_the_schema_refuses_the_loader_refuses_too(place: str, value: object) -> None:
    document = parsed(WHOLE)
    *parents, last = place.split(".")
    inner = document
    for part in parents:
        inner = inner[int(part) if part.isdigit() else part]
    inner[last] = value
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(SpecError):
        load_analysis_document(document)


def test_every_field_is_described() -> None:
    schema = analysis_schema()
    bare = [
        f"{name}.{field}"
        for name, model in {**schema["$defs"], "": schema}.items()
        for field, described in model.get("properties", {}).items()
        if not described.get("description")
    ]
    assert bare == []


def test_defaults_read_as_a_user_would_write_them() -> None:
    fields = analysis_schema()["$defs"]["SpecWritten"]["properties"]
    assert (fields["interval"]["default"], fields["duration"]["default"]) == ("1m", "30m")
    assert "default" not in fields["delay"]
