"""Scenarios of pods that come and go, and of tracks with few of them or none."""

from __future__ import annotations

from tests.verdict.missing.pods import Pod
from tests.verdict.missing.scenario import HISTORY, LOOKS, Scenario, canary
from tests.verdict.missing.service import BAD, EVER, both, canaries, fleet, web

BASELINE_OF_ONE = Scenario("baseline-of-one-pod", {"baseline": fleet("baseline", 1), **canaries()})

BASELINE_OF_NONE = Scenario("baseline-of-none", canaries())

NO_HISTORY = Scenario("no-history", both(lives=((-1.5, EVER),)))


def relay(name: str, slots: int, ratio: float, minutes: float) -> list[Pod]:
    """Pods of which each lives for about ``minutes``, then another takes its place."""
    return [
        Pod(f"{name}-{slot}-{turn}", web(ratio), lives=((born, born + minutes),))
        for slot in range(slots)
        for turn in range(int((HISTORY + LOOKS + 20) / minutes) + 1)
        for born in [-HISTORY - 15 + turn * minutes - slot * minutes / slots]
    ]


PODS_COME_AND_GO = Scenario(
    "pods-come-and-go",
    {
        "baseline": relay("baseline", 6, 1.0, 33.0),
        "good": relay("good", 2, 1.0, 11.0),
        "bad": relay("bad", 2, BAD, 11.0),
    },
)

RESTARTS = Scenario(
    "restarts",
    {
        "baseline": [
            Pod(f"baseline-{i}", web(), lives=((-EVER, 5.2 + 3 * i), (5.9 + 3 * i, EVER)))
            for i in range(6)
        ],
        **canaries(lives=((-EVER, 7.3), (8.0, 16.4), (17.2, 24.1), (24.5, EVER))),
    },
)

SCALING = Scenario(
    "scaling",
    {
        "baseline": [*fleet("baseline", 6), *fleet("baseline-more", 6, lives=((9.6, 21.3),))],
        "good": [*fleet("good", 1), *fleet("good-more", 3, lives=((10.8, 22.4),))],
        "bad": [*fleet("bad", 1, BAD), *fleet("bad-more", 3, BAD, lives=((10.8, 22.4),))],
        "shrinking": [*fleet("shrinking", 1), *fleet("shrinking-more", 5, lives=((-EVER, 9.6),))],
    },
    {
        "good": canary("good"),
        "bad": canary("bad"),
        "good-shrinking": canary("good", "shrinking"),
        "bad-shrinking": canary("bad", "shrinking"),
    },
)

TRACK_VANISHES = Scenario(
    "track-vanishes",
    {
        "baseline": fleet("baseline", 6),
        "early": fleet("early", 2, lives=((-EVER, 9.3),)),
        "late": fleet("late", 2, lives=((-EVER, 20.3),)),
        "bad": fleet("bad", 2, BAD, lives=((-EVER, 20.3),)),
        "steady": fleet("steady", 2),
        "lost-baseline": fleet("lost-baseline", 6, lives=((-EVER, 20.3),)),
    },
    {
        "early": canary("early"),
        "late": canary("late"),
        "bad": canary("bad"),
        "lost-baseline": canary("steady", "lost-baseline"),
    },
)


CHURN = (
    BASELINE_OF_ONE,
    BASELINE_OF_NONE,
    NO_HISTORY,
    PODS_COME_AND_GO,
    RESTARTS,
    SCALING,
    TRACK_VANISHES,
)
