"""The table of answers, over all states of a run; and what stands in their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from judge.dialects.flagger.answers import LONGEST, Stand, answer, in_doubt, line, stand_of
from judge.dialects.flagger.calls import Hook
from judge.store.run import RunState
from judge.store.standing import Standing
from judge.verdict.verdict import Outcome

ASKS = (Hook.ROLLOUT, Hook.CONFIRM_TRAFFIC_INCREASE, Hook.CONFIRM_PROMOTION, Hook.ROLLBACK)
OPEN = Standing(
    revision="85d557f47b",
    run_id="3f9c0d6a5b7e1284",
    attempt=1,
    began_at=0.0,
    ended_at=None,
    waiting=False,
    state=RunState.RUNNING,
    held=False,
    observes=False,
    silent=False,
    hole=False,
    outcome=Outcome.INCONCLUSIVE,
    decided=False,
    score=100.0,
    marginal=50.0,
    reason="not known yet after 3 of 30 intervals; error-rate 1.1 times the baseline's",
)
UNSEEN = replace(OPEN, state=RunState.PENDING, outcome=None, score=None, reason="")
PASSED = replace(OPEN, state=RunState.DONE, outcome=Outcome.PASS, decided=True, reason="good")
WATCHED = replace(PASSED, state=RunState.WATCHING)
FAILED = replace(OPEN, state=RunState.DONE, outcome=Outcome.FAIL, decided=True, reason="bad")
INCONCLUSIVE = replace(OPEN, state=RunState.DONE, decided=True, reason="too little traffic")
CANCELLED = replace(OPEN, state=RunState.CANCELLED)
WEAK = replace(OPEN, score=40.0)


def statuses(standing: Standing) -> list[int]:
    return [answer(hook, standing).status for hook in ASKS]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (OPEN, [200, 200, 403, 403]),
        (UNSEEN, [200, 200, 403, 403]),
        (replace(OPEN, score=None), [200, 200, 403, 403]),
        (replace(OPEN, score=50.0), [200, 200, 403, 403]),
        (PASSED, [200, 200, 200, 403]),
        (WATCHED, [200, 200, 200, 403]),
        (replace(WATCHED, silent=True, hole=True, score=10.0), [200, 200, 200, 403]),
        (replace(WATCHED, state=RunState.CANCELLED), [200, 200, 200, 403]),
        (INCONCLUSIVE, [200, 403, 403, 403]),
        (CANCELLED, [200, 403, 403, 403]),
        (replace(CANCELLED, outcome=None), [200, 403, 403, 403]),
        (replace(OPEN, held=True), [200, 403, 403, 403]),
        (replace(OPEN, silent=True), [200, 403, 403, 403]),
        (replace(UNSEEN, silent=True), [200, 403, 403, 403]),
        (replace(OPEN, hole=True), [200, 403, 403, 403]),
        (replace(WEAK, silent=True), [200, 403, 403, 403]),
        (replace(PASSED, held=True), [200, 403, 403, 403]),
        (replace(FAILED, held=True), [200, 403, 403, 403]),
        (WEAK, [403, 403, 403, 403]),
        (FAILED, [403, 403, 403, 200]),
    ],
)
def test_the_table(standing: Standing, expected: list[int]) -> None:
    assert statuses(standing) == expected
    assert statuses(replace(standing, observes=True)) == [200, 200, 200, 403]


def everything() -> Iterator[Standing]:
    for state, outcome, decided, held, silent, hole, observes, score in product(
        RunState, (None, *Outcome), *[(False, True)] * 5, (None, 0.0, 50.0, 100.0)
    ):
        yield replace(
            OPEN,
            state=state,
            outcome=outcome,
            decided=decided,
            held=held,
            silent=silent,
            hole=hole,
            observes=observes,
            score=score,
        )


def test_of_all_that_can_be_only_a_pass_promotes_and_only_a_failure_rolls_back() -> None:
    for standing in everything():
        rollout, traffic, promotion, rollback = (one == 200 for one in statuses(standing))
        passed = standing.decided and standing.outcome is Outcome.PASS and not standing.held
        failed = standing.decided and standing.outcome is Outcome.FAIL and not standing.held
        assert promotion == (passed or standing.observes)
        assert rollback == (failed and not standing.observes)
        assert rollout or stand_of(standing) in (Stand.WEAK, Stand.FAILED)
        assert traffic <= rollout
        assert promotion <= traffic
        assert not (rollback and rollout)


def test_what_asks_for_no_verdict_is_never_refused() -> None:
    for standing, hook in product(everything(), (Hook.PRE_ROLLOUT, Hook.POST_ROLLOUT, Hook.EVENT)):
        assert answer(hook, standing).status == 200


def test_every_line_is_one_short_line_with_its_run() -> None:
    for standing, reason in product(everything(), ("", "bad\nand\x00 worse " * 16)):
        for hook in Hook:
            text = answer(hook, replace(standing, reason=reason)).text
            assert text.endswith(" (run 3f9c0d6a5b7e1284)")
            assert len(text) <= LONGEST
            assert text.isprintable()


@pytest.mark.parametrize(
    ("hook", "standing", "beginning"),
    [
        (Hook.ROLLOUT, UNSEEN, "not decided: waiting for the first look"),
        (Hook.CONFIRM_PROMOTION, OPEN, "not decided: not known yet after 3 of 30 intervals; error"),
        (Hook.CONFIRM_PROMOTION, PASSED, "pass: good"),
        (Hook.ROLLOUT, FAILED, "fail: bad"),
        (Hook.ROLLBACK, FAILED, "fail: bad"),
        (Hook.ROLLBACK, PASSED, "no rollback: pass: good"),
        (Hook.ROLLOUT, WEAK, "failing so far, score 40, below 50: not known yet after 3 of 30"),
        (Hook.CONFIRM_PROMOTION, INCONCLUSIVE, "on hold, as its run ended inconclusive; too lit"),
        (Hook.CONFIRM_PROMOTION, CANCELLED, "on hold, as its run was cancelled and will decide n"),
        (Hook.CONFIRM_PROMOTION, replace(FAILED, held=True), "on hold, by hand, until the run is"),
        (Hook.CONFIRM_PROMOTION, replace(OPEN, silent=True), "on hold, as Prometheus does not an"),
        (Hook.CONFIRM_PROMOTION, replace(OPEN, hole=True), "on hold, as the last look got no usa"),
        (Hook.ROLLBACK, replace(FAILED, observes=True), "observe mode, which acts on nothing; it "),
        (Hook.CONFIRM_PROMOTION, replace(FAILED, observes=True), "observe mode, which acts on no"),
    ],
)
def test_the_line_says_why(hook: Hook, standing: Standing, beginning: str) -> None:
    assert answer(hook, standing).text.startswith(beginning)


def test_in_doubt_nothing_fails_and_nothing_moves() -> None:
    yes = {hook for hook in Hook if in_doubt(hook, "why").status == 200}
    assert yes == {Hook.PRE_ROLLOUT, Hook.ROLLOUT, Hook.POST_ROLLOUT, Hook.EVENT}
    assert in_doubt(Hook.ROLLBACK, "why\nnot").text == "why not"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("a\r\n b\t c", "a b c"), ("é…", "é…"), ("x" * 250, "x" * 250)],
)
def test_a_line(text: str, expected: str) -> None:
    assert line(text) == expected


def test_a_line_that_is_too_long_is_cut_before_its_ending() -> None:
    cut = line("word " * 100, ending=" (run 1)")
    assert len(cut) <= LONGEST
    assert cut.startswith("word word ")
    assert cut.endswith("… (run 1)")
