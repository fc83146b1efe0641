"""The database: opened, brought up to date, and written by one transaction at a time.

Owned here: the engine and its SQLite settings, the two kinds of transaction, and running the
migrations. Promises that a transaction commits whole or not at all, that it outlives a power cut
once committed, and that a failure of the database itself is a `StoreError`. What is in the tables
is `tables`'.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from judge.errors import SettingsError, StoreError

BUSY_TIMEOUT = 10_000  # milliseconds that a writer waits for another process's transaction
_WRITES = "judge_writes"
_ALONE = "judge_alone"


def open_database(url: str) -> Engine:
    """The engine of ``url`` (``sqlite:///judge.db``), safe to use from several threads.

    Raises SettingsError where the URL names no SQLite file. Close it with ``dispose()``.
    """
    engine = create_engine(
        _file_url(url),
        json_serializer=_dumps,
        pool_size=8,
        max_overflow=32,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT / 1000},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _file_url(url: str) -> URL:
    wanted = "write sqlite:///FILE, for instance sqlite:///judge.db"
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise SettingsError(f"database: {url!r} is no database URL; {wanted}") from exc
    if parsed.get_backend_name() != "sqlite":
        raise SettingsError(
            f"database: {parsed.get_backend_name()!r} is not supported yet; {wanted}"
        )
    file = parsed.database or ""
    if file in ("", ":memory:") or file.startswith("file:"):
        raise SettingsError(f"database: {url!r} names no file that would outlive us; {wanted}")
    return parsed.set(drivername="sqlite+pysqlite")


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _prepare(connection: Any, _record: Any) -> None:
    """Settle a new connection.

    ``synchronous=FULL``: in WAL mode NORMAL may lose the last commits to a power cut, among them
    a verdict whose webhook is already out. A commit costs one fsync for it.
    """
    # The driver would open transactions by itself, late and deferred; `_begin` opens them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads first and writes then fails at once, whatever the busy
    # timeout, when another has written in between; an immediate one waits for its turn.
    options = connection.get_execution_options()
    if options.get(_ALONE, False):
        return
    writes = options.get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database, whoever writes meanwhile."""
    with _translated(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """For one statement that reads, without a transaction around it.

    Each statement lets go of the interpreter; what is asked often should not wait for it thrice.
    """
    with (
        _translated(engine),
        engine.connect().execution_options(**{_ALONE: True}) as connection,
    ):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: one at a time, committed at the end, undone by an error."""
    with (
        _translated(engine),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise  # a broken constraint is for the caller, who knows what it means, or a mistake
    except (DBAPIError, PoolTimeout) as exc:
        cause = exc.orig if isinstance(exc, DBAPIError) else exc
        raise StoreError(
            f"the database {engine.url.database} failed: {cause}; "
            "see that its folder exists, is writable and has space left"
        ) from exc


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, all or nothing; a second process waits and finds it done.

    A new database is readable by its owner alone: analyses may hold headers with credentials.
    Raises StoreError where a newer Judge has written the database.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "judge.store:migrations")
    with suppress(OSError):  # which SQLite will meet too, and tell of
        os.close(os.open(engine.url.database or "", os.O_CREAT | os.O_RDWR, 0o600))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as exc:
            raise StoreError(
                f"the database {engine.url.database} cannot be brought up to date: {exc}; "
                "a newer Judge has written it: use that version, or another database"
            ) from exc
