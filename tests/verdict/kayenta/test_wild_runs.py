"""Whatever a run's intervals hold, the judge answers, in JSON, and a replay says the same."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.sources.recording import bundle_document, bundle_from
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric
from judge.stats.samples import Absence, Count, Interval, Level, Series
from judge.store.packing import as_stored
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.verdict import document
from tests.verdict.kayenta.series import analysis, labels, metric

numbers = st.one_of(
    st.floats(width=64),
    st.integers(0, 5).map(float),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, -0.0]),
)
keys = st.sampled_from(["{}", labels(zone="a"), labels(zone="b"), labels(region="a"), "pod"])
series = st.lists(numbers, min_size=1, max_size=5).map(
    lambda values: Series(tuple(15.0 * i for i in range(len(values))), tuple(values))
)
pods = st.sampled_from(["a", "b"])
counts = st.builds(Count, st.integers(0, 9).map(float), st.integers(0, 9).map(float))
tracks = st.sampled_from([CANARY, BASELINE])
absences = st.dictionaries(tracks, st.sampled_from(list(Absence)), max_size=2)


def of(samples):
    return st.dictionaries(tracks, st.dictionaries(pods, samples, max_size=2), max_size=2)


samples = st.fixed_dictionaries(
    {
        "cpu": st.dictionaries(tracks, st.dictionaries(keys, series, max_size=3), max_size=2),
        "errors": of(counts),
        "memory": of(st.builds(Level, numbers)),
    }
)
looks = st.lists(st.tuples(samples, absences), min_size=1, max_size=6)
rules = st.builds(
    KayentaRules,
    nan_strategy=st.sampled_from(list(NanStrategy)),
    outlier_factor=st.sampled_from([None, 1.5]),
    must_have_data=st.booleans(),
    effect=st.sampled_from([EffectSize(), EffectSize(EffectMeasure.CLES, 0.5, 0.5, 0.5, 0.5)]),
    groups=st.sampled_from([(), ("a",), ("a", "b")]),
)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(looks, rules, st.booleans(), st.booleans(), st.sampled_from([0.0, 120.0]))
def test_every_run_is_judged_and_replayed(made, how, strict, critical, lookback) -> None:
    intervals = [
        as_stored(
            Interval(60.0 * i, 60.0 * (i + 1), one, absent={name: why for name in one if why})
        )
        for i, (one, why) in enumerate(made)
    ]
    asked = analysis(
        metric(rules=how, critical=critical, direction=Direction.EITHER),
        Metric("errors", Kind.PROPORTION, Direction.INCREASE, 1.2, 2.0, critical=critical),
        Metric("memory", Kind.GAUGE, Direction.EITHER, 1.2, 2.0, critical=False),
        strict=strict,
        lookback=lookback,
        duration=60.0 * len(intervals),
    )
    told = KayentaJudge(asked).verdicts(intervals)
    for upto, one in enumerate(told, start=1):
        assert document(one) == document(
            KayentaJudge(asked).look(intervals[:upto], finished=upto == len(intervals))
        )
    assert told[-1].decided
    json.dumps([document(one) for one in told], allow_nan=False)
    bundle = bundle_from(json.loads(json.dumps(bundle_document(asked, [], intervals))))
    again = KayentaJudge(replace(bundle.analysis, duration=asked.duration))
    assert [document(one) for one in again.verdicts(bundle.intervals)] == [
        document(one) for one in told
    ]
