"""What a terminal shows of one run: the looks so far, from the JSON form of its verdicts.

Owned here: the state of the picture. It is told what happened and asks nobody; drawing is
`panel`'s and `lines`'s, and where the verdicts come from (the API, the store) is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.store.intents import DECISIONS
from judge.store.run import EventType, RunState

WORDS = {"pass": "PROMOTE", "fail": "ROLL BACK", "inconclusive": "INCONCLUSIVE"}
"""A run's verdict as what to do about the release."""

NOTES = {
    EventType.HISTORY_READ: "the baseline's history is read; waiting for the first look",
    EventType.HISTORY_MISSING: "there is no history of the baseline; waiting for the first look",
    EventType.SOURCE_FAILED: "Prometheus does not answer as needed; trying again",
    EventType.CRASHED: "a look failed unexpectedly; trying again",
}
"""What is said between looks."""

ANSWERS = {"better": "better", "worse": "worse", "none": "no difference"}
"""What an A/B test found, in words."""

STYLES = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Point:
    """One metric after one look (an index from 0). Ratios canary / baseline; None: not known.

    ``bound`` tells of a fixed bound, where there is one; ``evidence`` is that against the bound
    where the metric is compared with nothing. ``difference`` is an A/B test's answer, ``better``,
    ``worse`` or ``none``; empty while there is none, and for other metrics. ``label`` is what
    Kayenta's judge says: it has no evidence, and its ratio no interval.
    """

    look: int
    estimate: float | None
    low: float | None
    high: float | None
    limit: float | None
    evidence: float | None
    threshold: float | None
    verdict: str
    proven: bool
    bound: str = ""
    difference: str = ""
    label: str = ""


def kayenta_point(look: int, metric: Mapping[str, Any], estimate: float | None) -> Point:
    """What Kayenta's judge said of a metric after a look, its ratio drawn as a point."""
    labels = ", ".join(dict.fromkeys(one["classification"] for one in metric["kayenta"]))
    limit, said = metric["limit"], metric["verdict"]
    return Point(look, estimate, estimate, estimate, limit, None, None, said, False, label=labels)


@dataclass
class Board:
    """One run. ``looks`` is how many there may be, ``interval`` the seconds of each.

    ``note`` is what there is to say between looks, ``afterwards`` what followed from the verdict.
    ``watching``: it has passed, and is looked at still.
    """

    title: str
    looks: int
    interval: float
    note: str = "waiting for the first look"
    looked: int = 0
    decided: bool = False
    watching: bool = False
    cancelled: bool = False
    latest: Mapping[str, Any] = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    others: dict[str, dict[str, Point]] = field(default_factory=dict)
    afterwards: str = ""

    def observe(self, look: int, verdict: Mapping[str, Any]) -> None:
        """Take in the verdict's document after look ``look``; one that is known already is not.

        ``others`` keeps the last points of the comparisons beside the first one (a shadow's).
        """
        if look < self.looked:
            return
        self.looked = look + 1
        self.latest, self.note = verdict, ""
        for name, metric in verdict["metrics"].items():
            self.points.setdefault(name, []).append(_point(look, metric))
        for track, comparison in verdict.get("comparisons", {}).items():
            if comparison["metrics"] != verdict["metrics"]:
                self.others[track] = {
                    name: _point(look, metric) for name, metric in comparison["metrics"].items()
                }

    def take(self, kind: EventType, data: Mapping[str, Any]) -> None:
        """Take in an event of the run, by its type."""
        if kind is EventType.LOOKED:
            self.observe(data["index"], data)
        elif kind in DECISIONS.values() or kind is EventType.WATCHED:
            self.close(data)
            self.watching = data.get("state") == RunState.WATCHING
        elif kind is EventType.CANCELLED:
            self.cancelled = True
            self.note = "" if self.decided else "cancelled"
        elif kind in NOTES:
            self.note = str(data.get("reason") or NOTES[kind])

    def close(self, verdict: Mapping[str, Any]) -> None:
        """The run is decided: ``verdict`` is its last word."""
        self.decided, self.note = True, ""
        self.latest = verdict

    @property
    def outcome(self) -> str:
        """``pass``, ``fail``, ``inconclusive``; empty while the run goes on."""
        return str(self.latest.get("verdict", "")) if self.decided else ""

    @property
    def reason(self) -> str:
        """What there is to say now: what happened since the last look, or its verdict's reason."""
        return self.note or str(self.latest.get("reason", ""))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return (self.decided and not self.watching) or self.cancelled


def _point(look: int, metric: Mapping[str, Any]) -> Point:
    if metric.get("kayenta"):
        return kayenta_point(look, metric, metric["estimate"])
    bound = metric.get("bound") or {}
    judged = metric if metric["limit"] is not None else {**metric, **bound}
    return Point(
        look,
        metric["estimate"],
        metric["low"],
        metric["high"],
        metric["limit"],
        judged["evidence"],
        judged["threshold"],
        metric["verdict"],
        bool(metric.get("proven")),
        _bound_words(bound) if bound else "",
        metric.get("difference") or "",
    )


def _bound_words(bound: Mapping[str, Any]) -> str:
    """A fixed bound and what it bounds, ``0.07 (max 0.05)``."""
    ends = [f"{name} {bound[name]:.3g}" for name in ("min", "max") if bound[name] is not None]
    value = "not known yet" if bound["value"] is None else f"{bound['value']:.3g}"
    return f"{value} ({', '.join(ends)})"


def ratio_words(point: Point) -> str:
    """The effect in a few words, ``3.9x (2.8 to 5.4)``; without one, the fixed bound.

    An A/B test's answer follows: ``1.07x (1.03 to 1.12), better``; of Kayenta's judge its label:
    ``1.9x, High``.
    """
    if point.label:
        ratio = "" if point.estimate is None else f"{point.estimate:.3g}x, "
        return f"{ratio}{point.label}"
    if point.estimate is None:
        return point.bound or "not known yet"
    digits = 3 if narrow(point) else 2
    low = "0" if point.low is None else f"{point.low:.{digits}g}"
    high = "any" if point.high is None else f"{point.high:.{digits}g}"
    answer = f", {ANSWERS[point.difference]}" if point.difference else ""
    return f"{point.estimate:.{digits}g}x ({low} to {high}){answer}"


def narrow(point: Point) -> bool:
    """Whether the whole interval lies so near to 1 that two digits tell little of it."""
    return (
        point.low is not None and point.high is not None and 0.8 <= point.low <= point.high <= 1.25
    )


def evidence_words(point: Point) -> str:
    """The evidence against what it must reach, ``3.2 of 5.3``."""
    if point.evidence is None or point.threshold is None:
        return "none" if point.label else "none yet"
    return f"{max(0.0, point.evidence):.1f} of {point.threshold:.1f}"
