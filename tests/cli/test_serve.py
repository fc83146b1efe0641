"""``judge serve``: what it says, how it refuses to begin, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from judge.api.tokens import hash_token
from judge.cli.main import judge as cli
from judge.cli.serving import serve_until_stopped
from judge.errors import JudgeError, SettingsError, StoreError
from judge.settings import Settings
from judge.store import database
from tests.api.running import document
from tests.cli.serving import refused, serving


def test_it_says_where_it_listens_and_for_whom_answers_and_is_small(tmp_path: Path) -> None:
    with serving(tmp_path) as judge:
        assert "for this machine alone: there is no token file" in judge.said
        assert httpx.get(f"{judge.url}/docs", trust_env=False).status_code == 200
        assert (tmp_path / "judge.db").exists()
        assert judge.megabytes() < 150
        assert judge.terminate() == 0
    assert any("the daemon has stopped" in line for line in judge.log)


def test_sigterm_ends_it_in_order_whatever_streams_are_open(tmp_path: Path) -> None:
    with serving(tmp_path) as judge:
        started = httpx.post(
            f"{judge.url}/api/v1/runs", json=document(duration="2h"), trust_env=False
        )
        path = f"{judge.url}/api/v1/runs/{started.json()['data']['id']}/events"
        with httpx.stream("GET", path, trust_env=False, timeout=30) as answer:
            lines = answer.iter_lines()
            next(lines)
            began = time.monotonic()
            judge.process.terminate()
            for _ in lines:
                pass  # the stream is ended, not broken off
            assert judge.process.wait(30) == 0
            assert time.monotonic() - began < 10


def test_a_prometheus_that_does_not_answer_does_not_hold_up_the_end(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        serving(tmp_path, JUDGE_DRAIN="2") as judge,
    ):
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        body = document(prometheus={"address": address})
        post = partial(httpx.post, json=body, trust_env=False, timeout=60)
        asking = Thread(target=lambda: answers.append(post(f"{judge.url}/api/v1/verdicts")))
        asking.start()
        waiting, _ = silent.accept()  # it asks, and is left without an answer
        began = time.monotonic()
        assert judge.terminate() == 0
        assert time.monotonic() - began < 10
        asking.join(20)
        waiting.close()
    assert [answer.status_code for answer in answers] == [503]
    assert answers[0].headers["Retry-After"] == "5"


def test_runs_are_there_again_after_a_kill(tmp_path: Path) -> None:
    body = {"analysis": document(duration="2h"), "key": "k"}
    with serving(tmp_path) as judge:
        first = httpx.post(f"{judge.url}/api/v1/runs", json=body, trust_env=False)
        judge.process.kill()
    with serving(tmp_path) as judge:
        again = httpx.post(f"{judge.url}/api/v1/runs", json=body, trust_env=False)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["data"]["id"] == first.json()["data"]["id"]


def test_settings_come_from_flags_environment_and_file(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yaml"
    entry = {"name": "ci", "hash": hash_token("secret-token"), "role": "view"}
    tokens.write_text(json.dumps({"tokens": [entry]}), encoding="utf-8")
    config = tmp_path / "settings.yaml"
    config.write_text(f"token_file: {tokens}\nlog_format: json\n", encoding="utf-8")
    arguments = ["--host", "0.0.0.0", "--config", str(config)]
    with serving(tmp_path, arguments, JUDGE_PORT="0") as judge:
        url = judge.url.replace("0.0.0.0", "127.0.0.1")
        headers = {"Authorization": "Bearer secret-token"}
        assert httpx.get(f"{url}/api/v1/runs", trust_env=False).status_code == 401
        answer = httpx.get(f"{url}/api/v1/runs", headers=headers, trust_env=False)
        assert answer.status_code == 200
        judge.process.send_signal(signal.SIGINT)
        assert judge.process.wait(30) == 0
    lines = [json.loads(line) for line in judge.log]
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["status"], line["token"]) for line in requests] == [(401, None), (200, "ci")]
    assert "secret-token" not in str(judge.log)


def test_the_server_does_without_what_is_large() -> None:
    code = (
        "import sys, judge.cli.serving\n"
        "assert not {'scipy.stats', 'pandas', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_taken_port_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused(tmp_path, "--port", str(port))
    assert code == 2
    assert said.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use; stop what")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "judge.db").exists()


def test_a_database_without_a_folder_is_one_message_and_exit_code_4(tmp_path: Path) -> None:
    code, said = refused(tmp_path, "--port", "0", "--database", "sqlite:///nowhere/judge.db")
    assert code == 4
    assert said.startswith("judge: the database nowhere/judge.db failed: ")
    assert "see that its folder exists" in said
    assert len(said.splitlines()) == 1


def begin(folder: Path, **settings: Any) -> None:
    """Begin to serve in this process; for settings with which that cannot be."""
    whole = {"port": 0, "database": f"sqlite:///{folder / 'judge.db'}", **settings}
    serve_until_stopped(Settings(**whole), listening=lambda said: pytest.fail(said))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "0.0.0.0"}, "without a token file whoever reaches Judge"),
        ({"host": "192.0.2.1", "token_file": Path("t")}, "cannot listen on 192.0.2.1"),
        ({"host": "no-such-host.invalid", "token_file": Path("t")}, "no address of this machine"),
        ({"token_file": Path("none.yaml")}, "cannot read the token file"),
        ({"analyses": Path("none")}, "analyses: none is no folder"),
        ({"database": "nonsense"}, "no database URL"),
        ({"database": "mysql://x"}, "not supported"),
        ({"prometheus": {"main": {"adress": "http://x"}}}, "prometheus.main.adress"),
        ({"prometheus": {"main": {"address": "x"}}}, "prometheus.main.address"),
    ],
)
def test_what_cannot_be_used_is_a_settings_error(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        begin(tmp_path, **settings)


def test_a_locked_database_is_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 100)
    other = sqlite3.connect(tmp_path / "judge.db", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="database is locked"):
            begin(tmp_path)
    finally:
        other.close()


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "judge.db").write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(StoreError, match="not a database"):
        begin(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--log-level", "loud"], ["--config", "none.yaml"]]
)
def test_a_bad_flag_is_refused_before_anything_is_touched(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["serve", *arguments])
    assert isinstance(done.exception, JudgeError)
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_settings() -> None:
    text = CliRunner().invoke(cli, ["serve", "--help"]).output
    for flag in ("--host", "--port", "--database", "--token-file", "--analyses", "--config"):
        assert flag in text
