"""The series of both tracks -> the pairs that are judged, as Kayenta's MetricSetMixerService.

Owned here: which series go together by their label sets, and what stands in for one that is not
there. Not here: reading series out of a run's intervals (`readings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from judge.stats.arms import Array

Tags = Mapping[str, str]


class Unpaired(ValueError):
    """The two sides cannot be compared: one has none, or their labels differ in name."""


@dataclass(frozen=True, slots=True)
class TaggedValues:
    """The values of one label set, oldest first; ``expected`` is how many there should be.

    A track that the source had nothing of is one without tags and values.
    """

    tags: Tags
    values: Array = field(default_factory=lambda: np.zeros(0))
    expected: int = 0

    def filled(self) -> Array:
        """The values, with NaN after them up to as many as there should be."""
        missing = self.expected - len(self.values)
        if missing <= 0:
            return self.values
        return np.concatenate((self.values, np.full(missing, np.nan)))


@dataclass(frozen=True, slots=True)
class Pair:
    """What is compared: the values of both sides under the same tags."""

    tags: Tags
    control: Array
    experiment: Array


def pairs(control: Sequence[TaggedValues], experiment: Sequence[TaggedValues]) -> list[Pair]:
    """The pairs, the control's first, each side in its order. Raises Unpaired.

    A side without tags is no more than a stand-in where the other has some: its values are not
    used.
    """
    for name, side in (("control", control), ("experiment", experiment)):
        if not side:
            raise Unpaired(f"No {name} metrics found")
    _check_names(control, experiment)
    placed = [_by_key(side) for side in (control, experiment)]
    if (() in placed[0]) is not (() in placed[1]):
        placed = [{} if () in one else one for one in placed]
    return [
        Pair(
            dict(key),
            placed[0].get(key, _stand_in(control[0])).filled(),
            placed[1].get(key, _stand_in(experiment[0])).filled(),
        )
        for key in dict.fromkeys((*placed[0], *placed[1]))
    ]


def _check_names(control: Sequence[TaggedValues], experiment: Sequence[TaggedValues]) -> None:
    names = [{name for one in side for name in one.tags} for side in (control, experiment)]
    if names[0] and names[1] and names[0] != names[1]:
        told = " != ".join(", ".join(sorted(one)) for one in names)
        raise Unpaired(f"control and experiment have different tag keys ({told})")


def _key(tags: Tags) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(tags.items()))


def _by_key(side: Sequence[TaggedValues]) -> dict[tuple[tuple[str, str], ...], TaggedValues]:
    """Each by its tags; of several with the same, the first."""
    placed: dict[tuple[tuple[str, str], ...], TaggedValues] = {}
    for one in side:
        placed.setdefault(_key(one.tags), one)
    return placed


def _stand_in(like: TaggedValues) -> TaggedValues:
    return TaggedValues({}, expected=like.expected)
