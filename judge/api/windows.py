"""Verdicts over finished windows, computed in threads, a bounded number at once."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.exceptions import HTTPException

from judge.runs.once import judge_window, settled
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Verdict

WAITING_PER_WORKER = 2

Sources = Callable[[ResolvedAnalysis], Source]


class Windows:
    """Judges windows with the sources that ``sources`` gives, ``workers`` at a time."""

    def __init__(self, sources: Sources, *, workers: int, clock: Callable[[], float]) -> None:
        self._sources = sources
        self._clock = clock
        self._workers = workers
        self._limiter = CapacityLimiter(workers)
        self._asked = 0  # changed by the event loop alone

    async def judge(
        self, analysis: ResolvedAnalysis, *, at: float | None, lookback: float | None
    ) -> Verdict:
        """The verdict of the window that ends at ``at`` (Unix seconds; None: what has settled).

        503 where too many are waiting already. Raises `SourceError`.
        """
        if self._asked >= (1 + WAITING_PER_WORKER) * self._workers:
            raise HTTPException(
                503,
                f"{self._workers} verdicts are being computed and more wait; come back later",
                headers={"Retry-After": "5"},
            )
        self._asked += 1
        try:
            return await anyio.to_thread.run_sync(
                self._judge,
                analysis,
                at,
                lookback,
                limiter=self._limiter,
                abandon_on_cancel=True,  # it only reads, and a drain cannot wait for Prometheus
            )
        finally:
            self._asked -= 1

    def _judge(
        self, analysis: ResolvedAnalysis, at: float | None, lookback: float | None
    ) -> Verdict:
        source = self._sources(analysis)
        end = settled(analysis, source, now=self._clock()) if at is None else at
        return judge_window(analysis, source, end=end, lookback=lookback).verdict
