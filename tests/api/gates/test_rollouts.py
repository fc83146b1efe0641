"""Gates in whole rollouts of a fake Flagger: what a person opens is for that rollout alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.gates.test_dropin import ask
from tests.api.running import Server, running
from tests.flagger.canary import Analysis, Canary, Phase, Type, Webhook
from tests.flagger.fake_flagger import FakeFlagger, Tick

CONFIRM, PROMOTE, ROLLBACK = Type.CONFIRM_ROLLOUT, Type.CONFIRM_PROMOTION, Type.ROLLBACK
CHECKS = {CONFIRM: "/gate/check", PROMOTE: "/gate/check", ROLLBACK: "/rollback/check"}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("rollouts")
    with running(folder, daemon=False) as server:
        yield server


def begun(
    judge: Server,
    name: str,
    *gated: Type,
    post: str = "",
    steps: Analysis = Analysis(step_weight=100),  # noqa: B008 - frozen
) -> FakeFlagger:
    """A Canary with these gates, initialised with its first revision."""
    hooks = [Webhook(one, judge.url + CHECKS[one], one) for one in gated]
    if post:
        hooks.append(Webhook(Type.POST_ROLLOUT, judge.url + post, "ended"))
    analysis = Analysis(
        step_weight=steps.step_weight, iterations=steps.iterations, webhooks=hooks, threshold=2
    )
    flagger = FakeFlagger(Canary(analysis, name=name))
    flagger.tick()
    return flagger


def release(flagger: FakeFlagger, revision: str) -> Tick:
    flagger.canary.revision = revision
    return flagger.tick()


def open_(judge: Server, flagger: FakeFlagger, what: str = "gate") -> None:
    assert ask(judge, f"/{what}/open", name=flagger.canary.name).status_code == 202


def ticks(flagger: FakeFlagger, count: int) -> Phase:
    for _ in range(count):
        flagger.tick()
    return flagger.canary.status.phase


def to_the_end(flagger: FakeFlagger) -> Phase:
    """On until nothing moves any more."""
    for _ in range(12):
        before = flagger.canary.status
        flagger.tick()
        if flagger.canary.status == before and before.phase in (Phase.SUCCEEDED, Phase.FAILED):
            break
    return flagger.canary.status.phase


def test_one_gate_for_the_start_and_the_promotion_is_opened_twice(judge: Server) -> None:
    flagger = begun(judge, "twice", CONFIRM, PROMOTE)
    for revision in ("2.0", "3.0"):
        assert release(flagger, revision).asked(CONFIRM) == [403]
        assert ticks(flagger, 2) is Phase.WAITING
        open_(judge, flagger)
        assert flagger.tick().asked(CONFIRM) == [200]
        assert ticks(flagger, 4) is Phase.WAITING_PROMOTION
        open_(judge, flagger)
        assert to_the_end(flagger) is Phase.SUCCEEDED
        assert flagger.canary.status.promoted == revision


def test_after_a_failure_it_is_opened_twice_as_well(judge: Server) -> None:
    """There the checksum is the new revision's from the start."""
    flagger = begun(judge, "failed", CONFIRM, PROMOTE, ROLLBACK)
    release(flagger, "2.0")
    open_(judge, flagger)
    assert ticks(flagger, 2) is Phase.PROGRESSING
    open_(judge, flagger, "rollback")
    assert ticks(flagger, 1) is Phase.FAILED
    assert release(flagger, "3.0").asked(CONFIRM) == [403]
    open_(judge, flagger)
    assert flagger.tick().asked(CONFIRM) == [200]
    assert ticks(flagger, 4) is Phase.WAITING_PROMOTION
    open_(judge, flagger)
    assert to_the_end(flagger) is Phase.SUCCEEDED


def test_an_open_rollback_does_not_fail_the_next_rollout(judge: Server) -> None:
    flagger = begun(judge, "next", ROLLBACK)
    release(flagger, "2.0")
    assert ticks(flagger, 1) is Phase.PROGRESSING
    open_(judge, flagger, "rollback")
    assert flagger.tick().asked(ROLLBACK) == [200]
    assert flagger.canary.status.phase is Phase.FAILED
    release(flagger, "3.0")
    assert to_the_end(flagger) is Phase.SUCCEEDED


def test_a_rollback_that_is_opened_between_rollouts_is_for_nothing(judge: Server) -> None:
    flagger = begun(judge, "between", ROLLBACK)
    release(flagger, "2.0")
    assert to_the_end(flagger) is Phase.SUCCEEDED
    open_(judge, flagger, "rollback")
    release(flagger, "3.0")
    assert to_the_end(flagger) is Phase.SUCCEEDED


def test_a_gate_that_is_opened_during_the_analysis_lets_its_promotion_through(
    judge: Server,
) -> None:
    """The rollback's checks tell which revision is under way."""
    flagger = begun(judge, "early", PROMOTE, ROLLBACK)
    release(flagger, "2.0")
    ticks(flagger, 1)
    open_(judge, flagger)
    assert to_the_end(flagger) is Phase.SUCCEEDED
    release(flagger, "3.0")
    assert ticks(flagger, 5) is Phase.WAITING_PROMOTION


def test_a_new_revision_while_the_old_one_was_let_through_waits_again(judge: Server) -> None:
    flagger = begun(judge, "restart", PROMOTE, steps=Analysis(iterations=3))
    release(flagger, "2.0")
    ticks(flagger, 5)
    assert flagger.canary.status.phase is Phase.WAITING_PROMOTION
    open_(judge, flagger)
    release(flagger, "3.0")
    assert ticks(flagger, 6) is Phase.WAITING_PROMOTION
    assert flagger.canary.status.applied == "3.0"


@pytest.mark.parametrize("post", ["/gate/approve", "/gate/check"])
def test_the_same_revision_once_more_is_another_rollout_where_its_end_is_told(
    judge: Server, post: str
) -> None:
    """2.0 was rolled back by hand; 1.0, promoted before, needs no rollout; and 2.0 again."""
    flagger = begun(judge, post.replace("/", "x"), ROLLBACK, post=post)
    release(flagger, "2.0")
    ticks(flagger, 1)
    open_(judge, flagger, "rollback")
    assert ticks(flagger, 1) is Phase.FAILED
    release(flagger, "1.0")
    release(flagger, "2.0")
    assert flagger.canary.status.phase is Phase.PROGRESSING
    assert to_the_end(flagger) is Phase.SUCCEEDED


def test_blue_green_needs_one_opening_for_both_its_questions(judge: Server) -> None:
    flagger = begun(judge, "bluegreen", PROMOTE, steps=Analysis(iterations=2))
    release(flagger, "2.0")
    assert ticks(flagger, 4) is Phase.WAITING_PROMOTION
    open_(judge, flagger)
    assert to_the_end(flagger) is Phase.SUCCEEDED
