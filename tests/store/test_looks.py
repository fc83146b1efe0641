"""A run's looks, told one by one: what each said and read, and which read nothing."""

from __future__ import annotations

import pytest

from judge.errors import NotFound
from judge.store.claims import Claims, Note
from judge.store.run import EventType
from judge.store.runs import Runs
from tests.store.given import BEGAN, Clock, analysis, interval, verdict


@pytest.fixture
def looked(runs: Runs, claims: Claims, clock: Clock) -> str:
    """A run with two looks, the second of them a hole."""
    runs.start(analysis())
    (run,) = claims.claim("me", limit=1, lease=30)
    run = claims.record_history(run, [], delay=10, next_due=BEGAN)
    run = claims.record_look(run, interval(0), verdict(), next_due=BEGAN)
    clock.forward(60)
    hole = Note(EventType.HOLE, {"index": 1, "reason": "it does not answer"})
    claims.record_look(run, interval(1), verdict(decided_at=1), next_due=None, notes=[hole])
    return run.id


def test_looks_are_told_in_order_or_one_alone(runs: Runs, looked: str) -> None:
    first, second = runs.looks(looked)
    assert [(one.index, one.looked_at) for one in (first, second)] == [(0, BEGAN), (1, BEGAN + 60)]
    assert (first.verdict["decidedAt"], second.verdict["decidedAt"]) == (None, 1)
    assert runs.looks(looked, only=1) == [second]
    assert runs.looks(looked, only=2) == []


def test_samples_are_those_of_the_looks_up_to_one(runs: Runs, looked: str) -> None:
    assert runs.samples(looked, upto=0) == [interval(0)]
    assert runs.samples(looked, upto=1) == [interval(0), interval(1)]


def test_holes_are_told_with_their_reason(runs: Runs, looked: str) -> None:
    assert runs.holes(looked) == {1: "it does not answer"}


def test_of_an_unknown_run_nothing_is_told(runs: Runs) -> None:
    for ask in (runs.looks, runs.holes, lambda run: runs.samples(run, upto=0)):
        with pytest.raises(NotFound):
            ask("none")
