"""Argo Rollouts' web provider polls Judge: the shipped templates, played against a real server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from judge.api.brief import LONGEST_REASON, BriefRunAnswer, BriefVerdictAnswer
from judge.api.tokens import hash_token
from judge.dialects.argo.conditions import Phase
from judge.errors import SourceUnavailable
from judge.spec.resolved import PrometheusConfig
from tests.api.running import BEGIN, Server, document, look, running, start, until
from tests.dialects.argo.playing import EXAMPLES, Analysis, analysis, documents

ARGS = {
    "analysis": "checkout",
    "canary-hash": "7d9f6c5b84",
    "stable-hash": "6c54544bf9",
    "revision": "12",
    "token": "token-of-argo",
}
WHOLE = ("analysis-run.yaml", "cluster-analysis-run.yaml")


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Server]:
    """A server with the examples' analysis, a token file and a Prometheus called main."""
    shutil.copytree(EXAMPLES / "analyses", tmp_path / "analyses")
    file = tmp_path / "analyses" / "checkout.yaml"
    # The tests' traffic is of counts alone, and a third of the looks is enough.
    lines = file.read_text().replace("duration: 30m", "duration: 10m").splitlines()
    file.write_text("\n".join(line for line in lines if "latency" not in line) + "\n")
    entry = {"name": "argo", "role": "judge", "namespaces": ["shop"]}
    tokens = {"tokens": [{**entry, "hash": hash_token("token-of-argo")}]}
    (tmp_path / "tokens.yaml").write_text(json.dumps(tokens), encoding="utf-8")
    with running(
        tmp_path,
        analyses=tmp_path / "analyses",
        token_file=tmp_path / "tokens.yaml",
        prometheus={"main": PrometheusConfig(address="http://127.0.0.1:9")},
    ) as server:
        server.http.headers["Authorization"] = "Bearer token-of-argo"
        yield server


def begun(server: Server, name: str = WHOLE[0], **args: str) -> Analysis:
    """An AnalysisRun of one of the examples."""
    wanted = {one["name"] for one in documents(name)[0]["spec"]["args"]}
    given = {name: value for name, value in {**ARGS, **args}.items() if name in wanted}
    return analysis(name, server.url, given)


def play(server: Server, run: Analysis, *, most: int = 200) -> Phase:
    """Let Argo Rollouts measure until the metric has ended; the looks are taken as they are due."""
    for _ in range(most):
        run.measure()
        if run.phase is not None:
            return run.phase
        server.clock.now += run.wait
        until(lambda: caught_up(server))
    raise AssertionError(f"still going on after {most} measurements: {run.counts}")


def caught_up(server: Server) -> bool:
    """Whether every look that is due has been taken."""
    return all(
        run.due_at is None or run.due_at > server.clock.now for run in server.runs.find(limit=50)
    )


def test_the_template_for_all_namespaces_is_the_same() -> None:
    (one,), (cluster,) = (documents(name) for name in WHOLE)
    assert one["spec"] == cluster["spec"]


def test_a_good_release_is_successful_after_its_duration(judge: Server) -> None:
    run = begun(judge)
    assert play(judge, run) is Phase.SUCCESSFUL
    assert run.counts[Phase.FAILED] == run.counts[Phase.ERROR] == 0
    assert 20 <= run.counts[Phase.INCONCLUSIVE] <= 24
    assert run.slowest < 1
    assert all(len(value) < 600 and "null" not in value for value in run.values)
    assert [run.key for run in judge.runs.find()] == ["7d9f6c5b84-12"]
    assert len(judge.runs.find()) == 1


def test_a_bad_release_is_failed_long_before_its_end(judge: Server) -> None:
    judge.traffic.canary = 0.1
    run = begun(judge)
    assert play(judge, run) is Phase.FAILED
    assert run.counts[Phase.INCONCLUSIVE] < 15
    assert "error rate" in json.loads(run.values[-1])["reason"]


def test_a_prometheus_that_does_not_answer_pauses_and_does_not_abort(judge: Server) -> None:
    judge.traffic.fails = SourceUnavailable("no answer")
    run = begun(judge)
    assert play(judge, run) is Phase.INCONCLUSIVE
    assert run.counts[Phase.ERROR] == run.counts[Phase.FAILED] == 0
    assert run.counts[Phase.INCONCLUSIVE] == 81
    assert any("the source does not answer, and is asked again" in one for one in run.values)


