import math

import numpy as np
import pytest

from judge.stats.evidence import (
    CLIP_DIVISOR,
    Alternatives,
    Schedule,
    alternatives,
    log_evidence,
    mixed,
    schedule,
)
from judge.stats.spread import Spread

ALPHA = 0.05
CLIP = math.log(1 / ALPHA) / CLIP_DIVISOR


class Normal:
    """Unit-variance observations of the log ratio: the simplest likelihood there is."""

    def __init__(self, seen):
        self.seen = seen

    def curve(self, ratios, null):
        mean, at = np.log(ratios)[..., None, :], np.log(null)[..., None, None]
        return self.seen[..., None] * (mean - at) - 0.5 * (mean**2 - at**2)


def no_spread(looks):
    return Spread(np.zeros(looks), np.asarray(np.inf), ALPHA / 20, np.asarray(0.0))


def evidence(seen, plan, *, clip=CLIP, spread=None, null=1.0):
    beyond = alternatives(np.asarray(16.0))
    spread = spread or no_spread(seen.shape[-1])
    null = np.asarray(null)
    return mixed(log_evidence(Normal(seen), null, beyond, spread, plan, clip=clip), plan)


def test_blocks_are_a_minute_and_starts_come_every_five():
    assert schedule(interval=60, looks=30).starts == (0, 5, 10, 15, 20, 25)
    assert schedule(interval=10, looks=60) == Schedule(6, (0, 30), (0.75, 0.25))
    assert schedule(interval=300, looks=3).starts == (0, 1, 2)
    assert schedule(interval=60, looks=2).weights == (1.0,)
    assert sum(schedule(interval=60, looks=600).weights) == pytest.approx(1)


@pytest.mark.parametrize("interval", [60, 20, 300])
def test_good_releases_reach_the_threshold_with_probability_at_most_alpha(interval):
    rng = np.random.default_rng(1)
    seen = rng.standard_normal((1500, 60))
    grown = evidence(seen, schedule(interval=interval, looks=60))
    share = (grown.max(-1) >= math.log(1 / ALPHA)).mean()
    assert share <= ALPHA
    assert np.exp(grown[:, -1]).mean() < 1.1  # an e-value: expectation at most 1


def test_the_first_two_blocks_never_convict_and_the_third_can():
    wild = np.full(40, 50.0)
    for interval in (60, 15):
        plan = schedule(interval=interval, looks=40).from_start()
        first = int((evidence(wild, plan) >= math.log(1 / ALPHA)).argmax())
        block = plan.block
        assert 2 * block <= first < 3 * block


def test_one_wild_block_adds_no_more_than_the_clip():
    calm = np.zeros(20)
    wild = calm.copy()
    wild[7] = 60.0
    plan = schedule(interval=60, looks=20).from_start()
    before, after = evidence(calm, plan), evidence(wild, plan)
    assert after[7] - after[6] == pytest.approx(CLIP)
    assert after.max() <= before[6] + CLIP + 1e-9


def test_without_clipping_and_spread_it_is_the_plain_mixture():
    seen = np.random.default_rng(2).standard_normal(12) + 0.5
    beyond = Alternatives(np.array([2.0, 4.0]), np.log([0.5, 0.5]))
    plan = schedule(interval=60, looks=5).from_start()
    grown = log_evidence(Normal(seen), np.asarray(1.0), beyond, no_spread(12), plan, clip=math.inf)[
        0
    ]
    mean = np.log([2.0, 4.0])
    curve = seen.cumsum()[:, None] * mean - 0.5 * mean**2 * np.arange(1, 13)[:, None]
    assert grown == pytest.approx(np.log(np.exp(curve).mean(-1)), abs=1e-5)


def test_a_late_regression_is_seen_sooner_with_later_starts():
    rng = np.random.default_rng(3)
    seen = rng.standard_normal((200, 120))
    seen[:, 60:] += 0.9
    plan = schedule(interval=60, looks=120)
    late = (evidence(seen, plan) >= math.log(1 / ALPHA)).argmax(-1)
    from_start = (evidence(seen, plan.from_start()) >= math.log(1 / ALPHA)).argmax(-1)
    assert np.median(late[late > 0]) < np.median(np.where(from_start == 0, 120, from_start))


def test_lasting_differences_between_pods_do_not_convict():
    rng = np.random.default_rng(4)
    slow = 0.4 * rng.standard_normal((1000, 1))
    seen = slow + rng.standard_normal((1000, 120))
    plan = schedule(interval=60, looks=120)
    aware = Spread(np.full(120, 0.4), np.asarray(np.inf), ALPHA / 20, np.asarray(0.4))
    assert (evidence(seen, plan).max(-1) >= math.log(1 / ALPHA)).mean() > 0.15
    assert (evidence(seen, plan, spread=aware).max(-1) >= math.log(1 / ALPHA)).mean() <= ALPHA


@pytest.mark.parametrize("degrees", [1.0, 2.0, 8.0, np.inf])
def test_an_effect_far_outside_the_spread_convicts_however_heavy_its_tail(degrees):
    seen = np.full(60, math.log(20.0))
    spread = Spread(np.full(60, 0.3), np.asarray(degrees), ALPHA / 20, np.asarray(0.3))
    grown = evidence(seen, schedule(interval=60, looks=60), spread=spread)
    assert grown[-1] >= math.log(1 / ALPHA)


def test_much_data_convicts_an_effect_between_two_of_the_grid_and_outside_the_spread():
    # a thousand times the information: one block says all that the null's tail could explain
    class Sharp(Normal):
        def curve(self, ratios, null):
            return 1000 * super().curve(ratios, null)

    seen = np.full(30, math.log(2.0))
    spread = Spread(np.full(30, 0.002), np.asarray(8.0), ALPHA / 20, np.asarray(0.002))
    plan = schedule(interval=60, looks=30)
    beyond = alternatives(np.asarray(16.0))
    each = log_evidence(Sharp(seen), np.asarray(1.0), beyond, spread, plan, clip=CLIP)
    assert mixed(each, plan)[3] >= math.log(1 / ALPHA)


def test_batches_and_single_runs_agree_to_the_last_bit():
    seen = np.random.default_rng(5).standard_normal((7, 50)) + 0.2
    plan = schedule(interval=60, looks=50)
    batch = evidence(seen, plan)
    assert all((evidence(row, plan) == batch[i]).all() for i, row in enumerate(seen))


def test_later_looks_do_not_change_earlier_ones():
    seen = np.random.default_rng(6).standard_normal(50) + 0.2
    plan = schedule(interval=20, looks=50)
    whole = evidence(seen, plan)
    for looks in (1, 2, 3, 7, 31):
        assert (evidence(seen[:looks], plan) == whole[:looks]).all()


def test_much_data_does_not_turn_the_pods_spread_into_a_conviction():
    """The likelihood's peak is narrower than the gaps between the ratios of both mixtures."""

    class Precise(Normal):
        def curve(self, ratios, null):
            return 3e4 * super().curve(ratios, null)

    an_alternative = math.log(alternatives(np.zeros(())).steps[0])
    noise = np.random.default_rng(8).standard_normal((50, 30)) / math.sqrt(3e4)
    tau = np.full(50, an_alternative)
    spread = Spread(tau[:, None], np.full(50, np.inf), ALPHA / 20, tau)
    plan = schedule(interval=60.0, looks=30)
    none = alternatives(np.zeros(50))
    seen = Precise(an_alternative + noise)
    grown = log_evidence(seen, np.ones(50), none, spread, plan, clip=CLIP)
    assert mixed(grown, plan).max() < math.log(1 / ALPHA)
