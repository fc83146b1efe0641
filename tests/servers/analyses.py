"""Analyses of request counters, without templates."""

from __future__ import annotations

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
