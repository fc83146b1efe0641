"""judge demo: two recorded rollouts through the real daemon, and a live one that is interrupted."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from judge.cli.demonstration.closing import Shown, close
from judge.cli.demonstration.play import Played
from judge.cli.demonstration.recorded import play_recordings
from judge.cli.main import judge
from judge.lab.demo.receiver import Received
from judge.lab.demo.recordings import Recording, recordings
from judge.stats.samples import Count, Interval
from judge.verdict.verdict import Outcome
from tests.servers.process import need

LARGEST = 300_000  # bytes of a recording: they are shipped in the wheel


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "judge", "demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def test_the_recorded_demo_reaches_both_verdicts_and_says_what_is_next(tmp_path: Path) -> None:
    done = run("--speed", 100, "--folder", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout
    assert "\x1b" not in text
    assert re.search(r"bad release.*: ROLL BACK: error rate \d", text)
    assert re.search(r"good release: PROMOTE: ", text)
    assert "webhook /rollback (run.fail) received, signature verified" in text
    assert "webhook /promote (run.pass) received, signature verified" in text
    assert f"replay {tmp_path}/bad-release.json.gz" in text
    assert "README.md" in text

    replayed = CliRunner().invoke(judge, ["replay", "--output", "json", str(tmp_path)])
    said = {Path(one["bundle"]).name: one for one in map(json.loads, replayed.stdout.splitlines())}
    assert said["bad-release.json.gz"]["verdict"] == "fail"
    assert said["good-release.json.gz"]["verdict"] == "pass"
    bundle = json.loads(gzip.decompress((tmp_path / "bad-release.json.gz").read_bytes()))
    last = dict(bundle["verdicts"][-1])
    assert last == {name: said["bad-release.json.gz"][name] for name in last}


def test_the_recordings_are_calibrated_and_small() -> None:
    for recording in recordings():
        assert len(recording.bundle.history) * recording.bundle.analysis.interval >= 3000
        assert set(recording.bundle.analysis.tracks) == {"baseline", "canary", "shadow"}
    folder = Path(__file__).parents[2] / "judge" / "lab" / "recordings"
    assert all(file.stat().st_size < LARGEST for file in folder.iterdir())


def healed(recording: Recording) -> Recording:
    """The same recording with a canary that fails a quarter as often."""

    def heal(interval: Interval) -> Interval:
        errors = interval.samples["error-rate"]
        canary = {
            pod: Count(count.events // 4, count.total) for pod, count in errors["canary"].items()
        }
        samples = {**interval.samples, "error-rate": {**errors, "canary": canary}}
        return dataclasses.replace(interval, samples=samples)

    intervals = tuple(heal(one) for one in recording.bundle.intervals)
    bundle = dataclasses.replace(recording.bundle, intervals=intervals)
    return dataclasses.replace(recording, bundle=bundle)


def test_other_counts_get_another_verdict(tmp_path: Path) -> None:
    bad = recordings()[0]
    console = Console(file=io.StringIO())
    (played,) = play_recordings([healed(bad)], folder=tmp_path, speed=100, console=console)
    assert played.run["verdict"] != "fail"
    told = Console(file=io.StringIO(), width=80)
    assert not close([Shown(bad.title, bad.expected, played)], folder=tmp_path, console=told)
    assert isinstance(told.file, io.StringIO)
    assert "NOT AS IT SHOULD BE: the verdict should be fail" in told.file.getvalue()


def shown(verdict: str, *, told: str | None) -> Shown:
    webhook = None if told is None else Received("id", "/promote", {"data": {"verdict": told}})
    return Shown("a run", Outcome.PASS, Played({"verdict": verdict}, {}, webhook))


@pytest.mark.parametrize(
    ("one", "faults"),
    [
        (shown("pass", told="pass"), []),
        (shown("fail", told="fail"), ["the verdict should be pass, and is fail"]),
        (shown("pass", told=None), ["its webhook did not arrive"]),
        (shown("pass", told="fail"), ["its webhook tells of another verdict"]),
    ],
)
def test_what_is_not_as_it_should_be(one: Shown, faults: list[str]) -> None:
    assert one.faults == faults


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_live_demo_leaves_nothing_running_and_no_files(
    tmp_path: Path, number: int
) -> None:
    need("prometheus")
    command = [sys.executable, "-m", "judge", "demo", "--live", "--history", "60s"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    assert "gathering 1m" in process.stdout.readline()
    (prometheus,) = children(process.pid)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert not Path(f"/proc/{prometheus}").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_live_demo_records_what_prometheus_saw(tmp_path: Path) -> None:
    need("prometheus")
    began = time.time()
    done = run(
        "--live", "--fault", "outage", "--history", "6s", "--duration", "10s", "--interval", "2s",
        "--record", tmp_path / "record", "--folder", tmp_path / "folder",
    )  # fmt: skip
    assert "recorded: " in done.stdout, done.stdout + done.stderr
    bundle = json.loads(gzip.decompress((tmp_path / "record" / "bad-release.json.gz").read_bytes()))
    assert len(bundle["intervals"]) == 5
    assert all(one["start"] >= began for one in bundle["intervals"])
    requests = errors = 0.0
    for interval in bundle["intervals"]:
        for count in interval["samples"]["error-rate"]["canary"].values():
            requests += count["total"]
            errors += count["events"]
    assert requests > 50
    assert errors == requests


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fault", "gremlins"), "'gremlins' is not one of"),
        (("--live", "--history", "soon"), "is not a duration"),
        (("--speed", "1000"), "1000"),
        (("--record", "/dev/null/folder"), "cannot be made"),
    ],
)
def test_usage(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(judge, ["demo", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
