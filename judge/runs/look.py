"""One step of a run: its history read, or one interval taken from samples to a recorded verdict.

Promises that whatever happens, the run goes on: a source that is silent is asked again for a
bounded time, then the interval is recorded as a hole, with its reason; what nobody foresaw is
tried a few times, then ends the run inconclusively. All that a step changes is one transaction of
`claims`. When a step is taken is the `daemon`'s to say.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import structlog

from judge.errors import LeaseLost, SourceError, SourceUnavailable
from judge.runs.memory import Memory, Remembered
from judge.runs.metrics import RunMetrics
from judge.runs.reading import History, read_history, read_look, unread
from judge.runs.run import ends, is_last, look_due, pause, settling_delay, waits_until
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval
from judge.store.claims import Claims, Note
from judge.store.run import EventType, HistoryState, Run
from judge.verdict.promise import promise_of, unmeasured
from judge.verdict.testability import shortfalls
from judge.verdict.verdict import Outcome, Verdict, from_document

CRASHES = 5  # attempts at a look that fails unexpectedly

_log = structlog.get_logger(__name__)


class Looker:
    """Takes the steps of claimed runs; safe to use from several threads, a run in one each."""

    def __init__(
        self,
        claims: Claims,
        *,
        sources: Callable[[ResolvedAnalysis], Source],
        memory: Memory,
        clock: Callable[[], float],
        metrics: RunMetrics,
        rng: random.Random,
    ) -> None:
        self._claims = claims
        self._sources = sources
        self._memory = memory
        self._clock = clock
        self._metrics = metrics
        self._rng = rng

    def step(self, run: Run) -> Run | None:
        """Take the run's next step. The run afterwards, where it is still ours; else None."""
        try:
            if run.history is HistoryState.WANTED:
                return self._calibrate(run)
            with self._metrics.look_seconds.time():
                return self._look(run)
        except LeaseLost as lost:
            self._memory.forget(run)
            _log.info("a run changed hands during a look", run=run.id, why=str(lost))
        except Exception as error:  # noqa: BLE001 - one run must not stop the others
            self._memory.forget(run)
            self._crashed(run, error)
        return None

    def _calibrate(self, run: Run) -> Run | None:
        try:
            history = read_history(self._sources(run.analysis), run)
        except SourceError as error:
            return self._history_failed(run, error)
        data = {
            "intervals": len(history.intervals),
            "delay": history.delay,
            "shortfalls": _shortfalls(run, history),
            "promise": promise_of(run.analysis, history.intervals).value,
        }
        after = self._claims.record_history(
            run,
            history.intervals,
            delay=history.delay,
            next_due=look_due(run, 0, delay=history.delay),
            notes=[Note(EventType.HISTORY_READ, data)],
        )
        return _if_ours(after)

    def _history_failed(self, run: Run, error: SourceError) -> Run | None:
        self._metrics.source_failed(error)
        if self._is_worth_waiting(run, error, due=run.started_at):
            self._wait(run, error)
            return None
        delay = settling_delay(run.analysis, None)
        after = self._claims.record_history(
            run,
            None,
            delay=delay,
            next_due=look_due(run, 0, delay=delay),
            failing_since=self._failing_since(run, error),
            notes=[Note(EventType.HISTORY_MISSING, {"reason": str(error)})],
        )
        return _if_ours(after)

    def _look(self, run: Run) -> Run | None:
        due = look_due(run, run.next_index, delay=_delay(run))
        try:
            interval = read_look(self._sources(run.analysis), run)
        except SourceError as error:
            self._metrics.source_failed(error)
            if self._is_worth_waiting(run, error, due=due):
                self._wait(run, error)
                return None
            return self._judge(run, unread(run), due=due, error=error)
        return self._judge(run, interval, due=due)

    def _judge(
        self, run: Run, interval: Interval, *, due: float, error: SourceError | None = None
    ) -> Run | None:
        known = self._memory.recall(run)
        intervals = (*known.intervals, interval)
        verdict = known.judge.look(intervals, finished=is_last(run), passed_at=run.passed_at)
        after = self._claims.record_look(
            run,
            interval,
            verdict,
            next_due=None
            if ends(run, verdict)
            else look_due(run, run.next_index + 1, delay=_delay(run)),
            failing_since=None if error is None else self._failing_since(run, error),
            notes=[] if error is None else [_hole_note(run, error)],
        )
        self._memory.remember(after, Remembered(known.judge, intervals))
        self._count(run, verdict, due=due, hole=error is not None)
        return _if_ours(after)

    def _count(self, run: Run, verdict: Verdict, *, due: float, hole: bool) -> None:
        catches_up = due < run.created_at
        self._metrics.looked(hole=hole, late=None if catches_up else max(0, self._clock() - due))
        if verdict.decided and (run.passed_at is None or verdict.verdict is Outcome.FAIL):
            self._metrics.decided(verdict.verdict)

    def _is_worth_waiting(self, run: Run, error: SourceError, *, due: float) -> bool:
        since = self._failing_since(run, error)
        return since is not None and self._clock() < waits_until(run, due, failing_since=since)

    def _failing_since(self, run: Run, error: SourceError) -> float | None:
        if not isinstance(error, SourceUnavailable):
            return None
        return self._clock() if run.failing_since is None else run.failing_since

    def _wait(self, run: Run, error: SourceError) -> None:
        data = {"index": run.next_index, "reason": str(error)}
        self._claims.postpone(
            run,
            due_at=self._clock() + pause(run, run.attempts, rng=self._rng),
            attempts=run.attempts + 1,
            failing_since=self._failing_since(run, error),
            notes=[] if run.attempts else [Note(EventType.SOURCE_FAILED, data)],
        )
        _log.info("a source is silent", run=run.id, index=run.next_index, error=str(error))

    def _crashed(self, run: Run, error: Exception) -> None:
        _log.exception("a look failed unexpectedly", run=run.id, index=run.next_index)
        self._metrics.crashed()
        try:
            self._try_again_or_end(run, error)
        except Exception:  # noqa: BLE001 - the lease runs out, and another try is made
            _log.exception("and that could not be recorded", run=run.id)

    def _try_again_or_end(self, run: Run, error: Exception) -> None:
        crashes = run.crashes + 1
        data = {"index": run.next_index, "error": type(error).__name__, "attempt": crashes}
        notes = [Note(EventType.CRASHED, data)]
        if crashes < CRASHES:
            due = self._clock() + pause(run, crashes, rng=self._rng)
            self._claims.postpone(run, due_at=due, crashes=crashes, notes=notes)
            return
        verdict = _given_up(run, error)
        self._claims.end(run, verdict, notes=notes)
        if run.passed_at is None:
            self._metrics.decided(verdict.verdict)


