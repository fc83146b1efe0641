"""Rollouts: begun once, begun anew, superseded, ended; and what is told of their runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine

from judge.spec.resolved import Mode
from judge.stats.samples import Interval
from judge.store.claims import Claims, Note
from judge.store.rollouts import CARRIED_OUT, LINGERING, RECENT, Rollouts
from judge.store.run import Command, EventType, RunState
from judge.store.runs import Runs
from judge.store.standing import Standing, Subject
from judge.verdict.verdict import Outcome
from tests.store.given import BEGAN, Clock, analysis, interval, verdict

POD = Subject("checkout", "shop", "podinfo")


@pytest.fixture
def rollouts(engine: Engine, clock: Clock) -> Rollouts:
    ids: Iterator[int] = count(1)
    return Rollouts(engine, clock=clock, new_id=lambda: f"run{next(ids)}")


def begin(rollouts: Rollouts, revision: str = "a", **more: Any) -> tuple[str, bool]:
    given = {"key": f"flagger/podinfo/{revision}", "by": "flagger", **more}
    subject, what = given.pop("subject", POD), given.pop("analysis", analysis())
    return rollouts.begin(subject, revision, what, **given)


def standing(rollouts: Rollouts, subject: Subject = POD) -> Standing:
    found = rollouts.standing(subject)
    assert found is not None
    return found


def look(claims: Claims, *, outcome: Outcome = Outcome.INCONCLUSIVE, at: int | None = None) -> None:
    """Take the one due run's next step; the first of a run reads its history."""
    (run,) = claims.claim("me", limit=9, lease=30.0)
    if run.state is RunState.PENDING:
        run = claims.record_history(run, [], delay=0.0, next_due=BEGAN)
    due = BEGAN if at is None else None
    claims.record_look(run, interval(), verdict(outcome, decided_at=at), next_due=due)
    claims.release("me")


def test_nothing_is_known_of_who_was_never_rolled_out(rollouts: Rollouts) -> None:
    assert rollouts.standing(POD) is None


def test_a_rollout_has_a_run_that_begins_with_it(
    rollouts: Rollouts, runs: Runs, clock: Clock
) -> None:
    clock.now = BEGAN + 5.0
    run_id, new = begin(rollouts)
    run = runs.get(run_id)
    assert (new, run.key, run.started_at) == (True, "flagger/podinfo/a", BEGAN + 5.0)
    found = standing(rollouts)
    assert (found.revision, found.run_id, found.attempt) == ("a", run_id, 1)
    assert (found.began_at, found.ended_at, found.waiting) == (BEGAN + 5.0, None, False)
    assert found.is_under_way("a")
    assert not found.is_under_way("b")
    assert [event.type for event in runs.events(run_id)] == [EventType.CREATED]


@pytest.mark.parametrize("renew", [False, True])
def test_the_same_beginning_repeated_changes_nothing(
    rollouts: Rollouts, runs: Runs, clock: Clock, renew: bool
) -> None:
    first, _ = begin(rollouts, renew=renew)
    clock.forward(59.0)
    assert begin(rollouts, renew=renew) == (first, False)
    assert len(runs.find()) == 1


def test_renewed_after_an_interval_it_begins_anew(
    rollouts: Rollouts, runs: Runs, clock: Clock
) -> None:
    first, _ = begin(rollouts)
    clock.forward(60.0)
    assert begin(rollouts, renew=False) == (first, False)
    second, new = begin(rollouts, renew=True)
    assert (new, standing(rollouts).attempt) == (True, 2)
    assert runs.get(second).started_at == BEGAN + 60.0
    assert runs.get(second).key == "flagger/podinfo/a#2"
    assert runs.get(first).state is RunState.CANCELLED
    (told,) = [one for one in runs.events(first) if one.type is EventType.CANCELLED]
    assert told.data == {"by": "flagger: superseded by the same revision, begun anew"}


