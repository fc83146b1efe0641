"""What a person may do to a run, and when it is too late."""

from __future__ import annotations

import json

import pytest

from judge.errors import Conflict, NotFound
from judge.spec.resolved import Mode
from judge.store.claims import Claims
from judge.store.outbox import DeliveryState, Outbox
from judge.store.run import Command, EventType, Run, RunState
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome
from tests.store.given import BEGAN, analysis, hooks, interval, verdict

HOOKS = hooks("http://receiver")


def _states(runs: Runs, run: Run) -> list[tuple[EventType, DeliveryState]]:
    return [(sent.type, sent.state) for sent in runs.outbox(run.id)]


def _failed(runs: Runs, claims: Claims) -> Run:
    runs.start(analysis(actions=HOOKS))
    (run,) = claims.claim("me", limit=1, lease=30)
    run = claims.record_history(run, [], delay=10, next_due=BEGAN)
    return claims.record_look(run, interval(0), verdict(Outcome.FAIL, decided_at=0), next_due=None)


@pytest.mark.parametrize(
    ("command", "said", "kind"),
    [
        (Command.PROMOTE, "pass", EventType.PASSED),
        (Command.ROLLBACK, "fail", EventType.FAILED),
    ],
)
def test_deciding_by_hand_sets_off_what_a_verdict_would(
    runs: Runs, command: Command, said: str, kind: EventType
) -> None:
    run, _ = runs.start(analysis(actions=HOOKS))
    after = runs.steer(run.id, command, by="ada")
    assert after.state is RunState.DONE
    assert after.verdict is not None
    assert (after.verdict["verdict"], after.verdict["proven"]) == (said, False)
    assert after.verdict["reason"].endswith("by hand by ada")
    (sent,) = runs.outbox(run.id)
    assert (sent.type, sent.state) == (kind, DeliveryState.PENDING)
    assert json.loads(sent.body)["data"]["verdict"] == said
    assert runs.events(run.id)[-1].data["by"] == "ada"


def test_deciding_by_hand_keeps_what_was_seen(runs: Runs, claims: Claims) -> None:
    runs.start(analysis())
    (run,) = claims.claim("me", limit=1, lease=30)
    run = claims.record_history(run, [], delay=10, next_due=BEGAN)
    run = claims.record_look(run, interval(0), verdict(), next_due=BEGAN + 130)
    after = runs.steer(run.id, Command.ROLLBACK, by="ada")
    assert after.verdict is not None
    assert after.verdict["metrics"]["errors"]["estimate"] == 1.5
    assert after.verdict["decidedAt"] == 0


def test_deciding_by_hand_lifts_a_hold(runs: Runs) -> None:
    run, _ = runs.start(analysis(actions=HOOKS))
    runs.steer(run.id, Command.HOLD, by="bob")
    assert not runs.steer(run.id, Command.ROLLBACK, by="ada").held
    assert _states(runs, run) == [(EventType.FAILED, DeliveryState.PENDING)]


def test_observed_run_decided_by_hand_acts_on_nothing(runs: Runs) -> None:
    run, _ = runs.start(analysis(actions=HOOKS, mode=Mode.OBSERVE))
    assert runs.steer(run.id, Command.PROMOTE, by="ada").state is RunState.DONE
    assert runs.outbox(run.id) == []


def test_cancelled_run_ends_and_sets_nothing_off(runs: Runs, claims: Claims) -> None:
    run, _ = runs.start(analysis(actions=HOOKS))
    after = runs.steer(run.id, Command.CANCEL, by="ada")
    assert (after.state, after.due_at, after.ended_at) == (RunState.CANCELLED, None, BEGAN)
    assert after.token == run.token + 1
    assert runs.outbox(run.id) == []
    assert claims.claim("me", limit=1, lease=30) == []
    assert runs.steer(run.id, Command.CANCEL, by="ada") == after
    assert [event.type for event in runs.events(run.id)][1:] == [EventType.CANCELLED]


@pytest.mark.parametrize("command", [Command.PROMOTE, Command.ROLLBACK, Command.CANCEL])
def test_decided_run_stays_decided(runs: Runs, claims: Claims, command: Command) -> None:
    run = _failed(runs, claims)
    with pytest.raises(Conflict, match=r"done \(fail\) already"):
        runs.steer(run.id, command, by="ada")
    assert runs.get(run.id) == run


def test_hold_and_approve_a_running_run(runs: Runs) -> None:
    run, _ = runs.start(analysis(actions=HOOKS))
    assert runs.steer(run.id, Command.HOLD, by="ada").held
    assert not runs.steer(run.id, Command.APPROVE, by="ada").held
    kinds = [event.type for event in runs.events(run.id)][1:]
    assert kinds == [EventType.HELD, EventType.APPROVED]


def test_hold_stops_what_has_not_gone_out(runs: Runs, claims: Claims, outbox: Outbox) -> None:
    run = _failed(runs, claims)
    assert runs.steer(run.id, Command.HOLD, by="ada").held
    assert _states(runs, run) == [
        (EventType.LOOKED, DeliveryState.PENDING),
        (EventType.FAILED, DeliveryState.HELD),
    ]
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [EventType.LOOKED]
    runs.steer(run.id, Command.APPROVE, by="ada")
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [EventType.FAILED]


def test_hold_comes_too_late_for_what_has_gone_out(
    runs: Runs, claims: Claims, outbox: Outbox
) -> None:
    run = _failed(runs, claims)
    for sent in outbox.claim(limit=9, lease=9):
        outbox.delivered(sent)
    with pytest.raises(Conflict, match="cannot be held"):
        runs.steer(run.id, Command.HOLD, by="ada")
    assert not runs.get(run.id).held


def test_orders_given_twice_count_once(runs: Runs) -> None:
    run, _ = runs.start(analysis())
    runs.steer(run.id, Command.APPROVE, by="ada")
    runs.steer(run.id, Command.HOLD, by="ada")
    runs.steer(run.id, Command.HOLD, by="ada")
    assert [event.type for event in runs.events(run.id)][1:] == [EventType.HELD]


def test_unknown_run_cannot_be_steered(runs: Runs) -> None:
    with pytest.raises(NotFound):
        runs.steer("nobody", Command.CANCEL, by="ada")
