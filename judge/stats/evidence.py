"""From curves to evidence: the one place where e-values are made, whatever the metric's kind.

A likelihood gives, by interval, log-likelihood ratios of effect ratios r against a null ratio r0.
Evidence against "r <= r0" (or, mirrored, ">= r0") is the mixture over alternatives beyond r0 over
the mixture of the pods' spread around r0, taken up in steps of at least a minute, each clipped, so
that no single minute can convict; and mixed over the moments at which a regression may begin.
Under the null it is an e-process: by Ville's inequality it reaches 1/alpha, at any look whatever,
with probability at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.spread import NOTHING, Spread

CLIP_DIVISOR = 2.5  # a step adds at most log(1/alpha) / 2.5: three blocks at the least
BLOCK_SECONDS = 60.0
START_EVERY_SECONDS = 300.0
AT_START = 0.75  # prior weight of a regression that is there from the start
NEAREST = 1.2  # the smallest alternative, in units of the null
_NULL_NODES = np.linspace(-1.0, 1.0, 31)
_FLAT = 1e-3
_NARROW = 1e-5
_NEAR = 14
_FAR = 6


class Likelihood(Protocol):
    """What a metric's kind must be able to say."""

    def curve(self, ratios: Array, null: Array) -> Array:
        """Log-likelihood ratios of ``ratios`` (..., ratios) against ``null`` (...).

        By interval, tempered for ``null``: (..., intervals, ratios).
        """


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the looks are grouped: intervals in a block, and the first interval of each start.

    ``weights`` are the prior weights of the starts, which sum to one.
    """

    block: int
    starts: tuple[int, ...]
    weights: tuple[float, ...]

    def from_start(self) -> Schedule:
        """The same with all of the weight at the beginning."""
        return Schedule(self.block, (0,), (1.0,))


def schedule(*, interval: float, looks: int) -> Schedule:
    """Blocks of a minute; most of the weight at the start, the rest every five minutes."""
    block = max(1, math.ceil(BLOCK_SECONDS / interval - 1e-9))
    every = block * max(1, math.ceil(START_EVERY_SECONDS / (block * interval) - 1e-9))
    starts = tuple(range(0, looks, every))
    later = len(starts) - 1
    weights = (AT_START, *([(1.0 - AT_START) / later] * later)) if later else (1.0,)
    return Schedule(block, starts, weights)


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Effect ratios beyond the null: ``steps`` (..., ratios) above 1, in units of the null.

    ``log_weights`` are their prior's; ``up`` tells whether they lie above or below the null.
    """

    steps: Array
    log_weights: Array
    up: bool = True

    def ratios(self, null: Array) -> Array:
        """(..., ratios) for a null (...)."""
        return null[..., None] * (self.steps if self.up else 1.0 / self.steps)


def alternatives(farthest: Array, *, up: bool = True, nearest: float = NEAREST) -> Alternatives:
    """14 points within [nearest, 8] and 6 more up to ``farthest`` (...), where everything fails."""
    top = np.maximum(farthest, 16.0)[..., None]
    far = 8.0 * (top / 8.0) ** (np.arange(1, _FAR + 1) / _FAR)
    near = np.broadcast_to(np.geomspace(nearest, 8.0, _NEAR), (*top.shape[:-1], _NEAR))
    steps = np.concatenate([near, far], axis=-1)
    weights = 1.0 / steps
    return Alternatives(steps, np.log(weights / weights.sum(-1, keepdims=True)), up)


def log_evidence(
    likelihood: Likelihood,
    null: Array,
    beyond: Alternatives,
    spread: Spread,
    plan: Schedule,
    *,
    clip: float,
    averaged: bool = False,
) -> list[Array]:
    """log E after each look, (..., intervals), against ``null`` (...), for each of the starts.

    See `steps`.
    """
    return steps(likelihood, null, beyond, spread, plan, averaged=averaged).clipped(clip)


