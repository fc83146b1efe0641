"""Before/after on a real Prometheus: a recreate deployment, and nine days of the service before it.

All old pods end before the new ones start, under the same labels, so the baseline's queries are the
canary's, a day earlier.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.runs.foresight import foresee
from judge.sources.prometheus import prometheus_source
from judge.spec.loading import load_analysis_file
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("before_after")

END = 1_699_999_200
DAY, RUN, WARMUP = 1440, 30, 6  # minutes
RELEASE = -(RUN + WARMUP)
BEGIN = -9 * DAY
EVERY = 2
BOUNDS = np.array([0.05, 0.1, 0.2, 0.4])
APPS = ("good", "bad")

ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {{name: checkout}}
spec:
  prometheus: {{address: "{address}"}}
  inputs: [app]
  variables: {{app: good}}
  tracks:
    baseline: {{selector: 'app="${{app}}"'}}
    canary: {{selector: 'app="${{app}}"'}}
  baselineOffset: 1d
  interval: 2m
  warmup: 6m
  delay: 0s
  risk: {{falseRollback: 5%}}
  metrics:
    - {{name: errors, template: http-error-rate}}
    - {{name: latency, template: http-latency, limit: {{ratio: 2}}}}
    - name: memory
      kind: gauge
      queries: {{value: 'process_resident_memory_bytes{{ {{{{ selector }}}} }}'}}
"""


def series(app: str, rng: np.random.Generator) -> list[Series]:
    """Two pods until the release, and two others since."""
    found = []
    for pod in range(2):
        old, new = range(BEGIN, RELEASE, EVERY), range(RELEASE + EVERY, 1, EVERY)
        found += life(app, f"old-{pod}", old, rng)
        found += life(app, f"new-{pod}", new, rng, bad=app == "bad")
    return found


def life(
    app: str, pod: str, minutes: range, rng: np.random.Generator, *, bad: bool = False
) -> list[Series]:
    """What a pod exports, with a daily rhythm in its traffic, its errors and its memory."""
    labels = {"app": app, "pod": pod}
    wave = np.sin(2 * np.pi * np.array(minutes) / DAY)
    requests = 600 * (1 + 0.5 * wave)
    risk = 0.01 * (1 + 0.3 * wave) * (4 if bad else 1)
    kinds = {"200": rng.poisson(requests * (1 - risk)), "500": rng.poisson(requests * risk)}
    found = [at("http_requests_total", {**labels, "code": c}, minutes, n) for c, n in kinds.items()]
    shares = 1 - np.exp(-BOUNDS / (0.12 if bad else 0.05))
    parts = np.diff([0.0, *shares, 1.0])
    cumulative = rng.poisson(requests[:, None] * parts).cumsum(1)
    found += [
        at("http_request_duration_seconds_bucket", {**labels, "le": bound}, minutes, column)
        for bound, column in zip([*map(str, BOUNDS), "+Inf"], cumulative.T, strict=True)
    ]
    memory = 3e8 * np.exp(0.1 * wave + 0.02 * rng.standard_normal(len(wave)))
    memory *= 1.8 if bad else 1.0
    name = "process_resident_memory_bytes"
    return [*found, at(name, labels, minutes, memory, total=False)]


def at(name: str, labels: dict, minutes: range, values: np.ndarray, *, total: bool = True):
    values = values.cumsum() if total else values.round()
    times = [END + 60.0 * minute for minute in minutes]
    return Series(name, labels, list(zip(times, map(float, values), strict=True)))


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An analysis of a Prometheus that holds the services."""
    rng = np.random.default_rng(1)
    folder = tmp_path_factory.mktemp("before-after")
    history = [one for app in APPS for one in series(app, rng)]
    with backfilled(folder, history, blocks="480h") as address:
        file = folder / "checkout.yaml"
        file.write_text(ANALYSIS.format(address=address))
        yield file


def judged(analysis: Path, app: str, *options: str, end: int = END) -> dict:
    asked = ["verdict", str(analysis), "--set", f"app={app}", "--at", str(end), "--output", "json"]
    done = CliRunner().invoke(judge, [*asked, *options])
    assert done.stdout, done.stderr
    return {"exit": done.exit_code, **json.loads(done.stdout)}


def test_a_good_recreate_deployment_passes_and_its_evidence_says_so_again(
    analysis: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "evidence.json.gz"
    told = judged(analysis, "good", "--evidence-out", str(bundle))
    assert (told["verdict"], told["exit"], told["proven"]) == ("pass", 0, True), told["reason"]
    assert told["promise"] == "empirical"
    assert "rests on 7.0 days of such pairs, 2023-11-07 to 2023-11-14 (UTC)" in told["reason"]
    replayed = CliRunner().invoke(judge, ["replay", str(bundle), "--output", "json"])
    again = json.loads(replayed.stdout)
    assert {name: again[name] for name in ("verdict", "reason", "promise", "metrics")} == {
        name: told[name] for name in ("verdict", "reason", "promise", "metrics")
    }


def test_a_bad_one_fails(analysis: Path) -> None:
    told = judged(analysis, "bad")
    assert (told["verdict"], told["exit"]) == ("fail", 1), told["reason"]
    assert told["promise"] == "empirical"
    errors, latency, memory = (told["metrics"][name] for name in ("errors", "latency", "memory"))
    assert errors["estimate"] == pytest.approx(4.0, rel=0.3)
    assert 2.0 < latency["estimate"] < 3.2  # the buckets are twice as wide as each other
    assert memory["estimate"] == pytest.approx(1.8, rel=0.05)


def test_a_server_that_does_not_go_back_far_enough_leaves_the_promise_uncalibrated(
    analysis: Path,
) -> None:
    told = judged(analysis, "good", end=END + 60 * (BEGIN + 3 * DAY))
    assert (told["verdict"], told["promise"]) == ("pass", "uncalibrated"), told["reason"]
    assert "has 2.0 days of pairs 1d apart, and it takes 6" in told["reason"]


def test_what_is_short_is_foreseen(analysis: Path) -> None:
    loaded = load_analysis_file(analysis)
    early = replace(loaded, metrics=loaded.metrics[:1])
    with prometheus_source(loaded.prometheus) as source:
        enough = foresee(early, source, at=END + 60.0 * RELEASE)
        short = foresee(early, source, at=END + 60.0 * (BEGIN + 3 * DAY))
        since = foresee(early, source, at=float(END))
    assert (enough.shortfalls, str(enough.promise)) == ((), "empirical")
    (told,) = short.shortfalls
    assert "2.0 days of pairs 1d apart, and it takes 6 days" in told.reason
    assert "more than 1w" in told.reason
    assert "nothing before 2023-11-05" in told.reason
    (told,) = since.shortfalls
    assert "all pods were replaced in the 1d before" in told.reason
