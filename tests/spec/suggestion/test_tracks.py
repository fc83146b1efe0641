"""Which pods are which track, by every way that services tell them apart."""

from __future__ import annotations

import pytest

from judge.spec.promql import parse_matchers
from judge.spec.rendering import render
from judge.spec.suggestion.tracks import Groups, divide, namespaces, pod_label, track_labels

Pods = dict[str, dict[str, str]]


def groups(pods: Pods) -> Groups:
    return [({"pod": pod, **labels}, 10) for pod, labels in pods.items()]


TOLD_APART = {
    "track": (
        {"a": {"track": "stable"}, "b": {"track": "canary"}},
        'track="stable"',
        'track="canary"',
    ),
    "kept under another name by the scrape": (
        {"a": {"label_role": "primary"}, "b": {"label_role": "canary"}},
        'label_role="primary"',
        'label_role="canary"',
    ),
    "only the canary is labelled": (
        {"a": {}, "b": {"track": "canary"}, "c": {"track": "v1"}},
        'track!="canary"',
        'track="canary"',
    ),
    "two workloads": (
        {"a": {"destination_workload": "cart"}, "b": {"destination_workload": "cart-canary"}},
        'destination_workload!="cart-canary"',
        'destination_workload="cart-canary"',
    ),
    "Flagger's primary beside what it releases": (
        {"a": {"app": "cart-primary"}, "b": {"app": "cart"}},
        'app="cart-primary"',
        'app="cart"',
    ),
    "several values on one side": (
        {"a": {"track": "stable"}, "b": {"track": "canary-1"}, "c": {"track": "canary.2"}},
        'track="stable"',
        'track=~"canary-1|canary\\\\.2"',
    ),
    "names of pods": (
        {"cart-6d5f-x": {}, "cart-canary-7c9d-y": {}},
        'pod!~".*-canary-.*"',
        'pod=~".*-canary-.*"',
    ),
    "names of primary pods": (
        {"cart-primary-6d5f-x": {}, "cart-7c9d-y": {}},
        'pod=~".*-primary-.*"',
        'pod!~".*-primary-.*"',
    ),
    "the ReplicaSet's hash before the version": (
        {
            "a": {"pod_template_hash": "75dd", "version": "2"},
            "b": {"pod_template_hash": "75dd", "version": "2"},
            "c": {"pod_template_hash": "86bc", "version": "3"},
        },
        'pod_template_hash="75dd"',
        'pod_template_hash="86bc"',
    ),
}


@pytest.mark.parametrize("case", TOLD_APART)
def test_two_tracks_are_told_apart(case: str) -> None:
    pods, baseline, canary = TOLD_APART[case]
    found = divide(groups(pods), pod="pod")
    assert render(found.baseline, found.variables) == baseline
    assert render(found.canary, found.variables) == canary
    assert found.sure
    assert parse_matchers(found.baseline)


def test_a_revision_is_a_variable_that_the_next_release_sets() -> None:
    pods: Pods = {"a": {"version": "v1"}, "b": {"version": "v1"}, "c": {"version": "v2"}}
    found = divide(groups(pods), pod="pod")
    assert found.canary == 'version="{{ canaryRevision }}"'
    assert found.variables == {"baselineRevision": "v1", "canaryRevision": "v2"}
    assert "v1 2, v2 1; most pods are the baseline" in found.why


def test_as_many_pods_on_both_sides_leave_the_later_version_for_a_guess() -> None:
    found = divide(groups({"a": {"version": "1.10"}, "b": {"version": "1.9"}}), pod="pod")
    assert found.variables == {"baselineRevision": "1.9", "canaryRevision": "1.10"}
    assert not found.sure
    assert "that is a guess" in found.why


ONE_SIDED = {
    "stable alone": ({"a": {"track": "stable"}}, 'track="stable"', 'track="canary"'),
    "one version": (
        {"a": {"version": "v1"}},
        'version="{{ baselineRevision }}"',
        'version!="{{ baselineRevision }}"',
    ),
    "no label at all": ({"a": {}}, 'track!="canary"', 'track="canary"'),
    "a name that holds a role's word": (
        {"a": {"app": "main-street", "job": "prod/shop"}},
        'track!="canary"',
        'track="canary"',
    ),
    "a database's role": (
        {"a": {"role": "primary"}, "b": {"role": "replica"}},
        'track!="canary"',
        'track="canary"',
    ),
}


@pytest.mark.parametrize("case", ONE_SIDED)
def test_where_one_track_runs_the_other_is_guessed_and_said_so(case: str) -> None:
    pods, baseline, canary = ONE_SIDED[case]
    found = divide(groups(pods), pod="pod")
    assert (found.baseline, found.canary, found.sure) == (baseline, canary, False)


def test_pods_have_the_label_that_most_series_have() -> None:
    both = {"pod": "a", "instance": "10.0.0.1:80"}
    assert pod_label([(both, 90), ({"instance": "x"}, 10)]) == "pod"
    assert pod_label([(both, 10), ({"instance": "x"}, 90)]) == "instance"
    assert pod_label([({}, 5)]) == ""


def test_namespaces_are_those_of_the_first_label_that_is_there() -> None:
    found = [({"namespace": "b", "kubernetes_namespace": "x"}, 1), ({"namespace": "a"}, 1)]
    assert namespaces(found) == ["a", "b"]
    assert namespaces([({}, 1)]) == []


def test_every_label_is_asked_for_under_the_names_that_scrapes_give_it() -> None:
    assert {"track", "label_track", "rollouts_pod_template_hash"} <= set(track_labels())
