"""A run that has passed and is watched on, in the store: two decisions, and what they set off."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from judge.errors import Conflict, LeaseLost
from judge.spec.resolved import Actions, Mode, Webhook
from judge.store.claims import Claims
from judge.store.outbox import DeliveryState, Outbox
from judge.store.run import Command, EventType, Run, RunState
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome, Verdict
from tests.store.given import BEGAN, Clock, analysis, interval, verdict

ACTIONS = Actions(on_pass=(Webhook("http://promote"),), on_fail=(Webhook("http://rollback"),))
PASSED, FAILED = EventType.PASSED, EventType.FAILED


def _passes(at: int) -> Verdict:
    return replace(verdict(Outcome.PASS, decided_at=at), watching=True)


def _watched(runs: Runs, claims: Claims, **changes: object) -> Run:
    """A run that has passed at its first look, and is ours to look at still."""
    runs.start(analysis(actions=ACTIONS, keep_watching=60.0, **changes))
    (run,) = claims.claim("me", limit=1, lease=30)
    run = claims.record_history(run, [], delay=10, next_due=BEGAN)
    return claims.record_look(run, interval(0), _passes(0), next_due=BEGAN)


def _fails(claims: Claims, run: Run) -> Run:
    fails = verdict(Outcome.FAIL, decided_at=run.next_index)
    return claims.record_look(run, interval(run.next_index), fails, next_due=None)


def _sent(runs: Runs, run: Run) -> list[tuple[str, EventType, DeliveryState]]:
    return [(one.id.removeprefix(run.id), one.type, one.state) for one in runs.outbox(run.id)]


def _decisions(runs: Runs, run: Run) -> list[EventType]:
    aside = {EventType.CREATED, EventType.LOOKED}
    return [one.type for one in runs.events(run.id) if one.type not in aside]


def test_a_pass_is_acted_on_and_the_run_goes_on(runs: Runs, claims: Claims) -> None:
    run = _watched(runs, claims)
    assert run == runs.get(run.id)
    assert (run.state, run.passed_at, run.ended_at, run.due_at) == (
        RunState.WATCHING,
        0,
        None,
        BEGAN,
    )
    assert run.state.active
    assert runs.find(state=RunState.WATCHING) == [run]
    assert _sent(runs, run) == [("-decision-0", PASSED, DeliveryState.PENDING)]
    assert json.loads(runs.outbox(run.id)[0].body)["data"]["state"] == "watching"
    (_, _, passed) = runs.events(run.id)
    assert (passed.type, passed.data["state"], passed.data["index"]) == (PASSED, "watching", 0)


def test_looks_after_the_pass_decide_nothing_anew(runs: Runs, claims: Claims) -> None:
    run = _watched(runs, claims)
    run = claims.record_look(run, interval(1), _passes(0), next_due=BEGAN)
    assert (run.state, run.passed_at, run.next_index) == (RunState.WATCHING, 0, 2)
    assert _decisions(runs, run) == [PASSED]
    assert len(runs.outbox(run.id)) == 1


def test_a_watch_that_ends_is_told_and_sets_nothing_off(runs: Runs, claims: Claims) -> None:
    run = _watched(runs, claims)
    last = verdict(Outcome.PASS, decided_at=0)
    run = claims.record_look(run, interval(1), last, next_due=None)
    assert (run.state, run.passed_at, run.ended_at) == (RunState.DONE, None, BEGAN)
    assert run.verdict is not None
    assert run.verdict["decidedAt"] == 0
    assert _decisions(runs, run) == [PASSED, EventType.WATCHED]
    assert _sent(runs, run) == [("-decision-0", PASSED, DeliveryState.PENDING)]


def test_a_failure_after_the_pass_sets_off_what_a_failure_does(
    runs: Runs, claims: Claims, outbox: Outbox
) -> None:
    run = _watched(runs, claims)
    for sent in outbox.claim(limit=9, lease=9):
        outbox.delivered(sent)
    run = _fails(claims, run)
    assert run.state is RunState.DONE
    assert _decisions(runs, run) == [PASSED, EventType.DELIVERED, FAILED]
    assert _sent(runs, run) == [
        ("-decision-0", PASSED, DeliveryState.DELIVERED),
        ("-reversal-0", FAILED, DeliveryState.PENDING),
    ]


def test_a_pass_that_is_not_out_is_withdrawn_by_the_failure(
    runs: Runs, claims: Claims, outbox: Outbox
) -> None:
    run = _fails(claims, _watched(runs, claims))
    assert _decisions(runs, run) == [PASSED, FAILED, EventType.WITHDRAWN]
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [FAILED]
    assert outbox.count()[DeliveryState.WITHDRAWN] == 1


@pytest.mark.parametrize("settle", ["delivered", "retry", "give_up", "die"])
def test_a_rollback_waits_for_a_promotion_that_is_under_way(
    runs: Runs, claims: Claims, outbox: Outbox, wall: Clock, settle: str
) -> None:
    run = _watched(runs, claims)
    (promotion,) = outbox.claim(limit=9, lease=9)
    _fails(claims, run)
    assert outbox.claim(limit=9, lease=9) == []
    match settle:
        case "delivered":
            outbox.delivered(promotion)
        case "retry":
            outbox.retry(promotion, "503", at=0)
        case "give_up":
            outbox.give_up(promotion, "404")
        case "die":
            wall.forward(9)
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [FAILED]
    delivered = runs.outbox(run.id)[0].state is DeliveryState.DELIVERED
    assert delivered == (settle == "delivered")


def test_an_observed_run_is_watched_and_acts_on_nothing(runs: Runs, claims: Claims) -> None:
    run = _fails(claims, _watched(runs, claims, mode=Mode.OBSERVE))
    assert _decisions(runs, run) == [PASSED, FAILED]
    assert runs.outbox(run.id) == []


def test_what_is_held_of_a_pass_is_withdrawn_too(
    runs: Runs, claims: Claims, outbox: Outbox
) -> None:
    run = _watched(runs, claims)
    assert runs.steer(run.id, Command.HOLD, by="ada").held
    _fails(claims, run)
    assert outbox.claim(limit=9, lease=9) == []
    assert [state for _, _, state in _sent(runs, run)] == [
        DeliveryState.WITHDRAWN,
        DeliveryState.HELD,
    ]
    runs.steer(run.id, Command.APPROVE, by="ada")
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [FAILED]


def test_a_passed_run_can_be_rolled_back_by_hand(runs: Runs, claims: Claims) -> None:
    run = _watched(runs, claims)
    after = runs.steer(run.id, Command.ROLLBACK, by="ada")
    assert (after.state, after.verdict and after.verdict["verdict"]) == (RunState.DONE, "fail")
    assert _decisions(runs, run) == [PASSED, FAILED, EventType.WITHDRAWN]
    assert [(kind, state) for _, kind, state in _sent(runs, run)] == [
        (PASSED, DeliveryState.WITHDRAWN),
        (FAILED, DeliveryState.PENDING),
    ]
    with pytest.raises(LeaseLost):
        _fails(claims, run)


def test_a_passed_run_cannot_be_promoted_again(runs: Runs, claims: Claims) -> None:
    run = _watched(runs, claims)
    with pytest.raises(Conflict, match="passed already and is watched on; cancel ends"):
        runs.steer(run.id, Command.PROMOTE, by="ada")
    assert runs.get(run.id) == run


def test_cancelling_ends_the_watching_and_the_pass_stands(
    runs: Runs, claims: Claims, outbox: Outbox
) -> None:
    run = _watched(runs, claims)
    after = runs.steer(run.id, Command.CANCEL, by="ada")
    assert (after.state, after.verdict) == (RunState.CANCELLED, run.verdict)
    assert _decisions(runs, run) == [PASSED, EventType.CANCELLED]
    assert [sent.type for sent in outbox.claim(limit=9, lease=9)] == [PASSED]


def test_promoted_by_hand_a_run_is_over(runs: Runs, claims: Claims) -> None:
    run, _ = runs.start(analysis(actions=ACTIONS, keep_watching=60.0))
    assert runs.steer(run.id, Command.PROMOTE, by="ada").state is RunState.DONE


def test_who_dies_at_the_pass_leaves_the_rest_to_the_next(
    runs: Runs, claims: Claims, wall: Clock
) -> None:
    run = _watched(runs, claims)
    wall.forward(31)
    (theirs,) = claims.claim("you", limit=1, lease=30)
    with pytest.raises(LeaseLost):
        _fails(claims, run)
    assert _fails(claims, theirs).state is RunState.DONE
    assert _decisions(runs, run) == [PASSED, FAILED, EventType.WITHDRAWN]
