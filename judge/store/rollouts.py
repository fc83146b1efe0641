"""Rollouts that another system tells of: of each subject the current one, and how its run stands.

A rollout is one revision on its way, from its beginning to its end; it is judged by one run. A
revision that comes again, after its end or after another, is a new attempt with a run of its own: a
verdict is never told of anything but the attempt that it was given on.

Every method is one transaction and may be called from any thread; repeated, it changes nothing
more. Runs that are taken out of the way are cancelled in the transaction that does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, insert, or_, select, update

from judge.spec.resolved import ResolvedAnalysis
from judge.store import events, steering
from judge.store.database import asking, reading, writing
from judge.store.new_run import insert_run, new_id
from judge.store.run import Command, EventType, RunState
from judge.store.runs import one
from judge.store.standing import Standing, Subject, of_subject, standing
from judge.store.tables import events as event_rows
from judge.store.tables import rollouts, runs

RECENT = 20  # events of other systems: one that is among so many last ones is not written again
MOST_TOLD = 1000  # events of other systems, of one run
CARRIED_OUT = 1800.0  # seconds in which a rollback that was told of is certainly under way
LINGERING = 120.0  # seconds after its end in which a rollout's events are still its run's


class Rollouts:
    """The rollouts in a database. ``clock`` gives Unix seconds; ``new_id`` names runs.

    ``most_told`` is how many events of other systems a run keeps.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str] = new_id,
        most_told: int = MOST_TOLD,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._most_told = most_told

    def standing(self, subject: Subject) -> Standing | None:
        """The subject's current rollout; None where there was none yet."""
        with asking(self._engine) as connection:
            return standing(connection, subject)

    def begin(
        self,
        subject: Subject,
        revision: str,
        analysis: ResolvedAnalysis,
        *,
        key: str,
        by: str,
        renew: bool = False,
    ) -> tuple[str, bool]:
        """Have this revision judged by a run that begins now; its id, and whether it is new.

        One that is under way goes on as it is. With ``renew`` it begins anew where it has neither
        come to its promotion nor begun less than an interval ago. The run that judged before is
        cancelled, ``by`` saying who did it. The run's key is ``key``, with ``#2`` and so on for
        later attempts.
        """
        now = self._clock()
        with writing(self._engine) as connection:
            current = _current(connection, subject)
            if current is not None:
                renew_after = analysis.interval if renew else None
                if _goes_on(current, revision, renew_after=renew_after, now=now):
                    return str(current.run_id), False
                again = revision == current.revision
                successor = "the same revision, begun anew" if again else f"revision {revision}"
                _cancel(connection, current.run_id, by=f"{by}: superseded by {successor}", now=now)
            attempt = _next_attempt(connection, analysis, key)
            row = insert_run(
                connection,
                analysis,
                self._new_id(),
                key=key if attempt == 1 else f"{key}#{attempt}",
                begins=round(now, 3),
                now=now,
            )
            written = {"revision": revision, "run_id": row.id, "attempt": attempt}
            _put(connection, subject, current, began_at=now, **written)
        return str(row.id), True

    def end(self, subject: Subject, *, revision: str | None, by: str, promoted: bool) -> bool:
        """End the current rollout, where it is under way and ``revision``'s (None: anybody's).

        Its run is cancelled, ``by`` saying who did it; where it was ``promoted`` a run that has
        passed and is watched on goes on. Returns whether it was ended by this.
        """
        now = self._clock()
        with writing(self._engine) as connection:
            current = _current(connection, subject)
            if current is None or current.ended_at is not None:
                return False
            if revision is not None and revision != current.revision:
                return False
            connection.execute(
                update(rollouts).where(rollouts.c.seq == current.seq).values(ended_at=now)
            )
            spared = {RunState.WATCHING} if promoted else set()
            _cancel(connection, current.run_id, by=by, now=now, spared=spared)
        return True

    def set_waiting(self, subject: Subject, revision: str, *, waiting: bool) -> None:
        """Write down whether the revision, if it is under way, waits for its promotion."""
        with writing(self._engine) as connection:
            connection.execute(
                update(rollouts)
                .where(
                    of_subject(subject),
                    rollouts.c.revision == revision,
                    rollouts.c.ended_at.is_(None),
                )
                .values(waiting=waiting)
            )

    def asks_rollback(self, subject: Subject, revision: str) -> bool:
        """Whether the revision, which has failed, is still to be rolled back.

        Who asks is told so, asks again until it is done, and then no more. So one that asks long
        after it was first told has done it, and releases the same revision again: the rollout is
        over then.
        """
        now = self._clock()
        with writing(self._engine) as connection:
            current = _current(connection, subject)
            if current is None or current.revision != revision or current.ended_at is not None:
                return False
            first = now if current.rollback_at is None else current.rollback_at
            over = now - first > CARRIED_OUT
            values = {"rollback_at": first, "ended_at": now if over else None}
            connection.execute(
                update(rollouts).where(rollouts.c.seq == current.seq).values(**values)
            )
        return not over

    def tell(self, subject: Subject, revision: str, data: Mapping[str, Any]) -> bool:
        """Write down an event of another system with the run of this revision's rollout.

        Not one that is among the last few, as what comes with every tick is, nor one of a rollout
        that ended long ago, nor without bound. Returns whether it was written.
        """
        now = self._clock()
        with reading(self._engine) as connection:  # what is repeated need not wait for its turn
            current = _current(connection, subject)
            if current is None or not _is_told_of(current, revision, now=now):
                return False
            if not _is_new(connection, current.run_id, data, most=self._most_told):
                return False
        with writing(self._engine) as connection:
            current = _current(connection, subject)
            if current is None or not _is_told_of(current, revision, now=now):
                return False
            events.append(connection, current.run_id, EventType.TOLD, at=now, data=data)
        return True


