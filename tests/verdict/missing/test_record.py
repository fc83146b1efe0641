"""The recordings are those of the scenarios, small, and come out of a Prometheus again."""

import re

import pytest

from tests.verdict.missing.churn import NO_HISTORY, RESTARTS
from tests.verdict.missing.judged import judge, judged
from tests.verdict.missing.record import SCENARIOS, record
from tests.verdict.missing.recordings import FOLDER, bundles, documents, path
from tests.verdict.missing.scenario import LOOKS
from tests.verdict.missing.scrapes import CLOCKS_DIFFER

RELEASES = [(one.name, release) for one in SCENARIOS for release in one.releases]


def test_each_scenario_has_its_recording_and_no_other_lies_about():
    found = {one.name for one in FOLDER.iterdir()}
    assert found == {path(one.name).name for one in SCENARIOS}
    assert all(one.stat().st_size < 100_000 for one in FOLDER.iterdir())


@pytest.mark.parametrize(("name", "release"), RELEASES)
def test_a_release_was_looked_at_to_its_end_and_its_reason_can_be_read(name, release):
    assert len(bundles(name)[release].intervals) == LOOKS
    verdict = judged(name, release)
    reasons = [verdict.reason, *(one.reason for one in verdict.metrics.values())]
    for reason in reasons:
        assert not re.search(r"\b(nan|inf|None)\b(?!-)", reason)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_run_that_looks_again_and_again_says_what_its_replay_says(scenario):
    release = next(iter(scenario.releases))
    intervals = bundles(scenario.name)[release].intervals
    for looks in range(1, LOOKS + 1):
        said = judge(scenario.name, release).look(intervals[:looks], finished=looks == LOOKS)
        if said.decided:
            break
    assert said == judged(scenario.name, release)


@pytest.mark.xdist_group("prometheus")
def test_recorded_anew_scenarios_give_the_same_numbers(tmp_path):
    again = (NO_HISTORY, RESTARTS, CLOCKS_DIFFER)
    record(again, tmp_path)
    for one in again:
        for release, bundle in documents(tmp_path / path(one.name).name).items():
            before = documents(path(one.name))[release]
            assert bundle["intervals"] == before["intervals"], (one.name, release)
            assert bundle["history"] == before["history"], (one.name, release)
