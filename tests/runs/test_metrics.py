"""What the daemon tells Prometheus of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from judge.errors import SourceRejected
from judge.runs.metrics import RunMetrics
from judge.store.outbox import DeliveryState
from judge.store.run import RunState
from judge.verdict.verdict import Outcome


def _exposed(metrics: RunMetrics) -> dict[tuple[str, tuple[str, ...]], float]:
    text = generate_latest(metrics.registry).decode()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


def test_everything_that_is_told_is_exposed() -> None:
    metrics = RunMetrics(CollectorRegistry())
    metrics.looked(hole=False, late=0.5)
    metrics.looked(hole=True, late=None)
    metrics.decided(Outcome.FAIL)
    metrics.source_failed(SourceRejected("no"))
    metrics.crashed()
    metrics.beat_failed("claim")
    metrics.attempted("retried")
    metrics.counted({RunState.RUNNING: 3}, {DeliveryState.PENDING: 2})
    exposed = _exposed(metrics)
    assert {name: value for name, value in exposed.items() if value} == {
        ("judge_looks_total", ("judged",)): 1,
        ("judge_looks_total", ("hole",)): 1,
        ("judge_look_lateness_seconds_count", ()): 1,
        ("judge_look_lateness_seconds_sum", ()): 0.5,
        ("judge_verdicts_total", ("fail",)): 1,
        ("judge_source_errors_total", ("SourceRejected",)): 1,
        ("judge_look_crashes_total", ()): 1,
        ("judge_beat_failures_total", ("claim",)): 1,
        ("judge_webhook_attempts_total", ("retried",)): 1,
        ("judge_runs", ("running",)): 3,
        ("judge_outbox", ("pending",)): 2,
    }


def test_what_has_not_happened_yet_is_zero_and_not_absent() -> None:
    """An alert on a counter's first increase needs the zero before it."""
    exposed = _exposed(RunMetrics(CollectorRegistry()))
    for outcome in Outcome:
        assert exposed["judge_verdicts_total", (outcome.value,)] == 0
    assert exposed["judge_webhook_attempts_total", ("failed",)] == 0


def test_two_registries_do_not_meet() -> None:
    one, other = RunMetrics(CollectorRegistry()), RunMetrics(CollectorRegistry())
    one.crashed()
    assert _exposed(other)["judge_look_crashes_total", ()] == 0
