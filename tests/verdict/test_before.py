"""Verdicts on a service before and after: what they rest on, for every kind and with holes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from judge.sources.recording import bundle_document, bundle_from
from judge.spec.document import from_document
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Histogram, Interval, Level, Sample
from judge.verdict.sequential import SequentialJudge
from judge.verdict.testability import shortfalls
from judge.verdict.verdict import Outcome, Promise, Verdict, document

DAY = 86_400.0
STEP = 120.0
RELEASE = 1_700_006_400.0  # a midnight
LOOKS = 15
BOUNDS = (0.1, 0.2, 0.4, np.inf)

Maker = Callable[[np.random.Generator, float, float], Sample]


def errors(rng: np.random.Generator, at: float, worse: float) -> Sample:
    total = rng.poisson(1000 * (1 + 0.5 * np.sin(2 * np.pi * at / DAY)))
    return Count(float(rng.binomial(total, 0.01 * worse)), float(total))


def latency(rng: np.random.Generator, at: float, worse: float) -> Sample:
    below = 1 - np.exp(-np.array(BOUNDS) / (0.1 * worse))
    counts = rng.multinomial(500, np.diff([0.0, *below])).cumsum()
    return Histogram(BOUNDS, tuple(map(float, counts)))


def memory(rng: np.random.Generator, at: float, worse: float) -> Sample:
    return Level(1e8 * worse * float(np.exp(0.02 * rng.standard_normal())))


MAKERS: dict[str, Maker] = {"errors": errors, "latency": latency, "memory": memory}
KINDS = {"errors": "proportion", "latency": "histogram", "memory": "gauge"}


def analysis(*names: str, **spec: object) -> ResolvedAnalysis:
    metrics = [
        {"name": name, "kind": KINDS[name], "limit": {"ratio": 2.0 if name == "latency" else 1.25}}
        for name in names
    ]
    times = {"baselineOffset": "1d", "interval": "2m", "duration": "30m"}
    return from_document({**times, **spec, "metrics": metrics})


def past(name: str, days: float = 8.0, seed: int = 1) -> list[Interval]:
    """The service until the release, as one arm."""
    rng = np.random.default_rng(seed)
    times = RELEASE - STEP * np.arange(round(days * DAY / STEP), 0, -1)
    return [
        Interval(at, at + STEP, {name: {"baseline": {"pods-1": MAKERS[name](rng, at, 1.0)}}})
        for at in times.tolist()
    ]


def run(name: str, worse: float = 1.0, seed: int = 2) -> list[Interval]:
    """The release's half hour by pod, beside the service a day before."""
    rng = np.random.default_rng(seed)
    make, found = MAKERS[name], []
    for at in (RELEASE + STEP * np.arange(LOOKS)).tolist():
        canary = {f"new-{pod}": make(rng, at, worse) for pod in range(2)}
        baseline = {f"old-{pod}": make(rng, at - DAY, 1.0) for pod in range(2)}
        samples = {name: {"canary": canary, "baseline": baseline}}
        found.append(Interval(at, at + STEP, samples))
    return found


def judged(asked: ResolvedAnalysis, history: list[Interval], intervals: list[Interval]) -> Verdict:
    return SequentialJudge(asked, history).decide(intervals)


@pytest.mark.parametrize("name", MAKERS)
def test_a_good_release_passes_and_a_bad_one_fails_on_a_measured_promise(name: str) -> None:
    asked, history = analysis(name), past(name)
    good = judged(asked, history, run(name))
    assert (good.verdict, good.promise) == (Outcome.PASS, Promise.EMPIRICAL), good.reason
    assert good.metrics[name].estimate == pytest.approx(1.0, abs=0.15)
    bad = judged(asked, history, run(name, 4.0))
    assert (bad.verdict, bad.promise) == (Outcome.FAIL, Promise.EMPIRICAL), bad.reason
    assert bad.decided_at is not None
    assert bad.decided_at < LOOKS - 1


def test_the_reason_says_which_days_it_rests_on() -> None:
    told = judged(analysis("errors"), past("errors"), run("errors")).reason
    assert told.endswith(
        "before/after: the baseline is the service 1d before; the promise is empirical: it rests "
        "on 7.0 days of such pairs, 2023-11-08 to 2023-11-15 (UTC), each against 1d before"
    )


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (4.0, "the history has 3.0 days of pairs 1d apart, and it takes 6 days"),
        (2.0 / 24, "the history has 0.0 days of pairs 1d apart, and it takes 6 days"),
        (0.0, "the history has 0.0 days of pairs 1d apart, and it takes 6 days"),
    ],
    ids=["four days", "two hours", "nothing"],
)
def test_too_little_history_is_told_and_leaves_the_promise_uncalibrated(
    days: float, told: str
) -> None:
    verdict = judged(analysis("errors"), past("errors", days), run("errors"))
    assert (verdict.verdict, verdict.promise) == (Outcome.PASS, Promise.UNCALIBRATED)
    assert f"{told}, so the promise is uncalibrated" in verdict.reason
    learned = days > 2
    assert ("noise assumed, not learned (too few pairs" in verdict.reason) is not learned


def test_a_long_run_takes_more_days() -> None:
    asked = analysis("errors", duration="6h", history="8d")
    told = judged(asked, past("errors"), run("errors")).reason
    assert "has 7.0 days of pairs 1d apart, and it takes 12.8 for so long a run" in told


