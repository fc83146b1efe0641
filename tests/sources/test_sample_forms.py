"""Samples as JSON: the same to the last bit, and nonsense refused with its place."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from judge.errors import BundleError
from judge.sources.sample_forms import reader, sample_document
from judge.spec.resolved import Kind
from judge.stats.samples import Count, Histogram, Level, Sample

LATENCY = Histogram((0.1, 0.5, math.inf), (400.0, 500.0, 512.0), 51.2)
SAMPLES = {
    "counts": (Kind.PROPORTION, Count(3.0, 512.0)),
    "infinite counts": (Kind.PROPORTION, Count(math.inf, math.nan)),
    "counts that a gauge gave": (Kind.PROPORTION, Count(-math.inf, 2.0)),
    "a histogram": (Kind.HISTOGRAM, LATENCY),
    "a histogram without its sum": (Kind.HISTOGRAM, Histogram((0.1, math.inf), (1.0, 2.0))),
    "a histogram of nothing": (Kind.HISTOGRAM, Histogram((math.inf,), (0.0,), 0.0)),
    "bounds below nothing": (Kind.HISTOGRAM, Histogram((-0.3, 0.0, math.inf), (1.0, 2.0, 2.0))),
    "thirds": (Kind.HISTOGRAM, Histogram((1 / 3, math.inf), (2 / 3, 1e16 + 2), 0.1 + 0.2)),
    "counts that are not finite": (
        Kind.HISTOGRAM,
        Histogram((1.0, math.inf), (math.nan, math.inf), -math.inf),
    ),
    "a level": (Kind.GAUGE, Level(1.2e8)),
    "a level below nothing": (Kind.GAUGE, Level(-0.1)),
    "no number": (Kind.GAUGE, Level(math.nan)),
}


@pytest.mark.parametrize(("kind", "sample"), SAMPLES.values(), ids=SAMPLES.keys())
def test_a_sample_comes_back_as_it_was_written(kind: Kind, sample: Sample) -> None:
    document = msgspec.json.decode(msgspec.json.encode(sample_document(sample)))
    assert repr(reader(kind)(document, "here")) == repr(sample)
    assert repr(reader(None)(document, "here")) == repr(sample)


def test_infinity_is_a_word_and_an_unknown_sum_is_left_out() -> None:
    assert sample_document(LATENCY) == {
        "buckets": [[0.1, 400.0], [0.5, 500.0], ["+Inf", 512.0]],
        "sum": 51.2,
    }
    assert "sum" not in sample_document(Histogram((math.inf,), (0.0,)))


def test_whole_numbers_are_numbers() -> None:
    document = {"buckets": [[1, 4], ["+Inf", 5]], "sum": 6}
    assert reader(Kind.HISTOGRAM)(document, "here") == Histogram((1.0, math.inf), (4.0, 5.0), 6.0)
    assert reader(Kind.GAUGE)({"value": 3}, "here") == Level(3.0)


def buckets(*pairs: Any) -> dict[str, Any]:
    return {"buckets": list(pairs)}


ALL = ["+Inf", 5]


@pytest.mark.parametrize(
    ("kind", "document", "told"),
    [
        (Kind.HISTOGRAM, {}, "here.buckets: is no list"),
        (Kind.HISTOGRAM, buckets(), "here.buckets: is no list"),
        (Kind.HISTOGRAM, {"buckets": {"0.1": 4}}, "here.buckets: is no list"),
        (Kind.HISTOGRAM, buckets([1], ALL), "here.buckets[0]: [1] is no [bound, count]"),
        (Kind.HISTOGRAM, buckets([1, 4], "x"), "here.buckets[1]: 'x' is no [bound, count]"),
        (Kind.HISTOGRAM, buckets(["x", 4], ALL), "here.buckets[0]: 'x' is no number"),
        (Kind.HISTOGRAM, buckets([1, True], ALL), "here.buckets[0]: True is no number"),
        (Kind.HISTOGRAM, buckets([1, 4]), "here.buckets: end with 1; the last bound"),
        (Kind.HISTOGRAM, buckets([2, 4], [1, 5], ALL), "here.buckets: the bounds do not ascend"),
        (Kind.HISTOGRAM, buckets([1, 4], [1, 4], ALL), "here.buckets: the bounds do not ascend"),
        (Kind.HISTOGRAM, buckets(["NaN", 4], ALL), "here.buckets: the bounds do not ascend"),
        (Kind.HISTOGRAM, buckets(["-Inf", 4], ALL), "here.buckets: the bounds do not ascend"),
        (Kind.HISTOGRAM, buckets([1, 6], ALL), "here.buckets: the counts fall"),
        (Kind.HISTOGRAM, buckets([1, -1], ALL), "here.buckets: the counts fall"),
        (Kind.HISTOGRAM, {**buckets(ALL), "sum": "x"}, "here.sum: 'x' is no number"),
        (Kind.HISTOGRAM, {"value": 1}, "here: has value; its metric is a histogram"),
        (Kind.GAUGE, {"events": 1, "total": 2}, "here: has events, total; its metric is a gauge"),
        (Kind.GAUGE, {}, "here.value: None is no number"),
        (Kind.GAUGE, {"value": "much"}, "here.value: 'much' is no number"),
        (Kind.PROPORTION, buckets(ALL), "here: has buckets; its metric is a proportion"),
        (Kind.PROPORTION, {"events": 1, "total": -1}, "here: counts are increments"),
        (None, {}, "here.events: None is no number"),
        (None, {"value": 1, "total": 2}, "here: has total, value"),
        (None, [], "here: is no object"),
    ],
)
def test_nonsense_is_refused_with_its_place(kind: Kind | None, document: Any, told: str) -> None:
    with pytest.raises(BundleError) as error:
        reader(kind)(document, "here")
    assert str(error.value).startswith(told)
