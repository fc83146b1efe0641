"""The shift by ranks: Kayenta's own cases and what its program answered, to the last bit."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from judge.stats.difference_table import PAIRS
from judge.stats.normal_quantile import normal_quantile
from judge.stats.rank_statistic import Awkward, statistic
from judge.stats.ranks import AllTied, shift, shifts, standardised
from judge.stats.root_search import TOLERANCE
from tests.kayenta_cases import cases, parametrized
from tests.stats.kayenta_arrays import SHAPES, SIZES, arrays

DATA = Path(__file__).parent / "data"


@parametrized("wilcoxonDiff")
def test_the_standardised_statistic_is_kayentas(case):
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    found = standardised(case["mu"], experiment, control) - case["quantile"]
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=case["tolerance_abs"])


@parametrized("zQuant")
def test_the_normal_quantile_is_kayentas(case):
    found = normal_quantile(case["p"])
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=case["tolerance_abs"])


@parametrized("mannwhitney")
def test_interval_and_estimate_are_kayentas(case):
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    found = shift(experiment, control, confidence=case["confLevel"])
    wanted, within = case["expected"], case["tolerance_abs"]
    assert found.low == pytest.approx(wanted["ciLow"], rel=0.0, abs=within)
    assert found.high == pytest.approx(wanted["ciHigh"], rel=0.0, abs=within)
    of_estimate = case.get("tolerance_abs_estimate", within)
    assert found.estimate == pytest.approx(wanted["estimate"], rel=0.0, abs=of_estimate)


STEP_BY_STEP = [case for case in cases("mannwhitney") if "muMin" in case["expected"]]


@pytest.mark.parametrize("case", STEP_BY_STEP, ids=lambda case: case["id"])
def test_the_search_starts_where_kayentas_does(case):
    """The range of the shifts, the quantiles, and the four values at the range's ends."""
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    wanted, quantile = case["expected"], normal_quantile((1.0 - case["confLevel"]) / 2)
    low, high = experiment.min() - control.max(), experiment.max() - control.min()
    found = [low, high, -quantile, quantile]

    at_low, at_high = (standardised(mu, experiment, control) for mu in (low, high))
    found += [at_low + quantile, at_high + quantile, at_low - quantile, at_high - quantile]
    names = ("muMin", "muMax", "zqLower", "zqUpper", "fLower1", "fUpper1", "fLower2", "fUpper2")
    assert found == pytest.approx([wanted[name] for name in names], rel=1e-12)


def recorded():
    """What Kayenta's own program answered on arrays of many shapes; None: all values were tied.

    Its class MannWhitney was compiled as it stands and given the arrays of `kayenta_arrays`.
    """
    words = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}
    for *key, answers in json.loads((DATA / "kayenta-shifts.json").read_text())["cases"]:
        if answers is None:
            yield tuple(key), None
        else:
            yield tuple(key), [words.get(one, one) for one in answers]


RECORDED = dict(recorded())