def test_judge_may_be_away_for_a_moment(judge: Server) -> None:
    run = begun(judge)
    run.measure()
    here, run.url = run.url, "http://127.0.0.1:9"
    for _ in range(20):
        assert run.measure() is Phase.ERROR
        assert (run.phase, run.wait) == (None, 10.0)
    run.url = here
    assert run.measure() is Phase.INCONCLUSIVE
    assert len(judge.runs.find()) == 1
    run.url = "http://127.0.0.1:9"
    while run.phase is None:
        run.measure()
    assert (run.phase, run.in_a_row[Phase.ERROR]) == (Phase.ERROR, 31)


def test_a_revision_that_comes_again_is_judged_again(judge: Server) -> None:
    judge.traffic.canary = 0.1
    first = begun(judge)
    assert play(judge, first) is Phase.FAILED
    judge.traffic.canary = 0.005
    assert begun(judge).measure() is Phase.FAILED  # the same rollout: its verdict stands
    assert begun(judge, revision="14").measure() is Phase.INCONCLUSIVE


def test_a_retry_of_the_same_revision_is_judged_again_later(judge: Server) -> None:
    judge.traffic.canary = 0.1
    assert play(judge, begun(judge)) is Phase.FAILED
    judge.traffic.canary = 0.005
    judge.clock.now += 599.0
    assert begun(judge).measure() is Phase.FAILED
    judge.clock.now += 2.0
    retried = begun(judge)
    assert play(judge, retried) is Phase.SUCCESSFUL
    new, old = judge.runs.find()
    assert (new.key, old.key) == ("7d9f6c5b84-12", None)


def test_one_question_of_a_good_and_of_a_bad_release(judge: Server) -> None:
    good = begun(judge, "analysis-verdict.yaml")
    assert (good.measure(), good.phase) == (Phase.SUCCESSFUL, Phase.SUCCESSFUL)
    judge.traffic.canary = 0.1
    bad = begun(judge, "analysis-verdict.yaml")
    assert (bad.measure(), bad.phase) == (Phase.FAILED, Phase.FAILED)
    answer = {"data": json.loads(bad.values[0])}
    TypeAdapter(BriefVerdictAnswer).validate_python(answer)
    assert not judge.runs.find()


def test_one_question_that_prometheus_does_not_answer_pauses(judge: Server) -> None:
    judge.traffic.fails = SourceUnavailable("no answer")
    asked = begun(judge, "analysis-verdict.yaml")
    assert (asked.measure(), asked.phase) == (Phase.INCONCLUSIVE, Phase.INCONCLUSIVE)
    assert json.loads(asked.values[0])["reason"] == "could not be judged: no answer"


@pytest.mark.parametrize("name", ["rollout-background.yaml", "rollout-inline.yaml"])
def test_the_rollouts_give_the_templates_what_they_need(name: str) -> None:
    templates = {
        (one["kind"] == "ClusterAnalysisTemplate", one["metadata"]["name"]): one["spec"]["args"]
        for file in (*WHOLE, "analysis-verdict.yaml")
        for one in documents(file)
    }
    (rollout,) = documents(name)
    canary = rollout["spec"]["strategy"]["canary"]
    asked = [step["analysis"] for step in canary["steps"] if "analysis" in step]
    asked += [canary["analysis"]] if "analysis" in canary else []
    assert len(asked) == 2
    for one in asked:
        for ref in one["templates"]:
            declared = templates[ref.get("clusterScope", False), ref["templateName"]]
            needed = {arg["name"] for arg in declared if set(arg) == {"name"}}
            assert needed == {arg["name"] for arg in one["args"]}


def brief(server: Server, run_id: str) -> dict[str, Any]:
    answer = server.http.get(f"/api/v1/runs/{run_id}", params={"brief": "true"}).json()
    TypeAdapter(BriefRunAnswer).validate_python(answer)
    data: dict[str, Any] = answer["data"]
    assert None not in data.values()
    return data


