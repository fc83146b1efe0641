"""Pods whose error series vanished: which of them live on."""

from __future__ import annotations

import math

import pytest

from judge.sources.lost_events import last_seen, lives_on
from judge.sources.raw_series import RawSeries

SINCE, UNTIL = 1000, 2000


def raw(*samples: tuple[int, float], pod: str = "a", code: str = "200") -> RawSeries[float]:
    labels = frozenset({("pod", pod), ("code", code)})
    times, values = zip(*samples, strict=True)
    return RawSeries(labels, labels, (pod, "app", "1"), times, values)


WENT_ON = raw((1000, 5), (1500, 6), (2100, 7))


@pytest.mark.parametrize(
    ("total", "lives"),
    [
        pytest.param([WENT_ON], True, id="went on"),
        pytest.param([raw((990, 5), (1500, 6), (2100, 7))], True, id="scraped at other times"),
        pytest.param([WENT_ON, raw((1500, 1), (2100, 2), code="404")], True, id="a code was born"),
        pytest.param([WENT_ON, raw((1000, 1), code="404")], True, id="a code was lost"),
        pytest.param([raw((1000, 5), (1500, 2), (2100, 7))], False, id="restarted"),
        pytest.param([WENT_ON, raw((1000, 9), (1500, 1), code="404")], False, id="one overtook"),
        pytest.param([raw((900, 9), (950, 1), (1000, 5), (1500, 6), (2100, 7))], True,
                     id="restarted before its last events"),
        pytest.param([raw((1000, 5), (1500, 6), (2050, 7), (2100, 1))], True,
                     id="restarted after the start"),
        pytest.param([raw((1000, 5), (1500, 6), (2100, 1))], False,
                     id="restarted by the first scrape after the start"),
        pytest.param([raw((1000, 5), (1500, 6)), raw((1800, 1), (2100, 7), code="204")], False,
                     id="began anew elsewhere"),
        pytest.param([raw((1000, 5), (2100, 7))], False, id="nobody saw any of it"),
        pytest.param([raw((1000, 5), (1500, math.inf), (1600, 6), (2100, 7))], True,
                     id="was no number for a while"),
        pytest.param([], False, id="nothing"),
    ],
)  # fmt: skip
def test_a_process_lives_on(total: list[RawSeries[float]], lives: bool) -> None:
    assert lives_on(total, since=SINCE, until=UNTIL) is lives


def test_the_last_sample_of_any_of_a_pods_series_counts() -> None:
    series = [
        raw((100, 1), (300, 2), (2100, 3)),
        raw((200, 1), (500, 1), code="502"),
        raw((400, 1), pod="b"),
        raw((2100, 1), pod="c"),
    ]
    assert last_seen(series, until=2000) == {"a": 500, "b": 400}
