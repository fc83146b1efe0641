"""Claims: one owner at a time, and nothing written by one who no longer is."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, select

from judge.errors import LeaseLost
from judge.spec.resolved import Mode
from judge.stats.samples import Absence, Count, Interval
from judge.store.claims import Claims, Note
from judge.store.database import reading
from judge.store.outbox import DeliveryState
from judge.store.run import Command, EventType, HistoryState, Run, RunState
from judge.store.runs import Runs
from judge.store.tables import events, histories, intervals, outbox
from judge.store.tables import runs as runs_table
from judge.verdict.verdict import Outcome
from tests.store.given import BEGAN, Clock, analysis, hooks, interval, verdict

EVERY_TABLE = (runs_table, histories, intervals, events, outbox)


def _everything(engine: Engine) -> list[list[tuple[object, ...]]]:
    with reading(engine) as connection:
        return [[tuple(row) for row in connection.execute(select(one))] for one in EVERY_TABLE]


def _running(runs: Runs, claims: Claims, **changes: object) -> Run:
    runs.start(analysis(**changes))
    (run,) = claims.claim("me", limit=1, lease=30)
    return claims.record_history(run, [], delay=10, next_due=BEGAN)


def test_what_is_due_is_claimed_the_longest_due_first(runs: Runs, claims: Claims) -> None:
    later, _ = runs.start(analysis(), started_at=BEGAN - 5)
    first, _ = runs.start(analysis(), started_at=BEGAN - 10)
    runs.start(analysis(), started_at=BEGAN + 1)
    assert [run.id for run in claims.claim("me", limit=9, lease=30)] == [first.id, later.id]


def test_claim_takes_no_more_than_asked(runs: Runs, claims: Claims) -> None:
    for _ in range(3):
        runs.start(analysis())
    assert len(claims.claim("me", limit=2, lease=30)) == 2
    assert len(claims.claim("me", limit=2, lease=30)) == 1


def test_claimed_run_is_nobody_elses_until_its_lease_ends(
    runs: Runs, claims: Claims, wall: Clock
) -> None:
    runs.start(analysis())
    (mine,) = claims.claim("me", limit=1, lease=30)
    wall.forward(29)
    assert claims.claim("you", limit=1, lease=30) == []
    assert claims.renew("me", lease=30) == 1
    wall.forward(29)
    assert claims.claim("you", limit=1, lease=30) == []
    wall.forward(1)
    (yours,) = claims.claim("you", limit=1, lease=30)
    assert (yours.id, yours.owner, yours.token) == (mine.id, "you", mine.token + 1)


def test_a_lease_goes_by_the_machines_clock(runs: Runs, claims: Claims, clock: Clock) -> None:
    runs.start(analysis())
    claims.claim("me", limit=1, lease=30)
    clock.forward(1e6)  # a run that is played fast
    assert claims.claim("you", limit=1, lease=30) == []


def test_released_run_can_be_claimed_at_once(runs: Runs, claims: Claims) -> None:
    runs.start(analysis())
    claims.claim("me", limit=1, lease=30)
    assert claims.release("you") == 0
    assert claims.release("me") == 1
    assert len(claims.claim("you", limit=1, lease=30)) == 1


def test_many_at_once_claim_each_run_once(runs: Runs, claims: Claims) -> None:
    for _ in range(20):
        runs.start(analysis())
    claimed: list[str] = []

    def claim(owner: str) -> None:
        for _ in range(5):
            claimed.extend(run.id for run in claims.claim(owner, limit=2, lease=30))

    threads = [threading.Thread(target=claim, args=(f"owner-{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 20


def test_history_comes_back_as_it_was(runs: Runs, claims: Claims) -> None:
    runs.start(analysis())
    (run,) = claims.claim("me", limit=1, lease=30)
    history = [interval(-2), interval(-1, errors=7)]
    note = Note(EventType.HISTORY_READ, {"intervals": 2})
    after = claims.record_history(run, history, delay=12.5, next_due=BEGAN + 70, notes=[note])
    assert (after.state, after.history, after.delay) == (
        RunState.RUNNING,
        HistoryState.READ,
        12.5,
    )
    assert (after.due_at, after.owner) == (BEGAN + 70, None)
    assert claims.history(after) == history
    assert [event.type for event in runs.events(run.id)][1:] == [EventType.HISTORY_READ]


def test_history_that_is_missing_is_told_from_one_that_is_empty(runs: Runs, claims: Claims) -> None:
    runs.start(analysis())
    (run,) = claims.claim("me", limit=1, lease=30)
    after = claims.record_history(run, None, delay=15, next_due=BEGAN + 75)
    assert after.history is HistoryState.MISSING
    assert claims.history(after) == []


def test_look_is_recorded_whole(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"))
    after = claims.record_look(run, interval(0), verdict(), next_due=BEGAN + 130)
    assert after == runs.get(run.id)
    assert (after.state, after.next_index, after.due_at) == (RunState.RUNNING, 1, BEGAN + 130)
    assert after.owner is None
    assert after.verdict is not None
    assert after.verdict["metrics"]["errors"]["estimate"] == 1.5
    assert claims.intervals(after) == [interval(0)]
    (sent,) = runs.outbox(run.id)
    assert (sent.type, sent.state) == (EventType.LOOKED, DeliveryState.PENDING)


def test_lease_is_kept_where_the_next_look_is_due(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims)
    assert run.owner == "me"
    after = claims.record_look(run, interval(0), verdict(), next_due=BEGAN)
    assert (after.owner, after.token) == ("me", run.token)


def test_strange_numbers_come_back_as_they_were(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims)
    odd = Interval(
        BEGAN,
        BEGAN + 60,
        {"errors": {"canary": {'pod ü/"': Count(0.1 + 0.2, float("inf"))}}},
        absent={"errors": {"baseline": Absence.PARTIAL}},
    )
    after = claims.record_look(run, odd, verdict(), next_due=BEGAN)
    assert claims.intervals(after) == [odd]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.PASS, EventType.PASSED),
        (Outcome.FAIL, EventType.FAILED),
        (Outcome.INCONCLUSIVE, EventType.INCONCLUSIVE),
    ],
)
def test_decision_and_what_it_sets_off_are_one(
    runs: Runs, claims: Claims, outcome: Outcome, kind: EventType
) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"))
    after = claims.record_look(run, interval(0), verdict(outcome, decided_at=0), next_due=None)
    assert (after.state, after.due_at, after.ended_at) == (RunState.DONE, None, BEGAN)
    assert [(sent.type, sent.webhook.url) for sent in runs.outbox(run.id)] == [
        (EventType.LOOKED, "http://receiver/interval"),
        (kind, f"http://receiver/{outcome.value}"),
    ]
    assert [event.type for event in runs.events(run.id)][-2:] == [EventType.LOOKED, kind]
    assert claims.claim("me", limit=1, lease=30) == []


def test_observed_run_notifies_and_acts_on_nothing(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"), mode=Mode.OBSERVE)
    after = claims.record_look(run, interval(0), verdict(Outcome.FAIL, decided_at=0), next_due=None)
    assert after.state is RunState.DONE
    (sent,) = runs.outbox(run.id)
    assert sent.type is EventType.LOOKED
    assert '"mode": "observe"' in sent.body


def test_held_run_keeps_its_decision_back(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"))
    runs.steer(run.id, Command.HOLD, by="ada")
    claims.record_look(run, interval(0), verdict(Outcome.FAIL, decided_at=0), next_due=None)
    states = [(sent.type, sent.state) for sent in runs.outbox(run.id)]
    assert states == [
        (EventType.LOOKED, DeliveryState.PENDING),
        (EventType.FAILED, DeliveryState.HELD),
    ]


def test_run_that_ends_without_a_look_acts_too(runs: Runs, claims: Claims) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"))
    after = claims.end(run, verdict(Outcome.INCONCLUSIVE))
    assert (after.state, after.next_index) == (RunState.DONE, 0)
    assert [sent.type for sent in runs.outbox(run.id)] == [EventType.INCONCLUSIVE]
    assert claims.intervals(after) == []


def test_postponed_look_is_due_later_and_nobodys(runs: Runs, claims: Claims, clock: Clock) -> None:
    run = _running(runs, claims)
    claims.postpone(run, due_at=BEGAN + 5, attempts=1, failing_since=BEGAN)
    assert claims.claim("you", limit=1, lease=30) == []
    clock.forward(5)
    (again,) = claims.claim("you", limit=1, lease=30)
    assert (again.next_index, again.attempts, again.failing_since) == (0, 1, BEGAN)


def _stale_by_another_owner(runs: Runs, claims: Claims, wall: Clock, run: Run) -> None:
    wall.forward(31)
    claims.claim("you", limit=1, lease=30)


def _stale_by_a_look(runs: Runs, claims: Claims, wall: Clock, run: Run) -> None:
    claims.record_look(run, interval(0), verdict(), next_due=BEGAN)


def _stale_by_hand(runs: Runs, claims: Claims, wall: Clock, run: Run) -> None:
    runs.steer(run.id, Command.ROLLBACK, by="ada")


def _stale_by_cancelling(runs: Runs, claims: Claims, wall: Clock, run: Run) -> None:
    runs.steer(run.id, Command.CANCEL, by="ada")


@pytest.mark.parametrize(
    "overtake", [_stale_by_another_owner, _stale_by_a_look, _stale_by_hand, _stale_by_cancelling]
)
@pytest.mark.parametrize("write", ["look", "last look", "end", "postpone", "history"])
def test_stale_owner_changes_nothing(
    engine: Engine, runs: Runs, claims: Claims, wall: Clock, overtake: object, write: str
) -> None:
    run = _running(runs, claims, actions=hooks("http://receiver"))
    assert callable(overtake)
    overtake(runs, claims, wall, run)
    before = _everything(engine)
    fail = verdict(Outcome.FAIL, decided_at=0)
    writes = {
        "look": lambda: claims.record_look(run, interval(0), verdict(), next_due=BEGAN),
        "last look": lambda: claims.record_look(run, interval(0), fail, next_due=None),
        "end": lambda: claims.end(run, fail),
        "postpone": lambda: claims.postpone(run, due_at=BEGAN),
        "history": lambda: claims.record_history(run, [], delay=1, next_due=BEGAN),
    }
    with pytest.raises(LeaseLost, match=run.id):
        writes[write]()
    assert _everything(engine) == before
