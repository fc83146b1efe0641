"""What a server says of a service's series in general: names, groups, many small questions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.errors import SourceUnavailable
from judge.sources.catalogue import MOST_JOINED, Catalogue
from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import PrometheusConfig
from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries
from tests.servers.process import free_port
from tests.servers.prometheus import backfilled, written

AT = 1_700_000_000.0
PODS = {"a": {"track": "stable"}, "b": {"track": "stable"}, "c": {}}


def series() -> list[Series]:
    requests = [
        Series("requests_total", {"app": "cart", "pod": pod, "code": code, **labels}, [(AT, 4.0)])
        for pod, labels in PODS.items()
        for code in ("200", "500")
    ]
    took = [
        Series("took_bucket", {"pod": pod, "le": le}, [(AT, count)])
        for pod in PODS
        if pod != "c"
        for le, count in (("0.5", 3.0), ("1", 4.0), ("+Inf", 5.0))
    ]
    return [*requests, *took, Series("up", {"app": "cart", "pod": "a"}, [(AT, 1.0)])]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    folder: Path = tmp_path_factory.mktemp("catalogue")
    with (
        backfilled(folder, series()) as address,
        PrometheusSource(PrometheusConfig(address)) as source,
    ):
        yield Catalogue(source.client, at=AT + 10)


def test_names_come_with_their_values_of_the_labels_asked_for(catalogue: Catalogue) -> None:
    assert catalogue.names('app="cart"', ["code", "status"]) == {
        "requests_total": {"code": {"200", "500"}},
        "up": {},
    }
    assert catalogue.names('app="other"', ["code"]) == {}


def test_groups_are_series_that_are_alike_in_some_labels(catalogue: Catalogue) -> None:
    found = catalogue.groups('app="cart",code!=""', ["pod", "track"])
    assert sorted(found, key=lambda group: group[0]["pod"]) == [
        ({"pod": "a", "track": "stable"}, 2),
        ({"pod": "b", "track": "stable"}, 2),
        ({"pod": "c"}, 2),
    ]


def test_a_classic_histogram_is_read_by_its_bounds(catalogue: Catalogue) -> None:
    found = catalogue.buckets("sum by (le) (took_bucket)")
    assert found == {0.5: 6.0, 1.0: 8.0, math.inf: 10.0}
    assert catalogue.buckets("sum by (le) (nothing_bucket)") == {}


def test_a_native_histogram_is_read_by_the_edges_of_its_buckets(tmp_path: Path) -> None:
    took = Native(schema=0, positive={1: 3, 2: 4, 5: 1})
    with (
        written(tmp_path, natives=[NativeSeries("took", {"pod": "a"}, [(AT, took)])]) as address,
        PrometheusSource(PrometheusConfig(address)) as source,
    ):
        found = Catalogue(source.client, at=AT).buckets("sum(took)")
    assert found == {1.0: 0.0, 2.0: 3.0, 4.0: 7.0, 16.0: 7.0, 32.0: 8.0, math.inf: 8.0}


def test_many_questions_keep_their_order_and_labels(catalogue: Catalogue) -> None:
    exprs = [f"vector({i})" for i in range(2 * MOST_JOINED + 3)]
    answers = catalogue.ask([*exprs, "count by (pod) (requests_total)", "nothing_of_it"])
    assert [answer.total for answer in answers[: len(exprs)]] == list(range(len(exprs)))
    by_pod, nothing = answers[len(exprs) :]
    assert sorted((labels["pod"], value) for labels, value in by_pod.values) == [
        ("a", 2.0),
        ("b", 2.0),
        ("c", 2.0),
    ]
    assert (nothing.values, nothing.refused) == ((), "")
    assert catalogue.ask([]) == []


def test_a_question_that_is_refused_hinders_no_other(catalogue: Catalogue) -> None:
    exprs = ["vector(1)", "no_such_function(up)", "vector(3)", "vector(4)", "rate(up)"]
    answers = catalogue.ask(exprs)
    assert [answer.total for answer in answers] == [1, 0, 3, 4, 0]
    refused = [answer.refused for answer in answers]
    assert "unknown function" in refused[1]
    assert "expected type range vector" in refused[4]
    assert refused[0] == refused[2] == refused[3] == ""


def test_a_server_out_of_reach_is_told() -> None:
    config = PrometheusConfig(f"http://127.0.0.1:{free_port()}")
    with PrometheusSource(config, sleep=lambda _: None) as source:
        catalogue = Catalogue(source.client, at=AT)
        with pytest.raises(SourceUnavailable):
            catalogue.ask(["vector(1)", "vector(2)"])
