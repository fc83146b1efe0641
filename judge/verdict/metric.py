"""One metric of one comparison: what is said of what was seen.

A run's verdict out of several of these is `sequential`'s; the words are `reasons`'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import BASELINE, Metric
from judge.stats.confidence import Effect, effect
from judge.verdict import ab_reasons, before, reasons
from judge.verdict.kinds.looked import Looked
from judge.verdict.sufficiency import (
    FEWEST_BLOCKS,
    FEWEST_EXPOSURES,
    lacking,
    needed_intervals,
    unseen,
)
from judge.verdict.verdict import BoundVerdict, Difference, MetricVerdict, Outcome

UNKNOWN = Effect(None, None, None)


@dataclass(frozen=True, slots=True)
class Seen:
    """One metric of one track, ``looked`` at."""

    metric: Metric
    track: str
    looked: Looked

    def planned_for(self, looks: int) -> Seen:
        """The same as if no more than so many looks had been planned."""
        return replace(self, looked=self.looked.planned_for(looks))


def metric_verdict(one: Seen, *, ended: bool, after: bool = False) -> MetricVerdict:
    """The verdict on one metric; ``ended`` where its run has no more looks to come before it.

    ``after`` a pass the tracks may go, and the metric stands.
    """
    looked = one.looked
    comparison, terms = looked.comparison, looked.terms
    compared = comparison is not None and terms is not None
    known = effect(comparison, terms) if comparison is not None and terms else UNKNOWN
    outcome, proven, reason = _outcome(one, known, ended=ended, after=after)
    return MetricVerdict(
        verdict=outcome,
        reason=reason,
        estimate=known.estimate,
        low=known.low,
        high=known.high,
        limit=one.metric.limit if looked.limit is None else looked.limit,
        evidence=float(comparison.log_evidence[-1]) if comparison is not None else None,
        threshold=float(comparison.threshold) if comparison is not None else None,
        proven=proven and compared,
        observed=looked.observed,
        bound=_bound_verdict(one),
        difference=None if one.metric.better is None else _difference(one, outcome, ended=ended),
    )


def outcome_now(one: Seen) -> Outcome:
    """What would be said of the metric if its run ended with this look."""
    if one.looked.failed[-1]:
        return Outcome.FAIL
    unanswered = one.metric.better is not None and not one.looked.proven[-1]
    return Outcome.INCONCLUSIVE if unanswered or _missing(one) else Outcome.PASS


def _outcome(one: Seen, known: Effect, *, ended: bool, after: bool) -> tuple[Outcome, bool, str]:
    said = reasons.measured(one.metric, known, one.looked, one.track)
    if one.looked.failed[-1]:
        return Outcome.FAIL, False, said
    gone = unseen(one.looked) if after and one.looked.comparison is not None else 0
    if gone:
        said = f"{said}; {reasons.vanished(*_vanished(one, gone))}"
    proven = _proven(one.looked)
    if not ended:
        return Outcome.INCONCLUSIVE, proven, said
    missing = _missing(one, after=after)
    if missing:
        return Outcome.INCONCLUSIVE, False, missing
    if one.looked.comparison is None or one.looked.terms is None:
        return Outcome.PASS, True, said
    if one.metric.better is not None:
        return _answered(one, known, said)
    if proven:
        ruled_out = reasons.ruled_out(one.metric, known, one.looked.terms.beta)
        return Outcome.PASS, True, f"{said}; {ruled_out}{_unlearned(one.looked)}"
    open_ = reasons.not_ruled_out(one.metric, known)
    return Outcome.PASS, False, f"{said}; {open_}{_caveats(one)}"


def _answered(one: Seen, known: Effect, said: str) -> tuple[Outcome, bool, str]:
    """What an A/B test ends with. Without an answer it has not done what it was made for."""
    if _proven(one.looked):
        return Outcome.PASS, True, f"{said}{_unlearned(one.looked)}"
    longer = "" if _hidden(one.looked) else ab_reasons.longer(one.metric, known)
    return Outcome.INCONCLUSIVE, False, f"{said}{longer}{_caveats(one)}"


def _difference(one: Seen, outcome: Outcome, *, ended: bool) -> Difference | None:
    """The answer of an A/B test; one that ends on too little data has none."""
    if ended and outcome is Outcome.INCONCLUSIVE:
        return None
    return one.looked.difference


def _proven(looked: Looked) -> bool:
    return bool(looked.proven[-1])


def _missing(one: Seen, *, after: bool = False) -> str:
    """Why the metric cannot pass on what there is; "" where it can."""
    metric, looked = one.metric, one.looked
    if looked.not_finite:
        return reasons.not_finite(metric, looked.not_finite)
    if looked.untestable:
        return looked.untestable
    if looked.bound is not None and looked.bound.untestable:
        return looked.bound.untestable
    if looked.comparison is None and looked.terms is None:
        return _without_value(one, after=after)
    why = reasons.absences(looked.absent.get(one.track, {}), one.track) or reasons.absences(
        looked.absent.get(BASELINE, {}), BASELINE
    )
    gone = unseen(looked)
    if gone and not after:
        return reasons.unseen(metric, *_vanished(one, gone)) + why
    missing = lacking(looked.amount, one.track)
    return reasons.too_little(metric, missing + why) if missing else ""


def _vanished(one: Seen, gone: int) -> tuple[str, int, int, list[str]]:
    """What there is to tell of tracks that were not seen in the last ``gone`` looks."""
    tracks = zip((one.track, BASELINE), one.looked.seen, strict=True)
    lost = [track for track, seen in tracks if not seen[-gone:].any()]
    return one.track, gone, len(one.looked.seen[0]), lost


def _without_value(one: Seen, *, after: bool) -> str:
    """Why a metric that has only a bound cannot pass: it was seen too seldom, or not to the end."""
    looked, bound = one.looked, one.looked.bound
    if bound is None:
        return ""
    missing = _too_seldom(bound.known, looked, one.track, after=after)
    why = reasons.absences(looked.absent.get(one.track, {}), one.track)
    return reasons.too_little(one.metric, missing + why) if missing else ""


def _too_seldom(known: NDArray[np.bool_], looked: Looked, track: str, *, after: bool) -> str:
    planned, block = looked.amount.planned, looked.amount.block
    needed = needed_intervals(looked.amount)
    if int(known.sum()) < needed:
        return reasons.seldom(track, int(known.sum()), planned)
    ended = len(known) - 1 - int(np.flatnonzero(known)[-1])
    if ended >= FEWEST_BLOCKS * block and not after:
        return reasons.ended(track, ended, len(known))
    if looked.requests is not None and looked.requests[0].sum() < FEWEST_EXPOSURES:
        return reasons.few_on(track, float(looked.requests[0].sum()), FEWEST_EXPOSURES)
    return ""


def _caveats(one: Seen) -> str:
    """What keeps this comparison from saying more."""
    looked, hidden = one.looked, _hidden(one.looked)
    if hidden is None:
        return _unlearned(looked)
    if looked.terms is not None and looked.terms.shift:
        return f"{_unlearned(looked)}; {before.hidden(one.metric, looked.spread)}"
    weak = reasons.weak(one.metric, one.track, looked.spread, *hidden, learned=looked.learned)
    return f"{_unlearned(looked)}; {weak}"


def _hidden(looked: Looked) -> tuple[int, int | None] | None:
    """Whether pods that differ for good hide what must not be missed; see `Side.pods_needed`."""
    if looked.comparison is None or looked.terms is None:
        return None
    return looked.comparison.sides[0].pods_needed(clip=looked.terms.clip)


def _unlearned(looked: Looked) -> str:
    """That the noise had to be assumed, where it had."""
    if looked.learned:
        return ""
    if looked.terms is not None and looked.terms.shift:
        return f"; {before.assumed()}"
    return f"; {ab_reasons.assumed() if looked.shared else reasons.assumed(looked.history_pods)}"


def _bound_verdict(one: Seen) -> BoundVerdict | None:
    bound, looked = one.metric.bound, one.looked.bound
    if bound is None or looked is None:
        return None
    tested = looked.log_evidence
    return BoundVerdict(
        broken=bool(looked.broken.any()),
        promised=looked.promised,
        value=looked.value,
        max=bound.max,
        min=bound.min,
        evidence=float(tested[-1]) if tested is not None else None,
        threshold=looked.threshold if tested is not None else None,
    )
