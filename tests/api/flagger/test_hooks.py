"""Flagger's webhooks over HTTP: rollouts of every kind against a real store and daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.errors import SourceRejected, SourceUnavailable
from judge.store.run import Command, EventType, RunState
from tests.api.flagger.calling import A, B, Canary, write_analysis
from tests.api.running import Server, running, until

BAD = 0.2  # share of errors that no run survives


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    write_analysis(tmp_path / "analyses")
    with running(tmp_path, analyses=tmp_path / "analyses") as server:
        yield server


@pytest.fixture
def canary(server: Server) -> Canary:
    return Canary(server)


def test_a_good_release_is_promoted_after_its_verdict(canary: Canary) -> None:
    assert canary.status("confirm-rollout", A, "Succeeded") == 200
    assert canary.runs() == []
    assert canary.status("rollback") == 403
    assert canary.status("pre-rollout") == 200
    assert canary.statuses() == [200, 200, 403, 403]
    canary.looked(3)
    answer = canary.call("confirm-promotion")
    assert (answer.status_code, answer.headers["content-type"]) == (
        403,
        "text/plain; charset=utf-8",
    )
    assert answer.text.startswith("not decided: not known yet after 3 of 10 intervals; error rate ")
    canary.looked(10)
    assert canary.statuses() == [200, 200, 200, 403]
    assert canary.call("confirm-promotion").text.startswith("pass: ")
    assert canary.status("post-rollout", phase="Succeeded") == 200
    (run,) = canary.runs()
    assert (run.key, run.state) == (f"flagger/podinfo/{B}", RunState.DONE)


def test_a_bad_release_is_rolled_back_with_its_reason(canary: Canary) -> None:
    canary.server.traffic.canary = BAD
    canary.call("pre-rollout")
    run = canary.looked(10)
    assert run.next_index < 10
    assert canary.statuses() == [403, 403, 403, 200]
    said = canary.call("rollout").text
    assert said.startswith("fail: error rate ")
    assert "times the baseline's" in said
    assert said.endswith(f"(run {run.id})")
    assert canary.status("post-rollout", phase="Failed") == 200
    assert canary.status("rollback") == 403


def test_a_revision_that_failed_can_be_released_again_though_nobody_told_of_its_end(
    canary: Canary,
) -> None:
    """Without confirm-rollout, and post-rollout lost or not there, rollback is all that comes."""
    canary.server.traffic.canary = BAD
    canary.call("pre-rollout")
    canary.looked(10)
    assert [canary.status("rollback") for _ in range(2)] == [200, 200]
    canary.server.traffic.canary = 0.005
    canary.server.clock.now += 3600.0
    answer = canary.call("rollback")
    assert (answer.status_code, "judged anew" in answer.text) == (403, True)
    canary.call("pre-rollout")
    assert canary.statuses() == [200, 200, 403, 403]
    assert canary.looked(10).key == f"flagger/podinfo/{B}#2"
    assert canary.statuses() == [200, 200, 200, 403]


@pytest.mark.parametrize("hook", ["rollout", "confirm-traffic-increase", "confirm-promotion"])
def test_without_a_pre_rollout_hook_the_first_other_begins(canary: Canary, hook: str) -> None:
    wanted = 403 if hook == "confirm-promotion" else 200
    assert [canary.status(hook) for _ in range(3)] == [wanted] * 3
    assert len(canary.runs()) == 1


@pytest.mark.parametrize("hook", ["rollback", "event", "post-rollout", "confirm-rollout"])
def test_other_webhooks_begin_nothing(canary: Canary, hook: str) -> None:
    canary.call(hook, metadata={"eventMessage": "New revision detected!"})
    assert canary.runs() == []


def test_confirm_rollouts_old_checksum_is_not_the_new_rollouts(canary: Canary) -> None:
    """A was judged bad and is over; B's confirm-rollout still says A."""
    canary.server.traffic.canary = BAD
    canary.call("pre-rollout", A)
    canary.looked(10)
    canary.call("post-rollout", A, "Failed")
    for phase in ("Failed", "Waiting"):
        assert canary.status("confirm-rollout", A, phase) == 200
    assert len(canary.runs()) == 1
    assert canary.status("rollback", B) == 403
    canary.call("pre-rollout", B)
    assert canary.statuses(B) == [200, 200, 403, 403]


