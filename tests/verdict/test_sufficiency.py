import numpy as np
import pytest

from judge.verdict.kinds.looked import Amount, Looked
from judge.verdict.sufficiency import lacking, unseen


def seen(**changed):
    requests = changed.pop("canary_total", 600), changed.pop("baseline_total", 5400)
    events = changed.pop("canary_events", 3), changed.pop("baseline_events", 27)
    enough = {"usable": 30, "planned": 30, "block": 1, "requests": requests, "events": events}
    return Amount(**{**enough, **changed})


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (seen(usable=14), "14 of 30 intervals had data on both tracks, a pass takes 15"),
        (seen(usable=2, planned=4), "2 of 4 intervals had data on both tracks, a pass takes 3"),
        (seen(usable=2, planned=2), "2 of 2 intervals had data on both tracks, a pass takes 3"),
        (seen(block=6, usable=17), "17 of 30 intervals had data on both tracks, a pass takes 18"),
        (seen(canary_total=49), "the shadow had 49 requests, a pass takes 50"),
        (seen(baseline_total=10), "the baseline had 10 requests, a pass takes 50"),
        (
            seen(canary_events=1, baseline_events=2, canary_total=499),
            "3 events in all and 499 shadow requests, a pass takes 5 events or 500 shadow requests",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_is_needed(amount, told):
    assert lacking(amount, "shadow") == told


@pytest.mark.parametrize(
    "amount",
    [seen(), seen(usable=15), seen(canary_events=0, baseline_events=0)],
)
def test_enough_is_enough(amount):
    assert lacking(amount, "canary") is None


def test_where_pods_are_counted_only_intervals_matter():
    few = Amount(30, 30, 1, events=(0, 0))
    assert lacking(few, "canary") is None
    assert lacking(Amount(3, 30, 1, events=(0, 0)), "canary")


def looked(canary, baseline, block=1):
    both = np.array(canary, bool), np.array(baseline, bool)
    return Looked(Amount(0, 30, block), None, None, 1.0, both, absent={})


@pytest.mark.parametrize(
    ("canary", "baseline", "gone"),
    [
        ([1, 1, 0, 0, 0], [1, 1, 1, 1, 1], 3),
        ([1, 1, 1, 1, 1], [1, 1, 0, 0, 0], 3),
        ([1, 1, 0, 0, 0], [1, 1, 0, 0, 0], 3),
        ([1, 1, 0, 1, 0], [1, 1, 1, 0, 1], 3),
        ([1, 1, 1, 0, 0], [1, 1, 1, 1, 1], 0),
        ([0, 0, 0, 0, 0], [1, 1, 1, 1, 1], 0),
        ([1, 0, 0, 0, 1], [1, 1, 1, 1, 1], 0),
    ],
    ids=["canary", "baseline", "both", "by turns", "a scrape failed", "never there", "back"],
)
def test_the_end_of_a_run_must_be_seen_but_for_a_scrape_that_failed(canary, baseline, gone):
    assert unseen(looked(canary, baseline)) == gone
