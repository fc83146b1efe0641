"""The lab's scenarios of latency, each with its law stated.

The common setting: 60 one-minute looks after 16 hours of history, 100 requests a second, nine
baseline pods and one canary pod with a tenth of the traffic; lognormal times with a median of
0.1 s and log-sd 0.3 (p99 0.2 s), in the buckets of a native histogram of schema 3.
"""

from __future__ import annotations

import math

from judge.lab.effects import Tail
from judge.lab.fleet import Fleet
from judge.lab.latencies import BRIEF, CLASSIC, LatencyScenario
from judge.lab.noise import Incidents, Lasting, Lognormal, Rhythm
from judge.lab.rollouts import at_limit

WANDERING = Lognormal(variance=math.expm1(0.05**2), correlation=0.8)

LATENCY_SCENARIOS = (
    LatencyScenario(
        "latency", "service times; independent requests, native buckets", settings=BRIEF
    ),
    LatencyScenario(
        "latency-wandering",
        "each pod's median wanders by 5 % (lognormal factors), autocorrelation 0.8 ** minutes",
        own=(WANDERING,),
    ),
    LatencyScenario(
        "latency-wandering-0.95",
        "the same, with autocorrelation 0.95 ** minutes",
        own=(Lognormal(variance=math.expm1(0.05**2), correlation=0.95),),
    ),
    LatencyScenario(
        "latency-daily-rhythm",
        "wandering medians as before, and all of them have a daily rhythm of 20 % up and down",
        own=(WANDERING,),
        shared=(Rhythm(0.2),),
        settings=BRIEF,
    ),
    LatencyScenario(
        "latency-shared-incidents",
        "wandering medians, and about every two hours all pods are three times slower for 5 "
        "minutes",
        own=(WANDERING,),
        shared=(Incidents(factor=3.0, every=120.0, lasting=5.0),),
    ),
    LatencyScenario(
        "latency-own-incidents",
        "each pod is twice as slow for 4 minutes, about every four hours, on its own; else "
        "independent",
        own=(Incidents(factor=2.0, every=240.0, lasting=4.0),),
    ),
    LatencyScenario(
        "latency-pod-spread",
        "pods differ for ever by 7 % of the median (log-sd 0.07); else independent",
        own=(Lasting(0.07),),
    ),
    LatencyScenario(
        "latency-three-pods",
        "three baseline pods that differ for ever by 5 % of the median, and wander",
        Fleet(baseline_pods=3),
        own=(WANDERING, Lasting(0.05)),
    ),
    LatencyScenario(
        "latency-half-split",
        "wandering medians; one canary pod gets half of the traffic",
        share=0.5,
        own=(WANDERING,),
        settings=BRIEF,
    ),
    LatencyScenario(
        "latency-10-a-second",
        "wandering medians; ten requests a second",
        requests=10.0,
        own=(WANDERING,),
        settings=BRIEF,
    ),
    LatencyScenario(
        "latency-classic",
        "independent requests, the default classic buckets, and the limit that they can test: 2.5",
        bounds=CLASSIC,
        effects=(1.0, 2.0, 2.5, 4.0, Tail(share=0.02, slower=8.0)),
        settings=at_limit(2.5, looks=30),
    ),
)
