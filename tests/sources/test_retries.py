"""Pauses between tries."""

from __future__ import annotations

import random

import pytest

from judge.sources.retries import Retries, retry_after


def test_pauses_are_jittered_over_a_growing_range_up_to_the_cap() -> None:
    retries = Retries(base=1.0, cap=5.0)
    for failed, most in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (9, 5.0)):
        pauses = [
            retries.pause(failed, asked=None, generator=random.Random(seed)) for seed in range(200)
        ]
        assert min(pauses) < 0.1 * most
        assert 0.9 * most < max(pauses) <= most


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, now=10.0) == seconds
