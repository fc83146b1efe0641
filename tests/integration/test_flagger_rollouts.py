"""Whole rollouts: the fake Flagger against a real Judge, with every trap on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.store.run import EventType, Run, RunState
from tests.api.running import until
from tests.flagger.canary import Phase, Type, Webhook
from tests.flagger.scripted import scripted
from tests.flagger.stage import (
    AB,
    ALL,
    BAD,
    BLUE_GREEN,
    MIRROR,
    MIRRORED_GREEN,
    SINGLE,
    STEPS,
    Stage,
    answers,
    reasons,
)

FAILED, SUCCEEDED, WAITING = Phase.FAILED, Phase.SUCCEEDED, Phase.WAITING_PROMOTION
MORE_TRAFFIC, PROMOTION = Type.CONFIRM_TRAFFIC_INCREASE, Type.CONFIRM_PROMOTION
STRATEGIES = {
    "steps": (STEPS, "istio"),
    "blue/green": (BLUE_GREEN, "istio"),
    "one iteration": (SINGLE, "istio"),
    "without a mesh": (BLUE_GREEN, "kubernetes"),
    "A/B": (AB, "istio"),
    "mirrored steps": (MIRROR, "istio"),
    "mirrored blue/green": (MIRRORED_GREEN, "istio"),
}


def verdict(run: Run) -> str:
    assert run.verdict is not None
    return str(run.verdict["verdict"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One Judge for many Canaries."""
    with Stage(tmp_path_factory.mktemp("shared")) as stage:
        yield stage


