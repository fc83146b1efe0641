"""The web service that most scenarios are about.

Each pod answers ten requests a second and fails one in a hundred; for three minutes of the run it
fails three in a hundred, on every track. A bad canary fails four times as many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tests.verdict.missing.exporters import Course, Exporter, Requests
from tests.verdict.missing.pods import Pod

BAD = 4.0
EVER = math.inf


def rate(minute: float) -> float:
    """Requests a second and pod: a slow daily rhythm."""
    return 10.0 * (1.0 + 0.2 * math.sin(minute / 40.0))


def errors(ratio: float = 1.0) -> Course:
    """The share of requests that fail, ``ratio`` times that of a good release."""
    return lambda minute: min(1.0, ratio * (0.03 if 8 <= minute < 11 else 0.01))


def web(ratio: float = 1.0, of: Course = rate) -> Callable[[], Exporter]:
    """A web service."""
    return lambda: Requests(of, errors(ratio))


def fleet(name: str, pods: int, ratio: float = 1.0, **changed) -> list[Pod]:
    """So many pods, all alike."""
    return [Pod(f"{name}-{i}", **{"process": web(ratio), **changed}) for i in range(pods)]


def canaries(**changed) -> dict[str, Sequence[Pod]]:
    """A good and a bad canary."""
    return {"good": fleet("good", 2, **changed), "bad": fleet("bad", 2, BAD, **changed)}


def both(**changed) -> dict[str, Sequence[Pod]]:
    """A good and a bad canary beside a baseline, and the same happens to all of them."""
    return {
        "baseline": fleet("baseline", 6, **changed),
        "good": fleet("good", 2, **changed),
        "bad": fleet("bad", 2, BAD, **changed),
    }
