"""What the routes of one app share, and how a route gets at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from judge.api.analyses import Analyses
from judge.api.windows import Windows
from judge.settings import Settings
from judge.spec.resolved import PrometheusConfig
from judge.store.documents import Documents
from judge.store.gates import Gates
from judge.store.rollouts import Rollouts
from judge.store.runs import Runs


class Beating(Protocol):
    """What the API wants to know of the daemon."""

    @property
    def alive(self) -> bool:
        """Whether due runs have been asked for lately."""


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of an app. ``daemon`` is None where another process looks at the runs.

    ``prometheus`` are the servers of the settings, by name. ``clock`` gives Unix seconds.
    ``stopping`` is set when the server drains: streams end then. ``noting`` keeps in order what is
    written down after its request was answered.
    """

    settings: Settings
    runs: Runs
    documents: Documents
    rollouts: Rollouts
    gates: Gates
    prometheus: Mapping[str, PrometheusConfig]
    analyses: Analyses
    windows: Windows
    daemon: Beating | None
    registry: CollectorRegistry
    clock: Callable[[], float]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    noting: asyncio.Lock = field(default_factory=asyncio.Lock)


def context_of(request: Request) -> Context:
    """The context of the app that answers ``request``."""
    context = request.app.state.context
    if not isinstance(context, Context):
        raise TypeError(f"app.state.context is {context!r}")
    return context


Shared = Annotated[Context, Depends(context_of)]
