"""What a caller asked of a run in his own terms: kept with the run, or neither."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import StatementError

from judge.errors import NotFound
from judge.store.requests import CallerRequest
from judge.store.runs import Runs
from tests.store.given import analysis

ASKED = CallerRequest("kayenta", {"scopes": {"default": {"step": 60}}, "user": None})


def test_what_was_asked_is_told_again(runs: Runs) -> None:
    run, _ = runs.start(analysis(), request=ASKED)
    assert runs.request(run.id) == ASKED


def test_a_run_asked_for_in_our_own_terms_has_none(runs: Runs) -> None:
    run, _ = runs.start(analysis())
    assert runs.request(run.id) is None
    with pytest.raises(NotFound):
        runs.request("none")


def test_the_same_key_leaves_what_was_asked_first(runs: Runs) -> None:
    run, _ = runs.start(analysis(), key="7", request=ASKED)
    again, new = runs.start(analysis(), key="7", request=CallerRequest("kayenta", {}))
    assert (again.id, new) == (run.id, False)
    assert runs.request(run.id) == ASKED


def test_a_request_that_cannot_be_kept_starts_no_run(runs: Runs) -> None:
    unwritable = CallerRequest("kayenta", {"score": float("nan")})
    with pytest.raises(StatementError, match="not JSON compliant"):
        runs.start(analysis(), request=unwritable)
    assert runs.find() == []
