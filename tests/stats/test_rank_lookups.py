"""Differences below a shift, looked up in three ways: each where it pays, all to the same bits."""

import numpy as np
import pytest

from judge.stats.rank_lookups import Counted, Table, TiedTable, lookup
from judge.stats.ranks import shift, shifts

ROWS = 20
LAWS = {
    "wide": (Table, lambda rng, size: rng.gamma(2.0, 100.0, size)),
    "narrow": (Counted, lambda rng, size: rng.normal(0.01, 0.001, size)),
    "narrow with ties": (Counted, lambda rng, size: rng.normal(0.01, 0.002, size).round(4)),
    "counts": (TiedTable, lambda rng, size: rng.poisson(3.0, size).astype(float)),
    "shares": (TiedTable, lambda rng, size: rng.binomial(50, 0.05, size) / 50),
}


def sides(law, n, m):
    rng = np.random.default_rng(n)
    return LAWS[law][1](rng, (ROWS, n)), LAWS[law][1](rng, (ROWS, m))


@pytest.mark.parametrize("law", LAWS)
def test_the_way_fits_the_data(law):
    experiment, control = sides(law, 60, 60)
    found = lookup(np.sort(experiment), np.sort(control), np.zeros(ROWS))
    assert type(found) is LAWS[law][0]


@pytest.mark.parametrize(("n", "m"), [(60, 60), (60, 59), (31, 90), (2, 40)])
@pytest.mark.parametrize("law", LAWS)
def test_a_batch_says_of_each_row_what_it_says_alone(law, n, m):
    experiment, control = sides(law, n, m)
    found = shifts(experiment, control)
    for row in range(ROWS):
        alone = shift(experiment[row], control[row])
        batched = found.low[row], found.high[row], found.estimate[row]
        assert batched == (alone.low, alone.high, alone.estimate)


@pytest.mark.parametrize("law", LAWS)
def test_all_ways_count_the_pairs_below(law):
    experiment, control = (np.sort(side) for side in sides(law, 60, 50))
    differences = experiment[:, :, None] - control[:, None, :]
    rows = np.arange(ROWS)
    at = np.quantile(differences, 0.4, axis=(1, 2)) + 1e-7
    expected = (differences < at[:, None, None]).sum(axis=(1, 2))
    hair = np.zeros(ROWS)
    ways = Table(experiment, control, hair), TiedTable(experiment, control, hair)
    for way in (*ways, Counted(experiment, control)):
        below, near = way.below(rows, at)
        assert below.tolist() == expected.tolist()
        assert not near.any()
