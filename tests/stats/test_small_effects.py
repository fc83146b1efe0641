import numpy as np
import pytest

from judge.stats.evidence import alternatives
from judge.stats.small_effects import small_alternatives

EFFECTS = np.log(np.array([1.02, 1.03, 1.05, 1.07, 1.1, 1.15, 1.3, 2.0, 5.0]))


def share_of_the_best(grid, effect):
    """What the best alternative's evidence grows by, over what the true ratio's would."""
    steps = np.log(grid.steps)
    return float((1.0 - np.square(1.0 - steps / effect)).max())


@pytest.mark.parametrize("effect", EFFECTS)
def test_some_alternative_lies_near_every_effect(effect):
    assert share_of_the_best(small_alternatives(np.zeros(()), nearest=1.02), effect) > 0.94


def test_the_usual_grid_has_nothing_for_a_few_per_cent():
    assert share_of_the_best(alternatives(np.zeros(())), np.log(1.05)) < 0


@pytest.mark.parametrize("up", [True, False])
def test_it_is_a_prior_on_one_side_of_the_null_that_reaches_the_farthest(up):
    grid = small_alternatives(np.array([20.0, 900.0]), nearest=1.025, up=up)
    ratios = grid.ratios(np.array([1.0, 1.0]))
    assert np.exp(grid.log_weights).sum(-1) == pytest.approx(1.0)
    assert (ratios > 1).all() if up else (ratios < 1).all()
    ends = ratios[:, -1] if up else 1.0 / ratios[:, -1]
    assert ends == pytest.approx([20.0, 900.0])
    assert np.abs(np.log(ratios[:, 0])) == pytest.approx(np.log(1.025))
