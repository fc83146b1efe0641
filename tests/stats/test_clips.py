import math

import numpy as np
import pytest

from judge.stats.calibration import raised_threshold
from judge.stats.clips import Asked, Clips, asked
from judge.stats.evidence import Steps, schedule

ALPHA = 0.01
BASE = math.log(1 / ALPHA)
USUAL = BASE / 2.5
PLAN = schedule(interval=60.0, looks=30).from_start()


def grown_from(steps):
    return lambda clips: clips.grown(Steps((steps,), PLAN)).max(-1)


def asks(steps, pods=1):
    def raising(highest, alpha):
        return raised_threshold(highest, alpha=alpha, overlap=0.5)

    return asked(grown_from(steps), raising, usual=USUAL, error=ALPHA, pods=pods)


def quiet(rng, shape):
    """Steps of a service on which nothing happens: evidence shrinks."""
    return rng.normal(-0.3, 0.3, shape)


def with_incidents(rng, shape):
    """In every twelfth of the pseudo-rollouts an incident of four minutes, each worth a lot."""
    steps = quiet(rng, shape)
    struck = rng.random(shape[:-1]) < 1 / 12
    steps[..., 10:14] += np.where(struck, rng.exponential(10.0, shape[:-1]), 0.0)[..., None]
    return steps


def test_a_quiet_service_has_the_usual_clip_alone():
    rng = np.random.default_rng(1)
    found = asks(quiet(rng, (5, 300, 30)))
    assert (found.raised == 0).all()
    assert (found.narrow == USUAL).all()
    assert np.isinf(found.behind).all()
    steps = Steps((rng.normal(0, 1, (5, 30)),), PLAN)
    assert (found.clips(USUAL).grown(steps) == Clips(USUAL).grown(steps)).all()


@pytest.mark.parametrize("services", [1, 5])
def test_where_incidents_raise_the_threshold_an_outage_is_still_seen_by_the_fourth_look(services):
    found = asks(with_incidents(np.random.default_rng(2), (services, 300, 30)))
    assert np.isfinite(found.behind).all()
    outage = Steps((np.full((services, 30), 1000.0),), PLAN)
    grown = found.clips(USUAL).grown(outage)
    seen = (grown >= (BASE + found.raised)[..., None]).argmax(-1) + 1
    assert (seen >= 3).all()  # nor does a single minute convict
    assert (seen <= 4).all()


def test_what_is_asked_bounds_the_false_alarms_of_a_service_with_incidents():
    rng = np.random.default_rng(3)
    found = asks(with_incidents(rng, (100, 300, 30)))
    runs = Steps((with_incidents(rng, (100, 200, 30)),), PLAN)
    each = Asked(*(one[..., None] for one in found.packed))
    failed = each.clips(USUAL).grown(runs) >= (BASE + each.raised)[..., None]
    assert failed.any(-1).mean() <= ALPHA


def test_what_is_asked_is_the_same_after_packing():
    found = asks(with_incidents(np.random.default_rng(4), (3, 300, 30)))
    packed = found.packed
    assert packed.shape == (5, 3)
    again = Asked.unpacked(packed)
    assert (again.raised == found.raised).all()
    assert (again.behind == found.behind).all()


def test_fewer_pods_than_calibration_saw_count_for_less():
    found = asks(quiet(np.random.default_rng(5), (1, 300, 30)), pods=4)
    steps = np.full((1, 30), 1.0)
    pods = np.where(np.arange(30) < 10, 5.0, 1.0)[None]
    grown = found.clips(USUAL).grown(Steps((steps,), PLAN, pods))
    assert grown[0, 9] == pytest.approx(10.0)
    assert grown[0, -1] == pytest.approx(10.0 + 20 / 2)


def test_each_of_two_clips_errs_half_as_often():
    """A service whose highest log E is exponential with mean 3, whatever the clip."""
    found = asked(
        lambda _: np.array([3.0]),
        lambda mean, error: (mean - 1.0) * math.log(1.0 / error),
        usual=USUAL,
        error=ALPHA,
    )
    assert np.isfinite(found.behind).all()
    each = math.exp(-(BASE + found.raised[0]) / 3.0)
    assert each == pytest.approx(ALPHA / 2.0)
