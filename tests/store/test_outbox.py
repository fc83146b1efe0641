"""The outbox: in order, one worker at a time, stable ids."""

from __future__ import annotations

import json

import pytest

from judge.spec.resolved import Actions, Webhook
from judge.store.claims import Claims
from judge.store.outbox import Delivery, DeliveryState, Outbox
from judge.store.run import EventType, Run
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome
from tests.store.given import BEGAN, Clock, analysis, hooks, interval, verdict

ONE_URL = Actions(on_fail=(Webhook("http://one"),), on_interval=(Webhook("http://one"),))


def _decided(runs: Runs, claims: Claims, actions: Actions) -> Run:
    """Two looks, the second of which convicts."""
    runs.start(analysis(actions=actions), key="7")
    (run,) = claims.claim("me", limit=1, lease=30)
    run = claims.record_history(run, [], delay=10, next_due=BEGAN)
    run = claims.record_look(run, interval(0), verdict(), next_due=BEGAN)
    return claims.record_look(run, interval(1), verdict(Outcome.FAIL, decided_at=1), next_due=None)


def _drain(outbox: Outbox) -> list[Delivery]:
    drained = []
    while claimed := outbox.claim(limit=1, lease=30):
        outbox.delivered(claimed[0])
        drained += claimed
    return drained


def test_one_url_gets_a_runs_messages_in_order(runs: Runs, claims: Claims, outbox: Outbox) -> None:
    _decided(runs, claims, ONE_URL)
    (first,) = outbox.claim(limit=9, lease=30)
    assert outbox.claim(limit=9, lease=30) == []
    outbox.delivered(first)
    rest = _drain(outbox)
    said = [json.loads(sent.body)["data"]["index"] for sent in [first, *rest]]
    assert said == [0, 1, 1]
    assert rest[-1].type is EventType.FAILED


def test_later_message_waits_for_the_retries_of_an_earlier(
    runs: Runs, claims: Claims, outbox: Outbox, wall: Clock
) -> None:
    _decided(runs, claims, ONE_URL)
    (first,) = outbox.claim(limit=9, lease=30)
    outbox.retry(first, "503", at=wall.now + 10)
    assert outbox.claim(limit=9, lease=30) == []
    wall.forward(10)
    (again,) = outbox.claim(limit=9, lease=30)
    assert (again.id, again.attempts, again.error) == (first.id, 2, "503")
    assert again.first_at == wall.now - 10
    outbox.give_up(again, "404")
    assert len(outbox.claim(limit=9, lease=30)) == 1


def test_other_urls_do_not_wait(runs: Runs, claims: Claims, outbox: Outbox) -> None:
    run = _decided(runs, claims, hooks("http://receiver"))
    urls = [sent.webhook.url for sent in outbox.claim(limit=9, lease=30)]
    assert urls == ["http://receiver/interval", "http://receiver/fail"]
    assert len(runs.outbox(run.id)) == 3


def test_other_runs_do_not_wait(runs: Runs, claims: Claims, outbox: Outbox) -> None:
    _decided(runs, claims, ONE_URL)
    _decided_again, _ = runs.start(analysis(actions=ONE_URL))
    (run,) = claims.claim("me", limit=1, lease=30)
    claims.end(run, verdict(Outcome.FAIL))
    assert len(outbox.claim(limit=9, lease=30)) == 2


def test_claimed_message_is_nobody_elses_until_its_lease_ends(
    runs: Runs, claims: Claims, outbox: Outbox, wall: Clock
) -> None:
    run = _decided(runs, claims, ONE_URL)
    (mine,) = outbox.claim(limit=1, lease=30)
    wall.forward(30)
    (yours,) = outbox.claim(limit=1, lease=30)
    assert (yours.id, yours.attempts) == (mine.id, 2)
    outbox.give_up(mine, "stale")
    outbox.retry(mine, "stale", at=wall.now)
    assert runs.outbox(run.id)[0].state is DeliveryState.PENDING
    assert runs.outbox(run.id)[0].error is None
    outbox.delivered(yours)
    assert runs.outbox(run.id)[0].state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("settle", "kind", "state"),
    [
        ("delivered", EventType.DELIVERED, DeliveryState.DELIVERED),
        ("give_up", EventType.GIVEN_UP, DeliveryState.FAILED),
    ],
)
def test_how_it_went_is_recorded(
    runs: Runs, claims: Claims, outbox: Outbox, settle: str, kind: EventType, state: DeliveryState
) -> None:
    run = _decided(runs, claims, ONE_URL)
    (sent,) = outbox.claim(limit=1, lease=30)
    outbox.delivered(sent) if settle == "delivered" else outbox.give_up(sent, "it said 404")
    event = runs.events(run.id)[-1]
    assert (event.type, event.data["id"], event.data["attempts"]) == (kind, sent.id, 1)
    assert runs.outbox(run.id)[0].state is state
    assert outbox.count()[state] == 1
    assert outbox.count()[DeliveryState.PENDING] == 2


def test_ids_tell_every_message_apart_and_stay(runs: Runs, claims: Claims) -> None:
    two = (Webhook("http://one"), Webhook("http://one"))
    run = _decided(runs, claims, Actions(on_fail=two, on_interval=two))
    assert [sent.id for sent in runs.outbox(run.id)] == [
        f"{run.id}-looked-0-0",
        f"{run.id}-looked-0-1",
        f"{run.id}-looked-1-0",
        f"{run.id}-looked-1-1",
        f"{run.id}-decision-0",
        f"{run.id}-decision-1",
    ]


def test_body_says_what_was_decided_of_what(runs: Runs, claims: Claims) -> None:
    run = _decided(runs, claims, ONE_URL)
    body = json.loads(runs.outbox(run.id)[-1].body)
    assert (body["type"], body["timestamp"]) == ("run.fail", "1970-01-12T13:46:40+00:00")
    data = body["data"]
    assert {name: data[name] for name in ("run", "name", "namespace", "labels", "key")} == {
        "run": run.id,
        "name": "checkout",
        "namespace": "shop",
        "labels": {"team": "web"},
        "key": "7",
    }
    assert (data["mode"], data["state"], data["index"]) == ("enforce", "done", 1)
    assert (data["verdict"], data["decidedAt"], data["score"]) == ("fail", 1, 80.0)
    assert data["metrics"]["errors"]["estimate"] == 1.5
