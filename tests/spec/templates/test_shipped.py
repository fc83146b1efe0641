"""Every shipped template, read from a real Prometheus, yields what its exporter counted."""

from __future__ import annotations

import pytest

from judge.spec.metric_template import shipped_templates
from tests.spec.templates.cases import CASES
from tests.spec.templates.harness import METRIC, Case, look, plain

# One Prometheus for all, in whatever worker.
pytestmark = pytest.mark.xdist_group("templates")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_yields_what_was_counted_by_track_and_pod(prometheus: str, case: Case) -> None:
    interval = look(case, prometheus)
    assert interval.absent == {}
    found = interval.samples[METRIC]
    assert {track: set(pods) for track, pods in found.items()} == {
        track: set(pods) for track, pods in case.expected.items()
    }
    for track, pods in case.expected.items():
        for pod, sample in pods.items():
            assert type(found[track][pod]) is type(sample)
            assert plain(found[track][pod]) == pytest.approx(plain(sample), rel=1e-9), pod


def test_every_shipped_template_has_a_case() -> None:
    assert set(shipped_templates()) == {case.template for case in CASES}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_would_see_two_tracks_exchanged(case: Case) -> None:
    baseline, canary = ([plain(one) for one in pods.values()] for pods in case.expected.values())
    assert baseline != canary
