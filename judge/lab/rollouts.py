"""What the bench needs of a scenario and of its rollouts, whatever their kind of metric.

Owned here: these two interfaces, and the settings in which this judge is measured. `counts`,
`latencies` and `gauges` have the simulations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from judge.lab.effects import Effect
from judge.spec.schedule import default_history
from judge.stats.arms import Array
from judge.stats.comparison import Side
from judge.stats.terms import Terms

ALPHAS = (0.05, 0.01)

Noise = TypeVar("Noise")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of this judge.

    ``looks``: the length of its runs, None for all looks. Without ``calibrated`` it is measured as
    it would be if the history calibrated nothing, which promises less.
    """

    alpha: float
    limit: float = 1.0
    looks: int | None = None
    calibrated: bool = True


def at_limit(
    limit: float, *, looks: int | None = None, calibrated: bool = True
) -> tuple[Setting, ...]:
    """Settings at this limit, one for every alpha."""
    return tuple(Setting(alpha, limit, looks, calibrated) for alpha in ALPHAS)


@dataclass(frozen=True, slots=True)
class Learned(Generic[Noise]):
    """What one history says: its noise, and what calibration asks (`comparison.raised_by`).

    For a batch (1,). None for what it does not say.
    """

    noise: Noise | None
    raised: Array | None


def remembered(terms: Terms) -> slice:
    """The intervals of a history that an analysis looks at which does not say how many."""
    return slice(-round(default_history(terms.looks * terms.interval) / terms.interval), None)


def first_runs(histories: int, runs: int, first: int) -> NDArray[np.intp]:
    """The numbers of the ``first`` of the ``runs`` of each history."""
    return (np.arange(histories)[:, None] * runs + np.arange(first)).ravel()


class Batch(Protocol):
    """A batch of rollouts: ``runs`` of them after each of the ``histories``, in this order."""

    @property
    def histories(self) -> int:
        """How many."""

    @property
    def runs(self) -> int:
        """After each history."""


class Rollouts(Batch, Protocol):
    """A batch of simulated rollouts. All effects of one have the same baseline."""

    def first(self, runs: int) -> Self:
        """Only the first so many runs of each history."""

    def learn(self, history: int, terms: Terms, *, calibrate: bool) -> Learned[Any]:
        """What the judge of a history's runs knows before they begin, by the daemon's code."""

    def sides(
        self,
        effects: NDArray[np.intp],
        rollouts: NDArray[np.intp],
        terms: Terms,
        learned: Learned[Any],
    ) -> tuple[Side, ...]:
        """The comparison of some rollouts of one history, over ``terms.looks`` looks.

        Each under an effect of its own: both (rollouts,) are numbers, and so is the sides' batch.
        """


class Scenario(Protocol):
    """A service with a law of trouble, and what is released to it.

    ``effects`` begin with a good release's; ``onset`` is the interval of the run at which a
    regression begins; ``interval`` is in seconds, ``looks`` their number in a run. ``settings`` of
    this judge are measured on it. ``sharing`` says how many runs share a history, in units of what
    is usual (`bench.sizes`): more where calibrating is dear; ``portion`` how many rollouts are
    measured, in units of the plan's: fewer where judging is dear.
    """

    @property
    def name(self) -> str:
        """As the command takes it."""

    @property
    def law(self) -> str:
        """What is simulated, in words."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What releases do."""

    @property
    def onset(self) -> int:
        """In intervals of the run."""

    @property
    def interval(self) -> float:
        """Seconds."""

    @property
    def looks(self) -> int:
        """Of a run."""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Of this judge."""

    @property
    def sharing(self) -> float:
        """Of a history."""

    @property
    def portion(self) -> float:
        """Of the rollouts."""

    def simulate(self, rng: np.random.Generator, histories: int, runs: int = 1) -> Batch:
        """Draw a batch of rollouts: so many histories, and so many runs after each."""
