"""Scenarios of where the requests go, and of pods that never get to serve any."""

from __future__ import annotations

from collections.abc import Callable

from tests.verdict.missing.exporters import Course, Exporter, PodState, Requests, Together
from tests.verdict.missing.scenario import ERROR_RATE, Release, Scenario, canary
from tests.verdict.missing.service import EVER, canaries, fleet, rate, web


def spotless(minute: float) -> float:
    """No request fails."""
    return 0.0


ZERO_ERRORS = Scenario(
    "zero-errors",
    {
        "baseline": fleet("baseline", 6, process=lambda: Requests(rate, spotless)),
        "good": fleet("good", 2, process=lambda: Requests(rate, spotless)),
        "bad": fleet("bad", 2),
    },
)


def until(minute: float) -> Course:
    """Requests a second to a pod that gets no more after ``minute``."""
    return lambda now: rate(now) if now < minute else 0.0


NO_TRAFFIC = Scenario(
    "no-traffic",
    {
        "baseline": fleet("baseline", 6),
        "idle": fleet("idle", 2, process=web(of=until(-1.0)), lives=((-5.0, EVER),)),
        "drained": fleet("drained", 2, process=web(of=until(20.0))),
    },
    {"idle": canary("idle"), "silent": canary("silent"), "drained": canary("drained")},
)


def state(
    *,
    ready: Callable[[float], bool] = lambda minute: True,
    restarts: Callable[[float], int] = lambda minute: 0,
    started: Callable[[float], bool] = lambda minute: True,
    serving: bool = True,
) -> Callable[[], Exporter]:
    """A pod as kube-state-metrics tells of it, with its application's requests if it serves any."""

    def process() -> Exporter:
        told = PodState(ready, restarts, started)
        return Together([told, web()()]) if serving else told

    return process


CRASHES = {"name": "crashes", "template": "pods-crashing"}

BY_DEFAULT = (ERROR_RATE, CRASHES)

BOUNDED = (ERROR_RATE, {**CRASHES, "max": "10%", "for": "2m"})

NEW = ((-1.0, EVER),)

CRASHING = Scenario(
    "crashing",
    {
        "baseline": fleet("baseline", 6, process=state()),
        "crash-loops": fleet(
            "crash-loops",
            2,
            process=state(
                ready=lambda minute: minute % 3 < 0.4,
                restarts=lambda minute: max(0, int(minute // 3)),
                serving=False,
            ),
            lives=NEW,
        ),
        "never-ready": fleet(
            "never-ready",
            2,
            process=state(ready=lambda minute: False, started=lambda minute: False, serving=False),
            lives=NEW,
        ),
        "slow-start": fleet(
            "slow-start", 2, process=state(ready=lambda minute: minute > 1.2), lives=NEW
        ),
    },
    {
        "crash-loops": canary("crash-loops", metrics=BOUNDED),
        "never-ready": canary("never-ready", metrics=BOUNDED),
        "slow-start": canary("slow-start", metrics=BOUNDED),
        "by-default": canary("crash-loops", metrics=BY_DEFAULT),
    },
)


def stepped(minute: float) -> float:
    """The canary's share of the requests."""
    return 0.10 if minute < 10 else 0.25 if minute < 20 else 0.50


def routed(share: Course, pods: int) -> Course:
    """Requests a second to each of ``pods`` that share ``share`` of sixty."""
    return lambda minute: 6.0 * rate(minute) * share(minute) / pods


def first_step(minute: float) -> float:
    """A share that stays where it began."""
    return stepped(0)


def rest(share: Course) -> Course:
    """What ``share`` leaves to the baseline; everything before the run."""
    return lambda minute: 1.0 - share(minute) if minute >= 0 else 1.0


WEIGHTS_STEP = Scenario(
    "weights-step",
    {
        "baseline": fleet("baseline", 6, process=web(of=routed(rest(stepped), 6))),
        "good": fleet("good", 2, process=web(of=routed(stepped, 2))),
        "bad": fleet("bad", 2, process=web(2.5, of=routed(stepped, 2))),
        "stuck-baseline": fleet("stuck-baseline", 6, process=web(of=routed(rest(first_step), 6))),
        "stuck": fleet("stuck", 2, process=web(of=routed(first_step, 2))),
    },
    {
        "good": canary("good", weight=stepped),
        "bad": canary("bad", weight=stepped),
        "stuck": canary("stuck", "stuck-baseline", weight=stepped),
    },
)

SHADOW = Scenario(
    "shadow",
    {"baseline": fleet("baseline", 6), **canaries(), "mirrored": fleet("mirrored", 2)},
    {
        "bad-shadow": Release({"baseline": "baseline", "canary": "good", "shadow": "bad"}),
        "bad-canary": Release({"baseline": "baseline", "canary": "bad", "shadow": "mirrored"}),
    },
)


ROUTING = (ZERO_ERRORS, NO_TRAFFIC, CRASHING, WEIGHTS_STEP, SHADOW)
