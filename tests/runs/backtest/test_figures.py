"""Pieces added up, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.cli.backtesting.words import headline, notes
from judge.runs.backtest.backtest import Backtested
from judge.runs.backtest.figures import Figures, figures
from judge.runs.backtest.judged import NO_SAMPLES
from judge.runs.backtest.results import Detection, FailedMetric, Raise, Split, WindowResult
from judge.runs.backtest.windows import Plan
from judge.verdict.verdict import Outcome, Promise
from tests.store.given import analysis

HOUR = 3600.0


def window(index: int, *, failing: int = 0, pods: int = 5, **more: object) -> WindowResult:
    failed = (FailedMetric("errors", 3.0, 1.3, 9.0, "why"),)
    splits = tuple(
        Split((f"pod-{pod}",), Outcome.FAIL, False, 4, Promise.CALIBRATED, failed)
        if pod < failing
        else Split((f"pod-{pod}",), Outcome.PASS, pod > 2, 10, Promise.CALIBRATED)
        for pod in range(pods)
    )
    began = 1.7e9 + index * HOUR
    one = WindowResult(
        index, began, began, began + 600, index // 4, index // 4, pods=pods, splits=splits
    )
    return replace(one, **more)


def added(*windows: WindowResult) -> Figures:
    return figures(windows, ["errors", "latency"], 60.0)


def told(found: Figures, **more: object) -> str:
    one = analysis(**more)
    plan = Plan(1.7e9, 1.7e9 + 48 * HOUR, HOUR)
    return "\n".join(notes(Backtested(one, plan, found, ())))


def test_outcomes_are_counted() -> None:
    found = added(window(0, failing=1), window(1), window(2, splits=(), skipped=NO_SAMPLES))
    assert (found.windows, found.judged) == (3, 2)
    assert (found.rolled_back.events, found.rolled_back.trials) == (1, 10)
    assert (found.passed, found.proven, found.inconclusive) == (9, 4, 0)
    assert found.by_promise == {Promise.CALIBRATED: (2, 10, 1)}
    (offender,) = found.offenders
    assert (offender.split.pods, offender.after) == (("pod-0",), 240.0)


def test_a_windows_promise_is_the_weakest_of_its_splits() -> None:
    one = window(0)
    weak = replace(one.splits[0], promise=Promise.UNCALIBRATED)
    found = added(replace(one, splits=(*one.splits[1:], weak)))
    assert found.by_promise == {Promise.UNCALIBRATED: (1, 5, 0)}


def test_a_judge_that_windows_share_counts_once() -> None:
    raises = [0.0, 0.0, 0.0, 0.0, 2.0, 3.0]
    windows = [window(i, raises={"errors": Raise(4.6, one)}) for i, one in enumerate(raises)]
    errors, latency = added(*windows).metrics
    assert (errors.plain, errors.raised) == (4.6, (0.0, 1.5, 3.0))
    assert (latency.plain, latency.raised) == (None, None)


def test_what_was_never_found_took_longer_than_all_others() -> None:
    looks = [(3, 3), (None, 5), (8, 4)]
    windows = [
        window(i, detections=(Detection("errors", 2.0, *seen),)) for i, seen in enumerate(looks)
    ]
    (found,) = added(*windows).metrics[0].found
    assert (found.tried, found.seen, found.uncalibrated) == (3, 2, 3)
    assert (found.after, found.uncalibrated_after) == (480.0, 240.0)
    (most,) = added(*windows, *(window(3 + i, detections=(
        Detection("errors", 2.0, None, 9),)) for i in range(4))).metrics[0].found  # fmt: skip
    assert (most.after, most.uncalibrated_after) == (None, 540.0)


@pytest.mark.parametrize(
    ("failing", "windows", "said"),
    [
        (0, 240, "was kept"),
        (0, 6, "too short to show it"),
        (2, 48, "more than the promise"),
    ],
)
def test_how_it_stands_to_the_promise_is_said(failing: int, windows: int, said: str) -> None:
    found = added(*(window(i, failing=failing) for i in range(windows)))
    assert said in told(found)
    assert f"{failing * windows:,} of {5 * windows:,}" in headline(found, 0.01)


def test_what_is_doubtful_is_said() -> None:
    found = added(
        window(0, splits=(), skipped=NO_SAMPLES),
        window(1, splits=(), skipped=NO_SAMPLES),
        window(2, unsplit={"latency": "one number for the whole track, without pods"}),
        window(3, replaced=True),
        window(4, splits=(), skipped=NO_SAMPLES),
        window(5, failing=1),
        window(6, failing=1),
    )
    words = told(found)
    assert "3 of 7 windows were not judged, no samples" in words
    assert "2023-11-14 22:13 to 2023-11-14 23:23, 2023-11-15 02:13 to" in words
    assert "nothing is there before 2023-11-14 23:23: Prometheus may keep no more" in words
    assert "latency was not split in 1 of 4 windows" in words
    assert "In 1 of 4 windows most pods were replaced" in words
    assert "pod-0 is in 2 of the 2 rollbacks" in words


def test_a_gap_in_the_middle_is_not_taken_for_the_beginning() -> None:
    words = told(added(window(0), window(1, splits=(), skipped=NO_SAMPLES), window(2)))
    assert "not judged, no samples" in words
    assert "may keep" not in words