def same(found, wanted):
    return np.array_equal(found, wanted, equal_nan=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_bit_is_what_kayenta_answered(shape):
    cases = {key: answers for key, answers in RECORDED.items() if key[0] == shape}
    assert len(cases) > len(set(SIZES))
    for (_, n, m, seed, confidence), wanted in cases.items():
        experiment, control = arrays(shape, n, m, seed)
        try:
            one = shift(experiment, control, confidence=confidence)
        except AllTied:
            assert wanted is None, (n, m, seed)
            continue
        assert wanted is not None, (n, m, seed)
        assert same([one.low, one.high, one.estimate], wanted), (n, m, seed)


@pytest.mark.parametrize(("n", "m"), sorted({key[1:3] for key in RECORDED}))
def test_in_a_batch_every_bit_is_what_kayenta_answered(n, m):
    """All shapes together: those that need a way of their own do not disturb the others."""
    for level in (0.95, 0.98):
        keys = [key for key in RECORDED if key[1:3] == (n, m) and key[4] == level]
        if not keys:
            continue
        pairs = [arrays(*key[:4]) for key in keys]
        first, second = (np.stack(side) for side in zip(*pairs, strict=True))
        found = shifts(first, second, confidence=level)
        for row, key in enumerate(keys):
            wanted = RECORDED[key] or [math.nan] * 3
            assert same([found.low[row], found.high[row], found.estimate[row]], wanted), key


def test_a_batch_of_nothing_is_empty():
    assert shifts(np.empty((0, 5)), np.empty((0, 7))).low.shape == (0,)


def test_each_way_is_taken_by_the_recorded_shapes():
    """Plain and awkward samples, looked up and counted: else the tests above prove less."""
    kinds = {shape: statistic(*arrays(shape, 60, 60, 1)) for shape in SHAPES}
    awkward = {shape for shape, one in kinds.items() if isinstance(one, Awkward)}
    assert awkward == {"far away", "nearly zero", "endless", "endless below", "minus zeros"}
    assert min(n * m for n, m in SIZES) < PAIRS < max(n * m for n, m in SIZES)


def reference(mu, experiment, control):
    """The statistic by counting pairs, for values that shift without rounding."""
    n, m = len(experiment), len(control)
    shifted = experiment - mu
    above = (shifted[:, None] > control).sum() + 0.5 * (shifted[:, None] == control).sum()
    counts = np.unique(np.concatenate((shifted, control)), return_counts=True)[1]
    ties = (counts**3 - counts).sum() / ((n + m) * (n + m - 1))
    centred = above - n * m / 2
    sigma = math.sqrt(n * m / 12 * (n + m + 1 - ties))
    return (centred - 0.5 * np.sign(centred)) / sigma


quarters = st.lists(st.integers(-40, 40).map(lambda one: one / 4), min_size=2, max_size=12)


@given(quarters, quarters, st.integers(-60, 60).map(lambda one: one / 8))
def test_the_statistic_is_what_counting_pairs_gives(experiment, control, mu):
    """On eighths nothing is rounded, and every second shift ties values across."""
    first, second = np.array(experiment), np.array(control)
    try:
        found = standardised(mu, first, second)
    except AllTied:
        assert len(set(first - mu) | set(second)) == 1
    else:
        assert found == pytest.approx(reference(mu, first, second), rel=1e-12, abs=1e-12)


@given(quarters, quarters)
def test_the_interval_turns_round_with_the_sides(experiment, control):
    """To the tolerance of the search, which does not stop at mirrored shifts."""
    first, second = np.array(experiment), np.array(control)
    try:
        there, back = shift(first, second), shift(second, first)
    except AllTied:
        return
    assert there.low == pytest.approx(-back.high, abs=2 * TOLERANCE)
    assert there.high == pytest.approx(-back.low, abs=2 * TOLERANCE)


def test_the_search_stops_within_its_tolerance_of_the_step():
    """The unit of the values decides what that means: seconds are judged by less than ms."""
    experiment, control = arrays("seconds", 60, 60, 3)
    seconds, exact = shift(experiment, control), shift(experiment * 1e6, control * 1e6)
    assert seconds.low == pytest.approx(exact.low * 1e-6, abs=TOLERANCE)
    assert abs(seconds.low - exact.low * 1e-6) > 1e-6


def test_infinite_searches_end():
    """Half of the values infinite, and with them the range of the shifts: as Kayenta answered."""
    endless = np.array([math.inf, math.inf, 1.0, 2.0])
    found = shift(endless, np.array([math.inf, 3.0, math.inf, 4.0]))
    assert (found.low, found.high, found.estimate) == (-math.inf, math.inf, math.inf)


HUGE = 1.7e308


@pytest.mark.parametrize(
    ("experiment", "control", "answered"),
    [
        ([-HUGE, HUGE], [HUGE, HUGE], (-math.inf, 0.0, -math.inf)),
        (
            [1e308, 1e308, HUGE],
            [1e308, 0.0, HUGE, 0.0],
            (-6.999999999999999e307, 1.7e308, -math.inf),
        ),
        ([8e307, 1e307, 3e307], [-8e307, 2e307], (-1e307, 1.6e308, 7.5e307)),
    ],
)
def test_values_whose_differences_overflow_have_kayentas_interval(experiment, control, answered):
    ours, theirs = np.array(experiment), np.array(control)
    found = shift(ours, theirs)
    assert (found.low, found.high, found.estimate) == answered
    many = shifts(np.stack([ours, ours * 1e-9]), np.stack([theirs, theirs * 1e-9]))
    assert (many.low[0], many.high[0], many.estimate[0]) == answered
    assert np.isfinite([many.low[1], many.high[1], many.estimate[1]]).all()


@pytest.mark.parametrize("constant", [3.0, 0.0])
def test_one_constant_side_has_an_interval(constant):
    control = np.arange(20.0)
    found = shift(np.full(15, constant), control)
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(constant - 9.5, abs=1.0)


@pytest.mark.parametrize("probability", [1e-6, 0.01, 0.3, 0.5, 0.975, 1 - 1e-6])
def test_the_normal_quantile_is_one(probability):
    assert special.ndtr(normal_quantile(probability)) == pytest.approx(probability, rel=1e-12)


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0, math.nan])
def test_a_probability_lies_between_0_and_1(probability):
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(probability)


def test_values_that_all_tie_have_no_interval():
    with pytest.raises(AllTied):
        shift(np.array([5.0]), np.array([3.0]))
