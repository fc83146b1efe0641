"""A whole server in this process: the database, the daemon, the API and the socket, in order.

What can be refused is refused before anything is touched: first the settings, then the port, then
the database. It ends the other way round, within the time that the settings give.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from judge.api.app import create_app
from judge.api.door import check_listening
from judge.api.listener import Listener, address_of, bind
from judge.cli.named_servers import named_servers
from judge.runs.daemon import Daemon, Pace
from judge.runs.metrics import RunMetrics
from judge.settings import Settings
from judge.sources.servers import PrometheusServers
from judge.store.database import migrate, open_database
from judge.store.documents import Documents
from judge.store.gates import Gates
from judge.store.rollouts import Rollouts
from judge.store.runs import Runs
from judge.verdict.judging import make_judge

SWITCH = 0.0005  # seconds


def serve_until_stopped(settings: Settings, *, listening: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. ``listening`` is told where, once connections are taken.

    Raises `SettingsError` or `StoreError` where it cannot begin.
    """
    # A thread that computes lets go after this long where another waits. Each answer waits for that
    # some ten times over while runs are looked at, and Python's own 5 ms would add up.
    sys.setswitchinterval(SWITCH)
    check_listening(settings)
    named = named_servers(settings)
    with ExitStack() as stack:
        port = stack.enter_context(closing(bind(settings.host, settings.port)))
        engine = open_database(settings.database)
        stack.callback(engine.dispose)
        migrate(engine)
        registry = _registry()
        sources = stack.enter_context(closing(PrometheusServers()))
        daemon = Daemon(
            engine,
            sources=sources,
            judge=make_judge,
            metrics=RunMetrics(registry),
            pace=Pace(looks=settings.looks, remembered=settings.remembered),
        )
        app = create_app(
            settings=settings,
            runs=Runs(engine, clock=time.time),
            documents=Documents(engine, clock=time.time),
            rollouts=Rollouts(engine, clock=time.time),
            gates=Gates(engine, clock=time.time),
            daemon=daemon,
            sources=sources,
            prometheus=named,
            registry=registry,
            clock=time.time,
        )
        daemon.start()
        stack.callback(daemon.stop, settings.drain / 2)
        listening(f"Judge listens on {address_of(port)}{_who(settings)}")
        Listener(app, drain=settings.drain / 2).run(sockets=[port])


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def _who(settings: Settings) -> str:
    if settings.token_file is not None:
        return f", for the tokens of {settings.token_file}"
    return ", for this machine alone: there is no token file (judge tokens --help)"
