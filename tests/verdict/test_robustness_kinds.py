"""Whatever the data of any kind, the judge answers, and passes nothing that it did not see."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from judge.spec.resolved import BASELINE, CANARY, SHADOW, Bound, Compare, Direction
from judge.stats.samples import Absence, Count, Histogram, Interval, Level
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, document
from tests.verdict.mixed import CLASSIC, NATIVE, gauge, latencies, latency, levels
from tests.verdict.rollouts import analysis, intervals, metric

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 5.0, 600.0, 1e9, math.nan, math.inf]),
    st.integers(0, 1000).map(float),
    st.floats(0, 1e6),
    st.sampled_from([5e-324, 2.2e-311, 1e-12, 1e15]),
)
LAYOUTS = st.sampled_from(
    [
        (math.inf,),
        (0.1, math.inf),
        (0.0, math.inf),
        (-1.0, -0.5, 0.0, 0.5, math.inf),
        (5e-324, 1e-300, 1e300, math.inf),
        CLASSIC,
        NATIVE[40:52] + NATIVE[-1:],
    ]
)
BOUNDS = st.one_of(
    st.none(),
    st.builds(Bound, max=st.sampled_from([0.0, 0.05, 0.5, 1.0, 1e9])),
    st.builds(Bound, min=st.sampled_from([0.0, 0.5, 0.99])),
    st.builds(
        Bound,
        max=st.sampled_from([0.1, 0.5]),
        min=st.none() | st.just(0.05),
        lasting=st.none() | st.sampled_from([1.0, 120.0]),
        quantile=st.sampled_from([0.001, 0.5, 0.99, 0.99999]),
    ),
)
WAYS = st.sampled_from(
    [
        (Direction.INCREASE, 1.0, 1.5),
        (Direction.INCREASE, 1.25, 2.0),
        (Direction.DECREASE, 0.8, 0.5),
        (Direction.EITHER, 1.5, 3.0),
    ]
)
TRACKS = (BASELINE, CANARY, SHADOW)
QUICK = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes, the data say enough
)


@st.composite
def histograms(draw):
    """Cumulative counts over some layout; now and then not even ascending."""
    bounds = draw(LAYOUTS)
    grown = draw(st.lists(NUMBERS, min_size=len(bounds), max_size=len(bounds)))
    cumulative = draw(st.booleans())
    return Histogram(bounds, tuple(np.cumsum(grown).tolist() if cumulative else grown))


SAMPLES = {
    "latency": histograms(),
    "memory": st.builds(
        Level, st.one_of(NUMBERS, st.floats(-1e6, 0.0), st.sampled_from([-math.inf, 1e300]))
    ),
    "error-rate": st.builds(Count, NUMBERS, NUMBERS),
}


@st.composite
def metrics(draw, name):
    """A metric of the name's kind with any direction, limits, bound, weight and role."""
    kind = {"latency": latency, "memory": gauge, "error-rate": metric}[name]
    direction, limit, worst = draw(WAYS)
    bound = draw(BOUNDS)
    if bound is not None and draw(st.booleans()):
        limit = worst = None
    of_gauges = {}
    if name == "memory":
        of_gauges = {
            "floor": draw(st.sampled_from([0.0, 1e-9, 1.0, 1e6])),
            "compare": draw(st.sampled_from(list(Compare))),
        }
    return kind(
        name,
        direction=direction,
        limit=limit,
        worst=worst,
        bound=bound,
        weight=draw(st.sampled_from([1.0, 0.01, 100.0])),
        critical=draw(st.booleans()),
        observe=draw(st.booleans()),
        **of_gauges,
    )