@dataclass(frozen=True, slots=True)
class Steps:
    """By what log B has grown since each interval's block began, not yet clipped.

    For each of the starts of the ``plan`` an array (..., intervals from the start on). ``pods``
    (..., intervals) are the canary's, by their traffic, where that is known.
    """

    by_start: tuple[Array, ...]
    plan: Schedule
    pods: Array | None = None

    def clipped(self, clip: Array | float, weight: Array | None = None) -> list[Array]:
        """log E after each look, (..., intervals), for each of the starts; ``clip`` (...).

        With ``weight`` (..., intervals) a clipped step counts for that part of it.
        """
        most = np.asarray(clip)[..., None]
        longest = self.by_start[0].shape[-1]

        def one(step: Array) -> Array:
            start = longest - step.shape[-1]
            added = np.minimum(step, most)
            if weight is not None:
                added = added * weight[..., start:]
            return _accumulated(added, start, self.plan.block)

        return [one(step) for step in self.by_start]

    @staticmethod
    def together(parts: Sequence[Steps]) -> Steps:
        """Those of several parts of a batch, one after another on its last axis."""
        joined = zip(*(part.by_start for part in parts), strict=True)
        return Steps(tuple(np.concatenate(one, axis=-2) for one in joined), parts[0].plan)


def steps(
    likelihood: Likelihood,
    null: Array,
    beyond: Alternatives,
    spread: Spread,
    plan: Schedule,
    *,
    averaged: bool = False,
) -> Steps:
    """The steps of log B against ``null`` (...), for each of the starts.

    With ``averaged``, axis 0 of everything are tests of the same thing: the mean of their e-values
    is taken (valid however they depend on each other: Vovk & Wang 2021), before it is clipped.
    """
    nodes, log_null = _null_mixture(null, spread.settled())
    around = _cumulated(likelihood.curve(nodes, null))
    null_side = _Null(log_null, nodes)
    above = _cumulated(likelihood.curve(beyond.ratios(null), null))
    looks = above.shape[-2] - 1
    batch = above.shape[1 if averaged else 0 : -2]

    def from_start(start: int) -> Array:
        if start >= looks:
            return np.zeros((*batch, 0))
        now, before = _grown(above, around, beyond.log_weights, null_side, start, plan.block)
        if averaged:
            now, before = _mean(now), _mean(before)
        return np.asarray(now - before)

    return Steps(tuple(from_start(start) for start in plan.starts), plan)


class _Null:
    """The null's nodes: log-weights (..., intervals or 1, nodes) of ratios (..., nodes).

    Where there is much data the curve's peak is narrower than a gap; nodes beside it would deny a
    ratio that the pods' spread explains, and an alternative that happens to lie on it convict. So
    every node stands for the best ratio of its cell, by the parabola through its neighbours.
    """

    def __init__(self, log_weights: Array, ratios: Array) -> None:
        self.log_weights = log_weights
        gaps = np.diff(np.log(ratios), axis=-1)[..., None, :]
        before, after = gaps[..., :-1], gaps[..., 1:]
        self._steep = 1.0 / gaps
        self._left, self._right = after / (before + after), before / (before + after)
        self._bent = 2.0 / (before + after)
        self._least, self._most = before / -2.0, after / 2.0
        self._narrow = bool(gaps.max() < _NARROW)

    def best(self, values: Array) -> Array:
        """The greatest value of each node's cell, (..., nodes), which may overwrite ``values``."""
        if self._narrow:
            return values
        slopes = np.diff(values, axis=-1)
        if np.abs(slopes).max(initial=0.0) < _FLAT:
            return values
        first = np.maximum(values[..., 1] - values[..., 0], 0.0) / 2.0
        last = np.maximum(values[..., -2] - values[..., -1], 0.0) / 2.0
        slopes *= self._steep
        left, right = slopes[..., :-1], slopes[..., 1:]
        slope = left * self._left
        slope += right * self._right
        bend = right - left
        bend *= self._bent
        np.minimum(bend, -_FLAT, out=bend)
        move = slope / bend
        np.negative(move, out=move)
        np.maximum(move, self._least, out=move)
        np.minimum(move, self._most, out=move)
        bend *= move
        bend *= 0.5
        bend += slope
        bend *= move
        values[..., 1:-1] += bend
        values[..., 0] += first
        values[..., -1] += last
        return values


def mixed(by_start: list[Array], plan: Schedule) -> Array:
    """log E of the mixture over starts."""
    weighted = [
        math.log(weight) + grown for weight, grown in zip(plan.weights, by_start, strict=True)
    ]
    return np.asarray(np.logaddexp.reduce(weighted))


