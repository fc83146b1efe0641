"""One pair of arrays: Kayenta's own cases, its holes in parity and in strict mode."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.resolved import Direction
from judge.verdict.kayenta.classification import FEWEST_TOGETHER, classify, classify_all
from judge.verdict.kayenta.labels import Classification, Label
from judge.verdict.kayenta.terms import Terms
from tests.kayenta_cases import Case, cases, parametrized

WORSE = Terms("errors", direction=Direction.INCREASE, critical=True)
STRICT = replace(WORSE, strict=True)
STEADY = np.array([95.0, 99.0, 103.0, 96.0, 100.0, 104.0, 97.0, 101.0, 105.0, 98.0, 102.0] * 5)
ANY_EFFECT = KayentaRules(effect=EffectSize(EffectMeasure.CLES, 0.0, 1.0, 0.0, 1.0))
MIRRORED = {Label.HIGH: Label.LOW, Label.LOW: Label.HIGH}
NOTHING = np.full(len(STEADY), np.nan)


def terms_of(case: Case, *, strict: bool = False) -> Terms:
    sizes = case.get("effectSize", {})
    measure = EffectMeasure(sizes.get("measure", "meanRatio"))
    names = ("allowedIncrease", "allowedDecrease", "criticalIncrease", "criticalDecrease")
    given_sizes = [sizes.get(name, measure.no_effect) for name in names]
    rules = KayentaRules(
        nan_strategy=NanStrategy(case.get("nanStrategy", "remove")),
        must_have_data=case.get("mustHaveData", False),
        effect=EffectSize(measure, *given_sizes),
    )
    return Terms(
        name="errors",
        rules=rules,
        direction=Direction(case["direction"]),
        critical=case.get("critical", False),
        strict=strict,
        tolerance=case.get("tolerance", 0.25),
        confidence=case.get("confLevel", 0.98),
    )


def said(case: Case, *, strict: bool = False) -> Classification:
    sides = (np.array(case[side], dtype=float) for side in ("experiment", "control"))
    return classify(*sides, terms_of(case, strict=strict))


RANKED, BY_MEANS = (
    [one for one in cases("classify") if (one["classifier"] == "MannWhitneyClassifier") is ranked]
    for ranked in (True, False)
)


@pytest.mark.parametrize("case", RANKED, ids=lambda one: one["id"])
def test_classifies_as_kayenta_does(case: Case) -> None:
    found, expected = said(case), case["expected"]
    assert found.label == expected.get("classification", found.label)
    assert found.critical == expected.get("critical", found.critical)
    if "ratio" in expected:
        assert found.ratio == pytest.approx(expected["ratio"], nan_ok=True)
    if expected.get("reasonPresent"):
        assert found.reason == "Missing data for errors"


@pytest.mark.parametrize("case", BY_MEANS, ids=lambda one: one["id"])
def test_the_ratio_says_what_kayentas_classifier_of_means_does(case: Case) -> None:
    """That classifier is one of its benchmarks; its judge never asks it, and nor do we."""
    ratio = said(case).ratio
    assert ratio is not None
    by_ratio = Label.PASS if ratio == 1.0 else Label.HIGH if ratio > 1.0 else Label.LOW
    assert by_ratio == case["expected"]["classification"]


@parametrized("judge")
def test_judges_what_was_seen_of_kayenta_and_told_by_its_users(case: Case) -> None:
    found, expected = said(case), case["expected"]
    assert found.label == expected["kayenta"]
    assert found.critical == expected.get("kayentaCritical", found.critical)
    if "kayentaRatio" in expected:
        assert found.ratio == pytest.approx(expected["kayentaRatio"], nan_ok=True)


SANE = {
    "k142": (Label.HIGH, True),
    "k143": (Label.HIGH, True),
    "k144": (Label.NODATA, True),
    "k145": (Label.NODATA, True),
    "k149": (Label.NODATA, False),
    "k150": (Label.NODATA, False),
}


@pytest.mark.parametrize(
    "case", [one for one in cases("judge") if "sane" in one["expected"]], ids=lambda one: one["id"]
)
def test_strict_says_what_is_sane(case: Case) -> None:
    found = said(case, strict=True)
    assert (found.label, found.critical) == SANE[case["id"]]


@pytest.mark.parametrize(
    "case",
    [one for one in cases("judge") if "sane" not in one["expected"]],
    ids=lambda one: one["id"],
)
def test_strict_changes_nothing_where_there_is_no_hole(case: Case) -> None:
    assert said(case, strict=True).label == case["expected"]["kayenta"]


class TestInfinities:
    def test_of_both_sides_say_nothing_in_strict_mode(self) -> None:
        ours, theirs = np.append(STEADY, math.inf), np.append(STEADY + 1.0, math.inf)
        found = classify(ours, theirs, STRICT)
        assert found.label is Label.PASS
        assert found.experiment.count == found.control.count == len(STEADY)

    def test_in_the_harmless_direction_are_dropped_in_strict_mode(self) -> None:
        found = classify(np.append(STEADY, -math.inf), STEADY + 1.0, STRICT)
        assert found.label is Label.PASS
        assert found.experiment.count == len(STEADY)

    def test_of_the_canary_alone_are_low_where_a_decrease_is_bad(self) -> None:
        bad = replace(STRICT, direction=Direction.DECREASE)
        assert classify(np.append(STEADY, -math.inf), STEADY, bad).label is Label.LOW
        assert classify(np.append(STEADY, math.inf), STEADY, bad).label is Label.PASS

    def test_constant_and_infinite_is_a_pass_in_parity(self) -> None:
        assert classify(np.full(9, math.inf), np.full(9, 1.0), WORSE).label is Label.PASS


class TestNoData:
    def test_one_value_on_either_side_is_kayentas_error(self) -> None:
        """Where they are near each other; farther apart its noise gets lost in rounding."""
        found = classify(np.array([1.5]), np.array([1.0]), WORSE)
        assert (found.label, found.critical, found.ratio) == (Label.ERROR, False, None)
        lower = replace(WORSE, direction=Direction.DECREASE)
        assert classify(np.array([1e6]), np.array([1.0]), lower).label is Label.PASS

    def test_one_value_on_either_side_is_too_little_in_strict_mode(self) -> None:
        found = classify(np.array([2.0]), np.array([1.0]), STRICT)
        assert (found.label, found.critical, found.scarce) == (Label.NODATA, True, True)
        assert "1 values against 1 can be 0% sure at most, 98% is asked" in found.reason

    @pytest.mark.parametrize(("ours", "theirs", "scarce"), [(4, 4, True), (4, 5, False)])
    def test_strict_asks_for_what_the_exact_test_needs(
        self, ours: int, theirs: int, scarce: bool
    ) -> None:
        found = classify(100.0 + np.arange(ours), 1.0 + np.arange(theirs), STRICT)
        assert found.scarce is scarce
        assert found.label is (Label.NODATA if scarce else Label.HIGH)

    def test_a_baseline_that_vanished_is_missing_in_strict_mode_only(self) -> None:
        replaces = KayentaRules(nan_strategy=NanStrategy.REPLACE, must_have_data=True)
        lenient = replace(WORSE, rules=replaces, critical=False)
        assert classify(STEADY, NOTHING[:0], lenient).label is Label.PASS
        strict = replace(lenient, strict=True)
        assert classify(STEADY, NOTHING[:0], strict).label is Label.NODATA_FAIL_METRIC

    def test_some_gaps_are_replaced_in_strict_mode_too(self) -> None:
        replaces = KayentaRules(nan_strategy=NanStrategy.REPLACE)
        found = classify(np.append(STEADY, np.nan), STEADY, replace(STRICT, rules=replaces))
        assert (found.experiment.count, found.experiment.min) == (len(STEADY) + 1, 0.0)


class TestConstantSides:
    def test_the_same_twice(self) -> None:
        twice = [classify(np.full(7, 3.0), np.full(9, 2.0), WORSE) for _ in range(2)]
        assert twice[0] == twice[1]
        assert twice[0].label is Label.HIGH
        assert twice[0].ratio == pytest.approx(1.5, rel=1e-5)

    def test_a_negative_zero_is_a_zero(self) -> None:
        assert classify(np.array([1e-9]), np.array([-0.0]), WORSE).label is Label.ERROR

    def test_a_baseline_of_minus_infinity_passes(self) -> None:
        assert classify(np.full(6, 2.0), np.full(6, -math.inf), WORSE).label is Label.PASS

    def test_strict_needs_no_noise(self) -> None:
        found = classify(np.full(7, 3.0), np.full(9, 2.0), STRICT)
        assert found.label is Label.HIGH
        assert found.shift is not None
        assert (found.shift.low, found.shift.high, found.shift.estimate) == (1.0, 1.0, 1.0)

    def test_the_statistics_are_those_without_noise(self) -> None:
        assert classify(np.full(7, 3.0), np.full(9, 2.0), WORSE).experiment.std == 0.0


class TestManyAtOnce:
    """Bit for bit what each says by itself."""

    def pairs(self, size: int, kinds: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(size)
        found = []
        for at in range(2 * FEWEST_TOGETHER):
            ours, theirs = rng.gamma(2.0, 3.0, size), rng.gamma(2.0, 2.0, size)
            if at % kinds == 1:
                ours, theirs = ours.round(), theirs.round()
            if at % kinds == 2:
                ours, theirs = np.full(size, 3.0 + at), np.full(size, 2.0)
            if at % kinds == 3:
                theirs = ours[::-1]
            found.append((ours, theirs))
        return found

    @pytest.mark.parametrize("size", [0, 1, 2, 5, 60])
    @pytest.mark.parametrize("measure", list(EffectMeasure))
    def test_of_the_same_sizes(self, size: int, measure: EffectMeasure) -> None:
        terms = replace(WORSE, rules=KayentaRules(effect=EffectSize(measure)))
        pairs = self.pairs(size)
        assert as_text(classify_all(pairs, terms)) == as_text([classify(*p, terms) for p in pairs])

    @pytest.mark.parametrize(
        "terms", [STRICT, replace(WORSE, rules=KayentaRules(outlier_factor=1.0))]
    )
    def test_with_gaps_infinities_and_outliers(self, terms: Terms) -> None:
        pairs = self.pairs(30)
        pairs[5][0][3], pairs[9][1][4], pairs[12][0][:] = np.nan, np.inf, np.nan
        each = [classify(*pair, terms) for pair in pairs]
        assert as_text(classify_all(pairs, terms)) == as_text(each)
        assert as_text(classify_all(pairs, WORSE)) == as_text([classify(*p, WORSE) for p in pairs])


def as_text(said: list[Classification]) -> list[str]:
    """NaN is equal to itself in it, and no bit is lost."""
    return [repr(one) for one in said]


def test_outliers_are_dropped_on_either_side_where_asked() -> None:
    keeps = classify(np.append(STEADY, 1e6), STEADY, WORSE)
    drops = classify(
        np.append(np.tile(STEADY, 3), 1e6),
        STEADY,
        replace(WORSE, rules=KayentaRules(outlier_factor=3.0)),
    )
    assert keeps.experiment.max == 1e6
    assert drops.experiment.max == 105.0


def test_units_change_kayentas_answer_and_not_the_strict_one() -> None:
    rng = np.random.default_rng(7)
    ours, theirs = 2e-4 * rng.uniform(0.5, 1.5, 60), 1e-4 * rng.uniform(0.5, 1.5, 60)
    parity = {classify(unit * ours, unit * theirs, WORSE).label for unit in (1.0, 1e-2, 1e3)}
    strict = {classify(unit * ours, unit * theirs, STRICT).label for unit in (1.0, 1e-2, 1e3)}
    assert parity == {Label.PASS, Label.HIGH}
    assert strict == {Label.HIGH}


def test_an_effect_at_its_threshold_reaches_it_in_every_unit_of_a_strict_answer() -> None:
    at = EffectSize(allowed_increase=1.2, critical_increase=1.2)
    terms = replace(STRICT, rules=KayentaRules(effect=at))
    units = [one / 1000.0 for one in range(1, 60)]
    said = [classify(unit * 1.2 * STEADY, unit * STEADY, terms) for unit in units]
    assert min(one.effect for one in said) < 1.2  # by the rounding of the unit alone
    assert {(one.label, one.critical) for one in said} == {(Label.HIGH, True)}


values = st.lists(st.integers(-40, 400).map(float), min_size=1, max_size=14).map(np.array)
directions = st.sampled_from(list(Direction))
seeded = settings(max_examples=150, deadline=None, derandomize=True)


wild = st.lists(st.floats(width=64), max_size=12).map(np.array)
strategies = st.sampled_from(list(NanStrategy))
measures = st.sampled_from(list(EffectMeasure))


@seeded
@given(wild, wild, directions, strategies, measures, st.booleans())
def test_whatever_the_values_there_is_an_answer(
    ours, theirs, direction, strategy, measure, strict
) -> None:
    rules = KayentaRules(strategy, 3.0, effect=EffectSize(measure))
    terms = Terms("x", rules, direction, critical=True, strict=strict)
    assert classify(ours, theirs, terms).label in Label


@seeded
@given(values, values, directions, st.floats(1e-9, 1e9))
def test_no_unit_changes_a_strict_answer(ours, theirs, direction, unit) -> None:
    strict = Terms("latency", direction=direction, critical=True, strict=True)
    plain, scaled = (classify(u * ours, u * theirs, strict) for u in (1.0, unit))
    assert (plain.label, plain.critical) == (scaled.label, scaled.critical)


@seeded
@given(values, values, directions, st.booleans())
def test_labels_fit_the_direction_and_critical_ones_are_not_passes(
    ours, theirs, direction, strict
) -> None:
    found = classify(ours, theirs, Terms("x", direction=direction, critical=True, strict=strict))
    assert not (found.label is Label.HIGH and direction is Direction.DECREASE)
    assert not (found.label is Label.LOW and direction is Direction.INCREASE)
    assert not (found.critical and found.label is Label.PASS)
    if found.label in (Label.HIGH, Label.LOW):
        assert found.shift is not None


@seeded
@given(values, values)
def test_a_mirror_turns_a_strict_high_into_low(ours, theirs) -> None:
    """Without a bar on the effect: its ratio of means is not the mirror's."""
    strict = Terms("x", ANY_EFFECT, strict=True)
    plain, mirror = (classify(sign * ours, sign * theirs, strict) for sign in (1.0, -1.0))
    assert mirror.label is MIRRORED.get(plain.label, plain.label)


@seeded
@given(values, values)
def test_exchanging_the_sides_turns_a_strict_high_into_low(ours, theirs) -> None:
    strict = Terms("x", ANY_EFFECT, strict=True)
    plain, other = classify(ours, theirs, strict), classify(theirs, ours, strict)
    assert other.label is MIRRORED.get(plain.label, plain.label)
