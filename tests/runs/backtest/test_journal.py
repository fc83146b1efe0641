"""A backtest's file: what a kill leaves of it, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.errors import SettingsError
from judge.runs.backtest.journal import Journal, fingerprint
from judge.runs.backtest.results import (
    Detection,
    FailedMetric,
    MetricSaid,
    Raise,
    RolloutResult,
    Split,
    WindowResult,
)
from judge.runs.backtest.windows import Plan
from judge.verdict.verdict import Outcome, Promise
from tests.store.given import analysis

PLAN = Plan(1.7e9, 1.7e9 + 7200.1, every=3600.0)
WINDOW = WindowResult(
    index=3,
    released=1.7e9,
    start=1.7e9 + 0.1,
    end=1.7e9 + 600,
    block=1,
    cluster=1,
    pods=4,
    splits=(
        Split(
            ("a", "b"),
            Outcome.FAIL,
            False,
            4,
            Promise.CALIBRATED,
            (FailedMetric("errors", 2.1 / 3, None, 7.0, "why"),),
        ),
    ),
    unsplit={"alerts": "no pods"},
    raises={"errors": Raise(4.6, 0.1 + 0.2)},
    detections=(Detection("errors", 2.0, None, 7),),
)
ROLLOUT = RolloutResult(
    1.7e9,
    "given",
    "canary with baseline",
    "it passed",
    Outcome.PASS,
    promise=Promise.EXACT,
    metrics={"errors": MetricSaid(Outcome.PASS, 1.0, 0.5, 1.9, "fine")},
)


def filled(path: Path) -> None:
    with Journal(path, "mark") as journal:
        journal.begin(PLAN)
        journal.add_window(WINDOW)
        journal.add_rollout("key", ROLLOUT)


def test_what_was_found_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "below" / "state"
    filled(path)
    with Journal(path, "mark") as journal:
        assert journal.plan == PLAN
        assert journal.windows == {3: WINDOW}
        assert journal.rollouts == {"key": ROLLOUT}


def test_a_kill_at_any_byte_loses_the_last_piece_at_most(tmp_path: Path) -> None:
    path = tmp_path / "state"
    filled(path)
    data = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == 10]
    for cut in range(0, len(data), 17):
        path.write_bytes(data[:cut])
        with Journal(path, "mark") as journal:
            whole = sum(end <= cut for end in ends)
            found = (journal.plan is not None) + len(journal.windows) + len(journal.rollouts)
            assert found == whole
            if journal.plan is None:
                journal.begin(PLAN)
            journal.add_window(WINDOW)
        with Journal(path, "mark") as journal:
            assert journal.windows == {3: WINDOW}


def test_anothers_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    filled(path)
    with pytest.raises(SettingsError, match="another analysis"), Journal(path, "other"):
        pass
    assert path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("text", ["hello\n", '{"format": "other", "mark": "mark"}\n', "[]\n"])
def test_what_is_no_state_is_refused_and_left(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state"
    path.write_text(text)
    with pytest.raises(SettingsError, match="no state of a backtest"), Journal(path, "mark"):
        pass
    assert path.read_text() == text


def test_a_file_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"), Journal(tmp_path, "mark"):
        pass


def test_what_was_never_begun_leaves_no_file(tmp_path: Path) -> None:
    with Journal(tmp_path / "state", "mark"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_nothing_is_written() -> None:
    with Journal(None, "mark") as journal:
        journal.begin(PLAN)
        journal.add_window(WINDOW)
        journal.forget_samples()
        journal.remove()
        assert journal.windows == {3: WINDOW}


def test_the_mark_tells_analyses_and_options_apart() -> None:
    one = fingerprint(analysis(), {"every": "1h"})
    assert one == fingerprint(analysis(), {"every": "1h"})
    assert len({one, fingerprint(analysis(duration=600.0), {"every": "1h"})}) == 2
    assert len({one, fingerprint(analysis(), {"every": "2h"})}) == 2


@pytest.mark.parametrize("text", ['{"a": 1}', "one\ntwo"], ids=repr)
def test_a_file_that_is_something_else_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes"
    path.write_text(text)
    with pytest.raises(SettingsError, match="is no state of a backtest"), Journal(path, "mark"):
        pass
    assert path.read_text() == text


def test_what_is_no_file_is_refused() -> None:
    with (
        pytest.raises(SettingsError, match="/dev/null cannot be written: it is no file"),
        Journal(Path("/dev/null"), "mark"),
    ):
        pass
