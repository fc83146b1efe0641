"""What no observed trace shows of Flagger's ticks, as its documentation and source have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flagger.canary import Analysis, Canary, Phase, Routes, Type, Webhook
from tests.flagger.fake_flagger import Died, FakeFlagger, Tick
from tests.flagger.scripted import Scripted, scripted

CR, PRE, RO = Type.CONFIRM_ROLLOUT, Type.PRE_ROLLOUT, Type.ROLLOUT
CTI, CP, RB, POST = (
    Type.CONFIRM_TRAFFIC_INCREASE,
    Type.CONFIRM_PROMOTION,
    Type.ROLLBACK,
    Type.POST_ROLLOUT,
)


@pytest.fixture
def judge() -> Iterator[Scripted]:
    with scripted() as server:
        server.answers["rollback"] = 403
        yield server


def begun(judge: Scripted, **analysis: Any) -> FakeFlagger:
    """A Flagger whose Canary has begun with a new revision: the next tick is the first one's."""
    hooks = [Webhook(one, f"{judge.url}/{one}", one) for one in Type if one is not Type.EVENT]
    hooks += analysis.pop("more", [])
    flagger = FakeFlagger(Canary(Analysis(**analysis, webhooks=hooks)))
    flagger.tick()
    flagger.canary.revision = "2.0"
    assert asked(flagger.tick()) == [CR]
    return flagger


def asked(tick: Tick) -> list[Type]:
    return [one.hook for one in tick.calls if one.hook is not Type.EVENT]


def test_a_canary_is_mirrored_to_for_one_step_and_not_asked_for_more_traffic(
    judge: Scripted,
) -> None:
    flagger = begun(judge, step_weight=50, max_weight=50, mirror=True)
    assert asked(flagger.tick()) == [RB, PRE, CTI]
    assert flagger.canary.routes == Routes(100, 0, mirrored=True)
    assert asked(flagger.tick()) == [RB, RO]
    assert flagger.canary.routes == Routes(50, 50)
    assert asked(flagger.tick()) == [RB, RO, CTI, CP]


def test_step_weights_are_taken_one_by_one(judge: Scripted) -> None:
    flagger = begun(judge, step_weights=[1, 10, 80])
    weights = []
    while flagger.canary.status.phase is Phase.PROGRESSING:
        flagger.tick()
        weights.append(flagger.canary.routes.canary)
    assert weights == [1, 10, 80, 80]


def test_ab_is_never_asked_for_more_traffic(judge: Scripted) -> None:
    flagger = begun(judge, iterations=2, match=True)
    ticks = [asked(flagger.tick()) for _ in range(3)]
    assert ticks == [[RB, PRE], [RB, RO], [RB, RO, CP]]
    assert flagger.canary.routes == Routes(0, 100)
    assert flagger.canary.status.phase is Phase.PROMOTING


def test_blue_green_mirrors_during_its_iterations(judge: Scripted) -> None:
    flagger = begun(judge, iterations=2, mirror=True)
    mirrored = []
    for _ in range(3):
        flagger.tick()
        mirrored.append(flagger.canary.routes.mirrored)
    assert mirrored == [True, True, False]
    assert flagger.canary.routes == Routes(0, 100)


def test_a_held_promotion_of_iterations_is_asked_for_at_every_other_tick(judge: Scripted) -> None:
    judge.answers["confirm-promotion"] = 403
    flagger = begun(judge, iterations=2)
    ticks = [asked(flagger.tick()) for _ in range(6)]
    assert ticks[2:] == [[RB, RO, CP], [RB, RO], [RB, RO, CP], [RB, RO]]


def test_a_held_promotion_of_a_single_iteration_asks_for_pre_rollout_again(judge: Scripted) -> None:
    judge.answers["confirm-promotion"] = 403
    flagger = begun(judge, iterations=1)
    ticks = [asked(flagger.tick()) for _ in range(4)]
    assert ticks == [[RB, PRE], [RB, RO, CP], [RB, PRE], [RB, RO, CP]]


def test_a_new_revision_restarts_a_held_promotion(judge: Scripted) -> None:
    judge.answers["confirm-promotion"] = 403
    flagger = begun(judge, step_weight=100)
    flagger.tick()
    flagger.tick()
    assert flagger.canary.status.phase is Phase.WAITING_PROMOTION
    flagger.canary.revision = "3.0"
    assert asked(flagger.tick()) == []
    assert flagger.canary.routes == Routes()
    assert asked(flagger.tick()) == [RB, PRE, CTI]


def test_the_revision_that_was_promoted_last_is_no_new_one(judge: Scripted) -> None:
    flagger = begun(judge, step_weight=50)
    judge.answers["rollback"] = 200
    assert asked(flagger.tick()) == [RB, POST]
    assert flagger.canary.status.phase is Phase.FAILED
    flagger.canary.revision = "1.0"
    assert asked(flagger.tick()) == []
    flagger.canary.revision = "2.0"
    assert asked(flagger.tick()) == [CR]


def test_a_tick_that_died_is_taken_again(judge: Scripted) -> None:
    flagger = begun(judge, step_weight=50)
    flagger.dies_after = 2
    with pytest.raises(Died):
        flagger.tick()
    assert flagger.canary.routes == Routes()
    assert asked(FakeFlagger(flagger.canary).tick()) == [RB, PRE, CTI]


def test_events_are_posted_with_what_happened(judge: Scripted) -> None:
    event = Webhook(Type.EVENT, f"{judge.url}/event", "event", {"a": "b", "eventType": "mine"})
    flagger = begun(judge, step_weight=50, more=[event])
    flagger.clock = lambda: 1_578_607_635.167
    tick = flagger.tick()
    posted = [one.said for one in judge.asked if one.path == "/event"]
    messages = [one["metadata"]["eventMessage"] for one in posted]
    assert messages[-len(tick.events) :] == [one.message for one in tick.events]
    assert posted[-1]["metadata"] == {
        "a": "b",
        "eventMessage": "Advance podinfo.test canary weight 50",
        "eventType": "Normal",
        "timestamp": "1578607635167",
    }


def test_without_an_analysis_a_canary_is_promoted_at_once(judge: Scripted) -> None:
    flagger = begun(judge, step_weight=50)
    flagger.canary.skip_analysis = True
    assert asked(flagger.tick()) == [POST]
    assert flagger.canary.status.phase is Phase.SUCCEEDED


def test_pods_that_are_not_ready_skip_the_tick(judge: Scripted) -> None:
    flagger = begun(judge, step_weight=50)
    flagger.ready = lambda: False
    assert asked(flagger.tick()) == []
    flagger.ready = lambda: True
    assert asked(flagger.tick()) == [RB, PRE, CTI]
