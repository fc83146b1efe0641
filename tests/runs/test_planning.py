"""A run planned before it begins: what is read for it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from judge.errors import SourceRejected, SpecError
from judge.runs.planning import plan, plan_recorded
from judge.spec.resolved import Direction, JudgeName
from judge.verdict.planning.plan import Wish
from tests.runs.world import ScriptedSource
from tests.store.given import BEGAN, analysis
from tests.verdict import rollouts


def nothing(_metric: str, _part: float) -> None:
    """Nobody watches."""


def test_the_history_that_a_run_would_read_is_planned_on() -> None:
    source = ScriptedSource()
    found = plan(analysis(history=600.0), source, at=BEGAN, wish=Wish(), done=nothing)
    assert source.asked == [
        {"start": BEGAN - 600, "end": BEGAN, "tracks": ["baseline"], "thorough": False}
    ]
    assert [one.metric.name for one in found.metrics] == ["errors"]
    assert found.history[-1].end == BEGAN


def test_a_server_that_refuses_is_the_callers_to_tell() -> None:
    source = ScriptedSource()
    source.errors = [SourceRejected("no such function")]
    with pytest.raises(SourceRejected):
        plan(analysis(history=600.0), source, at=BEGAN, wish=Wish(), done=nothing)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"history": 0.0, "metrics": (rollouts.metric(better=Direction.INCREASE),)},
            "spec.metrics: an A/B test is not planned",
        ),
        ({"history": 0.0}, "spec.history: is 0, so there is nothing to plan on"),
        ({"judge": JudgeName.KAYENTA}, "spec.judge: Kayenta's judge is not planned"),
        ({"baseline_offset": 86400.0}, "spec.baselineOffset: a comparison with the service's own"),
    ],
    ids=["A/B test", "no history", "another judge", "before/after"],
)
def test_what_cannot_be_planned_is_refused_before_anything_is_read(
    changed: dict[str, Any], told: str
) -> None:
    source = ScriptedSource()
    with pytest.raises(SpecError, match=told):
        plan(replace(analysis(), **changed), source, at=BEGAN, wish=Wish(), done=nothing)
    assert source.asked == []


def test_a_recorded_history_is_planned_on_as_it_is() -> None:
    past = rollouts.history(np.random.default_rng(1), 120)
    of = rollouts.analysis(duration=600.0)
    found = plan_recorded(of, past, wish=Wish(pods=2), done=nothing)
    assert found.analysis.history == 7200.0
    assert found.metrics[0].prospect is not None
    assert found.metrics[0].prospect.planned.canary == 2


def test_a_history_without_a_sample_is_refused() -> None:
    past = rollouts.intervals(np.random.default_rng(1), 60, tracks={"canary": 1.0})
    with pytest.raises(SpecError, match=r"spec.tracks.baseline: its history has no sample"):
        plan_recorded(rollouts.analysis(), past, wish=Wish(), done=nothing)
