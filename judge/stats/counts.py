"""The likelihoods of counts: events among exposures in two arms, under a ratio of risks.

Rare events: given the events of both arms together, the treated arm's are binomial with share
n_t r / (n_t r + n_r). The common rate cancels and may vary as it likes, so shared incidents and
daily rhythm do not matter. Above a rate of about 5 % that law is wrong, and the block e-variable of
Turner, Ly & Gruenwald ("Generic E-variables for exact sequential k-sample tests", 2024) takes its
place: valid for every rate, at the price of a guess of it, made from the past alone.

Both are tempered: divided by phi, which grows with the volume and with the null ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from judge.stats.arms import Arms, Array
from judge.stats.dispersion import Dispersion
from judge.stats.evidence import Likelihood

HIGH_RATE = 0.05
_PRIOR_REQUESTS = 1000.0  # how much the history's rate weighs against the run's own
_ALMOST_ONE = 1.0 - 1e-6


class Temper(Protocol):
    """By how much evidence is divided."""

    def at(self, null: Array) -> Array:
        """(..., intervals) for a null (...)."""


@dataclass(frozen=True, slots=True)
class Tempering:
    """One arm's: 1 + null (phi - 1) volume, by how much its counts vary more than Poisson ones.

    A pod's own trouble grows with its traffic, so ``phi`` (...) belongs to the history's
    ``volume``; here ``volume`` (..., intervals) is the arm's per pod over the history's. With
    ``usual`` (...) that holds up to the history's volume, since what is rare there calibration has
    seen; what trouble grows by beyond, it has not.
    """

    phi: Array
    volume: Array
    usual: Array | None = None

    def at(self, null: Array) -> Array:
        """See `Temper`."""
        if self.usual is None:
            return 1.0 + (null * (self.phi - 1.0))[..., None] * self.volume
        known = (null * (self.usual - 1.0))[..., None] * np.minimum(self.volume, 1.0)
        beyond = (null * (self.phi - 1.0))[..., None] * np.maximum(self.volume - 1.0, 0.0)
        return 1.0 + known + beyond


@dataclass(frozen=True, slots=True)
class PairTempering:
    """Two arms': what the variance of the logarithm of their ratio is more than of Poisson counts.

    That is phi_t / e_t + phi_r / e_r over 1 / e_t + 1 / e_r, with each arm's own phi and expected
    events e. The trouble of a pod that gets a tenth of the traffic is a small part of what its
    counts vary by; the one pod that it is compared with may vary as much in ratios.
    ``treated_share`` (..., intervals) is the treated arm's of the requests.
    """

    treated: Tempering
    reference: Tempering
    treated_share: Array
    inverted: bool

    def at(self, null: Array) -> Array:
        """See `Temper`."""
        one = np.ones_like(null)
        ours, theirs = (one, 1.0 / null) if self.inverted else (null, one)
        expected = null[..., None] * self.treated_share
        rest = 1.0 - self.treated_share
        weight = expected / (expected + rest)
        return self.treated.at(ours) * (1.0 - weight) + self.reference.at(theirs) * weight


def tempering(
    noise: Dispersion, total: Array, pods: Array, *, calibrated: bool = False
) -> Tempering:
    """The tempering of an arm with these requests and pods, (..., intervals) each."""
    per_pod = total / pods
    known = np.isfinite(noise.volume)[..., None]
    volume = np.where(known, per_pod / np.where(known, noise.volume[..., None], 1.0), 1.0)
    return Tempering(noise.phi, volume, noise.phi_usually if calibrated else None)


def pair_tempering(
    noise: Dispersion, arms: Arms, *, inverted: bool, calibrated: bool = False
) -> PairTempering:
    """The tempering of a comparison; ``inverted`` where the treated arm is the baseline.

    ``calibrated``: for evidence whose threshold calibration has raised.
    """
    both = arms.treated.total + arms.reference.total
    share = np.divide(arms.treated.total, both, out=np.full_like(both, 0.5), where=both > 0)
    treated, reference = (
        tempering(noise, arm.total, arm.pods, calibrated=calibrated)
        for arm in (arms.treated, arms.reference)
    )
    return PairTempering(treated, reference, share, inverted)


def likelihood(
    arms: Arms, noise: Dispersion, temper: Temper, *, inverted: bool = False
) -> Likelihood:
    """The likelihood of these counts, chosen by the rate that is known before the run (...).

    With ``inverted`` it is the treated arm that the rate is known of: the baseline.
    """
    high = np.nan_to_num(noise.rate, nan=0.0) > HIGH_RATE
    if not high.any():
        return RareCounts(arms, temper)
    return BlockCounts(arms, temper, noise.rate, inverted)


@dataclass(frozen=True, slots=True)
class RareCounts:
    """Binomial, given the events of both arms together; exact for rare events."""

    arms: Arms
    temper: Temper

    def curve(self, ratios: Array, null: Array) -> Array:
        """See `Likelihood.curve`."""
        treated, reference = self.arms.treated, self.arms.reference
        empty = ~self.arms.usable
        ours = np.where(empty, 1.0, treated.total)[..., None]
        theirs = np.where(empty, 1.0, reference.total)[..., None]
        both = (treated.events + reference.events)[..., None]
        at_null = null[..., None, None]
        gain = treated.events[..., None] * np.log(ratios / null[..., None])[..., None, :]
        share = np.log(ours * ratios[..., None, :] + theirs) - np.log(ours * at_null + theirs)
        return np.asarray((gain - both * share) / self.temper.at(null)[..., None])


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """Turner, Ly & Gruenwald's block e-variable for a ratio of risks.

    The alternative is (r p, p) with p guessed from ``rate`` (...) and the past; the null is its
    projection on the line of risks that differ by the null ratio, which makes the quotient's
    expectation at most 1 under every pair of risks on that line.
    """

    arms: Arms
    temper: Temper
    rate: Array
    inverted: bool = False

    def curve(self, ratios: Array, null: Array) -> Array:
        """See `Likelihood.curve`."""
        ours, theirs = self.arms.treated, self.arms.reference
        known = np.broadcast_to(self._guess()[..., None], (*ours.total.shape, 1))
        if self.inverted:
            guess, treated = np.minimum(known / ratios[..., None, :], _ALMOST_ONE), known
        else:
            guess, treated = known, np.minimum(known * ratios[..., None, :], _ALMOST_ONE)
        n_ours, n_theirs = ours.total[..., None], theirs.total[..., None]
        base = _projected(treated, guess, n_ours, n_theirs, null[..., None, None])
        gain = _bernoulli(ours.events[..., None], n_ours, treated, null[..., None, None] * base)
        gain = gain + _bernoulli(theirs.events[..., None], n_theirs, guess, base)
        return gain / self.temper.at(null)[..., None]

    def _guess(self) -> Array:
        """The baseline's risk as the past has it, (..., intervals)."""
        baseline = self.arms.treated if self.inverted else self.arms.reference
        events = baseline.events.cumsum(-1) - baseline.events
        total = baseline.total.cumsum(-1) - baseline.total
        prior = self.rate[..., None] * _PRIOR_REQUESTS
        return np.clip((events + prior) / (total + _PRIOR_REQUESTS), 1e-6, _ALMOST_ONE)


def _projected(treated: Array, guess: Array, ours: Array, theirs: Array, null: Array) -> Array:
    """The reference risk of the null point nearest (Kullback-Leibler) to the alternative.

    The smaller root of null (a+b) x^2 - [A (1+null) + a (1-t) null + b (1-g)] x + A = 0, with
    A = a t + b g: where the derivative of the divergence along the null line vanishes.
    """
    expected = ours * treated + theirs * guess
    square = null * (ours + theirs)
    linear = expected * (1.0 + null) + ours * (1.0 - treated) * null + theirs * (1.0 - guess)
    root = np.sqrt(np.maximum(np.square(linear) - 4.0 * square * expected, 0.0))
    nothing = ours + theirs == 0
    return np.where(
        nothing, guess / (1.0 + null), 2.0 * expected / np.where(nothing, 1.0, linear + root)
    )


def _bernoulli(events: Array, total: Array, risk: Array, null: Array) -> Array:
    null = np.clip(null, 1e-12, 1.0 - 1e-12)
    return events * np.log(risk / null) + (total - events) * np.log((1.0 - risk) / (1.0 - null))
