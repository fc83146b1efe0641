"""Latency templates read native histograms, where the variable metric names one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from judge.spec.metric_template import shipped_templates
from judge.stats.samples import Histogram
from tests.servers.native import Native, NativeSeries, upper_bound
from tests.servers.prometheus import written
from tests.spec.templates.harness import METRIC, SCRAPE, Case, Labels, look, times
from tests.spec.templates.traffic import FOREIGN

pytestmark = pytest.mark.xdist_group("templates")

SCHEMA = 3
# Requests a scrape by bucket: over 0.11 to 0.125 s, and over 0.23 to 0.25 s.
REQUESTS = {"baseline": {-24: 90, -16: 10}, "canary": {-24: 6, -16: 5}}
ODD = {-24: FOREIGN}


def series(name: str, labels: Labels, each: dict[int, int]) -> NativeSeries:
    """A native histogram whose buckets grow by ``each`` from scrape to scrape."""
    return NativeSeries(
        name,
        labels,
        [
            (at, Native(SCHEMA, {index: n * (scrape + 1) for index, n in each.items()}))
            for scrape, at in enumerate(times())
        ],
    )


def grown(each: dict[int, int]) -> Histogram:
    """What four scrapes add: known at both edges of each bucket."""
    (fast, some), (slow, few) = sorted((index, 60 / SCRAPE * n) for index, n in each.items())
    edges = [upper_bound(SCHEMA, index) for index in (fast - 1, fast, slow - 1, slow)]
    return Histogram((*edges, float("inf")), (0, some, some, some + few, some + few))


CONVENTIONS = "http_server_request_duration_seconds"
TRIED = {
    "http-latency": ("http_request_duration_seconds", {}, {}),
    "aspnetcore-latency": (CONVENTIONS, {"http_route": "/cart"}, {"http_route": "/healthz"}),
    "otel-http-latency": (CONVENTIONS, {"http_route": "/cart"}, {"http_route": "/readyz"}),
    "grpc-latency": (
        "grpc_server_handling_seconds",
        {"grpc_type": "unary", "grpc_service": "shop.Orders"},
        {"grpc_type": "server_stream", "grpc_service": "shop.Orders"},
    ),
    "ingress-nginx-latency": ("nginx_ingress_controller_request_duration_seconds", {}, {}),
}
POD_LABELS = {"otel-http-latency": "instance", "ingress-nginx-latency": "controller_pod"}


def made(template: str) -> list[NativeSeries]:
    """Two tracks of a pod each; where something is left out, that as well."""
    metric, counted, left_out = TRIED[template]
    found = []
    for track, each in REQUESTS.items():
        labels = {"app": template, "track": track, POD_LABELS.get(template, "pod"): f"{track}-1"}
        found.append(series(metric, {**labels, **counted}, each))
        if left_out:
            found.append(series(metric, {**labels, **left_out}, ODD))
    return found


@pytest.fixture(scope="module")
def natives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that knows native histograms, with those of every template."""
    all_of_them = [one for template in TRIED for one in made(template)]
    with written(tmp_path_factory.mktemp("native"), natives=all_of_them) as address:
        yield address


@pytest.mark.parametrize("template", TRIED)
def test_a_native_histogram_is_read_by_track_and_pod(natives: str, template: str) -> None:
    case = Case(
        template,
        (),
        {},
        tracks={track: f'app="{template}",track="{track}"' for track in REQUESTS},
        variables={"metric": TRIED[template][0]},
    )
    interval = look(case, natives)
    assert interval.absent == {}
    assert {track: set(pods) for track, pods in interval.samples[METRIC].items()} == {
        track: {f"{track}-1"} for track in REQUESTS
    }
    for track, each in REQUESTS.items():
        sample = interval.samples[METRIC][track][f"{track}-1"]
        assert isinstance(sample, Histogram)
        assert sample.bounds == pytest.approx(grown(each).bounds)
        assert sample.counts == grown(each).counts


def test_every_template_that_promises_to_read_one_is_tried() -> None:
    promises = {
        template.name
        for template in shipped_templates().values()
        if any("native histogram" in one.description for one in template.variables)
    }
    assert promises == set(TRIED)