def test_a_gap_moves_no_pair() -> None:
    """What is a day apart stays so, whatever lies between."""
    asked, history = analysis("errors"), past("errors", 9.0)
    shifted = [  # a service whose errors double at noon, every day
        replace(one, samples={"errors": {"baseline": {"pods-1": Count(errors, 1000.0)}}})
        for one in history
        for errors in [20.0 if one.start % DAY >= DAY / 2 else 10.0]
    ]
    holed = [one for one in shifted if not 1.3 * DAY < RELEASE - one.start < 1.61 * DAY]
    whole = [one for one in holed if one.end <= RELEASE]
    intervals = [
        Interval(one.start + 9 * DAY, one.end + 9 * DAY, {"errors": {**both}})
        for one in shifted[:LOOKS]
        for both in [dict.fromkeys(("canary", "baseline"), one.samples["errors"]["baseline"])]
    ]
    told = judged(asked, whole, intervals)
    assert (told.verdict, told.promise) == (Outcome.PASS, Promise.EMPIRICAL), told.reason
    assert told.proven, told.reason
    assert "rests on 7.4 days" in told.reason


def test_the_history_may_be_by_pod_too() -> None:
    """An arm is the sum of its pods, whoever adds them."""
    asked = analysis("errors")
    merged = past("errors")
    parts = [
        replace(
            one,
            samples={
                "errors": {
                    "baseline": {
                        "a": Count(whole.events - part, whole.total / 4),
                        "b": Count(part, whole.total - whole.total / 4),
                    }
                }
            },
        )
        for one in merged
        for whole in [one.samples["errors"]["baseline"]["pods-1"]]
        if isinstance(whole, Count)
        for part in [whole.events // 2]
    ]
    intervals = run("errors", 2.0)
    by_pod = document(judged(asked, parts, intervals))
    assert by_pod == document(judged(asked, merged, intervals))


def test_a_bundle_is_judged_again_bit_for_bit() -> None:
    asked, history, intervals = analysis("memory"), past("memory"), run("memory", 1.4)
    bundle = bundle_from(bundle_document(asked, history, intervals))
    again = judged(bundle.analysis, list(bundle.history), list(bundle.intervals))
    assert document(again) == document(judged(asked, history, intervals))


def test_weights_say_nothing_of_two_periods() -> None:
    weights = {"canary": 0.1, "baseline": 0.9}
    weighted = [replace(one, weights=weights) for one in run("errors")]
    asked, history = analysis("errors"), past("errors")
    assert document(judged(asked, history, weighted)) == document(
        judged(asked, history, run("errors"))
    )


def test_several_metrics_have_the_weakest_promise() -> None:
    asked = analysis("errors", "memory")
    long, short = past("errors"), past("memory", 3.0)
    later = {one.start: one.samples for one in short}
    history = [replace(one, samples={**one.samples, **later.get(one.start, {})}) for one in long]
    intervals = [
        replace(one, samples={**one.samples, **other.samples})
        for one, other in zip(run("errors"), run("memory"), strict=True)
    ]
    told = judged(asked, history, intervals)
    assert (told.verdict, told.promise) == (Outcome.PASS, Promise.UNCALIBRATED)
    assert "the history has 2.0 days of pairs" in told.reason


def test_what_keeps_changing_by_itself_is_told_where_it_hides_a_regression() -> None:
    rng = np.random.default_rng(3)
    wild = np.repeat(rng.standard_normal(1 + 8 * 48), 15)
    history = [
        replace(one, samples={"memory": {"baseline": {"pods-1": Level(1e8 * float(np.exp(log)))}}})
        for one, log in zip(past("memory"), wild.tolist(), strict=False)
    ]
    told = judged(analysis("memory"), history, run("memory", 2.0))
    assert told.verdict is Outcome.PASS
    assert "whole runs differ by 1" in told.reason
    assert "so a 2-fold increase cannot be convicted" in told.reason


def test_what_is_short_is_told_before_the_run() -> None:
    asked = analysis("errors")
    assert shortfalls(asked, past("errors")) == []
    (few,) = shortfalls(asked, past("errors", 3.0))
    assert not few.hopeless
    assert "2.0 days of pairs 1d apart, and it takes 6 days" in few.reason
    assert "let Prometheus keep, and history ask for, more than 1w" in few.reason


def test_a_deploy_since_before_is_told() -> None:
    asked, history = analysis("errors"), past("errors")
    replaced = [
        replace(one, samples={"errors": {"baseline": {"pods-2": whole}}})
        if one.start >= RELEASE - DAY / 2
        else one
        for one in history
        for whole in one.samples["errors"]["baseline"].values()
    ]
    (told,) = shortfalls(asked, replaced)
    assert "all pods were replaced in the 1d before the release, as by a deploy" in told.reason
    assert "wait 1d, or write an offset that begins after it" in told.reason
    assert "all pods were replaced in the 1d" in judged(asked, replaced, run("errors")).reason
    earlier = [
        replace(one, samples={"errors": {"baseline": {"pods-0": whole}}})
        if one.start < RELEASE - 3 * DAY
        else one
        for one in history
        for whole in one.samples["errors"]["baseline"].values()
    ]
    assert shortfalls(asked, earlier) == []
