"""``judge plan``: what it says of an analysis, as text and as JSON, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.cli.plan import plan as command
from judge.cli.planning.chart import PLAIN, axis, line
from judge.cli.planning.document import document
from judge.cli.planning.report import report
from judge.errors import BundleError, SourceUnavailable, SpecError
from judge.sources.recording import bundle_document
from judge.spec.resolved import Bound, Track
from judge.stats.samples import Interval
from judge.verdict.planning.plan import Plan, Wish, plan_of
from tests.servers.process import free_port
from tests.verdict.mixed import gauge, levels, merged
from tests.verdict.rollouts import analysis, history, intervals, metric

ANALYSIS = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  prometheus: {address: http://localhost:9090}
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
  metrics:
    - {name: errors, template: http-error-rate}
"""


def plan(*arguments: str | Path) -> Result:
    return CliRunner().invoke(judge, ["plan", *map(str, arguments)])


def written(folder: Path, past: list[Interval]) -> Path:
    path = folder / "bundle.json"
    of = analysis(duration=1200.0)
    run = intervals(np.random.default_rng(2), 20, start=1.0)
    path.write_text(json.dumps(bundle_document(of, past, run)))
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("plan"), history(np.random.default_rng(1), 180))


@pytest.fixture(scope="module")
def mixed() -> Plan:
    """A plan of several kinds, one of which is only bounded."""
    rng = np.random.default_rng(1)
    past = merged(
        history(rng, 160, metrics=("error-rate", "wide")), levels(rng, 160, pods={"baseline": 9})
    )
    of = analysis(
        metric(),
        gauge(limit=1.25),
        metric("bounded", limit=None, worst=None, bound=Bound(max=0.05)),
        metric("wide", limit=1.6, worst=4.0),
        metric("nothing"),
        duration=1200.0,
        warmup=120.0,
        tracks={"baseline": Track('a="b"'), "canary": Track('a="c"', 0.1)},
    )
    return plan_of(of, past, wish=Wish(), done=lambda _metric, _part: None)


def test_a_bundle_is_planned_on_without_a_server(bundle: Path) -> None:
    done = plan(bundle)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("checkout: 20 looks of 1m, planned on 3h of history, 1969-12-31")
    assert "error-rate (usually 0.5" in lines[3]
    assert "at most 1 % false rollbacks of its own)" in lines[3]
    assert lines[4] == "  canary: 1 pod with 10 % of the requests; baseline: 9 pods"
    (two,) = [one for one in lines if one.startswith("  2 times")]
    assert "half by 1" in two
    assert any(one.startswith("  smallest that the run sees: 1.") for one in lines)
    assert any(one.startswith("  a good release passes proven: ") for one in lines)
    assert any(one.startswith("  one pod more (2): ") for one in lines)
    assert any(one.startswith("  more traffic (20 %): ") for one in lines)
    assert "in which pods of this history play the canary" in done.output
    assert max(map(len, lines)) <= 100
    assert lines[-1].startswith("The promise of this run: calibrated: measured on this history")


def test_as_json_with_times_in_seconds(bundle: Path) -> None:
    told = json.loads(plan(bundle, "--output", "json").output)
    assert (told["analysis"], told["looks"], told["promise"]) == ("checkout", 20, "calibrated")
    assert told["history"]["intervals"] == 180
    one = told["metrics"]["error-rate"]
    assert one["canary"] == {"pods": 1, "share": 0.1}
    assert one["basis"] == "history"
    folds = {regression["fold"]: regression for regression in one["regressions"]}
    half = folds[2.0]["times"]["50%"]
    assert 300 <= half["low"] <= half["value"] <= 1200
    assert half["high"] is None or half["high"] >= half["value"]
    assert len(folds[2.0]["byLook"]) == 20
    assert folds[2.0]["byLook"] == sorted(folds[2.0]["byLook"])
    assert 1.25 < one["smallest"]["50%"] < one["smallest"]["95%"]
    assert set(one["options"]) == {"pod", "traffic"}
    assert one["proven"]["seen"]["value"] > 0.9
    assert told["proven"] == one["proven"]["seen"]["value"]


