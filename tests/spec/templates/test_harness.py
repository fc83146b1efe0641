"""Cases share one storage, and must not lend each other series by mistake."""

from __future__ import annotations

import pytest

from judge.stats.samples import Count
from tests.servers.exposition import Series
from tests.spec.templates.harness import END, START, Case, counter, gauge, storage

SERIES = counter("requests_total", 30, {"pod": "a"})


def case(*series: Series) -> Case:
    return Case("http-error-rate", series, {"canary": {"a": Count(0, 30)}})


def test_what_two_cases_share_is_stored_once() -> None:
    other = counter("requests_total", 30, {"pod": "b"})
    assert storage([case(SERIES), case(SERIES, other)]) == [SERIES, other]


def test_two_cases_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match=r'another case has requests_total\{pod="a"\}'):
        storage([case(SERIES), case(counter("requests_total", 31, {"pod": "a"}))])


def test_a_counter_grows_by_its_rate_in_the_minute_and_before() -> None:
    values = dict(SERIES.samples)
    assert values[END] - values[START] == 30
    assert values[START] - values[START - 60] == 30


def test_a_gauge_is_at_its_value_at_the_end_only() -> None:
    values = dict(gauge("depth", 7, {}, before=2).samples)
    assert (values[START], values[END]) == (2, 7)
