"""Requests that were served: the numbers behind the cases of request metrics.

`Traffic` says what every pod of two tracks answered within the minute, by code. From it come an
exporter's series and the samples that a template must read out of them. How long the requests took
follows from their number alone (`durations`), so that no two pods are alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.stats.samples import Count, Histogram, Level, Sample
from tests.servers.exposition import Series

Expected = dict[str, dict[str, Sample]]
Answers = Mapping[str, int]

# The bounds that exporters have where nobody chose others: Prometheus's clients in seconds,
# OpenTelemetry's conventions in seconds, Envoy and Linkerd in milliseconds.
CLIENT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CONVENTIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
ENVOY = (
    *(0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000),
    *(300_000, 600_000, 1_800_000, 3_600_000),
)
LINKERD = (
    *(1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000),
    *(10_000, 20_000, 30_000, 40_000, 50_000),
)


@dataclass(frozen=True)
class Traffic:
    """``answers[track][pod][code]`` is a number of requests in the minute."""

    answers: Mapping[str, Mapping[str, Answers]]

    def series(self, made: Callable[[str, str, Answers], Iterable[Series]]) -> list[Series]:
        """What ``made(track, pod, answers)``, an exporter, makes of every pod's answers."""
        return [
            series
            for track, pods in self.answers.items()
            for pod, answers in pods.items()
            for series in made(track, pod, answers)
        ]

    def counts(self, errors: str = "5..") -> Expected:
        """Errors, codes that match the regular expression, among all requests."""
        return self._by_pod(
            lambda answers: Count(
                sum(n for code, n in answers.items() if re.fullmatch(errors, code)),
                sum(answers.values()),
            )
        )

    def rates(self) -> Expected:
        """Requests a second."""
        return self._by_pod(lambda answers: Level(sum(answers.values()) / 60))

    def histograms(self, bounds: Sequence[float]) -> Expected:
        """What `durations` makes of a pod's requests."""
        return self._by_pod(lambda answers: _histogram(durations(bounds, *answers.values())))

    def _by_pod(self, sample: Callable[[Answers], Sample]) -> Expected:
        return {
            track: {pod: sample(answers) for pod, answers in pods.items()}
            for track, pods in self.answers.items()
        }


def durations(bounds: Sequence[float], *requests: int) -> dict[float, float]:
    """How many of the requests took at most as long as each bound, and infinity: evenly spread.

    Requests of several codes are spread each by itself, so that the codes' histograms add up.
    """
    steps = len(bounds) + 1
    return {
        bound: sum(n * (i + 1) // steps for n in requests)
        for i, bound in enumerate((*bounds, math.inf))
    }


def _histogram(cumulative: Mapping[float, float]) -> Histogram:
    return Histogram(tuple(cumulative), tuple(cumulative.values()))


# What an application's own pods answer, by status code; one of them has no errors.
SERVED = Traffic(
    {
        "baseline": {
            "web-1": {"200": 931, "404": 46, "500": 13, "503": 4},
            "web-2": {"200": 1012, "302": 35},
        },
        "canary": {"web-canary-1": {"200": 402, "404": 21, "500": 24}},
    }
)
# The same of proxies that every request passes: the same pods in both tracks.
ROUTED = Traffic(
    {
        "baseline": {
            "edge-1": {"200": 811, "404": 46, "499": 8, "502": 7, "503": 4},
            "edge-2": {"200": 902, "302": 35},
        },
        "canary": {
            "edge-1": {"200": 97, "499": 2, "500": 6},
            "edge-2": {"200": 103, "404": 5, "504": 1},
        },
    }
)
# What must never count would be seen at once.
FOREIGN = 77_777
