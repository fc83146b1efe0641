"""Histories that say less than they should, on a real Prometheus: what is told of them, and that
`judge check`, `judge plan`, and a run's verdict agree on what the promise is worth."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.runs.foresight import Foreseen, foresee
from judge.runs.once import judge_window
from judge.runs.planning import plan
from judge.sources.prometheus import prometheus_source
from judge.spec.loading import load_analysis_file
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.planning.plan import Plan, Wish
from judge.verdict.verdict import Verdict
from tests.servers.exposition import Series, openmetrics
from tests.servers.process import free_port, need, running
from tests.servers.prometheus import backfilled

HOUR, STEP = 3600.0, 60.0
PODS = 6
LOOKS = 20
ANALYSIS = f"""\
apiVersion: judge/v1
kind: Analysis
metadata: {{name: checkout}}
spec:
  prometheus: {{address: ADDRESS}}
  tracks:
    baseline: {{selector: 'track="stable"'}}
    canary: {{selector: 'track="canary"'}}
  duration: {LOOKS}m
  delay: 0s
  history: 8h
  metrics:
    - {{name: errors, template: http-error-rate}}
"""


def end() -> float:
    """The whole minute that ended lately."""
    return time.time() // STEP * STEP


def pod(
    rng: np.random.Generator,
    name: str,
    track: str,
    since: float,
    until: float,
    *,
    rate: float = 0.02,
    gap: tuple[float, float] = (0.0, 0.0),
) -> list[Series]:
    """A pod that was scraped each minute: 120 requests a minute, of which a share fail."""
    times = np.arange(since, until + 1.0, STEP)
    failed = rng.binomial(120, rate, len(times)).cumsum()
    codes = {"500": failed, "200": 120 * np.arange(1, len(times) + 1) - failed}
    return [
        Series(
            "http_requests_total",
            {"pod": name, "track": track, "code": code},
            [
                (float(at), float(count))
                for at, count in zip(times, counts, strict=True)
                if not gap[0] < at < gap[1]
            ],
        )
        for code, counts in codes.items()
    ]


def service(at: float, *lives: Mapping[str, object]) -> list[Series]:
    """Releases of the stable track one after the other, and a canary in the run before ``at``."""
    rng = np.random.default_rng(1)
    found = pod(rng, "canary", "canary", at - LOOKS * STEP - STEP, at)
    for release, life in enumerate(lives):
        for number in range(PODS):
            found += pod(rng, f"stable-{release}-{number}", "stable", **life)  # type: ignore[arg-type]
    return found


def read(address: str, folder: Path, at: float) -> tuple[Foreseen, Verdict, Plan]:
    """What is foreseen of a run that began before ``at``, its verdict, and its plan."""
    analysis = analysis_at(address, folder)
    begins = at - LOOKS * STEP
    with prometheus_source(analysis.prometheus) as source:
        foreseen = foresee(analysis, source, at=begins)
        verdict = judge_window(analysis, source, end=at).verdict
        planned = plan(analysis, source, at=begins, wish=Wish(), done=lambda _metric, _part: None)
    assert verdict.promise == foreseen.promise == planned.promise
    assert planned.shortfalls == foreseen.shortfalls
    assert verdict.verdict == "pass"
    return foreseen, verdict, planned


def analysis_at(address: str, folder: Path) -> ResolvedAnalysis:
    path = folder / "analysis.yaml"
    path.write_text(ANALYSIS.replace("ADDRESS", address))
    return load_analysis_file(path, variables={}, prometheus={})


def moment(told: str, after: str) -> float:
    """The time that a sentence names after a word."""
    (found,) = re.findall(rf" {after} (\S+ \S+) UTC", told)
    return datetime.fromisoformat(f"{found}+00:00").timestamp()


def only(foreseen: Foreseen) -> str:
    (short,) = foreseen.shortfalls
    assert not short.hopeless
    return short.reason


def test_eight_whole_hours_are_measured_on(tmp_path: Path) -> None:
    at = end()
    with backfilled(tmp_path, service(at, {"since": at - 9 * HOUR, "until": at})) as address:
        foreseen, _, planned = read(address, tmp_path, at)
    assert foreseen.shortfalls == ()
    assert foreseen.promise in ("calibrated", "exact")
    assert planned.metrics[0].prospect is not None
    assert not planned.metrics[0].prospect.made


def test_too_little_history_is_told_with_what_there_is(tmp_path: Path) -> None:
    at = end()
    life = {"since": at - LOOKS * STEP - 0.5 * HOUR, "until": at}
    with backfilled(tmp_path, service(at, life)) as address:
        foreseen, _, planned = read(address, tmp_path, at)
    told = only(foreseen)
    assert foreseen.promise == "uncalibrated"
    assert "0.5 h of samples from 6 pods are too little to calibrate on" in told
    assert "there is nothing before" in told
    assert "30 min of the 8 h asked for" in told
    assert planned.metrics[0].prospect is not None


def test_a_gap_that_leaves_enough_is_told_with_its_hours(tmp_path: Path) -> None:
    at = end()
    gap = (at - 6 * HOUR, at - 5 * HOUR)
    life = {"since": at - 9 * HOUR, "until": at, "gap": gap}
    with backfilled(tmp_path, service(at, life)) as address:
        foreseen, _, _ = read(address, tmp_path, at)
    told = only(foreseen)
    assert "it has a gap of 55 min" in told  # the last sample before it counts for five minutes
    assert abs(moment(told, "to") - gap[1]) < 300
    assert "is enough: the promise is calibrated" in told
    assert foreseen.promise in ("calibrated", "exact")


@contextmanager
def keeping(folder: Path, series: Sequence[Series], retention: str) -> Iterator[str]:
    """The address of a Prometheus that has forgotten what is older than that."""
    need("prometheus", "promtool")
    data, written, config = folder / "data", folder / "history.om", folder / "prometheus.yml"
    written.write_text(openmetrics(series))
    config.write_text("{}\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(written), str(data)]
    subprocess.run(command, check=True, capture_output=True)
    address = f"127.0.0.1:{free_port()}"
    server = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={retention}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with running(server, ready=f"http://{address}/-/ready", log=folder / "prometheus.log"):
        yield f"http://{address}"


def test_a_prometheus_that_keeps_two_hours_is_told_and_what_would_do(tmp_path: Path) -> None:
    at = end()
    series = service(at, {"since": at - 9 * HOUR, "until": at})
    with keeping(tmp_path, series, "2h") as address:
        foreseen, _, planned = read(address, tmp_path, at)
        told = only(foreseen)
        check = CliRunner().invoke(
            judge, ["check", str(tmp_path / "analysis.yaml"), "--prometheus", address]
        )
        begins = f"{at - LOOKS * STEP}"
        text = CliRunner().invoke(judge, ["plan", str(tmp_path / "analysis.yaml"), "--at", begins])
    assert "--storage.tsdb.retention.time" in told
    assert "of the 8 h asked for" in told
    assert planned.metrics[0].prospect is not None
    assert not planned.metrics[0].prospect.made
    assert "--storage.tsdb.retention.time" in check.output
    assert "  the promise of a run that began now: " in check.output
    assert text.exit_code == 0, text.output
    assert "note: " in text.output
    assert f"The promise of this run: {foreseen.promise}" in text.output


@pytest.mark.parametrize(
    ("rate", "told"),
    [(0.02, "it went on as before"), (0.06, "times what it was")],
    ids=["nothing changed", "three times the errors"],
)
def test_a_deploy_in_the_middle_is_told_with_its_time(
    tmp_path: Path, rate: float, told: str
) -> None:
    at = end()
    deployed = at - 5 * HOUR
    before = {"since": at - 9 * HOUR, "until": deployed, "rate": 0.02}
    after = {"since": deployed + STEP, "until": at, "rate": rate}
    series = [
        *service(at, before, after)[2:],
        *pod(np.random.default_rng(2), "canary", "canary", at - 21 * STEP, at, rate=rate),
    ]
    with backfilled(tmp_path, series) as address:
        foreseen, _, planned = read(address, tmp_path, at)
        document = CliRunner().invoke(
            judge,
            ["plan", str(tmp_path / "analysis.yaml"), "--at", f"{at}", "--output", "json"],
        )
    reason = only(foreseen)
    assert "most pods were replaced at about" in reason
    assert "(6 came)" in reason
    assert abs(moment(reason, "about") - deployed) < 600
    assert told in reason
    assert foreseen.promise in ("calibrated", "exact")
    assert json.loads(document.output)["shortfalls"][0]["reason"].startswith("errors")
    assert planned.metrics[0].prospect is not None
