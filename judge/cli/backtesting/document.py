"""A backtest as JSON: every figure, every rollback, every rollout. Absent numbers are null."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from judge.cli.backtesting.words import notes
from judge.runs.backtest.backtest import Backtested
from judge.runs.backtest.figures import Figures, Found, MetricFigures, Offender
from judge.runs.backtest.results import RolloutResult, WindowResult
from judge.stats.clustered import ClusteredShare


def document(one: Backtested) -> dict[str, Any]:
    """The JSON form; times are ISO 8601 in UTC, lengths in seconds."""
    plan, analysis = one.plan, one.analysis
    return {
        "analysis": f"{analysis.namespace}/{analysis.name}",
        "since": iso(plan.since),
        "until": iso(plan.until),
        "every": plan.every,
        "run": analysis.all_looks * analysis.interval,
        "falseRollback": analysis.risk.false_rollback,
        "splits": None if one.figures is None else _splits(one.figures),
        "metrics": {}
        if one.figures is None
        else {each.name: _metric(each) for each in one.figures.metrics},
        "rollouts": [_rollout(each) for each in one.rollouts],
        "notes": notes(one),
    }


def iso(at: float) -> str:
    """A time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _splits(found: Figures) -> dict[str, Any]:
    return {
        "windows": found.windows,
        "judged": found.judged,
        "rollouts": found.rolled_back.trials,
        "rolledBack": _share(found.rolled_back),
        "passed": found.passed,
        "proven": found.proven,
        "inconclusive": found.inconclusive,
        "promises": {
            promise.value: {"windows": windows, "rollouts": splits, "rolledBack": failed}
            for promise, (windows, splits, failed) in found.by_promise.items()
        },
        "skipped": [
            {"reason": why, "windows": len(which), "stretches": _stretches(which)}
            for why, which in found.skipped.items()
        ],
        "replaced": _stretches(found.replaced),
        "offenders": [_offender(each) for each in found.offenders],
    }


def _share(share: ClusteredShare) -> dict[str, Any]:
    return {
        "count": share.events,
        "share": share.share,
        "low": share.low,
        "high": share.high,
        "effective": share.effective,
    }


def _stretches(which: Sequence[WindowResult]) -> list[dict[str, str]]:
    return [{"from": iso(one.start), "to": iso(one.end)} for one in which]


def _offender(one: Offender) -> dict[str, Any]:
    return {
        "from": iso(one.window.start),
        "to": iso(one.window.end),
        "pods": list(one.split.pods),
        "after": one.after,
        "promise": one.split.promise.value,
        "podsReplaced": one.window.replaced,
        "metrics": [
            {
                "name": each.metric,
                "estimate": each.estimate,
                "low": each.low,
                "high": each.high,
                "reason": each.reason,
            }
            for each in one.split.failed
        ],
    }


def _metric(one: MetricFigures) -> dict[str, Any]:
    raised = one.raised
    return {
        "rolledBack": one.rolled_back,
        "threshold": one.plain,
        "raised": None
        if raised is None
        else {"least": raised[0], "median": raised[1], "most": raised[2]},
        "regressions": [_found(each) for each in one.found],
        "unsplit": one.unsplit,
    }


def _found(one: Found) -> dict[str, Any]:
    return {
        "ratio": one.ratio,
        "tried": one.tried,
        "seen": one.seen,
        "after": one.after,
        "uncalibrated": {"seen": one.uncalibrated, "after": one.uncalibrated_after},
    }


def _rollout(one: RolloutResult) -> dict[str, Any]:
    return {
        "at": iso(one.at),
        "found": one.found,
        "compared": one.compared or None,
        "verdict": one.outcome.value if one.outcome else None,
        "proven": one.proven,
        "score": one.score,
        "promise": one.promise.value if one.promise else None,
        "decided": None if one.decided is None else iso(one.decided),
        "after": None if one.decided is None else one.decided - one.at,
        "reason": one.reason,
        "metrics": {
            name: {
                "verdict": each.verdict.value,
                "estimate": each.estimate,
                "low": each.low,
                "high": each.high,
                "reason": each.reason,
            }
            for name, each in one.metrics.items()
        },
    }
