import gzip
import json
import math

import pytest

from judge.errors import BundleError, SpecError
from judge.sources.recording import (
    bundle_document,
    bundle_from,
    interval_document,
    interval_from,
    read_bundle,
)
from judge.spec.resolved import Kind
from judge.stats.samples import Absence, Count, Histogram, Interval, Level

SAMPLES = {"error-rate": {"canary": {"a": Count(3, 512)}, "baseline": {"b": Count(2, 498)}}}


def bundle(**changed):
    return {
        "format": "judge-evidence/1",
        "analysis": {"metrics": [{"name": "error-rate", "kind": "proportion"}]},
        "intervals": [interval_document(Interval(600, 660, SAMPLES))],
        **changed,
    }


def test_an_interval_comes_back_as_it_was_written():
    interval = Interval(
        600,
        660,
        {"errors": {"canary": {"a": Count(math.inf, 10), "b": Count(1, 2)}}},
        weights={"canary": 0.1},
        absent={"errors": {"baseline": Absence.PARTIAL}},
    )
    assert interval_from(json.loads(json.dumps(interval_document(interval)))) == interval


def test_samples_of_every_kind_come_back_as_they_were_written():
    kinds = {"errors": Kind.PROPORTION, "latency": Kind.HISTOGRAM, "memory": Kind.GAUGE}
    interval = Interval(
        600,
        660,
        {
            "errors": {"canary": {"a": Count(1, 2)}},
            "latency": {"canary": {"a": Histogram((0.1, math.inf), (1, 2), 0.3)}},
            "memory": {"canary": {"a": Level(1.5)}},
        },
    )
    document = json.loads(json.dumps(interval_document(interval)))
    assert interval_from(document) == interval
    assert interval_from(document, judged=kinds) == interval


def test_samples_must_fit_their_metrics_kind():
    document = interval_document(Interval(0, 1, SAMPLES))
    with pytest.raises(BundleError, match=r"^interval\.samples\.error-rate\.canary\.a: has events"):
        interval_from(document, judged={"error-rate": Kind.GAUGE})


def test_nan_is_a_word():
    written = interval_document(
        Interval(0, 1, {"m": {"canary": {"a": Count(math.nan, -math.inf)}}})
    )
    assert written["samples"]["m"]["canary"]["a"] == {"events": "NaN", "total": "-Inf"}


def test_a_bundle_comes_back_as_it_was_written():
    first = bundle_from(bundle(history=[interval_document(Interval(0, 60, SAMPLES))]))
    again = bundle_from(
        json.loads(json.dumps(bundle_document(first.analysis, first.history, first.intervals)))
    )
    assert again == first


def test_samples_of_metrics_that_nobody_judges_are_left_out():
    document = bundle()
    document["intervals"][0]["samples"]["latency"] = {"canary": {"a": {"buckets": [["+Inf", 3]]}}}
    assert bundle_from(document).intervals[0].samples == SAMPLES


def test_without_a_duration_the_run_is_as_long_as_the_bundle():
    intervals = [interval_document(Interval(60 * i, 60 * i + 60, SAMPLES)) for i in range(7)]
    assert bundle_from(bundle(intervals=intervals)).analysis.looks == 7


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_is_read_packed_or_not(tmp_path, packed):
    data = json.dumps(bundle()).encode()
    path = tmp_path / "one.json.gz"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read_bundle(path).intervals[0].samples == SAMPLES


def changed(path, value):
    document = json.loads(json.dumps(bundle()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


POD = ("intervals", 0, "samples", "error-rate", "canary", "a")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "the bundle: is no object"),
        (changed(("format",), "judge-evidence/9"), "format: 'judge-evidence/9' is not known"),
        ({"format": "judge-evidence/1", "intervals": []}, "analysis: is missing"),
        ({"format": "judge-evidence/1", "analysis": {}}, "intervals: is missing"),
        (changed(("intervals",), {}), "intervals: is no list"),
        (changed(("intervals", 0, "end"), 600), "intervals[0]: start 600.0 and end 600.0"),
        (changed(("intervals", 0, "start"), "noon"), "intervals[0].start: 'noon' is no number"),
        (changed(("intervals", 0, "samples"), None), "intervals[0].samples: is no object"),
        (changed((*POD, "events"), "x"), "error-rate.canary.a.events: 'x' is no number"),
        (changed((*POD, "events"), True), "error-rate.canary.a.events: True is no number"),
        (changed((*POD, "events"), -1), "error-rate.canary.a: counts are increments"),
        (changed(POD, {"events": 1}), "error-rate.canary.a.total: None is no number"),
        (changed(POD, {"value": 1}), "error-rate.canary.a: has value; its metric is a proportion"),
        (changed(("intervals", 0, "absent"), {"m": {"canary": "lost"}}), "'lost' is not a valid"),
        (bundle(intervals=bundle()["intervals"] * 2), "intervals[1]: starts at 600.0, before"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document, told):
    with pytest.raises(BundleError) as error:
        bundle_from(document)
    assert told in str(error.value)


def test_a_wrong_analysis_is_named_too():
    with pytest.raises(SpecError, match="metrics"):
        bundle_from(changed(("analysis", "metrics", 0, "kind"), "banana"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", "is not JSON"),
        (b'{"format": NaN}', "is not JSON"),
        (b"\x1f\x8bnot gzip at all", "cannot be read"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], "cannot be read"),
    ],
    ids=["cut short", "not a number", "not gzip", "gzip cut short"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, data, told):
    path = tmp_path / "broken.json"
    path.write_bytes(data)
    with pytest.raises(BundleError, match=told) as error:
        read_bundle(path)
    assert str(path) in str(error.value)
