"""Rollouts under Flagger in which something goes wrong, or somebody steps in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.errors import SourceUnavailable
from judge.store.run import Run, RunState
from tests.flagger.canary import Phase, Type, Webhook
from tests.flagger.fake_flagger import Died, Tick
from tests.flagger.killable import Killable
from tests.flagger.stage import ALL, BAD, GOOD, MINUTE, STEPS, Stage, answers, reasons

FAILED, SUCCEEDED, WAITING = Phase.FAILED, Phase.SUCCEEDED, Phase.WAITING_PROMOTION
MORE_TRAFFIC, PROMOTION = Type.CONFIRM_TRAFFIC_INCREASE, Type.CONFIRM_PROMOTION
SILENT = SourceUnavailable("Prometheus does not answer")


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


# -- Prometheus


def test_while_prometheus_is_silent_all_stands_still_and_no_check_fails(stage: Stage) -> None:
    stage.release("2.0")
    stage.tick()
    stage.tick()
    weight = stage.flagger.canary.routes.canary
    stage.traffic.fails = SILENT
    dark = [stage.tick() for _ in range(4)]
    assert stage.flagger.canary.routes.canary == weight
    assert set(answers(dark, Type.ROLLOUT)) == {200}
    assert set(answers(dark, MORE_TRAFFIC)) == {403}
    assert set(answers(dark, Type.ROLLBACK)) == {403}
    assert "Prometheus" in reasons(dark, MORE_TRAFFIC)[0]
    stage.traffic.fails = None
    stage.until_phase(SUCCEEDED)
    assert stage.status.failed_checks == 0
    assert verdict(stage.runs()[0]) == "pass"


def test_a_bad_release_is_found_after_prometheus_was_silent(stage: Stage) -> None:
    stage.release("2.0", errors=BAD)
    stage.tick()
    stage.tick()
    stage.traffic.fails = SILENT
    for _ in range(4):
        assert stage.tick().asked(Type.ROLLBACK) == [403]
    stage.traffic.fails = None
    stage.until_phase(FAILED)
    assert stage.status.failed_checks == 0


def test_without_any_numbers_it_holds_until_somebody_decides(stage: Stage) -> None:
    stage.release("2.0")
    stage.traffic.fails = SILENT
    ticks = [stage.tick() for _ in range(20)]
    stage.traffic.fails = None
    (run,) = stage.runs()
    assert (run.state, verdict(run)) == (RunState.DONE, "inconclusive")
    assert stage.status.phase is Phase.PROGRESSING
    assert set(answers(ticks, Type.ROLLOUT)) == {200}
    assert 200 not in answers(ticks, PROMOTION)
    stage.release("2.1")
    stage.until_phase(SUCCEEDED)


# -- persons


def test_what_a_person_holds_goes_neither_forth_nor_back(stage: Stage) -> None:
    stage.release("2.0", errors=BAD)
    stage.tick()
    stage.tick()
    stage.steer("hold")
    held = [stage.tick() for _ in range(6)]
    assert verdict(stage.runs()[0]) == "fail"
    assert set(answers(held, Type.ROLLBACK)) == {403}
    assert set(answers(held, Type.ROLLOUT)) == {200}
    assert set(answers(held, MORE_TRAFFIC)) == {403}
    stage.steer("approve")
    assert stage.tick().asked(Type.ROLLBACK) == [200]
    assert stage.status.phase is FAILED


def test_a_held_pass_is_promoted_once_it_is_approved(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(WAITING)
    stage.steer("hold")
    held = [stage.tick() for _ in range(5)]
    assert verdict(stage.runs()[0]) == "pass"
    assert set(answers(held, PROMOTION)) == {403}
    stage.steer("approve")
    assert stage.tick().asked(PROMOTION) == [200]


def test_a_person_promotes_before_the_verdict(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(WAITING)
    stage.steer("promote")
    assert stage.tick().asked(PROMOTION) == [200]
    stage.until_phase(SUCCEEDED)


def test_a_person_rolls_back_while_promotion_waits(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(WAITING)
    stage.steer("rollback")
    assert stage.tick().asked(Type.ROLLBACK) == [200]
    assert stage.status.phase is FAILED


def test_a_cancelled_run_decides_nothing_and_the_next_revision_is_judged(stage: Stage) -> None:
    stage.release("2.0")
    stage.until_phase(WAITING)
    stage.steer("cancel")
    ticks = [stage.tick() for _ in range(6)]
    assert stage.status.phase is WAITING
    assert stage.status.failed_checks == 0
    assert "cancelled" in reasons(ticks, PROMOTION)[-1]
    stage.release("3.0")
    stage.until_phase(SUCCEEDED)


# -- modes


def test_in_observe_mode_flagger_goes_its_own_way(tmp_path: Path) -> None:
    with Stage(tmp_path, spec={"mode": "observe"}) as stage:
        stage.release("2.0", errors=BAD)
        ticks = stage.until_phase(SUCCEEDED)
        declined = {one.hook for tick in ticks for one in tick.calls if not one.answer.passed}
        assert declined == {Type.ROLLBACK}
        assert answers(ticks, PROMOTION) == [200]
        assert "observe mode" in reasons(ticks, Type.ROLLBACK)[-1]


def test_a_run_that_is_watched_on_outlives_the_rollout(tmp_path: Path) -> None:
    with Stage(tmp_path, spec={"keepWatching": "10m"}) as stage:
        stage.release("2.0")
        stage.until_phase(SUCCEEDED)
        (run,) = stage.runs()
        assert run.state is RunState.WATCHING
        stage.traffic.canary = BAD
        for _ in range(10):
            assert stage.tick().calls == []
        (run,) = stage.runs()
        assert (run.state, verdict(run)) == (RunState.DONE, "fail")
        # What comes next is not rolled back for it.
        stage.release("3.0")
        ticks = stage.until_phase(SUCCEEDED, FAILED)
        assert set(answers(ticks, Type.ROLLBACK)) == {403}
        assert stage.status.phase is SUCCEEDED


@pytest.mark.parametrize(
    "missing", [{Type.PRE_ROLLOUT}, {Type.PRE_ROLLOUT, MORE_TRAFFIC}], ids=["pre", "pre, traffic"]
)
def test_without_a_pre_rollout_hook_the_next_one_begins_the_run(
    tmp_path: Path, missing: set[Type]
) -> None:
    hooks = tuple(one for one in ALL if one not in missing)
    with Stage(tmp_path, hooks=hooks) as stage:
        stage.release("2.0", errors=BAD)
        stage.until_phase(FAILED)
        stage.release("3.0")
        stage.until_phase(SUCCEEDED)
        assert [verdict(one) for one in stage.runs()] == ["fail", "pass"]


def test_a_broken_analysis_keeps_a_rollout_waiting_until_it_is_mended(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        written = stage.stored.read_text()
        stage.stored.write_text(written.replace("error-rate", "no such template"))
        stage.release("2.0")
        for _ in range(2):
            assert stage.tick().asked(Type.CONFIRM_ROLLOUT) == [400]
        assert stage.status.phase is Phase.WAITING
        assert "podinfo.json" in reasons(stage.ticks, Type.CONFIRM_ROLLOUT)[0]
        assert stage.runs() == []
        stage.stored.write_text(written)
        stage.until_phase(SUCCEEDED)


def test_a_rollout_goes_on_by_the_analysis_that_it_began_with(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.release("2.0")
        stage.until_phase(WAITING)
        stage.stored.unlink()
        stage.restart_judge()
        stage.until_phase(SUCCEEDED)
        stage.release("3.0")
        assert stage.tick().asked(Type.CONFIRM_ROLLOUT) == [404]


# -- restarts


def course(ticks: list[Tick]) -> list[Any]:
    return [[(one.hook, one.phase, one.answer.status) for one in tick.calls] for tick in ticks]


def undisturbed(folder: Path, *, errors: float, end: Phase) -> list[Any]:
    """The course of a rollout in which nobody is restarted."""
    folder.mkdir()
    with Stage(folder) as stage:
        stage.release("2.0", errors=errors)
        return course(stage.until_phase(end))


def test_restarts_between_any_two_ticks_change_nothing(tmp_path: Path) -> None:
    wanted = undisturbed(tmp_path / "undisturbed", errors=BAD, end=FAILED)
    with Stage(tmp_path) as stage:
        stage.release("2.0", errors=BAD)
        found = []
        for _ in wanted:
            stage.restart_judge()
            stage.restart_flagger()
            found.append(stage.tick())
        assert course(found) == wanted
        assert stage.status.phase is FAILED
        assert len(stage.runs()) == 1


def test_a_judge_that_is_killed_between_any_two_ticks_comes_to_the_same_verdict(
    tmp_path: Path,
) -> None:
    wanted = undisturbed(tmp_path / "undisturbed", errors=GOOD, end=SUCCEEDED)
    stage = Stage(tmp_path)
    stage.flagger.tick()
    stage.flagger.canary.revision = "2.0"
    found = []
    for _ in wanted:
        judge = Killable.start(tmp_path, now=stage.clock.now, errors=GOOD)
        stage.clock.now += MINUTE
        judge.pass_time(stage.clock.now)
        stage.point_hooks(judge.url)
        found.append(stage.flagger.tick())
        judge.pass_time(stage.clock.now)  # whoever dies in a look leaves a lease of 30 s behind
        judge.kill()
    assert course(found) == wanted


@pytest.mark.parametrize(("errors", "end"), [(GOOD, SUCCEEDED), (BAD, FAILED)], ids=["good", "bad"])
def test_a_flagger_that_dies_after_each_of_its_calls_comes_to_the_same_end(
    stage: Stage, errors: float, end: Phase
) -> None:
    stage.release("2.0", errors=errors)
    deaths = 0
    while stage.status.phase is not end:
        stage.pass_time()
        for stage.flagger.dies_after in range(1, 9):
            try:
                stage.flagger.tick()
                break
            except Died:
                deaths += 1
                stage.restart_flagger()
    assert deaths > 10
    assert len(stage.runs()) == 1
    assert stage.status.failed_checks == 0


def test_while_judge_is_away_checks_fail_and_nothing_is_decided(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.release("2.0")
        stage.tick()
        stage.tick()
        stage.stop_judge()
        away = [stage.tick() for _ in range(2)]
        assert set(answers(away, Type.ROLLBACK)) == {0}
        assert stage.status.failed_checks == 2
        stage.start_judge()
        stage.until_phase(WAITING)
        stage.stop_judge()
        stage.tick()
        assert stage.status.phase is WAITING
        stage.start_judge()
        stage.until_phase(SUCCEEDED)
        assert stage.status.failed_checks == 3
        (run,) = stage.runs()
        assert (verdict(run), run.next_index) == ("pass", 5)


def test_a_bad_release_is_rolled_back_as_soon_as_judge_is_back(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.release("2.0", errors=BAD)
        stage.tick()
        stage.tick()
        stage.stop_judge()
        for _ in range(4):
            stage.tick()
        stage.start_judge()
        assert stage.tick().asked(Type.ROLLBACK) == [200]


def test_skipped_ticks_only_take_time(stage: Stage) -> None:
    stage.release("2.0")
    stage.tick()
    stage.tick()
    stage.flagger.ready = lambda: False
    for _ in range(3):
        assert stage.tick().calls == []
    stage.flagger.ready = lambda: True
    stage.flagger.canary.suspend = True
    for _ in range(3):
        assert stage.tick().calls == []
    stage.flagger.canary.suspend = False
    assert answers(stage.until_phase(SUCCEEDED), PROMOTION) == [200]


# -- gates


def test_an_open_rollback_gate_ends_one_rollout_and_not_the_next(stage: Stage) -> None:
    assert stage.server is not None
    url = stage.server.url
    stage.add(Webhook(Type.ROLLBACK, f"{url}/rollback/check", "by hand"))
    body = {"name": stage.flagger.canary.name, "namespace": "test"}
    stage.release("2.0")
    stage.until_phase(WAITING)
    assert stage.server.http.post("/rollback/open", json=body).status_code == 202
    stage.until_phase(FAILED)
    assert "Rollback check by hand passed" in [one.message for one in stage.ticks[-1].events]
    (run,) = stage.runs()
    assert run.state is RunState.CANCELLED
    stage.release("3.0")
    stage.until_phase(SUCCEEDED, FAILED)
    assert stage.status.phase is SUCCEEDED
    stage.others.clear()
