"""How much a gauge differs between the baseline's own pods: by the hour, and for good.

Learned from logarithms, each pod against the others at the same moment, so that what moves all of
them (daily rhythm, a busy hour) is in nothing. ``variance`` is the long-run one: what the mean over
T intervals varies by, times T. It takes autocorrelation in, whatever its law; measured by the means
of batches (Alexopoulos & Seila 1998) of 20 minutes and, where it says more, of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Array
from judge.stats.dispersion import ASSUMED_TAU, FEWEST_DEGREES, UPPER

BATCH_SECONDS = (1200.0, 3600.0)
ASSUMED_VARIANCE = 0.1  # at one interval a minute: 10 % of noise with an autocorrelation of 0.8
ASSUMED_STEP = 0.1
LEAST_VARIANCE = 1e-6
_ROUNDS = 50  # at most; one does where no pod comes or goes
_SETTLED = 1e-6
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class LevelNoise:
    """What the history says of a gauge's noise; every field an array (...).

    ``variance``: the long-run variance of one pod's log level, per interval (an upper bound).
    ``tau``: the log-sd of lasting differences between pods, with ``degrees`` of freedom (infinite
    where it was assumed). ``step``: the log-sd of what a pod moves by within an interval, apart
    from the others. ``learned``: False where it was all assumed.
    """

    variance: Array
    tau: Array
    degrees: Array
    step: Array
    learned: NDArray[np.bool_]

    def batched(self) -> LevelNoise:
        """With one more axis, for what is drawn from each batch's element."""
        return LevelNoise(
            self.variance[..., None],
            self.tau[..., None],
            self.degrees[..., None],
            self.step[..., None],
            self.learned[..., None],
        )


def assumed_level(shape: tuple[int, ...], *, interval: float) -> LevelNoise:
    """What is assumed where there is no history; ``interval`` in seconds."""
    return LevelNoise(
        np.full(shape, ASSUMED_VARIANCE * MINUTE / interval),
        np.full(shape, ASSUMED_TAU),
        np.full(shape, np.inf),
        np.full(shape, ASSUMED_STEP),
        np.zeros(shape, bool),
    )


def level_noise(logs: Array, *, interval: float, slopes: bool = False) -> LevelNoise:
    """Learn from log levels (..., intervals, pods), NaN for a hole; ``interval`` in seconds.

    With a single pod its own changes from batch to batch have to do, and the pods' spread is
    assumed. With ``slopes`` the variance is at least what the slopes of half an hour vary by.
    """
    pods = np.isfinite(logs).any(-2).sum(-1)
    apart, lasting = _apart(logs)
    measured = [_batch_variance(apart, interval, seconds) for seconds in BATCH_SECONDS]
    if slopes:
        measured.append(_slope_variance(apart, interval))
    bounds = [_upper(*one) for one in measured]
    variance = np.fmax.reduce(bounds)
    alone = _upper(*_change_variance(logs, interval))
    variance = np.where(pods > 1, variance, alone)
    known = np.isfinite(variance)
    fallback = assumed_level(variance.shape, interval=interval)
    variance = np.where(known, np.maximum(variance, LEAST_VARIANCE), fallback.variance)
    spread = known & (pods > 1)
    intervals = np.isfinite(logs).sum(-2)
    return LevelNoise(
        variance=variance,
        tau=np.where(spread, _lasting_spread(lasting, intervals, variance), fallback.tau),
        degrees=np.where(spread, np.maximum(pods - 1.0, 1.0), np.inf),
        step=np.where(known, _usual_step(logs), ASSUMED_STEP),
        learned=spread,
    )


def moves(logs: Array) -> tuple[Array, NDArray[np.bool_]]:
    """What each pod moved by since the interval before, (..., intervals - 1, pods), and whether.

    0 where a pod was not there at both ends.
    """
    seen = np.isfinite(logs)
    both = np.asarray(seen[..., 1:, :] & seen[..., :-1, :])
    return np.where(both, np.diff(np.where(seen, logs, 0.0), axis=-2), 0.0), both


def _usual_step(logs: Array) -> Array:
    """The root mean square of the pods' moves apart, but for the largest hundredth: restarts."""
    moved, there = moves(logs)
    pods = there.sum(-1, keepdims=True)
    mean = np.where(pods > 1, moved.sum(-1, keepdims=True) / np.maximum(pods, 1), 0.0)
    size = np.where(there, np.abs(moved - mean), 0.0).reshape(*logs.shape[:-2], -1)
    if not size.shape[-1]:
        return np.full(logs.shape[:-2], ASSUMED_STEP)
    most = np.quantile(size, 0.99, axis=-1, keepdims=True)
    kept = size <= most
    return np.asarray(np.sqrt(np.where(kept, np.square(size), 0.0).sum(-1) / kept.sum(-1)))