@pytest.fixture
def stage(shared: Stage, request: pytest.FixtureRequest) -> Stage:
    """A Canary of the test's own."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    shared.put_on(name, STEPS)
    return shared


# -- good and bad releases


def test_a_good_release_waits_for_its_verdict_and_is_promoted(stage: Stage) -> None:
    stage.release("2.0")
    waited = stage.until_phase(WAITING)
    (run,) = stage.runs()
    assert run.state is RunState.RUNNING
    assert reasons(waited, PROMOTION)[0].startswith("not decided: not known yet after 2 of 5")
    assert {run.next_index for run in stage.runs()} == {2}
    ticks = stage.until_phase(Phase.PROMOTING)
    (run,) = stage.runs()
    assert (run.state, verdict(run), run.next_index) == (RunState.DONE, "pass", 5)
    assert answers(waited + ticks, PROMOTION) == [403] * 3 + [200]
    assert answers(stage.until_phase(SUCCEEDED), Type.POST_ROLLOUT) == [200]
    assert stage.status.failed_checks == 0


def test_a_bad_release_is_rolled_back_at_the_tick_after_its_verdict(stage: Stage) -> None:
    stage.release("2.0", errors=BAD)
    *before, last = stage.until_phase(FAILED)
    assert [one.hook for one in last.calls] == [Type.ROLLBACK, Type.POST_ROLLOUT]
    (run,) = stage.runs()
    assert (verdict(run), run.next_index) == ("fail", len(answers(before, Type.ROLLOUT)) + 1)
    assert run.next_index < STEPS.threshold
    assert any("manual webhook invoked" in one.message for one in last.events)


def test_without_a_rollback_hook_failed_checks_add_up_to_the_threshold(tmp_path: Path) -> None:
    hooks = tuple(one for one in ALL if one is not Type.ROLLBACK)
    with Stage(tmp_path, hooks=hooks) as stage:
        stage.release("2.0", errors=BAD)
        ticks = stage.until_phase(FAILED)
        checks = answers(ticks, Type.ROLLOUT)
        assert checks == sorted(checks)
        assert checks.count(403) == STEPS.threshold
        assert "error rate" in reasons(ticks, Type.ROLLOUT)[0]
        halts = [one.message for tick in ticks for one in tick.events if "Halt" in one.message]
        assert "external check rollout failed fail: error rate" in halts[-1]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_judged(shared: Stage, name: str) -> None:
    analysis, provider = STRATEGIES[name]
    shared.put_on(re.sub("[^a-z]", "-", name.lower()), analysis, provider)
    shared.release("bad", errors=BAD)
    shared.until_phase(FAILED)
    shared.release("good")
    ticks = shared.until_phase(SUCCEEDED)
    (bad,), (good,) = shared.runs_of("bad"), shared.runs_of("good")
    assert (verdict(bad), verdict(good)) == ("fail", "pass")
    assert shared.status.failed_checks == 0
    oks = 2 if analysis.iterations and not analysis.match else 1
    assert answers(ticks, PROMOTION)[-oks:] == [200] * oks
    assert set(answers(ticks, PROMOTION)[:-oks]) <= {403}


# -- which revision, which attempt


def test_confirm_rollout_tells_of_the_revision_before_and_begins_nothing(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(SUCCEEDED)
    before = stage.runs()
    stage.release("3.0", errors=BAD)
    assert stage.tick().asked(Type.CONFIRM_ROLLOUT) == [200]
    assert stage.runs() == before
    first = stage.tick()
    assert first.asked(Type.ROLLBACK) == [403]
    assert first.asked(Type.PRE_ROLLOUT) == [200]
    stage.until_phase(FAILED)
    assert len(stage.runs_of("3.0")) == 1


def test_evidence_begins_anew_where_another_hook_keeps_the_traffic_away(tmp_path: Path) -> None:
    with scripted() as tester, Stage(tmp_path) as stage:
        tester.answers["smoke"] = 403
        stage.add(Webhook(Type.PRE_ROLLOUT, f"{tester.url}/smoke", "smoke"))
        stage.release("2.0")
        for _ in range(4):
            stage.tick()
        tester.answers["smoke"] = 200
        stage.tick()
        began = stage.clock.now
        *superseded, run = stage.runs_of("2.0")
        assert [one.state for one in superseded] == [RunState.CANCELLED] * 3
        assert run.started_at == began
        assert stage.status.failed_checks == 3
        stage.until_phase(SUCCEEDED)
        assert stage.runs_of("2.0")[-1].id == run.id


def test_a_gate_before_the_first_step_keeps_the_traffic_away_too(tmp_path: Path) -> None:
    with scripted() as gate, Stage(tmp_path) as stage:
        gate.answers["gate"] = 403
        stage.add(Webhook(MORE_TRAFFIC, f"{gate.url}/gate", "gate"))
        stage.release("2.0")
        for _ in range(8):  # longer than the analysis takes
            stage.tick()
        assert "pass" not in [verdict(one) for one in stage.runs() if one.verdict]
        gate.answers["gate"] = 200
        stage.until_phase(SUCCEEDED)
        assert stage.runs()[-1].next_index == 5


def test_a_persons_gate_after_a_pass_does_not_undo_it(tmp_path: Path) -> None:
    """Blue/green goes back from a refused promotion; with one iteration, to its very beginning."""
    with scripted() as gate, Stage(tmp_path, analysis=SINGLE) as stage:
        gate.answers["gate"] = 403
        stage.add(Webhook(PROMOTION, f"{gate.url}/gate", "gate"))
        stage.release("2.0")
        for _ in range(14):
            stage.tick()
        assert stage.status.phase is WAITING
        (run,) = stage.runs()
        assert verdict(run) == "pass"
        gate.answers["gate"] = 200
        stage.until_phase(SUCCEEDED, most=8)
        assert len(stage.runs()) == 1


def test_a_new_revision_in_the_middle_is_judged_on_its_own(stage: Stage) -> None:
    stage.release("2.0", errors=BAD)
    stage.tick()
    stage.tick()
    stage.tick()
    stage.release("3.0")
    assert stage.tick().calls == []
    (old,) = stage.runs()
    assert old.state.active
    stage.tick()
    (old,), (new,) = stage.runs_of("2.0"), stage.runs_of("3.0")
    assert old.state is RunState.CANCELLED
    assert new.started_at == stage.clock.now
    stage.until_phase(SUCCEEDED)


def test_a_new_revision_does_not_profit_from_a_pass(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(WAITING)
    for _ in range(2):
        stage.pass_time()
    stage.release("3.0", errors=BAD)
    for _ in range(3):
        stage.pass_time()
    assert verdict(stage.runs()[0]) == "pass"
    ticks = stage.until_phase(FAILED)
    assert 200 not in answers(ticks, PROMOTION)


def test_a_revision_that_failed_and_comes_again_is_judged_again(stage: Stage) -> None:
    stage.release("2.0", errors=BAD)
    stage.until_phase(FAILED)
    stage.release("1.0")
    assert stage.tick().calls == []
    stage.release("2.0")
    ticks = stage.until_phase(SUCCEEDED, FAILED)
    assert set(answers(ticks, Type.ROLLBACK)) == {403}
    assert [verdict(one) for one in stage.runs_of("2.0")] == ["fail", "pass"]


def test_a_revision_that_passed_and_comes_again_is_judged_again(stage: Stage) -> None:
    for revision in ("2.0", "3.0"):
        stage.release(revision)
        stage.until_phase(SUCCEEDED)
        assert stage.tick().calls == []
    stage.release("2.0", errors=BAD)
    ticks = stage.until_phase(FAILED)
    assert 200 not in answers(ticks, PROMOTION)
    assert [verdict(one) for one in stage.runs_of("2.0")] == ["pass", "fail"]


def test_a_revision_that_failed_comes_again_though_nobody_told_of_its_end(tmp_path: Path) -> None:
    hooks = tuple(one for one in ALL if one not in (Type.CONFIRM_ROLLOUT, Type.POST_ROLLOUT))
    with Stage(tmp_path, hooks=hooks) as stage:
        stage.release("2.0", errors=BAD)
        stage.until_phase(FAILED)
        stage.release("1.0")
        stage.pass_time(3600)
        assert stage.tick().calls == []
        stage.release("2.0")
        ticks = stage.until_phase(SUCCEEDED, FAILED)
        assert set(answers(ticks, Type.ROLLBACK)) == {403}
        assert [verdict(one) for one in stage.runs_of("2.0")] == ["fail", "pass"]


# -- events


def test_what_flagger_tells_stands_among_the_events_of_the_run(tmp_path: Path) -> None:
    with Stage(tmp_path, hooks=(*ALL, Type.EVENT)) as stage:
        stage.release("2.0")
        stage.until_phase(SUCCEEDED)
        last = "Promotion completed! Scaling down podinfo.test"
        until(lambda: last in told(stage))  # they are written down after the answer
        assert "Advance podinfo.test canary weight 20" in told(stage)
        assert told(stage).count("Rollback hook rollback not signaling a rollback") == 2


def told(stage: Stage) -> list[str]:
    """What Flagger said of the only run."""
    (run,) = stage.runs()
    assert stage.server is not None
    events = stage.server.runs.events(run.id)
    return [one.data["message"] for one in events if one.type is EventType.TOLD]
