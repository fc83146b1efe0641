"""The database: its settings, its transactions, its migrations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from judge.errors import SettingsError, StoreError
from judge.store.database import asking, migrate, open_database, reading, writing
from judge.store.runs import Runs
from judge.store.tables import metadata
from tests.store.given import Clock, analysis


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/judge.db")
    yield engine
    engine.dispose()


def _name(constraint: dict[str, Any]) -> str:
    return str(constraint["name"])


def test_migrated_schema_equals_the_tables(engine: Engine) -> None:
    migrate(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrated_names_equal_the_tables(engine: Engine, tmp_path: Path) -> None:
    """Constraint names too: a later step can only drop what it can name."""
    migrate(engine)
    made = open_database(f"sqlite:///{tmp_path}/made.db")
    with writing(made) as connection:
        metadata.create_all(connection)
    for table in metadata.tables:
        for look in ("get_unique_constraints", "get_foreign_keys", "get_indexes"):
            found, wanted = getattr(inspect(engine), look), getattr(inspect(made), look)
            assert sorted(found(table), key=_name) == sorted(wanted(table), key=_name)
        assert inspect(engine).get_pk_constraint(table) == inspect(made).get_pk_constraint(table)
    made.dispose()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE mine (id INTEGER)"))
    migrate(engine)
    assert "mine" in inspect(engine).get_table_names()


def test_a_database_of_the_first_version_keeps_its_runs(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "judge.store:migrations")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    run, _ = Runs(engine, clock=Clock()).start(analysis())
    assert "documents" not in inspect(engine).get_table_names()
    migrate(engine)
    runs = Runs(engine, clock=Clock())
    assert runs.get(run.id) == run
    assert runs.request(run.id) is None


def test_two_at_once_migrate_once(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path}/judge.db") for _ in range(2)]
    failures: list[BaseException] = []

    def bring(engine: Engine) -> None:
        try:
            migrate(engine)
        except BaseException as exc:  # noqa: BLE001 - shown by the assertion
            failures.append(exc)

    with writing(engines[0]) as connection:  # both are made to wait
        connection.execute(text("CREATE TABLE held (id INTEGER)"))
        threads = [threading.Thread(target=bring, args=(engine,)) for engine in engines]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {"runs", "outbox"} <= set(inspect(engines[0]).get_table_names())
    for engine in engines:
        engine.dispose()


def test_database_of_a_newer_judge_is_refused(engine: Engine) -> None:
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Judge"):
        migrate(engine)


def test_settings_of_a_connection(engine: Engine) -> None:
    with reading(engine) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_failed_transaction_leaves_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE kept (id INTEGER)"))

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO kept VALUES (1)"))
            connection.execute(text("CREATE TABLE lost (id INTEGER)"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
    assert inspect(engine).get_table_names() == ["kept"]


def test_reader_sees_one_state_while_another_writes(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE kept (id INTEGER)"))
    with reading(engine) as reader:
        assert reader.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
        with writing(engine) as writer:
            writer.execute(text("INSERT INTO kept VALUES (1)"))
        assert reader.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0


def test_writers_that_read_first_take_turns(engine: Engine) -> None:
    """Deferred transactions would lose this race at once with 'database is locked'."""
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def add() -> None:
        for _ in range(20):
            with writing(engine) as connection:
                n = connection.execute(text("SELECT n FROM counter")).scalar_one()
                connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 80


@pytest.mark.parametrize(
    "url", ["", "judge.db", "sqlite://", "sqlite:///:memory:", "postgresql://localhost/judge"]
)
def test_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"sqlite:///judge\.db"):
        open_database(url)


def test_folder_that_is_missing_is_a_store_error(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/missing/judge.db")
    with pytest.raises(StoreError, match=r"missing/judge\.db.*folder exists"):
        migrate(engine)
    engine.dispose()


def test_new_database_is_its_owners_alone(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    with reading(engine) as connection:
        connection.execute(text("SELECT * FROM runs"))
        files = list(tmp_path.glob("judge.db*"))
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_what_is_asked_alone_needs_no_transaction(engine: Engine) -> None:
    for _ in range(2):  # the second time on a connection that was used before
        with asking(engine) as connection:
            assert connection.exec_driver_sql("SELECT 7").scalar_one() == 7
            assert not connection.connection.dbapi_connection.in_transaction  # type: ignore[union-attr]
        with writing(engine) as connection:
            assert connection.connection.dbapi_connection.in_transaction  # type: ignore[union-attr]