def test_pods_and_weight_are_as_wished(bundle: Path) -> None:
    wished = plan(bundle, "--canary-pods", "2", "--weight", "5%")
    assert "  canary: 2 pods with 5 % of the requests; baseline: 9 pods" in wished.output


def test_every_metric_is_told_also_what_is_not_planned(mixed: Plan) -> None:
    text = report(mixed, blocks=PLAIN)
    assert text.isascii()
    assert "bounded: not planned: it is held to a fixed bound alone" in text
    assert "memory (usually" in text
    assert "  canary: 1 pod; baseline: 9 pods" in text
    assert "its 2m of warm-up over" in text
    assert "at most 0.2 % false rollbacks of its own" in text
    assert "within the limit: a good release" in text
    assert "nothing: not planned: the baseline's history has no sample of it" in text
    told = document(mixed)
    assert told["proven"] is None
    assert told["metrics"]["bounded"]["cannot"].startswith("it is held to a fixed bound")
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_no_line_is_longer_than_the_terminal_is_wide(mixed: Plan, columns: int) -> None:
    told = report(mixed, blocks=PLAIN, columns=columns)
    assert max(map(len, told.splitlines())) <= columns
    assert " ".join(told.split()) == " ".join(report(mixed, blocks=PLAIN).split())


def test_a_metric_that_is_not_seen_by_the_end_has_no_time(mixed: Plan) -> None:
    one = document(mixed)["metrics"]["error-rate"]["regressions"][0]
    assert one["fold"] == 1.5
    assert one["times"]["50%"]["value"] is None
    assert one["seen"]["value"] < 0.5
    assert "  1.5 times" in report(mixed, blocks=PLAIN)


def test_a_chart_shows_shares_over_the_time_of_the_run() -> None:
    assert line([0.0, 0.5, 1.0], width=3, blocks=PLAIN) == " =@"
    assert line([0.0, 0.5, 1.0], width=6, blocks=PLAIN) == "  ==@@"
    assert line([0.0] * 30 + [1.0] * 30, width=10, blocks=PLAIN) == "     @@@@@"
    assert line([0.001], width=1, blocks=PLAIN) == "."
    assert line([0.999], width=1, blocks=PLAIN) == "#"
    assert axis("30m", width=8) == "0    30m"


def test_a_bundle_without_a_history_is_refused(tmp_path: Path) -> None:
    done = plan(written(tmp_path, []))
    assert isinstance(done.exception, SpecError)
    assert "its history has no sample of any metric" in str(done.exception)


def test_a_bundle_brings_its_own_server_and_time(bundle: Path) -> None:
    done = plan(bundle, "--prometheus", "http://localhost:9090")
    assert done.exit_code == 2
    assert "a bundle brings its history" in done.output


@pytest.mark.parametrize("weight", ["0%", "100%", "x"])
def test_a_weight_that_is_none_is_refused(bundle: Path, weight: str) -> None:
    assert plan(bundle, "--weight", weight).exit_code == 2


def test_a_broken_bundle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{"format": "judge-evidence/1"}')
    assert isinstance(plan(path).exception, BundleError)


def test_a_server_out_of_reach_is_told(tmp_path: Path) -> None:
    path = tmp_path / "analysis.yaml"
    path.write_text(ANALYSIS)
    done = plan(path, "--prometheus", f"http://127.0.0.1:{free_port()}")
    assert isinstance(done.exception, SourceUnavailable)


DOCS = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")


def first_cells(heading: str) -> list[str]:
    """What stands in backticks in the first cells of the table with this heading."""
    table = DOCS.partition(f"| {heading} | what it says |\n")[2].partition("\n\n")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines()[1:]]
    return [name for row in rows for name in re.findall("`([^`]+)`", row)]


def test_the_docs_name_every_option_and_every_field(mixed: Plan) -> None:
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert sorted(first_cells("option")) == sorted(one.opts[0] for one in options)
    told = document(mixed)
    assert sorted(first_cells("field")) == sorted(told)
    of_one = {*told["metrics"]["error-rate"]} - {*told["metrics"]["bounded"], "alpha", "options"}
    assert sorted(first_cells("of a plan")) == sorted(of_one)