@pytest.mark.parametrize("phase", ["Initialized", "Succeeded", "Failed", "Waiting"])
def test_confirm_rollout_ends_what_nobody_ended(canary: Canary, phase: str) -> None:
    """Flagger's post-rollout was lost: Judge was away."""
    canary.call("pre-rollout", B)
    canary.looked(2)
    assert canary.status("confirm-rollout", B, phase) == 200
    (run,) = canary.runs()
    assert run.state is RunState.CANCELLED
    assert canary.status("rollback", B) == 403
    canary.call("pre-rollout", B)
    assert [run.key for run in canary.runs()] == [f"flagger/podinfo/{B}", f"flagger/podinfo/{B}#2"]


def test_pre_rollout_again_after_long_begins_anew(canary: Canary) -> None:
    """Another pre-rollout hook failed for three ticks: nothing seen so far had traffic."""
    canary.call("pre-rollout")
    canary.looked(3)
    assert canary.status("confirm-traffic-increase") == 200
    assert canary.status("pre-rollout") == 200
    first, second = canary.runs()
    assert (first.state, second.started_at) == (RunState.CANCELLED, canary.server.clock.now)
    assert canary.status("pre-rollout") == 200  # a retry: nothing came back in time
    assert len(canary.runs()) == 2


def test_another_revision_supersedes_and_never_takes_its_verdict(canary: Canary) -> None:
    for checksum in (A, B, A, B):
        canary.server.traffic.canary = BAD if checksum == B else 0.005
        assert canary.status("rollback", checksum) == 403
        canary.call("pre-rollout", checksum)
        assert canary.statuses(checksum) == [200, 200, 403, 403]
        canary.looked(10)
        expected = [403, 403, 403, 200] if checksum == B else [200, 200, 200, 403]
        assert canary.statuses(checksum) == expected
    assert [run.key for run in canary.runs()] == [
        f"flagger/podinfo/{one}" for one in (A, B, f"{A}#2", f"{B}#2")
    ]


def test_a_run_under_way_ends_with_its_rollout(canary: Canary) -> None:
    canary.call("pre-rollout")
    canary.looked(2)
    assert canary.status("post-rollout", phase="Failed") == 200
    assert canary.status("post-rollout", phase="Failed") == 200
    (run,) = canary.runs()
    assert run.state is RunState.CANCELLED
    last = canary.server.runs.events(run.id)[-1]
    assert (last.type, last.data["by"]) == (EventType.CANCELLED, "flagger: Failed")


def test_blue_green_asks_twice_for_its_promotion(canary: Canary) -> None:
    canary.call("pre-rollout")
    canary.looked(2)
    assert canary.status("confirm-promotion") == 403
    canary.looked(10)
    assert [canary.status("confirm-promotion") for _ in range(2)] == [200, 200]
    assert len(canary.runs()) == 1


@pytest.mark.parametrize("rollback_hook", [True, False])
def test_blue_green_of_one_iteration_goes_back_to_pre_rollout_while_it_waits(
    canary: Canary, rollback_hook: bool
) -> None:
    canary.call("pre-rollout")
    for looks in range(1, 10):
        canary.looked(looks)
        if rollback_hook:
            waits = "WaitingPromotion" if looks > 2 else "Progressing"
            assert canary.status("rollback", phase=waits) == 403
        if looks % 2:
            assert canary.status("rollout") == 200 or looks == 1
            assert canary.status("confirm-promotion") == 403
        elif looks > 2:
            assert canary.status("pre-rollout") == 200
    canary.looked(10)
    assert len(canary.runs()) == 1
    assert canary.status("pre-rollout") == 200
    assert canary.status("confirm-promotion") == 200


def test_a_revision_that_went_and_came_back_between_two_ticks_begins_anew(canary: Canary) -> None:
    """B waited for its promotion, was replaced, and is back: Flagger starts from 0 again."""
    canary.call("pre-rollout")
    canary.looked(3)
    assert canary.status("confirm-promotion") == 403
    assert canary.status("rollback", phase="Progressing") == 403
    assert canary.status("pre-rollout") == 200
    assert len(canary.runs()) == 2


def test_a_silent_prometheus_holds_and_fails_nothing(canary: Canary) -> None:
    canary.call("pre-rollout")
    canary.looked(2)
    canary.server.traffic.fails = SourceUnavailable("connection refused")
    canary.server.clock.now += 60.0
    until(lambda: canary.runs()[-1].failing_since)
    assert canary.statuses() == [200, 403, 403, 403]
    assert "Prometheus does not answer" in canary.call("confirm-promotion").text
    canary.server.traffic.fails = None
    canary.server.clock.now += 60.0
    canary.looked(3)
    assert canary.statuses() == [200, 200, 403, 403]


