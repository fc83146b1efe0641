"""The lab's scenarios of gauges, each with its law stated.

The common setting: 60 one-minute looks after 16 hours of history, nine baseline pods and one canary
pod; each pod's level has lognormal noise of 10 % (log-sd 0.1) whose logarithm is a first-order
autoregression. All pods have a daily rhythm of 30 % up and down, and about every two hours half as
much again for ten minutes.
"""

from __future__ import annotations

import math

from judge.lab.fleet import Fleet
from judge.lab.gauges import GaugeScenario
from judge.lab.noise import Incidents, Lasting, Lognormal, Rhythm
from judge.lab.sawtooth import Sawtooth

NOISE = 0.1  # log-sd
CORRELATIONS = (0.3, 0.6, 0.8, 0.95)
SHARED = (Rhythm(0.3), Incidents(factor=1.5, every=120.0, lasting=10.0))
OWN_BURSTS = Incidents(factor=1.6, every=90.0, lasting=4.0)
GARBAGE = Sawtooth(height=0.25, period=25.0)
LEAKS = (1.0, 1.1, 1.25, 1.5, 2.0)


def noise(correlation: float) -> Lognormal:
    """The noise of a pod's level, with this autocorrelation at a minute."""
    return Lognormal(variance=math.expm1(NOISE**2), correlation=correlation)


GAUGE_SCENARIOS = (
    *(
        GaugeScenario(
            f"gauge-{correlation:g}",
            f"a level with 10 % of noise, autocorrelation {correlation:g} ** minutes; shared "
            "rhythm and shocks",
            own=(noise(correlation),),
            shared=SHARED,
        )
        for correlation in CORRELATIONS
    ),
    GaugeScenario(
        "gauge-pod-spread",
        "autocorrelation 0.8, and pods differ for ever by 5 % (log-sd 0.05)",
        own=(noise(0.8), Lasting(0.05)),
        shared=SHARED,
    ),
    GaugeScenario(
        "cpu",
        "a CPU: daily rhythm of 50 %, noise with autocorrelation 0.6, and each pod works 1.6 times "
        "as hard for 4 minutes, about every hour and a half, on its own",
        own=(noise(0.6), Lasting(0.05), OWN_BURSTS),
        shared=(Rhythm(0.5),),
    ),
    GaugeScenario(
        "cpu-three-pods",
        "the same with three baseline pods",
        Fleet(baseline_pods=3),
        own=(noise(0.6), Lasting(0.05), OWN_BURSTS),
        shared=(Rhythm(0.5),),
    ),
    GaugeScenario(
        "memory",
        "a heap: each pod's level climbs by a half in about 25 minutes and falls back, at times of "
        "its own; 3 % of noise, autocorrelation 0.95; pods differ for ever by 5 %",
        own=(GARBAGE, Lognormal(variance=math.expm1(0.03**2), correlation=0.95), Lasting(0.05)),
    ),
    GaugeScenario(
        "memory-leak",
        "growth by the hour of the same heap",
        own=(GARBAGE, Lognormal(variance=math.expm1(0.03**2), correlation=0.95), Lasting(0.05)),
        leak=True,
        effects=LEAKS,
    ),
    *(
        GaugeScenario(
            f"leak-{correlation:g}",
            f"growth by the hour; 10 % of noise, autocorrelation {correlation:g} ** minutes",
            own=(noise(correlation), Lasting(0.05)),
            shared=SHARED,
            leak=True,
            effects=LEAKS,
        )
        for correlation in (0.8, 0.95)
    ),
)
