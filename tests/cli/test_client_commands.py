"""start, wait, runs and show against a running server: what they print, and their exit codes."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from judge.api.tokens import hash_token
from judge.cli.client import Client
from judge.cli.following import follow
from judge.cli.main import judge
from judge.errors import ServerError, ServerUnavailable, SpecError
from judge.sources.recording import read_bundle
from tests.api.running import Server, document, look, running, start
from tests.cli.serving import command, environment


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("JUDGE_SERVER", raising=False)
    monkeypatch.delenv("JUDGE_TOKEN", raising=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def finished(server: Server) -> dict[str, str]:
    """The id of a finished run by its verdict."""
    server.traffic.canary = 0.1
    bad = start(server, analysis=document(name="bad"))["id"]
    look(server, bad, looks=10)
    server.traffic.canary = 0.005
    good = start(server, analysis=document(name="good"), startedAt=server.clock.now - 600)["id"]
    look(server, good, looks=10)
    cancelled = start(server, analysis=document(name="cancelled", duration="2h"))["id"]
    server.http.post(f"/api/v1/runs/{cancelled}/cancel", json={})
    return {"pass": good, "fail": bad, "inconclusive": cancelled}


def run(server: Server | str, *arguments: str) -> Result:
    url = server if isinstance(server, str) else server.url
    return CliRunner().invoke(judge, [*arguments, "--server", url])


def write(folder: Path, **spec: Any) -> str:
    path = folder / "analysis.json"
    path.write_text(json.dumps(document(**spec)), encoding="utf-8")
    return str(path)


def test_start_prints_the_id_of_a_run_that_is_then_there(server: Server, tmp_path: Path) -> None:
    done = run(server, "start", write(tmp_path, duration="2h"))
    assert done.exit_code == 0
    assert server.runs.get(done.output.strip()).name == "checkout"


def test_waiting_tells_once_what_cannot_be_tested(server: Server, tmp_path: Path) -> None:
    tracks = document()["spec"]["tracks"]
    tracks["canary"]["weight"] = "0.01%"
    file = write(tmp_path, duration="10m", tracks=tracks)
    done = run(server, "start", file, "--wait", "--timeout", "3s")
    assert done.exit_code == 3
    told = [line for line in done.stderr.splitlines() if line.startswith("cannot be tested: ")]
    assert len(told) == 1
    assert "too few requests" in told[0]


def test_start_with_a_key_finds_the_run_again(server: Server, tmp_path: Path) -> None:
    file = write(tmp_path, duration="2h")
    ids = [run(server, "start", file, "--key", "k1").output for _ in range(2)]
    assert ids[0] == ids[1]
    said = json.loads(run(server, "start", file, "--key", "k1", "--output", "json").output)
    assert (said["id"], said["key"]) == (ids[0].strip(), "k1")


def test_start_sets_inputs(server: Server, tmp_path: Path) -> None:
    tracks = {
        "baseline": {"selector": 'app="{{ app }}",track="stable"'},
        "canary": {"selector": 'app="{{ app }}",track="canary"'},
    }
    file = write(tmp_path, inputs=["app"], variables={"app": ""}, tracks=tracks)
    done = run(server, "start", file, "--set", "app=cart")
    query = server.runs.get(done.output.strip()).analysis.metrics[0].queries["canary"]["total"]
    assert 'app="cart"' in query.expr


def test_start_reads_yaml_too(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "analysis.yaml"
    path.write_text("# JSON is YAML\n" + json.dumps(document(name="yaml")), encoding="utf-8")
    assert server.runs.get(run(server, "start", str(path)).output.strip()).name == "yaml"


def test_start_and_wait_exits_with_the_verdict(server: Server, tmp_path: Path) -> None:
    file = write(tmp_path, name="waited", duration="2h")
    waited: list[Result] = []
    arguments = ("start", file, "--wait", "--key", "w")
    thread = threading.Thread(target=lambda: waited.append(run(server, *arguments)))
    thread.start()
    while not (found := server.runs.find(name="waited")):
        time.sleep(0.02)
    server.http.post(f"/api/v1/runs/{found[0].id}/rollback", json={})
    thread.join(20)
    assert waited[0].exit_code == 1
    assert "rolled back by hand by loopback" in waited[0].output


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_wait_exits_with_the_verdict(
    server: Server, finished: dict[str, str], verdict: str, code: int
) -> None:
    done = run(server, "wait", finished[verdict])
    assert done.exit_code == code
    assert f": {verdict}" in done.stdout
    assert finished[verdict] in done.stdout


def test_wait_gives_up_and_the_run_goes_on(server: Server) -> None:
    going = start(server, analysis=document(duration="2h"))["id"]
    done = run(server, "wait", going, "--timeout", "500ms")
    assert done.exit_code == 3
    assert "not decided after 500ms; the run goes on" in done.stderr
    assert server.runs.get(going).state.active


@pytest.mark.parametrize("command", ["wait", "show"])
def test_a_verdict_comes_in_every_form(
    server: Server, finished: dict[str, str], command: str
) -> None:
    def printed(output: str) -> str:
        return run(server, command, finished["fail"], "--output", output).stdout

    document = json.loads(printed("json"))
    assert (document["id"], document["verdict"]) == (finished["fail"], "fail")
    assert ET.fromstring(printed("junit")).find(".//failure") is not None
    assert "| error-rate | fail |" in printed("markdown")
    text = printed("text")
    assert f"run {finished['fail']}, done, look 3 of 10" in text
    assert "error-rate" in text
    assert document["reason"] in text


def test_show_writes_the_evidence(server: Server, finished: dict[str, str], tmp_path: Path) -> None:
    plain, packed = tmp_path / "e.json", tmp_path / "e.json.gz"
    for path in (plain, packed):
        done = run(server, "show", finished["pass"], "--evidence", str(path))
        assert done.exit_code == 0
    assert json.loads(plain.read_text()) == json.loads(gzip.decompress(packed.read_bytes()))
    assert len(read_bundle(packed).intervals) == 10


def test_evidence_that_cannot_be_written_is_one_message(
    server: Server, finished: dict[str, str], tmp_path: Path
) -> None:
    path = str(tmp_path / "none" / "e.json")
    done = run(server, "show", finished["pass"], "--evidence", path)
    assert done.exit_code != 0
    assert "No such file" in done.stderr


def test_runs_lists_and_filters(server: Server, finished: dict[str, str]) -> None:
    text = run(server, "runs").output
    assert finished["fail"] in text
    assert "shop/bad" in text
    found = json.loads(run(server, "runs", "--name", "good", "--output", "json").output)
    assert [one["id"] for one in found] == [finished["pass"]]
    assert "no runs" in run(server, "runs", "--namespace", "nowhere").output
    states = run(server, "runs", "--state", "cancelled", "--output", "json").output
    assert {one["state"] for one in json.loads(states)} == {"cancelled"}


def test_runs_goes_through_pages(
    server: Server, finished: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fourth", "fifth"):
        start(server, analysis=document(name=name, duration="2h"))
    monkeypatch.setattr("judge.cli.runs.PAGE", 2)
    everything = json.loads(run(server, "runs", "--output", "json").output)
    some = json.loads(run(server, "runs", "--output", "json", "--limit", "3").output)
    ids = [one["id"] for one in everything]
    assert len(set(ids)) == len(ids) > 4
    assert [one["id"] for one in some] == ids[:3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wait", "none"], "there is no run 'none'"),
        (["show", "a b?c"], "there is no run 'a b?c'"),
        (["start", "stored"], "no stored analysis 'stored'"),
    ],
)
def test_what_the_server_refuses_is_told(server: Server, arguments: list[str], said: str) -> None:
    done = run(server, *arguments)
    assert isinstance(done.exception, ServerError)
    assert not isinstance(done.exception, ServerUnavailable)
    assert said in str(done.exception)


def test_every_fault_of_a_file_is_told_with_its_line(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "analysis.yaml"
    text = json.dumps(document(interval="x", colour="red"), indent=2)
    path.write_text(text, encoding="utf-8")
    error = run(server, "start", str(path)).exception
    assert isinstance(error, SpecError)
    lines = text.splitlines()
    told = {issue.path: lines[issue.line - 1] for issue in error.issues}
    assert told == {"spec.interval": '    "interval": "x",', "spec.colour": '    "colour": "red"'}
    assert f"{path}:" in str(error)


def test_a_fault_of_a_flag_has_no_line(server: Server, tmp_path: Path) -> None:
    error = run(server, "start", write(tmp_path), "--key", "k" * 2000).exception
    assert str(error).startswith("key: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["start", "none.yaml"],
        ["start", "a/b"],
        ["start", "x", "--set", "novalue"],
        ["wait", "x", "--timeout", "5"],
    ],
)
def test_a_usage_error_is_exit_code_2(server: Server, arguments: list[str]) -> None:
    assert run(server, *arguments).exit_code == 2


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run("http://127.0.0.1:9", "runs")
    assert isinstance(done.exception, ServerUnavailable)
    assert "judge serve" in str(done.exception)
    assert isinstance(run("127.0.0.1:9", "runs").exception, ServerError)


def test_a_token_is_sent_and_its_absence_told(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    entry = {"name": "ci", "hash": hash_token("t0k3n"), "role": "view"}
    tokens.write_text(json.dumps({"tokens": [entry]}), encoding="utf-8")
    with running(tmp_path, daemon=False, token_file=tokens) as guarded:
        assert run(guarded, "runs", "--token", "t0k3n").exit_code == 0
        refused = run(guarded, "runs")
        assert "a token is needed" in str(refused.exception)
        lesser = run(guarded, "start", write(tmp_path), "--token", "t0k3n")
        assert "the token ci has the role view; this needs judge" in str(lesser.exception)


class Flaky(BaseHTTPRequestHandler):
    """Answers what it was told to, one answer a request."""

    answers: list[tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def flaky() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Flaky)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def answer(**fields: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"data": fields}).encode()


def followed(flaky: HTTPServer, answers: list[tuple[int, bytes]], **more: Any) -> Any:
    """What follow says when the server answers so; seconds pass only in its pauses."""
    Flaky.answers = answers
    passed: list[float] = []
    with Client(f"http://127.0.0.1:{flaky.server_port}", None) as client:
        return follow(
            client,
            "r",
            timeout=more.pop("timeout", None),
            seen=lambda _run: None,
            monotonic=lambda: sum(passed),
            sleep=passed.append,
            **more,
        )


def test_a_restart_is_waited_through(flaky: HTTPServer) -> None:
    answers = [answer(state="running"), (503, b"{}"), (502, b"<html>"), answer(state="done")]
    assert followed(flaky, answers) == {"state": "done"}


def test_patience_begins_anew_with_every_answer(flaky: HTTPServer) -> None:
    down = [(503, b"{}")] * 3
    answers = [*down, answer(state="running"), *down, answer(state="done")]
    assert followed(flaky, answers, patience=20) == {"state": "done"}


def test_patience_ends(flaky: HTTPServer) -> None:
    with pytest.raises(ServerUnavailable):
        followed(flaky, [(503, b"{}")] * 100, patience=60)
    assert len(Flaky.answers) > 80


def test_a_refusal_is_not_waited_through(flaky: HTTPServer) -> None:
    with pytest.raises(ServerError, match="404"):
        followed(flaky, [(404, b"{}")])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"x": 1}', b"null"])
def test_an_answer_of_something_else_is_told(flaky: HTTPServer, body: bytes) -> None:
    with pytest.raises(ServerError, match="not as a Judge server"):
        followed(flaky, [(200, body)])


@pytest.mark.parametrize(
    ("server", "code"), [("http://127.0.0.1:9", 4), ("nonsense", 2)], ids=["not there", "no URL"]
)
def test_the_exit_code_tells_whether_to_try_again(server: str, code: int) -> None:
    done = subprocess.run(
        command("runs", "--server", server),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
