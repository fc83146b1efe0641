"""The HTTP API, put together from its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry

from judge import __version__
from judge.api import docs, events, health, hooks, problems, verdicts
from judge.api import runs as run_routes
from judge.api.analyses import Analyses
from judge.api.context import Beating, Context
from judge.api.door import Door, check_listening
from judge.api.flagger import hooks as flagger
from judge.api.gates import dropin as gates_dropin
from judge.api.gates import listing as gates_listing
from judge.api.http_metrics import HttpMetrics
from judge.api.kayenta.problems import KayentaProblem
from judge.api.kayenta.routes import ROUTERS as KAYENTA
from judge.api.problems import Problem
from judge.api.tokens import TokenFile
from judge.api.windows import Sources, Windows
from judge.settings import Settings
from judge.spec.resolved import PrometheusConfig
from judge.store.documents import Documents
from judge.store.gates import Gates
from judge.store.rollouts import Rollouts
from judge.store.runs import Runs

DIALECTS = tuple(f"/{one}/" for one in hooks.DIALECTS)
DESCRIPTION = """\
Judge compares a canary with its baseline on what Prometheus knows of them, and says pass, fail or
inconclusive, with the evidence.

Answers are JSON under `data`; errors are `application/problem+json`. Times are Unix seconds.

What is under `/kayenta` speaks as Kayenta does; `/flagger` answers Flagger's webhooks, and `/gate`
and `/rollback` are its load tester's, all in a line of text. They are under `/hooks/{token}` too,
for callers that can send no header: the token stands in the URL, and has the role `hook`.
"""


def create_app(
    *,
    settings: Settings,
    runs: Runs,
    documents: Documents,
    rollouts: Rollouts,
    gates: Gates,
    daemon: Beating | None,
    sources: Sources,
    prometheus: Mapping[str, PrometheusConfig],
    registry: CollectorRegistry,
    clock: Callable[[], float],
) -> FastAPI:
    """The ASGI app. ``app.state.context.stopping`` ends its streams when set.

    ``prometheus`` are the named servers of the settings; ``sources`` gives an analysis its source;
    ``clock`` gives Unix seconds. Raises `SettingsError` where the settings would leave it open to
    other machines, or name a token file or folder that cannot be used.
    """
    check_listening(settings)
    app = FastAPI(
        title="Judge", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.state.context = Context(
        settings=settings,
        runs=runs,
        documents=documents,
        rollouts=rollouts,
        gates=gates,
        prometheus=prometheus,
        analyses=Analyses(folder=settings.analyses, prometheus=prometheus),
        windows=Windows(sources, workers=settings.verdict_workers, clock=clock),
        daemon=daemon,
        registry=registry,
        clock=clock,
        stopping=asyncio.Event(),
    )
    _add_routes(app)
    problems.install(app)
    app.add_middleware(
        Door,
        tokens=TokenFile(settings.token_file) if settings.token_file else None,
        metrics_open=settings.metrics_open,
        metrics=HttpMetrics(registry),
    )
    return app


def _add_routes(app: FastAPI) -> None:
    for module in (verdicts, events, run_routes, gates_listing, health, docs):
        app.include_router(module.router)
    for router in (*KAYENTA, flagger.router, gates_dropin.router):
        app.include_router(router)

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with the problems that it cannot know of."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for model in (Problem, KayentaProblem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs") | {model.__name__: schema}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, methods in document["paths"].items():
        if path.startswith(DIALECTS):  # whose refusals are 400
            for operation in methods.values():
                operation["responses"].pop("422", None)
    return document
