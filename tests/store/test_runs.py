"""Runs as their users see them."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from judge.errors import NotFound, SpecError
from judge.spec.resolved import BasicAuth, PrometheusConfig
from judge.store.claims import Claims
from judge.store.database import reading
from judge.store.run import EventType, HistoryState, Run, RunState
from judge.store.runs import Runs
from judge.store.tables import runs as runs_table
from tests.store.given import BEGAN, Clock, analysis, hooks, interval, verdict


def _look(claims: Claims, run: Run, index: int, *, ends: bool = False) -> Run:
    next_due = None if ends else BEGAN
    return claims.record_look(run, interval(index), verdict(), next_due=next_due)


def _claimed(claims: Claims, *, history: int = 2) -> Run:
    (run,) = claims.claim("me", limit=1, lease=30)
    before = [replace(interval(-i), weights={}) for i in range(history, 0, -1)]
    return claims.record_history(run, before, delay=10, next_due=BEGAN)


def test_started_run_is_stored_whole(runs: Runs) -> None:
    wanted = analysis(actions=hooks("http://receiver"))
    run, new = runs.start(wanted, key="rollout-7")
    assert new
    assert runs.get(run.id) == run
    assert (run.analysis, run.name, run.namespace, run.key) == (
        wanted,
        "checkout",
        "shop",
        "rollout-7",
    )
    assert (run.state, run.history, run.next_index) == (RunState.PENDING, HistoryState.WANTED, 0)
    assert (run.created_at, run.started_at, run.due_at) == (BEGAN, BEGAN, BEGAN)
    assert run.verdict is None
    assert [event.type for event in runs.events(run.id)] == [EventType.CREATED]


def test_key_starts_one_run_in_a_namespace_and_name(runs: Runs) -> None:
    first, _ = runs.start(analysis(), key="7")
    again, new = runs.start(analysis(duration=600.0), key="7")
    assert (again, new) == (first, False)
    others = [
        runs.start(analysis(namespace="other"), key="7"),
        runs.start(analysis(name="cart"), key="7"),
        runs.start(analysis(), key="8"),
        runs.start(analysis(), key=None),
        runs.start(analysis(), key=None),
    ]
    assert all(new for _, new in others)
    assert len({first.id, *(run.id for run, _ in others)}) == 6


def test_key_starts_one_run_whoever_asks_at_once(runs: Runs, engine: Engine) -> None:
    found: list[str] = []

    def ask() -> None:
        found.append(runs.start(analysis(), key="7")[0].id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(runs_table)).scalar_one() == 1


@pytest.mark.parametrize("started_at", [math.nan, math.inf, -1.0])
def test_start_at_no_time_is_refused(runs: Runs, started_at: float) -> None:
    with pytest.raises(SpecError, match="startedAt"):
        runs.start(analysis(), started_at=started_at)
    assert runs.find() == []


@pytest.mark.parametrize("key", ["", "k" * 1025])
def test_key_that_cannot_be_one_is_refused(runs: Runs, key: str) -> None:
    with pytest.raises(SpecError, match="key"):
        runs.start(analysis(), key=key)


def test_unknown_run_is_not_found(runs: Runs) -> None:
    for ask in (runs.get, runs.events, runs.evidence, runs.outbox, runs.verdicts):
        with pytest.raises(NotFound, match="'nobody'"):
            ask("nobody")
    with pytest.raises(NotFound):
        runs.find(before="nobody")


def test_runs_are_found_newest_first_by_what_they_are(runs: Runs) -> None:
    made = [
        runs.start(analysis(name=name, namespace=space))[0].id
        for name, space in [("a", "one"), ("b", "one"), ("a", "two")]
    ]
    assert [run.id for run in runs.find()] == made[::-1]
    assert [run.id for run in runs.find(name="a")] == [made[2], made[0]]
    assert [run.id for run in runs.find(namespace="one")] == [made[1], made[0]]
    assert [run.id for run in runs.find(namespaces=["two"])] == [made[2]]
    assert [run.id for run in runs.find(limit=1)] == [made[2]]
    assert [run.id for run in runs.find(before=made[2], limit=1)] == [made[1]]
    assert [run.id for run in runs.find(state=RunState.PENDING)] == made[::-1]
    assert runs.find(state=RunState.DONE) == []
    assert runs.count() == {
        RunState.PENDING: 3,
        RunState.RUNNING: 0,
        RunState.WATCHING: 0,
        RunState.DONE: 0,
        RunState.CANCELLED: 0,
    }


def test_events_go_on_after_the_last_one_seen(runs: Runs, claims: Claims) -> None:
    run, _ = runs.start(analysis())
    other, _ = runs.start(analysis())
    _look(claims, _claimed(claims), 0, ends=True)
    every = runs.events(run.id)
    assert [event.type for event in every] == [
        EventType.CREATED,
        EventType.LOOKED,
        EventType.INCONCLUSIVE,
    ]
    assert every[1].data["index"] == 0
    assert every[1].data["metrics"]["errors"]["evidence"] == 2.25
    assert runs.events(run.id, after=every[0].id, limit=1) == every[1:2]
    assert [event.type for event in runs.events(other.id)] == [EventType.CREATED]


def test_evidence_is_all_that_was_seen(runs: Runs, claims: Claims) -> None:
    run, _ = runs.start(analysis())
    ours = _claimed(claims)
    ours = _look(claims, ours, 0)
    _look(claims, ours, 1, ends=True)
    bundle = runs.evidence(run.id)
    assert bundle["format"] == "judge-evidence/1"
    assert [one["start"] for one in bundle["history"]] == [BEGAN - 120, BEGAN - 60]
    assert bundle["intervals"][1] == {
        "start": BEGAN + 60,
        "end": BEGAN + 120,
        "weights": {"canary": 0.1},
        "samples": {
            "errors": {
                "canary": {"pod-a": {"events": 3.0, "total": 100.0}},
                "baseline": {"pod-b": {"events": 2.0, "total": 900.0}},
            }
        },
    }
    assert [said["verdict"] for said in bundle["verdicts"]] == ["inconclusive", "inconclusive"]
    assert runs.verdicts(run.id) == bundle["verdicts"]


def test_evidence_tells_no_secret(runs: Runs) -> None:
    prometheus = PrometheusConfig(
        address="https://prometheus:9090/base?token=hunter2",
        headers={"Authorization": "hunter2"},
        basic_auth=BasicAuth("hunter2", password_file="/hunter2"),
    )
    actions = hooks("http://receiver/hunter2", headers={"Authorization": "hunter2"})
    run, _ = runs.start(analysis(prometheus=prometheus, actions=actions))
    written = json.dumps(runs.evidence(run.id))
    assert "hunter2" not in written
    assert "https://prometheus:9090/base" in written
    assert runs.get(run.id).analysis.prometheus == prometheus  # the run itself keeps them


def test_clock_of_a_run_is_kept_to_the_millisecond(runs: Runs, clock: Clock) -> None:
    clock.now = BEGAN + 1 / 3
    run, _ = runs.start(analysis())
    assert run.started_at == BEGAN + 0.333


@pytest.mark.parametrize(("at_once", "due"), [(False, BEGAN + 60), (True, BEGAN)])
def test_a_run_that_is_judged_at_once_waits_for_no_beginning(
    runs: Runs, at_once: bool, due: float
) -> None:
    run, _ = runs.start(analysis(at_once=at_once), started_at=BEGAN + 60)
    assert run.due_at == due
