"""Labels and metric names that stand for a template's own."""

from __future__ import annotations

import pytest

from judge.spec.suggestion.alternatives import alike, other_labels

STATUSES = frozenset({"200", "503"})

LABELS = {
    "the template's own": ("code", {"code": STATUSES, "status": STATUSES}, "code"),
    "another name for it": ("code", {"method": {"GET"}, "status_code": STATUSES}, "status_code"),
    "classes of codes": ("code", {"status": {"2xx", "5XX"}}, "status"),
    "no status by its values": ("code", {"status": {"success", "error"}}, None),
    "a gRPC code": ("grpc_code", {"grpc_status": {"0", "14"}}, "grpc_status"),
    "shadowed by the scrape": (
        "container",
        {"container": {"exporter"}, "exported_container": {"app"}},
        "exported_container",
    ),
    "the namespace that the pods are in": (
        "namespace",
        {"namespace": {"monitoring"}, "exported_namespace": {"shop", "bank"}},
        "exported_namespace",
    ),
    "another namespace": ("namespace", {"namespace": {"monitoring"}}, None),
    "a label that has no other name": ("area", {"region": {"eu"}}, None),
}


@pytest.mark.parametrize("case", LABELS)
def test_a_label_stands_for_another(case: str) -> None:
    default, labels, expected = LABELS[case]
    assert other_labels(default, labels, namespace="shop") == expected


def test_names_that_say_the_same_come_most_plainly_first() -> None:
    known = [
        "http_request_duration_seconds_count",
        "shop_http_requests_total",
        "http_server_requests_total",
        "http_client_requests_total",
        "http_requests_in_flight",
        "process_cpu_seconds_total",
        "http_requests_total",
    ]
    assert alike("http_requests_total", known) == [
        "http_server_requests_total",
        "http_request_duration_seconds_count",
        "shop_http_requests_total",
    ]


def test_words_that_mean_the_same_are_the_same() -> None:
    handled = "grpc_server_handled_latency_seconds_bucket"
    assert alike("grpc_server_handling_seconds_bucket", [handled]) == [handled]


def test_a_histogram_may_be_native() -> None:
    known = ["http_request_duration_seconds", "shop_request_latency_seconds_bucket", "up"]
    assert alike("http_request_duration_seconds_bucket", known) == [
        "http_request_duration_seconds",
        "shop_request_latency_seconds_bucket",
    ]
