"""judge wait and judge start --wait as steps of CI, against a running server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import ServerUnavailable
from judge.store.run import Command, RunState
from tests.api.running import Server, document, running, start, until
from tests.cli.serving import command, environment
from tests.cli.test_ci_junit import check_schema, shown_by_gitlab
from tests.cli.test_ci_verdict import NOTE, files
from tests.servers.process import free_port


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("JUDGE_SERVER", raising=False)
    monkeypatch.delenv("JUDGE_TOKEN", raising=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


def finished(server: Server, *, canary: float, **spec: object) -> str:
    """The id of a run that has had all of its looks."""
    server.traffic.canary = canary
    run: str = start(server, analysis=document(**spec), startedAt=server.clock.now)["id"]
    finish(server, run)
    return run


def finish(server: Server, run: str) -> None:
    """Let ten minutes pass, and all looks in them be taken."""
    server.clock.now += 600
    until(lambda: server.runs.get(run).state in (RunState.DONE, RunState.WATCHING))


def run(server: Server | str, *arguments: object) -> Result:
    url = server if isinstance(server, str) else server.url
    return CliRunner().invoke(judge, [*map(str, arguments), "--server", url])


@pytest.mark.parametrize(("canary", "verdict", "code"), [(0.005, "pass", 0), (0.1, "fail", 1)])
def test_a_runs_verdict_is_reported_and_its_command_run(
    server: Server, tmp_path: Path, canary: float, verdict: str, code: int
) -> None:
    one = finished(server, canary=canary)
    told = tmp_path / "told"
    action = f'echo "$JUDGE_RUN" > {told}; echo done'
    done = run(server, "wait", one, "--output", "json", *files(tmp_path), f"--on-{verdict}", action)
    assert done.exit_code == code
    assert json.loads(done.stdout) == json.loads((tmp_path / "report.json").read_text())
    assert told.read_text() == f"{one}\n"
    assert done.stderr.endswith("done\n")
    text = (tmp_path / "report.junit").read_text()
    check_schema(text)
    assert shown_by_gitlab(text)[-1].suite == "judge.shop.checkout"
    assert f"**{verdict}**" in (tmp_path / "report.markdown").read_text()


def test_a_command_that_fails_is_exit_code_4(server: Server) -> None:
    done = run(server, "wait", finished(server, canary=0.1), "--on-fail", "exit 9")
    assert done.exit_code == 4
    assert "the command of --on-fail failed: exit code 9" in done.stderr


def test_a_run_that_observes_acts_on_nothing(server: Server, tmp_path: Path) -> None:
    one = finished(server, canary=0.1, mode="observe")
    done = run(server, "wait", one, "--on-fail", NOTE + str(tmp_path / "note"))
    assert done.exit_code == 1
    assert "only observes" in done.stderr
    assert not (tmp_path / "note").exists()


def test_what_is_held_is_not_done_and_no_success(server: Server, tmp_path: Path) -> None:
    one = start(server, analysis=document(), startedAt=server.clock.now)["id"]
    server.runs.steer(one, Command.HOLD, by="ada")
    server.traffic.canary = 0.005
    finish(server, one)
    arguments = ("wait", one, "--on-pass", NOTE + str(tmp_path / "note"))
    done = run(server, *arguments)
    assert done.exit_code == 4
    assert f"run {one} is held; approve it" in done.stderr
    assert not (tmp_path / "note").exists()
    server.runs.steer(one, Command.APPROVE, by="ada")
    assert run(server, *arguments).exit_code == 0
    assert (tmp_path / "note").exists()


def test_a_pass_that_is_watched_on_is_acted_on_before_the_end(
    server: Server, tmp_path: Path
) -> None:
    server.traffic.canary = 0.005
    spec = document(duration="10m", keepWatching="30m")
    one = start(server, analysis=spec, startedAt=server.clock.now)["id"]
    finish(server, one)
    noted, failed = tmp_path / "pass", tmp_path / "fail"
    words = ["wait", one, "--server", server.url, "--to-the-end"]
    process = subprocess.Popen(
        command(*words, "--on-pass", NOTE + str(noted), "--on-fail", NOTE + str(failed)),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    while not noted.exists():
        assert process.poll() is None
        time.sleep(0.05)
    server.http.post(f"/api/v1/runs/{one}/rollback", json={})
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "rolled back by hand" in out
    assert failed.read_text() == "fail of shop/checkout\n"


def test_start_reports_and_acts_once_it_has_waited(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "analysis.json"
    file.write_text(json.dumps(document(duration="2h")))
    words = ("--wait", "--timeout", "500ms", *files(tmp_path))
    done = run(server, "start", file, *words, "--on-inconclusive", NOTE + str(tmp_path / "note"))
    assert done.exit_code == 3
    (*_, last) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert (last.status, last.file) == ("failure", str(file))
    assert (tmp_path / "note").read_text() == "inconclusive of shop/checkout\n"


@pytest.mark.parametrize("option", ["--junit", "--on-pass", "--timeout"])
def test_what_needs_a_verdict_needs_waiting(server: Server, tmp_path: Path, option: str) -> None:
    done = run(server, "start", "checkout", option, "5m")
    assert done.exit_code == 2
    assert "need --wait" in done.stderr


def test_a_server_out_of_reach_is_reported(tmp_path: Path) -> None:
    done = run(
        f"http://127.0.0.1:{free_port()}", "wait", "r1", "--timeout", "100ms", *files(tmp_path)
    )
    assert isinstance(done.exception, ServerUnavailable)
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert (case.suite, case.status) == ("judge.run r1", "error")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_wait_is_no_verdict(server: Server, number: int) -> None:
    one = start(server, analysis=document(duration="2h"))["id"]
    source = Path(__file__).parents[2]
    program = (
        "import judge.cli.following as f, judge.cli.main as m\n"
        "def told(*a): print('asked', flush=True); return get(*a)\n"
        "get = f.Client.get; f.Client.get = told\nm.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "wait", one, "--server", server.url],
        cwd=source,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.endswith("interrupted\n")
