"""A scenario: populations of pods, and the releases that are judged on them.

Owned here: the shape of a scenario, its samples and its analyses. What happens in which one is said
in `scrapes`, `churn` and `routing`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.spec.loading import load_analysis
from judge.spec.resolved import ResolvedAnalysis
from tests.verdict.missing.pods import Pod, samples
from tests.verdict.missing.samples import Sample

LOOKS = 30
HISTORY = 180  # minutes, enough to calibrate a judge on six pods
AFTER = 2  # minutes that are simulated beyond the last look

ERROR_RATE = {
    "name": "error-rate",
    "kind": "proportion",
    "direction": "increase",
    "limit": {"ratio": 1.25},
    "worst": {"ratio": 2},
    "queries": {
        "events": 'http_requests_total{ {{ selector }}, code=~"5.." }',
        "total": "http_requests_total{ {{ selector }} }",
    },
}


@dataclass(frozen=True)
class Release:
    """One run: which population plays which role, and what is judged of them.

    ``weight`` is the canary's share of the requests that was set at a minute; None: nobody said.
    """

    roles: Mapping[str, str]
    metrics: Sequence[Mapping[str, Any]] = (ERROR_RATE,)
    weight: Callable[[float], float] | None = None


@dataclass(frozen=True)
class Scenario:
    """Pods by population, and releases by name. Its name is its pods' namespace."""

    name: str
    populations: Mapping[str, Sequence[Pod]]
    releases: Mapping[str, Release] = field(
        default_factory=lambda: {"good": canary("good"), "bad": canary("bad")}
    )

    def samples(self) -> Iterator[Sample]:
        """What a Prometheus gets to see, pod by pod."""
        for population, pods in self.populations.items():
            labels = {"namespace": self.name, "track": population, "job": "app"}
            for pod in pods:
                yield from samples(
                    pod,
                    labels,
                    first=-HISTORY - 10,
                    last=LOOKS + AFTER,
                    seed=f"{self.name}/{population}",
                )

    def analysis(self, release: str, *, address: str) -> ResolvedAnalysis:
        """What the release is judged by."""
        return load_analysis(json.dumps(self._document(release, address)))

    def _document(self, release: str, address: str) -> dict[str, Any]:
        run = self.releases[release]
        spec = {
            "prometheus": {"address": address},
            "tracks": {role: self._track(run, one) for role, one in run.roles.items()},
            "interval": "1m",
            "duration": f"{LOOKS}m",
            "history": f"{HISTORY}m",
            "metrics": list(run.metrics),
        }
        metadata = {"name": f"{self.name}-{release}", "namespace": self.name}
        return {"apiVersion": "judge/v1", "kind": "Analysis", "metadata": metadata, "spec": spec}

    def _track(self, run: Release, population: str) -> dict[str, Any]:
        track: dict[str, Any] = {"selector": f'namespace="{self.name}",track="{population}"'}
        if any("template" in metric for metric in run.metrics):
            # kube-state-metrics knows pods by their names alone
            track["variables"] = {"pods": f"{population}-.*"}
        return track


def canary(population: str, baseline: str = "baseline", **changed: Any) -> Release:
    """A release whose canary is ``population``."""
    return Release({"baseline": baseline, "canary": population}, **changed)
