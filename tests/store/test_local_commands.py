"""A command of a run begins once, unless it is known to have failed."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from judge.store.local_commands import LocalCommand, LocalCommands
from judge.store.runs import Runs
from tests.store.given import Clock, analysis


@pytest.fixture
def commands(engine: Engine, clock: Clock) -> LocalCommands:
    return LocalCommands(engine, clock=clock)


@pytest.fixture
def one(runs: Runs) -> str:
    return runs.start(analysis())[0].id


def test_what_went_well_does_not_begin_again(
    commands: LocalCommands, one: str, clock: Clock
) -> None:
    now = clock()
    assert commands.begin(one, "on-pass") is None
    commands.end(one, "on-pass", 0)
    assert commands.begin(one, "on-pass") == LocalCommand("on-pass", now, 0)


def test_what_nobody_has_seen_end_does_not_begin_again(
    commands: LocalCommands, one: str, clock: Clock
) -> None:
    now = clock()
    assert commands.begin(one, "on-pass") is None
    assert commands.begin(one, "on-pass") == LocalCommand("on-pass", now, None)


@pytest.mark.parametrize("code", [1, -15])
def test_what_failed_may_begin_again_and_only_once(
    commands: LocalCommands, one: str, clock: Clock, code: int
) -> None:
    now = clock()
    assert commands.begin(one, "on-fail") is None
    commands.end(one, "on-fail", code)
    assert commands.begin(one, "on-fail") is None
    assert commands.begin(one, "on-fail") == LocalCommand("on-fail", now, None)


def test_commands_and_runs_are_told_apart(commands: LocalCommands, one: str, runs: Runs) -> None:
    other = runs.start(analysis())[0].id
    assert commands.begin(one, "on-pass") is None
    assert commands.begin(one, "on-fail") is None
    assert commands.begin(other, "on-pass") is None
