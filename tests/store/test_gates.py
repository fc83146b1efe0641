"""Gates in a store: they outlive us, are read without a write, and are each Canary's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from structlog.testing import capture_logs

from judge.errors import Conflict
from judge.store.gate import Asking, GateKind, Revision
from judge.store.gates import Gates
from judge.store.rollouts import Rollouts
from judge.store.standing import Subject
from tests.store.given import BEGAN, Clock, analysis

GATE, ROLLBACK = GateKind.GATE, GateKind.ROLLBACK
CANARY = ("test", "podinfo")
NOBODY = Asking()
A, B = Asking("aaaa", "Progressing"), Asking("bbbb", "Progressing")


@pytest.fixture
def gates(engine: Engine, clock: Clock) -> Gates:
    return Gates(engine, clock=clock)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []

    def seen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    event.listen(engine, "before_cursor_execute", seen)
    yield statements
    event.remove(engine, "before_cursor_execute", seen)


def test_a_gate_is_closed_until_somebody_opens_it(gates: Gates) -> None:
    assert not gates.check(*CANARY, GATE, A)
    gates.open(*CANARY, GATE, NOBODY, by="ops")
    assert gates.check(*CANARY, GATE, A)
    assert gates.check(*CANARY, GATE, NOBODY)
    gates.close(*CANARY, GATE, by="ops")
    assert not gates.check(*CANARY, GATE, A)


@pytest.mark.parametrize("other", [("test", "other"), ("prod", "podinfo")])
def test_each_canary_has_its_own(gates: Gates, other: tuple[str, str]) -> None:
    gates.open(*CANARY, GATE, NOBODY, by="ops")
    assert not gates.check(*other, GATE, A)
    assert not gates.check(*CANARY, ROLLBACK, NOBODY)
    assert gates.check(*CANARY, GATE, A)


def test_what_was_opened_outlives_us(engine: Engine, clock: Clock) -> None:
    first = Gates(engine, clock=clock)
    first.check(*CANARY, GATE, A)
    first.open(*CANARY, GATE, NOBODY, by="ops")
    assert Gates(engine, clock=clock).check(*CANARY, GATE, A)
    assert not Gates(engine, clock=clock).check(*CANARY, GATE, B)


def test_an_open_rollback_does_not_fail_the_next_rollout(gates: Gates) -> None:
    gates.check(*CANARY, ROLLBACK, A)
    gates.open(*CANARY, ROLLBACK, NOBODY, by="ops")
    assert gates.check(*CANARY, ROLLBACK, A)
    assert not gates.check(*CANARY, ROLLBACK, B)
    assert not gates.check(*CANARY, ROLLBACK, A)


def test_what_one_gate_learns_counts_for_the_other(gates: Gates) -> None:
    """The rollback is asked in each tick, the promotion at the end alone."""
    gates.check(*CANARY, ROLLBACK, A)
    gates.open(*CANARY, GATE, NOBODY, by="ops")
    assert gates.check(*CANARY, GATE, A)
    gates.check(*CANARY, ROLLBACK, B)
    gates.check(*CANARY, ROLLBACK, A)
    assert not gates.check(*CANARY, GATE, A)


def test_a_check_that_learns_nothing_writes_nothing(gates: Gates, engine: Engine) -> None:
    gates.check(*CANARY, GATE, A)
    with counted(engine) as statements:
        gates.check(*CANARY, GATE, A)
        gates.check(*CANARY, GATE, NOBODY)
        gates.check("test", "nobody", GATE, NOBODY)
    assert statements == ["BEGIN", "SELECT"] * 3
    assert gates.find(name="nobody") == []


def test_a_check_that_learns_keeps_it(gates: Gates) -> None:
    gates.check(*CANARY, GATE, A)
    gates.check(*CANARY, GATE, B)
    found = gates.find()
    assert [one.asked for one in found] == [Revision("bbbb")]
    assert [one.changed_at for one in found] == [BEGAN]


def test_the_same_revision_once_more_needs_another_opening(
    engine: Engine, clock: Clock, gates: Gates
) -> None:
    """Known by its webhooks: A was rolled back by hand, and is tried again."""
    rollouts, subject = Rollouts(engine, clock=clock), Subject("checkout", *CANARY)
    rollouts.begin(subject, "aaaa", analysis(), key="1", by="flagger")
    clock.forward(60)
    gates.check(*CANARY, ROLLBACK, A)
    gates.open(*CANARY, ROLLBACK, NOBODY, by="ops")
    clock.forward(60)
    assert gates.check(*CANARY, ROLLBACK, A)
    rollouts.end(subject, revision="aaaa", by="flagger", promoted=False)
    assert not gates.check(*CANARY, ROLLBACK, A)
    gates.open(*CANARY, ROLLBACK, NOBODY, by="ops")
    clock.forward(60)
    rollouts.begin(subject, "aaaa", analysis(), key="1", by="flagger")
    assert not gates.check(*CANARY, ROLLBACK, A)
    clock.forward(60)
    gates.open(*CANARY, ROLLBACK, NOBODY, by="ops")
    assert gates.check(*CANARY, ROLLBACK, A)


def test_what_is_noted_of_a_rollout_opens_and_makes_nothing(gates: Gates) -> None:
    gates.note(*CANARY, A)
    assert gates.find() == []
    gates.open(*CANARY, GATE, NOBODY, by="ops")
    gates.note(*CANARY, A)
    assert gates.check(*CANARY, GATE, A)
    gates.note(*CANARY, Asking("aaaa", "Succeeded"))
    assert not gates.check(*CANARY, GATE, A)


def test_gates_are_found_by_what_is_known_of_them(gates: Gates) -> None:
    for namespace, name in (("test", "one"), ("test", "two"), ("prod", "one")):
        gates.check(namespace, name, GATE, A)
    gates.open("prod", "one", GATE, NOBODY, by="ops")

    def found(**wanted: object) -> list[tuple[str, str]]:
        return [(one.namespace, one.name) for one in gates.find(**wanted)]  # type: ignore[arg-type]

    assert found() == [("prod", "one"), ("test", "two"), ("test", "one")]
    assert found(namespace="test") == [("test", "two"), ("test", "one")]
    assert found(namespaces={"prod"}) == [("prod", "one")]
    assert found(namespaces={"prod"}, namespace="test") == []
    assert found(name="one", open=False) == [("test", "one")]
    assert found(limit=1) == [("prod", "one")]
    assert found(before=gates.find()[1].seq) == [("test", "one")]


def test_a_namespace_has_room_for_so_many(engine: Engine, clock: Clock) -> None:
    gates = Gates(engine, clock=clock, most=2)
    for name in ("one", "two", "three"):
        assert not gates.check("test", name, GATE, A)
    assert {one.name for one in gates.find()} == {"one", "two"}
    with pytest.raises(Conflict, match="the most there can be"):
        gates.open("test", "three", GATE, NOBODY, by="ops")
    gates.open("test", "two", GATE, NOBODY, by="ops")
    gates.open("prod", "three", GATE, NOBODY, by="ops")
    assert gates.check("test", "two", GATE, A)


def test_many_at_once_leave_one_row_and_one_state(gates: Gates) -> None:
    answers: list[bool] = []

    def ask() -> None:
        for _ in range(5):
            gates.open(*CANARY, GATE, NOBODY, by="ops")
            answers.append(gates.check(*CANARY, GATE, A))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 20
    assert [(one.open, one.revision) for one in gates.find()] == [(True, Revision("aaaa"))]


def test_who_changes_a_gate_is_logged(gates: Gates) -> None:
    with capture_logs() as lines:
        gates.check(*CANARY, GATE, A)
        gates.open(*CANARY, GATE, NOBODY, by="ops")
        gates.check(*CANARY, GATE, B)
        gates.close(*CANARY, GATE, by="ops")
    told = [(line["event"], line["canary"], line["revision"], line["by"]) for line in lines]
    assert told == [
        ("gate opened", "podinfo.test", "aaaa", "ops"),
        ("gate closed", "podinfo.test", None, None),
    ]
