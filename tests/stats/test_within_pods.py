import math

import numpy as np
import pytest

from judge.stats.arms import Arm, Arms
from judge.stats.confidence import effect
from judge.stats.terms import Terms
from judge.stats.within_pods import running_phi, weigh_within_pods

HOURS = 168


def terms(**changed):
    return Terms(
        **{
            "limit": 1.0,
            "worst": 1.05,
            "alpha": 0.05,
            "beta": 0.05,
            "interval": 3600.0,
            "looks": HOURS,
            "both": True,
            "gain": True,
            **changed,
        }
    )


def arms(ours, ours_total, theirs, theirs_total):
    ones = np.ones(np.shape(ours))
    return Arms(
        Arm(ours.astype(float), ours_total.astype(float), ones),
        Arm(theirs.astype(float), theirs_total.astype(float), ones),
    )


def variants(rng, ratio=1.0, *, rate=0.03, visits=2000, share=0.5, clumps=1, hours=HOURS):
    """Both variants in two pods whose rates differ threefold and wander with the time of day.

    ``clumps``: so many visits go together and end alike.
    """
    rates = rate * np.array([0.5, 1.5])[:, None]
    rates = rates * np.exp(0.3 * np.sin(2 * np.pi * np.arange(hours) / 24))
    split = np.broadcast_to(np.reshape(share, (-1, 1)), (2, hours))
    ours, theirs = rng.poisson(visits / 2 * split), rng.poisson(visits / 2 * (1 - split))
    ours, theirs = ours // clumps * clumps + clumps, theirs // clumps * clumps + clumps

    def events(total, risk):
        return clumps * rng.binomial(total // clumps, np.minimum(risk, 1.0))

    return arms(events(ours, rates * ratio), ours, events(theirs, rates), theirs)


def answers(one, of):
    """Whether it ever said better, worse, and no difference."""
    comparison, _ = weigh_within_pods(one, of, rate=None)
    up, down = (told.shown.any() for told in comparison.told)
    return up, down, bool((comparison.log_pass >= math.log(1 / of.beta)).any())


def test_pods_that_differ_for_good_cancel_however_their_traffic_is_split():
    rng = np.random.default_rng(1)
    uneven = np.array([0.8, 0.2])  # the pod with the low rate serves mostly the canary's variant
    wrong = 0
    for _ in range(20):
        one = variants(rng, visits=10_000, share=uneven)
        comparison, _ = weigh_within_pods(one, terms(), rate=None)
        pooled = one.treated.events.sum() / one.treated.total.sum()
        pooled /= one.reference.events.sum() / one.reference.total.sum()
        assert pooled < 0.6
        assert comparison.sides[0].estimate(0) == pytest.approx(1.0, abs=0.05)
        wrong += any(answers(one, terms())[:2])
    assert wrong <= 2


@pytest.mark.parametrize("rate", [0.03, 0.2], ids=["rare", "frequent"])
@pytest.mark.parametrize("clumps", [1, 3], ids=["independent", "clumped"])
@pytest.mark.parametrize("share", [0.5, 0.1], ids=["halves", "a-tenth"])
def test_few_answers_are_wrong(rate, clumps, share):
    rng = np.random.default_rng(2)
    visits = int(120 / rate) * clumps
    same = [answers(variants(rng, 1.0, rate=rate, visits=visits, clumps=clumps, share=share),
                    terms()) for _ in range(24)]  # fmt: skip
    apart = [answers(variants(rng, 1.05, rate=rate, visits=visits, clumps=clumps, share=share),
                     terms()) for _ in range(24)]  # fmt: skip
    assert np.mean([up or down for up, down, _ in same]) <= 0.05
    assert np.mean([none or down for _, down, none in apart]) <= 0.05


@pytest.mark.parametrize(("ratio", "said"), [(1.1, 0), (1 / 1.1, 1), (1.0, 2)])
@pytest.mark.parametrize("rate", [0.03, 0.2], ids=["rare", "frequent"])
def test_enough_visits_tell(rate, ratio, said):
    rng = np.random.default_rng(3)
    found = [answers(variants(rng, ratio, rate=rate, visits=int(250 / rate)), terms())
             for _ in range(8)]  # fmt: skip
    assert np.mean([one[said] for one in found]) > 0.85
    assert not any(one[1 - said] for one in found if said < 2)


def test_what_is_said_of_a_look_hangs_on_nothing_later():
    rng = np.random.default_rng(4)
    whole = variants(rng, 1.07, clumps=2)
    upto = 100
    counts = [(one.events, one.total) for one in (whole.treated, whole.reference)]
    part = arms(*(values[:, :upto] for pair in counts for values in pair))
    early, _ = weigh_within_pods(part, terms(), rate=None)
    late, _ = weigh_within_pods(whole, terms(), rate=None)
    assert (early.log_pass == late.log_pass[:upto]).all()
    for one, other in zip(early.told, late.told, strict=True):
        assert (one.log_evidence == other.log_evidence[:upto]).all()
        assert one.threshold == other.threshold


@pytest.mark.parametrize("rate", [0.03, 0.2], ids=["rare", "frequent"])
@pytest.mark.parametrize("clumps", [1, 4])
def test_the_noise_is_learned_from_the_test_itself(rate, clumps):
    rng = np.random.default_rng(5)
    last = []
    for _ in range(20):
        phi, learned = running_phi(
            variants(rng, 1.2, rate=rate, clumps=clumps), interval=3600.0, looks=HOURS, rate=rate
        )
        assert ((phi[:5] >= 4.0) & (phi[:5] < 6.0)).all()
        assert not learned[:5].any()
        assert learned[-1]
        last.append(phi[-1])
    assert clumps * 0.95 < np.median(last) < clumps * 1.25


def test_a_test_with_hardly_an_event_learns_nothing():
    nothing = variants(np.random.default_rng(6), rate=1e-4, visits=100)
    phi, learned = running_phi(nothing, interval=3600.0, looks=HOURS, rate=1e-4)
    assert (phi == 4.0).all()
    assert not learned.any()


def wandering(rng, *, visits, sigma=0.2, hours=48, night=1.0):
    """Variants that wander apart from hour to hour; the first twelve hours have less traffic."""
    totals = rng.poisson(np.where(np.arange(hours) < 12, night, 1.0) * visits, (2, 1, hours))
    ours = rng.binomial(totals[0], 0.03 * np.exp(sigma * rng.standard_normal(hours)))
    return arms(ours, totals[0], rng.binomial(totals[1], 0.03), totals[1])


@pytest.mark.parametrize("night", [1.0, 0.03])
def test_much_noise_tells_nothing_apart_before_it_is_learned_nor_after_a_quiet_night(night):
    rng = np.random.default_rng(8)
    of = terms(looks=48)
    found = [answers(wandering(rng, visits=40_000, night=night), of)[:2] for _ in range(100)]
    assert np.mean([any(one) for one in found]) <= 0.05


def test_the_noise_of_a_quiet_night_grows_with_the_visits_of_the_day():
    rng = np.random.default_rng(9)
    first = []
    for _ in range(20):
        one = wandering(rng, visits=40_000, night=0.03)
        phi, learned = running_phi(one, interval=3600.0, looks=48, rate=0.03)
        assert learned[11]
        first.append((phi[11], phi[12]))
    night, day = np.median(first, axis=0)
    assert night < 4.0
    assert day > 8.0


def test_the_interval_leaves_the_limit_outside_exactly_where_there_is_a_difference():
    rng = np.random.default_rng(7)
    differ = 0
    for ratio in (1.0, 1.04, 1.08, 0.96, 0.92) * 3:
        comparison, _ = weigh_within_pods(variants(rng, ratio, visits=6000), terms(), rate=None)
        known = effect(comparison, terms())
        up, down = (bool(told.shown[-1]) for told in comparison.told)
        assert (known.low > 1.0) == up
        assert (known.high < 1.0) == down
        assert known.low <= known.estimate <= known.high
        differ += up or down
    assert 2 < differ < 14


def test_without_any_event_nothing_is_known_and_all_convert_on_one_side_is_seen():
    zeros, visits = np.zeros((1, 24)), np.full((1, 24), 100.0)
    of = terms(looks=24)
    nothing, learned = weigh_within_pods(arms(zeros, visits, zeros, visits), of, rate=None)
    assert effect(nothing, of).estimate is None
    assert not learned
    all_of_them, _ = weigh_within_pods(arms(visits, visits, zeros, visits), of, rate=None)
    assert all_of_them.told[0].shown[-1]
    assert not all_of_them.told[1].shown.any()
