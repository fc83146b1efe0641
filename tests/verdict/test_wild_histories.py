"""Whatever a history holds, what is said of it before a run raises nothing, and is words."""

import math

import numpy as np
import pytest

from judge.spec.resolved import Compare, Direction, Kind
from judge.stats.samples import Count, Histogram, Interval, Level
from judge.verdict.planning.plan import Wish, plan_of
from judge.verdict.promise import promise_of
from judge.verdict.testability import shortfalls
from tests.verdict.mixed import gauge, latency
from tests.verdict.rollouts import analysis, metric

WILD = [0.0, 1.0, 3.0, 250.0, -1.0, math.nan, math.inf, -math.inf, 1e12, 1e-320, 0.5]


def sample(rng, kind):
    if kind is Kind.PROPORTION:
        return Count(*(float(rng.choice(WILD)) for _ in range(2)))
    if kind is Kind.GAUGE:
        return Level(float(rng.choice(WILD)))
    bounds = tuple(sorted({float(rng.choice([0.0, 0.1, 0.25, 1.0, 5.0])) for _ in range(3)}))
    return Histogram(
        (*bounds, math.inf), tuple(float(rng.choice(WILD)) for _ in range(len(bounds) + 1))
    )


def wild(rng, name, kind, *, intervals=90):
    """Pods that come and go, with a deploy and holes, and numbers that no service has."""
    found = []
    for i in range(intervals):
        names = [f"{i // 45}-{pod}" for pod in range(4) if rng.random() < 0.7]
        pods = {pod: sample(rng, kind) for pod in names}
        samples = {name: {"baseline": pods}} if rng.random() < 0.9 else {}
        found.append(Interval(60.0 * i, 60.0 * i + 60.0, samples))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "one",
    [
        metric(),
        metric(direction=Direction.EITHER),
        latency(),
        gauge(),
        gauge(floor=2.0, direction=Direction.EITHER),
        gauge(compare=Compare.SLOPE),
    ],
    ids=["counts", "either", "latency", "gauge", "floor", "slope"],
)
def test_wild_numbers(one, seed):
    past = wild(np.random.default_rng(seed), one.name, one.kind)
    of = analysis(one, duration=600.0)
    told = shortfalls(of, past)
    assert all(short.reason and "nan" not in short.reason for short in told)
    found = plan_of(of, past, wish=Wish(), done=lambda _name, _part: None)
    assert found.promise == promise_of(of, past)
    (planned,) = found.metrics
    assert (planned.prospect is None) == bool(planned.cannot)
