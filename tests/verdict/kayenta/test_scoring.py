"""Scores out of labels: Kayenta's own cases, its rounding, and what strict mode counts."""

from __future__ import annotations

import pytest

from judge.stats.effect_sizes import Summary
from judge.verdict.kayenta.labels import Classification, Label
from judge.verdict.kayenta.scoring import Result, Score, classified, rounded, score
from tests.kayenta_cases import Case, parametrized

EMPTY = Summary(0.0, 0.0, 0.0, 0.0, 0)


def result(label: str, *groups: str, critical: bool = False, name: str = "latency") -> Result:
    reason = f"{name} was classified as {label}"
    said = Classification(Label(label), EMPTY, EMPTY, reason=reason, critical=critical)
    return Result(name, said, groups)


def by_name(found: Score) -> dict[str, float]:
    return {group.name: group.points for group in found.groups}


@parametrized("score")
def test_scores_as_kayenta_does(case: Case) -> None:
    results = [
        result(one["classification"], *one["groups"], critical=one["critical"], name=one["name"])
        for one in case["metrics"]
    ]
    found, expected = score(results, case["groupWeights"]), case["expected"]
    assert found.points == expected["summaryScore"]
    assert by_name(found) == expected.get("groupScores", by_name(found))
    points = sorted(by_name(found).values())
    assert points == expected.get("groupScoresSorted", points)


def test_the_first_critical_result_says_why() -> None:
    found = score(
        [result("High", "a", name="one"), result("Low", "a", critical=True, name="two")], {}
    )
    assert found.reason == "Canary Failed: two was classified as Low"
    assert [one.metric for one in found.owed] == ["two"]


def test_half_without_data_is_too_much() -> None:
    found = score([result("Pass", "a"), result("Nodata", "a")], {})
    assert (found.points, found.reason) == (
        0.0,
        "Canary Failed: 50% or more metrics returned NODATA",
    )


def test_a_metric_counts_in_each_of_its_groups() -> None:
    results = [result("Pass", "a", "b"), result("High", "b")]
    assert by_name(score(results, {})) == {"a": 100.0, "b": 50.0}


def test_groups_without_a_weight_share_what_is_left() -> None:
    results = [result("High", "a"), result("Pass", "b"), result("Pass", "c")]
    assert score(results, {"a": 40.0}).points == 60.0


class TestHoles:
    """What Kayenta lets through, and strict mode does not."""

    GONE = (
        result("Nodata", "big", name="one"),
        result("Nodata", "big", name="two"),
        result("Pass", "small", name="three"),
        result("High", "small", name="four"),
        result("Pass", "small", name="five"),
    )
    WEIGHTS = {"big": 60.0, "small": 40.0}  # noqa: RUF012

    def test_a_group_that_is_gone_counts_as_good(self) -> None:
        assert score(self.GONE, self.WEIGHTS).points == pytest.approx(60 + 40 * 2 / 3, abs=0.01)
        assert score(self.GONE, self.WEIGHTS, strict=True).points == 66.67

    def test_an_error_counts_as_good(self) -> None:
        errors = [result("Error", "a"), result("Pass", "b")]
        assert score(errors, {}).points == 100.0
        assert score(errors, {}, strict=True).points == 50.0

    def test_a_metric_in_no_group_is_ignored(self) -> None:
        results = [result("Pass", "a"), result("High", name="loose")]
        assert score(results, {}).points == 100.0
        strict = score(results, {}, strict=True)
        assert (strict.points, by_name(strict)) == (50.0, {"a": 100.0, "loose": 0.0})

    def test_a_group_beside_full_weights_has_no_weight(self) -> None:
        results = [result("Pass", "a"), result("High", "b")]
        assert score(results, {"a": 100.0}).points == 100.0
        assert score(results, {"a": 100.0}, strict=True).points == 50.0

    def test_weights_that_do_not_add_up_are_never_good_enough(self) -> None:
        assert score([result("Pass", "a")], {"a": 30.0}).points == 30.0
        assert score([result("Pass", "a")], {"a": 30.0}, strict=True).points == 100.0


def test_nothing_scored_is_0() -> None:
    assert score([], {}).points == 0.0
    assert score([result("Pass")], {}).points == 0.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (66.665, 66.67),
        (66.675, 66.68),
        (2.675, 2.68),
        (0.005, 0.01),
        (-0.005, -0.01),
        (100.0, 100.0),
    ],
)
def test_halves_are_rounded_up_by_their_digits(value: float, expected: float) -> None:
    assert rounded(value) == expected


@pytest.mark.parametrize(("points", "label"), [(95.0, "Pass"), (75.0, "Marginal"), (74.99, "Fail")])
def test_thresholds_are_part_of_the_better_side(points: float, label: str) -> None:
    assert classified(points, passing=95.0, marginal=75.0) == label
