"""What the commands show of each look, and how they wait for a run that is watched on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.sources.recording import bundle_document
from judge.spec.resolved import Bound, ResolvedAnalysis
from judge.verdict.sequential import SequentialJudge
from tests.api.running import Server, document, running, start, until
from tests.verdict.rollouts import analysis, history, intervals, metric


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("JUDGE_SERVER", raising=False)
    monkeypatch.delenv("JUDGE_TOKEN", raising=False)


def bundle(path: Path, of: ResolvedAnalysis, *, ratio: float = 4.0) -> list[dict[str, Any]]:
    """Write a bundle; what is said of its only metric after each interval."""
    rng = np.random.default_rng(1)
    before = history(rng, 120)
    run = intervals(rng, 10, tracks={"baseline": 1.0, "canary": ratio})
    path.write_text(json.dumps(bundle_document(of, before, run)))
    told = SequentialJudge(of, before).verdicts(run)
    one = [verdict.metrics["error-rate"] for verdict in told]
    return [
        {"estimate": each.estimate, "low": each.low, "high": each.high, "evidence": each.evidence}
        for each in one
    ]


def replay(*arguments: object) -> Result:
    return CliRunner().invoke(judge, ["replay", *map(str, arguments)])


def test_replay_lists_the_sequence_in_json(tmp_path: Path) -> None:
    told = bundle(tmp_path / "a.json", analysis(duration=600.0))
    plain, listed = (
        json.loads(replay(tmp_path / "a.json", "--output", "json", *more).stdout)
        for more in ((), ("--sequence",))
    )
    sequence = listed["metrics"]["error-rate"].pop("sequence")
    assert listed == plain
    assert sequence == {field: [one[field] for one in told] for field in told[0]}
    assert len(told) == listed["decidedAt"] + 1 < 10


def test_replay_draws_the_sequence_in_text(tmp_path: Path) -> None:
    bundle(tmp_path / "a.json", analysis(duration=600.0))
    said = replay(tmp_path / "a.json", "--sequence").stdout
    assert said.startswith(replay(tmp_path / "a.json").stdout.rstrip("\n"))
    drawn = said.split("\n\n")[-1]
    assert drawn.startswith("error-rate  ")
    assert "1.25x" in drawn
    assert "look 1 to 10; the limit is 1.25x" in drawn
    assert max(map(len, drawn.splitlines())) <= 100


def test_what_has_only_a_bound_has_nothing_to_draw(tmp_path: Path) -> None:
    bounded = metric(limit=None, worst=None, bound=Bound(max=0.5))
    bundle(tmp_path / "a.json", analysis(bounded, duration=600.0))
    plain, drawn = (replay(tmp_path / "a.json", *more).stdout for more in ((), ("--sequence",)))
    assert plain == drawn


@pytest.mark.parametrize("form", ["junit", "markdown"])
def test_other_forms_have_no_place_for_it(tmp_path: Path, form: str) -> None:
    result = replay(tmp_path, "--sequence", "--output", form)
    assert result.exit_code == 2
    assert "--sequence goes with --output text or json" in result.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def watched(server: Server) -> str:
    """The id of a run that has passed early and is watched on, for longer than it takes."""
    sent = document(earlyPass=True, keepWatching="5h", duration="30m")
    run: str = start(server, analysis=sent, startedAt=server.clock.now - 1800.0)["id"]
    until(lambda: server.runs.get(run).state == "watching")
    return run


def client(server: Server, *arguments: str) -> Result:
    return CliRunner().invoke(judge, [*arguments, "--server", server.url])


def test_waiting_ends_at_the_pass(server: Server, watched: str) -> None:
    done = client(server, "wait", watched, "--output", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["state"] == "watching"


def test_who_wants_the_last_word_waits_on(server: Server, watched: str) -> None:
    late = client(server, "wait", watched, "--to-the-end", "--timeout", "1s")
    assert late.exit_code == 0
    assert "passed, and watched still after 1s; the run goes on" in late.stderr


def test_watched_runs_can_be_listed(server: Server, watched: str) -> None:
    listed = json.loads(client(server, "runs", "--state", "watching", "--output", "json").stdout)
    assert [one["id"] for one in listed] == [watched]


def test_show_draws_each_metric_by_look(server: Server, watched: str) -> None:
    shown = client(server, "show", watched)
    assert shown.exit_code == 0
    assert "watching, look " in shown.stdout
    assert "look 1 to 330; the limit is 1.25x" in shown.stdout
    assert "the limit is" not in client(server, "show", watched, "--no-sequence").stdout
    plain = json.loads(client(server, "show", watched, "--output", "json").stdout)
    assert "sequence" not in plain["metrics"]["error-rate"]
    listed = client(server, "show", watched, "--output", "json", "--sequence").stdout
    sequence = json.loads(listed)["metrics"]["error-rate"]["sequence"]
    assert len(sequence["low"]) == json.loads(listed)["looks"]
