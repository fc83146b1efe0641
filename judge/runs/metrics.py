"""What the daemon tells Prometheus of itself. Labels are few and bounded: no run's id or name."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from judge.store.outbox import DeliveryState
from judge.store.run import RunState
from judge.verdict.verdict import Outcome

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENESS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


class RunMetrics:
    """The daemon's metrics in ``registry``; one of these per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._runs = Gauge("judge_runs", "Runs, by state.", ["state"], registry=registry)
        self._looks = Counter(
            "judge_looks",
            "Looks carried out, by result: judged; hole, where no sample could be read.",
            ["result"],
            registry=registry,
        )
        self.look_seconds = Histogram(
            "judge_look_duration_seconds",
            "Duration of a look, from asking the source to the recorded verdict.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._lateness = Histogram(
            "judge_look_lateness_seconds",
            "How long after it was due a look was taken; without runs that catch up.",
            buckets=_LATENESS,
            registry=registry,
        )
        self._source_errors = Counter(
            "judge_source_errors",
            "Reads of a source that failed, by the kind of the error.",
            ["error"],
            registry=registry,
        )
        self._crashes = Counter(
            "judge_look_crashes", "Looks that failed unexpectedly.", registry=registry
        )
        self._verdicts = Counter(
            "judge_verdicts", "Runs decided, by verdict.", ["verdict"], registry=registry
        )
        self._beats = Counter(
            "judge_beat_failures", "Beats of the daemon that failed.", ["beat"], registry=registry
        )
        self._outbox = Gauge(
            "judge_outbox", "Webhooks in the outbox, by state.", ["state"], registry=registry
        )
        self._attempts = Counter(
            "judge_webhook_attempts",
            "Attempts to deliver a webhook, by outcome: delivered, retried, failed.",
            ["outcome"],
            registry=registry,
        )
        for outcome in Outcome:
            self._verdicts.labels(outcome.value)
        for ended in ("delivered", "retried", "failed"):
            self._attempts.labels(ended)

    def looked(self, *, hole: bool, late: float | None) -> None:
        """A look was carried out, ``late`` seconds after it was due (None: it caught up)."""
        self._looks.labels("hole" if hole else "judged").inc()
        if late is not None:
            self._lateness.observe(late)

    def decided(self, outcome: Outcome) -> None:
        """The judge has decided a run."""
        self._verdicts.labels(outcome.value).inc()

    def source_failed(self, error: Exception) -> None:
        """A source could not be read."""
        self._source_errors.labels(type(error).__name__).inc()

    def crashed(self) -> None:
        """A look failed in a way that nobody foresaw."""
        self._crashes.inc()

    def beat_failed(self, beat: str) -> None:
        """A beat of the daemon failed."""
        self._beats.labels(beat).inc()

    def attempted(self, outcome: str) -> None:
        """An attempt to deliver a webhook ended: ``delivered``, ``retried`` or ``failed``."""
        self._attempts.labels(outcome).inc()

    def counted(
        self, runs: Mapping[RunState, int], deliveries: Mapping[DeliveryState, int]
    ) -> None:
        """How many runs and deliveries the store has, by state."""
        for state, count in runs.items():
            self._runs.labels(state.value).set(count)
        for delivery, count in deliveries.items():
            self._outbox.labels(delivery.value).set(count)
