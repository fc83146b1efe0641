"""What is promised of this judge, held against what the lab measured.

Owned here: which figures a scenario must reach, and the list of those that it does not. A share
keeps its promise where its upper 95 % bound is at or under 1.3 times what is promised; it is broken
beyond doubt where even the lower 99.9 % bound is above. Times are medians, as measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from judge.lab.contender import BETA, AnyContender, worst_good
from judge.lab.counts import CountScenario
from judge.lab.effects import GOOD, Effect, effect_name, is_good
from judge.lab.rollouts import Scenario
from judge.lab.shares import Share
from judge.lab.tally import Tally, median

ROOM = 1.3  # times the promise, for the upper bound
DOUBTLESS = 0.999
WALD = 2.5  # times Wald's bound
FEWEST_BLOCKS = 5
TWOFOLD = 2.0
OF_THE_ORACLE = 2.0
OF_THE_ORACLE_ON = "overdispersed"
PROVEN = 0.9
PROVEN_BY_SECONDS = 1800.0
PROVEN_ON = "independent"
KAYENTA = "Kayenta"

ByEffect = Mapping[Effect, Tally]
ByName = Mapping[str, ByEffect]


@dataclass(frozen=True, slots=True)
class Breach:
    """A figure that was not reached: ``measured`` against ``allowed``, shares or minutes.

    ``doubtless``: chance does not explain it. ``what`` names the promise for programs.
    """

    scenario: str
    contender: str
    effect: Effect
    what: str
    measured: float
    allowed: float
    said: str
    doubtless: bool = False

    def __str__(self) -> str:
        return f"{self.scenario}: {self.contender} {self.said}"


def breaches(
    scenario: Scenario, judges: tuple[AnyContender, ...], found: ByName
) -> Iterator[Breach]:
    """Every figure of one scenario that this judge did not reach."""
    for one in judges:
        if one.ours and one.calibrated and one.name in found:
            by_effect = found[one.name]
            yield from _wrong(scenario, one, by_effect)
            yield from _slow(scenario, one, by_effect, found)
            yield from _unproven(scenario, one, by_effect)


def false_rollbacks_allowed(scenario: Scenario, one: AnyContender, effect: Effect) -> float | None:
    """The share of such releases that may be rolled back; None where nothing is promised.

    Of good releases the worst is held to it, which is the one that is measured on all rollouts.
    """
    promised = one.ours and one.calibrated and is_good(effect, one.limit)
    return one.alpha if promised and effect == worst_good(scenario, one.limit) else None


def wrong_passes_allowed(scenario: Scenario, one: AnyContender, effect: Effect) -> float | None:
    """The share of such releases that may be called proven; None where nothing is promised.

    Before a late onset a proof is right.
    """
    promised = one.ours and one.calibrated and not scenario.onset and effect == one.worst
    return BETA if promised else None


def kept(share: Share, promised: float) -> bool:
    """Whether the upper bound of the share is near enough to the promise."""
    return share.upper() <= ROOM * promised


def doubtless(share: Share, promised: float) -> bool:
    """Whether the share is above the promise and chance does not explain it."""
    return share.lower(DOUBTLESS) > promised


def wald_minutes(scenario: CountScenario, *, alpha: float, limit: float, effect: float) -> float:
    """Wald's bound on the time to tell ``effect`` from ``limit`` on independent requests.

    log(1 / alpha) over the information of a minute: the least divergence (Kullback & Leibler) of
    both arms' events from any pair of risks whose ratio is the limit.
    """
    service = scenario.service
    share = float(service.canary_share()[0])
    requests = service.requests * 60.0
    risk = min(service.error_rate * effect, 1.0 - 1e-9)
    ours, theirs = requests * share, requests * (1.0 - share)
    base = service.error_rate * np.geomspace(0.5, 2.0 * effect, 20_001)
    base = base[(base < 1.0) & (base * limit < 1.0)]
    information = ours * _divergence(risk, base * limit) + theirs * _divergence(
        service.error_rate, base
    )
    return math.log(1.0 / alpha) / float(information.min())


def _divergence(risk: float, other: np.ndarray) -> np.ndarray:
    missed = (1.0 - risk) * np.log((1.0 - risk) / (1.0 - other))
    return np.asarray(risk * np.log(risk / other) + missed)


def _wrong(scenario: Scenario, one: AnyContender, found: ByEffect) -> Iterator[Breach]:
    for effect, tally in found.items():
        alpha = false_rollbacks_allowed(scenario, one, effect)
        if alpha is not None and not kept(tally.rolled_back, alpha):
            said = f"rolls back {_bounded(tally.rolled_back)} of good releases"
            yield _over(scenario, one, effect, "falseRollbacks", tally.rolled_back, alpha, said)
        beta = wrong_passes_allowed(scenario, one, effect)
        if beta is not None and tally.shown is not None and not kept(tally.shown, beta):
            said = f"calls {_bounded(tally.shown)} of the worst releases proven"
            yield _over(scenario, one, effect, "wrongPasses", tally.shown, beta, said)


def _over(
    scenario: Scenario,
    one: AnyContender,
    effect: Effect,
    what: str,
    share: Share,
    promised: float,
    said: str,
) -> Breach:
    return Breach(
        scenario.name,
        one.name,
        effect,
        what,
        share.upper(),
        ROOM * promised,
        f"{said} ({effect_name(effect)})",
        doubtless(share, promised),
    )


def _bounded(share: Share) -> str:
    return f"{share.value:.2%}, at most {share.upper():.2%} (upper 95 % bound),"


def _slow(
    scenario: Scenario, one: AnyContender, by_effect: ByEffect, found: ByName
) -> Iterator[Breach]:
    minutes = scenario.interval / 60.0
    seen = {
        effect: tally.median(scenario.onset) * minutes
        for effect, tally in by_effect.items()
        if not is_good(effect, one.limit)
    }
    for allowed, what, than in _times_allowed(scenario, one, found):
        if TWOFOLD in seen and seen[TWOFOLD] > allowed:
            said = f"sees 2x after {_min(seen[TWOFOLD])}, allowed {_min(allowed)} ({than})"
            yield Breach(scenario.name, one.name, TWOFOLD, what, seen[TWOFOLD], allowed, said)
    for effect, (theirs, said) in _kayenta_first(scenario, one, by_effect, found).items():
        yield Breach(
            scenario.name, one.name, effect, "slowerThanKayenta", seen[effect], theirs, said
        )


def _times_allowed(
    scenario: Scenario, one: AnyContender, found: ByName
) -> Iterator[tuple[float, str, str]]:
    """The minutes that seeing 2x may take, and by what."""
    alpha = one.alpha or 0.0
    if isinstance(scenario, CountScenario) and independent(scenario):
        bound = wald_minutes(scenario, alpha=alpha, limit=one.limit, effect=TWOFOLD)
        blocks = FEWEST_BLOCKS * max(scenario.interval, 60.0) / 60.0
        yield max(WALD * bound, blocks), "slowOnIndependent", f"Wald's bound {_min(bound)}"
    oracle = found.get(f"oracle {alpha:.0%}", {}).get(TWOFOLD)
    if scenario.name == OF_THE_ORACLE_ON and oracle is not None and one.limit == 1.0:
        least = oracle.median(scenario.onset) * scenario.interval / 60.0
        yield OF_THE_ORACLE * least, "slowOnOverdispersed", f"the oracle {_min(least)}"


def independent(scenario: CountScenario) -> bool:
    """Whether its requests are independent, with the same risk for all."""
    return not (scenario.own or scenario.shared or scenario.onset or scenario.burst != 1.0)


def _kayenta_first(
    scenario: Scenario, one: AnyContender, by_effect: ByEffect, found: ByName
) -> dict[Effect, tuple[float, str]]:
    """Where Kayenta sees more, or as much sooner, though it raises fewer false alarms."""
    looks, told = one.looks or scenario.looks, {}
    minutes = scenario.interval / 60.0
    for name, theirs in found.items():
        if not name.startswith(KAYENTA):
            continue
        alarms, false = theirs[GOOD].by(looks), by_effect[GOOD].rolled_back.value
        for effect, tally in by_effect.items():
            its = _median_within(theirs[effect], looks, scenario.onset)
            ours = tally.median(scenario.onset)
            if alarms < false and not is_good(effect, one.limit) and its + 1 < ours:
                said = (
                    f"sees {effect_name(effect)} after {_min(ours * minutes)}, {name} after "
                    f"{_min(its * minutes)} with {alarms:.2%} of false alarms to {false:.2%}"
                )
                told[effect] = (its * minutes, said)
    return told


def _median_within(tally: Tally, looks: int, onset: int) -> float:
    """The median as if runs had ended after so many looks."""
    kept_looks = tally.looks[: looks + 1].copy()
    kept_looks[0] += tally.looks[looks + 1 :].sum()
    return median(kept_looks, onset)


def _unproven(scenario: Scenario, one: AnyContender, found: ByEffect) -> Iterator[Breach]:
    if scenario.name != PROVEN_ON or GOOD not in found:
        return
    proven = found[GOOD].shown_by(round(PROVEN_BY_SECONDS / scenario.interval))
    if proven < PROVEN:
        said = f"proves {proven:.1%} of good releases within 30 min, to reach {PROVEN:.0%}"
        yield Breach(scenario.name, one.name, GOOD, "provenInTime", proven, PROVEN, said)


def _min(minutes: float) -> str:
    return "never" if math.isinf(minutes) else f"{minutes:.3g} min"
