"""Flagger's builtin metrics, for the canary and for the primary.

Owned here: which counters `request-success-rate` and `request-duration` are made of for every
provider, and how each tells the primary from the canary. Promised: with the canary's variables a
query is Flagger's own. Not here: the range (`importing.bounds`), what a query's shape becomes
(`promql_shapes`). Source: Flagger 1.44, observed query by query; how the primary's series are named
follows from the objects that Flagger makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from judge.spec.promql_shapes import Measured, measured, shape_of
from judge.spec.rendering import render
from judge.spec.resolved import BASELINE, CANARY, Kind

SUCCESS_RATE = "request-success-rate"
DURATION = "request-duration"
BUILTINS = (SUCCESS_RATE, DURATION)

PLACES = ("namespace", "workload", "service", "ingress", "route")
"""What a builtin's query names of the Canary: ``workload`` is Flagger's target, of both sides."""

_TARGETS = {CANARY: {"target": "{{ workload }}"}, BASELINE: {"target": "{{ workload }}-primary"}}
_ROLES = {CANARY: {"role": "canary"}, BASELINE: {"role": "primary"}}
_UPSTREAMS = {CANARY: {"upstream": ".+"}, BASELINE: {"upstream": ""}}
_REVISIONS = {
    CANARY: {"revision": "{{ canaryRevision }}"},
    BASELINE: {"revision": "{{ primaryRevision }}"},
}
_ENVOY = "envoy_cluster_upstream_rq"
_ENVOY_FAILED = 'envoy_response_code=~"5.*"'
_PODS = 'kubernetes_namespace="{{ namespace }}", kubernetes_pod_name=~"{{ target }}-'
_TWO_PARTS, _ONE_PART = "[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", "[0-9a-zA-Z]+"
_MIXED = (
    "APISIX counts the primary's requests under the same route, so the two are held to the range "
    "together, as Flagger does, and not compared"
)
_LOOKED_UP = (
    "at each start set canaryRevision and primaryRevision, which Flagger looks up in the Knative "
    "Service (latestCreatedRevisionName, annotation flagger.app/primary-revision)"
)
_NOT_A_WORD = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, slots=True)
class Observer:
    """What one provider's series are called.

    ``requests`` is the counter of requests, ``failed`` the matcher of those that failed, ``of``
    the matchers of the Canary's series. ``durations`` is the histogram, without its suffix, and
    ``timed`` what its matchers are where they differ. ``mean``: Flagger takes the mean, not the
    99th percentile. ``milliseconds``: what the query yields is multiplied by this to be in
    milliseconds; ``factor`` is the part of that which the query does itself. ``slowdown`` is the
    limit and the worst that its usual buckets can test.
    """

    requests: str
    failed: str
    of: str
    durations: str
    tracks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timed: str = ""
    mean: bool = False
    factor: int = 1
    milliseconds: int = 1
    slowdown: tuple[float, float] = (2.25, 4.5)
    pod_label: str = ""
    remarks: tuple[str, ...] = ()


_ISTIO = Observer(
    "istio_requests_total",
    'response_code=~"5.*"',
    'reporter="destination", destination_workload_namespace="{{ namespace }}", '
    'destination_workload=~"{{ target }}"',
    "istio_request_duration_milliseconds",
    _TARGETS,
)
_HTTP = Observer(
    "http_request_duration_seconds_count",
    'status=~"5.*"',
    f'{_PODS}{_TWO_PARTS}"',
    "http_request_duration_seconds",
    _TARGETS,
    milliseconds=1000,
    pod_label="kubernetes_pod_name",
)

OBSERVERS: Mapping[str, Observer] = {
    "istio": _ISTIO,
    "linkerd": Observer(
        "response_total",
        'classification="failure"',
        'namespace="{{ namespace }}", deployment=~"{{ target }}", direction="inbound"',
        "response_latency_ms",
        _TARGETS,
        slowdown=(1.75, 4.5),
    ),
    "appmesh": Observer(
        _ENVOY,
        _ENVOY_FAILED,
        f'{_PODS}{_TWO_PARTS}"',
        f"{_ENVOY}_time",
        _TARGETS,
        pod_label="kubernetes_pod_name",
    ),
    "contour": Observer(
        _ENVOY,
        _ENVOY_FAILED,
        'envoy_cluster_name=~"{{ namespace }}_{{ service }}-{{ role }}_[0-9a-zA-Z-]+"',
        f"{_ENVOY}_time",
        _ROLES,
    ),
    "gloo": Observer(
        _ENVOY,
        _ENVOY_FAILED,
        'envoy_cluster_name=~"{{ namespace }}-{{ workload }}-{{ role }}upstream-[0-9a-zA-Z-]+_'
        '[0-9a-zA-Z-]+"',
        f"{_ENVOY}_time",
        _ROLES,
    ),
    "nginx": Observer(
        "nginx_ingress_controller_requests",
        'status=~"5.*"',
        'namespace="{{ namespace }}", ingress="{{ ingress }}", canary=~"{{ upstream }}"',
        "nginx_ingress_controller_response_duration_seconds",
        _UPSTREAMS,
        mean=True,
        factor=1000,
        pod_label="controller_pod",
    ),
    "skipper": Observer(
        "skipper_response_duration_seconds_bucket",
        'code=~"5.."',
        'route=~"kube(ew)?_{{ namespace }}__{{ ingress }}_canary__.*__{{ service }}_{{ role }}'
        '(_[0-9]+)?", le="+Inf"',
        "skipper_serve_route_duration_seconds",
        _ROLES,
        timed='route=~"kube(ew)?_{{ namespace }}__{{ ingress }}_canary__.*__{{ service }}_'
        '{{ role }}(_[0-9]+)?"',
        mean=True,
        factor=1000,
    ),
    "traefik": Observer(
        "traefik_service_request_duration_seconds_bucket",
        'code=~"5.."',
        'service=~"{{ namespace }}-{{ workload }}-{{ role }}-[0-9a-zA-Z-]+@kubernetescrd", '
        'le="+Inf"',
        "traefik_service_request_duration_seconds",
        _ROLES,
        timed='service=~"{{ namespace }}-{{ workload }}-{{ role }}-[0-9a-zA-Z-]+@kubernetescrd"',
        factor=1000,
        slowdown=(4.0, 12.0),
    ),
    "apisix": Observer(
        "apisix_http_status",
        'code=~"5.."',
        'route=~"{{ namespace }}_{{ route }}-{{ workload }}-canary_.+"',
        "apisix_http_latency",
        timed='type=~"request", route=~"{{ namespace }}_{{ route }}-{{ workload }}-canary_.+"',
        remarks=(_MIXED,),
    ),
    "kuma": Observer(
        _ENVOY,
        _ENVOY_FAILED,
        'service=~"{{ workload }}-{{ role }}_{{ namespace }}_svc_[0-9a-zA-Z-]+"',
        f"{_ENVOY}_time",
        _ROLES,
    ),
    "osm": Observer(
        "osm_request_total",
        'response_code=~"5.*"',
        'destination_namespace="{{ namespace }}", destination_kind="Deployment", '
        'destination_name="{{ target }}"',
        "osm_request_duration_ms",
        _TARGETS,
    ),
    "knative": Observer(
        _ENVOY,
        _ENVOY_FAILED,
        'envoy_cluster_name=~"{{ namespace }}/{{ revision }}"',
        f"{_ENVOY}_time",
        _REVISIONS,
        remarks=(_LOOKED_UP,),
    ),
    "kubernetes": _HTTP,
    "gatewayapi": _HTTP,
    "smi": _ISTIO,
}
_BY_PREFIX = ("appmesh", "gloo", "gatewayapi")


def observer_name(provider: str) -> str:
    """The name in `OBSERVERS` of what Flagger observes for a ``provider`` as a Canary has it.

    It is Istio's for any that is not known, and for ``<provider>:service``.
    """
    for name in _BY_PREFIX:
        if provider.startswith(name):
            return name
    return provider if provider in OBSERVERS else "istio"


@dataclass(frozen=True)
class Builtin:
    """A builtin metric of a provider.

    ``expr`` is its query with places: `PLACES`, ``interval``, and those that ``tracks`` have values
    for, which may name `PLACES` in their turn. ``scale``: what Flagger multiplies the value by.
    ``inputs`` are variables that a caller has to set at each start. Without ``tracks`` the sides
    cannot be told apart.
    """

    name: str
    expr: str
    tracks: Mapping[str, Mapping[str, str]]
    scale: float
    pod_label: str
    slowdown: tuple[float, float]
    underscored: bool
    remarks: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Variables that a caller has to set at each start."""
        return ("canaryRevision", "primaryRevision") if self.tracks is _REVISIONS else ()

    def placed(self, names: Mapping[str, str], interval: str) -> str:
        """The query of one Canary, with places for what tells the tracks apart.

        ``names`` are by `PLACES`; ``interval`` is how far back it looks.
        """
        places = {name: f"{{{{ {name} }}}}" for own in self.tracks.values() for name in own}
        own = {one: self._name(names[one]) for one in PLACES}
        return render(self.expr, {**own, **places, "interval": interval})

    def variables(self, names: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """What tells the tracks of one Canary apart, by track."""
        workload = self._name(names["workload"])
        return {
            track: {name: text.replace("{{ workload }}", workload) for name, text in own.items()}
            for track, own in self.tracks.items()
        }

    def measured(
        self,
        names: Mapping[str, str],
        *,
        interval: str = "1m",
        min: float | None = None,  # noqa: A002
        max: float | None = None,  # noqa: A002
        name: str = "",
    ) -> tuple[Measured, ...]:
        """What Judge makes of it for one Canary; the range is in percent or in milliseconds.

        Nothing where the sides cannot be told apart and there is no range.
        """
        shape = shape_of(self.placed(names, interval))
        found = measured(
            shape,
            name=name or self.name,
            min=min,
            max=max,
            scale=self.scale,
            compared=bool(self.tracks),
        )
        return tuple(self._own(one, first=i == 0) for i, one in enumerate(found))

    def _name(self, name: str) -> str:
        """Skipper calls its routes by names of which all but letters and digits is ``_``."""
        return _NOT_A_WORD.sub("_", name) if self.underscored else name

    def _own(self, one: Measured, *, first: bool) -> Measured:
        rules: dict[str, Any] = dict(one.rules)
        if one.kind is Kind.HISTOGRAM and "limit" in rules and rules["direction"] != "decrease":
            limit, worst = self.slowdown
            rules |= {"limit": {"ratio": limit}, "worst": {"ratio": worst}}
        if self.pod_label:
            rules["podLabel"] = self.pod_label
        remarks = (*self.remarks, *one.remarks) if first else one.remarks
        return replace(one, rules=rules, remarks=remarks)


def builtin(provider: str, metric: str, *, kind: str = "Deployment") -> Builtin:
    """The builtin ``metric`` of a Canary's ``provider``; ``kind`` is that of its target.

    Raises `ValueError` for another metric than `BUILTINS`.
    """
    if metric not in BUILTINS:
        raise ValueError(f"{metric} is none of {', '.join(BUILTINS)}")
    name = observer_name(provider)
    observer = _of_kind(OBSERVERS[name], kind)
    duration = metric == DURATION
    return Builtin(
        metric,
        _duration(observer) if duration else _success_rate(observer),
        observer.tracks,
        float(observer.milliseconds) if duration else 1.0,
        observer.pod_label,
        observer.slowdown,
        name == "skipper",
        observer.remarks,
    )


def builtins(provider: str, *, kind: str = "Deployment") -> dict[str, Builtin]:
    """Both, by name."""
    return {metric: builtin(provider, metric, kind=kind) for metric in BUILTINS}


def _of_kind(observer: Observer, kind: str) -> Observer:
    """A DaemonSet's pods have one part behind its name, where a Deployment's have two."""
    if kind != "DaemonSet" or _TWO_PARTS not in observer.of:
        return observer
    remark = (
        "Flagger's own query passes over the pods of a DaemonSet's canary and reads the primary's "
        "in their place; here each side reads its own"
    )
    of = observer.of.replace(_TWO_PARTS, _ONE_PART)
    return replace(observer, of=of, remarks=(*observer.remarks, remark))


def _success_rate(one: Observer) -> str:
    succeeded = (
        one.failed.replace("=~", "!~") if "=~" in one.failed else one.failed.replace("=", "!=")
    )
    ok = _sum(one.requests, f"{one.of}, {succeeded}")
    return f"{ok} / {_sum(one.requests, one.of)} * 100"


def _duration(one: Observer) -> str:
    of = one.timed or one.of
    times = f" * {one.factor}" if one.factor != 1 else ""
    if one.mean:
        return f"{_sum(f'{one.durations}_sum', of)} / {_sum(f'{one.durations}_count', of)}{times}"
    buckets = _sum(f"{one.durations}_bucket", of)
    return f"histogram_quantile(0.99, {buckets} by (le)){times}"


def _sum(metric: str, matchers: str) -> str:
    return f"sum(rate({metric}{{{matchers}}}[{{{{ interval }}}}]))"
