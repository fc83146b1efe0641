"""What cannot be used is refused with one line of text, and nothing comes of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from judge.api.tokens import hash_token, new_token
from judge.dialects.flagger.answers import LONGEST
from judge.dialects.flagger.calls import Hook
from tests.api.flagger.calling import B, Canary, write_analysis
from tests.api.running import Server, running

HOOK, VIEW = new_token(), new_token()
BODY = {"name": "podinfo", "namespace": "shop", "phase": "Progressing", "checksum": B}


def analyses(folder: Path) -> Path:
    write_analysis(folder)
    write_analysis(folder, "anywhere", namespace=None)
    write_analysis(folder, "elsewhere", namespace="prod")
    write_analysis(
        folder,
        "inputs",
        namespace=None,
        inputs=["name", "namespace", "target"],
        tracks={
            "baseline": {"selector": 'ns="{{ namespace }}",app="{{ target }}-primary"'},
            "canary": {"selector": 'ns="{{ namespace }}",app="{{ target }}",canary="{{ name }}"'},
        },
    )
    broken = write_analysis(folder, "broken", duration="1s")
    broken.with_name("text.yaml").write_text("kind: [", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("refusing")
    with running(folder, daemon=False, analyses=analyses(folder / "analyses")) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    entries = [
        {"hash": hash_token(HOOK), "name": "flagger", "role": "hook", "namespaces": ["shop"]},
        {"hash": hash_token(VIEW), "name": "viewer", "role": "view"},
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    with running(
        folder,
        daemon=False,
        analyses=analyses(folder / "analyses"),
        token_file=folder / "tokens.yaml",
    ) as server:
        yield server


def refused(server: Server, answer: httpx.Response, status: int, *words: str) -> None:
    """It is refused with one short line that holds these words, and no run is there."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert 0 < len(answer.text) <= LONGEST
    assert answer.text.isprintable()
    assert all(word in answer.text for word in words), answer.text
    assert server.runs.find() == []


@pytest.mark.parametrize("hook", Hook)
def test_an_unknown_analysis(server: Server, hook: Hook) -> None:
    answer = Canary(server, analysis="nothing").call(hook)
    refused(server, answer, 404, "no stored analysis 'nothing'")


@pytest.mark.parametrize("hook", ["nothing", "Rollout", "rollout ", "confirm_rollout"])
def test_an_unknown_webhook(server: Server, hook: str) -> None:
    refused(server, Canary(server).call(hook), 404, "no webhook", "confirm-promotion")


@pytest.mark.parametrize("analysis", ["broken", "text"])
@pytest.mark.parametrize("hook", ["confirm-rollout", "pre-rollout", "rollout"])
def test_a_broken_analysis(server: Server, hook: str, analysis: str) -> None:
    answer = Canary(server, analysis=analysis).call(hook)
    refused(server, answer, 400, f"{analysis}.")
    assert "/" not in answer.text.partition(":")[0]


def test_an_input_without_a_value(server: Server) -> None:
    refused(server, Canary(server, analysis="inputs").call("pre-rollout"), 400, "target")


@pytest.mark.parametrize("hook", Hook)
def test_another_namespace_than_the_analysis_has(server: Server, hook: Hook) -> None:
    answer = Canary(server, analysis="elsewhere").call(hook)
    refused(server, answer, 403, "elsewhere is for the namespace prod, not for shop")


@pytest.mark.parametrize("hook", ["pre-rollout", "event"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "body"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b"\xff", "UTF-8"),
        (b'{"name": NaN}', "NaN"),
        (json.dumps({**BODY, "name": ""}).encode(), "name"),
        (json.dumps({**BODY, "namespace": "a b"}).encode(), "namespace"),
        (json.dumps({**BODY, "checksum": "x" * 254}).encode(), "checksum"),
        *[
            (json.dumps({k: v for k, v in BODY.items() if k != one}).encode(), one)
            for one in ("name", "namespace", "checksum")
        ],
    ],
)
def test_a_body_that_cannot_be_used(server: Server, body: bytes, words: str, hook: str) -> None:
    answer = server.http.post(
        f"/flagger/checkout/{hook}", content=body, headers={"Content-Type": "application/json"}
    )
    refused(server, answer, 400, words)


