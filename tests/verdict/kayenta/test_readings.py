"""What counts of a track's values: the window's, once each, at the step that was asked for."""

from __future__ import annotations

from judge.spec.resolved import Direction, Kind, Metric, Query, Reading
from judge.stats.samples import Absence, Interval, Series
from judge.verdict.kayenta.readings import TrackReadings

BEGAN = 1_000_020.5
LENGTH = 420.0


def readings(looks: int, *, lookback: float = 0.0, every: float | None = None) -> TrackReadings:
    """Looks of seven minutes, each read every minute; a value is its minute since the start."""
    query = Query("x", Reading.SERIES, step=60.0, every=every)
    queries = {"canary": {"values": query}}
    metric = Metric("x", Kind.SERIES, Direction.EITHER, None, None, queries=queries)
    found = TrackReadings(metric, "canary", lookback)
    for look in range(looks):
        at = tuple(60.0 * i for i in range(8))
        values = tuple(float(look * 7 + i) for i in range(8))
        start = BEGAN + look * LENGTH
        found.add(Interval(start, start + LENGTH, {"x": {"canary": {"{}": Series(at, values)}}}))
    return found


def values(found: TrackReadings) -> list[float]:
    (side,) = found.sides()
    return list(side.values)


def test_a_value_that_two_looks_read_counts_once() -> None:
    assert values(readings(2)) == list(range(15))


def test_a_larger_step_counts_from_the_start_of_the_window() -> None:
    assert values(readings(2, every=120.0)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert values(readings(2, every=300.0)) == [0, 5, 10]


def test_with_a_lookback_the_window_starts_later_at_each_look() -> None:
    assert values(readings(2, lookback=540.0, every=120.0)) == [5, 7, 9, 11, 13]
    assert values(readings(3, lookback=540.0, every=120.0)) == [12, 14, 16, 18, 20]


def test_a_silent_track_should_have_had_as_many_values_as_count() -> None:
    found = readings(0, every=120.0)
    found.add(Interval(BEGAN, BEGAN + LENGTH, {}))
    (side,) = found.sides()
    assert (side.expected, len(side.values)) == (3, 0)


def test_a_short_lookback_into_an_unread_look_is_unread() -> None:
    found = readings(1, lookback=60.0)
    assert not found.unread()
    start = BEGAN + LENGTH
    absent = {"x": {"canary": Absence.PARTIAL}}
    found.add(Interval(start, start + LENGTH, {}, absent=absent))
    assert found.unread()
