"""The points of consecutive intervals, and which of them a sample belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from judge.sources.client import PrometheusClient
from judge.sources.grid import Grid
from judge.spec.resolved import PrometheusConfig

START = 1000.0


@contextlib.contextmanager
def grid(*, points: int = 5, step: float = 60.0, now: float = 1e9) -> Iterator[Grid]:
    """A grid whose server is never asked."""
    with contextlib.closing(PrometheusClient(PrometheusConfig("http://127.0.0.1:1"))) as client:
        yield Grid(client, START, step, points, now)


@pytest.mark.parametrize(
    ("points", "step", "now", "stretches"),
    [
        pytest.param(5, 60.0, START, [range(5)], id="minutes are never too fresh"),
        pytest.param(5, 10.0, START + 999, [range(5)], id="long ago"),
        pytest.param(5, 10.0, START + 55, [range(3), range(3, 4), range(4, 5)], id="fresh"),
        pytest.param(2, 10.0, START, [range(1), range(1, 2)], id="all fresh"),
        pytest.param(11_001, 60.0, START, [range(11_000), range(11_000, 11_001)], id="many"),
    ],
)
def test_points_are_asked_for_in_stretches(
    points: int, step: float, now: float, stretches: list[range]
) -> None:
    with grid(points=points, step=step, now=now) as one:
        assert one.stretches() == stretches


@pytest.mark.parametrize(
    ("times", "points"),
    [
        pytest.param([1060, 1120, 1180], [1, 2, 3], id="all of them"),
        pytest.param([1120.0004], [2], id="rounded by the server"),
        pytest.param([1000, 1060, 1240], [1], id="some are outside"),
        pytest.param([1000, 1060, 1120], [1, 2], id="as many as asked for, but not those"),
        pytest.param([], [], id="none"),
    ],
)
def test_samples_are_placed_by_their_times(times: list[float], points: list[int]) -> None:
    with grid() as one:
        placed = one.placed([(time, f"at {time}") for time in times], range(1, 4))
    assert [point for point, _ in placed] == points
