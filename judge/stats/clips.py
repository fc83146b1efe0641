"""How much one block of a minute adds to the evidence at most.

A third or so of what convicts, so that no single minute does. Where pods have incidents of their
own, calibration raises the threshold, and what took three minutes may take ten, though a release
that fails every request shows more in each of them than any incident ever did. Then evidence is
grown twice: with a smaller clip, which lets incidents say little and many small steps much, and
with one that is in proportion to what convicts by it; each less what the service's past says that
it grows to by itself. Owned here: these two, told by what calibration asks (`Asked`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.evidence import Steps, mixed

FOURTH_BLOCK = 0.6  # raised by this part of log(1/alpha), the usual clip convicts after four blocks
SMALL = 0.6  # of the usual clip, where another one sees what is large
ROUNDS = 5  # a wider clip raises what is asked of it, which widens the clip
_NEVER = np.inf


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of a direction that may err with probability exp(-``usual`` x `CLIP_DIVISOR`).

    ``calibrated``: a threshold that calibration has raised is what convicts. ``narrow`` and
    ``wide`` (...) are clips, None for the usual one and for none; what grows with the latter counts
    less ``behind`` (...). ``pods`` (...) played the canary when it was calibrated; fewer of them
    have more trouble than was seen then, and what they show counts for less, by the root of that.
    """

    usual: float
    calibrated: bool = False
    narrow: Array | None = None
    wide: Array | None = None
    behind: Array | None = None
    pods: Array | None = None

    def grown(self, steps: Steps) -> Array:
        """log E after each look, (..., looks)."""
        narrow = mixed(self.by_start(steps), steps.plan)
        if self.wide is None or self.behind is None or not np.isfinite(self.behind).any():
            return narrow
        wide = mixed(steps.clipped(self.wide, self._weight(steps)), steps.plan)
        return np.asarray(np.maximum(narrow, wide - self.behind[..., None]))

    def by_start(self, steps: Steps) -> list[Array]:
        """The same with the narrow clip for each start."""
        clip = self.usual if self.narrow is None else self.narrow
        return steps.clipped(clip, self._weight(steps))

    def _weight(self, steps: Steps) -> Array | None:
        if self.pods is None or steps.pods is None:
            return None
        weight = np.sqrt(np.minimum(steps.pods / self.pods[..., None], 1.0))
        return None if (weight == 1.0).all() else weight


@dataclass(frozen=True, slots=True)
class Asked:
    """What calibration asks, every field (...): the threshold ``raised``, and the `Clips`.

    ``behind`` is infinite where there is no wide clip. ``pods`` played the canary.
    """

    raised: Array
    narrow: Array
    wide: Array
    behind: Array
    pods: Array

    @property
    def packed(self) -> Array:
        """All of it in one array, (5, ...)."""
        return np.stack([self.raised, self.narrow, self.wide, self.behind, self.pods])

    @classmethod
    def unpacked(cls, packed: Array) -> Asked:
        """The inverse."""
        return cls(*packed)

    def clips(self, usual: float) -> Clips:
        """The clips that go with the threshold."""
        return Clips(usual, True, self.narrow, self.wide, self.behind, self.pods)


Raising = Callable[[Array, float], Array]
Highest = Callable[[Clips], Array]


def asked(
    highest: Highest, raising: Raising, *, usual: float, error: float, pods: int = 1
) -> Asked:
    """What pseudo-rollouts ask for, in which so many ``pods`` play the canary.

    ``highest`` says what their evidence grows to under clips, (..., rollouts), and ``raising`` by
    how much a threshold must be raised for that, (...), above log(1/error), to err so often. Of two
    clips each may err half as often as one alone.
    """
    base = math.log(1.0 / error)
    raised = raising(highest(Clips(usual, True)), error)
    narrow, wide = np.full(raised.shape, usual), np.full(raised.shape, usual)
    playing = np.full(raised.shape, float(pods))
    slow = raised > FOURTH_BLOCK * base
    if not slow.any():
        return Asked(raised, narrow, wide, np.full(raised.shape, _NEVER), playing)

    def halved(clip: Array) -> Array:
        grown = highest(Clips(usual, True, clip[..., None]))
        return raising(grown, error / 2.0) + math.log(2.0)

    narrow = np.where(slow, SMALL * usual, usual)
    least, most = halved(narrow), raised
    for _ in range(ROUNDS):
        wide = usual * (base + most) / base
        most = halved(wide)
    behind = np.where(slow, most - least, _NEVER)
    raised = np.where(slow, least, raised)
    return Asked(raised, narrow, wide, behind, playing)
