"""Which intervals have a weight, how it is asked for, and what of a server that will not tell it.

What a real server says is in tests/integration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from judge.errors import SourceUnavailable
from judge.sources.prometheus import PrometheusSource
from judge.sources.retries import Retries
from judge.sources.weights import WeightReport, inspect_weights
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis, Track, WeightQuery
from judge.stats.samples import Count, Interval
from tests.servers.analyses import analysis
from tests.servers.misbehaving import (
    Behaviour,
    Handler,
    Server,
    error,
    matrix,
    misbehaving,
    says,
    vector,
)

NOW = 10_000_000.0
PERCENT = WeightQuery("canary_weight", of=100.0)
GREW = matrix(
    ({"judge_branch": "0s", "pod": "a"}, [(0.0, "3"), (60.0, "5")]),
    ({"judge_branch": "1s", "pod": "a"}, [(0.0, "100"), (60.0, "150")]),
)


def weighted(**weights: WeightQuery | float) -> ResolvedAnalysis:
    """An analysis whose tracks have these weights."""
    one = analysis()
    tracks = {
        name: Track(
            f'track="{name}"',
            weight if isinstance(weight, float) else None,
            weight if isinstance(weight, WeightQuery) else None,
        )
        for name, weight in weights.items()
    }
    return replace(one, tracks={**one.tracks, **tracks})


def read(
    *script: Behaviour,
    of: ResolvedAnalysis,
    tracks: Sequence[str] = ("baseline", "canary"),
    intervals: int = 1,
    step: float = 60.0,
    start: float = 0.0,
) -> tuple[list[Interval], Server]:
    with (
        misbehaving(*script) as server,
        PrometheusSource(
            PrometheusConfig(address=server.address),
            clock=lambda: NOW,
            sleep=lambda seconds: None,
            retries=Retries(tries=2),
        ) as source,
    ):
        found = source.read(
            of,
            start=start,
            end=start + intervals * step,
            step=step,
            tracks=tracks,
            thorough=False,
        )
    return found, server


def told(*values: str, track: str = "canary", labels: Mapping[str, str] | None = None) -> Behaviour:
    """A weight at 0, 60, ... seconds; "" where there is none."""
    samples = [(60.0 * i, value) for i, value in enumerate(values) if value]
    return says(matrix(({"judge_branch": track, **(labels or {})}, samples)))


@pytest.mark.parametrize(
    ("values", "shares"),
    [
        (("10", "10"), [0.1]),
        (("0", "0"), [0.0]),
        (("100", "100"), [1.0]),
        (("10", "25"), [None]),
        (("10", "10", "25", "25", "50"), [0.1, None, 0.25, None]),
        (("", "10", "10"), [None, 0.1]),
        (("10", ""), [None]),
        (("", ""), [None]),
        (("-1", "-1"), [None]),
        (("101", "101"), [None]),
        (("NaN", "NaN"), [None]),
        (("+Inf", "+Inf"), [None]),
        (("33.3", "33.300000000000004"), [0.333]),
    ],
)
def test_an_interval_has_the_weight_that_both_its_ends_show(
    values: tuple[str, ...], shares: list[float | None]
) -> None:
    found, _ = read(
        says(GREW), told(*values), of=weighted(canary=PERCENT), intervals=len(values) - 1
    )
    assert [one.weights.get("canary") for one in found] == [
        None if share is None else pytest.approx(share) for share in shares
    ]
    assert found[0].samples["error-rate"]["baseline"] == {"a": Count(2, 50)}


def test_all_weights_are_one_question_beside_the_metrics() -> None:
    shares = {"canary": "0.2", "shadow": "0.5", "baseline": "0.8"}
    of = weighted(**{track: WeightQuery(f"w_{track} # percent") for track in shares})
    series = [
        ({"judge_branch": track}, [(0.0, share), (60.0, share)]) for track, share in shares.items()
    ]
    (found,), server = read(says(GREW), says(matrix(*series)), of=of, tracks=list(shares))
    assert found.weights == {"canary": 0.2, "shadow": 0.5, "baseline": 0.8}
    _, request = server.requests
    assert all(f"w_{track} # percent\n" in request.form["query"] for track in shares)
    assert (request.form["start"], request.form["end"], request.form["step"]) == (
        "0.000",
        "60.000",
        "60.000",
    )


def test_a_share_that_is_said_stands_beside_one_that_is_told() -> None:
    of = weighted(canary=PERCENT, baseline=0.9)
    (found,), _ = read(says(GREW), told("10", "10"), of=of)
    assert found.weights == {"canary": 0.1, "baseline": 0.9}
    (without,), _ = read(says(GREW), told("10", "25"), of=of)
    assert without.weights == {"baseline": 0.9}


def test_a_history_asks_for_no_weights() -> None:
    of = weighted(canary=PERCENT, baseline=PERCENT)
    _, server = read(says(GREW), of=of, tracks=["baseline"])
    assert len(server.requests) == 1
    _, server = read(says(GREW), of=weighted(canary=0.1))
    assert len(server.requests) == 1


def test_weights_are_asked_for_once_however_many_labels_tell_pods_apart() -> None:
    one = weighted(canary=PERCENT)
    (metric,) = one.metrics
    other = replace(metric, name="edge", pod_label="controller")
    _, server = read(
        says(GREW), says(GREW), told("10", "10"), of=replace(one, metrics=(metric, other))
    )
    assert len(server.requests) == 3


def test_ends_that_are_fresh_are_asked_for_one_by_one() -> None:
    """As all points that some servers show older values of in a range."""

    def at_once(handler: Handler) -> None:
        body = vector(({"judge_branch": "canary"}, "10"))
        asked = float(handler.server.requests[-1].form["time"])
        handler.answer(body.replace(b"[0,", f"[{asked},".encode()))

    nothing = says(vector())
    (found,), server = read(
        nothing, nothing, at_once, of=weighted(canary=PERCENT), step=10.0, start=NOW - 20.0
    )
    assert found.weights == {"canary": 0.1}
    assert [one.path for one in server.requests] == ["/api/v1/query"] * 4


REFUSED = error("execution", "many-to-many matching", status=422)


FAILURES = {
    "refused": REFUSED,
    "too long": error("timeout", "too long", status=503),
    "a gateway's page": says(b"<html>", status=502),
    "a page": says(b"<html>"),
    "gone": Handler.hang_up,
    "no number": told("ten", "ten"),
    "of somebody else": told("10", "10", track="somebody"),
    "without its mark": says(matrix(({}, [(0.0, "10"), (60.0, "10")]))),
    "in part": says(
        matrix(({"judge_branch": "canary"}, [(0, "10"), (60, "10")]), warnings=("half",))
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_a_server_will_not_tell_is_no_weight_and_spoils_nothing(failure: str) -> None:
    of = weighted(canary=PERCENT)
    (found,), _ = read(says(GREW), FAILURES[failure], of=of)
    assert found.weights == {}
    assert found.samples["error-rate"]["baseline"] == {"a": Count(2, 50)}
    assert "baseline" not in found.absent.get("error-rate", {})


def test_a_refused_query_does_not_cost_the_other_track_its_weight() -> None:
    of = weighted(canary=PERCENT, shadow=PERCENT)
    (found,), server = read(
        says(GREW),
        REFUSED,
        REFUSED,
        told("40", "40", track="shadow"),
        of=of,
        tracks=["baseline", "canary", "shadow"],
    )
    assert found.weights == {"shadow": 0.4}
    assert len(server.requests) == 4


def test_without_metrics_there_is_no_look_whatever_the_weights_are() -> None:
    with pytest.raises(SourceUnavailable):
        read(says(b"", status=503), of=weighted(canary=PERCENT))


@pytest.mark.parametrize(
    ("series", "value", "report"),
    [
        ("1", "25", WeightReport("canary", 1, 0.25)),
        ("2", "25", WeightReport("canary", 2)),
        ("1", "250", WeightReport("canary", 1)),
        ("1", "NaN", WeightReport("canary", 1)),
        ("", "", WeightReport("canary", 0)),
    ],
)
def test_a_report_tells_what_is_found_just_now(
    series: str, value: str, report: WeightReport
) -> None:
    marked = [("series", series), ("value", value)]
    answer = vector(*(({"judge_branch": mark}, text) for mark, text in marked if text))
    assert inspected(says(answer)) == [report]


def test_a_report_tells_why_a_query_is_refused() -> None:
    (report,) = inspected(REFUSED)
    assert (report.track, report.series, report.share) == ("canary", 0, None)
    assert report.error.endswith("refused the query: many-to-many matching")


def inspected(answer: Behaviour) -> list[WeightReport]:
    of = weighted(canary=PERCENT, baseline=0.9)
    with (
        misbehaving(answer) as server,
        PrometheusSource(PrometheusConfig(address=server.address)) as source,
    ):
        return inspect_weights(of, source.client, at=100.0)
