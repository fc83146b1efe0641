"""A plan as JSON. Times are seconds after the run begins, its warm-up over; None: not within it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from judge.stats.planning.foresight import Estimate, Foresight
from judge.verdict.planning.metric_plan import Prospect
from judge.verdict.planning.plan import MetricPlan, Plan

HALF, MOST = 0.5, 0.95


def document(plan: Plan) -> dict[str, Any]:
    """The JSON form of a plan."""
    analysis = plan.analysis
    return {
        "analysis": analysis.name,
        "looks": analysis.looks,
        "interval": analysis.interval,
        "history": {
            "start": plan.history[0].start,
            "end": plan.history[-1].end,
            "intervals": len(plan.history),
        },
        "promise": plan.promise.value,
        "proven": plan.proven,
        "shortfalls": [asdict(short) for short in plan.shortfalls],
        "metrics": {
            one.metric.name: _metric(one, interval=analysis.interval) for one in plan.metrics
        },
    }


def _metric(one: MetricPlan, *, interval: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": one.metric.kind.value,
        "share": one.share,
        "usual": one.level,
        "limit": one.metric.limit,
        "worst": one.metric.worst,
        "cannot": one.cannot or None,
    }
    if one.prospect is None or one.terms is None:
        return told
    return {
        **told,
        "alpha": one.terms.alpha,
        **_prospect(one.prospect, interval=interval),
        "options": {
            other.name: _prospect(other.prospect, interval=interval) for other in one.options
        },
    }


def _prospect(one: Prospect, *, interval: float) -> dict[str, Any]:
    return {
        "tested": one.limit,
        "canary": {"pods": one.planned.canary, "share": one.planned.share},
        "baseline": {"pods": one.planned.baseline},
        "basis": "model" if one.made else "history",
        "runs": len(one.good.at),
        "independent": round(one.good.independent, 1),
        "raised": one.raised,
        "regressions": [
            {
                "fold": regression.fold,
                "ratio": regression.effect,
                "within": regression.within,
                **_seen(regression.seen, interval=interval),
            }
            for regression in one.regressions
        ],
        "smallest": {f"{small.share:.0%}": small.fold for small in one.smallest},
        "proven": _seen(one.proven, interval=interval),
    }


def _seen(seen: Foresight, *, interval: float) -> dict[str, Any]:
    return {
        "seen": asdict(seen.share),
        "times": {f"{share:.0%}": _seconds(seen.look(share), interval) for share in (HALF, MOST)},
        "byLook": [round(float(share), 4) for share in seen.by_look],
    }


def _seconds(look: Estimate, interval: float) -> dict[str, float | None]:
    return {
        name: None if value is None else value * interval for name, value in asdict(look).items()
    }
