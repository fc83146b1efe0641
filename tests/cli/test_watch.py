"""judge watch: a whole run by a daemon of its own, from a real Prometheus."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli import watching
from judge.cli.main import judge
from judge.cli.watching import Watch, begin, default_database, fingerprint
from judge.errors import SettingsError, SourceUnavailable
from judge.spec.resolved import Direction, Kind, Metric, ResolvedAnalysis
from judge.store.database import migrate, open_database
from judge.store.run import Command, RunState
from judge.store.runs import Runs
from tests.actions.receiver import receiving
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

START = 1_700_000_000.0
HISTORY, RUN = 3600.0, 900.0
WORSE = START + 300.0
ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop}
spec:
  prometheus: {address: PROMETHEUS}
  inputs: [version]
  variables: {version: good}
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="{{ version }}"'}
  interval: 1m
  duration: 15m
  history: 1h
  delay: 0s
  metrics:
    - {name: error-rate, template: http-error-rate, limit: {ratio: 1.25}}
"""

EARLY = "duration: 15m\n  earlyPass: true\n  keepWatching: 9m"


def traffic(
    track: str, pods: int, *, errors: float, since: float, later: float | None = None
) -> list[Series]:
    """Pods that answer 20 requests a second; their errors come in at a steady pace.

    With ``later`` at another one from 5 minutes into the run on.
    """
    found = []
    times = [since + 15 * tick for tick in range(int((START + RUN - since) / 15) + 4)]
    for pod in range(pods):
        then = errors if later is None else later
        for code, share, after in (("200", 1 - errors, 1 - then), ("500", errors, then)):
            labels = {"track": track, "pod": f"{track}-{pod}", "code": code}
            samples = [
                (
                    at,
                    float(
                        math.floor(
                            20 * share * (min(at, WORSE) - since) + 20 * after * max(0, at - WORSE)
                        )
                    ),
                )
                for at in times
            ]
            found.append(Series("http_requests_total", labels, samples))
    return found


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    series = [
        *traffic("stable", 6, errors=0.01, since=START - HISTORY - 60),
        *traffic("good", 2, errors=0.01, since=START - 30),
        *traffic("bad", 2, errors=0.05, since=START - 30),
        *traffic("late", 2, errors=0.01, since=START - 30, later=0.1),
    ]
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as address:
        yield address


@pytest.fixture
def analysis(tmp_path: Path, prometheus: str) -> Path:
    file = tmp_path / "checkout.yaml"
    file.write_text(ANALYSIS.replace("PROMETHEUS", prometheus))
    return file


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def watch(*arguments: object) -> Result:
    return CliRunner().invoke(judge, ["watch", *map(str, arguments)])


def test_a_good_release_passes(analysis: Path) -> None:
    result = watch(analysis, "--started-at", START, "--output", "json")
    assert result.exit_code == 0, result.output
    verdict = json.loads(result.stdout)
    assert verdict["verdict"] == "pass"
    assert verdict["decidedAt"] == 14
    assert "shop/checkout: look 15 of 15: error-rate 1" in result.stderr


def test_what_cannot_be_tested_is_told_at_the_start(analysis: Path) -> None:
    idle = (
        "    - {name: queue, kind: gauge, observe: true, "
        "queries: {value: 'http_requests_total{ ${selector} } * 0'}}\n"
    )
    analysis.write_text(analysis.read_text() + idle)
    result = watch(analysis, "--started-at", START)
    first, *others = result.stderr.splitlines()
    assert first.startswith("cannot be tested: queue: it is 0 in 100% of the baseline's intervals")
    assert "set floor to" in first
    assert not [line for line in others if "cannot be tested" in line]


def test_a_bad_release_fails_early(analysis: Path) -> None:
    result = watch(analysis, "--set", "version=bad", "--started-at", START, "--output", "json")
    assert result.exit_code == 1, result.output
    verdict = json.loads(result.stdout)
    assert verdict["verdict"] == "fail"
    assert verdict["decidedAt"] < 10
    assert verdict["metrics"]["error-rate"]["estimate"] == pytest.approx(5.0, rel=0.2)


