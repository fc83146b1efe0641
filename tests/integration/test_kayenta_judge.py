"""Kayenta's judge on a real Prometheus: series of several label sets, and kinds of ours.

Two hours of a service, then an hour beside a good release and a bad one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.runs.daemon import Daemon, Pace
from judge.runs.tracks import read_tracks
from judge.sources.prometheus import PrometheusSource, prometheus_source
from judge.spec.loading import load_analysis_file
from judge.spec.resolved import (
    Direction,
    JudgeName,
    Kind,
    Metric,
    PrometheusConfig,
    Query,
    Reading,
    ResolvedAnalysis,
    Track,
)
from judge.stats.samples import Interval
from judge.stats.samples import Series as Values
from judge.store.database import migrate, open_database
from judge.store.run import RunState
from judge.store.runs import Runs
from judge.verdict.judging import make_judge
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled
from tests.servers.victoria_metrics import imported

pytestmark = pytest.mark.xdist_group("kayenta_judge")

END = 1_699_999_200
SCRAPE, BEGIN = 20, -3 * 3600
BOUNDS = np.array([0.05, 0.1, 0.2, 0.4])
ROUTES = ("cart", "pay")

HEAD = """
apiVersion: judge/v1
kind: Analysis
metadata: {{name: checkout}}
spec:
  prometheus: {{address: "{address}"}}
  inputs: [release]
  variables: {{release: good}}
  tracks:
    baseline: {{selector: 'track="stable"'}}
    canary: {{selector: 'track="${{release}}"'}}
  interval: 10m
  duration: 1h
  delay: 0s
"""
KAYENTA = """
  judge: kayenta
  score: {{pass: 90, marginal: 40}}
  groupWeights: {{errors: 60}}
  metrics:
    - name: errors by route
      kind: series
      kayenta: {{groups: [errors], effectSize: {{allowedIncrease: 1.1, criticalIncrease: 5}}}}
      queries:
        values: >-
          sum by (route) (rate(http_requests_total{{ {{{{ selector }}}}, code="500" }}[2m]))
          / on (route) sum by (route) (rate(http_requests_total{{ {{{{ selector }}}} }}[2m]))
    - name: p90
      kind: series
      critical: false
      kayenta: {{groups: [latency]}}
      queries:
        values:
          expr: >-
            histogram_quantile(0.9, sum by (le)
            (rate(http_request_duration_seconds_bucket{{ {{{{ selector }}}} }}[2m])))
          step: 30s
    - {{name: errors, template: http-error-rate, critical: false, kayenta: {{groups: [errors]}}}}
    - name: memory
      kind: gauge
      critical: false
      kayenta: {{groups: [memory]}}
      queries: {{value: 'process_resident_memory_bytes{{ {{{{ selector }}}} }}'}}
""".replace("errors by route", "errors-by-route")
BESIDE = """
  alsoJudge: kayenta
  history: 2h
  risk: {{falseRollback: 5%}}
  metrics:
    - {{name: errors, template: http-error-rate}}
    - {{name: latency, template: http-latency, limit: {{ratio: 2}}}}
