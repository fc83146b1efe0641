"""What checks, openings and closings make of a gate, without a store."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.store.gate import Asking, Gate, GateKind, Revision

WAITS = Gate("test", "podinfo", GateKind.GATE, changed_at=0.0)
NOBODY = Asking()
A, B = Asking("aaaa", "Progressing"), Asking("bbbb", "Progressing")
AFTER_A = Asking("aaaa", "Succeeded")
AFTER_A_AGAIN = Asking("aaaa", "Waiting")


def checked(gate: Gate, *askings: Asking) -> Gate:
    for asking in askings:
        gate = gate.checked(asking, now=2.0)
    return gate


def opened(gate: Gate, asking: Asking = NOBODY) -> Gate:
    return gate.opened(asking, by="ops", now=1.0)


def test_a_gate_opens_for_the_revision_that_asked_last() -> None:
    gate = opened(checked(WAITS, A, B))
    assert (gate.open, gate.revision, gate.by) == (True, Revision("bbbb"), "ops")
    assert checked(gate, B, B, NOBODY) == gate


def test_another_revision_that_asks_closes_it_for_good() -> None:
    gate = checked(opened(checked(WAITS, A)), B)
    assert (gate.open, gate.by, gate.changed_at) == (False, None, 2.0)
    assert not checked(gate, A).open


def test_where_none_has_asked_the_first_that_asks_gets_it() -> None:
    gate = checked(opened(WAITS), NOBODY, A)
    assert (gate.open, gate.revision, gate.by) == (True, Revision("aaaa"), "ops")
    assert not checked(gate, B).open


def test_the_start_of_a_rollout_is_opened_by_itself() -> None:
    """Its checksum is the one before's: B waits here, and A was asked for its promotion."""
    gate = opened(checked(WAITS, A))
    waiting = checked(gate, AFTER_A)
    assert not waiting.open
    assert waiting.asked == Revision("aaaa", starting=True)
    going_on = opened(waiting)
    assert checked(going_on, AFTER_A_AGAIN).open
    assert not checked(going_on, AFTER_A_AGAIN, B).open


def test_an_opening_for_one_start_is_not_for_the_next_after_the_same_revision() -> None:
    """B began, was given up for A before its end, and now C begins: after A once more."""
    gate = opened(checked(WAITS, AFTER_A))
    assert checked(gate, AFTER_A_AGAIN).open
    assert not checked(gate, AFTER_A_AGAIN, AFTER_A).open


def test_an_opening_by_checksum_is_for_that_one_alone() -> None:
    gate = opened(checked(WAITS, A), Asking("bbbb"))
    assert gate.revision == Revision("bbbb")
    assert checked(gate, B).open
    assert not checked(gate, A).open


@pytest.mark.parametrize("asked", [A, AFTER_A])
def test_a_checksum_without_a_phase_means_what_it_did_last(asked: Asking) -> None:
    gate = opened(checked(WAITS, asked))
    assert checked(gate, Asking("aaaa")) == gate
    assert opened(checked(WAITS, asked), Asking("aaaa")) == gate


def test_who_closes_it_is_told_and_what_is_closed_stays_as_it_is() -> None:
    gate = opened(checked(WAITS, A)).closed(by="sre", now=3.0)
    assert (gate.open, gate.revision, gate.by, gate.changed_at) == (False, None, "sre", 3.0)
    assert gate.closed(by="ops", now=4.0) == gate


def test_opened_again_it_is_open_from_then_on() -> None:
    gate = opened(checked(WAITS, A)).opened(NOBODY, by="sre", now=5.0)
    assert (gate.open, gate.by, gate.changed_at) == (True, "sre", 5.0)


@pytest.mark.parametrize("revision", [Revision("aaaa"), Revision("start"), Revision("a", True)])
def test_a_revision_is_read_as_it_was_written(revision: Revision) -> None:
    assert Revision.read(revision.text) == revision
    assert Revision.read(None) is None


PHASES = ["", "Initialized", "Waiting", "Progressing", "WaitingPromotion", "Succeeded", "Failed"]
ASKINGS = st.builds(Asking, st.sampled_from(["", "a", "b", "c"]), st.sampled_from(PHASES))
STEPS = st.lists(st.tuples(st.sampled_from(["check", "open", "close"]), ASKINGS), max_size=12)


@given(STEPS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_check_opens_a_gate_and_one_opening_is_for_one_revision(
    steps: list[tuple[str, Asking]],
) -> None:
    gate, let_through = WAITS, set[Revision]()
    for what, asking in steps:
        before = gate
        match what:
            case "check":
                gate = gate.checked(asking, now=2.0)
                assert before.open or not gate.open
                if gate.open and gate.asked is not None and asking.checksum:
                    let_through.add(gate.asked)
                    assert gate.revision == gate.asked
            case "open":
                gate, let_through = gate.opened(asking, by="ops", now=2.0), set()
                assert gate.open
            case _:
                gate = gate.closed(by="ops", now=2.0)
                assert not gate.open
        assert len(let_through) <= 1
