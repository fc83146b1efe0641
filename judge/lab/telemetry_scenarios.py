"""The lab's scenarios of telemetry: whole runs with holes, each with its law stated.

The common setting: 30 one-minute looks after 8 hours of history, 100 requests a second, 0.5 % of
them errors, nine baseline pods and one canary pod with a tenth of the traffic; the errors
overdispersed as in `count_scenarios`, and pods differ for ever by 10 % (log-sd 0.1).
"""

from __future__ import annotations

import math

from judge.lab.count_scenarios import OVERDISPERSED, OWN_INCIDENTS
from judge.lab.gauge_scenarios import SHARED, noise
from judge.lab.latencies import LIMIT
from judge.lab.latency_scenarios import WANDERING
from judge.lab.noise import Incidents, Lasting, Lognormal
from judge.lab.rollouts import at_limit
from judge.lab.telemetry.measures import Durations, Failures, Levels
from judge.lab.telemetry.presence import Cold, Gaps, Lives, Scene
from judge.lab.telemetry.scenario import TelemetryScenario

PODS_DIFFER = Lasting(0.1)
ERRORS = Failures(own=(OVERDISPERSED, PODS_DIFFER))
LATENCY = Durations(own=(WANDERING, Lasting(0.03)))
COLD = Cold(factor=1.5, minutes=3.0)
HOLE = 2.0  # whatever is not 1

# One scrape in ten fails for a minute; now and then a track or everything is not seen for longer.
MISSED = Gaps(
    pods=Incidents(HOLE, every=9.0, lasting=1.0),
    tracks=Incidents(HOLE, every=60.0, lasting=3.0),
    everything=Incidents(HOLE, every=120.0, lasting=3.0),
)
# What is judged of a service at once: six proportions, a latency, three levels.
TEN = (
    ERRORS,
    Failures("timeouts", rate=0.002, own=(OVERDISPERSED,)),
    Failures("client-errors", rate=0.04, own=(Lognormal(variance=0.05, correlation=0.8),)),
    Failures("retries", rate=0.01, own=(OWN_INCIDENTS,)),
    Failures("checkout-errors", rate=0.02, part=0.1, own=(PODS_DIFFER,)),
    Failures("dropped-messages", rate=0.01, part=0.3),
    LATENCY,
    Levels("cpu", own=(noise(0.8), Lasting(0.05)), shared=SHARED),
    Levels("memory", own=(noise(0.95), Lasting(0.05))),
    Levels("threads", own=(Lognormal(variance=math.expm1(0.05**2), correlation=0.6),)),
)

TELEMETRY_SCENARIOS = (
    TelemetryScenario(
        "missing-scrapes",
        "a tenth of all pods' minutes is not scraped, each by itself; each track is not seen for "
        "3 minutes about every hour, nothing at all for 3 minutes about every two hours",
        (ERRORS,),
        Scene(gaps=MISSED),
    ),
    TelemetryScenario(
        "restarts",
        "every pod's process begins again about every 20 minutes; up to half of that minute's "
        "counts are lost",
        (ERRORS,),
        Scene(Lives(restarted=20.0)),
    ),
    TelemetryScenario(
        "pod-churn",
        "every pod is replaced by one of another name about every hour; 5 to 9 baseline pods, up "
        "and down within four hours, that get unequal shares of the traffic (log-sd 0.3); one "
        "scrape in ten fails",
        (ERRORS,),
        Scene(Lives(replaced=60.0, fewest=5), Gaps(pods=MISSED.pods)),
        canary_pods=2,
        uneven=0.3,
        sharing=0.5,
        portion=0.2,
    ),
    TelemetryScenario(
        "run-weight-steps",
        "five canary pods get 10, 25, 50, 75 and 100 % of the traffic in turn, and the analysis is "
        "told so",
        (ERRORS,),
        canary_pods=5,
        shares=(0.1, 0.25, 0.5, 0.75, 1.0),
        weighed=True,
    ),
    TelemetryScenario(
        "cold-start",
        "latency; a pod that has just begun is half as slow again, which decays in 3 minutes; the "
        "run begins after a warm-up of 15",
        (LATENCY,),
        Scene(cold=COLD),
        warmup=15,
        portion=0.06,
        effects=(1.0, LIMIT, 1.5, 2.0),
        settings=at_limit(LIMIT),
        sharing=0.3,
    ),
    TelemetryScenario(
        "cold-start-no-warmup",
        "the same without a warm-up: what is rolled back there was slower, and nothing is promised",
        (LATENCY,),
        Scene(cold=COLD),
        promised=False,
        portion=0.02,
        effects=(1.0, LIMIT, 1.5, 2.0),
        settings=at_limit(LIMIT),
        sharing=0.3,
    ),
    TelemetryScenario(
        "ten-metrics",
        "six proportions, a latency and three levels, all critical; a bad release makes the errors "
        "and the latency worse",
        TEN,
        struck=("error-rate", "latency"),
        effects=(1.0, 1.25, 1.5, 2.0),
        sharing=0.3,
        portion=0.04,
    ),
    TelemetryScenario(
        "shadow",
        "canary and shadow at once, both with the release; the shadow gets copies of a tenth of "
        "the requests",
        (ERRORS,),
        shadow=0.1,
        portion=0.15,
    ),
)
