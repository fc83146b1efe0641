"""A history's gauges as those of a rollout to come: levels that a release raises, or makes grow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from judge.stats.levels import HOUR, LevelArms, PodLevels, level_arms
from judge.stats.planning.scenes import Planned, Scenes


def planned_levels(
    history: PodLevels,
    scenes: Scenes,
    planned: Planned,
    effect: float,
    *,
    interval: float,
    floor: float,
    slope: bool,
) -> LevelArms:
    """Both arms under a release that multiplies the canary's levels, (scenes, looks).

    With ``slope`` they grow by ``effect`` an hour. ``interval`` in seconds.
    """
    canary = scenes.playing(history.values)
    looks = canary.shape[1]
    hours = (np.arange(looks) + 1.0) * interval / HOUR if slope else np.ones(looks)
    raised = canary * np.power(effect, hours)[:, None]
    arms = level_arms(PodLevels(raised), PodLevels(scenes.resting(history.values)), floor=floor)
    return replace(
        arms,
        treated=np.full(arms.treated.shape, float(planned.canary)),
        reference=np.full(arms.reference.shape, float(planned.baseline)),
    )
