"""One metric an aim, of all templates that found series.

Owned here: what a candidate's queries found, and which of several that measure the same is taken.
Promised: no aim is judged twice. Not here: asking, what there is to judge (`aims`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from judge.spec.resolved import BASELINE, CANARY
from judge.spec.suggestion.aims import AIMS, Aim, aim_of, rank
from judge.spec.suggestion.candidates import Candidate

# A source with less of the most requests than this sees a side entrance.
MOST_OF_THE_TRAFFIC = 0.1


@dataclass(frozen=True, slots=True)
class Found:
    """What a candidate's main query finds in one track: pods by name with their series, traffic.

    ``traffic`` is in events a second; None where the queries count nothing.
    """

    pods: Mapping[str, int] = field(default_factory=dict)
    traffic: float | None = None

    @property
    def series(self) -> int:
        """How many series there are."""
        return sum(self.pods.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """What a candidate finds, by track. ``own`` says that its pods are the service's own."""

    candidate: Candidate
    tracks: Mapping[str, Found]
    own: bool
    refused: str = ""

    @property
    def fits(self) -> bool:
        """Whether it finds anything."""
        return any(found.pods for found in self.tracks.values())

    @property
    def podless(self) -> bool:
        """Whether it is one number for each track, that no pod's label tells apart."""
        return not any(pod for found in self.tracks.values() for pod in found.pods)

    @property
    def traffic(self) -> float:
        """Events a second in both tracks."""
        return sum(found.traffic or 0.0 for found in self.tracks.values())


def chosen(findings: Sequence[Finding]) -> dict[str, Finding]:
    """The best finding for each aim that any serves, by the aim's name in the order of `AIMS`."""
    best = {}
    for aim in AIMS:
        rivals = of_aim(aim, findings)
        if rivals:
            most = max(one.traffic for one in rivals)
            best[aim.name] = min(rivals, key=lambda one: _order(one, aim, most))
    return best


def of_aim(aim: Aim, findings: Iterable[Finding]) -> list[Finding]:
    """Those of ``findings`` that serve ``aim`` and find something."""
    return [one for one in findings if one.fits and aim_of(one.candidate.template) is aim]


def _order(one: Finding, aim: Aim, most: float) -> tuple[bool, bool, bool, int, bool, bool, str]:
    """The lowest is the best: first of all, both tracks by the service's own pods."""
    both = all(one.tracks[track].pods for track in (BASELINE, CANARY))
    template = one.candidate.template
    return (
        not both,
        not one.own,
        one.traffic < MOST_OF_THE_TRAFFIC * most,
        rank(template, aim),
        one.candidate.guessed,
        bool(one.candidate.pod_label),
        template.name,
    )
