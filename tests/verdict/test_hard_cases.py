"""Hard cases: passes on nothing, signs, last buckets, other layouts, shares near one, restarts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import Bound, Compare, Direction
from judge.stats.samples import Count, Interval, Level
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.verdict.mixed import CLASSIC, gauge, histogram, latencies, latency, levels
from tests.verdict.rollouts import analysis, intervals, metric

BEFORE = {"baseline": 3}


def replaced(run, name, canary):
    """The run with ``canary(i)`` in the place of its canary's samples; None leaves it out."""

    def one(i, interval):
        tracks = {
            track: pods for track, pods in interval.samples[name].items() if track != "canary"
        }
        pods = canary(i)
        return replace(interval, samples={name: {**tracks, **({"canary": pods} if pods else {})}})

    return [one(i, interval) for i, interval in enumerate(run)]


class TestOnlyABound:
    """A metric with a bound alone passes on no less data than a comparison."""

    ERRORS = metric(limit=None, worst=None, bound=Bound(max=0.05))

    def judged(self, canary, of=ERRORS):
        rng = np.random.default_rng(1)
        run = intervals(rng, 30, start=1e6)
        before = intervals(rng, 480, tracks={"baseline": 1.0})
        return SequentialJudge(analysis(of), before).decide(replaced(run, of.name, canary))

    @pytest.mark.parametrize(
        "canary",
        [
            lambda i: {"c": Count(0.0, 0.0)},
            lambda i: {"c": Count(0.0, 1.0 if i == 0 else 0.0)},
            lambda i: {"c": Count(0.0, 600.0)} if i < 15 else None,
            lambda i: {"c": Count(0.0, 600.0 if i < 20 else 0.0)},
            lambda i: {"c": Count(0.0, 1.0)},
        ],
        ids=["no requests", "one request", "half a run", "requests that end", "30 requests"],
    )
    def test_too_little_is_inconclusive(self, canary):
        assert self.judged(canary).verdict is Outcome.INCONCLUSIVE

    def test_enough_passes(self):
        assert self.judged(lambda i: {"c": Count(0.0, 600.0)}).verdict is Outcome.PASS


@pytest.mark.parametrize(
    ("values", "bound", "said"),
    [
        ((-100.0,), Bound(min=0.0), Outcome.FAIL),
        ((15.0, -100.0), Bound(max=10.0), Outcome.PASS),
    ],
    ids=["a balance below zero", "a mean of both signs"],
)
def test_a_gauge_below_zero_counts_with_its_sign(values, bound, said):
    run = levels(np.random.default_rng(1), 30, start=1e6)
    pods = {f"c{k}": Level(value) for k, value in enumerate(values)}
    of = gauge(limit=None, worst=None, bound=bound)
    verdict = SequentialJudge(analysis(of), []).decide(replaced(run, "memory", lambda i: pods))
    assert verdict.verdict is said


def test_a_quantile_beyond_the_last_bucket_is_not_known_to_be_kept():
    rng = np.random.default_rng(1)
    of = latency(limit=None, worst=None, bound=Bound(max=20.0, lasting=120.0))
    slow = latencies(rng, 30, start=1e6, bounds=CLASSIC, slower=1e4)
    verdict = SequentialJudge(analysis(of), []).decide(slow)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    beyond = latency(limit=None, worst=None, bound=Bound(max=5.0, lasting=120.0))
    assert SequentialJudge(analysis(beyond), []).decide(slow).verdict is Outcome.FAIL


def test_a_bound_of_any_size_is_compared_with_a_limit_of_any_size():
    odd = histogram(np.random.default_rng(1), bounds=(5e-324, 0.1, math.inf))
    of = latency(limit=None, worst=None, bound=Bound(max=1e9))
    run = [
        Interval(60.0 * i, 60.0 * i + 60.0, {"latency": {"canary": {"c": odd}}}) for i in range(30)
    ]
    verdict = SequentialJudge(analysis(of), []).decide(run)
    assert "no bucket boundary within 15 % of max 1e+09" in verdict.reason


@pytest.mark.parametrize("slower", [1.0, 3.0])
def test_tracks_with_other_buckets_are_not_compared(slower):
    """Nor are quantiles made up from what is known on one of them alone."""
    rng = np.random.default_rng(1)
    other = (0.003, 0.007, 0.017, 0.033, 0.07, 0.15, 0.3, 0.7, 1.7, math.inf)
    before = latencies(rng, 480, pods=BEFORE, bounds=CLASSIC)
    run = latencies(rng, 30, start=1e6, bounds=CLASSIC)
    odd = replaced(run, "latency", lambda i: {"c": histogram(rng, slower=slower, bounds=other)})
    of = latency(limit=2.0, worst=4.0)
    verdict = SequentialJudge(analysis(of), before).decide(odd)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "buckets" in verdict.reason
    observed = verdict.metrics["latency"].observed["canary"]
    assert observed["p50"] == pytest.approx(0.1 * slower, rel=0.2)


