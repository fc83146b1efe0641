"""judge verdict, as a user calls it, on hours of traffic in a real Prometheus."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SourceRejected, SourceUnavailable, SpecError
from tests.servers.exposition import Series
from tests.servers.misbehaving import error, misbehaving
from tests.servers.process import free_port
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("judge_verdict")

END = 1_699_999_200
HOURS = 3
ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop}
spec:
  prometheus: {address: "http://127.0.0.1:9"}
  variables: {release: good}
  inputs: [release]
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="${release}"'}
  duration: 20m
  delay: 0s
  history: 2h
  metrics:
    - {name: error-rate, template: http-error-rate, limit: {ratio: 1.25}, worst: {ratio: 4}}
"""


def pods(track: str, count: int, errors: float, generator: random.Random) -> list[Series]:
    """Pods with 20 requests a second, scraped every 15 s."""
    series = []
    for pod in range(count):
        ok, bad = 0, 0
        good_samples, bad_samples = [], []
        for tick in range(HOURS * 240):
            failed = sum(generator.random() < errors for _ in range(300))
            ok, bad = ok + 300 - failed, bad + failed
            at = END - HOURS * 3600 + 15 * tick + 7
            good_samples.append((at, float(ok)))
            bad_samples.append((at, float(bad)))
        labels = {"pod": f"{track}-{pod}", "track": track}
        series += [
            Series("http_requests_total", {**labels, "code": "200"}, good_samples),
            Series("http_requests_total", {**labels, "code": "500"}, bad_samples),
        ]
    return series


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has seen a stable release, a good canary and a bad one."""
    generator = random.Random(7)
    series = [
        *pods("stable", 4, 0.01, generator),
        *pods("good", 2, 0.01, generator),
        *pods("bad", 2, 0.05, generator),
    ]
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as found:
        yield found


@pytest.fixture
def analysis(tmp_path: Path) -> Path:
    file = tmp_path / "checkout.yaml"
    file.write_text(ANALYSIS)
    return file


def call(analysis: Path, address: str, *options: str) -> Result:
    """The command on a window that is long over."""
    words = ["verdict", str(analysis), "--at", str(END), "--prometheus", address, *options]
    return CliRunner().invoke(judge, words)


@pytest.mark.parametrize(
    ("release", "code", "words"),
    [("good", 0, "PROMOTE"), ("bad", 1, "ROLL BACK"), ("nowhere", 3, "NOT KNOWN YET")],
)
def test_the_exit_code_and_the_words_are_the_verdicts(
    analysis: Path, address: str, release: str, code: int, words: str
) -> None:
    result = call(analysis, address, "--set", f"release={release}")
    assert result.exit_code == code, result.output
    assert result.output.startswith(f"{words}  shop/checkout")
    assert "error-rate" in result.output
    assert "\x1b[" not in result.output


def test_json_is_one_line_with_the_verdicts_fields(analysis: Path, address: str) -> None:
    result = call(analysis, address, "--set", "release=bad", "--output", "json")
    (line,) = result.output.splitlines()
    said = json.loads(line)
    assert said["verdict"] == "fail"
    metric = said["metrics"]["error-rate"]
    assert metric["low"] < metric["estimate"] < metric["high"]
    assert 3 < metric["estimate"] < 7


def test_junit_has_a_case_for_each_metric_and_the_run(analysis: Path, address: str) -> None:
    result = call(analysis, address, "--set", "release=bad", "--output", "junit")
    suite = ET.fromstring(result.output).find("testsuite")
    assert suite is not None
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "2"
    assert [case.attrib["name"] for case in suite] == ["error-rate", "verdict"]


def test_the_evidence_judges_to_the_same_again(
    analysis: Path, address: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "evidence.json.gz"
    first = call(
        analysis, address, "--set", "release=bad", "--output", "json", "--evidence-out", str(bundle)
    )
    written = json.loads(gzip.decompress(bundle.read_bytes()))
    assert written["format"] == "judge-evidence/1"
    assert written["verdicts"][-1] == json.loads(first.output)
    assert [one["decidedAt"] for one in written["verdicts"][:-1]] == [None] * (
        written["verdicts"][-1]["decidedAt"]
    )
    again = CliRunner().invoke(judge, ["replay", str(bundle), "--output", "json"])
    assert json.loads(again.output) == {"bundle": str(bundle), **json.loads(first.output)}


def test_the_sequence_has_every_look(analysis: Path, address: str) -> None:
    plain, listed = (
        json.loads(call(analysis, address, "--output", "json", *more).output)
        for more in ((), ("--sequence",))
    )
    sequence = listed["metrics"]["error-rate"].pop("sequence")
    assert listed == plain
    assert {len(values) for values in sequence.values()} == {plain["decidedAt"] + 1}
    assert sequence["estimate"][-1] == plain["metrics"]["error-rate"]["estimate"]
    drawn = call(analysis, address, "--sequence").output
    assert f"look 1 to {plain['decidedAt'] + 1}; the limit is 1.25x" in drawn


def test_lookback_says_how_much_is_judged(analysis: Path, address: str, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.json"
    call(analysis, address, "--lookback", "7m", "--evidence-out", str(bundle))
    written = json.loads(bundle.read_text())
    assert [one["end"] for one in written["intervals"]] == [
        END - 60 * ago for ago in range(6, -1, -1)
    ]
    assert written["history"][-1]["end"] == written["intervals"][0]["start"]
    assert len(written["history"]) == 120


def test_times_are_written_as_people_do(analysis: Path, address: str, tmp_path: Path) -> None:
    bundle = tmp_path / "evidence.json"
    words = ["verdict", str(analysis), "--prometheus", address, "--lookback", "5m"]
    for written in ("2023-11-14T22:00:00Z", "2023-11-14T22:00:00", "2023-11-14T23:00:00+01:00"):
        CliRunner().invoke(judge, [*words, "--at", written, "--evidence-out", str(bundle)])
        assert json.loads(bundle.read_text())["intervals"][-1]["end"] == END


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--at", "yesterday"], "is no time"),
        (["--at", "2999-01-01T00:00:00Z"], "not in the past"),
        (["--lookback", "30"], "has no unit"),
        (["--lookback", "10s"], "shorter than one interval"),
        (["--lookback", "0s"], "shorter than one interval"),
        (["--set", "release"], "NAME=VALUE"),
        (["--output", "xml"], "is not one of"),
    ],
)
def test_what_is_written_wrong_is_a_usage_error(
    analysis: Path, options: list[str], words: str
) -> None:
    result = CliRunner().invoke(judge, ["verdict", str(analysis), *options])
    assert result.exit_code == 2
    assert words in result.output


def test_evidence_that_cannot_be_written_is_said(analysis: Path, address: str) -> None:
    result = call(analysis, address, "--evidence-out", "/nowhere/evidence.json")
    assert result.exit_code == 2
    assert "/nowhere/evidence.json" in result.output


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(judge, ["verdict", str(tmp_path / "none.yaml")])
    assert isinstance(result.exception, SpecError)
    assert "none.yaml" in str(result.exception)


def test_a_prometheus_out_of_reach_is_an_error_of_its_own(analysis: Path) -> None:
    result = call(analysis, f"http://127.0.0.1:{free_port()}")
    assert isinstance(result.exception, SourceUnavailable)


def test_a_prometheus_that_refuses_is_an_error_with_its_words(analysis: Path) -> None:
    with misbehaving(error("bad_data", "no such function", status=400)) as server:
        result = call(analysis, server.address)
    assert isinstance(result.exception, SourceRejected)
    assert "no such function" in str(result.exception)


def test_not_having_judged_is_exit_code_4(analysis: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "judge", "verdict", str(analysis), "--prometheus", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.startswith(f"judge: Prometheus at {address} cannot be reached")
