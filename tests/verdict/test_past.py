"""What is wrong with a history as a whole: where it begins, gaps, deploys and steps."""

import numpy as np
import pytest

from judge.lab.scenarios import SCENARIOS
from judge.spec.resolved import BASELINE
from judge.stats.samples import Interval
from judge.verdict.kinds.gathering import gathered
from judge.verdict.past import changes, longest_gap, missing_start, presence
from tests.verdict.mixed import gauge, latencies, latency, levels
from tests.verdict.rollouts import history, metric

PODS = {"baseline": 5}


def past(intervals, name="error-rate"):
    return gathered(intervals, name, BASELINE)


def of(rng, looks=480, **drawn):
    return history(rng, looks, pods=PODS, **drawn)


def renamed(intervals, at, prefix="new-"):
    """Another release from interval ``at`` on: the same pods under other names."""
    return [
        one if i < at else Interval(one.start, one.end, _renamed(one, prefix))
        for i, one in enumerate(intervals)
    ]


def _renamed(one, prefix):
    return {
        name: {
            track: {prefix + pod: sample for pod, sample in pods.items()}
            for track, pods in tracks.items()
        }
        for name, tracks in one.samples.items()
    }


def test_a_steady_history_has_nothing_to_tell():
    found = past(of(np.random.default_rng(1)))
    assert missing_start(found.seen) == 0
    assert longest_gap(found.seen, interval=60.0) is None
    assert changes(metric(), found, interval=60.0) == []
    assert presence(found).shape == (480, 5)


def test_a_late_beginning_is_counted_and_a_few_minutes_are_not():
    seen = np.ones(480, bool)
    seen[:360] = False
    assert missing_start(seen) == 360
    assert missing_start(np.zeros(480, bool)) == 480
    few = np.ones(480, bool)
    few[:10] = False
    assert missing_start(few) == 0


@pytest.mark.parametrize(("first", "last"), [(100, 160), (440, 480)], ids=["inside", "at the end"])
def test_the_longest_gap_is_found(first, last):
    seen = np.ones(480, bool)
    seen[first:last] = False
    seen[30] = False
    gap = longest_gap(seen, interval=60.0)
    assert (gap.first, gap.last) == (first, last)


def test_a_scrape_that_fails_is_no_gap_nor_is_what_was_before_the_first_sample():
    seen = np.ones(480, bool)
    seen[[3, 50, 51, 200]] = False
    assert longest_gap(seen, interval=60.0) is None
    seen[:200] = False
    assert longest_gap(seen, interval=60.0) is None
    assert longest_gap(np.zeros(480, bool), interval=60.0) is None


def test_a_deploy_that_changes_nothing_else_is_found_by_its_pods():
    (found,) = changes(metric(), past(renamed(of(np.random.default_rng(1)), 300)), interval=60.0)
    assert (found.at, found.pods, found.ratio) == (300, 5, None)


def test_a_rolling_deploy_is_one_and_a_pod_that_restarts_is_none():
    rng = np.random.default_rng(1)
    rolling, restarted = [], []
    for i, one in enumerate(of(rng)):
        pods = one.samples["error-rate"]["baseline"].items()
        new = {
            (f"new-{pod}" if i >= 300 + 2 * k else pod): count
            for k, (pod, count) in enumerate(pods)
        }
        other = {
            (f"new-{pod}" if i >= 300 and k < 2 else pod): count
            for k, (pod, count) in enumerate(pods)
        }
        rolling.append(Interval(one.start, one.end, {"error-rate": {"baseline": new}}))
        restarted.append(Interval(one.start, one.end, {"error-rate": {"baseline": other}}))
    (found,) = changes(metric(), past(rolling), interval=60.0)
    assert 298 <= found.at <= 310
    assert changes(metric(), past(restarted), interval=60.0) == []


def both(prefix, before, after):
    """A history whose second half is another, of pods with other names."""
    (name,) = before[0].samples
    return past(renamed([*before, *after], len(before), prefix), name)


def test_a_deploy_that_doubles_the_errors_is_told_with_how_much():
    rng = np.random.default_rng(1)
    found = both("new-", of(rng, 240), of(rng, 240, rate=0.01))
    (change,) = changes(metric(), found, interval=60.0)
    assert change.at == 240
    assert change.ratio == pytest.approx(2.0, rel=0.15)


def test_and_so_it_is_of_latencies_and_levels():
    rng = np.random.default_rng(1)
    canaries = latencies(rng, 120, pods={"canary": 5}, slower=1.5)
    slower = [
        Interval(one.start, one.end, {"latency": {BASELINE: one.samples["latency"]["canary"]}})
        for one in canaries
    ]
    slow = both("new-", latencies(rng, 120, pods=PODS), slower)
    (change,) = changes(latency(), slow, interval=60.0)
    assert change.ratio == pytest.approx(1.5, rel=0.05)
    high = both("new-", levels(rng, 120, pods=PODS), levels(rng, 120, pods=PODS, level=1.5e8))
    (change,) = changes(gauge(), high, interval=60.0)
    assert change.ratio == pytest.approx(1.5, rel=0.05)


def test_a_step_without_other_names_is_found_where_it_is_beyond_doubt():
    rng = np.random.default_rng(1)
    stepped = [*of(rng, 240), *of(rng, 240, rate=0.015)]
    (change,) = changes(metric(), past(stepped), interval=60.0)
    assert (change.pods, change.at) == (0, pytest.approx(240, abs=15))
    assert change.ratio == pytest.approx(3.0, rel=0.2)


@pytest.mark.parametrize(
    "name", ["overdispersed", "shared-incidents", "own-incidents", "autocorrelation-0.8"]
)
def test_noise_and_incidents_are_no_deploys(name):
    from judge.lab.sampled import at, intervals

    drawn = SCENARIOS[name].simulate(np.random.default_rng(3), 8)
    for one in range(8):
        past_ = intervals({"m": {BASELINE: at(drawn.history, (one,))}}, 60.0, range(480))
        assert changes(metric("m"), past(past_, "m"), interval=60.0) == []