def _null_mixture(null: Array, spread: Spread) -> tuple[Array, Array]:
    """Ratios (..., nodes) around the null, and their log-weights (..., intervals or 1, nodes).

    The nodes are dense near the null and reach to where the law of one pod against one is cut; the
    weights beyond an interval's own cut are nothing.
    """
    alone = np.maximum(spread.alone, NOTHING)
    normal = np.isinf(spread.degrees)
    degrees = np.where(normal, 1.0, spread.degrees)
    bend = np.arcsinh(spread.widest / alone)[..., None]
    offsets = alone[..., None] * np.sinh(bend * _NULL_NODES)
    spacing = np.log(np.cosh(bend * _NULL_NODES))
    scaled = offsets[..., None, :] / np.maximum(spread.tau, NOTHING)[..., None]
    degrees = degrees[..., None, None]
    log_density = np.where(
        normal[..., None, None],
        -0.5 * np.square(scaled),
        -0.5 * (degrees + 1.0) * np.log1p(np.square(scaled) / degrees),
    )
    within = np.abs(offsets[..., None, :]) <= spread.reach[..., None] * (1.0 + 1e-9)
    log_weights = np.where(within, log_density + spacing[..., None, :], -np.inf)
    log_weights = log_weights - _log_sum_exp(log_weights.copy())[..., None]
    return null[..., None] * np.exp(offsets), log_weights


def _cumulated(curve: Array) -> Array:
    """Sums of a curve before each interval and after the last, (..., intervals + 1, ratios)."""
    nothing = np.zeros((*curve.shape[:-2], 1, curve.shape[-1]))
    return np.concatenate([nothing, curve.cumsum(-2)], axis=-2)


def _grown(
    above: Array,
    around: Array,
    log_above: Array,
    null: _Null,
    start: int,
    block: int,
) -> tuple[Array, Array]:
    """log B at the end of each interval from ``start`` on, and at the opening of its block.

    Both (..., intervals - start), unclipped.
    """
    after = np.arange(start, above.shape[-2] - 1)
    opened = start + (after - start) // block * block  # when each interval's block began
    log_above = log_above[..., None, :]
    varies = null.log_weights.shape[-2] > 1
    log_around = null.log_weights[..., start:, :] if varies else null.log_weights
    each = slice(start + 1, None)
    gained = _mixture(_since(above, start, each), log_above)
    lost = _mixture(null.best(_since(around, start, each)), log_around)
    if varies:
        # what the null had when the block began, under the spread of this interval
        had = _mixture(null.best(_since(around, start, opened)), log_around)
    else:
        had = np.where(opened == start, 0.0, lost[..., opened - start - 1])
    got = np.where(opened == start, 0.0, gained[..., opened - start - 1])
    return gained - lost, got - had


def _mean(log_values: Array) -> Array:
    """The logarithm of the mean over axis 0."""
    return np.asarray(np.logaddexp.reduce(log_values, axis=0) - math.log(len(log_values)))


def _accumulated(steps: Array, start: int, block: int) -> Array:
    """log E of one start out of its clipped steps: 0 before it, (..., intervals)."""
    quiet = np.zeros((*steps.shape[:-1], start))
    return np.concatenate([quiet, steps + _whole_blocks(steps, block)], axis=-1)


def _since(curve: Array, start: int, at: NDArray[np.intp] | slice) -> Array:
    """What the curve gained from ``start`` to ``at``, (..., at, ratios); a new array."""
    return np.asarray(curve[..., at, :] - curve[..., start : start + 1, :])


def _mixture(gained: Array, log_weights: Array) -> Array:
    """log of the weighted mean of exp(what the curve gained), which it overwrites."""
    gained += log_weights
    return _log_sum_exp(gained)


def _whole_blocks(steps: Array, block: int) -> Array:
    """What the blocks completed before each interval's own have added, (..., intervals)."""
    looks = steps.shape[-1]
    if block == 1:
        summed = steps.cumsum(-1)
        return np.concatenate([np.zeros((*steps.shape[:-1], 1)), summed[..., :-1]], axis=-1)
    ends = steps[..., block - 1 :: block].cumsum(-1)
    padded = np.concatenate([np.zeros((*steps.shape[:-1], 1)), ends], axis=-1)
    return padded[..., np.arange(looks) // block]


def _log_sum_exp(values: Array) -> Array:
    """log sum exp over the last axis, which it overwrites.

    scipy's own costs several times as much, on small arrays and on large ones.
    """
    top = values.max(-1, keepdims=True)
    values -= top
    np.exp(values, out=values)
    return np.asarray(np.log(values.sum(-1)) + top[..., 0])
