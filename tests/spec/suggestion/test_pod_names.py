"""Expressions of pods' names: each matches its own track's pods and none of the other's."""

from __future__ import annotations

import re

import pytest

from judge.spec.suggestion.pod_names import PodNames, expected, pod_names

STABLE = ("cart-6d5f8c7b9d-x2xzk", "cart-6d5f8c7b9d-b4cdf")
NEXT = ("cart-7c9d6f5b8c-q5rst",)

CASES = {
    "two Deployments": (
        ("cart-primary-6d5f8c7b9d-x2xzk",),
        STABLE,
        PodNames("cart-primary-[^-]+-[^-]+", "cart-[^-]+-[^-]+"),
    ),
    "two StatefulSets": (
        ("db-0", "db-1"),
        ("db-canary-0",),
        PodNames("db-[^-]+", "db-canary-[^-]+"),
    ),
    "one Deployment of two revisions": (
        STABLE,
        NEXT,
        PodNames("cart-6d5f8c7b9d-[^-]+", "cart-7c9d6f5b8c-[^-]+", lasting=False),
    ),
    "pods that nothing but their names tell apart": (
        ("db-0", "db-1"),
        ("db-2",),
        PodNames("db-0|db-1", "db-2", lasting=False),
    ),
    "a dot in a name": (("a.b-0",), ("a-b-0",), PodNames("a\\.b-[^-]+", "a-b-[^-]+")),
}


@pytest.mark.parametrize("case", CASES)
def test_each_track_has_its_own(case: str) -> None:
    baseline, canary, names = CASES[case]
    assert pod_names(baseline, canary, {}) == names
    for pattern, own, other in (
        (names.baseline, baseline, canary),
        (names.canary, canary, baseline),
    ):
        assert all(re.fullmatch(pattern, pod) for pod in own)
        assert not any(re.fullmatch(pattern, pod) for pod in other)


def test_a_revision_in_the_names_is_written_as_its_variable() -> None:
    revisions = {"baselineRevision": "6d5f8c7b9d", "canaryRevision": "7c9d6f5b8c"}
    assert pod_names(STABLE, NEXT, revisions) == PodNames(
        "cart-{{ baselineRevision }}-[^-]+", "cart-{{ canaryRevision }}-[^-]+"
    )


def test_without_pods_of_both_tracks_there_are_none() -> None:
    assert pod_names(STABLE, (), {}) is None
    assert pod_names(STABLE, STABLE, {}) is None


def test_a_canary_to_come_is_named_as_usual() -> None:
    names = expected(("cart-primary-6d5f8c7b9d-x2xzk",))
    assert names == PodNames("cart-primary-[^-]+-[^-]+", "cart-canary-[^-]+-[^-]+", lasting=False)
    assert expected(("db-0",)) is None