def test_what_is_brief_is_small_and_decided_only_at_the_end(server: Server) -> None:
    sent = {"analysis": document(), "key": "k"}
    answer = server.http.post("/api/v1/runs?brief=true", json=sent)
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert set(data) == {"id", "state", "verdict", "reason"}
    assert (data["state"], data["verdict"]) == ("pending", "inconclusive")
    look(server, data["id"], looks=3)
    assert brief(server, data["id"])["verdict"] == "inconclusive"
    look(server, data["id"], looks=10)
    ended = brief(server, data["id"])
    assert (ended["state"], ended["verdict"], ended["score"]) == ("done", "pass", 100.0)
    again = server.http.post("/api/v1/runs?brief=true", json=sent)
    assert (again.status_code, again.json()["data"]) == (200, ended)


def test_a_run_that_is_watched_on_says_pass_and_may_say_fail(server: Server) -> None:
    run = start(server, analysis=document(duration="3m", keepWatching="10m"))["id"]
    look(server, run, looks=3)
    assert [brief(server, run)[name] for name in ("state", "verdict")] == ["watching", "pass"]
    server.traffic.canary = 0.2
    look(server, run, looks=13)
    assert [brief(server, run)[name] for name in ("state", "verdict")] == ["done", "fail"]


def steer(server: Server, run: str, command: str) -> None:
    assert server.http.post(f"/api/v1/runs/{run}/{command}", json={}).status_code == 200


@pytest.mark.parametrize(("command", "verdict"), [("promote", "pass"), ("rollback", "fail")])
def test_a_person_decides(server: Server, command: str, verdict: str) -> None:
    run = start(server)["id"]
    steer(server, run, command)
    said = brief(server, run)
    assert (said["verdict"], said["state"]) == (verdict, "done")
    assert "by hand" in said["reason"]


def test_a_person_holds_what_the_decision_would_set_off(server: Server) -> None:
    server.traffic.canary = 0.2
    run = start(server, analysis=document(onFail=[{"webhook": {"url": "http://127.0.0.1:9/"}}]))
    steer(server, run["id"], "hold")
    look(server, run["id"], looks=10)
    held = brief(server, run["id"])
    assert (held["state"], held["verdict"]) == ("done", "inconclusive")
    assert held["reason"].startswith("held by hand, approve lets it go: fail, ")
    steer(server, run["id"], "approve")
    assert brief(server, run["id"])["verdict"] == "fail"


def test_a_cancelled_run_is_inconclusive(server: Server) -> None:
    server.traffic.canary = 0.2
    run = start(server)["id"]
    steer(server, run, "cancel")
    assert [brief(server, run)[name] for name in ("state", "verdict")] == [
        "cancelled",
        "inconclusive",
    ]


def test_a_long_reason_is_cut(server: Server) -> None:
    server.traffic.fails = SourceUnavailable("no answer " * 100)
    said = server.http.post("/api/v1/verdicts?brief=true", json=document()).json()["data"]
    assert said["reason"].startswith("could not be judged: no answer no")
    assert len(said["reason"]) == LONGEST_REASON
    assert said["reason"].endswith("…")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"renewAfter": "10m"}, "give a key too"),
        ({"key": "k", "renewAfter": "30s"}, "60s or more"),
        ({"key": "k", "renewAfter": 600}, "renewAfter"),
    ],
)
def test_a_renewal_that_cannot_be_one_is_refused(
    shared: Server, more: dict[str, Any], words: str
) -> None:
    answer = shared.http.post("/api/v1/runs", json={"analysis": document(), **more})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_run_that_goes_on_keeps_its_key_however_long(server: Server) -> None:
    sent = {"analysis": document(), "key": "k", "renewAfter": "1m"}
    first = server.http.post("/api/v1/runs", json=sent).json()["data"]["id"]
    server.clock.now = BEGIN + 400.0
    again = server.http.post("/api/v1/runs", json=sent)
    assert (again.status_code, again.json()["data"]["id"]) == (200, first)


def test_a_key_that_is_renewed_starts_one_run_whoever_asks_at_once(server: Server) -> None:
    sent = {"analysis": document(), "key": "k", "renewAfter": "1m"}
    first = server.http.post("/api/v1/runs", json=sent).json()["data"]["id"]
    steer(server, first, "cancel")
    server.clock.now += 61.0
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda _: server.http.post("/api/v1/runs", json=sent), range(8))
        answers = [(one.status_code, one.json()["data"]["id"]) for one in asked]
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({run for _, run in answers} - {first}) == 1
    assert len(server.runs.find()) == 2
