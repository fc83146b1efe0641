"""Analyses of request counters, latencies and gauges, without templates."""

from __future__ import annotations

from judge.spec.kayenta_rules import KayentaRules
from judge.spec.resolved import (
    Direction,
    Kind,
    Metric,
    PrometheusConfig,
    Query,
    Reading,
    ResolvedAnalysis,
    Track,
)

SELECTORS = {"baseline": 'track="baseline"', "canary": 'track="canary"'}


def error_rate(
    name: str = "error-rate",
    *,
    counter: str = "http_requests_total",
    errors: str = 'code=~"5.."',
    reading: Reading = Reading.COUNTER,
) -> Metric:
    """A proportion of requests by track."""
    queries = {
        track: {
            "events": Query(f"{counter}{{{selector},{errors}}}", reading),
            "total": Query(f"{counter}{{{selector}}}", reading),
        }
        for track, selector in SELECTORS.items()
    }
    return Metric(
        name=name,
        kind=Kind.PROPORTION,
        direction=Direction.INCREASE,
        limit=1.25,
        worst=2.0,
        queries=queries,
    )


def analysis(*metrics: Metric, address: str = "", interval: float = 60.0) -> ResolvedAnalysis:
    """An analysis of a baseline and a canary."""
    return ResolvedAnalysis(
        name="checkout",
        metrics=metrics or (error_rate(),),
        prometheus=PrometheusConfig(address=address),
        tracks={name: Track(selector) for name, selector in SELECTORS.items()},
        interval=interval,
    )


def latency(
    name: str = "latency", *, buckets: str = "http_request_duration_seconds_bucket"
) -> Metric:
    """A histogram by track."""
    queries = {
        track: {"buckets": Query(f"{buckets}{{{selector}}}")}
        for track, selector in SELECTORS.items()
    }
    return Metric(
        name=name,
        kind=Kind.HISTOGRAM,
        direction=Direction.INCREASE,
        limit=1.2,
        worst=2.0,
        queries=queries,
    )


def gauge(
    name: str = "memory", *, of: str = "memory_bytes", reading: Reading = Reading.GAUGE
) -> Metric:
    """A gauge by track, or how fast a counter grows."""
    queries = {
        track: {"value": Query(f"{of}{{{selector}}}", reading)}
        for track, selector in SELECTORS.items()
    }
    return Metric(
        name=name,
        kind=Kind.GAUGE,
        direction=Direction.INCREASE,
        limit=1.2,
        worst=2.0,
        queries=queries,
    )


def series(
    name: str = "values",
    *,
    expr: str = "sum(rate(m{{{selector}}}[1m]))",
    step: float = 60.0,
    begins: float = 0.0,
    lasts: float | None = None,
) -> Metric:
    """What Kayenta's judge compares: a query's values, by track."""
    queries = {
        track: {
            "values": Query(expr.format(selector=selector), Reading.SERIES, step, begins, lasts)
        }
        for track, selector in SELECTORS.items()
    }
    return Metric(
        name=name,
        kind=Kind.SERIES,
        direction=Direction.EITHER,
        limit=None,
        worst=None,
        kayenta=KayentaRules(),
        queries=queries,
    )
