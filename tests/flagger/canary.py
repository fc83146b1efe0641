"""A Canary as the cluster holds it: what a user wrote, Flagger's status of it, and its routes.

Owned here: the values alone, all that a Flagger which is restarted finds again. What moves them is
`fake_flagger`'s.
"""

from __future__ import annotations

import enum
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TOTAL = 100  # the sum of the weights, in percent


class Phase(enum.StrEnum):
    """Where a Canary is, as its status says."""

    UNKNOWN = ""
    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    PROGRESSING = "Progressing"
    WAITING_PROMOTION = "WaitingPromotion"
    PROMOTING = "Promoting"
    FINALISING = "Finalising"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class Type(enum.StrEnum):
    """When a webhook is called."""

    CONFIRM_ROLLOUT = "confirm-rollout"
    PRE_ROLLOUT = "pre-rollout"
    ROLLOUT = "rollout"
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    ROLLBACK = "rollback"
    POST_ROLLOUT = "post-rollout"
    EVENT = "event"


@dataclass(frozen=True)
class Webhook:
    """One entry of ``analysis.webhooks``; ``timeout`` in seconds for each attempt."""

    type: Type
    url: str
    name: str
    metadata: Mapping[str, str] | None = None
    timeout: float = 10.0
    retries: int = 0


@dataclass(frozen=True)
class Analysis:
    """``spec.analysis``: with ``iterations`` blue/green, with ``match`` beside them A/B."""

    step_weight: int = 0
    step_weights: Sequence[int] = ()
    max_weight: int = 0
    iterations: int = 0
    match: bool = False
    mirror: bool = False
    threshold: int = 1
    webhooks: Sequence[Webhook] = ()

    @property
    def top_weight(self) -> int:
        """The weight from which on a canary is ready to be promoted."""
        if self.step_weights:
            return min(TOTAL, self.step_weights[-1])
        return self.max_weight or TOTAL

    def step_from(self, weight: int) -> int:
        """By how much the weight is to grow next; 0 stands still."""
        if self.step_weight or not self.step_weights:
            return self.step_weight
        room = TOTAL - weight
        if room == 0:
            return 1
        if weight == 0:
            return min(room, self.step_weights[0])
        steps = dict(zip(self.step_weights, self.step_weights[1:], strict=False))
        return min(room, steps[weight] - weight) if weight in steps else room


@dataclass(frozen=True)
class Status:
    """The Canary's status; ``applied`` and ``promoted`` are revisions of the target."""

    phase: Phase = Phase.UNKNOWN
    failed_checks: int = 0
    iterations: int = 0
    applied: str = ""
    promoted: str = ""


@dataclass(frozen=True)
class Routes:
    """What the mesh does: weights in percent, and whether requests are mirrored."""

    primary: int = TOTAL
    canary: int = 0
    mirrored: bool = False


@dataclass
class Canary:
    """The object, its target's ``revision`` and the mesh's routes."""

    analysis: Analysis
    revision: str = "1.0"
    provider: str = "istio"
    name: str = "podinfo"
    namespace: str = "test"
    suspend: bool = False
    skip_analysis: bool = False
    status: Status = field(default_factory=Status)
    routes: Routes = field(default_factory=Routes)

    @property
    def checksum(self) -> str:
        """What webhooks are told: 1 to 10 characters that stand for the applied revision."""
        return checksum(self.status.applied)


def checksum(revision: str) -> str:
    """The checksum under which hooks hear of a revision."""
    return f"{zlib.crc32(revision.encode()):x}"
