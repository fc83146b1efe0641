"""Exact counts from a real Prometheus: with a history, and while it scrapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import PrometheusConfig
from tests.integration import exactness
from tests.integration.scraped import count_exactly, leave_out_lost_events
from tests.servers.histories import Pod
from tests.servers.prometheus import backfilled, scraping
from tests.servers.target import target

pytestmark = pytest.mark.xdist_group("prometheus")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that holds the history."""
    with backfilled(tmp_path_factory.mktemp("prometheus"), exactness.series()) as found:
        yield found


@pytest.mark.parametrize("pod", exactness.WHOLE, ids=lambda pod: pod.name)
def test_the_increments_of_a_pod_add_up_to_the_truth(address: str, pod: Pod) -> None:
    exactness.telescopes(address, pod)


@pytest.mark.parametrize("check", exactness.CHECKS, ids=lambda check: check.__name__)
def test_it(address: str, check: Callable[[str], None]) -> None:
    check(address)


def test_counts_are_exact_while_it_scrapes(tmp_path: Path) -> None:
    with (
        target() as scraped,
        scraping(tmp_path, [scraped.address], interval="500ms") as server,
        PrometheusSource(PrometheusConfig(address=server)) as source,
    ):
        count_exactly(scraped, source)


def test_lost_error_series_are_left_out_while_it_scrapes(tmp_path: Path) -> None:
    with (
        target() as scraped,
        scraping(tmp_path, [scraped.address], interval="500ms") as server,
        PrometheusSource(PrometheusConfig(address=server)) as source,
    ):
        leave_out_lost_events(scraped, source)
