"""The commands that a terminal or a CI job carried out for a run: begun once, and how they ended.

Kept as events of the run. Promised: of one run each command begins once, unless it is known to
have failed; two processes at the same run cannot both begin it. What the command was is not kept,
since it may hold a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from judge.store import events
from judge.store.database import writing
from judge.store.run import EventType
from judge.store.tables import events as table


@dataclass(frozen=True, slots=True)
class LocalCommand:
    """A command that was begun, at ``started_at`` (Unix seconds).

    ``option`` names what it was given as, such as ``on-pass``. ``exit_code`` None: its end is not
    known, since whoever began it was killed.
    """

    option: str
    started_at: float
    exit_code: int | None


class LocalCommands:
    """Writes down what is carried out for the runs of a database."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, run_id: str, option: str) -> LocalCommand | None:
        """Write down that it begins; or how it was, where it went well or its end is unknown."""
        with writing(self._engine) as connection:
            earlier = _last(connection, run_id, option)
            if earlier is not None and not earlier.exit_code:
                return earlier
            data = {"option": option}
            kind = EventType.COMMAND_STARTED
            events.append(connection, run_id, kind, at=self._clock(), data=data)
            return None

    def end(self, run_id: str, option: str, exit_code: int) -> None:
        """Write down how what was begun has ended."""
        data = {"option": option, "exitCode": exit_code}
        with writing(self._engine) as connection:
            kind = EventType.COMMAND_ENDED
            events.append(connection, run_id, kind, at=self._clock(), data=data)


def _last(connection: Connection, run_id: str, option: str) -> LocalCommand | None:
    kinds = (EventType.COMMAND_STARTED.value, EventType.COMMAND_ENDED.value)
    rows = connection.execute(
        select(table.c.type, table.c.at, table.c.data)
        .where(table.c.run_id == run_id, table.c.type.in_(kinds))
        .order_by(table.c.id)
    )
    found: LocalCommand | None = None
    for kind, at, data in rows:
        if data["option"] != option:
            continue
        if kind == EventType.COMMAND_STARTED.value:
            found = LocalCommand(option, at, None)
        elif found is not None:
            found = LocalCommand(option, found.started_at, data["exitCode"])
    return found