class TestSharesNearOne:
    """Successes: a little less of them is many more failures."""

    @pytest.mark.parametrize("share", [0.97, 0.95, 0.9])
    def test_a_bound_on_them_is_no_blinder_than_one_on_failures(self, share):
        of = metric(limit=None, worst=None, bound=Bound(min=0.99))
        rng = np.random.default_rng(2)
        before = intervals(rng, 480, tracks={"baseline": 1.0}, rate=0.995)
        run = intervals(rng, 30, start=1e6, rate=0.995)
        worse = replaced(
            run, "error-rate", lambda i: {"c": Count(float(rng.binomial(600, share)), 600.0)}
        )
        verdict = SequentialJudge(analysis(of), before).decide(worse)
        assert verdict.verdict is Outcome.FAIL
        assert SequentialJudge(analysis(of), before).decide(run).verdict is Outcome.PASS

    @pytest.mark.parametrize("share", [0.95, 0.9, 0.85, 0.6])
    def test_every_fall_of_them_is_seen(self, share):
        of = metric(direction=Direction.DECREASE, limit=0.99, worst=0.9)
        rng = np.random.default_rng(3)
        before = intervals(rng, 480, tracks={"baseline": 1.0}, rate=0.995)
        run = intervals(rng, 30, start=1e6, rate=0.995)
        worse = replaced(
            run, "error-rate", lambda i: {"c": Count(float(rng.binomial(600, share)), 600.0)}
        )
        judge = SequentialJudge(analysis(of), before)
        assert judge.decide(worse).verdict is Outcome.FAIL
        assert judge.decide(run).verdict is Outcome.PASS


@pytest.mark.parametrize("pods", [1, 3])
def test_a_baseline_pod_that_restarts_is_no_leak_of_the_canary(pods):
    rng = np.random.default_rng(4)
    tracks = {"baseline": pods, "canary": 1}
    of = gauge(compare=Compare.SLOPE, limit=1.2, worst=2.0)
    before = levels(rng, 480, pods={"baseline": pods}, noise=0.02)
    run = levels(rng, 60, start=1e6, pods=tracks, noise=0.02)

    def halved(i, one):
        samples = one.samples["memory"]
        first = samples["baseline"]["baseline-0"].value
        baseline = {**samples["baseline"], "baseline-0": Level(first * (0.5 if i > 20 else 1.0))}
        return replace(one, samples={"memory": {**samples, "baseline": baseline}})

    restarted = [halved(i, one) for i, one in enumerate(run)]
    judge = SequentialJudge(analysis(of, duration=3600.0), before)
    assert judge.decide(restarted).verdict is not Outcome.FAIL


def test_a_bound_allows_for_what_strikes_all_pods_at_once():
    """A rate that wanders around the bound, the same for all pods: its mean is within it."""
    of = metric(limit=None, worst=None, bound=Bound(max=0.012))

    def wandering(seed):
        rng = np.random.default_rng(seed)
        log, rates = 0.0, []
        for _ in range(510):
            log = 0.9 * log + 0.3 * math.sqrt(1 - 0.81) * rng.standard_normal()
            rates.append(0.01 * math.exp(log - 0.045))
        made = [
            Interval(
                60.0 * i,
                60.0 * i + 60.0,
                {
                    "error-rate": {
                        track: {
                            f"{track}-{k}": Count(float(rng.binomial(600, rate)), 600.0)
                            for k in range(n)
                        }
                        for track, n in (("baseline", 9), ("canary", 1))
                    }
                },
            )
            for i, rate in enumerate(rates)
        ]
        return SequentialJudge(analysis(of), made[:480]).decide(made[480:]).verdict

    assert sum(wandering(seed) is Outcome.FAIL for seed in range(40)) <= 1


def test_a_run_that_loses_pods_says_live_what_its_replay_says():
    rng = np.random.default_rng(5)
    own = np.array([0.6, 0.85, 1.0, 1.2, 1.5, 0.9])

    def of(count, scale, name):
        return {
            f"{name}{k}": Level(100 * scale[k] * math.exp(0.05 * rng.standard_normal()))
            for k in range(count)
        }

    before = [
        Interval(60.0 * i, 60.0 * i + 60, {"memory": {"baseline": of(6, own, "b")}})
        for i in range(480)
    ]
    judge = SequentialJudge(analysis(gauge()), before)
    for effect in (2.1, 2.4, 2.7):
        run = [
            Interval(
                1e6 + 60.0 * i,
                1e6 + 60.0 * i + 60,
                {
                    "memory": {
                        "baseline": of(6, own, "b"),
                        "canary": of(6 if i < 20 else 1, np.full(6, effect), "c"),
                    }
                },
            )
            for i in range(30)
        ]
        looks = (judge.look(run[: t + 1], finished=t == 29) for t in range(30))
        live = next(verdict for verdict in looks if verdict.decided)
        again = judge.decide(run)
        assert (again.verdict, again.decided_at) == (live.verdict, live.decided_at)
