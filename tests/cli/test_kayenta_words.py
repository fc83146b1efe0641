"""Verdicts of Kayenta's judge, and its opinion beside another's, in the four forms."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.render import render
from judge.cli.replay import replay
from judge.sources.recording import bundle_document
from judge.spec.resolved import BASELINE, CANARY, JudgeName, ScoreThresholds, Track
from judge.verdict.judging import make_judge
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.verdict import Verdict
from tests.verdict import rollouts
from tests.verdict.kayenta.series import alone, analysis, intervals, labels, metric, uniform

OF = analysis(
    metric("cpu", groups=("system",), critical=False),
    metric("errors", groups=("errors",)),
    group_weights={"system": 20.0},
    score=ScoreThresholds(95.0, 75.0),
)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    rng = np.random.default_rng(4)
    zones = [labels(zone=zone) for zone in "ab"]
    tracks = {
        CANARY: dict(zip(zones, (uniform(rng, 10, 12), uniform(rng, 20, 21)), strict=True)),
        BASELINE: {zone: uniform(rng, 10, 12) for zone in zones},
    }
    steady = {track: alone(uniform(rng, 1, 2)) for track in (CANARY, BASELINE)}
    return KayentaJudge(OF).decide(intervals(10, {"cpu": tracks, "errors": steady}))


@pytest.fixture(scope="module")
def both() -> Verdict:
    rng = np.random.default_rng(6)
    of = rollouts.analysis(
        also_judge=JudgeName.KAYENTA,
        duration=600.0,
        tracks={BASELINE: Track(""), CANARY: Track("")},
    )
    looks = rollouts.intervals(rng, 10, tracks={BASELINE: 1.0, CANARY: 1.18}, rate=0.4)
    return make_judge(of, rollouts.history(rng, rate=0.4)).decide(looks)


def test_text_has_labels_groups_and_no_promise(verdict: Verdict) -> None:
    lines = render(verdict, OF, "text").splitlines()
    assert lines[0] == "NOT KNOWN YET  default/checkout: inconclusive, score 90"
    assert "groups: errors 100, system 50" in lines
    (row,) = [line for line in lines if line.startswith("cpu ")]
    assert " ".join(row.split()).startswith("cpu fail Pass 1, High 1 1.8")
    assert lines[-1] == "no promise on false rollbacks: Kayenta's judge makes none"


def test_markdown_has_the_same_columns(verdict: Verdict) -> None:
    told = render(verdict, OF, "markdown")
    assert "| metric | verdict | says | ratio | tolerated | why |" in told
    assert "| errors | pass | Pass | " in told
    assert "promise: none" in told
    assert "groups: errors 100, system 50" in told


def test_junit_counts_metrics_as_ever(verdict: Verdict) -> None:
    """A metric failed, and so did the run: inconclusive is no success there."""
    suite = ET.fromstring(render(verdict, OF, "junit")).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "2", "0")


def test_another_judges_opinion_stands_beside(both: Verdict) -> None:
    text = render(both, OF, "text")
    told = " ".join(text.split())
    assert "Kayenta's judge beside it: " in told
    assert both.also["kayenta"]["reason"][:40] in told
    assert "Kayenta's judge beside it: " in render(both, OF, "markdown")


def test_where_they_differ_is_told() -> None:
    rng = np.random.default_rng(1)
    of = rollouts.analysis(also_judge=JudgeName.KAYENTA, duration=600.0)
    looks = rollouts.intervals(rng, 10, tracks={BASELINE: 1.0, CANARY: 8.0}, rate=0.1)
    said = make_judge(of, rollouts.history(rng, rate=0.1)).look(looks[:1], finished=False)
    here = said.metrics["error-rate"].verdict.value
    there = said.also["kayenta"]["metrics"]["error-rate"]["verdict"]
    assert (here == "fail") is not (there == "fail")
    assert f"they differ on error-rate ({here} here, {there} there)" in " ".join(
        render(said, of, "text").split()
    )


def test_junit_has_the_opinion_as_a_property(both: Verdict) -> None:
    suite = ET.fromstring(render(both, OF, "junit")).find("testsuite")
    (said,) = suite.findall("properties/property")
    assert said.get("name") == "alsoJudged"
    assert said.get("value").startswith("Kayenta's judge beside it: ")


def test_json_carries_both(both: Verdict) -> None:
    said = json.loads(render(both, OF, "json"))
    assert said["alsoJudged"]["kayenta"]["promise"] == "none"
    assert "kayenta" not in said


def test_replay_asks_the_judge_that_the_bundle_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    tracks = {CANARY: alone(uniform(rng, 20, 22)), BASELINE: alone(uniform(rng, 10, 12))}
    of = analysis(metric("errors"))
    path = tmp_path / "run.json"
    path.write_text(json.dumps(bundle_document(of, [], intervals(10, {"errors": tracks}))))
    told = CliRunner().invoke(replay, [str(path), "--output", "json"])
    assert told.exit_code == 0
    said = json.loads(told.output)
    assert (said["verdict"], said["decidedAt"], said["promise"]) == ("fail", 0, "none")
    assert said["kayenta"]["score"]["classification"] == "Fail"


def test_a_group_without_data_is_not_told_as_a_0_beside_a_score_of_100() -> None:
    rng = np.random.default_rng(5)
    steady = {track: alone(uniform(rng, 1, 2)) for track in (CANARY, BASELINE)}
    of = analysis(
        metric("cpu", groups=("system",), critical=False),
        metric("errors", groups=("errors",)),
        metric("heap", groups=("errors",)),
    )
    looks = intervals(10, {"errors": steady, "heap": steady})
    lines = render(KayentaJudge(of).decide(looks), of, "text").splitlines()
    assert lines[0] == "PROMOTE  default/checkout: pass, score 100"
    assert "groups: errors 100, system without data" in lines
