"""Metrics of one analysis whose series name pods by different labels, on a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from judge.errors import SourceError
from judge.sources.inspect import inspect
from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Absence, Count, Interval
from tests.servers.analyses import analysis, error_rate
from tests.servers.exposition import Series
from tests.servers.misbehaving import error, matrix, misbehaving, says
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

START = 1_700_000_040.0


def counter(name: str, label: str, pod: str, code: str, track: str, *, reset: bool) -> Series:
    """10 a sample of 15 s; with ``reset``, it starts again from 5 in the middle of the minute."""
    values = [float(10 * i) for i in range(9)]
    if reset:
        values[7:] = [5.0, 15.0]
    samples = [(START - 60 + 15 * i, value) for i, value in enumerate(values)]
    return Series(name, {label: pod, "code": code, "track": track}, samples)


SERIES = [
    counter(name, label, f"{track}-{i}", code, track, reset=name == "edge_total" and i == 0)
    for name, label in (("http_requests_total", "pod"), ("edge_total", "controller_pod"))
    for track in ("baseline", "canary")
    for i in range(2)
    for code in ("200", "500")
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backfilled(tmp_path_factory.mktemp("prometheus"), SERIES) as found:
        yield found


def mixed(address: str) -> ResolvedAnalysis:
    edge = error_rate("edge", counter="edge_total")
    return analysis(error_rate(), replace(edge, pod_label="controller_pod"), address=address)


def test_each_metric_is_counted_by_its_own_label(address: str) -> None:
    with PrometheusSource(PrometheusConfig(address=address)) as source:
        (found,) = source.read(
            mixed(address),
            start=START,
            end=START + 60,
            step=60.0,
            tracks=["baseline", "canary"],
            thorough=True,
        )
    assert found.samples["error-rate"]["canary"] == {
        "canary-0": Count(40, 80),
        "canary-1": Count(40, 80),
    }
    # from 40: 50, 60, then a reset to 5, and 15: the raw samples of this label were read
    assert found.samples["edge"]["canary"] == {"canary-0": Count(35, 70), "canary-1": Count(40, 80)}
    assert not found.absent


def test_the_check_counts_pods_by_it(address: str) -> None:
    reports = inspect(mixed(address), at=START + 60)
    assert {(one.metric, one.pods) for one in reports} == {("error-rate", 2), ("edge", 2)}


def test_a_label_that_cannot_be_read_leaves_holes_in_its_own_metrics_alone() -> None:
    refused = error("bad_data", "parse error", status=400)
    with (
        misbehaving(refused, says(matrix())) as server,
        PrometheusSource(PrometheusConfig(address=server.address)) as source,
    ):
        (found,) = read(source, mixed(server.address))
    assert set(found.absent["error-rate"].values()) == {Absence.UNREACHABLE}
    assert set(found.absent["edge"].values()) == {Absence.NO_DATA}


def test_where_no_label_can_be_read_the_first_failure_is_told() -> None:
    refused = error("bad_data", "parse error", status=400)
    with (
        misbehaving(refused, refused) as server,
        PrometheusSource(PrometheusConfig(address=server.address)) as source,
        pytest.raises(SourceError, match="parse error"),
    ):
        read(source, mixed(server.address))


def read(source: PrometheusSource, of: ResolvedAnalysis) -> list[Interval]:
    return source.read(
        of, start=60.0, end=120.0, step=60.0, tracks=["baseline", "canary"], thorough=True
    )