def _current(connection: Connection, subject: Subject) -> Row[Any] | None:
    return connection.execute(select(rollouts).where(of_subject(subject))).one_or_none()


def _goes_on(current: Row[Any], revision: str, *, renew_after: float | None, now: float) -> bool:
    if current.revision != revision or current.ended_at is not None:
        return False
    return renew_after is None or current.waiting or now - current.began_at < renew_after


def _cancel(
    connection: Connection,
    run_id: str,
    *,
    by: str,
    now: float,
    spared: frozenset[RunState] | set[RunState] = frozenset(),
) -> None:
    run = one(connection, run_id)
    if run.state.active and run.state not in spared:
        steering.steer(connection, run, Command.CANCEL, by=by, now=now)


def _next_attempt(connection: Connection, analysis: ResolvedAnalysis, key: str) -> int:
    """One more than the attempts that the key had, under whichever rollout."""
    keys = connection.execute(
        select(runs.c.key).where(
            runs.c.namespace == analysis.namespace,
            runs.c.name == analysis.name,
            or_(runs.c.key == key, runs.c.key.startswith(f"{key}#", autoescape=True)),
        )
    ).scalars()
    numbers = (found.removeprefix(key).removeprefix("#") or "1" for found in keys)
    return 1 + max((int(one) for one in numbers if one.isdecimal()), default=0)


def _put(
    connection: Connection, subject: Subject, current: Row[Any] | None, **written: Any
) -> None:
    values = {**written, "ended_at": None, "waiting": False, "rollback_at": None}
    if current is not None:
        connection.execute(update(rollouts).where(rollouts.c.seq == current.seq).values(**values))
        return
    of = {"analysis": subject.analysis, "namespace": subject.namespace, "name": subject.name}
    connection.execute(insert(rollouts).values(**of, **values))


def _is_told_of(current: Row[Any] | None, revision: str, *, now: float) -> bool:
    """Whether events are this rollout's, now."""
    if current is None or current.revision != revision:
        return False
    return current.ended_at is None or now - current.ended_at <= LINGERING


def _is_new(connection: Connection, run_id: str, data: Mapping[str, Any], *, most: int) -> bool:
    """Whether such an event is not among the last ones, and there are fewer than ``most``."""
    of_run = and_(event_rows.c.run_id == run_id, event_rows.c.type == EventType.TOLD.value)
    newest = event_rows.c.id.desc()
    lately = select(event_rows.c.data).where(of_run).order_by(newest).limit(RECENT)
    if dict(data) in connection.execute(lately).scalars().all():
        return False
    count = select(func.count()).select_from(event_rows).where(of_run)
    return int(connection.execute(count).scalar_one()) < most