"""


def service(rng: np.random.Generator) -> list[Series]:
    """Three pods that were there before, and one each of two releases."""
    hour = range(-3600, 1, SCRAPE)
    found = [one for pod in range(3) for one in life("stable", pod, range(BEGIN, 1, SCRAPE), rng)]
    return [*found, *life("good", 0, hour, rng), *life("bad", 0, hour, rng, worse=6.0)]


def life(
    track: str, pod: int, seconds: range, rng: np.random.Generator, *, worse: float = 1.0
) -> list[Series]:
    labels = {"track": track, "pod": f"{track}-{pod}"}
    count = len(seconds)
    found = []
    for route in ROUTES:
        for code, rate in (("200", 200.0), ("500", 4.0 * (worse if route == "pay" else 1.0))):
            named = {**labels, "route": route, "code": code}
            found.append(grown("http_requests_total", named, seconds, rng.poisson(rate, count)))
    shares = 1 - np.exp(-BOUNDS / 0.05)
    parts = rng.poisson(200 * np.diff([0.0, *shares, 1.0]), (count, len(BOUNDS) + 1)).cumsum(1)
    found += [
        grown("http_request_duration_seconds_bucket", {**labels, "le": bound}, seconds, column)
        for bound, column in zip([*map(str, BOUNDS), "+Inf"], parts.T, strict=True)
    ]
    memory = 3e8 * np.exp(0.02 * rng.standard_normal(count))
    times = [(float(END + at), float(one)) for at, one in zip(seconds, memory.round(), strict=True)]
    return [*found, Series("process_resident_memory_bytes", labels, times)]


def grown(name: str, labels: dict[str, str], seconds: range, counts: np.ndarray) -> Series:
    total = counts.cumsum()
    return Series(
        name, labels, [(float(END + at), float(n)) for at, n in zip(seconds, total, strict=True)]
    )


@pytest.fixture(scope="module")
def history() -> list[Series]:
    return service(np.random.default_rng(3))


@pytest.fixture(scope="module")
def address(history: list[Series], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backfilled(tmp_path_factory.mktemp("kayenta-judge"), history) as found:
        yield found


@pytest.fixture
def kayenta(address: str, tmp_path: Path) -> Path:
    return written(tmp_path, KAYENTA, address)


def written(folder: Path, rest: str, address: str) -> Path:
    file = folder / "checkout.yaml"
    file.write_text((HEAD + rest.lstrip("\n")).format(address=address))
    return file


def judged(file: Path, release: str, *options: str) -> dict[str, Any]:
    asked = ["verdict", str(file), "--set", f"release={release}", "--at", str(END)]
    done = CliRunner().invoke(judge, [*asked, "--output", "json", *options])
    assert done.stdout, done.stderr
    return {"exit": done.exit_code, **json.loads(done.stdout)}


def classified(told: dict[str, Any]) -> dict[str, str]:
    """What Kayenta's judge says of each metric and label set."""
    return {
        " ".join([name, *one["tags"].values()]): one["classification"]
        for name, metric in told["metrics"].items()
        for one in metric["kayenta"]
    }


