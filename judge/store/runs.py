"""Runs as their users see them: started, found, looked into, steered.

Every method is one transaction and may be called from any thread. What the daemon does with runs
is `claims`'; what is sent on their behalf, `outbox`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from judge.errors import Issue, NotFound, SpecError
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval
from judge.store import events, evidence, looks, requests, steering
from judge.store.database import reading, writing
from judge.store.looks import Look
from judge.store.new_run import insert_run, new_id
from judge.store.outbox import Delivery, deliveries_of
from judge.store.requests import CallerRequest
from judge.store.run import Command, Event, EventType, Run, RunState, run_from
from judge.store.tables import runs

LONGEST_KEY = 1024  # characters


class Runs:
    """The runs in a database. ``clock`` gives Unix seconds; ``new_id`` names runs."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float], new_id: Callable[[], str] = new_id
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    def start(
        self,
        analysis: ResolvedAnalysis,
        *,
        key: str | None = None,
        started_at: float | None = None,
        request: CallerRequest | None = None,
        renew_after: float | None = None,
    ) -> tuple[Run, bool]:
        """Start a run, or find the one that the same ``key`` started; and whether it is new.

        A key is looked for within the analysis's namespace and name. ``started_at`` (Unix
        seconds, default now) is when the warm-up begins; a run that began in the past catches up.
        ``request`` is kept with a new run. With ``renew_after`` (seconds) a run that ended longer
        ago gives its key up to a new one: it keeps all but the key. Raises SpecError where key or
        time cannot be used.
        """
        now = self._clock()
        begins = now if started_at is None else started_at
        _check(key, begins)
        with writing(self._engine) as connection:
            found = None if key is None else _by_key(connection, analysis, key)
            if found is not None:
                if not _gives_up(found, renew_after, now=now):
                    return found, False
                connection.execute(update(runs).where(runs.c.id == found.id).values(key=None))
            row = insert_run(
                connection, analysis, self._new_id(), key=key, begins=round(begins, 3), now=now
            )
            if request is not None:
                requests.keep(connection, row.id, request)
            return run_from(row), True

    def get(self, run_id: str) -> Run:
        """The run. Raises NotFound."""
        with reading(self._engine) as connection:
            return one(connection, run_id)

    def find(
        self,
        *,
        namespace: str | None = None,
        namespaces: Collection[str] | None = None,
        state: RunState | None = None,
        name: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Run]:
        """At most ``limit`` runs, newest first, older than the run ``before``.

        ``namespaces`` is what the caller may see, None all; ``namespace`` is what he wants of it.
        Raises NotFound where ``before`` is no run.
        """
        query = select(runs).order_by(runs.c.seq.desc()).limit(limit)
        for column, wanted in ((runs.c.namespace, namespace), (runs.c.name, name)):
            if wanted is not None:
                query = query.where(column == wanted)
        if namespaces is not None:
            query = query.where(runs.c.namespace.in_(namespaces))
        if state is not None:
            query = query.where(runs.c.state == state.value)
        with reading(self._engine) as connection:
            if before is not None:
                query = query.where(runs.c.seq < _seq(connection, before))
            return [run_from(row) for row in connection.execute(query).all()]

    def events(self, run_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """At most ``limit`` events with ids above ``after``, oldest first. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return events.of_run(connection, run_id, after=after, limit=limit)

    def request(self, run_id: str) -> CallerRequest | None:
        """What the run was asked for with in another system's terms. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return requests.of_run(connection, run_id)

    def looks(self, run_id: str, *, only: int | None = None) -> list[Look]:
        """The looks so far, oldest first; with ``only`` (an index) that one. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return looks.of_run(connection, run_id, only=only)

    def samples(self, run_id: str, *, upto: int) -> list[Interval]:
        """What the looks up to index ``upto`` read, oldest first. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return looks.samples(connection, run_id, upto=upto)

    def holes(self, run_id: str) -> dict[int, str]:
        """By index, why the source of a look gave no usable answer. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return looks.holes(connection, run_id)

    def shortfalls(self, run_id: str) -> list[dict[str, Any]] | None:
        """What of the run cannot be tested on its history; None while that is not read."""
        with reading(self._engine) as connection:
            found = events.last(connection, run_id, EventType.HISTORY_READ)
        return None if found is None else list(found.data.get("shortfalls", ()))

    def verdicts(self, run_id: str) -> list[dict[str, Any]]:
        """The JSON form of the verdict after each look so far, oldest first. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return evidence.verdicts(connection, run_id)

    def evidence(self, run_id: str) -> dict[str, Any]:
        """The run's judge-evidence/1 bundle, without anything secret. Raises NotFound."""
        with reading(self._engine) as connection:
            return evidence.bundle(connection, one(connection, run_id))

    def outbox(self, run_id: str) -> list[Delivery]:
        """What is sent on the run's behalf, in order, and how that went. Raises NotFound."""
        with reading(self._engine) as connection:
            _seq(connection, run_id)
            return deliveries_of(connection, run_id)

    def steer(self, run_id: str, command: Command, *, by: str) -> Run:
        """Carry out a person's order; ``by`` says whose, and is kept with the run.

        Promote and roll back decide the run by hand and set off what such a verdict sets off (in
        observe mode: nothing), held or not. Cancel ends it with nothing set off. Hold has
        verdicts recorded but keeps what a decision sets off until approve. Raises NotFound, or
        Conflict where it is too late.
        """
        with writing(self._engine) as connection:
            run = one(connection, run_id)
            steering.steer(connection, run, command, by=by, now=self._clock())
            return one(connection, run_id)

    def check_writable(self) -> None:
        """Raises StoreError where nothing could be written now."""
        with writing(self._engine):
            pass

    def count(self) -> dict[RunState, int]:
        """How many runs there are, by state; every state is there."""
        query = select(runs.c.state, func.count()).group_by(runs.c.state)
        with reading(self._engine) as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in RunState}


def one(connection: Connection, run_id: str) -> Run:
    """The run. Raises NotFound."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise unknown_run(run_id)
    return run_from(row)


def _seq(connection: Connection, run_id: str) -> int:
    seq = connection.execute(select(runs.c.seq).where(runs.c.id == run_id)).scalar_one_or_none()
    if seq is None:
        raise unknown_run(run_id)
    return int(seq)


def unknown_run(run_id: str) -> NotFound:
    """What is said of a run that is not there, or not there for who asks."""
    return NotFound(f"there is no run {run_id!r}; list the runs to see their ids")


def _by_key(connection: Connection, analysis: ResolvedAnalysis, key: str) -> Run | None:
    row = connection.execute(
        select(runs).where(
            runs.c.namespace == analysis.namespace, runs.c.name == analysis.name, runs.c.key == key
        )
    ).one_or_none()
    return None if row is None else run_from(row)


def _gives_up(run: Run, renew_after: float | None, *, now: float) -> bool:
    """Whether a run that has a key is over for so long that the key is another rollout's."""
    if renew_after is None or run.ended_at is None:
        return False
    return now - run.ended_at > renew_after


def _check(key: str | None, started_at: float) -> None:
    if not math.isfinite(started_at) or started_at < 0:
        raise SpecError([Issue("startedAt", f"{started_at} is no time; give Unix seconds")])
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise SpecError([Issue("key", f"has {len(key)} characters; give 1 to {LONGEST_KEY}")])
