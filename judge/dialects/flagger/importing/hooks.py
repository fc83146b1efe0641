"""The webhooks by which Flagger asks Judge, and which of them a Canary lacks.

Owned here: which moments there are for a strategy, what each webhook says, how one of Judge's is
known again. Not here: what is answered (`judge.dialects.flagger`), writing them into a file
(`editing`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from judge.dialects.flagger.importing.canary import Webhook
from judge.dialects.flagger.importing.ticks import Strategy

PRE_ROLLOUT, ROLLOUT, POST_ROLLOUT = "pre-rollout", "rollout", "post-rollout"
CONFIRM_TRAFFIC, CONFIRM_PROMOTION = "confirm-traffic-increase", "confirm-promotion"
ROLLBACK = "rollback"
MOMENTS = (PRE_ROLLOUT, ROLLOUT, CONFIRM_TRAFFIC, CONFIRM_PROMOTION, ROLLBACK, POST_ROLLOUT)
TIMEOUT = "5s"

_OURS = re.compile(rf"/flagger/([^/]+)/({'|'.join(MOMENTS)})$")


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of ours, in Flagger's words."""

    name: str
    type: str
    url: str
    timeout: str = TIMEOUT

    def fields(self) -> dict[str, str]:
        """The fields, in the order in which they are written."""
        return {"name": self.name, "type": self.type, "url": self.url, "timeout": self.timeout}


def moments_of(strategy: Strategy) -> tuple[str, ...]:
    """The moments at which Flagger can ask; only with steps of traffic before each of them."""
    return tuple(one for one in MOMENTS if strategy is Strategy.CANARY or one != CONFIRM_TRAFFIC)


def missing(
    webhooks: Sequence[Webhook], strategy: Strategy, *, analysis: str, url: str
) -> tuple[Hook, ...]:
    """The webhooks that a Canary with these lacks. ``url``: Judge's, with the token if any."""
    present = {one.moment for one in webhooks if is_ours(one)}
    names = {one.name for one in webhooks}
    return tuple(
        Hook(_free(f"judge-{moment}", names), moment, f"{url.rstrip('/')}{_path(analysis, moment)}")
        for moment in moments_of(strategy)
        if moment not in present
    )


def is_ours(webhook: Webhook) -> bool:
    """Whether Judge is asked, and of this very moment."""
    return asked(webhook)[1] == webhook.moment


def asked(webhook: Webhook) -> tuple[str, str]:
    """The analysis and the moment that the webhook's URL asks Judge of; "" twice for others."""
    try:
        path = urlsplit(webhook.url).path.rstrip("/")
    except ValueError:
        return "", ""
    match = _OURS.search(path)
    return (match[1], match[2]) if match else ("", "")


def _path(analysis: str, moment: str) -> str:
    return f"/flagger/{analysis}/{moment}"


def _free(name: str, taken: set[str]) -> str:
    rivals = (f"{name}-{i}" for i in range(2, len(taken) + 3))
    return next(one for one in (name, *rivals) if one not in taken)
