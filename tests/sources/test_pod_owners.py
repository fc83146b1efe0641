"""Whose pods are whose, out of what kube-state-metrics exports."""

from __future__ import annotations

from judge.sources.answers import Result, Series
from judge.sources.pod_owners import AT_ONCE, Owner, pod_owners


class Answering:
    """Answers a query with the series of its metric; keeps the queries."""

    name = "Prometheus"

    def __init__(self, **series: list[tuple[dict[str, str], float]]) -> None:
        self._series = series
        self.asked: list[str] = []

    def instant(self, query: str, *, at: float) -> Result:
        self.asked.append(query)
        metric = query.partition("(")[2].partition("{")[0]
        return Result(
            [Series(labels, (at, str(value))) for labels, value in self._series.get(metric, [])]
        )


def owned(pod: str, label: str = "pod") -> tuple[dict[str, str], float]:
    return {label: pod, "owner_kind": "ReplicaSet", "owner_name": "shop-7d9"}, 1.0


DEPLOYED = ({"replicaset": "shop-7d9", "owner_kind": "Deployment", "owner_name": "shop"}, 1.0)


def test_a_pods_replica_set_deployment_and_birth() -> None:
    client = Answering(
        kube_pod_owner=[owned("shop-7d9-x")],
        kube_pod_created=[({"pod": "shop-7d9-x"}, 1.7e9)],
        kube_replicaset_owner=[DEPLOYED],
    )
    found = pod_owners(client, ["shop-7d9-x"], start=0, end=3600)
    assert found == {"shop-7d9-x": Owner("shop-7d9", "shop", 1.7e9)}
    assert 'pod=~"shop-7d9-x"' in client.asked[0]
    assert "[3600s]" in client.asked[0]


def test_labels_that_prometheus_renamed_name_the_pod() -> None:
    """Then ``pod`` is that of kube-state-metrics itself."""
    labels, _ = owned("shop-7d9-x", "exported_pod")
    client = Answering(kube_pod_owner=[({**labels, "pod": "kube-state-metrics-0"}, 1.0)])
    found = pod_owners(client, ["shop-7d9-x"], start=0, end=3600)
    assert found == {"shop-7d9-x": Owner("shop-7d9", "", None)}


def test_many_pods_are_asked_for_in_parts() -> None:
    client = Answering()
    assert pod_owners(client, [f"pod-{n:03}" for n in range(AT_ONCE + 1)], start=0, end=60) == {}
    assert len(client.asked) == 2
    assert client.asked[0].count("pod-") == 2 * AT_ONCE


def test_without_pods_nothing_is_asked() -> None:
    client = Answering()
    assert pod_owners(client, ["", ""], start=0, end=60) == {}
    assert client.asked == []
