"""The range of a metric, held against what Flagger 1.44 was seen to decide."""

from __future__ import annotations

import math
from typing import Any

import pytest

from judge.dialects.flagger.importing.bounds import BUILTINS, bounds_of
from judge.dialects.flagger.importing.canary import Metric

RATE, DURATION, CUSTOM = "request-success-rate", "request-duration", "my metric"
TEMPLATE = {"templateRef": {"name": "tpl"}}

# Its decisions on a number that was there: name, what is written, the number, whether it passed.
SEEN: list[tuple[str, dict[str, Any], float, bool]] = [
    (RATE, {"thresholdRange": {"min": 99}}, 99, True),
    (RATE, {"thresholdRange": {"max": 99.5}}, 100, False),
    (RATE, {"thresholdRange": {}}, 0, True),
    (RATE, {"threshold": 99, "thresholdRange": {"min": 90}}, 98, True),
    (RATE, {"thresholdRange": {"min": 99}}, 100, True),
    (DURATION, {"thresholdRange": {"max": 500}}, 500.9, True),
    (DURATION, {"thresholdRange": {"max": 500.9}}, 500, True),
    (DURATION, {"thresholdRange": {"max": 500}}, 1515, False),
    (DURATION, {"thresholdRange": {"min": 10}}, 5, False),
    (CUSTOM, {**TEMPLATE, "thresholdRange": {"max": 5}}, 5.004, False),
    (CUSTOM, {**TEMPLATE, "thresholdRange": {"max": 5}}, math.inf, False),
    (CUSTOM, TEMPLATE, 1, False),
    (CUSTOM, {**TEMPLATE, "threshold": 5}, 6, False),
    (CUSTOM, {"query": "up", "thresholdRange": {"max": 5}}, 1, True),
]


@pytest.mark.parametrize(("name", "fields", "value", "passed"), SEEN)
def test_within_it_is_what_flagger_let_pass(
    name: str, fields: dict[str, Any], value: float, passed: bool
) -> None:
    metric = Metric.model_validate({"name": name, **fields})
    bounds = bounds_of(metric, name if name in BUILTINS else "")
    number = math.trunc(value) if name == DURATION else value
    least = -math.inf if bounds.least is None else bounds.least
    most = math.inf if bounds.most is None else bounds.most
    assert (least <= number <= most) is passed


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        (RATE, {}, "every success rate passes"),
        (RATE, {"thresholdRange": {}}, "every number passes"),
        (DURATION, {}, "nothing above 0"),
        (CUSTOM, TEMPLATE, "nothing above 0"),
        (DURATION, {"thresholdRange": {"max": 500.9}}, "drops the fraction"),
        (DURATION, {"threshold": 500}, ""),
        (RATE, {"threshold": 99}, ""),
    ],
)
def test_what_nobody_would_expect_is_told(name: str, fields: dict[str, Any], said: str) -> None:
    bounds = bounds_of(Metric.model_validate({"name": name, **fields}), name)
    assert said in bounds.silent
    assert bool(said) is bool(bounds.silent)


def test_a_duration_of_at_least_0_is_any() -> None:
    metric = Metric.model_validate({"name": DURATION, "thresholdRange": {"min": 0, "max": 500}})
    assert (bounds_of(metric, DURATION).least, bounds_of(metric, DURATION).most) == (None, 500.0)
    assert bounds_of(metric).least == 0.0
