"""Times in Kayenta's form: read with any offset, written as Java writes them."""

from __future__ import annotations

import pytest

from judge.dialects.kayenta.instants import duration_text, instant_text, parse_instant

AT = 1_545_080_199.0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2018-12-17T20:56:39Z", AT),
        ("2018-12-17t20:56:39z", AT),
        ("2018-12-17T20:56:39.689Z", AT + 0.689),
        ("2018-12-17T20:56:39.689123456Z", AT + 0.689),
        ("2018-12-17T22:56:39+02:00", AT),
        ("2018-12-17T15:26:39.5-05:30", AT + 0.5),
        (1_545_080_199, AT),
        (1_545_080_199.689, AT + 0.689),
    ],
)
def test_a_time_is_read(written: object, seconds: float) -> None:
    assert parse_instant(written) == pytest.approx(seconds, abs=1e-9)


NO_TIMES: list[object] = [
    *("", "now", "2018-12-17", "2018-12-17T20:56:39", "2018-02-30T20:56:39Z", "1545080199"),
    *(True, None, -1, 1_545_080_199_000, float("nan"), "٢018-12-17T20:56:39Z", ["x"]),
]


@pytest.mark.parametrize("written", NO_TIMES)
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"time|years"):
        parse_instant(written)


@pytest.mark.parametrize(
    "text", ["2018-12-17T20:56:39Z", "2018-12-17T20:56:39.689Z", "2018-12-17T20:56:39.050Z"]
)
def test_a_time_is_written_as_it_was_read(text: str) -> None:
    assert instant_text(parse_instant(text)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "PT0S"), (3600, "PT1H"), (5400, "PT1H30M"), (3661, "PT1H1M1S"), (90.5, "PT1M30.5S")],
)
def test_a_duration_is_written(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
