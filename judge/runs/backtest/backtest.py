"""A whole backtest: rollouts that were, then splits of the baseline's pods, then the figures.

Owned here: the order of the parts, what of them is asked for, and the report as values. Everything
that is found goes through the journal, so an interrupted backtest loses nothing but the piece that
it was at. Not here: words (`judge.cli`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judge.errors import Issue, SpecError
from judge.runs.backtest.figures import Figures, figures
from judge.runs.backtest.journal import Journal
from judge.runs.backtest.past import Past
from judge.runs.backtest.releases import Release, releases
from judge.runs.backtest.replayed import Busy, replay_past
from judge.runs.backtest.results import RolloutResult
from judge.runs.backtest.rollouts import judged_release, sighted
from judge.runs.backtest.windows import Plan, windows
from judge.sources.prometheus import PrometheusSource
from judge.sources.source import Source
from judge.spec.resolved import JudgeName, ResolvedAnalysis

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rollouts are judged: those that began at the times ``given``, and those to ``find``."""

    given: tuple[float, ...] = ()
    find: bool = False

    @property
    def any(self) -> bool:
        """Whether rollouts are asked for at all."""
        return bool(self.given) or self.find


@dataclass(frozen=True, slots=True)
class Backtested:
    """What a backtest found. ``figures`` is None where there is no window.

    ``unowned``: rollouts were to be found, and nobody knows whose the pods are.
    """

    analysis: ResolvedAnalysis
    plan: Plan
    figures: Figures | None
    rollouts: tuple[RolloutResult, ...]
    unowned: bool = False


def check_judge(analysis: ResolvedAnalysis) -> None:
    """Raises `SpecError` where the analysis asks another judge than our own."""
    if analysis.judge is JudgeName.KAYENTA:
        message = (
            "a backtest is of the sequential judge; write judge: sequential, or look at judge lab "
            "for what Kayenta's judge does to good releases"
        )
        raise SpecError([Issue("spec.judge", message)])


def backtest(
    analysis: ResolvedAnalysis,
    source: Source,
    plan: Plan,
    journal: Journal,
    *,
    wanted: Wanted,
    now: float,
    progress: Progress = lambda done, whole: None,
) -> Backtested:
    """Judge all of it, but for what ``journal`` has. ``progress`` is told pieces done and in all.

    Rollouts need a source that is a Prometheus. Raises `SourceError`, or `SpecError` where the
    judge is another's.
    """
    check_judge(analysis)
    found, busy, owned = _releases(analysis, source, plan, wanted, now)
    splits = windows(analysis, plan)
    whole = len(found) + len(splits)

    def told() -> None:
        have = sum(one.key in journal.rollouts for one, _ in found) + len(journal.windows)
        progress(have, whole)

    told()
    for release, judged in found:
        if release.key not in journal.rollouts:
            journal.add_rollout(release.key, judged())
        told()
    if splits:
        # what a file holds is read again as fast as what we would leave of it
        folder = journal.folder if isinstance(source, PrometheusSource) else None
        past = Past(analysis, source, until=plan.until, folder=folder)
        replay_past(analysis, past, plan, journal, busy=busy, progress=told)
    names = [metric.name for metric in analysis.metrics]
    pieces = [journal.windows[one.index] for one in splits]
    return Backtested(
        analysis=analysis,
        plan=plan,
        figures=figures(pieces, names, analysis.interval) if splits else None,
        rollouts=tuple(journal.rollouts[one.key] for one, _ in found),
        unowned=wanted.find and not owned,
    )


def _releases(
    analysis: ResolvedAnalysis, source: Source, plan: Plan, wanted: Wanted, now: float
) -> tuple[list[tuple[Release, Callable[[], RolloutResult]]], Sequence[Busy], bool]:
    """The rollouts, each with what judges it, and when the baseline was of two releases.

    And whether anybody knows whose the pods are.
    """
    if not wanted.any or not isinstance(source, PrometheusSource):
        return [], (), False
    seen = sighted(analysis, source, start=plan.since, end=plan.until, now=now)
    found = releases(
        wanted.given, seen, start=plan.since, end=plan.until, find=wanted.find
    )  # fmt: skip

    def judging(release: Release) -> Callable[[], RolloutResult]:
        return lambda: judged_release(analysis, source, release, seen, until=plan.until)

    busy = [
        Busy(min(one.at, one.both_until), max(one.at, one.both_until)) for one in seen.baselines
    ]
    return [(one, judging(one)) for one in found], busy, seen.owned
