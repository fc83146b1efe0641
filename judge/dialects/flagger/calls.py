"""What Flagger sends with a webhook, and which webhooks there are.

Nothing in the body names the webhook, so its kind stands in the URL. ``checksum`` tells one
revision of a Canary from another, and nothing else: it is kept as it is.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from judge.errors import Issue, SpecError

LONGEST_NAME = 253  # characters, as Kubernetes has it
LONGEST_METADATA = 4096  # characters of one entry that an analysis can use


class Hook(enum.StrEnum):
    """The webhooks of a Canary's analysis, by their ``type``."""

    CONFIRM_ROLLOUT = "confirm-rollout"  # may a new revision begin?
    PRE_ROLLOUT = "pre-rollout"  # before any traffic
    ROLLOUT = "rollout"  # a check in each tick with traffic
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    POST_ROLLOUT = "post-rollout"  # promoted, or rolled back
    ROLLBACK = "rollback"  # roll back now? Here 2xx means yes
    EVENT = "event"


class Phase(enum.StrEnum):
    """The phases that change what a webhook means."""

    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    WAITING_PROMOTION = "WaitingPromotion"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


AT_REST = frozenset({Phase.INITIALIZED, Phase.WAITING, Phase.SUCCEEDED, Phase.FAILED})
"""In these no rollout is under way."""


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook as it was called, of the Canary ``name`` in ``namespace``."""

    name: str
    namespace: str
    phase: str
    checksum: str
    metadata: Mapping[str, str] = field(default_factory=dict)


Bounded = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
# As the namespace of an analysis: the Canary's becomes it, and stands in queries.
Namespace = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$", max_length=128)
]


class CallBody(BaseModel):
    """The body of a webhook, as Flagger writes it; what else stands in it does not matter."""

    model_config = ConfigDict(frozen=True, strict=True)

    name: Bounded = Field(description="Name of the Canary")
    namespace: Namespace = Field(description="Namespace of the Canary")
    phase: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = Field(
        "", description="Phase of the Canary"
    )
    checksum: Bounded = Field(description="Of the revision; opaque")
    metadata: dict[str, str] | None = Field(None, description="What the webhook's `metadata` says")

    def call(self) -> Call:
        """The same, inside."""
        return Call(self.name, self.namespace, self.phase, self.checksum, self.metadata or {})


def read_call(body: Any) -> Call:
    """The call of a body that is parsed already. Raises `SpecError` with all that is wrong."""
    try:
        return CallBody.model_validate(body).call()
    except ValidationError as exc:
        raise SpecError([_issue(one["loc"], one["msg"]) for one in exc.errors()]) from exc


def _issue(place: tuple[int | str, ...], message: str) -> Issue:
    return Issue(".".join(str(part) for part in place) or "body", message)