@st.composite
def looks(draw, names, *, most, tracks, start=0.0):
    """Intervals with holes of every reason, pods that come and go, and weights."""
    found = []
    for i in range(draw(st.integers(0, most))):
        samples = {
            name: {
                track: draw(st.dictionaries(st.sampled_from("abc"), SAMPLES[name], max_size=3))
                for track in draw(st.sets(st.sampled_from(tracks)))
            }
            for name in names
            if draw(st.booleans())
        }
        absent = {name: {CANARY: draw(st.sampled_from(list(Absence)))} for name in names}
        weights = draw(
            st.dictionaries(
                st.sampled_from(TRACKS), st.sampled_from([0.0, 0.1, 0.5, 1.0, math.nan])
            )
        )
        begin = start + 60.0 * i
        found.append(Interval(begin, begin + 60.0, samples, weights, absent))
    return found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("names", [("latency",), ("memory",), ("error-rate", "latency", "memory")])
@QUICK
@given(data=st.data(), interval=st.sampled_from([10.0, 60.0, 300.0]))
def test_any_data_of_any_kind_get_an_answer_in_json(names, data, interval):
    of = analysis(
        *(data.draw(metrics(name)) for name in names), interval=interval, duration=interval * 6
    )
    before = data.draw(looks(names, most=10, tracks=(BASELINE,), start=-6000.0))
    run = data.draw(looks(names, most=8, tracks=TRACKS))
    verdict = SequentialJudge(of, before).decide(run)
    text = json.dumps(document(verdict), allow_nan=False)
    assert json.loads(text)["verdict"] in [outcome.value for outcome in Outcome]
    for each in verdict.comparisons.values():
        for one in each.values():
            assert one.evidence is None or not math.isnan(one.evidence)
            assert one.low is None or one.high is None or one.low <= one.high


ONE = {
    "latency": Histogram((0.1, 0.11, 0.12, 0.13, math.inf), (100.0, 150.0, 170.0, 180.0, 200.0)),
    "memory": Level(1e8),
    "error-rate": Count(1.0, 200.0),
}
KINDS = {"latency": latency, "memory": gauge, "error-rate": metric}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("bound", [None, Bound(max=2e8, lasting=120.0)])
@QUICK
@given(
    seen=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=10),
    finished=st.booleans(),
)
def test_nothing_passes_that_was_not_seen_for_half_of_the_run(name, bound, seen, finished):
    run = [
        Interval(
            60.0 * i,
            60.0 * i + 60.0,
            {
                name: {
                    track: {track: ONE[name]}
                    for track, there in zip((CANARY, BASELINE), each, strict=True)
                    if there
                }
            },
        )
        for i, each in enumerate(seen)
    ]
    of = analysis(KINDS[name](name, bound=bound), duration=600.0)
    verdict = SequentialJudge(of, []).decide(run, finished=finished)
    both = [ours and theirs for ours, theirs in seen]
    if verdict.verdict is Outcome.PASS:
        assert sum(both) >= 5
        assert any(both[-3:])
    assert verdict.verdict is not Outcome.FAIL


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_replayed_stops_where_it_stopped_live(name, seed):
    rng = np.random.default_rng(seed)
    drawn = {"latency": latencies, "memory": levels, "error-rate": intervals}[name]
    changed = {
        "latency": {"slower": 1.3},
        "memory": {"higher": 1.5, "noise": 0.1},
        "error-rate": {"tracks": {BASELINE: 1.0, CANARY: 3.0}},
    }[name]
    before = drawn(rng, 480, pods={BASELINE: 4, CANARY: 0})
    run = [
        _thinned(one, name, rng)
        for one in drawn(rng, 20, start=1e6, pods={BASELINE: 4, CANARY: 3}, **changed)
    ]
    judge = SequentialJudge(analysis(KINDS[name](name), duration=1200.0), before)
    for looked in range(1, len(run) + 1):
        live = judge.look(run[:looked], finished=looked == len(run))
        if live.decided:
            break
    assert document(judge.decide(run)) == document(live)


def _thinned(one, name, rng):
    """An interval with pods that come and go, and now and then no pods at all."""
    kept = {
        track: {pod: sample for pod, sample in pods.items() if rng.random() < 0.7}
        for track, pods in one.samples[name].items()
    }
    return Interval(one.start, one.end, {name: kept})
