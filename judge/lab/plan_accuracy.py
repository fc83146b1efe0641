"""Whether `judge plan` is right: times planned on simulated histories against times measured.

Histories of a scenario are drawn, and some runs after each. Every history is planned on alone. All
plans together say by when half of the regressions are seen, or 95 % of them: that is held against
the time in which this judge sees as many on all of the runs. Both are cut off at the run's end:
what too many runs do not see has no time on either side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from judge.lab.contender import Sequential
from judge.lab.counts import CountRollouts, CountScenario
from judge.lab.effects import OUTAGE, Effect
from judge.lab.gauges import GaugeRollouts
from judge.lab.latencies import LatencyRollouts
from judge.lab.peers import Looks
from judge.lab.rollouts import Scenario, Setting, remembered
from judge.lab.sampled import at, intervals
from judge.spec.resolved import BASELINE, Compare, Direction, Kind, Metric
from judge.stats.planning.foresight import Foresight
from judge.stats.planning.scenes import Planned
from judge.stats.samples import Interval
from judge.stats.terms import Terms
from judge.verdict.planning.metric_plan import SHARES, folds_seen
from judge.verdict.planning.players import player

WITHIN = 1.5  # the factor that a planned time may be off by
METRIC = "planned"
AT_ONCE = 5  # histories, which bounds the memory

Drawn = CountRollouts | LatencyRollouts | GaugeRollouts


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One effect of a scenario: looks by which ``share`` of the runs see it, measured and planned.

    ``plans`` are those of the single histories, ``planned`` is what they say together; infinite
    where fewer of the runs see it. The other shares are those that see it within the run at all.
    """

    scenario: str
    setting: Setting
    looks: int
    effect: float
    share: float
    measured: float
    measured_share: float
    planned: float
    plans: tuple[float, ...]
    planned_share: float

    @property
    def ratio(self) -> float:
        """Planned over measured; NaN where neither has a time.

        A time beyond the run's end counts as its end: all that is known is that it is no less.
        """
        if math.isinf(self.planned) and math.isinf(self.measured):
            return math.nan
        return min(self.planned, self.looks) / min(self.measured, self.looks)

    @property
    def right(self) -> bool:
        """Whether they are within a factor `WITHIN` of each other."""
        return math.isnan(self.ratio) or 1.0 / WITHIN <= self.ratio <= WITHIN


def accuracies(
    scenario: Scenario, setting: Setting, *, histories: int, runs: int, seed: int
) -> list[Accuracy]:
    """Two for each effect beyond the limit; ``runs`` after each of the ``histories``."""
    rng = np.random.default_rng([seed, 1])
    judge = Sequential(setting, scenario)
    effects = dict(_bad(scenario.effects, setting.limit))
    looks: dict[int, list[Looks]] = {place: [] for place in effects}
    plans: dict[int, list[Foresight]] = {place: [] for place in effects}
    for done in range(0, histories, AT_ONCE):
        drawn = _simulated(scenario, rng, min(AT_ONCE, histories - done), runs)
        answers = judge(drawn, runs)
        for place in effects:
            looks[place].append(answers[place].rolled_back.ravel())
        for history in range(drawn.histories):
            told = _planned(drawn, history, judge.terms, [*effects.values()], seed + done + history)
            for place, plan in zip(effects, told, strict=True):
                plans[place].append(plan)
    return [
        _accuracy(scenario, setting, effect, share, np.concatenate(looks[place]), plans[place])
        for place, effect in effects.items()
        for share in SHARES
    ]


def _bad(effects: tuple[Effect, ...], limit: float) -> Iterator[tuple[int, float]]:
    for place, effect in enumerate(effects):
        if isinstance(effect, float | int) and limit * 1.001 < effect < OUTAGE:
            yield place, float(effect)


def _accuracy(
    scenario: Scenario,
    setting: Setting,
    effect: float,
    share: float,
    looks: Looks,
    plans: list[Foresight],
) -> Accuracy:
    seen = np.where(looks > 0, looks.astype(float), math.inf)
    return Accuracy(
        scenario.name,
        setting,
        setting.looks or scenario.looks,
        effect,
        share,
        float(np.quantile(seen, share, method="inverted_cdf")),
        float(np.isfinite(seen).mean()),
        _together(plans, share),
        tuple(one.look(share).value or math.inf for one in plans),
        float(np.mean([one.by_look[-1] for one in plans])),
    )


def _together(plans: list[Foresight], share: float) -> float:
    """The look by which all plans together have seen it in that share of the runs."""
    reached = np.flatnonzero(np.mean([one.by_look for one in plans], axis=0) >= share - 1e-12)
    return float(reached[0] + 1) if reached.size else math.inf


def _simulated(scenario: Scenario, rng: np.random.Generator, histories: int, runs: int) -> Drawn:
    drawn = scenario.simulate(rng, histories, runs)
    if not isinstance(drawn, Drawn):
        raise TypeError(f"{scenario.name} cannot be planned on: {type(drawn)}")
    return drawn


def _planned(
    drawn: Drawn, history: int, terms: Terms, effects: Sequence[float], seed: int
) -> list[Foresight]:
    """What is foreseen of each effect on one history."""
    kinds = {
        CountRollouts: Kind.PROPORTION,
        LatencyRollouts: Kind.HISTOGRAM,
        GaugeRollouts: Kind.GAUGE,
    }
    leak = isinstance(drawn, GaugeRollouts) and drawn.scenario.leak
    metric = Metric(
        METRIC,
        kinds[type(drawn)],
        Direction.INCREASE,
        terms.limit,
        terms.worst,
        compare=Compare.SLOPE if leak else Compare.LEVEL,
    )
    plays = player(metric, terms, _past(drawn, history, terms))
    if plays is None:
        raise ValueError(f"{drawn.scenario.name} has no history")
    return folds_seen(metric, terms, plays, _tracks(drawn), effects, seed=seed)


def _past(drawn: Drawn, history: int, terms: Terms) -> tuple[Interval, ...]:
    """The history that an analysis would read."""
    past, whole = at(drawn.history, (history,)), _length(drawn)
    every = intervals({METRIC: {BASELINE: past}}, drawn.scenario.interval, range(whole))
    return every[remembered(terms)]


def _length(drawn: Drawn) -> int:
    """Of a history, in intervals."""
    scenario = drawn.scenario
    return (
        scenario.service.history if isinstance(scenario, CountScenario) else scenario.fleet.history
    )


def _tracks(drawn: Drawn) -> Planned:
    if isinstance(drawn, CountRollouts):
        service = drawn.scenario.service
        share = float(service.canary_share().mean())
        return Planned(service.canary_pods, service.baseline_pods, share)
    fleet = drawn.scenario.fleet
    pods = fleet.canary_pods + fleet.baseline_pods
    share = drawn.scenario.share if isinstance(drawn, LatencyRollouts) else fleet.canary_pods / pods
    return Planned(fleet.canary_pods, fleet.baseline_pods, share)