def test_a_query_that_is_refused_holds_too(canary: Canary) -> None:
    canary.call("pre-rollout")
    canary.looked(1)
    canary.server.traffic.fails = SourceRejected("parse error")
    canary.looked(2)
    assert canary.statuses() == [200, 403, 403, 403]
    canary.server.traffic.fails = None
    canary.looked(3)
    assert canary.statuses() == [200, 200, 403, 403]


def test_a_person_goes_before(canary: Canary) -> None:
    canary.call("pre-rollout")
    canary.looked(1)
    runs, (run,) = canary.server.runs, canary.runs()
    runs.steer(run.id, Command.HOLD, by="ann")
    assert canary.statuses() == [200, 403, 403, 403]
    runs.steer(run.id, Command.APPROVE, by="ann")
    assert canary.statuses() == [200, 200, 403, 403]
    runs.steer(run.id, Command.ROLLBACK, by="ann")
    assert canary.statuses() == [403, 403, 403, 200]
    assert canary.call("rollout").text.startswith("fail: rolled back by hand by ann")


@pytest.mark.parametrize(
    ("command", "expected"),
    [(Command.PROMOTE, [200, 200, 200, 403]), (Command.CANCEL, [200, 403, 403, 403])],
)
def test_a_person_decides(canary: Canary, command: Command, expected: list[int]) -> None:
    canary.call("pre-rollout")
    (run,) = canary.runs()
    canary.server.runs.steer(run.id, command, by="ann")
    assert canary.statuses() == expected


def test_events_are_kept_with_the_run(canary: Canary) -> None:
    canary.call("pre-rollout")
    told = {"eventMessage": "Advance podinfo.test canary weight 20", "eventType": "Normal"}
    for _ in range(2):
        assert canary.status("event", metadata={**told, "timestamp": "1578607635167"}) == 200
    assert canary.status("event", A, metadata=told) == 200
    assert canary.status("event", metadata={"eventMessage": "Promotion completed!"}) == 200
    (run,) = canary.runs()

    def kept() -> list[dict[str, Any]]:
        events = canary.server.runs.events(run.id)
        return [dict(one.data) for one in events if one.type is EventType.TOLD]

    # An event is written down after it was answered.
    assert until(lambda: len(kept()) == 2)
    assert kept()[:1] == [
        {
            "from": "flagger",
            "message": "Advance podinfo.test canary weight 20",
            "type": "Normal",
            "phase": "Progressing",
        }
    ]


def test_canaries_are_apart(canary: Canary) -> None:
    other = Canary(canary.server, name="frontend")
    canary.call("pre-rollout")
    other.call("pre-rollout")
    canary.call("post-rollout", phase="Succeeded")
    assert [len(one.runs()) for one in (canary, other)] == [1, 1]
    assert other.statuses() == [200, 200, 403, 403]


def test_observed_nothing_is_held_or_rolled_back(tmp_path: Path) -> None:
    write_analysis(tmp_path / "analyses", mode="observe")
    with running(tmp_path, analyses=tmp_path / "analyses") as server:
        canary = Canary(server)
        server.traffic.canary = BAD
        canary.call("pre-rollout")
        assert canary.statuses() == [200, 200, 200, 403]
        canary.looked(10)
        assert canary.statuses() == [200, 200, 200, 403]
        assert "it would be: fail: error rate " in canary.call("confirm-promotion").text


def test_all_state_is_in_the_store(tmp_path: Path) -> None:
    folder = write_analysis(tmp_path / "analyses").parent
    with running(tmp_path, analyses=folder) as server:
        server.traffic.canary = BAD
        first = Canary(server)
        first.call("pre-rollout")
        first.looked(10)
    (folder / "checkout.json").unlink()
    with running(tmp_path, daemon=False, analyses=folder) as server:
        canary = Canary(server)
        assert canary.statuses() == [403, 403, 403, 200]
        assert canary.status("rollback", phase="WaitingPromotion") == 200
        assert canary.status("event") == 200
        assert canary.status("post-rollout", phase="Failed") == 200
        assert len(canary.runs()) == 1
