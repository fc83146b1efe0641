"""Conditions mean here what they mean to Argo Rollouts, and where they put bounds.

``argo-conditions.json`` is what Argo Rollouts' own evaluation (utils/evaluate of v1.10.0-rc1 with
expr v1.17.7) answered for each pair of conditions and each result: 34 pairs as people write them,
then 120 that were generated (without `default`, which Argo Rollouts types only as it runs).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from judge.dialects.argo.conditions import Conditions, Range
from judge.dialects.argo.expressions import Result, parse
from judge.dialects.argo.tokens import ConditionError

OBSERVED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "argo-conditions.json").read_text(encoding="utf-8")
)


def conditions(success: str = "", failure: str = "") -> Conditions:
    return Conditions(parse(success) if success else None, parse(failure) if failure else None)


def result(written: Any) -> Result:
    """`NaN` and the infinities are texts in JSON."""
    return [float(one) for one in written] if isinstance(written, list) else float(written)


@pytest.mark.parametrize(
    "row", OBSERVED["conditions"], ids=lambda row: f"{row['success']} ; {row['failure']}"
)
def test_a_measurement_comes_to_what_it_does_in_argo(row: dict[str, Any]) -> None:
    read = conditions(row["success"], row["failure"])
    said = [read.phase(result(one)).value for one in OBSERVED["results"]]
    told = dict(zip(map(str, OBSERVED["results"]), said, strict=True))
    assert told == dict(zip(map(str, OBSERVED["results"]), row["phases"], strict=True))


@pytest.mark.parametrize(
    ("success", "failure", "wanted"),
    [
        ("result[0] >= 0.95", "", Range(0.95, None)),
        ("result[0] > 0.95", "", Range(0.95, None, (0.95,))),
        ("result < 0.05", "", Range(None, 0.05, (0.05,))),
        ("", "result[0] >= 0.05", Range(None, 0.05, (0.05,))),
        ("", "result[0] > 0.05", Range(None, 0.05)),
        ("result[0] >= 0.95 && result[0] < 2", "", Range(0.95, 2.0, (2.0,))),
        ("result[0] < 0.05", "result[0] >= 0.1", Range(None, 0.1, (0.1,))),
        ("all(result, {# <= 0.05})", "", Range(None, 0.05)),
        ("len(result) == 0 || result[0] <= 5", "", Range(None, 5.0)),
        ("isNaN(result[0]) || result[0] >= 0.95", "", Range(0.95, None)),
        ("default(result, 0) <= 5", "", Range(None, 5.0)),
        ("asFloat(result[0]) * 100 >= 95", "", Range(0.95, None)),
        ("1 - result[0] <= 0.25", "", Range(0.75, None)),
        ("0.5 <= result[0] <= 2", "", Range(0.5, 2.0)),
        ("result[0] == 0", "", Range(0.0, 0.0)),
        ("!(result[0] > 1) && result[0] < 3", "", Range(None, 1.0)),
    ],
)
def test_the_good_values_lie_between_bounds(success: str, failure: str, wanted: Range) -> None:
    assert conditions(success, failure).range() == wanted


@pytest.mark.parametrize(
    ("success", "failure"),
    [
        ("result[0] < 1 || result[0] > 2", ""),  # in two pieces
        ("result[0] != 0", ""),
        ("len(result) > 0", ""),  # nothing fails
        ("result[0] < 1 && result[0] > 2", ""),  # everything does
        ("", "false"),
    ],
)
def test_what_has_no_one_range_says_so(success: str, failure: str) -> None:
    assert conditions(success, failure).range() is None


def test_values_that_neither_condition_takes_are_known() -> None:
    assert conditions("result[0] < 0.05", "result[0] >= 0.1").undecided()
    assert not conditions("result[0] < 0.1", "result[0] >= 0.1").undecided()
    assert not conditions("result[0] < 0.1").undecided()


def test_a_nan_makes_no_bound() -> None:
    assert conditions("result[0] >= 0.95").of_value(math.nan).value == "Failed"


@pytest.mark.parametrize(
    ("text", "offset", "what"),
    [
        ("result[0] >=", 12, "the end"),
        ("", 0, "the end"),
        ("result[1] > 0", 7, "another series"),
        ("result.ok == 'true'", 6, ".ok =="),
        ("result[0] ** 2 > 1", 11, "'*'"),
        ("result[0] * result[0] > 1", 10, "no multiple"),
        ("1 / result[0] > 1", 2, "no multiple"),
        ("asInt(result[0]) > 1", 0, "'asInt'"),
        ("result[0] > 1 ? true : false", 14, "'? true"),
        ("result[0] > 1 &&\n  foo(result)", 19, "'foo'"),
        ("result == 5", 7, "compares result itself"),
        ("result < 5 || result[0] > 1", 0, "write result[0] everywhere"),
        ("result[0]", 0, "no true or false"),
        ("all(result, {all(result, {# > 1})})", 13, "another predicate"),
        ("# > 1", 0, "'#'"),
        ("default(result[0], 0) > 1", 8, "not the result"),
        ("(" * 60 + "true" + ")" * 60, 30, "too deep"),
        ("!" * 1900 + "true", 59, "too deep"),
        ("true" + " && true" * 300, 2000, "longer than 2000"),
        ("result[0] > 0x10", 12, "'0x10'"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, offset: int, what: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text)
    assert what in str(refused.value)
    assert refused.value.offset == offset


def test_a_long_condition_is_read_and_said() -> None:
    many = " && ".join(f"result[0] < {i}" for i in range(60, 150))
    assert conditions(many).range() == Range(None, 60.0, (60.0,))
    chained = "<".join(map(str, range(500))) + "<result[0]"
    assert conditions(chained).range() == Range(499.0, None, (499.0,))


@pytest.mark.parametrize(
    ("success", "failure", "wanted"),
    [
        ("result[0] < 5", "", ""),
        ("result < 5", "", ""),
        ("all(result, {# < 5})", "", "max"),
        ("none(result, {# >= 5})", "", "max"),
        ("", "any(result, {# >= 5})", "max"),
        ("any(result, {# < 5})", "", "min"),
        ("all(result, {# > 5})", "", "min"),
        ("any(result, {# > 5})", "", "max"),
        ("all(result, {# > 1 && # < 5})", "", "each"),
        ("len(result) > 0", "", ""),
    ],
)
def test_which_of_several_series_must_be_good(success: str, failure: str, wanted: str) -> None:
    assert conditions(success, failure).of_series() == wanted
