"""A history's counts as those of a rollout to come: traffic moved, and a regression in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Arm, Arms, Array, PodCounts
from judge.stats.planning.scenes import Planned, Scenes
from judge.stats.planning.volume import grown, thinned

_PRIOR = 20.0  # events for which the service's rate counts, in a pod's own lasting one


@dataclass(frozen=True, slots=True)
class Cast:
    """The events and requests of both tracks as a run would have them, (scenes, looks) each.

    ``expected`` are the canary's events, were it like the others; ``phi`` belongs to its counts.
    """

    canary: tuple[Array, Array]
    baseline: tuple[Array, Array]
    expected: Array
    phi: float
    planned: Planned

    def arms(self, effect: float, *, rng: np.random.Generator) -> Arms:
        """Both arms under a release that multiplies the canary's risk, (scenes, looks)."""
        events, total = self.canary
        if effect < 1.0:
            events = thinned(events, np.asarray(effect), rng=rng)
        elif effect > 1.0:
            factor = np.asarray(effect)
            events = grown(
                events,
                self.expected,
                factor,
                phi=self.phi,
                trouble=factor,
                room=total - events,
                rng=rng,
            )
        return _paired((events, total), self.baseline, self.planned)


def cast(
    history: PodCounts,
    scenes: Scenes,
    planned: Planned,
    *,
    phi: float,
    moved: bool,
    rng: np.random.Generator,
) -> Cast:
    """The tracks of ``planned`` out of a history (intervals, pods).

    ``moved``: requests go where they are sent; else (pods are what is counted) tracks keep theirs.
    """
    counts = history.filled()
    events, total = (scenes.playing(one).sum(-1) for one in (counts.events, counts.total))
    all_events, all_total = (one.sum(-1)[scenes.within] for one in (counts.events, counts.total))
    rest = all_events - events, all_total - total
    rate = np.divide(rest[0], rest[1], out=np.zeros_like(events), where=rest[1] > 0)
    lasting = _lasting(counts)[scenes.groups].mean(-1)[:, None]
    expected = np.minimum(total * rate * lasting, total)
    if not moved:
        return Cast((events, total), rest, expected, phi, planned)
    playing = scenes.groups.shape[1] / planned.canary
    factor = _factor(planned.share * all_total, total)
    noise = 1.0 + float(np.mean(factor)) * playing * (phi - 1.0)
    canary = resized((events, total), expected, factor, phi=phi, trouble=factor * playing, rng=rng)
    pooled = np.divide(all_events, all_total, out=np.zeros_like(events), where=all_total > 0)
    baseline = resized(
        rest,
        rest[1] * pooled,
        _factor((1.0 - planned.share) * all_total, rest[1]),
        phi=phi,
        trouble=np.asarray(1.0 - planned.share),
        rng=rng,
    )
    return Cast(canary, baseline, expected * factor, noise, planned)


def resized(
    counts: tuple[Array, Array],
    expected: Array,
    factor: Array,
    *,
    phi: float,
    trouble: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Events and requests at ``factor`` (scenes, 1) times the traffic, (scenes, looks) each."""
    events, total = counts
    less = np.minimum(factor, 1.0)
    few = thinned(events, less, rng=rng)
    small = few + thinned(np.maximum(total - events, 0.0), less, rng=rng)
    large = total * np.maximum(factor, 1.0)
    many = grown(
        events,
        expected,
        np.maximum(factor, 1.0),
        phi=phi,
        trouble=trouble,
        room=large - events,
        rng=rng,
    )
    up = factor > 1.0
    return np.where(up, many, few), np.where(up, large, small)


def _factor(wanted: Array, there: Array) -> Array:
    """By what the traffic of each scene is multiplied, (scenes, 1)."""
    whole = there.sum(-1, keepdims=True)
    wanted = wanted.sum(-1, keepdims=True)
    return np.asarray(np.divide(wanted, whole, out=np.ones_like(whole), where=whole > 0))


def _lasting(counts: PodCounts) -> Array:
    """Each pod's own lasting rate over the service's, (pods,)."""
    events, total = counts.events.sum(-1, keepdims=True), counts.total.sum(-1, keepdims=True)
    rate = np.divide(events, total, out=np.zeros_like(events), where=total > 0)
    usual = (counts.total * rate).sum(0)
    return np.asarray((counts.events.sum(0) + _PRIOR) / (usual + _PRIOR))


def _paired(canary: tuple[Array, Array], baseline: tuple[Array, Array], planned: Planned) -> Arms:
    usable = (canary[1] > 0) & (baseline[1] > 0)

    def arm(counts: tuple[Array, Array], pods: int) -> Arm:
        events, total = (np.where(usable, one, 0.0) for one in counts)
        return Arm(np.minimum(events, total), total, np.full(total.shape, float(pods)))

    return Arms(arm(canary, planned.canary), arm(baseline, planned.baseline))
