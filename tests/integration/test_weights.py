"""Traffic that is moved in steps, as real servers show it: known weights, and what is judged of it.

Flagger exports the weights in percent. In one shop the traffic follows them, in another it stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from judge.runs.once import Judged, judge_window
from judge.sources.prometheus import PrometheusSource
from judge.sources.recording import bundle_document, bundle_from
from judge.sources.weights import WeightReport, inspect_weights
from judge.spec.loading import load_analysis
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.servers import prometheus, victoria_metrics
from tests.servers.exposition import Series

pytestmark = pytest.mark.xdist_group("prometheus")

START = 1_700_000_040.0
STEP, LOOKS, PAST = 60.0, 30, 60
END = START + LOOKS * STEP
SCRAPES = np.arange(START - PAST * STEP - 57.0, END, 15.0)
# Before the run, in the middle of a look, and just when one begins.
STEPS = ((START - 2 * STEP, 10.0), (START + 10 * STEP + 20, 25.0), (START + 20 * STEP, 50.0))
SHARES = [0.1] * 10 + [None] + [0.25] * 9 + [None] + [0.5] * 9

PLAIN = 'flagger_canary_weight{namespace="{{ namespace }}",workload="checkout"}'


def weight(at: float) -> float:
    """Flagger's weight of the canary, in percent."""
    return next((percent for since, percent in reversed(STEPS) if at >= since), 0.0)


def weights(namespace: str) -> list[Series]:
    """As two Prometheus servers of an HA pair scrape them from Flagger, one a little later."""
    return [
        Series(
            "flagger_canary_weight",
            {"namespace": namespace, "workload": workload, "prometheus_replica": replica},
            [(at + late, of - sign * weight(at + late)) for at in SCRAPES],
        )
        for workload, of, sign in (("checkout", 0.0, -1), ("checkout-primary", 100.0, 1))
        for replica, late in (("a", 0.0), ("b", 2.0))
    ]


def restarted(namespace: str) -> list[Series]:
    """Flagger's own pod is replaced after half of the run; for a while there are both."""
    half = int(np.searchsorted(SCRAPES, START + LOOKS / 2 * STEP))
    lives = {"flagger-1": SCRAPES[: half + 6], "flagger-2": SCRAPES[half:]}
    return [
        Series(
            "flagger_canary_weight",
            {"namespace": namespace, "workload": "checkout", "pod": pod},
            [(at, 10.0) for at in lived],
        )
        for pod, lived in lives.items()
    ]


def traffic(namespace: str, rng: np.random.Generator, *, follows: bool) -> list[Series]:
    """100 requests a second, split as the weights say or as they were at the first step."""
    shares = np.array([weight(at) / 100 for at in SCRAPES])
    split = shares if follows else np.minimum(shares, 0.1)
    found = []
    for track, share, pods in (("stable", 1 - split, 3), ("canary", split, 1)):
        for pod in range(pods):
            labels = {"namespace": namespace, "track": track, "pod": f"{track}-{pod}"}
            for code, part in (("200", 0.995), ("500", 0.005)):
                drawn = rng.poisson(1500 * share / pods * part).cumsum()
                samples = [(float(at), float(n)) for at, n in zip(SCRAPES, drawn, strict=True)]
                found.append(Series("http_requests_total", {**labels, "code": code}, samples))
    return found


def series() -> list[Series]:
    rng = np.random.default_rng(3)
    return [
        *weights("shop"),
        *traffic("shop", rng, follows=True),
        *weights("stuck"),
        *traffic("stuck", rng, follows=False),
        *restarted("restarted"),
        *traffic("restarted", rng, follows=True),
    ]


SERVERS = {"prometheus": prometheus.backfilled, "victoria-metrics": victoria_metrics.imported}


@pytest.fixture(scope="module", params=SERVERS)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    server: AbstractContextManager[str] = SERVERS[request.param](
        Path(tmp_path_factory.mktemp(request.param)), series()
    )
    with server as found:
        yield found


def analysis(
    address: str, canary: str, *, namespace: str = "shop", baseline: str = ""
) -> ResolvedAnalysis:
    text = f"""\
apiVersion: judge/v1
kind: Analysis
metadata: {{name: checkout, namespace: {namespace}}}
spec:
  prometheus: {{address: '{address}'}}
  tracks:
    baseline: {{selector: 'namespace="{namespace}",track="stable"'{baseline}}}
    canary: {{selector: 'namespace="{namespace}",track="canary"', weight: {canary}}}
  interval: 1m
  duration: 30m
  history: 1h
  metrics: [{{name: error-rate, template: http-error-rate}}]
"""
    return load_analysis(text)