def test_a_huge_body(server: Server) -> None:
    answer = Canary(server).call("pre-rollout", metadata={"x": "x" * 10_000_000})
    refused(server, answer, 413, "longer than 1048576 bytes")


def test_another_namespace_than_the_token_has(guarded: Server) -> None:
    canary = Canary(guarded, analysis="anywhere", namespace="prod", root=f"/hooks/{HOOK}/flagger")
    for hook in Hook:
        refused(guarded, canary.call(hook), 403, "flagger is not for the namespace prod")


def test_a_token_that_may_only_look(guarded: Server) -> None:
    answer = guarded.http.post(
        "/flagger/checkout/pre-rollout", json=BODY, headers={"Authorization": f"Bearer {VIEW}"}
    )
    refused(guarded, answer, 403, "viewer has the role view")


def test_no_token(guarded: Server) -> None:
    assert Canary(guarded).status("pre-rollout") == 401
    assert guarded.runs.find() == []


def test_a_hooks_token_starts_a_run(guarded: Server, tmp_path: Path) -> None:
    canary = Canary(guarded, name="tokened", root=f"/hooks/{HOOK}/flagger")
    assert canary.status("pre-rollout") == 200
    (run,) = canary.runs()
    assert run.namespace == "shop"


def started(server: Server, canary: Canary, **more: Any) -> Any:
    assert canary.status("pre-rollout", **more) == 200
    return canary.runs()[-1]


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, daemon=False, analyses=analyses(tmp_path / "analyses")) as server:
        yield server


def test_an_analysis_without_a_namespace_gets_the_canarys(starting: Server) -> None:
    run = started(starting, Canary(starting, analysis="anywhere", namespace="prod"))
    assert (run.namespace, run.analysis.namespace) == ("prod", "prod")


def test_inputs_are_the_canarys_and_the_metadatas(starting: Server) -> None:
    metadata = {"target": "podinfo", "name": "odd", "cmd": "ls", "other": "x"}
    run = started(starting, Canary(starting, analysis="inputs"), metadata=metadata)
    assert run.analysis.tracks["baseline"].selector == 'ns="shop",app="podinfo-primary"'
    assert run.analysis.tracks["canary"].selector == 'ns="shop",app="podinfo",canary="podinfo"'


def test_an_input_cannot_leave_its_quotes(starting: Server) -> None:
    metadata = {"target": 'x",app=~".*'}
    run = started(starting, Canary(starting, analysis="inputs"), metadata=metadata)
    assert 'app="x\\",app=~\\".*"' in run.analysis.tracks["canary"].selector


def test_a_changed_file_counts_from_the_next_rollout_on(starting: Server, tmp_path: Path) -> None:
    canary = Canary(starting)
    assert started(starting, canary).analysis.duration == 600.0
    write_analysis(tmp_path / "analyses", duration="20m")
    assert canary.status("rollout") == 200
    assert started(starting, canary, checksum="next").analysis.duration == 1200.0


def test_where_the_database_fails_judge_holds(tmp_path: Path) -> None:
    with running(tmp_path, daemon=False, analyses=analyses(tmp_path / "analyses")) as server:
        canary = Canary(server)
        canary.call("pre-rollout")
        with sqlite3.connect(tmp_path / "judge.db") as connection:
            connection.execute("DROP TABLE rollouts")
        connection.close()
        statuses = {hook: canary.status(hook, checksum="new") for hook in Hook}
        assert {hook for hook, status in statuses.items() if status == 200} == {
            Hook.PRE_ROLLOUT,
            Hook.ROLLOUT,
            Hook.POST_ROLLOUT,
            Hook.EVENT,
        }
        assert set(statuses.values()) == {200, 403}
        assert "cannot tell: its database fails" in canary.call("confirm-promotion").text
