"""The daemon's hold on runs: which are due, whose they are, and what a look leaves behind.

A claim gives a run to one owner for the time of a lease and raises the run's token; every write
names the token that it was claimed with, and raises LeaseLost, having changed nothing, where the
run has changed hands or was ended since. Each method is one transaction.

``clock`` is the runs' clock: what is due. ``wall`` is the machine's: how long a lease holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from judge.errors import LeaseLost
from judge.stats.samples import Interval
from judge.store import events
from judge.store.database import reading, writing
from judge.store.intents import DECISIONS, intend_decision, intend_interval
from judge.store.packing import pack_interval, pack_intervals, unpack_interval, unpack_intervals
from judge.store.run import ACTIVE, EventType, HistoryState, Run, RunState, run_from
from judge.store.tables import histories, intervals, runs
from judge.verdict.verdict import Outcome, Verdict, document


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened on the way, to be written down as an event."""

    type: EventType
    data: Mapping[str, Any]


class Claims:
    """Claims on the runs in a database. Both clocks give Unix seconds."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._wall = wall

    def claim(self, owner: str, *, limit: int, lease: float) -> list[Run]:
        """At most ``limit`` runs that are due, the longest due first, ours for ``lease`` s."""
        now = self._wall()
        due = (
            select(runs.c.seq)
            .where(
                runs.c.state.in_([state.value for state in ACTIVE]),
                runs.c.due_at <= self._clock(),
                runs.c.lease_until <= now,
            )
            .order_by(runs.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = (
            update(runs)
            .where(runs.c.seq.in_(due))
            .values(owner=owner, token=runs.c.token + 1, lease_until=now + lease)
            .returning(runs)
        )
        with writing(self._engine) as connection:
            rows = connection.execute(claimed).all()
        return [run_from(row) for row in sorted(rows, key=lambda row: row.due_at)]

    def renew(self, owner: str, *, lease: float) -> int:
        """Hold all that the owner has for another ``lease`` seconds; how many that are."""
        with writing(self._engine) as connection:
            return connection.execute(
                update(runs).where(runs.c.owner == owner).values(lease_until=self._wall() + lease)
            ).rowcount

    def release(self, owner: str) -> int:
        """Let go of all that the owner has, for others to claim at once; how many that were."""
        with writing(self._engine) as connection:
            return connection.execute(
                update(runs).where(runs.c.owner == owner).values(owner=None, lease_until=0.0)
            ).rowcount

    def history(self, run: Run) -> list[Interval]:
        """The baseline's history as it was recorded; empty where there is none."""
        query = select(histories.c.samples).where(histories.c.run_id == run.id)
        with reading(self._engine) as connection:
            packed = connection.execute(query).scalar_one_or_none()
        return [] if packed is None else unpack_intervals(packed)

    def intervals(self, run: Run) -> list[Interval]:
        """The intervals looked at before this claim, oldest first."""
        query = (
            select(intervals.c.samples)
            .where(intervals.c.run_id == run.id, intervals.c.index < run.next_index)
            .order_by(intervals.c.index)
        )
        with reading(self._engine) as connection:
            return [unpack_interval(packed) for packed in connection.execute(query).scalars()]

    def record_history(
        self,
        run: Run,
        history: Sequence[Interval] | None,
        *,
        delay: float,
        next_due: float,
        failing_since: float | None = None,
        notes: Sequence[Note] = (),
    ) -> Run:
        """The run is calibrated: by its history, or, where that is None, by nothing.

        ``delay`` is how long samples settle, in seconds. The lease is kept where the first look
        is due already.
        """
        state = HistoryState.MISSING if history is None else HistoryState.READ
        with writing(self._engine) as connection:
            after = self._advance(
                connection,
                run,
                state=RunState.RUNNING.value,
                history=state.value,
                delay=delay,
                attempts=0,
                failing_since=failing_since,
                crashes=0,
                **self._kept(run, next_due),
            )
            if history is not None:
                row = {"run_id": run.id, "samples": pack_intervals(history)}
                connection.execute(insert(histories).values(row))
            self._note(connection, run, notes)
        return after

    def record_look(
        self,
        run: Run,
        interval: Interval,
        verdict: Verdict,
        *,
        next_due: float | None,
        failing_since: float | None = None,
        notes: Sequence[Note] = (),
    ) -> Run:
        """One look, whole: its samples, its verdict, its events and what they set off.

        ``next_due`` is when the next look is due, None where the run ends with this one. A run
        that has passed and is looked at still is watched. The lease is kept where that is now.
        Returns the run as it is afterwards.
        """
        now, index, said = self._clock(), run.next_index, document(verdict)
        ends = next_due is None
        goes_on = RunState.WATCHING if verdict.watching else RunState.RUNNING
        with writing(self._engine) as connection:
            after = self._advance(
                connection,
                run,
                state=(RunState.DONE if ends else goes_on).value,
                ended_at=now if ends else None,
                next_index=index + 1,
                verdict=said,
                attempts=0,
                failing_since=failing_since,
                crashes=0,
                **self._kept(run, next_due),
            )
            row = {
                "run_id": run.id,
                "index": index,
                "samples": pack_interval(interval),
                "verdict": said,
                "looked_at": now,
            }
            connection.execute(insert(intervals).values(row))
            self._note(connection, run, notes)
            data = {"index": index, **said}
            events.append(connection, run.id, EventType.LOOKED, at=now, data=data)
            intend_interval(connection, after, index=index, at=now)
            if after.state is not RunState.RUNNING:
                self._tell_decision(connection, run, after, index=index, now=now)
        return after

    def _tell_decision(
        self, connection: Connection, before: Run, run: Run, *, index: int | None, now: float
    ) -> None:
        """What has been decided now; a run that passed before is told of when that changes."""
        said = dict(run.verdict or {})
        data = {"index": index, "state": run.state.value, **said}
        passed = before.state is RunState.WATCHING
        if not passed or said["verdict"] == Outcome.FAIL:
            events.append(connection, run.id, DECISIONS[said["verdict"]], at=now, data=data)
            intend_decision(connection, run, index=index, at=now, reversal=passed)
        elif run.state is RunState.DONE:
            events.append(connection, run.id, EventType.WATCHED, at=now, data=data)

    def end(self, run: Run, verdict: Verdict, *, notes: Sequence[Note] = ()) -> Run:
        """The run ends with this verdict, without another look."""
        now = self._clock()
        index = run.next_index - 1 if run.next_index else None
        with writing(self._engine) as connection:
            after = self._advance(
                connection,
                run,
                state=RunState.DONE.value,
                ended_at=now,
                verdict=document(verdict),
                **self._kept(run, None),
            )
            self._note(connection, run, notes)
            self._tell_decision(connection, run, after, index=index, now=now)
        return after

    def postpone(
        self,
        run: Run,
        *,
        due_at: float,
        attempts: int = 0,
        failing_since: float | None = None,
        crashes: int = 0,
        notes: Sequence[Note] = (),
    ) -> None:
        """Let go of the run and try the same look again at ``due_at`` (the runs' clock)."""
        with writing(self._engine) as connection:
            self._advance(
                connection,
                run,
                due_at=due_at,
                attempts=attempts,
                failing_since=failing_since,
                crashes=crashes,
                owner=None,
                lease_until=0.0,
            )
            self._note(connection, run, notes)

    def _kept(self, run: Run, next_due: float | None) -> dict[str, Any]:
        if next_due is not None and next_due <= self._clock():
            return {"due_at": next_due}
        return {"due_at": next_due, "owner": None, "lease_until": 0.0}

    def _advance(self, connection: Connection, run: Run, **values: Any) -> Run:
        """Write the run's new fields, unless it is no longer ours."""
        row = connection.execute(
            update(runs)
            .where(
                runs.c.id == run.id,
                runs.c.token == run.token,
                runs.c.next_index == run.next_index,
                runs.c.state.in_([state.value for state in ACTIVE]),
            )
            .values(**values)
            .returning(runs)
        ).one_or_none()
        if row is None:
            raise LeaseLost(f"run {run.id} is somebody else's now, or has ended; nothing written")
        return run_from(row, analysis=run.analysis)

    def _note(self, connection: Connection, run: Run, notes: Sequence[Note]) -> None:
        for note in notes:
            events.append(connection, run.id, note.type, at=self._clock(), data=note.data)
