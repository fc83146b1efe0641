"""A run before and after, as the daemon carries it out: what it reads, keeps, and says again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from judge.sources.recording import bundle_from
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval
from judge.store.run import EventType, Run
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document
from tests.runs.world import ScriptedSource, World
from tests.store.given import BEGAN

HOUR, DAY, STEP, LOOKS = 3600.0, 86_400.0, 300.0, 6


class Service(ScriptedSource):
    """Two pods that are replaced at BEGAN by two others; the errors are then ``worse``."""

    def __init__(self, *, worse: float, since: float = -np.inf) -> None:
        super().__init__()
        self._worse, self._since = worse, since

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        begins = [start + place * step for place in range(round((end - start) / step))]
        return [self._interval(one, step, tracks) for one in begins]

    def _interval(self, start: float, step: float, tracks: Sequence[str]) -> Interval:
        if start < self._since:
            return Interval(start, start + step, {})
        rng = np.random.default_rng(int(start))
        after = start >= BEGAN
        pods = {
            f"{'new' if after else 'old'}-{pod}": Count(
                float(rng.binomial(2000, 0.01 * (self._worse if after else 1.0))), 2000.0
            )
            for pod in range(2)
        }
        return Interval(start, start + step, {"errors": dict.fromkeys(tracks, pods)})


def carried_out(world: World, source: Service) -> Run:
    """A whole run, each of its looks by a process that remembers nothing."""
    run = world.start(
        interval=STEP, duration=LOOKS * STEP, history=4 * DAY + HOUR, baseline_offset=HOUR
    )
    world.source, world.judge = source, SequentialJudge
    return world.carried_out(run)


@pytest.mark.parametrize(("worse", "said"), [(1.0, "pass"), (4.0, "fail")])
def test_it_is_judged_on_an_hour_before_and_its_evidence_says_so_again(
    world: World, worse: float, said: str
) -> None:
    run = carried_out(world, Service(worse=worse))
    assert run.verdict is not None
    assert (run.verdict["verdict"], run.verdict["promise"]) == (said, "empirical")
    bundle = world.runs.evidence(run.id)
    assert len(bundle["history"]) == 4 * 288 + 12
    assert {*bundle["history"][0]["samples"]["errors"]["baseline"]} == {"pods-1"}
    first = bundle["intervals"][0]
    assert {*first["samples"]["errors"]["canary"]} == {"new-0", "new-1"}
    assert {*first["samples"]["errors"]["baseline"]} == {"old-0", "old-1"}
    read = bundle_from(json.loads(json.dumps({**bundle, "verdicts": []})))
    again = SequentialJudge(read.analysis, read.history)
    count = len(read.intervals)
    assert bundle["verdicts"] == [
        document(again.look(read.intervals[:upto], finished=upto == LOOKS))
        for upto in range(1, count + 1)
    ]


def test_a_server_that_keeps_two_hours_is_told_at_the_start_and_in_the_end(world: World) -> None:
    run = carried_out(world, Service(worse=1.0, since=BEGAN - 2 * HOUR))
    assert run.verdict is not None
    assert (run.verdict["verdict"], run.verdict["promise"]) == ("pass", "uncalibrated")
    assert "has 0.0 days of pairs 1h apart, and it takes 3 days" in run.verdict["reason"]
    (read,) = [one for one in world.runs.events(run.id) if one.type is EventType.HISTORY_READ]
    (short,) = read.data["shortfalls"]
    assert not short["hopeless"]
    assert "let Prometheus keep" in short["reason"]
    assert "(--storage.tsdb.retention.time)" in short["reason"]