def _apart(logs: Array) -> tuple[Array, Array]:
    """What is left of log levels without the moment's and the pod's own mean, and the latter.

    (..., intervals, pods) and (..., pods). Pods come and go, so both means are fitted together, by
    turns.
    """
    seen = np.isfinite(logs)
    values = np.where(seen, logs, 0.0)
    count_pods, count_times = seen.sum(-1, keepdims=True), seen.sum(-2, keepdims=True)
    moment, own = np.zeros_like(values[..., :1]), np.zeros_like(values[..., :1, :])
    for _ in range(_ROUNDS):
        moment = ((values - own) * seen).sum(-1, keepdims=True) / np.maximum(count_pods, 1)
        known = own
        own = ((values - moment) * seen).sum(-2, keepdims=True) / np.maximum(count_times, 1)
        if np.abs(own - known).max(initial=0.0) < _SETTLED:
            break
    left = np.where(seen & (count_pods > 1), values - moment - own, np.nan)
    return left, np.where(seen.any(-2), own[..., 0, :], np.nan)


def _batches(values: Array, interval: float, seconds: float) -> tuple[Array, Array, int]:
    """Means and counts of batches, (..., batches, pods), and a batch's length in intervals."""
    length = max(1, round(seconds / interval))
    batches = values.shape[-2] // length
    kept = values[..., values.shape[-2] - batches * length :, :]
    cut = kept.reshape(*values.shape[:-2], batches, length, values.shape[-1])
    seen = np.isfinite(cut)
    count = seen.sum(-2)
    sums = np.where(seen, cut, 0.0).sum(-2)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan), count, length


def _batch_variance(apart: Array, interval: float, seconds: float) -> tuple[Array, Array]:
    """The sum of squares of batch means, times their lengths, and its degrees of freedom."""
    means, count, length = _batches(apart, interval, seconds)
    usable = (count >= length / 2) & np.isfinite(means)
    squares = np.where(usable, np.square(np.where(usable, means, 0.0)) * count, 0.0)
    pods = usable.any(-2).sum(-1)
    contrasts = np.maximum(usable.sum(-1) - 1, 0).sum(-1) - np.maximum(pods - 1, 0)
    return squares.sum((-2, -1)), contrasts


def _change_variance(logs: Array, interval: float) -> tuple[Array, Array]:
    """The same of one pod alone, from the differences of neighbouring batches."""
    means, count, length = _batches(logs, interval, BATCH_SECONDS[0])
    whole = count >= length / 2
    pair = whole[..., 1:, :] & whole[..., :-1, :]
    change = np.where(pair, np.diff(np.where(whole, means, 0.0), axis=-2), 0.0)
    return 0.5 * length * np.square(change).sum((-2, -1)), pair.sum((-2, -1))


def _slope_variance(apart: Array, interval: float) -> tuple[Array, Array]:
    """What the variance would have to be for slopes over half an hour to vary as they do."""
    length = max(2, round(1800.0 / interval))
    windows = apart.shape[-2] // length
    kept = apart[..., apart.shape[-2] - windows * length :, :]
    cut = kept.reshape(*apart.shape[:-2], windows, length, apart.shape[-1])
    whole = np.asarray(np.isfinite(cut).all(-2))
    time = np.arange(length) - (length - 1) / 2.0
    inside = np.square(time).sum()
    slope = np.einsum("...tp,t->...p", np.where(whole[..., None, :], cut, 0.0), time) / inside
    squares = np.where(whole, np.square(slope) * inside, 0.0).sum((-2, -1))
    contrasts = np.maximum(whole.sum(-1) - 1, 0).sum(-1)
    return squares, contrasts


def _upper(squares: Array, degrees: Array) -> Array:
    """An upper bound of the variance; NaN where there are too few degrees of freedom."""
    enough = degrees >= FEWEST_DEGREES
    bound = squares / special.chdtri(np.where(enough, degrees, 1.0), UPPER)
    return np.where(enough, bound, np.nan)


def _lasting_spread(own: Array, intervals: Array, variance: Array) -> Array:
    """The log-sd of the pods' lasting levels, what chance explains taken off."""
    seen = np.isfinite(own)
    pods = np.maximum(seen.sum(-1), 2)
    values = np.where(seen, own, 0.0)
    centred = np.where(seen, values - values.sum(-1, keepdims=True) / pods[..., None], 0.0)
    total = np.square(centred).sum(-1) / (pods - 1)
    chance = np.where(seen, 1.0 / np.maximum(intervals, 1), 0.0).sum(-1) / pods * variance
    return np.asarray(np.sqrt(np.maximum(total - chance, 0.0)))
