"""What a terminal shows of one run: the looks so far, from the JSON form of its verdicts.

Owned here: the state of the picture. It is told what happened and asks nobody; drawing is
`panel`'s and `lines`'s, and where the verdicts come from (the API, the store) is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WORDS = {"pass": "PROMOTE", "fail": "ROLL BACK", "inconclusive": "INCONCLUSIVE"}
"""A run's verdict as what to do about the release."""

STYLES = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Point:
    """One metric after one look (an index from 0). Ratios canary / baseline; None: not known."""

    look: int
    estimate: float | None
    low: float | None
    high: float | None
    limit: float | None
    evidence: float | None
    threshold: float | None
    verdict: str
    proven: bool


@dataclass
class Board:
    """One run. ``looks`` is how many there may be, ``interval`` the seconds of each."""

    title: str
    looks: int
    interval: float
    note: str = "waiting for the first look"
    looked: int = 0
    decided: bool = False
    latest: Mapping[str, Any] = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    others: dict[str, dict[str, Point]] = field(default_factory=dict)

    def observe(self, look: int, verdict: Mapping[str, Any]) -> None:
        """Take in the verdict's document after look ``look``; one that is known already is not.

        ``others`` keeps the last points of the comparisons beside the first one (a shadow's).
        """
        if look < self.looked:
            return
        self.looked = look + 1
        self.latest = verdict
        for name, metric in verdict["metrics"].items():
            self.points.setdefault(name, []).append(_point(look, metric))
        for track, comparison in verdict.get("comparisons", {}).items():
            if comparison["metrics"] != verdict["metrics"]:
                self.others[track] = {
                    name: _point(look, metric) for name, metric in comparison["metrics"].items()
                }

    def close(self, verdict: Mapping[str, Any]) -> None:
        """The run is decided: ``verdict`` is its last word."""
        self.decided = True
        self.latest = verdict

    @property
    def outcome(self) -> str:
        """``pass``, ``fail``, ``inconclusive``; empty while the run goes on."""
        return str(self.latest.get("verdict", "")) if self.decided else ""

    @property
    def reason(self) -> str:
        """The last verdict's reason, or what is being waited for."""
        return str(self.latest.get("reason") or self.note)


def _point(look: int, metric: Mapping[str, Any]) -> Point:
    return Point(
        look,
        metric["estimate"],
        metric["low"],
        metric["high"],
        metric["limit"],
        metric["evidence"],
        metric["threshold"],
        metric["verdict"],
        bool(metric.get("proven")),
    )


def ratio_words(point: Point) -> str:
    """The effect in a few words, ``3.9x (2.8 to 5.4)``."""
    if point.estimate is None:
        return "not known yet"
    low = "0" if point.low is None else f"{point.low:.2g}"
    high = "any" if point.high is None else f"{point.high:.2g}"
    return f"{point.estimate:.2g}x ({low} to {high})"


def evidence_words(point: Point) -> str:
    """The evidence against what it must reach, ``3.2 of 5.3``."""
    if point.evidence is None or point.threshold is None:
        return "none yet"
    return f"{max(0.0, point.evidence):.1f} of {point.threshold:.1f}"
