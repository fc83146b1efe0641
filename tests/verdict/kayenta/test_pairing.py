"""Which series are compared: Kayenta's own cases, and what stands in for what is not there."""

from __future__ import annotations

import numpy as np
import pytest

from judge.verdict.kayenta.pairing import TaggedValues, Unpaired, pairs
from tests.kayenta_cases import Case, parametrized


def side(written: list[dict]) -> list[TaggedValues]:
    return [
        TaggedValues(
            one["tags"],
            np.array(one["values"], dtype=float),
            (one.get("endMs", 0) - one.get("startMs", 0)) // one.get("stepMs", 1),
        )
        for one in written
    ]


@parametrized("mix")
def test_pairs_as_kayenta_does(case: Case) -> None:
    control, experiment, expected = (
        side(case["control"]),
        side(case["experiment"]),
        case["expected"],
    )
    if isinstance(expected, dict):
        with pytest.raises(Unpaired, match=expected["error"]):
            pairs(control, experiment)
        return
    found = pairs(control, experiment)
    assert [one.tags for one in found] == [one["tags"] for one in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.control, other["control"])
        np.testing.assert_array_equal(one.experiment, other["experiment"])


def values(zone: str, *numbers: float) -> TaggedValues:
    return TaggedValues({"zone": zone}, np.array(numbers), len(numbers))


def test_what_one_side_lacks_is_filled_with_as_many_gaps_as_its_first_series_has_values() -> None:
    found = pairs([values("a", 1, 2, 3)], [values("a", 4, 5), values("b", 6, 7)])
    assert [one.tags["zone"] for one in found] == ["a", "b"]
    assert np.isnan(found[1].control).all()
    assert len(found[1].control) == 3


def test_values_without_labels_are_not_compared_with_labelled_ones() -> None:
    control = [TaggedValues({}, np.array([9.0, 9.0]), 2), values("a", 1.0, 1.0)]
    found = pairs(control, [values("a", 4, 5)])
    assert [one.tags for one in found] == [{"zone": "a"}]
    assert np.isnan(found[0].control).all()