def query(expr: str, *, of: float = 100.0) -> str:
    quoted = expr.replace("'", "''")
    return f"{{query: '{quoted}', of: {of:g}}}"


def judged(of: ResolvedAnalysis) -> Judged:
    with PrometheusSource(of.prometheus) as source:
        return judge_window(of, source, end=END)


def shares(found: Judged, track: str = "canary") -> list[float | None]:
    return [one.weights.get(track) for one in found.intervals]


def test_each_look_has_the_weight_that_held_in_it(address: str) -> None:
    found = judged(analysis(address, query(PLAIN)))
    assert shares(found) == SHARES
    assert all(one.weights == {} for one in found.history)
    assert all(
        one.samples["error-rate"].keys() == {"baseline", "canary"} for one in found.intervals
    )


def test_traffic_that_follows_the_weights_passes(address: str) -> None:
    verdict = judged(analysis(address, query(PLAIN))).verdict
    assert (verdict.verdict, verdict.decided_at) == (Outcome.PASS, LOOKS - 1)


def test_the_same_traffic_is_no_constant_share(address: str) -> None:
    verdict = judged(analysis(address, "10%")).verdict
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "where 10 % were configured" in verdict.reason


def test_traffic_that_stays_where_it_was_is_a_mismatch(address: str) -> None:
    found = judged(analysis(address, query(PLAIN), namespace="stuck"))
    assert shares(found) == SHARES
    assert found.verdict.verdict is Outcome.INCONCLUSIVE
    got = "the canary got 9.91 % of the requests where 27.8 % were configured"
    assert found.verdict.reason.startswith(got)


@pytest.mark.parametrize(
    ("expr", "of"),
    [
        (f"{PLAIN} / 100 # a share", 1.0),
        (f"max by ({{{{ podLabel }}}}) ({PLAIN})", 100.0),
        ("100 - flagger_canary_weight{namespace='{{ namespace }}',workload=~'.+-primary'}", 100.0),
    ],
)
def test_any_promql_of_one_series_will_do(address: str, expr: str, of: float) -> None:
    assert shares(judged(analysis(address, query(expr, of=of)))) == SHARES


def test_every_track_may_have_its_own(address: str) -> None:
    primary = PLAIN.replace("checkout", "checkout-primary")
    of = analysis(address, query(PLAIN), baseline=f", weight: {query(primary)}")
    found = judged(of)
    assert shares(found) == SHARES
    assert shares(found, "baseline") == [None if one is None else 1 - one for one in SHARES]
    assert found.verdict.verdict is Outcome.PASS


@pytest.mark.parametrize(
    "expr",
    [
        'flagger_canary_weight{namespace="{{ namespace }}"}',
        "nobody_exports_this",
        f"{PLAIN} * 1000",
        f"sum_of({PLAIN})",
    ],
)
def test_without_a_weight_the_metrics_are_judged_all_the_same(address: str, expr: str) -> None:
    found = judged(analysis(address, query(expr)))
    assert shares(found) == [None] * LOOKS
    assert found.verdict.verdict is Outcome.PASS


def test_two_series_are_none_for_as_long_as_there_are_two(address: str) -> None:
    found = judged(analysis(address, query(PLAIN), namespace="restarted"))
    known = [one is not None for one in shares(found)]
    assert (known[:14], known[22:]) == ([True] * 14, [True] * 8)
    assert known[15] is False


def test_the_evidence_is_judged_again_as_it_was(address: str) -> None:
    first = judged(analysis(address, query(PLAIN), namespace="stuck"))
    written = json.dumps(bundle_document(first.analysis, first.history, first.intervals))
    bundle = bundle_from(json.loads(written))
    assert bundle.analysis == first.analysis
    assert [one.weights for one in bundle.intervals] == [one.weights for one in first.intervals]
    again = SequentialJudge(bundle.analysis, bundle.history).decide(bundle.intervals)
    assert again == first.verdict


def test_the_check_tells_what_a_weight_is_just_now(address: str) -> None:
    several = 'flagger_canary_weight{namespace="{{ namespace }}"}'
    of = analysis(address, query(PLAIN), baseline=f", weight: {query(several)}")
    with PrometheusSource(of.prometheus) as source:
        reports = inspect_weights(of, source.client, at=START + 15 * STEP)
    # The pair's series count once.
    assert reports == [WeightReport("baseline", 2), WeightReport("canary", 1, 0.25)]
