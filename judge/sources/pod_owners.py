"""Whose pods are whose, as kube-state-metrics tells it: ReplicaSets and their Deployments.

    kube_pod_owner{pod, owner_kind="ReplicaSet", owner_name}
    kube_pod_created{pod}                                     its value is the time
    kube_replicaset_owner{replicaset, owner_kind="Deployment", owner_name}

Each release of a Deployment has a ReplicaSet of its own; so pods of two of them are pods of two
releases. (`kube_deployment_status_observed_generation` also grows where a Deployment is scaled.)
Where Prometheus keeps a target's labels for its own use those of kube-state-metrics are called
``exported_pod`` and so on; both are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.sources.answers import number
from judge.sources.client import PrometheusClient
from judge.sources.queries import duration
from judge.sources.selectors import Selector
from judge.spec.promql import Matcher

AT_ONCE = 50  # names in one query
EXPORTED = "exported_"


@dataclass(frozen=True, slots=True)
class Owner:
    """What a pod belongs to. ``deployment`` is "" where nobody said; ``created`` Unix seconds."""

    replica_set: str
    deployment: str
    created: float | None


def pod_owners(
    client: PrometheusClient, pods: Iterable[str], *, start: float, end: float
) -> dict[str, Owner]:
    """The owners of those pods that a ReplicaSet made, as known between two times.

    Empty where kube-state-metrics is not scraped. Raises `SourceError`.
    """
    names = sorted(set(pods) - {""})
    at, back = end, max(end - start, 1.0)
    kind = Matcher("owner_kind", "=", "ReplicaSet")
    owned = _told(client, "kube_pod_owner", "pod", names, (kind,), at, back)
    created = _told(client, "kube_pod_created", "pod", list(owned), (), at, back)
    sets = sorted({labels["owner_name"] for labels, _ in owned.values() if "owner_name" in labels})
    kind = Matcher("owner_kind", "=", "Deployment")
    deployed = _told(client, "kube_replicaset_owner", "replicaset", sets, (kind,), at, back)
    found = {}
    for pod, (labels, _) in owned.items():
        name = labels.get("owner_name", "")
        deployment = deployed[name][0].get("owner_name", "") if name in deployed else ""
        found[pod] = Owner(name, deployment, created[pod][1] if pod in created else None)
    return {pod: one for pod, one in found.items() if one.replica_set}


def _told(
    client: PrometheusClient,
    metric: str,
    label: str,
    names: Sequence[str],
    matchers: tuple[Matcher, ...],
    at: float,
    back: float,
) -> dict[str, tuple[Mapping[str, str], float]]:
    """The labels and the last value of ``metric`` for each of ``names``, by that name."""
    found: dict[str, tuple[Mapping[str, str], float]] = {}
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        query = " or ".join(
            f"last_over_time({Selector(metric, matchers).among(one, some)}[{duration(back)}])"
            for one in (label, EXPORTED + label)
        )
        for series in client.instant(query, at=at).whole(client.name):
            name = next(
                (
                    series.metric[one]
                    for one in (EXPORTED + label, label)
                    if series.metric.get(one) in some
                ),
                None,
            )
            if name is not None and series.value is not None:
                found[name] = series.metric, number(series.value[1], client.name)
    return found
