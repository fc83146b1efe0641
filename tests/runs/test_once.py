"""Which time is history and which is judged, in a window that is over."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from judge.runs.once import judge_window, settled
from judge.runs.run import DELAY, MARGIN
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval, Samples
from judge.verdict.verdict import Outcome
from tests.servers.analyses import analysis

HOUR = 3600.0


class Steady:
    """A source of the same traffic for ever, in which the canary may be worse."""

    def __init__(
        self, *, errors: float = 10.0, scrape: float | None = 15.0, since: float = 0.0
    ) -> None:
        self.asked: list[tuple[float, float, float, tuple[str, ...], bool]] = []
        self._errors = errors
        self._scrape = scrape
        self._since = since

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        self.asked.append((start, end, step, tuple(tracks), thorough))
        begins = [start + index * step for index in range(round((end - start) / step))]
        return [Interval(one, one + step, self._samples(one, tracks)) for one in begins]

    def _samples(self, start: float, tracks: Sequence[str]) -> Samples:
        rates = {"baseline": 10.0, "canary": self._errors if start >= self._since else 10.0}
        return {
            "error-rate": {
                track: {f"{track}-{pod}": Count(rates[track], 1000.0) for pod in range(3)}
                for track in tracks
            }
        }

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return self._scrape


CHECKOUT = dataclasses.replace(
    analysis(), duration=20 * 60.0, history=8 * HOUR, warmup=120.0, interval=60.0
)
END = 1_700_000_000.0


def test_history_ends_where_the_release_began() -> None:
    source = Steady()
    judged = judge_window(CHECKOUT, source, end=END)
    released = END - 20 * 60 - 120
    assert source.asked == [
        (released - 8 * HOUR, released, 60, ("baseline",), False),
        (END - 20 * 60, END, 60, ("baseline", "canary"), True),
    ]
    assert len(judged.history) == 480
    assert len(judged.intervals) == 20
    assert judged.verdict.decided


def test_lookback_replaces_the_duration() -> None:
    judged = judge_window(CHECKOUT, Steady(), end=END, lookback=300)
    assert judged.analysis.duration == 300
    assert [one.end for one in judged.intervals][-1] == END
    assert len(judged.intervals) == 5


@pytest.mark.parametrize(("errors", "outcome"), [(10.0, Outcome.PASS), (100.0, Outcome.FAIL)])
def test_the_window_is_judged(errors: float, outcome: Outcome) -> None:
    assert judge_window(CHECKOUT, Steady(errors=errors), end=END).verdict.verdict is outcome


def test_a_failing_run_is_decided_where_it_would_have_stopped() -> None:
    verdict = judge_window(CHECKOUT, Steady(errors=500.0), end=END).verdict
    assert verdict.decided_at is not None
    assert 2 <= verdict.decided_at < 10


@pytest.mark.parametrize(
    ("delay", "scrape", "wait"),
    [(5.0, 15.0, 5.0), (None, 15.0, 15.0 + MARGIN), (None, None, DELAY)],
    ids=["written", "found", "unknown"],
)
def test_samples_settle_for_a_scrape_and_a_little(
    delay: float | None, scrape: float | None, wait: float
) -> None:
    one = dataclasses.replace(CHECKOUT, delay=delay)
    assert settled(one, Steady(scrape=scrape), now=END) == END - wait


def test_all_of_a_finished_window_counts_also_where_a_run_would_have_passed_early() -> None:
    early = dataclasses.replace(CHECKOUT, early_pass=True)
    source = Steady(errors=100.0, since=END - 8 * 60)
    assert judge_window(early, source, end=END, as_run=True).verdict.verdict is Outcome.PASS
    judged = judge_window(early, source, end=END)
    assert judged.verdict.verdict is Outcome.FAIL
    assert not judged.analysis.early_pass
