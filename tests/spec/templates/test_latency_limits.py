"""A latency template's default limits can be tested on the buckets that its exporter has."""

from __future__ import annotations

import math

import numpy as np
import pytest

from judge.spec.metric_template import shipped_templates
from judge.spec.resolved import Kind
from judge.stats.boundaries import pairs
from judge.stats.samples import Histogram
from tests.spec.templates.cases import CASES
from tests.spec.templates.harness import Case, resolved
from tests.spec.templates.traffic import CLIENT

# Of the bounds whose multiple lies below the last one. Traefik has four bounds in all.
HALF = 0.5

HISTOGRAMS = [case for case in CASES if shipped_templates()[case.template].kind is Kind.HISTOGRAM]


def reach(bounds: tuple[float, ...], slowdown: float) -> float:
    """The share of bounds on which a test of ``slowdown`` can stand, of those low enough."""
    whole = np.array([*bounds, math.inf])
    low = [i for i, bound in enumerate(bounds) if bound * slowdown <= bounds[-1]]
    alone = [np.where(np.arange(len(whole)) == i, 0.1, np.nan) for i in low]
    return sum(pairs(whole, shares, slowdown) is not None for shares in alone) / len(low)


@pytest.mark.parametrize("case", HISTOGRAMS, ids=lambda case: case.id)
def test_the_limit_and_the_worst_can_be_tested_at_half_of_the_bounds(case: Case) -> None:
    (metric,) = resolved(case, "http://localhost").metrics
    sample = next(iter(case.expected["baseline"].values()))
    assert isinstance(sample, Histogram)
    assert metric.limit is not None
    assert metric.worst is not None
    assert reach(sample.bounds[:-1], metric.limit) >= HALF
    assert reach(sample.bounds[:-1], metric.worst) >= HALF


def test_there_is_something_to_choose() -> None:
    assert reach(CLIENT, 1.2) == 0
    assert reach(CLIENT, 2) < 0.8
    assert reach(CLIENT, 2.25) == 1
