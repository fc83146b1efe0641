"""``judge templates``: what it lists, shows and renders."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SpecError
from judge.spec.metric_template import shipped_templates

FOLDER = Path(__file__).parents[2] / "metric_templates"


def templates(*arguments: str) -> Result:
    return CliRunner().invoke(judge, ["templates", *arguments])


def test_all_shipped_ones_are_listed() -> None:
    done = templates("list")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"{one.name}\t{one.description}" for one in shipped_templates().values()
    ]
    told = json.loads(templates("list", "--output", "json").output)
    assert [one["name"] for one in told] == list(shipped_templates())


def test_one_is_shown_as_it_is_written() -> None:
    written = (FOLDER / "pods-crashing.yaml").read_text(encoding="utf-8")
    assert templates("show", "pods-crashing").output == written
    assert templates("show", str(FOLDER / "pods-crashing.yaml")).output == written
    told = json.loads(templates("show", "pods-crashing", "--output", "json").output)
    assert (told["limit"], told["podLabel"]) == ({"ratio": 1.5}, "pod")
    assert told["variables"][0]["name"] == "pods"
    assert told["variables"][0]["default"] is None
    assert told["queries"]["total"]["reading"] == "gauge"


MINE = """\
apiVersion: judge/v1
kind: MetricTemplate
metadata: {name: mine}
spec:
  kind: gauge
  unit: jobs
  max: 100
  for: 2m
  floor: 5
  critical: false
  queries: {value: 'waiting{ {{ selector }} }'}
"""


def test_the_rules_of_a_gauge_are_shown_and_its_query_rendered(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    told = json.loads(templates("show", str(path), "--output", "json").output)
    assert told == {
        "name": "mine",
        "description": "",
        "kind": "gauge",
        "unit": "jobs",
        "direction": "increase",
        "limit": None,
        "worst": None,
        "max": 100.0,
        "for": "2m",
        "floor": 5.0,
        "critical": False,
        "podLabel": None,
        "variables": [],
        "queries": {"value": {"expr": "waiting{ {{ selector }} }", "reading": "gauge"}},
    }
    done = templates("render", str(path), "--track-selector", 'app="a"')
    assert done.output == '# value, a gauge\nwaiting{ app="a" }\n'


def test_one_is_rendered_with_its_values_escaped() -> None:
    arguments = ["http-error-rate", "--track-selector", 'app="a"', "--set", 'errors=5"\\..']
    done = templates("render", *arguments)
    assert (done.exit_code, done.output) == (
        0,
        (
            "# events, a counter\n"
            'http_requests_total{ app="a", code=~"5\\"\\\\.." }\n'
            "# total, a counter\n"
            'http_requests_total{ app="a" }\n'
        ),
    )
    told = json.loads(templates("render", *arguments, "--output", "json").output)
    assert told == {
        "template": "http-error-rate",
        "queries": {
            "events": {
                "expr": 'http_requests_total{ app="a", code=~"5\\"\\\\.." }',
                "reading": "counter",
            },
            "total": {"expr": 'http_requests_total{ app="a" }', "reading": "counter"},
        },
    }


def test_all_that_is_missing_or_too_much_is_told_at_once() -> None:
    done = templates("render", "pods-crashing", "--set", "pod=x")
    assert isinstance(done.exception, SpecError)
    assert str(done.exception).splitlines() == [
        (
            "pod: nothing uses this variable; known: interval, namespace, namespaceLabel, "
            "podLabel, pods; did you mean pods?"
        ),
        (
            "namespace: has no value; write --set namespace=... (their Kubernetes namespace; "
            "metadata.namespace where it is written)"
        ),
        (
            "pods: has no value; write --set pods=... (names of the track's pods (a regular "
            "expression))"
        ),
    ]
    done = templates("render", "http-error-rate")
    assert str(done.exception) == (
        "selector: has no value; write --track-selector 'app=\"checkout\"'"
    )
    done = templates("render", "http-error-rate", "--track-selector", "{app}")
    assert "is no list of label matchers" in str(done.exception)


def test_one_that_is_not_there_is_told_with_those_that_are() -> None:
    done = templates("show", "http-errors-rate")
    assert isinstance(done.exception, SpecError)
    assert "there is no template http-errors-rate; known: " in str(done.exception)
    assert "did you mean http-error-rate?" in str(done.exception)
