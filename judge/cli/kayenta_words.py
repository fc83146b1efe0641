"""What there is to print of Kayenta's judge: its labels, its groups, its opinion beside a verdict.

Owned here: these words. The forms they stand in are `render`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from judge.verdict.kayenta.labels import Label
from judge.verdict.side_by_side import LEFT_OUT
from judge.verdict.verdict import MetricVerdict, Outcome, Verdict


def figures(one: MetricVerdict) -> tuple[str, str, str]:
    """A metric's labels, the ratio of its worst label set, and what is tolerated."""
    labels = Counter(result["classification"] for result in one.kayenta)
    several = len(labels) > 1
    said = ", ".join(f"{label} {count}" if several else label for label, count in labels.items())
    return said or "?", _number(one.estimate), _number(one.limit)


def groups(verdict: Verdict) -> list[str]:
    """The score of each group, in one line; none where Kayenta's judge did not decide."""
    scores = (verdict.kayenta or {}).get("groupScores", [])
    told = ", ".join(f"{group['name']} {_points(group, verdict)}" for group in scores)
    return [f"groups: {told}"] if told else []


def _points(group: Mapping[str, Any], verdict: Verdict) -> str:
    """A group's score; nothing but Nodata has none, though Kayenta's answers say 0."""
    labels = {
        result["classification"]
        for one in verdict.metrics.values()
        for result in one.kayenta
        if group["name"] in result["groups"] and not result["muted"]
    }
    return "without data" if labels == {Label.NODATA} else _number(group["score"])


def beside(verdict: Verdict) -> list[str]:
    """What another judge says of the same looks, and where it says otherwise."""
    return [_beside(name, said, verdict) for name, said in verdict.also.items()]


def _beside(name: str, said: Mapping[str, Any], verdict: Verdict) -> str:
    ended = said["decidedAt"]
    when = "" if ended is None else f" at look {ended + 1}"
    told = [
        f"{name.capitalize()}'s judge beside it: {said['verdict']}{when}: {said['reason']}",
        *_differences(said, verdict),
    ]
    if said.get(LEFT_OUT):
        told.append(f"it cannot judge {', '.join(said[LEFT_OUT])}")
    return "; ".join(told)


def _differences(said: Mapping[str, Any], verdict: Verdict) -> list[str]:
    """The metrics that only one of both finds at fault."""
    apart = [
        f"{name} ({verdict.metrics[name].verdict.value} here, {other['verdict']} there)"
        for name, other in said["metrics"].items()
        if name in verdict.metrics
        and (verdict.metrics[name].verdict is Outcome.FAIL) is not (other["verdict"] == "fail")
    ]
    return [f"they differ on {', '.join(apart)}"] if apart else []


def _number(value: float | str | None) -> str:
    return "?" if value is None else value if isinstance(value, str) else f"{value:.3g}"
