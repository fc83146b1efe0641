"""A run's evidence, judged again by the real judge: the recorded verdicts, bit for bit."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from typing import Any

import pytest

from judge.errors import SourceUnavailable
from judge.sources.recording import bundle_from
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval
from judge.store.run import EventType, Run
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document
from tests.runs.world import ScriptedSource, World
from tests.store.given import BEGAN

LOOKS = 12
NEVER = 0.0


class NoisySource(ScriptedSource):
    """Counts of four pods, random but the same at each reading; one is no number at all."""

    def __init__(self, *, canary_rate: float, silent_at: float, strange_at: float) -> None:
        super().__init__()
        self._rates = {"baseline": 0.02, "canary": canary_rate}
        self._silent_at, self._strange_at = silent_at, strange_at

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
        if start == self._silent_at:
            raise SourceUnavailable("silent")
        begins = [start + place * step for place in range(round((end - start) / step))]
        return [self._interval(one, one + step, tracks) for one in begins]

    def _interval(self, start: float, end: float, tracks: Sequence[str]) -> Interval:
        rng = random.Random(start)
        counts = {track: self._pods(track, rng) for track in tracks}
        if start == self._strange_at:
            counts["canary"]["canary-0"] = Count(math.nan, math.inf)
        return Interval(start, end, {"errors": counts}, {"canary": 0.5})

    def _pods(self, track: str, rng: random.Random) -> dict[str, Count]:
        totals = {f"{track}-{place}": rng.randint(900, 1100) for place in range(4)}
        rate = self._rates[track]
        return {
            pod: Count(float(sum(rng.random() < rate for _ in range(total))), total / 1.0)
            for pod, total in totals.items()
        }


def _carried_out(world: World, source: ScriptedSource) -> Run:
    """A whole run, each of its looks by a process that remembers nothing."""
    run = world.start(duration=60.0 * LOOKS, history=3600.0)
    world.source, world.judge = source, SequentialJudge
    return world.carried_out(run)


def _judged_again(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    read = bundle_from(json.loads(json.dumps({**bundle, "verdicts": []})))
    again = SequentialJudge(read.analysis, read.history)
    count = len(read.intervals)
    return [
        document(again.look(read.intervals[:upto], finished=upto == count))
        for upto in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("canary_rate", "strange_at", "said"),
    [
        (0.02, NEVER, "pass"),
        (0.02, BEGAN + 120, "inconclusive"),  # what is no number never passes
        (0.1, BEGAN + 120, "fail"),
    ],
)
def test_evidence_gives_the_recorded_verdicts_again(
    world: World, canary_rate: float, strange_at: float, said: str
) -> None:
    source = NoisySource(canary_rate=canary_rate, silent_at=BEGAN + 60, strange_at=strange_at)
    run = _carried_out(world, source)
    assert run.verdict is not None
    assert run.verdict["verdict"] == said
    assert EventType.HOLE in world.events(run)
    bundle = world.runs.evidence(run.id)
    assert bundle["intervals"][1]["samples"] == {}
    assert len(bundle["verdicts"]) == run.next_index > 3
    assert _judged_again(bundle) == bundle["verdicts"]
    assert bundle["verdicts"][-1] == run.verdict


def test_run_that_saw_nothing_knows_nothing(world: World) -> None:
    class Silent(ScriptedSource):
        def read(self, *_: Any, **__: Any) -> list[Interval]:
            raise SourceUnavailable("silent")

    run = _carried_out(world, Silent())
    assert run.verdict is not None
    assert (run.verdict["verdict"], run.next_index) == ("inconclusive", LOOKS)
    assert _judged_again(world.runs.evidence(run.id))[-1] == run.verdict
