"""More events, or fewer, than a pod had: means and variances are those of such a pod."""

import numpy as np
import pytest

from judge.stats.planning.volume import grown, thinned

MEAN, PODS = 20.0, 200_000


def overdispersed(rng, phi, mean=MEAN):
    """Counts whose variance is phi times their mean, as a pod's own trouble makes them."""
    trouble = rng.gamma(mean / (phi - 1.0), (phi - 1.0) / mean, PODS) if phi > 1 else 1.0
    return rng.poisson(mean * trouble, PODS).astype(float)


@pytest.mark.parametrize("phi", [1.0, 3.0, 7.0])
@pytest.mark.parametrize("factor", [1.5, 4.0])
def test_a_pod_with_more_traffic_varies_as_its_own_trouble_says(phi, factor):
    rng = np.random.default_rng(1)
    counts = overdispersed(rng, phi)
    times = np.asarray(factor)
    more = grown(counts, np.full(PODS, MEAN), times, phi=phi, trouble=times, room=None, rng=rng)
    assert more.mean() == pytest.approx(factor * MEAN, rel=0.01)
    assert more.var() / more.mean() == pytest.approx(1.0 + factor * (phi - 1.0), rel=0.03)


def test_as_much_as_there_was_stays_as_it_was():
    rng = np.random.default_rng(1)
    counts = overdispersed(rng, 3.0)
    same = grown(
        counts, counts, np.asarray(1.0), phi=3.0, trouble=np.asarray(1.0), room=None, rng=rng
    )
    assert (same == counts).all()


@pytest.mark.parametrize("phi", [1.0, 5.0])
def test_fewer_events_are_a_random_part_of_them(phi):
    rng = np.random.default_rng(1)
    less = thinned(overdispersed(rng, phi), np.asarray(0.25), rng=rng)
    assert less.mean() == pytest.approx(0.25 * MEAN, rel=0.01)
    assert less.var() / less.mean() == pytest.approx(1.0 + 0.25 * (phi - 1.0), rel=0.03)


def test_no_more_events_than_there_is_room_for():
    rng = np.random.default_rng(1)
    counts = np.full(1000, 80.0)
    times = np.asarray(2.0)
    all_ = grown(counts, counts, times, phi=1.0, trouble=times, room=100.0 - counts, rng=rng)
    assert (all_ == 100.0).all()