def test_a_release_that_goes_bad_after_it_has_passed_fails(analysis: Path) -> None:
    """It passes early, is watched on, and only then goes bad."""
    text = analysis.read_text().replace("duration: 15m", EARLY)
    with receiving() as receiver:
        url = receiver.url
        hooks = {"onPass": f"{url}/promote", "onFail": f"{url}/rollback"}
        lines = [f"  {name}: [{{webhook: {{url: {hook}}}}}]" for name, hook in hooks.items()]
        analysis.write_text(text + "\n".join(lines))
        result = watch(analysis, "--set", "version=late", "--started-at", START, "--output", "json")
    assert result.exit_code == 1, result.output
    verdict = json.loads(result.stdout)
    assert 5 <= verdict["decidedAt"] < 12
    assert re.match(r"it had passed after [3-5] intervals; then: ", verdict["reason"])
    said = [one.document["type"] for one in receiver.received]
    assert said in (["run.pass", "run.fail"], ["run.fail"])  # the pass may be withdrawn
    assert "PROMOTE" in result.stderr
    assert result.stderr.index("PROMOTE") < result.stderr.index("ROLL BACK")


def test_a_release_that_stays_good_is_watched_to_the_end(analysis: Path) -> None:
    analysis.write_text(analysis.read_text().replace("duration: 15m", EARLY))
    result = watch(analysis, "--started-at", START, "--output", "json")
    assert result.exit_code == 0, result.output
    assert re.search(r", and watched for 9 more; ", json.loads(result.stdout)["reason"])


def test_a_canary_without_samples_is_inconclusive(analysis: Path) -> None:
    result = watch(analysis, "--set", "version=absent", "--started-at", START)
    assert result.exit_code == 3, result.output


def test_the_same_command_again_shows_the_same_run(analysis: Path, state: Path) -> None:
    arguments = (analysis, "--started-at", START, "--output", "json")
    first, second = watch(*arguments), watch(*arguments)
    assert first.stdout == second.stdout
    (database,) = (state / "judge").glob("*.db")
    engine = open_database(f"sqlite:///{database}")
    assert len(Runs(engine, clock=time.time).find()) == 1
    engine.dispose()


def test_webhooks_are_delivered_before_it_ends(analysis: Path) -> None:
    with receiving() as receiver:
        with analysis.open("a") as file:
            file.write(f"  onPass: [{{webhook: {{url: {receiver.url}}}}}]\n")
        result = watch(analysis, "--started-at", START)
    assert result.exit_code == 0, result.output
    assert "webhooks delivered: 1 of 1" in result.stderr
    assert [one.document["type"] for one in receiver.received] == ["run.pass"]


