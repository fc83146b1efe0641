"""What a user wants done when a verdict is there.

Owned here: the fields of webhooks and of the lists that hold them, and what they become. Not here:
delivering them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from judge.errors import Issue
from judge.spec.fields import Document, Duration, FilePath, Headers, ListOf, Url
from judge.spec.resolved import Actions, Webhook
from judge.spec.written import Path, Written


class WebhookWritten(Document):
    """Something to POST to."""

    url: Url
    """Where to POST the verdict."""
    secret_file: FilePath | None = None
    """File that holds the key to sign with (Standard Webhooks); unsigned without it."""
    headers: Headers = Field(default_factory=dict)
    """Further headers. Headers that hold a secret are refused."""
    timeout: Duration = 10.0
    """How long one attempt may take."""

    def resolved(self) -> Webhook:
        """The same, inside."""
        return Webhook(self.url, self.secret_file or "", dict(self.headers), self.timeout)


class ActionWritten(Document):
    """One thing to do."""

    later: ClassVar[frozenset[str]] = frozenset(
        {"promote", "rollback", "kubernetes", "notify", "pagerduty", "scale", "setWeight", "slack"}
    )

    webhook: WebhookWritten
    """POST the verdict somewhere."""


class ActionsWritten(Document):
    """The actions of an analysis, by what sets them off."""

    on_pass: ListOf[ActionWritten] = ()
    """What to do when the run passes."""
    on_fail: ListOf[ActionWritten] = ()
    """What to do when the run fails."""
    on_inconclusive: ListOf[ActionWritten] = ()
    """What to do when the run ends and nothing can be said."""
    on_interval: ListOf[ActionWritten] = ()
    """What to do after each look."""

    def actions(self) -> Actions:
        """The same, inside."""
        return Actions(
            on_pass=_webhooks(self.on_pass),
            on_fail=_webhooks(self.on_fail),
            on_inconclusive=_webhooks(self.on_inconclusive),
            on_interval=_webhooks(self.on_interval),
        )

    def action_issues(self, written: Written, at: Path) -> list[Issue]:
        """What cannot be done; the lists are written under ``at``."""
        listed = {
            "onPass": self.on_pass,
            "onFail": self.on_fail,
            "onInconclusive": self.on_inconclusive,
            "onInterval": self.on_interval,
        }
        return [
            written.issue((*at, name, i, "webhook", "timeout"), "must be more than 0s; write 10s")
            for name, actions in listed.items()
            for i, action in enumerate(actions)
            if not action.webhook.timeout
        ]


def _webhooks(listed: Iterable[ActionWritten]) -> tuple[Webhook, ...]:
    return tuple(action.webhook.resolved() for action in listed)
