"""What each look of an execution came to, in Kayenta's terms: a result, or why there is none.

Promised: a look that read nothing, or whose verdict its judge did not stand by, has no score,
whatever the values from before it would give. Not here: the answers that are made of judgements
(`canary_answers`, `standalone_answers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judge.runs.run import Window
from judge.store.looks import Look
from judge.store.run import Run, RunState
from judge.verdict.verdict import Outcome

FEW = 50  # values of a baseline's series
FEW_WARNING = (
    "One of the metrics returned fewer than 50 data points, which can reduce confidence in the "
    "final canary score."
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One look. ``number`` counts from 1, ``at`` is when it was taken (Unix seconds).

    ``result`` is Kayenta's judgeResult; None where there is none, and then ``why`` says so.
    """

    number: int
    at: float
    window: Window
    result: Mapping[str, Any] | None
    why: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """From 0 to 100; None where nothing could be judged."""
        return None if self.result is None else float(self.result["score"]["score"])


def judgements(run: Run, looks: Sequence[Look], holes: Mapping[int, str]) -> list[Judgement]:
    """The judgements of some or all looks; ``holes`` are why those at an index read nothing."""
    return [_judgement(run, look, holes) for look in looks]


def judgement_window(run: Run, number: int) -> Window:
    """What judgement ``number`` goes over: all so far, or the last of it; both ends are in it."""
    analysis = run.analysis
    begins = run.started_at + analysis.warmup
    end = begins + number * analysis.interval
    return Window(end - analysis.lookback if analysis.lookback else begins, end)


def by_hand(run: Run, last: Look | None) -> bool:
    """Whether the run ended without its judge having said so: by an order, or for its faults."""
    ended = run.state is RunState.DONE
    return ended and (last is None or last.verdict["decidedAt"] is None)


def _judgement(run: Run, look: Look, holes: Mapping[int, str]) -> Judgement:
    window = judgement_window(run, look.index + 1)
    result, why = _result(look.verdict), ""
    if look.index in holes:
        result, why = None, holes[look.index]
    elif result is None or _doubted(run, look.verdict):
        result, why = None, str(look.verdict["reason"])
    warnings = _warnings(result) + _missing(run, window, look.index, holes)
    return Judgement(look.index + 1, look.looked_at, window, result, why, warnings)


def _result(verdict: Mapping[str, Any]) -> dict[str, Any] | None:
    """The judgeResult in a verdict's JSON form."""
    said = verdict.get("kayenta")
    if said is None:
        return None
    found = [one for metric in verdict["metrics"].values() for one in metric.get("kayenta", ())]
    return {
        "judgeName": said["judgeName"],
        "results": found,
        "groupScores": said["groupScores"],
        "score": said["score"],
    }


def _doubted(run: Run, verdict: Mapping[str, Any]) -> bool:
    """Whether the judge, being strict, could not say in the end what its score alone would say."""
    if verdict["decidedAt"] is None or verdict["verdict"] != Outcome.INCONCLUSIVE:
        return False
    points, known = float(verdict["kayenta"]["score"]["score"]), verdict["score"]
    return known != points or points >= run.analysis.score.passing


def _warnings(result: Mapping[str, Any] | None) -> tuple[str, ...]:
    if result is None:
        return ()
    few = any(one["controlMetadata"]["stats"]["count"] < FEW for one in result["results"])
    return (FEW_WARNING,) if few else ()


def _missing(run: Run, window: Window, index: int, holes: Mapping[int, str]) -> tuple[str, ...]:
    """Earlier looks within the window that read nothing: their values are not among these."""
    begins, interval = run.started_at + run.analysis.warmup, run.analysis.interval
    return tuple(
        f"Interval #{hole + 1} could not be read, so its values are missing: {why}"
        for hole, why in sorted(holes.items())
        if hole < index and begins + (hole + 1) * interval > window.start
    )
