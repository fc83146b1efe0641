"""What tests of the store, of runs and of actions begin with: an analysis, intervals, a clock."""

from __future__ import annotations

from typing import Any

from judge.spec.resolved import (
    Actions,
    Direction,
    Kind,
    Metric,
    ResolvedAnalysis,
    Track,
    Webhook,
)
from judge.stats.samples import Count, Interval
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, Verdict

BEGAN = 1_000_000.0  # when runs in tests begin, Unix seconds


class Clock:
    """A clock that stands still until it is set forward."""

    def __init__(self, now: float = BEGAN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


def analysis(**changes: Any) -> ResolvedAnalysis:
    """Three looks of a minute at an error rate, with a quarter of an hour of history."""
    fields: dict[str, Any] = {
        "name": "checkout",
        "namespace": "shop",
        "labels": {"team": "web"},
        "metrics": (Metric("errors", Kind.PROPORTION, Direction.INCREASE, limit=1.25, worst=2.0),),
        "tracks": {
            "baseline": Track('track="stable"'),
            "canary": Track('track="canary"', weight=0.1),
        },
        "interval": 60.0,
        "duration": 180.0,
        "delay": 10.0,
        "history": 900.0,
    }
    return ResolvedAnalysis(**{**fields, **changes})


def hooks(url: str, **more: Any) -> Actions:
    """A webhook for every occasion, its path telling which."""
    return Actions(
        on_pass=(Webhook(f"{url}/pass", **more),),
        on_fail=(Webhook(f"{url}/fail", **more),),
        on_inconclusive=(Webhook(f"{url}/inconclusive", **more),),
        on_interval=(Webhook(f"{url}/interval", **more),),
    )


def interval(index: int = 0, *, errors: float = 3.0) -> Interval:
    """What look ``index`` of a run that began at BEGAN saw."""
    start = BEGAN + 60.0 * index
    samples = {
        "errors": {
            "canary": {"pod-a": Count(errors, 100.0)},
            "baseline": {"pod-b": Count(2.0, 900.0)},
        }
    }
    return Interval(start, start + 60.0, samples, {"canary": 0.1})


def verdict(outcome: Outcome = Outcome.INCONCLUSIVE, *, decided_at: int | None = None) -> Verdict:
    """A verdict; it decides where ``decided_at`` says at which look."""
    metric = MetricVerdict(outcome, "because", estimate=1.5, evidence=2.25)
    return Verdict(
        outcome,
        f"it is {outcome.value}",
        80.0,
        Promise.CALIBRATED,
        decided=decided_at is not None,
        decided_at=decided_at,
        metrics={"errors": metric},
        comparisons={"canary": {"errors": metric}},
    )