def _if_ours(run: Run) -> Run | None:
    return run if run.owner is not None else None


def _delay(run: Run) -> float:
    return settling_delay(run.analysis, None) if run.delay is None else run.delay


def _shortfalls(run: Run, history: History) -> list[dict[str, Any]]:
    """What the run cannot test on its history, as its first event tells it, and the log."""
    found = shortfalls(run.analysis, history.intervals) if history.intervals else []
    for one in found:
        if one.hopeless:
            _log.warning("a metric cannot be tested", run=run.id, metric=one.metric, why=one.reason)
    return [asdict(one) for one in found]


def _hole_note(run: Run, error: SourceError) -> Note:
    return Note(EventType.HOLE, {"index": run.next_index, "reason": str(error)})


def _given_up(run: Run, error: Exception) -> Verdict:
    reason = (
        f"Judge could not take look {run.next_index + 1}: {CRASHES} attempts ended in "
        f"{type(error).__name__}; its log has the details"
    )
    if run.passed_at is not None and run.verdict is not None:
        passed = from_document(run.verdict)
        return replace(passed, reason=f"{passed.reason}; watched no further: {reason}")
    index = run.next_index - 1 if run.next_index else None
    return Verdict(
        Outcome.INCONCLUSIVE,
        reason,
        None,
        unmeasured(run.analysis),
        decided=True,
        decided_at=index,
    )
