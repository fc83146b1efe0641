"""What is to be said of a backtest's figures: how they stand to the promise, and what is doubtful.

Owned here: the sentences, which every form of the output has. Pure. Not here: layout (`report`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from judge.runs.backtest.backtest import Backtested
from judge.runs.backtest.figures import Figures
from judge.runs.backtest.judged import NO_SAMPLES
from judge.runs.backtest.results import WindowResult
from judge.spec.units import format_duration
from judge.verdict.verdict import Promise

PODS_OF_MANY = 0.5  # of the rollbacks, for one pod to be named
FEW_TO_NAME = 3


def stamp(at: float) -> str:
    """A time for people, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def percent(share: float | None) -> str:
    """A share for people."""
    return "?" if share is None else f"{100 * share:.2g} %"


def headline(found: Figures, alpha: float) -> str:
    """How many good releases would have been rolled back, with the interval, and the promise."""
    share = found.rolled_back
    if not share.trials:
        return "No window could be judged."
    between = f"{100 * (share.low or 0):.2g} - {percent(share.high)}"
    return (
        f"{share.events:,} of {share.trials:,} good releases would have been rolled back: "
        f"{percent(share.share)} (95 %: {between}); promised: at most {percent(alpha)}."
    )


def title(one: Backtested) -> str:
    """What plays a good release."""
    if one.analysis.baseline_offset:
        back = format_duration(one.analysis.baseline_offset)
        return f"Good releases: the service against itself, {back} before"
    return "Good releases: pods of the baseline against the others"


def outcomes(found: Figures) -> str:
    """What became of the others."""
    return (
        f"{found.passed:,} passed, {found.proven:,} of them proven; "
        f"{found.inconclusive:,} were inconclusive."
    )


def notes(one: Backtested) -> list[str]:
    """Everything that a person should know before believing the figures."""
    told = []
    if one.analysis.baseline_offset:
        said = (
            "The whole service plays against itself, as it was `baselineOffset` before. A release "
            "between the two is taken for a good one, unless --find-rollouts finds it."
        )
        told.append(said)
    if one.unowned:
        said = (
            "kube-state-metrics tells nothing of these pods (kube_pod_owner), so rolling updates "
            "were not found; name them with --rollout."
        )
        told.append(said)
    found = one.figures
    if found is not None:
        told += [
            *_kept(found, one.analysis.risk.false_rollback),
            *_promises(found),
            *_skipped(found),
            *_unsplit(found),
            *_replaced(found),
            *_incidents(found),
        ]
    return told


def _kept(found: Figures, alpha: float) -> list[str]:
    share = found.rolled_back
    if share.low is None or share.high is None:
        return []
    if share.low > alpha:
        told = (
            f"That is more than the promise of {percent(alpha)}, and not by chance: incidents, or "
            "pods that are worse than others for good?"
        )
        return [told]
    if share.high <= alpha:
        return [f"The promise of {percent(alpha)} was kept."]
    told = (
        f"That agrees with the promise of {percent(alpha)}, but this past is too short to show it: "
        f"the {share.trials:,} releases are worth {share.effective:,.0f} independent ones. A "
        "longer --since says more."
    )
    return [told]


def _promises(found: Figures) -> list[str]:
    told = []
    for promise, (windows, splits, failed) in found.by_promise.items():
        why = _WORTH[promise]
        told.append(
            f"In {windows:,} of {found.judged:,} windows the promise was {promise.value} ({why}): "
            f"{failed:,} of {splits:,} rolled back."
        )
    return told


_WORTH = {
    Promise.EXACT: "the history shows independent requests and pods that are alike",
    Promise.CALIBRATED: "measured on the history before the window",
    Promise.EMPIRICAL: "measured on pairs of days before the window",
    Promise.UNCALIBRATED: "too little history before the window to measure it",
    Promise.NONE: "Kayenta's judge makes none",
}


def _skipped(found: Figures) -> list[str]:
    return [
        f"{len(which):,} of {found.windows:,} windows were not judged, {why}: {_stretches(which)}"
        f"{_kept_since(why, which, found.windows)}."
        for why, which in found.skipped.items()
    ]


def _kept_since(why: str, which: Sequence[WindowResult], windows: int) -> str:
    """What a past that begins late means, or none at all."""
    if why != NO_SAMPLES or which[0].index:
        return ""
    if len(which) == windows:
        return " (see what judge check FILE --prometheus URL finds of the baseline)"
    ends = next(
        one.end
        for one, after in zip(which, [*which[1:], None], strict=True)
        if after is None or after.index != one.index + 1
    )
    return f" (nothing is there before {stamp(ends)}: Prometheus may keep no more than that)"


def _unsplit(found: Figures) -> list[str]:
    return [
        f"{one.name} was not split in {count:,} of {found.judged:,} windows: {why}; it keeps its "
        "share of the promise, and what it would have said is not known."
        for one in found.metrics
        for why, count in one.unsplit.items()
    ]


def _replaced(found: Figures) -> list[str]:
    if not found.replaced:
        return []
    told = (
        f"In {len(found.replaced):,} of {found.judged:,} windows most pods were replaced by others "
        f"(a deploy?), so two releases are mixed: {_stretches(found.replaced)}. Name them with "
        "--rollout, or try --find-rollouts."
    )
    return [told]


def _incidents(found: Figures) -> list[str]:
    if not found.offenders:
        return []
    right = (
        "A rollback here may be right: where a pod really had an incident, a release on it would "
        "have looked bad."
    )
    told = [right]
    counted = Counter(pod for one in found.offenders for pod in one.split.pods)
    if not counted:
        return told
    pod, times = max(counted.items(), key=lambda pair: (pair[1], pair[0]))
    if times > 1 and times >= PODS_OF_MANY * len(found.offenders):
        told.append(
            f"The pod {pod} is in {times:,} of the {len(found.offenders):,} rollbacks: it may be "
            "worse than the others for good."
        )
    return told


def _stretches(which: Sequence[WindowResult]) -> str:
    """From when to when, neighbours as one; the first few of them."""
    joined: list[list[float]] = []
    last = -2
    for one in which:
        if one.index == last + 1:
            joined[-1][1] = one.end
        else:
            joined.append([one.released, one.end])
        last = one.index
    shown = [f"{stamp(start)} to {stamp(end)}" for start, end in joined[:FEW_TO_NAME]]
    more = len(joined) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
