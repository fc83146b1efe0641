"""The fake Flagger does what Flagger was observed to do, tick by tick and byte by byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flagger.canary import Analysis, Canary, Phase, Type, Webhook
from tests.flagger.fake_flagger import FakeFlagger, Tick
from tests.flagger.scripted import NO, Scripted, scripted
from tests.flagger.webhooks import HEADERS, call, payload

DATA = Path(__file__).parents[1] / "data"
TRACES = {
    one["name"]: one for one in json.loads((DATA / "flagger-traces.json").read_text())["traces"]
}
WEBHOOKS = json.loads((DATA / "flagger-webhooks.json").read_text())

# What happened to a Canary before a tick, as the notes of the traces tell.
REVISED = {name: [1] for name in TRACES} | {"new_revision_restart": [1, 4]}
SUSPENDED = {"suspend": 3}
METRICS_FAIL = {"confirm_promotion_waits_then_metrics_fail": 7}


@pytest.fixture(scope="module")
def judge() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def canary_of(trace: dict[str, Any], url: str) -> Canary:
    hooks = [Webhook(one, f"{url}/{one}", one) for one in Type if one is not Type.EVENT]
    said = trace["analysis"]
    analysis = Analysis(
        step_weight=said.get("stepWeight", 0),
        max_weight=said.get("maxWeight", 0),
        iterations=said.get("iterations", 0),
        threshold=said["threshold"],
        webhooks=hooks,
    )
    return Canary(analysis, provider=trace["provider"])


def told(tick: Tick, canary: Canary) -> dict[str, Any]:
    """A tick in the words of the traces."""
    status, routes = canary.status, canary.routes
    return {
        "calls": [[one.hook, one.phase, one.answer.status] for one in tick.calls],
        "events": [
            [one.phase, "Warning" if one.warning else "Normal", one.message] for one in tick.events
        ],
        "after": [
            status.phase,
            status.failed_checks,
            status.iterations,
            routes.primary,
            routes.canary,
            routes.mirrored,
        ],
    }


@pytest.mark.parametrize("name", TRACES)
def test_every_tick_is_as_it_was_observed(judge: Scripted, name: str) -> None:
    trace = TRACES[name]
    canary = canary_of(trace, judge.url)
    for number, wanted in enumerate(trace["ticks"]):
        if number in REVISED[name]:
            canary.revision = f"2.{number}"
        canary.suspend = number >= SUSPENDED.get(name, 99)
        metrics = number < METRICS_FAIL.get(name, 99)
        judge.answers = {hook: status for hook, _, status in wanted["calls"]}
        # A controller of its own for each tick: it holds nothing that a restart would lose.
        tick = FakeFlagger(canary, metrics=lambda: metrics).tick()  # noqa: B023
        assert told(tick, canary) == wanted, f"tick {number}"


def test_the_rollout_hooks_are_told_which_revision_each_time(judge: Scripted) -> None:
    """The checksum is the previous revision's at confirm-rollout, but after a failure."""
    canary = canary_of(TRACES["canary_happy"], judge.url)
    flagger = FakeFlagger(canary)
    first, second, third = canary.revision, "2.0", "3.0"
    flagger.tick()
    checksums = [revision_told(flagger, judge, second, Type.CONFIRM_ROLLOUT)]
    checksums.append(revision_told(flagger, judge, second, Type.PRE_ROLLOUT))
    judge.answers["rollback"] = 200
    assert flagger.tick().asked(Type.POST_ROLLOUT) == [200]
    checksums.append(judge.asked[-1].said["checksum"])
    checksums.append(revision_told(flagger, judge, third, Type.CONFIRM_ROLLOUT))
    a, b, c = (dataclasses.replace(canary, revision=r) for r in (first, second, third))
    assert checksums == [sum_of(a), sum_of(b), sum_of(b), sum_of(c)]


def sum_of(canary: Canary) -> str:
    status = dataclasses.replace(canary.status, applied=canary.revision)
    return dataclasses.replace(canary, status=status).checksum


def revision_told(flagger: FakeFlagger, judge: Scripted, revision: str, hook: Type) -> str:
    judge.answers = {"rollback": 403}
    judge.asked.clear()
    flagger.canary.revision = revision
    flagger.tick()
    (told_of,) = [one.said["checksum"] for one in judge.asked if one.path == f"/{hook}"]
    return str(told_of)


@pytest.mark.parametrize(
    "observed", WEBHOOKS["payloads"], ids=lambda one: f"{one['type']} {one['variant']}"
)
def test_bodies_have_flaggers_fields_in_its_order(observed: dict[str, Any]) -> None:
    body = observed["http_body"]
    made = payload(
        body["name"],
        body["namespace"],
        Phase(body["phase"]),
        body["checksum"],
        body.get("metadata"),
    )
    read = json.loads(made)
    assert read == body
    assert list(read) == list(body)
    assert not any(character in made for character in b"<>&")


def test_a_body_is_flaggers_byte_by_byte(judge: Scripted) -> None:
    (request,) = WEBHOOKS["request"]
    metadata = {"key1": "val1"}
    body = payload("podinfo", "default", Phase.PROGRESSING, "569bdb7cb9", metadata)
    assert body.decode() == request["literal_body"]
    call(Webhook(Type.ROLLOUT, f"{judge.url}/rollout", "x"), body)
    headers = judge.asked[-1].headers
    assert {name: headers[name] for name in HEADERS} == request["headers"]


def test_characters_are_escaped_as_go_escapes_them() -> None:
    body = payload("a", "b", Phase.FAILED, "c", {"z": "<&>\u2028ü", "a": '"'})
    assert body == (
        b'{"name":"a","namespace":"b","phase":"Failed","checksum":"c","metadata":'
        b'{"a":"\\"","z":"\\u003c\\u0026\\u003e\\u2028\xc3\xbc"}}'
    )


@pytest.mark.parametrize(
    "observed", WEBHOOKS["statuses"], ids=lambda one: f"{one['status']}, {one['retries']} retries"
)
def test_statuses_mean_what_they_mean_to_flagger(judge: Scripted, observed: dict[str, Any]) -> None:
    judge.answers = {"hook": observed["status"]}
    hook = Webhook(Type.ROLLOUT, f"{judge.url}/hook", "hook", retries=observed["retries"])
    answer = call(hook, b"{}")
    assert (answer.passed, answer.attempts) == (observed["ok"], observed["attempts"])
    error = (observed["error_text"] or "").replace("BODY", NO).replace("URL", hook.url)
    assert answer.error == error


def test_an_address_where_nobody_listens_is_a_failure() -> None:
    answer = call(Webhook(Type.ROLLOUT, "http://127.0.0.1:9/", "hook"), b"{}")
    assert (answer.passed, answer.status) == (False, 0)
    assert "giving up after 1 attempt(s)" in answer.error