def test_what_waits_for_its_promotion_is_not_renewed(rollouts: Rollouts, clock: Clock) -> None:
    first, _ = begin(rollouts)
    rollouts.set_waiting(POD, "b", waiting=True)
    assert not standing(rollouts).waiting
    rollouts.set_waiting(POD, "a", waiting=True)
    clock.forward(600.0)
    assert begin(rollouts, renew=True) == (first, False)
    rollouts.set_waiting(POD, "a", waiting=False)
    assert begin(rollouts, renew=True)[1]


def test_another_revision_supersedes(rollouts: Rollouts, runs: Runs) -> None:
    first, _ = begin(rollouts, "a")
    second, _ = begin(rollouts, "b")
    assert standing(rollouts).run_id == second
    assert runs.get(first).state is RunState.CANCELLED
    assert runs.events(first)[-1].data == {"by": "flagger: superseded by revision b"}


def test_a_revision_that_comes_again_is_a_new_attempt(rollouts: Rollouts, runs: Runs) -> None:
    ids = [begin(rollouts, revision)[0] for revision in "abab"]
    assert len(set(ids)) == 4
    keys = [f"flagger/podinfo/{one}" for one in ("a", "b", "a#2", "b#2")]
    assert [runs.get(one).key for one in ids] == keys
    assert [runs.get(one).state.active for one in ids] == [False, False, False, True]


def test_an_ended_revision_that_comes_again_is_a_new_attempt(
    rollouts: Rollouts, runs: Runs
) -> None:
    first, _ = begin(rollouts)
    assert rollouts.end(POD, revision="a", by="flagger: Failed", promoted=False)
    second, new = begin(rollouts)
    assert (new, second != first, standing(rollouts).ended_at) == (True, True, None)


@pytest.mark.parametrize("revision", ["a#2", "a#", "#", "a#2#2", "%", "a_"])
def test_odd_revisions_take_no_key_of_another(
    rollouts: Rollouts, runs: Runs, revision: str
) -> None:
    for one in ("a", revision, "a", revision, "a"):
        begin(rollouts, one)
    assert len({run.key for run in runs.find()}) == 5


def test_subjects_are_apart(rollouts: Rollouts, runs: Runs) -> None:
    others = [
        Subject("checkout", "shop", "frontend"),
        Subject("other", "shop", "podinfo"),
        Subject("checkout", "prod", "podinfo"),
    ]
    for subject in (POD, *others):
        what = analysis(namespace=subject.namespace)
        begin(rollouts, subject=subject, analysis=what, key=f"flagger/{subject.name}/a")
    assert all(run.state.active for run in runs.find())
    assert len({standing(rollouts, one).run_id for one in (POD, *others)}) == 4
    rollouts.end(POD, revision=None, by="x", promoted=False)
    assert all(standing(rollouts, one).ended_at is None for one in others)


def test_an_end_cancels_what_is_still_judged(rollouts: Rollouts, runs: Runs, clock: Clock) -> None:
    run_id, _ = begin(rollouts)
    clock.forward(7.0)
    assert rollouts.end(POD, revision="a", by="flagger: Failed", promoted=False)
    assert standing(rollouts).ended_at == BEGAN + 7.0
    assert runs.get(run_id).state is RunState.CANCELLED
    assert runs.events(run_id)[-1].data == {"by": "flagger: Failed"}
    assert not rollouts.end(POD, revision="a", by="flagger: Failed", promoted=False)
    assert not rollouts.end(POD, revision=None, by="flagger: Failed", promoted=False)


def test_nothing_ends_by_another_revisions_end(rollouts: Rollouts, runs: Runs) -> None:
    assert not rollouts.end(POD, revision="a", by="flagger: Failed", promoted=False)
    run_id, _ = begin(rollouts)
    assert not rollouts.end(POD, revision="b", by="flagger: Failed", promoted=False)
    assert runs.get(run_id).state.active
    assert rollouts.end(POD, revision=None, by="flagger: Waiting", promoted=False)


