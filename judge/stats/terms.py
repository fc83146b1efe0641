"""What a comparison is judged by, whatever the kind of its metric."""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.stats.evidence import CLIP_DIVISOR, Schedule, schedule


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits of a comparison, its shares of the promises, and its looks.

    ``limit`` and ``worst`` are ratios canary / baseline: above 1 where an increase is bad, below 1
    where a decrease is; with ``both``, above 1 and read in both directions. ``alpha`` and ``beta``
    are this comparison's shares of the promises; ``interval`` is in seconds, ``looks`` their
    planned number. ``shift`` is by how many looks the reference lies back (before/after); 0 where
    both arms run side by side.

    With ``gain`` it is an A/B test: ``both`` directions are told apart, each with a threshold of
    its own at half of alpha, and the one that is not wanted convicts. ``gain`` tells whether an
    increase is what is wanted, and ``worst`` is the difference that matters.
    """

    limit: float
    worst: float
    alpha: float
    beta: float
    interval: float
    looks: int
    both: bool = False
    shift: int = 0
    gain: bool | None = None

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 < self.beta < 1 and self.limit > 0 and self.worst > 0):
            raise ValueError(f"impossible terms: {self}")

    @property
    def plan(self) -> Schedule:
        """The blocks and starts of these looks.

        An A/B test asks for the difference over the whole of it: its evidence has one start.
        """
        plan = schedule(interval=self.interval, looks=self.looks)
        return plan.from_start() if self.ab_test else plan

    @property
    def ab_test(self) -> bool:
        """Whether it is an A/B test."""
        return self.gain is not None

    @property
    def bad_side(self) -> int:
        """Of an A/B test: which of the `directions` is not wanted."""
        return 1 if self.gain else 0

    @property
    def nearest(self) -> float | None:
        """Of an A/B test: the smallest alternative in units of the null; None for any other."""
        return math.sqrt(min(self.worst / self.limit, 64.0)) if self.ab_test else None

    @property
    def clip(self) -> float:
        """The most that one block adds to the evidence of a failure."""
        return math.log(1.0 / self.side_alpha) / CLIP_DIVISOR

    @property
    def pass_clip(self) -> float:
        """The most that one block adds to the evidence for a pass."""
        return math.log(1.0 / self.beta) / CLIP_DIVISOR

    @property
    def side_alpha(self) -> float:
        """A direction's share of alpha."""
        return self.alpha / 2.0 if self.both else self.alpha

    @property
    def convicting_alpha(self) -> float:
        """The error that a conviction may make: an A/B test convicts by one direction alone."""
        return self.side_alpha if self.ab_test else self.alpha

    @property
    def directions(self) -> tuple[tuple[bool, float, float], ...]:
        """Whether the arms are exchanged, and the limit and worst ratio then, both at least 1."""
        if self.both:
            return (False, self.limit, self.worst), (True, self.limit, self.worst)
        if self.worst < 1.0:
            return ((True, 1.0 / self.limit, 1.0 / self.worst),)
        return ((False, self.limit, self.worst),)