def test_a_prometheus_out_of_reach_is_no_verdict(analysis: Path) -> None:
    result = watch(analysis, "--prometheus", "http://127.0.0.1:9")
    # What the command line makes exit code 4 of.
    assert isinstance(result.exception, SourceUnavailable)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the FILE"),
        (("file.yaml", "--resume", "abc"), "give the FILE"),
        (("--resume", "abc"), "--database"),
        (("file.yaml", "--started-at", "soon"), "'soon' is no time"),
    ],
)
def test_usage(arguments: tuple[str, ...], said: str) -> None:
    result = watch(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def started(analysis: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "judge", "watch", str(analysis), *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if re.search(pattern, line):
            return said
    pytest.fail(f"{pattern} was not said, but:\n{said}")


def test_an_interrupted_run_goes_on_where_it_was(analysis: Path) -> None:
    # It began so lately that only some looks are due by now.
    text = analysis.read_text().replace("interval: 1m", "interval: 1s")
    analysis.write_text(text.replace("duration: 15m", "duration: 12s").replace("1h", "1m"))
    process = started(analysis)
    read_until(process, r"look \d+ of 12")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    run = re.search(r"run (\w+) is unfinished", said)
    assert run is not None, said
    assert f"judge watch {analysis}" in said
    later = re.search(r"judge watch --resume \w+ --database (\S+)", said)
    assert later is not None

    engine = open_database(later[1])
    (left,) = Runs(engine, clock=time.time).find()
    engine.dispose()
    assert left.id == run[1]
    assert left.state is RunState.RUNNING
    assert left.owner is None
    assert 0 < left.next_index < 12

    again = started(analysis, "--output", "json")
    _, said = again.communicate(timeout=120)
    engine = open_database(later[1])
    (ended,) = Runs(engine, clock=time.time).find()
    engine.dispose()
    assert (ended.id, ended.state, ended.next_index) == (left.id, RunState.DONE, 12)
    assert again.returncode == 3, said


def test_a_cancelled_run_has_no_verdict(tmp_path: Path) -> None:
    runs, analysis = memory(tmp_path, [1000.0])
    run = begin(runs, analysis, mark="m", started_at=None, now=1000.0)
    runs.steer(run.id, Command.CANCEL, by="test")
    runs._engine.dispose()
    result = watch("--resume", run.id, "--database", f"sqlite:///{tmp_path / 'runs.db'}")
    assert result.exit_code == 4
    assert f"run {run.id} was cancelled" in result.stderr
    assert result.stdout == ""


def test_a_decided_run_is_shown_again(analysis: Path, state: Path) -> None:
    first = watch(analysis, "--started-at", START, "--output", "json")
    (database,) = (state / "judge").glob("*.db")
    engine = open_database(f"sqlite:///{database}")
    (run,) = Runs(engine, clock=time.time).find()
    engine.dispose()
    again = watch("--resume", run.id, "--database", f"sqlite:///{database}", "--output", "json")
    assert (again.exit_code, again.stdout) == (0, first.stdout)


@pytest.mark.parametrize(("looked", "holes", "blind"), [(3, 3, True), (3, 2, False), (0, 0, False)])
def test_blind_is_to_have_seen_nothing_at_all(
    tmp_path: Path, looked: int, holes: int, blind: bool
) -> None:
    runs, analysis = memory(tmp_path, [1000.0])
    watched = Watch(runs, begin(runs, analysis, mark="m", started_at=None, now=1000.0))
    watched.board.looked, watched.holes = looked, holes
    assert watched.blind is blind
    runs._engine.dispose()


def memory(tmp_path: Path, clock: list[float]) -> tuple[Runs, ResolvedAnalysis]:
    engine = open_database(f"sqlite:///{tmp_path / 'runs.db'}")
    migrate(engine)
    metric = Metric("errors", Kind.PROPORTION, Direction.INCREASE, 1.25, 2.0)
    analysis = ResolvedAnalysis("a", (metric,), duration=600.0)
    return Runs(engine, clock=lambda: clock[0]), analysis


def test_a_run_whose_time_is_over_is_cancelled_and_a_new_one_begun(tmp_path: Path) -> None:
    clock = [1000.0]
    runs, analysis = memory(tmp_path, clock)
    first = begin(runs, analysis, mark="m", started_at=None, now=1000.0)
    clock[0] = 1000.0 + 600.0 + watching._GRACE - 1
    assert begin(runs, analysis, mark="m", started_at=None, now=clock[0]).id == first.id
    clock[0] += 2
    second = begin(runs, analysis, mark="m", started_at=None, now=clock[0])
    assert second.id != first.id
    assert runs.get(first.id).state is RunState.CANCELLED
    runs._engine.dispose()


def test_another_command_s_run_is_left_alone(tmp_path: Path) -> None:
    runs, analysis = memory(tmp_path, [1000.0])
    first = begin(runs, analysis, mark="one", started_at=None, now=1000.0)
    second = begin(runs, analysis, mark="two", started_at=None, now=1000.0)
    assert second.id != first.id
    assert runs.get(first.id).state is RunState.PENDING
    runs.steer(second.id, Command.CANCEL, by="test")
    runs._engine.dispose()


def test_the_fingerprint_is_of_the_analysis_and_the_start() -> None:
    one, other = ResolvedAnalysis("a", ()), ResolvedAnalysis("a", (), duration=60.0)
    assert fingerprint(one, None) == fingerprint(ResolvedAnalysis("a", ()), None)
    assert len({fingerprint(one, None), fingerprint(other, None), fingerprint(one, 1.0)}) == 3


def test_the_default_database_is_in_the_state_folder(tmp_path: Path) -> None:
    url = default_database("abc", environ={"XDG_STATE_HOME": str(tmp_path)})
    assert url == f"sqlite:///{tmp_path}/judge/watch-abc.db"
    assert (tmp_path / "judge").is_dir()


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="say where with --database"):
        default_database("abc", environ={"XDG_STATE_HOME": str(tmp_path / "file")})