def watched(claims: Claims) -> None:
    (run,) = claims.claim("me", limit=9, lease=30.0)
    run = claims.record_history(run, [], delay=0.0, next_due=BEGAN)
    passed = replace(verdict(Outcome.PASS, decided_at=0), watching=True)
    claims.record_look(run, interval(), passed, next_due=BEGAN + 900.0)


@pytest.mark.parametrize("promoted", [True, False])
def test_a_promoted_run_that_is_watched_on_goes_on(
    rollouts: Rollouts, runs: Runs, claims: Claims, promoted: bool
) -> None:
    run_id, _ = begin(rollouts, analysis=analysis(keep_watching=600.0))
    watched(claims)
    assert runs.get(run_id).state is RunState.WATCHING
    rollouts.end(POD, revision="a", by="flagger", promoted=promoted)
    wanted = RunState.WATCHING if promoted else RunState.CANCELLED
    assert runs.get(run_id).state is wanted
    begin(rollouts, "b")
    assert runs.get(run_id).state is RunState.CANCELLED


def test_what_has_ended_is_left_as_it_is(rollouts: Rollouts, runs: Runs, claims: Claims) -> None:
    run_id, _ = begin(rollouts)
    look(claims, outcome=Outcome.FAIL, at=0)
    rollouts.end(POD, revision="a", by="flagger: Failed", promoted=False)
    run = runs.get(run_id)
    assert run.state is RunState.DONE
    assert (run.verdict or {})["verdict"] == "fail"


def test_a_standing_before_the_first_look(rollouts: Rollouts) -> None:
    begin(rollouts, analysis=analysis(mode=Mode.OBSERVE))
    found = standing(rollouts)
    assert (found.state, found.held, found.observes) == (RunState.PENDING, False, True)
    assert (found.outcome, found.decided, found.score, found.reason) == (None, False, None, "")
    assert (found.silent, found.hole, found.marginal) == (False, False, 50.0)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_standing_tells_the_latest_verdict(
    rollouts: Rollouts, claims: Claims, outcome: Outcome
) -> None:
    begin(rollouts)
    look(claims)
    found = standing(rollouts)
    assert (found.outcome, found.decided, found.score) == (Outcome.INCONCLUSIVE, False, 80.0)
    assert (found.reason, found.observes) == ("it is inconclusive", False)
    look(claims, outcome=outcome, at=1)
    found = standing(rollouts)
    assert (found.outcome, found.decided, found.state) == (outcome, True, RunState.DONE)


def test_a_standing_tells_what_a_person_did(rollouts: Rollouts, runs: Runs, claims: Claims) -> None:
    run_id, _ = begin(rollouts)
    runs.steer(run_id, Command.HOLD, by="ann")
    assert standing(rollouts).held
    runs.steer(run_id, Command.PROMOTE, by="ann")
    found = standing(rollouts)
    assert (found.held, found.outcome, found.decided) == (False, Outcome.PASS, True)


def test_a_standing_tells_of_a_silent_source(rollouts: Rollouts, claims: Claims) -> None:
    begin(rollouts)
    (run,) = claims.claim("me", limit=1, lease=30.0)
    claims.postpone(run, due_at=BEGAN, attempts=1, failing_since=BEGAN)
    assert standing(rollouts).silent
    look(claims)
    assert not standing(rollouts).silent


def test_a_standing_tells_of_looks_that_crash(rollouts: Rollouts, claims: Claims) -> None:
    begin(rollouts)
    (run,) = claims.claim("me", limit=1, lease=30.0)
    claims.postpone(run, due_at=BEGAN, crashes=1)
    assert standing(rollouts).silent