def test_a_good_release_passes_and_its_evidence_says_so_again(
    kayenta: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "evidence.json.gz"
    told = judged(kayenta, "good", "--evidence-out", str(bundle))
    assert (told["exit"], told["verdict"], told["score"]) == (0, "pass", 100.0)
    assert (told["promise"], told["decidedAt"]) == ("none", 5)
    assert classified(told) == {
        "errors-by-route cart": "Pass",
        "errors-by-route pay": "Pass",
        "p90": "Pass",
        "errors": "Pass",
        "memory": "Pass",
    }
    replayed = CliRunner().invoke(judge, ["replay", str(bundle), "--output", "json"])
    again = json.loads(replayed.stdout)
    del again["bundle"], told["exit"]
    assert again == told


def test_a_bad_release_fails_by_the_label_set_that_is_worse(kayenta: Path) -> None:
    told = judged(kayenta, "bad")
    assert (told["exit"], told["verdict"], told["score"]) == (1, "fail", 0.0)
    assert told["decidedAt"] == 0
    said = classified(told)
    assert (said["errors-by-route cart"], said["errors-by-route pay"]) == ("Pass", "High")
    assert (said["p90"], said["errors"]) == ("Pass", "High")
    told = told["kayenta"]["score"]["classificationReason"]
    assert told.endswith("errors-by-route was classified as High (Critical)")


def test_each_look_of_a_lookback_has_its_whole_window(kayenta: Path) -> None:
    analysis = replace(loaded(kayenta), lookback=1800.0)
    with prometheus_source(analysis.prometheus) as source:
        intervals = read_tracks(source, analysis, start=END - 1200.0, intervals=2, opens=True)
    first, second = (series_of(one, "p90", "baseline")["{}"] for one in intervals)
    assert first.at == tuple(range(-1200, 601, 30))
    assert second.at == tuple(range(0, 601, 30))
    verdict = make_judge(analysis, ()).look(intervals[:1], finished=False)
    (told,) = verdict.metrics["p90"].kayenta
    assert told["controlMetadata"]["stats"]["count"] == 61


def test_the_past_of_the_baseline_is_compared_where_it_is_asked_for(
    address: str, tmp_path: Path
) -> None:
    text = KAYENTA.replace("  judge: kayenta", "  judge: kayenta\n  baselineOffset: 1h30m")
    file = written(tmp_path, text, address)
    file.write_text(file.read_text().replace('track="${release}"', 'track="stable"'))
    file.write_text(file.read_text().replace("  inputs: [release]\n", ""))
    file.write_text(file.read_text().replace("  variables: {release: good}\n", ""))
    analysis = load_analysis_file(file)
    with prometheus_source(analysis.prometheus) as source:
        (found,) = read_tracks(source, analysis, start=END - 600.0, intervals=1)
        (then,) = read_tracks(
            source, replace(analysis, baseline_offset=0.0), start=END - 6000.0, intervals=1
        )
    before = series_of(found, "errors-by-route", "baseline")
    assert before == series_of(then, "errors-by-route", "baseline")
    assert before != series_of(found, "errors-by-route", "canary")


def test_what_the_queries_find_is_told_before_the_first_run(kayenta: Path, address: str) -> None:
    done = CliRunner().invoke(judge, ["check", str(kayenta), "--prometheus", address])
    assert done.exit_code == 0, done.stdout
    assert "6 looks of 10m, judged by Kayenta's judge\n" in done.stdout
    assert "errors-by-route (series): bad is an increase; meanRatio up from 1.1\n" in done.stdout
    # which is of now, when there is nothing
    assert "canary values, a series every 30s: 0 series; nothing matches" in done.stdout
    assert "the promise of a run that began now: none:" in done.stdout


def loaded(file: Path, release: str = "good") -> ResolvedAnalysis:
    return load_analysis_file(file, variables={"release": release})


def series_of(interval: Interval, metric: str, track: str) -> dict[str, Values]:
    """The series of a metric by label set."""
    found = interval.samples[metric][track]
    return {name: one for name, one in found.items() if isinstance(one, Values)}


@pytest.mark.parametrize("server", ["prometheus", "victoria-metrics"])
def test_every_interval_has_the_values_of_its_own_range_query(
    kayenta: Path,
    address: str,
    history: list[Series],
    tmp_path: Path,
    server: str,
) -> None:
    analysis = loaded(kayenta)
    if server == "prometheus":
        own_queries(analysis, address)
        return
    with imported(tmp_path, history) as other:
        own_queries(analysis, other)


def own_queries(analysis: ResolvedAnalysis, address: str) -> None:
    config = replace(analysis.prometheus, address=address)
    start = END - 3600.0
    with PrometheusSource(config, clock=lambda: END + 600.0) as source:
        intervals = read_tracks(source, analysis, start=start, intervals=6)
        for metric in analysis.metrics:
            if metric.kind is not Kind.SERIES:
                continue
            for track, parts in metric.queries.items():
                (query,) = parts.values()
                for interval in intervals:
                    own = source.client.range(
                        query.expr, start=interval.start, end=interval.end, step=query.step
                    )
                    told = {
                        json.dumps(one.metric, separators=(",", ":")): {
                            at - interval.start: float(value) for at, value in one.values
                        }
                        for one in own.series
                    }
                    read = series_of(interval, metric.name, track)
                    assert told.keys() == read.keys()
                    for name, one in read.items():
                        # VictoriaMetrics adds floats up in no particular order
                        expected = pytest.approx(told[name], rel=1e-12)
                        assert dict(zip(one.at, one.values, strict=True)) == expected
                    assert len(told) == (2 if metric.name == "errors-by-route" else 1)


@pytest.mark.parametrize(("release", "verdict", "looks"), [("good", "pass", 6), ("bad", "fail", 1)])
def test_a_run_is_judged_look_by_look(
    kayenta: Path, tmp_path: Path, release: str, verdict: str, looks: int
) -> None:
    analysis = loaded(kayenta, release)
    with prometheus_source(analysis.prometheus) as source:
        run_id, runs = carried_out(analysis, source, tmp_path, started_at=END - 3600.0)
    run = runs.get(run_id)
    assert run.verdict is not None
    assert (run.state, run.verdict["verdict"]) == (RunState.DONE, verdict)
    assert run.next_index == looks
    told = judged(kayenta, release)
    assert run.verdict["metrics"] == told["metrics"]
    (history,) = [one.data for one in runs.events(run_id) if one.type == "history.read"]
    assert (history["intervals"], history["promise"], history["shortfalls"]) == (0, "none", [])


def test_a_run_that_is_judged_at_once_needs_no_time(kayenta: Path, tmp_path: Path) -> None:
    analysis = replace(loaded(kayenta, "bad"), at_once=True, interval=3600.0, delay=None)
    with prometheus_source(analysis.prometheus) as source:
        run_id, runs = carried_out(
            analysis, source, tmp_path, started_at=END - 1800.0, now=END - 1800.0
        )
    run = runs.get(run_id)
    assert run.verdict is not None
    assert (run.next_index, run.verdict["verdict"]) == (1, "fail")


def carried_out(
    analysis: ResolvedAnalysis,
    source: PrometheusSource,
    folder: Path,
    *,
    started_at: float,
    now: float = END + 60.0,
) -> tuple[str, Runs]:
    """A run's id, once a daemon has carried it out at ``now``, and the store that it is in."""
    engine = open_database(f"sqlite:///{folder}/judge.db")
    migrate(engine)
    runs = Runs(engine, clock=lambda: now)
    run, _ = runs.start(analysis, started_at=started_at)
    daemon = Daemon(
        engine,
        sources=lambda _: source,
        judge=make_judge,
        clock=lambda: now,
        pace=Pace(poll=0.02),
    )
    daemon.start()
    try:
        ends = time.monotonic() + 20
        while runs.get(run.id).state.active:
            assert time.monotonic() < ends, "waited in vain"
            time.sleep(0.02)
    finally:
        daemon.stop(10)
    return run.id, runs


@pytest.mark.parametrize(("release", "verdict"), [("good", "pass"), ("bad", "fail")])
def test_its_opinion_is_recorded_beside_the_other_judges_verdict(
    address: str, tmp_path: Path, release: str, verdict: str
) -> None:
    file = written(tmp_path, BESIDE, address)
    told = judged(file, release)
    assert (told["verdict"], told["alsoJudged"]["kayenta"]["verdict"]) == (verdict, verdict)
    assert told["promise"] != "none"
    assert told["alsoJudged"]["kayenta"]["promise"] == "none"


def test_the_last_seconds_are_as_they_were_on_victoria_metrics_too(tmp_path: Path) -> None:
    now = float(int(time.time()))
    ticks = [(now - back, now - back) for back in range(300, -1, -5)]
    query = {"canary": {"values": Query("last_over_time(tick[5m])", Reading.SERIES, step=10.0)}}
    metric = Metric("tick", Kind.SERIES, Direction.EITHER, None, None, queries=query)
    asked = ResolvedAnalysis(
        "fresh", (metric,), tracks={"canary": Track("")}, interval=120.0, judge=JudgeName.KAYENTA
    )
    with imported(tmp_path, [Series("tick", {}, ticks)]) as server:
        config = PrometheusConfig(server)
        with PrometheusSource(config) as source:
            (found,) = read_tracks(source, asked, start=now - 120.0, intervals=1)
            range_query = source.client.range(
                "last_over_time(tick[5m])", start=now - 120.0, end=now, step=10.0
            )
    one = series_of(found, "tick", "canary")["{}"]
    assert one.at == tuple(range(0, 121, 10))
    assert one.values == tuple(now - 120.0 + at for at in one.at)
    # which is not what a range query alone says there
    assert float(range_query.series[0].values[-1][1]) < now
