"""Other names for what a template's places hold by default: as libraries and scrapes differ.

Owned here: which labels mean the same, what their values look like, and when a metric's name says
the same as another. Not here: whether their series fit a template's queries (`candidates`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Labels that mean the same; a series' label is one of them if all its values look so."""

    labels: tuple[str, ...]
    values: str


FAMILIES = (
    Family(
        (
            "code",
            "status",
            "status_code",
            "http_status_code",
            "http_response_status_code",
            "response_code",
            "http_status",
            "http_code",
            "statusCode",
            "status_class",
        ),
        r"[1-5](\d\d|[xX]{2})|0|",
    ),
    Family(
        ("grpc_code", "rpc_grpc_status_code", "grpc_status", "grpc_response_status", "code"),
        r"[A-Z][A-Za-z_]+|\d\d?|",
    ),
)
# What a scrape puts before a series' own label where the target has one of that name.
SHADOWED = "exported_"
NAMESPACE = Family(("namespace", "exported_namespace", "kubernetes_namespace"), ".+")

# A name without these says the same; with "client" it is about requests to somebody else.
_PLAIN = frozenset({"total", "count", "bucket", "seconds", "milliseconds", "ms", "server", "http"})
_SAME = {
    "requests": "request",
    "latency": "duration",
    "latencies": "duration",
    "time": "duration",
    "handled": "handling",
}
_ELSEWHERE = frozenset({"client", "outgoing", "outbound", "upstream", "db", "database", "dns"})
_ENDINGS = (("_total", "_count"), ("_bucket",))
_ALIKE = 0.5


def other_labels(default: str, labels: Mapping[str, Set[str]], *, namespace: str) -> str | None:
    """The label, of those that some series have, that stands for ``default``; None for none.

    ``labels`` are its values by label, ``namespace`` is where the service's pods are.
    """
    twin = f"{SHADOWED}{default}"
    if default in NAMESPACE.labels:
        of_pods = [one for one in NAMESPACE.labels if namespace in labels.get(one, ())]
        return of_pods[0] if of_pods else None
    if twin in labels or default in labels:
        return twin if twin in labels else default
    family = next((one for one in FAMILIES if default in one.labels), None)
    if family is None:
        return None
    fitting = (
        one
        for one in family.labels
        if one in labels and all(re.fullmatch(family.values, value) for value in labels[one])
    )
    return next(fitting, None)


def alike(default: str, known: Iterable[str]) -> list[str]:
    """Names among ``known`` that say what ``default`` says, those that say it most plainly first.

    Buckets have their histogram's plain name among them: it may be a native one.
    """
    scored = [(_likeness(default, name), name) for name in known if name != default]
    return [name for score, name in sorted(scored, key=lambda one: (-one[0], one[1])) if score]


def _likeness(default: str, name: str) -> float:
    if name == default.removesuffix("_bucket"):
        return 1.0
    ending = next((some for some in _ENDINGS if default.endswith(some)), None)
    if ending is None or not name.endswith(ending):
        return 0.0
    wanted, words = _words(default), _words(name)
    if words & _ELSEWHERE - wanted:
        return 0.0
    shared = len(wanted & words) / len(wanted | words)
    return shared if shared >= _ALIKE else 0.0


def _words(name: str) -> frozenset[str]:
    words = {_SAME.get(word, word) for word in name.lower().split("_") if word}
    return frozenset(words - _PLAIN)
