"""Histograms from a real Prometheus and a real VictoriaMetrics: exact, whatever series do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import PrometheusConfig
from tests.integration.latencies import (
    Latencies,
    leaves_doubts_out,
    says_the_same_at_once,
    telescopes,
)
from tests.integration.scraped import measure_exactly
from tests.servers import prometheus, victoria_metrics
from tests.servers.analyses import latency
from tests.servers.histories import Pod, pods
from tests.servers.latencies import LATENCY, SECONDS, classic, native, truth
from tests.servers.target import target

pytestmark = pytest.mark.xdist_group("histograms")

PODS = pods()
# Pods with an interval that their sums at its ends do not decide, on every server.
DOUBTED = ("restarts", "exchanges", "newborn", "first-errors")
# Prometheus 2.42 finds no resets of native histograms; these leave no trace at an interval's ends.
UNSEEN = ("overtakes", "pair-restarts")


def _name(pod: Pod) -> str:
    return pod.name


@pytest.fixture(scope="module")
def classics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latencies]:
    """Classic histograms in a Prometheus."""
    series = [one for pod in PODS for one in classic(pod, "baseline")]
    with prometheus.backfilled(tmp_path_factory.mktemp("classic"), series) as address:
        yield Latencies(address, latency())


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latencies]:
    """Classic histograms in a VictoriaMetrics."""
    series = [one for pod in PODS for one in classic(pod, "baseline")]
    with victoria_metrics.imported(tmp_path_factory.mktemp("victoria"), series) as address:
        yield Latencies(address, latency())


@pytest.fixture(scope="module")
def natives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Latencies]:
    """Native histograms in a Prometheus."""
    series = [one for pod in PODS for one in native(pod, "baseline")]
    with prometheus.written(tmp_path_factory.mktemp("native"), natives=series) as address:
        yield Latencies(address, latency(buckets=LATENCY))


@pytest.mark.parametrize("pod", PODS, ids=_name)
def test_classic_histograms_add_up_to_the_truth(classics: Latencies, pod: Pod) -> None:
    telescopes(classics, pod)


@pytest.mark.parametrize("pod", PODS, ids=_name)
def test_they_do_on_victoria_metrics(elsewhere: Latencies, pod: Pod) -> None:
    telescopes(elsewhere, pod)


@pytest.mark.parametrize("pod", [one for one in PODS if one.name not in UNSEEN], ids=_name)
def test_native_histograms_add_up_to_the_truth(natives: Latencies, pod: Pod) -> None:
    telescopes(natives, pod)


@pytest.mark.parametrize("pod", [one for one in PODS if one.name in UNSEEN], ids=_name)
def test_what_a_restart_hides_is_never_counted_twice(natives: Latencies, pod: Pod) -> None:
    found = [one for one in natives.of(natives.looks, pod.name) if one is not None]
    counted, happened = sum(one.total for one in found), truth(pod, math.inf)
    assert 0.99 * happened < counted < happened


@pytest.mark.parametrize("kind", ["classics", "elsewhere", "natives"])
def test_hours_read_at_once_are_the_looks(kind: str, request: pytest.FixtureRequest) -> None:
    says_the_same_at_once(request.getfixturevalue(kind))


@pytest.mark.parametrize("kind", ["classics", "elsewhere", "natives"])
def test_doubts_without_raw_samples_are_holes(kind: str, request: pytest.FixtureRequest) -> None:
    leaves_doubts_out(request.getfixturevalue(kind), DOUBTED, PODS)


def test_a_native_histogram_knows_its_sum(natives: Latencies) -> None:
    found = [one for one in natives.of(natives.looks, "steady") if one is not None]
    assert {round(one.sum / one.total, 9) for one in found} == {SECONDS}


def test_native_histograms_are_exact_while_it_scrapes(tmp_path: Path) -> None:
    with (
        target() as scraped,
        prometheus.scraping(
            tmp_path, [scraped.address], prometheus.NATIVE, interval="500ms"
        ) as address,
        PrometheusSource(PrometheusConfig(address=address)) as source,
    ):
        measure_exactly(scraped, source)
