import json

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.sources.recording import bundle_document
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document
from tests.verdict.rollouts import analysis, history, intervals


def written(path, ratio=1.0, *, seed=1, looks=30, verdicts=()):
    rng = np.random.default_rng(seed)
    run = intervals(rng, looks, tracks={"baseline": 1.0, "canary": ratio})
    made = bundle_document(analysis(), history(rng, 60), run, verdicts)
    path.write_text(json.dumps(made))
    return made


def replayed(*paths, output="json"):
    result = CliRunner().invoke(judge, ["replay", *map(str, paths), "--output", output])
    return result, [json.loads(line) for line in result.stdout.splitlines() if output == "json"]


def test_a_folder_gives_a_line_a_bundle_in_the_order_of_their_names(tmp_path):
    written(tmp_path / "b.json", ratio=5.0)
    written(tmp_path / "a.json")
    result, lines = replayed(tmp_path)
    assert result.exit_code == 0
    assert [line["bundle"].rsplit("/", 1)[1] for line in lines] == ["a.json", "b.json"]
    assert [line["verdict"] for line in lines] == ["pass", "fail"]
    assert set(lines[0]) == {
        "bundle",
        "verdict",
        "score",
        "proven",
        "promise",
        "decidedAt",
        "reason",
        "metrics",
    }


def test_recorded_verdicts_are_never_read(tmp_path):
    written(tmp_path / "with.json", ratio=5.0, verdicts=[{"verdict": "pass", "score": 100}])
    written(tmp_path / "without.json", ratio=5.0)
    _, (with_them, without) = replayed(tmp_path)
    assert {**with_them, "bundle": ""} == {**without, "bundle": ""}
    assert with_them["verdict"] == "fail"


def test_one_count_more_gives_other_figures(tmp_path):
    made = written(tmp_path / "a.json", ratio=5.0)
    made["intervals"][0]["samples"]["error-rate"]["canary"]["canary-0"]["events"] += 1
    (tmp_path / "b.json").write_text(json.dumps(made))
    _, (before, after) = replayed(tmp_path)
    assert before["metrics"] != after["metrics"]


def test_a_replay_says_what_was_said_after_each_look(tmp_path):
    rng = np.random.default_rng(2)
    before = history(rng)
    run = intervals(rng, 30, tracks={"baseline": 1.0, "canary": 2.2})
    judged = SequentialJudge(analysis(), before)
    for looks in range(1, 31):
        said = judged.look(run[:looks], finished=looks == 30)
        path = tmp_path / f"{looks:02}.json"
        path.write_text(json.dumps(bundle_document(analysis(), before, run[:looks])))
        _, (line,) = replayed(path)
        assert {**line, "bundle": ""} == {**json.loads(json.dumps(document(said))), "bundle": ""}
        if said.decided:
            break
    assert said.decided


def test_a_run_that_is_not_over_is_not_known_yet(tmp_path):
    written(tmp_path / "half.json", looks=12)
    _, (line,) = replayed(tmp_path / "half.json")
    assert line["verdict"] == "inconclusive"
    assert line["decidedAt"] is None
    assert "after 12 of 30" in line["reason"]


def test_unreadable_bundles_are_told_after_the_others_were_judged(tmp_path):
    (tmp_path / "a.json").write_text("{")
    written(tmp_path / "b.json")
    result, lines = replayed(tmp_path)
    assert result.exit_code == 2
    assert [line["verdict"] for line in lines] == ["pass"]
    assert "a.json: is not JSON" in result.stderr


@pytest.mark.parametrize("missing", ["nowhere.json", "empty"])
def test_nothing_to_read_is_told(tmp_path, missing):
    (tmp_path / "empty").mkdir()
    result, _ = replayed(tmp_path / missing)
    assert result.exit_code != 0


def test_a_person_reads_words(tmp_path):
    written(tmp_path / "a.json", ratio=5.0)
    result, _ = replayed(tmp_path / "a.json", output="text")
    assert "limit 1.25" in result.stdout
