from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.spec.units import UnitError, format_duration, parse_duration, parse_seconds, parse_share


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("8h", 28800.0),
        ("1h30m", 5400.0),
        ("500ms", 0.5),
        ("1s500ms", 1.5),
        ("2d", 172800.0),
        ("1w", 604800.0),
        ("0s", 0.0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "way_out"),
    [
        (60, "60 has no unit; write 1m, if seconds were meant"),
        ("90", "'90' has no unit; write 1m30s, if seconds were meant"),
        (1.5, "write 1s500ms"),
        (-1, "write it as 90s, 5m or 8h"),
        (True, "a duration is a text"),
        (None, "a duration is a text"),
        ([], "a duration is a text"),
        ("", "'' is not a duration"),
        ("5 m", "'5 m' is not a duration; write it as 90s, 5m, 1h30m or 500ms"),
        ("5min", "is not a duration"),
        ("1.5h", "is not a duration"),
        ("30m1h", "is not a duration"),
        ("5m5m", "is not a duration"),
        ("-5m", "is not a duration"),
        ("٥m", "is not a duration"),
        ("5m\n", "is not a duration"),
        ("11w" * 20, "is not a duration"),
        ("9" * 50 + "s", "more than 40 characters"),
        ("99999w", "longer than ten years"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_way_out(value: object, way_out: str) -> None:
    with pytest.raises(UnitError, match=re.escape(way_out)):
        parse_duration(value)


@given(st.integers(min_value=0, max_value=10**10))
def test_a_written_duration_reads_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(("value", "seconds"), [(60, 60.0), (0.25, 0.25), ("5m", 300.0)])
def test_a_machine_may_write_plain_seconds(value: object, seconds: float) -> None:
    assert parse_seconds(value) == seconds


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, "60", None, 1e12, 10**400])
def test_a_machine_cannot_write_nonsense_either(value: object) -> None:
    with pytest.raises(UnitError):
        parse_seconds(value)


@pytest.mark.parametrize(
    ("value", "share"),
    [
        ("1%", 0.01),
        ("5 %", 0.05),
        ("0.1%", 0.001),
        ("100%", 1.0),
        (0.05, 0.05),
        ("0.05", 0.05),
        (0, 0.0),
        (1, 1.0),
    ],
)
def test_shares_are_read(value: object, share: float) -> None:
    assert parse_share(value) == share


@pytest.mark.parametrize(
    "value", [5, -0.1, "150%", "1,5%", "%", "", "one", True, None, math.nan, math.inf, 10**400]
)
def test_what_is_no_share_is_refused_with_the_way_out(value: object) -> None:
    with pytest.raises(UnitError, match=r"5% or 0\.05"):
        parse_share(value)
