from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from judge.store.claims import Claims
from judge.store.database import migrate, open_database
from judge.store.outbox import Outbox
from judge.store.runs import Runs
from tests.store.given import Clock


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/judge.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wall() -> Clock:
    return Clock(5_000_000.0)


@pytest.fixture
def runs(engine: Engine, clock: Clock) -> Runs:
    return Runs(engine, clock=clock)


@pytest.fixture
def claims(engine: Engine, clock: Clock, wall: Clock) -> Claims:
    return Claims(engine, clock=clock, wall=wall)


@pytest.fixture
def outbox(engine: Engine, clock: Clock, wall: Clock) -> Outbox:
    return Outbox(engine, clock=clock, wall=wall)
