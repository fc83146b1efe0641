"""Windows and lifetimes are Kayenta's, on its own cases; a time that gives none is refused."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialects.kayenta.instants import parse_instant
from judge.dialects.kayenta.schedule import ScheduleError, Times, lifetime_minutes, schedule
from tests.kayenta_cases import parametrized

NOW = 1_790_000_000.0
MINUTE = 60.0


def _times(request: dict[str, Any], interval: int) -> Times:
    start, end = request.get("startTime"), request.get("endTime")
    iso = request.get("startTimeIso")
    return Times(
        start=parse_instant(iso) if iso else None if start is None else NOW + start * MINUTE,
        end=None if end is None else NOW + end * MINUTE,
        lifetime=5 * interval,
        interval=interval,
        begin_after=request.get("beginAfterMins", 0),
        lookback=request.get("lookbackMins", 0),
    )


@parametrized("windows")
def test_the_windows_are_kayentas(case: dict[str, Any]) -> None:
    planned = schedule(_times(case["request"], case["intervalMins"]), now=NOW)
    offset = case["request"].get("controlOffsetInMinutes", 0) * MINUTE
    for number, expected in enumerate(case["expected"], 1):
        window = planned.window(number)
        for name, at in expected.items():
            if name.endswith("Iso"):
                moved = offset if name.startswith("control") else 0.0
                found = window.end if "end" in name.lower() else window.start
                assert found - moved == parse_instant(at), name
            else:
                assert getattr(window, name) == NOW + at * MINUTE


@parametrized("lifetime")
def test_the_lifetime_is_kayentas(case: dict[str, Any]) -> None:
    end = case.get("end")
    times = Times(
        end=None if end is None else NOW + end * MINUTE, lifetime=case.get("lifetimeDurationMins")
    )
    start = NOW + case.get("start", 0) * MINUTE
    if "error" in case["expected"]:
        with pytest.raises(ScheduleError, match="is missing"):
            lifetime_minutes(start, times)
    else:
        assert lifetime_minutes(start, times) == case["expected"]["lifetimeMins"]


@pytest.mark.parametrize(
    ("lifetime", "interval", "judgements", "minutes"),
    [(10, None, 1, 10), (10, 0, 1, 10), (10, 99, 1, 10), (10, 3, 3, 3), (10, 10, 1, 10)],
)
def test_a_lifetime_holds_so_many_whole_intervals(
    lifetime: int, interval: int | None, judgements: int, minutes: int
) -> None:
    planned = schedule(Times(lifetime=lifetime, interval=interval), now=NOW)
    assert (planned.judgements, planned.interval) == (judgements, minutes * MINUTE)
    assert not planned.at_once


@pytest.mark.parametrize("seconds", [59.999, 0.0, -60.0])
def test_less_than_a_minute_is_refused(seconds: float) -> None:
    with pytest.raises(ScheduleError) as error:
        schedule(Times(start=NOW, end=NOW + seconds), now=NOW)
    assert error.value.field == "scopes[0].endTimeIso"


def test_an_end_counts_before_a_lifetime_and_is_not_waited_for() -> None:
    planned = schedule(Times(start=NOW - 600.25, end=NOW - 0.25, lifetime=3), now=NOW)
    assert planned.window(1).start == NOW - 600.25
    assert (planned.interval, planned.judgements, planned.at_once) == (600.0, 1, True)
