"""Pods are there, and are seen, as often as their laws state."""

import numpy as np
import pytest

from judge.lab.noise import Incidents
from judge.lab.telemetry.presence import OLD, Cold, Gaps, Lives

SHAPE = (200, 300, 4)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_pods_that_nothing_happens_to_stay() -> None:
    drawn = Lives().draw(rng(), (2, 5, 3))
    assert not drawn.life.any()
    assert (drawn.up == 1).all()
    assert drawn.seen.all()
    assert drawn.names((1, 4)) == ["0-0", "1-0", "2-0"]
    assert drawn.age[0, :, 0].tolist() == [OLD + look for look in range(5)]


def test_a_pod_is_replaced_as_often_as_stated_and_gets_another_name() -> None:
    drawn = Lives(replaced=60.0).draw(rng(), SHAPE)
    assert np.diff(drawn.life, axis=1).mean() == pytest.approx(1 / 60, rel=0.05)
    born = np.diff(drawn.life, axis=1) > 0
    assert (drawn.age[:, 1:][born] == 0).all()
    run, look, place = np.argwhere(born)[0]
    before, after = (drawn.names((run, look + step))[place] for step in (0, 1))
    assert before != after


def test_a_restart_loses_up_to_half_of_an_interval_and_no_name() -> None:
    drawn = Lives(restarted=20.0).draw(rng(), SHAPE)
    begun = drawn.up < 1
    assert begun.mean() == pytest.approx(1 / 20, rel=0.05)
    assert drawn.up[begun].mean() == pytest.approx(0.75, abs=0.01)
    assert drawn.up.min() >= 0.5
    assert (drawn.age[begun] == 0).all()
    assert not drawn.life.any()
    assert drawn.seen.all()


def test_the_number_of_pods_goes_up_and_down() -> None:
    drawn = Lives(fewest=2).draw(rng(), (50, 480, 9))
    pods = (drawn.up > 0).sum(-1)
    assert pods.min() == 2
    assert pods.max() == 9
    assert pods.mean() == pytest.approx(5.5, abs=0.2)
    assert np.abs(np.diff(pods, axis=1)).max() == 1
    assert np.array_equal(drawn.seen, drawn.up > 0)


def test_holes_are_of_pods_of_tracks_and_of_everything() -> None:
    gaps = Gaps(
        pods=Incidents(2.0, every=9.0, lasting=1.0),
        tracks=Incidents(2.0, every=57.0, lasting=3.0),
        everything=Incidents(2.0, every=97.0, lasting=3.0),
    )
    generator = rng()
    nothing = gaps.common(generator, *SHAPE[:2])
    ours, theirs = (
        gaps.punched(Lives().draw(generator, SHAPE), nothing, generator) for _ in range(2)
    )
    assert nothing.mean() == pytest.approx(0.03, rel=0.1)
    blind = [~one.seen.any(-1) for one in (ours, theirs)]
    assert blind[0].mean() == pytest.approx(1 - 0.97 * 0.95, rel=0.1)
    assert (blind[0] & blind[1]).mean() == pytest.approx(1 - 0.97 * (1 - 0.05**2), rel=0.15)
    assert ours.seen.mean() == pytest.approx(0.97 * 0.95 * 0.9, rel=0.02)


def test_a_pod_is_cold_at_first() -> None:
    cold = Cold(factor=1.5, minutes=3.0)
    assert cold.at(np.array([0.0])) == pytest.approx(1.5)
    assert cold.at(np.array([3.0])) == pytest.approx(1 + 0.5 / np.e)
    assert cold.at(np.array([OLD])) == pytest.approx(1.0)
    assert (Cold().at(np.arange(5.0)) == 1.0).all()
