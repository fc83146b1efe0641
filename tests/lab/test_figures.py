"""The cost figures are measured on real bundles and on the daemon's own looks."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.lab import lab
from judge.errors import JudgeError
from judge.lab import figures, judging_cost, look_cost, ranks_cost
from judge.lab.bundles import METRIC, good_bundle, mixed_bundle, write_bundles
from judge.sources.recording import read_bundle
from judge.spec.resolved import BASELINE, CANARY, Kind
from judge.stats.samples import Histogram
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, Promise


def test_bundles_are_those_that_replay_reads(tmp_path: Path) -> None:
    write_bundles(tmp_path, 2, rng=np.random.default_rng(1), looks=5, history=7)
    good, bad = (read_bundle(path) for path in sorted(tmp_path.iterdir()))
    assert (len(good.history), len(good.intervals)) == (7, 5)
    assert good.analysis.looks == 5
    assert set(good.history[0].samples[METRIC]) == {BASELINE}
    interval = good.intervals[0].samples[METRIC]
    assert (len(interval[BASELINE]), len(interval[CANARY])) == (9, 1)
    assert good.history[-1].end == good.intervals[0].start
    assert good.intervals != bad.intervals


def test_a_run_of_several_metrics_has_counts_of_its_own_for_each() -> None:
    bundle = good_bundle(3, rng=np.random.default_rng(2), looks=4, history=3)
    metrics = bundle.intervals[0].samples
    assert list(metrics) == [metric.name for metric in bundle.analysis.metrics]
    assert len({str(tracks[BASELINE]) for tracks in metrics.values()}) == 3


def test_a_mixed_run_has_every_kind_and_can_be_judged() -> None:
    bundle = mixed_bundle(rng=np.random.default_rng(3), looks=60, history=480)
    kinds = {metric.name: metric.kind for metric in bundle.analysis.metrics}
    assert list(kinds.values()).count(Kind.PROPORTION) == 2
    assert list(kinds.values()).count(Kind.GAUGE) == 2
    assert kinds["latency"] is Kind.HISTOGRAM
    times = bundle.history[0].samples["latency"][BASELINE]
    assert {len(one.bounds) for one in times.values() if isinstance(one, Histogram)} <= {
        *range(30, 43)
    }
    verdict = SequentialJudge(bundle.analysis, bundle.history).look(bundle.intervals, finished=True)
    assert verdict.verdict is Outcome.PASS
    assert verdict.promise is Promise.CALIBRATED
    assert {one.verdict for one in verdict.metrics.values()} == {Outcome.PASS}


def test_judging_is_timed_beside_parsing_the_same_intervals() -> None:
    cost = judging_cost.judging_cost(looks=20, times=3)
    assert 0 < cost.least <= cost.median <= cost.most < cost.first
    assert cost.ratio == pytest.approx(cost.median / cost.json)
    assert (cost.metrics, cost.looks) == (5, 20)


def test_the_cost_of_a_replay_is_that_of_the_command() -> None:
    cost = figures.replay_cost(bundles=2)
    assert cost.bundles == 2
    assert 0 < cost.json < cost.cpu < 60
    assert 20 < cost.peak < 1000
    assert "replay of 2 bundles" in str(cost)


def test_a_command_that_fails_is_no_figure() -> None:
    with pytest.raises(JudgeError, match="ended with 2"):
        figures.measured(["sh", "-c", "echo no such thing >&2; exit 2"])


def test_every_look_of_a_run_is_timed() -> None:
    cost = look_cost.look_cost(metrics=2, looks=4)
    assert cost.looks == 4
    assert 0 < cost.median <= cost.worst
    assert cost.first > 0
    assert "2 count metrics" in str(cost)


def test_kayentas_judgements_are_timed_alone_together_and_beside_a_test() -> None:
    """Loosely, for a busy machine: an accident costs far more than what is allowed here."""
    cost = ranks_cost.ranks_cost(60, pairs=192, times=5)
    assert (cost.points, cost.together) == (60, 64)
    for one in (cost.single, cost.batched, cost.test):
        assert 0 < one.least <= one.median <= one.most
    assert cost.batched.least < 0.8 * cost.single.least < 0.8 * cost.test.least
    assert "64 together" in str(cost)


def test_the_command_prints_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "BUNDLES", 1)
    monkeypatch.setattr(look_cost, "LOOKS", 2)
    monkeypatch.setattr(judging_cost, "TIMES", 1)
    monkeypatch.setattr(ranks_cost, "TIMES", 1)
    monkeypatch.setattr(ranks_cost, "PAIRS", {60: 66, 1440: 3})
    answer = CliRunner().invoke(lab, ["--figures", "--output", "json"])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["replay"]["bundles"] == 1
    assert document["look"]["looks"] == 2
    text = CliRunner().invoke(lab, ["--figures"]).stdout
    assert "replay of 1 bundles" in text
    assert "one look of a run with 5 count metrics" in text
    assert document["judging"]["metrics"] == 5
    assert [one["points"] for one in document["ranks"]] == [60, 1440]
    assert "a judgement by Kayenta's judge at 1440 points a side" in text
    assert "judging 60 intervals of 5 metrics of mixed kinds" in text
