"""The lab's scenarios of counts, each with its law stated.

The common setting: 60 one-minute looks after 16 hours of history, 100 requests a second, 0.5 % of
them errors, nine baseline pods and one canary pod with a tenth of the traffic, so that the canary
has 3 errors a minute. Variances are in units of a Poisson count's, at that volume.
"""

from __future__ import annotations

from judge.lab.counts import CountScenario, Service
from judge.lab.effects import OUTAGE
from judge.lab.noise import Gamma, Incidents, Lasting, Lognormal, Rhythm

# At 3 errors a minute: variance 1 + 3 * 2/3 = 3 at one minute, 1 + 2 * 3 = 7 in the long run.
OVERDISPERSED = Gamma(variance=2 / 3, correlation=0.5)
# The same one-minute variance; the correlation that gives 7 in the long run (a test sums it up).
LOGNORMAL = Lognormal(variance=2 / 3, correlation=0.5432)
OWN_INCIDENTS = Incidents(factor=5.0, every=240.0, lasting=4.0)

COUNT_SCENARIOS = (
    CountScenario("independent", "independent requests; nothing else varies"),
    CountScenario(
        "overdispersed",
        "each pod's rate varies by gamma factors, autocorrelation 0.5 ** minutes: variance 3x at "
        "one minute, 7x in the long run",
        own=(OVERDISPERSED,),
    ),
    CountScenario(
        "shared-incidents",
        "overdispersed, and about every two hours all pods have five times the errors for "
        "5 minutes",
        own=(OVERDISPERSED,),
        shared=(Incidents(factor=5.0, every=120.0, lasting=5.0),),
    ),
    CountScenario(
        "lognormal",
        "each pod's rate varies by lognormal factors: variance 3x at one minute, 7x in the long "
        "run, and a heavier tail",
        own=(LOGNORMAL,),
    ),
    CountScenario(
        "bursts",
        "errors come two at a time on average (geometric): variance 3x, at one minute and in the "
        "long run",
        burst=2.0,
    ),
    *(
        CountScenario(
            f"autocorrelation-{correlation:g}",
            f"gamma factors with autocorrelation {correlation:g} ** minutes: variance 3x at one "
            f"minute, {long_run:.3g}x in the long run",
            own=(Gamma(variance=2 / 3, correlation=correlation),),
        )
        for correlation in (0.3, 0.6, 0.8, 0.95)
        for long_run in [1.0 + 2.0 * (1.0 + correlation) / (1.0 - correlation)]
    ),
    CountScenario(
        "own-incidents",
        "each pod has five times the errors for 4 minutes, about every four hours, on its own; "
        "else independent",
        own=(OWN_INCIDENTS,),
    ),
    CountScenario(
        "noisy-incidents",
        "the same incidents of a pod's own, and overdispersed between them",
        own=(OVERDISPERSED, OWN_INCIDENTS),
    ),
    CountScenario(
        "three-noisy-pods",
        "three baseline pods; pods differ for ever by 20 % (log-sd 0.2), and are overdispersed",
        Service(baseline_pods=3),
        own=(OVERDISPERSED, Lasting(0.2)),
    ),
    CountScenario(
        "quiet",
        "independent requests; the traffic has a daily rhythm of half its mean up and down",
        rhythm=0.5,
    ),
    CountScenario(
        "daily-rhythm",
        "overdispersed; the traffic and the error rate each have a daily rhythm of half their mean "
        "up and down",
        own=(OVERDISPERSED,),
        shared=(Rhythm(0.5),),
        rhythm=0.5,
    ),
    CountScenario(
        "uneven-pods",
        "pods' parts of their track's traffic differ for ever (log-sd 0.7), and so do their error "
        "rates (0.1); overdispersed; three canary pods",
        Service(canary_pods=3, uneven=0.7),
        own=(OVERDISPERSED, Lasting(0.1)),
    ),
    CountScenario(
        "thirty-pods",
        "overdispersed; 30 baseline pods and one canary pod with a thirtieth of the traffic",
        Service(requests=300.0, baseline_pods=30, shares=(1 / 30,)),
        own=(OVERDISPERSED,),
    ),
    CountScenario(
        "pod-spread",
        "pods differ for ever by 30 % (log-sd 0.3), one canary pod; else independent",
        own=(Lasting(0.3),),
    ),
    *(
        CountScenario(
            f"outage-{pods}",
            f"{pods} baseline pod{'s' * (pods > 1)}, overdispersed",
            Service(baseline_pods=pods),
            own=(OVERDISPERSED,),
            effects=(1.0, 1.25, 2.0, OUTAGE),
        )
        for pods in (1, 2, 3, 9)
    ),
    CountScenario(
        "high-rate",
        "20 % of the requests are errors; independent",
        Service(error_rate=0.2),
    ),
    CountScenario(
        "high-rate-noisy",
        "20 % of the requests are errors, and each pod's rate varies by gamma factors: variance "
        "3.4x at one minute of 120 errors, 8.2x in the long run",
        Service(error_rate=0.2),
        own=(Gamma(variance=0.02, correlation=0.5),),
    ),
    CountScenario(
        "half-split",
        "overdispersed; one canary pod gets half of the traffic, five times what the history's "
        "pods had, and its own trouble grows with it",
        Service(shares=(0.5,)),
        own=(OVERDISPERSED,),
    ),
    CountScenario(
        "weight-steps",
        "overdispersed; five canary pods get 10, 25 and 50 % of the traffic in turn",
        Service(canary_pods=5, shares=(0.1, 0.25, 0.5)),
        own=(OVERDISPERSED,),
    ),
    CountScenario(
        "full-weight-steps",
        "the same pods get 10, 25, 50, 75 and 100 % of the traffic in turn; at the end the "
        "baseline has none",
        Service(canary_pods=5, shares=(0.1, 0.25, 0.5, 0.75, 1.0)),
        own=(OVERDISPERSED,),
    ),
    CountScenario(
        "one-percent-split",
        "overdispersed; the canary gets one request in a hundred, 0.3 errors a minute",
        Service(shares=(0.01,)),
        own=(OVERDISPERSED,),
    ),
    *(
        CountScenario(
            f"{requests}-a-second",
            f"overdispersed, with the same factors; {requests} request{'s' * (requests > 1)} a "
            f"second, {requests * 0.03:g} errors of the canary a minute",
            Service(requests=float(requests)),
            own=(OVERDISPERSED,),
        )
        for requests in (1, 10, 1000)
    ),
    CountScenario(
        "late-onset",
        "overdispersed; the regression begins 30 minutes into a run of 120",
        Service(looks=120),
        own=(OVERDISPERSED,),
        onset=30,
    ),
)
