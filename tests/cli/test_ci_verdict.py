"""judge verdict as a step of CI, on a service whose canaries have just run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.ci.window import Asked, patiently, wait_until
from judge.cli.main import judge
from judge.errors import SourceUnavailable
from judge.spec.resolved import ResolvedAnalysis
from tests.cli.ci_service import ANALYSIS, DURATION, service, written
from tests.cli.test_ci_junit import check_schema, shown_by_gitlab
from tests.servers.process import free_port

pytestmark = pytest.mark.xdist_group("ci_verdict")

NOTE = 'echo "$JUDGE_VERDICT of $JUDGE_NAMESPACE/$JUDGE_NAME" > '


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture
def analysis(tmp_path: Path, address: str) -> Path:
    return written(tmp_path, address)


def call(analysis: Path, *options: object, version: str = "good") -> Result:
    words = ["verdict", str(analysis), "--set", f"version={version}", *map(str, options)]
    return CliRunner().invoke(judge, words)


def files(folder: Path) -> tuple[str, ...]:
    """Options that ask for every report in ``folder``."""
    return tuple(
        word
        for name in ("junit", "markdown", "json")
        for word in (f"--{name}", str(folder / f"report.{name}"))
    )


@pytest.mark.parametrize(
    ("version", "code", "verdict", "status"),
    [
        ("good", 0, "pass", "success"),
        ("bad", 1, "fail", "failure"),
        ("absent", 3, "inconclusive", "failure"),
    ],
)
def test_every_report_of_every_verdict_is_written(
    analysis: Path, tmp_path: Path, version: str, code: int, verdict: str, status: str
) -> None:
    result = call(analysis, "--output", "json", *files(tmp_path), version=version)
    assert result.exit_code == code, result.output
    said = json.loads(result.stdout)
    assert said["verdict"] == verdict
    assert json.loads((tmp_path / "report.json").read_text()) == said
    text = (tmp_path / "report.junit").read_text()
    check_schema(text)
    *_, run = shown_by_gitlab(text)
    assert (run.name, run.status, run.file) == ("verdict", status, str(analysis))
    assert f"**{verdict}**" in (tmp_path / "report.markdown").read_text()


def test_markdown_is_added_to_a_summary_and_the_rest_written_anew(
    analysis: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "report.markdown"
    summary.write_text("# Deployed\n")
    for version in ("good", "bad"):
        call(analysis, *files(tmp_path), version=version)
    text = summary.read_text()
    assert text.startswith("# Deployed\n## PROMOTE: shop/checkout\n")
    assert "\n\n## ROLL BACK: shop/checkout\n" in text
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "fail"


def test_what_could_not_be_judged_is_reported_too(analysis: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"verdict": "pass"}')  # of an earlier execution
    nobody = f"http://127.0.0.1:{free_port()}"
    note = tmp_path / "note"
    result = call(
        analysis, "--prometheus", nobody, *files(tmp_path), "--on-inconclusive", NOTE + str(note)
    )
    assert isinstance(result.exception, SourceUnavailable)  # of which main makes 4
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert case.status == "error"
    assert "cannot be reached" in (case.output or "")
    said = json.loads((tmp_path / "report.json").read_text())
    assert (said["verdict"], said["error"]["kind"]) == (None, "could-not-judge")
    assert "NO VERDICT: checkout" in (tmp_path / "report.markdown").read_text()
    assert not note.exists()


def test_a_configuration_that_cannot_be_used_is_reported_too(tmp_path: Path) -> None:
    file = written(tmp_path, "http://127.0.0.1:9", ANALYSIS.replace("metrics:", "metric:"))
    call(file, *files(tmp_path))
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert case.status == "error"
    assert "spec.metric" in (case.output or "")


def test_a_report_without_a_folder_is_told_before_anything_is_judged(tmp_path: Path) -> None:
    file = written(tmp_path, f"http://127.0.0.1:{free_port()}")
    result = call(file, "--junit", tmp_path / "none" / "report.xml")
    assert result.exit_code == 2
    assert "--junit" in result.stderr


def test_a_report_that_cannot_be_written_changes_nothing_of_the_verdict(
    analysis: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    result = call(analysis, "--json", "/dev/full", "--on-fail", NOTE + str(note), version="bad")
    assert result.exit_code == 1
    assert "/dev/full cannot be written" in result.stderr
    assert note.read_text() == "fail of shop/checkout\n"


@pytest.mark.parametrize(
    ("version", "ran"), [("good", "pass"), ("bad", "fail"), ("absent", "inconclusive")]
)
def test_the_verdicts_own_command_is_run(
    analysis: Path, tmp_path: Path, version: str, ran: str
) -> None:
    options = [
        word
        for verdict in ("pass", "fail", "inconclusive")
        for word in (f"--on-{verdict}", f"{NOTE}{tmp_path / verdict}; echo said")
    ]
    result = call(analysis, *options, "--output", "json", version=version)
    assert result.exit_code == {"pass": 0, "fail": 1, "inconclusive": 3}[ran]
    assert [one for one in ("pass", "fail", "inconclusive") if (tmp_path / one).exists()] == [ran]
    assert (tmp_path / ran).read_text() == f"{ran} of shop/checkout\n"
    assert json.loads(result.stdout)["verdict"] == ran
    assert "said" in result.stderr


def test_the_evidence_is_there_for_the_command(analysis: Path, tmp_path: Path) -> None:
    evidence, copy = tmp_path / "e.json", tmp_path / "copy.json"
    call(analysis, "--evidence-out", evidence, "--on-pass", f'cp "$JUDGE_EVIDENCE" {copy}')
    assert json.loads(copy.read_text())["format"] == "judge-evidence/1"


@pytest.mark.parametrize("version", ["good", "bad"])
def test_a_command_that_fails_is_no_success_of_any_kind(
    analysis: Path, tmp_path: Path, version: str
) -> None:
    verdict = {"good": "pass", "bad": "fail"}[version]
    result = call(analysis, f"--on-{verdict}", "exit 7", *files(tmp_path), version=version)
    assert result.exit_code == 4
    message = f"the verdict is {verdict}, but the command of --on-{verdict} failed: exit code 7"
    assert message in result.stderr
    text = (tmp_path / "report.junit").read_text()
    check_schema(text)
    last = shown_by_gitlab(text)[-1]
    assert (last.name, last.status, last.output) == (f"on-{verdict}", "error", message)
    said = json.loads((tmp_path / "report.json").read_text())
    assert (said["verdict"], said["error"]["message"]) == (verdict, message)
    summary = (tmp_path / "report.markdown").read_text()
    assert summary.count("##") == 1
    assert "exit code 7" in summary


def test_who_observes_acts_on_nothing(analysis: Path, tmp_path: Path) -> None:
    analysis.write_text(analysis.read_text() + "  mode: observe\n")
    note = tmp_path / "note"
    result = call(analysis, "--on-fail", NOTE + str(note), version="bad")
    assert result.exit_code == 1
    assert "--on-fail is not run: the analysis only observes" in result.stderr
    assert not note.exists()


def test_a_window_that_is_not_over_is_waited_for(analysis: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    ends = time.time() + 2
    result = call(analysis, "--started-at", ends - DURATION, "--wait", "--evidence-out", evidence)
    assert result.exit_code == 0, result.output
    assert time.time() >= ends
    assert "waiting for the window's samples until" in result.stderr
    intervals = json.loads(evidence.read_text())["intervals"]
    assert len(intervals) == 15
    assert intervals[-1]["end"] == pytest.approx(ends, abs=0.01)


def test_samples_are_waited_for_too(analysis: Path, tmp_path: Path) -> None:
    analysis.write_text(analysis.read_text().replace("delay: 0s", "delay: 3s"))
    ends = time.time() - 1
    result = call(analysis, "--at", ends, "--wait")
    assert result.exit_code == 0
    assert time.time() >= ends + 3


def test_a_wait_is_given_up_in_time(analysis: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    result = call(
        analysis,
        *("--wait", "--timeout", "500ms", "--output", "json", *files(tmp_path)),
        *("--on-inconclusive", NOTE + str(note)),
    )
    assert result.exit_code == 3
    assert "which --timeout ends before that" in result.stderr
    said = json.loads(result.stdout)
    assert said["verdict"] == "inconclusive"
    assert "given up after 500ms" in said["reason"]
    assert shown_by_gitlab((tmp_path / "report.junit").read_text())[-1].status == "failure"
    assert note.read_text() == "inconclusive of shop/checkout\n"


def test_a_wait_for_a_prometheus_out_of_reach_is_not_begun(analysis: Path) -> None:
    began = time.monotonic()
    result = call(analysis, "--wait", "--prometheus", f"http://127.0.0.1:{free_port()}")
    assert isinstance(result.exception, SourceUnavailable)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--at", "2999-01-01T00:00:00Z"], "not in the past; add --wait"),
        (["--started-at", "2999-01-01T00:00:00Z"], "not in the past; add --wait"),
        (["--at", "1", "--started-at", "1"], "give one"),
        (["--timeout", "5m"], "add --wait"),
        (["--wait", "--timeout", "5"], "has no unit"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(
    analysis: Path, options: list[str], words: str
) -> None:
    result = call(analysis, *options)
    assert result.exit_code == 2
    assert words in result.stderr


def test_the_window_is_what_a_run_would_look_at() -> None:
    analysis = ResolvedAnalysis("a", (), interval=60.0, duration=650.0, warmup=120.0)
    assert Asked(started_at=1000.0).end(analysis, now=5000.0) == 1000 + 120 + 10 * 60
    assert Asked(wait=True).end(analysis, now=5000.0) == 5000 + 120 + 10 * 60
    assert Asked(wait=True, lookback=300.0).end(analysis, now=5000.0) == 5000 + 120 + 300
    assert Asked(at=4000.0, wait=True).end(analysis, now=5000.0) == 4000
    assert Asked().end(analysis, now=5000.0) is None


def test_a_clock_that_jumps_ends_the_wait() -> None:
    now, slept = [1000.0], [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds
        now[0] += 600 * seconds  # a machine that was suspended

    assert wait_until(
        2200.0, timeout=None, clock=lambda: now[0], monotonic=lambda: slept[0], sleep=sleep
    )
    assert slept[0] == 2.0


@pytest.mark.parametrize(("lost", "patience", "asks"), [(2, 60.0, 3), (9, 60.0, 7), (1, 0.0, 1)])
def test_a_prometheus_that_is_lost_for_a_moment_is_asked_again(
    lost: int, patience: float, asks: int
) -> None:
    now, asked = [0.0], [0]

    def judged() -> str:
        asked[0] += 1
        if asked[0] <= lost:
            raise SourceUnavailable("out of reach")
        return "judged"

    def sleep(seconds: float) -> None:
        now[0] += seconds

    call = partial(patiently, judged, patience=patience, monotonic=lambda: now[0], sleep=sleep)
    if lost < asks:
        assert call() == "judged"
    else:
        with pytest.raises(SourceUnavailable):
            call()
    assert asked[0] == asks


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_wait_is_no_verdict(analysis: Path, tmp_path: Path, number: int) -> None:
    words = ["verdict", str(analysis), "--wait", *files(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "judge", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )
    assert process.stderr is not None
    assert "waiting for" in process.stderr.readline()
    process.send_signal(number)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert said == "interrupted\n"
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert case.status == "error"
    error = ET.parse(tmp_path / "report.junit").find(".//error")
    assert error is not None
    assert error.attrib["type"] == "interrupted"


def test_an_error_of_our_own_is_no_verdict(analysis: Path, tmp_path: Path) -> None:
    broken = (
        "import judge.runs.once as once, judge.cli.main as main\n"
        "def broken(*a, **k): raise RuntimeError('a bug')\n"
        "once.judge_window = broken\nmain.main()\n"
    )
    words = ["verdict", str(analysis), *files(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", broken, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "RuntimeError: a bug" in done.stderr
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert "a bug" in (case.output or "")