def test_a_standing_tells_whether_the_latest_look_was_a_hole(
    rollouts: Rollouts, claims: Claims
) -> None:
    begin(rollouts)
    seen = []
    for index, hole in enumerate([False, True, True, False, False, True]):
        (run,) = claims.claim("me", limit=9, lease=30.0)
        if index == 0:
            run = claims.record_history(run, [], delay=0.0, next_due=BEGAN)
        note = Note(EventType.HOLE, {"index": index, "reason": "no answer"})
        empty = Interval(BEGAN, BEGAN + 60.0, {})
        claims.record_look(run, empty, verdict(), next_due=BEGAN, notes=[note] if hole else [])
        rollouts.tell(POD, "a", {"message": f"tick {index}"})
        claims.release("me")
        seen.append(standing(rollouts).hole)
    assert seen == [False, True, True, False, False, True]


def test_a_rollback_is_asked_for_until_it_has_been_carried_out(
    rollouts: Rollouts, clock: Clock
) -> None:
    assert not rollouts.asks_rollback(POD, "a")
    begin(rollouts)
    assert not rollouts.asks_rollback(POD, "b")
    assert rollouts.asks_rollback(POD, "a")
    clock.forward(CARRIED_OUT)
    assert rollouts.asks_rollback(POD, "a")
    assert standing(rollouts).is_under_way("a")
    clock.forward(1.0)
    assert not rollouts.asks_rollback(POD, "a")
    assert not standing(rollouts).is_under_way("a")
    begin(rollouts)
    assert rollouts.asks_rollback(POD, "a")


def test_events_are_kept_with_the_run_but_not_what_is_repeated(
    rollouts: Rollouts, runs: Runs
) -> None:
    run_id, _ = begin(rollouts)
    told = [rollouts.tell(POD, "a", {"message": text}) for text in ("one", "two", "one", "two")]
    assert told == [True, True, False, False]
    messages = [one.data["message"] for one in runs.events(run_id) if one.type is EventType.TOLD]
    assert messages == ["one", "two"]
    for index in range(RECENT):
        rollouts.tell(POD, "a", {"message": str(index)})
    assert rollouts.tell(POD, "a", {"message": "one"})


def test_events_without_a_rollout_are_not_kept(rollouts: Rollouts, runs: Runs) -> None:
    assert not rollouts.tell(POD, "a", {"message": "one"})
    run_id, _ = begin(rollouts)
    assert not rollouts.tell(POD, "b", {"message": "one"})
    assert [event.type for event in runs.events(run_id)] == [EventType.CREATED]


def test_events_after_the_end_are_kept_for_a_while(rollouts: Rollouts, clock: Clock) -> None:
    begin(rollouts)
    rollouts.end(POD, revision="a", by="flagger", promoted=True)
    clock.forward(LINGERING)
    assert rollouts.tell(POD, "a", {"message": "promotion completed"})
    clock.forward(1.0)
    assert not rollouts.tell(POD, "a", {"message": "suspended"})


def test_events_are_bounded(engine: Engine, clock: Clock) -> None:
    rollouts = Rollouts(engine, clock=clock, most_told=3)
    begin(rollouts)
    told = [rollouts.tell(POD, "a", {"message": str(index)}) for index in range(5)]
    assert told == [True, True, True, False, False]


def test_rollouts_outlive_the_process(rollouts: Rollouts, engine: Engine, clock: Clock) -> None:
    begin(rollouts)
    again = Rollouts(engine, clock=clock)
    assert again.standing(POD) == rollouts.standing(POD)
    assert again.begin(POD, "a", analysis(), key="flagger/podinfo/a", by="flagger") == (
        "run1",
        False,
    )


def test_a_run_that_cannot_be_begun_leaves_the_old_one(
    rollouts: Rollouts, runs: Runs, engine: Engine, clock: Clock
) -> None:
    """One transaction: a run's id that is taken is found out after the old run was cancelled."""
    run_id, _ = begin(rollouts)
    broken = Rollouts(engine, clock=clock, new_id=lambda: run_id)
    with pytest.raises(Exception, match="UNIQUE"):
        begin(broken, "b")
    assert standing(rollouts).revision == "a"
    assert runs.get(run_id).state.active
