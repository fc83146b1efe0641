"""A daemon is killed with SIGKILL at every commit and at every piece that it sends, one at a time.

After each death another daemon takes over, and in the end the rows and what the receiver got are
those of a run that nobody interrupted: nothing lost, nothing counted twice, nothing done twice in
effect. The run passes, is watched on, and fails: two decisions, each carried out once.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from judge.store.database import open_database, reading
from judge.store.packing import unpack
from judge.store.tables import events, histories, intervals, outbox, runs
from tests.actions.receiver import Received, receiving
from tests.integration.killable import LONGEST_LIFE, PACE, Plan, live, samples

AT_ONCE = 2
# What tells of the way rather than of the end: attempts, fences, and when things happened.
BY_THE_WAY = {
    runs: {"created_at", "ended_at", "token", "attempts", "failing_since", "crashes", "owner"}
    | {"lease_until"},
    histories: set(),
    intervals: {"looked_at"},
    events: {"id", "at"},
    outbox: {"created_at", "next_at", "first_at", "attempts", "token", "lease_until", "error"},
}

_processes = multiprocessing.get_context("forkserver")
# Children begin with everything imported; without this a life would cost a second more.
_processes.set_forkserver_preload(["__main__", "tests.integration.killable"])


@dataclass(frozen=True)
class End:
    """What is left of a run: the rows, and what the receiver got, each id once."""

    rows: dict[str, list[dict[str, Any]]]
    received: list[tuple[str, dict[str, Any]]]


# Starting a process asks after all others too, and of two that read an exit code one finds nothing
# and takes 255 for it: so only one thread at a time starts or asks.
_asking = Lock()


def _live(plan: Plan) -> int | None:
    process = _processes.Process(target=live, args=(plan,))
    with _asking:
        process.start()
    wait([process.sentinel], LONGEST_LIFE + 10)
    with _asking:
        code = process.exitcode
        process.close()
    return code


def _run(folder: Path, *, die_at: str | None = None, points: Path | None = None) -> End:
    """A run from its start to its end, with one death where ``die_at`` says."""
    folder.mkdir()
    database = f"sqlite:///{folder}/judge.db"
    with receiving(lambda path: samples(parse_qs(urlsplit(path).query))) as receiver:
        if die_at is not None:
            code = _live(Plan(database, receiver.url, die_at=die_at))
            assert code == -signal.SIGKILL, f"{die_at} was not reached"
        later = 0.0 if die_at is None else 2 * PACE.lease
        last = Plan(database, receiver.url, later=later, points=str(points) if points else None)
        assert _live(last) == 0
        return End(_rows(database, receiver.url), _effects(receiver.received))


def _rows(database: str, server: str) -> dict[str, list[dict[str, Any]]]:
    engine = open_database(database)
    found = {}
    with reading(engine) as connection:
        for table, left_out in BY_THE_WAY.items():
            rows = connection.execute(select(table)).mappings().all()
            kept = [{name: row[name] for name in row if name not in left_out} for row in rows]
            found[table.name] = sorted((_plain(row, server) for row in kept), key=repr)
    engine.dispose()
    return found


def _plain(row: dict[str, Any], server: str) -> dict[str, Any]:
    """A row to compare: unpacked, and without the port and the moment that it was written at."""
    plain = {
        name: unpack(value) if isinstance(value, bytes) else value for name, value in row.items()
    }
    if "body" in plain:
        plain["body"] = _said(plain["body"])
    if isinstance(plain.get("data"), dict):
        plain["data"] = {name: plain["data"][name] for name in plain["data"] if name != "attempts"}
    return json.loads(json.dumps(plain).replace(server, "SERVER"))  # type: ignore[no-any-return]


def _said(body: str | bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(body)
    return {name: said[name] for name in said if name != "timestamp"}


def _effects(received: Sequence[Received]) -> list[tuple[str, dict[str, Any]]]:
    """What an idempotent receiver does: the first of each id counts. By path, each in order."""
    first: dict[str, Received] = {}
    for one in received:
        assert _said(first.setdefault(one.id, one).body) == _said(one.body)
    effects = [(one.path, {"id": one.id, **_said(one.body)}) for one in first.values()]
    return sorted(effects, key=lambda effect: effect[0])


@pytest.mark.timeout(480)
def test_death_at_any_moment_changes_nothing(tmp_path: Path) -> None:
    points = tmp_path / "points"
    wanted = _run(tmp_path / "uninterrupted", points=points)
    _check_uninterrupted(wanted)
    moments = points.read_text().splitlines()
    assert len(moments) == len(set(moments))
    _check_moments(moments)

    def die(place: int) -> str | None:
        end = _run(tmp_path / str(place), die_at=moments[place])
        return None if end == wanted else f"{moments[place]}: {_difference(end, wanted)}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [found for found in pool.map(die, range(len(moments))) if found]
    assert not wrong, "\n".join(wrong)


def _check_uninterrupted(end: End) -> None:
    """The run that all are compared with does what it should."""
    assert [path for path, _ in end.received] == [
        "/hooks/fail",
        "/hooks/interval",
        "/hooks/interval",
        "/hooks/interval",
        "/hooks/page",
        "/hooks/pass",
    ]
    indices = [said["data"]["index"] for path, said in end.received if path == "/hooks/interval"]
    assert indices == [0, 1, 2]
    (run,) = end.rows["runs"]
    assert (run["state"], run["next_index"], run["verdict"]["verdict"]) == ("done", 3, "fail")
    decisions = [
        one["type"] for one in end.rows["events"] if one["type"] in ("run.pass", "run.fail")
    ]
    assert sorted(decisions) == ["run.fail", "run.pass"]
    assert {sent["state"] for sent in end.rows["outbox"]} == {"delivered"}


def _check_moments(moments: Sequence[str]) -> None:
    """Nothing that matters is left out of the enumeration."""
    commits = [one for one in moments if one.startswith("before commit")]
    sends = [one for one in moments if one.startswith("before send")]
    # migration, start, claim, history, three looks; six deliveries claimed and settled
    assert len(commits) == 7 + 2 * 6
    # history and three looks are asked for; six webhooks have a head and a body
    assert len(sends) == 4 + 2 * 6
    assert len(moments) == 2 * (len(commits) + len(sends))


def _difference(end: End, wanted: End) -> str:
    if end.received != wanted.received:
        return f"received {end.received}"
    tables = [name for name in wanted.rows if end.rows[name] != wanted.rows[name]]
    return f"{tables} hold {[end.rows[name] for name in tables]}"
