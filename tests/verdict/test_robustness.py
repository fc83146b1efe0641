"""Whatever the data, the judge answers: no exception, no warning, no number that is none."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.spec.resolved import Direction
from judge.stats.samples import Count, Interval
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, document
from tests.verdict.rollouts import analysis, metric

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 5.0, 600.0, 1e9, math.nan, math.inf]),
    st.integers(0, 1000).map(float),
    st.floats(0, 1e6),
    st.sampled_from([5e-324, 2.2e-311, 1e-12]),
)
WAYS = [
    (Direction.INCREASE, 1.25, 2.0),
    (Direction.DECREASE, 0.8, 0.5),
    (Direction.EITHER, 1.5, 3.0),
]
PODS = st.dictionaries(st.sampled_from("abc"), st.builds(Count, NUMBERS, NUMBERS), max_size=3)
TRACKS = st.dictionaries(st.sampled_from(["baseline", "canary", "shadow"]), PODS, max_size=3)
SAMPLES = st.dictionaries(st.just("error-rate"), TRACKS, max_size=1)


def timed(samples, start=0.0):
    return [Interval(start + 60 * i, start + 60 * i + 60, one) for i, one in enumerate(samples)]


@pytest.mark.filterwarnings("error")
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    before=st.lists(SAMPLES, max_size=14),
    run=st.lists(SAMPLES, max_size=8),
    direction=st.sampled_from(
        [
            (Direction.INCREASE, 1.25, 2.0),
            (Direction.DECREASE, 0.8, 0.5),
            (Direction.EITHER, 1.5, 3.0),
        ]
    ),
    interval=st.sampled_from([10.0, 60.0, 300.0]),
)
def test_any_data_get_an_answer_in_json(before, run, direction, interval):
    way, limit, worst = direction
    of = analysis(
        metric(direction=way, limit=limit, worst=worst),
        interval=interval,
        duration=interval * 8,
    )
    verdict = SequentialJudge(of, timed(before)).decide(timed(run, 1e6))
    text = json.dumps(document(verdict), allow_nan=False)
    assert json.loads(text)["verdict"] in [outcome.value for outcome in Outcome]
    one = verdict.metrics["error-rate"]
    assert one.evidence is None or not math.isnan(one.evidence)
    if one.low is not None and one.high is not None:
        assert one.low <= one.high


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("requests", [1, 10**3, 10**7])
@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.01, 0.049, 0.051, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("pods", [1, 2, 30])
def test_every_rate_volume_and_number_of_pods_can_be_judged(requests, rate, pods):
    rng = np.random.default_rng(1)

    def one(track, ratio=1.0):
        count = float(rng.binomial(requests, min(1.0, rate * ratio)))
        return {f"{track}-{i}": Count(count, float(requests)) for i in range(pods)}

    before = timed([{"error-rate": {"baseline": one("b")}} for _ in range(40)])
    run = timed(
        [{"error-rate": {"baseline": one("b"), "canary": one("c", 1.1)}} for _ in range(8)], 1e6
    )
    verdict = SequentialJudge(analysis(duration=480.0), before).decide(run)
    assert verdict.decided
    assert json.dumps(document(verdict), allow_nan=False)
