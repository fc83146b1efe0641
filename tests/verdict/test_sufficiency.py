import pytest

from judge.verdict.sufficiency import Amount, lacking


def seen(**changed):
    enough = {
        "usable": 30,
        "planned": 30,
        "block": 1,
        "canary_events": 3,
        "canary_total": 600,
        "baseline_events": 27,
        "baseline_total": 5400,
    }
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
    assert lacking(amount, "shadow", exposures_are_pods=False) == told


@pytest.mark.parametrize(
    "amount",
    [seen(), seen(usable=15), seen(canary_events=0, baseline_events=0)],
)
def test_enough_is_enough(amount):
    assert lacking(amount, "canary", exposures_are_pods=False) is None


def test_where_pods_are_counted_only_intervals_matter():
    few = seen(canary_total=30, canary_events=0, baseline_events=0, baseline_total=30)
    assert lacking(few, "canary", exposures_are_pods=True) is None
    assert lacking(seen(usable=3), "canary", exposures_are_pods=True)
