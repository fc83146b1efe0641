import math

from judge.sources.recorded import RecordedSource
from judge.sources.recording import Bundle
from judge.stats.samples import Count, Histogram, Interval, Level
from tests.verdict.rollouts import analysis


def at(start, canary):
    samples = {"error-rate": {"canary": {"a": Count(canary, 9)}, "baseline": {"b": Count(1, 9)}}}
    return Interval(start, start + 60, samples, weights={"canary": 0.1})


def recorded():
    bundle = Bundle(analysis(), (at(0, 0), at(60, 1)), (at(120, 2), at(180, 3)))
    return RecordedSource(bundle, started_at=10_120.0)


def read(source, start, end, tracks=("baseline", "canary")):
    return source.read(analysis(), start=start, end=end, step=60.0, tracks=tracks, thorough=True)


def test_the_recording_is_played_at_the_time_of_the_run():
    first, second = read(recorded(), 10_120.0, 10_240.0)
    assert (first.start, first.end) == (10_120.0, 10_180.0)
    assert first.samples["error-rate"]["canary"]["a"].events == 2
    assert second.samples["error-rate"]["canary"]["a"].events == 3
    assert first.weights == {"canary": 0.1}


def test_the_history_comes_before_it_and_only_the_tracks_wanted():
    intervals = read(recorded(), 10_000.0, 10_120.0, tracks=("baseline",))
    assert [set(one.samples["error-rate"]) for one in intervals] == [{"baseline"}] * 2


def test_samples_of_every_kind_are_played() -> None:
    samples = {
        "latency": {"canary": {"a": Histogram((0.1, math.inf), (3.0, 4.0), 0.5)}},
        "memory": {"canary": {"a": Level(1.5)}},
    }
    bundle = Bundle(analysis(), (), (Interval(0, 60, samples),))
    (played,) = read(RecordedSource(bundle, started_at=60.0), 60.0, 120.0)
    assert played.samples == samples


def test_what_was_not_recorded_is_a_hole():
    (hole,) = read(recorded(), 10_240.0, 10_300.0)
    assert hole.samples == {}
