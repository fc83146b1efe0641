"""judge watch as a step of CI: its reports, its timeout, and its commands once a decision."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.store.database import open_database
from judge.store.run import Command, EventType
from judge.store.runs import Runs
from tests.cli.ci_service import DURATION, service, written
from tests.cli.test_ci_junit import check_schema, shown_by_gitlab
from tests.cli.test_ci_verdict import NOTE, files

pytestmark = pytest.mark.xdist_group("ci_watch")

EARLY = "duration: 15m\n  earlyPass: true\n  keepWatching: 9m"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture
def analysis(tmp_path: Path, address: str) -> Path:
    return written(tmp_path, address)


@pytest.fixture
def began() -> int:
    """When the rollout began, so that all of it has been by now."""
    return int(time.time()) - DURATION - 30


def watch(analysis: Path, *options: object, version: str = "good") -> Result:
    database = f"sqlite:///{analysis.parent / 'runs.db'}"
    words = ["watch", str(analysis), "--database", database, "--set", f"version={version}"]
    return CliRunner().invoke(judge, [*words, *map(str, options)])


def events(analysis: Path) -> list[tuple[EventType, dict[str, object]]]:
    """What is written down of the commands of the only run."""
    engine = open_database(f"sqlite:///{analysis.parent / 'runs.db'}")
    runs = Runs(engine, clock=time.time)
    (run,) = runs.find()
    kinds = (EventType.COMMAND_STARTED, EventType.COMMAND_ENDED)
    found = [(one.type, dict(one.data)) for one in runs.events(run.id) if one.type in kinds]
    engine.dispose()
    return found


def test_a_run_is_reported_and_its_command_run_once(
    analysis: Path, began: int, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    options = ("--started-at", began, *files(tmp_path), "--on-fail", f"echo x >> {note}")
    first = watch(analysis, *options, "--output", "json", version="bad")
    assert first.exit_code == 1, first.output
    text = (tmp_path / "report.junit").read_text()
    check_schema(text)
    assert shown_by_gitlab(text)[-1].status == "failure"
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(first.stdout)
    again = watch(analysis, *options, version="bad")
    assert again.exit_code == 1
    assert re.search(r"--on-fail began at .*Z and went well; it is not run again", again.stderr)
    assert note.read_text() == "x\n"
    assert events(analysis) == [
        (EventType.COMMAND_STARTED, {"option": "on-fail"}),
        (EventType.COMMAND_ENDED, {"option": "on-fail", "exitCode": 0}),
    ]


def test_a_command_that_failed_is_run_again(analysis: Path, began: int, tmp_path: Path) -> None:
    note = tmp_path / "note"
    options = ("--started-at", began, "--on-pass", f"test -f {note} || ! touch {note}")
    assert [watch(analysis, *options).exit_code for _ in range(2)] == [4, 0]
    assert [data.get("exitCode") for _, data in events(analysis)] == [None, 1, None, 0]


def test_a_command_whose_end_nobody_knows_is_not_run_again(
    analysis: Path, began: int, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    command = f"echo $$ >> {note}; exec sleep 60"
    database = f"sqlite:///{analysis.parent / 'runs.db'}"
    words = ["watch", str(analysis), "--database", database, "--started-at", str(began)]
    process = subprocess.Popen(
        [sys.executable, "-m", "judge", *words, "--on-pass", command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (note.exists() and note.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    os.kill(int(note.read_text()), signal.SIGKILL)
    again = watch(analysis, "--started-at", began, "--on-pass", command)
    assert again.exit_code == 4
    assert "nobody knows how it ended" in again.stderr
    assert len(note.read_text().splitlines()) == 1


def test_a_pass_sets_its_command_off_while_it_is_watched_on(
    analysis: Path, began: int, tmp_path: Path
) -> None:
    analysis.write_text(analysis.read_text().replace("duration: 15m", EARLY))
    note = tmp_path / "note"
    result = watch(
        analysis, "--started-at", began + 300, "--timeout", "8s", "--on-pass", NOTE + str(note)
    )
    assert result.exit_code == 0, result.output
    assert "given up after 8s" in result.stderr
    assert note.read_text() == "pass of shop/checkout\n"
    *_, ended = events(analysis)
    assert ended[1] == {"option": "on-pass", "exitCode": 0}


def test_a_run_that_is_not_decided_in_time_is_given_up(analysis: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    result = watch(
        analysis,
        *("--started-at", int(time.time()) - 150, "--timeout", "6s", "--output", "json"),
        *("--on-fail", NOTE + str(note), *files(tmp_path)),
    )
    assert result.exit_code == 3, result.output
    said = json.loads(result.stdout)
    assert said["verdict"] == "inconclusive"
    assert said["reason"].startswith("not decided after 6s, 2 of 15 looks: ")
    assert said["metrics"]["error-rate"]["estimate"] == pytest.approx(1.0, abs=0.2)
    assert re.search(r"given up after 6s; run \w+ is unfinished. This goes on", result.stderr)
    assert shown_by_gitlab((tmp_path / "report.junit").read_text())[-1].status == "failure"
    assert not note.exists()


def test_a_run_without_a_look_is_given_up_too(analysis: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    options = ("--timeout", "500ms", "--output", "json", "--on-inconclusive", NOTE + str(note))
    result = watch(analysis, *options)
    assert result.exit_code == 3, result.output
    assert json.loads(result.stdout)["reason"].startswith("not decided after 500ms, 0 of 15 looks")
    assert note.read_text() == "inconclusive of shop/checkout\n"
    assert events(analysis) == []  # no decision: what the run will say is still open


def test_a_cancelled_run_is_an_error_in_the_report(
    analysis: Path, began: int, tmp_path: Path
) -> None:
    assert watch(analysis, "--timeout", "100ms").exit_code == 3
    url = f"sqlite:///{analysis.parent / 'runs.db'}"
    engine = open_database(url)
    runs = Runs(engine, clock=time.time)
    (run,) = runs.find()
    runs.steer(run.id, Command.CANCEL, by="ada")
    engine.dispose()
    words = ["watch", "--resume", run.id, "--database", url, *files(tmp_path)]
    assert CliRunner().invoke(judge, words).exit_code == 4
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert case.status == "error"
    assert "was cancelled" in (case.output or "")


def test_an_interrupted_run_is_reported_as_such(analysis: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'runs.db'}"
    words = ["watch", str(analysis), "--database", database, *files(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "judge", *words, "--started-at", str(time.time() - 200)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "look" in line:
            break
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "is unfinished" in said
    (case,) = shown_by_gitlab((tmp_path / "report.junit").read_text())
    assert (case.status, case.suite) == ("error", "judge.shop.checkout")


def test_a_command_that_is_interrupted_has_failed(
    analysis: Path, began: int, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    command = f"echo x >> {note}; test $(wc -l < {note}) -gt 1 || exec sleep 60"
    database = f"sqlite:///{analysis.parent / 'runs.db'}"
    words = ["watch", str(analysis), "--database", database, "--started-at", str(began)]
    process = subprocess.Popen(
        [sys.executable, "-m", "judge", *words, "--on-pass", command, *files(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not note.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted while the command of --on-pass was carried out" in said
    assert "is unfinished" not in said
    text = (tmp_path / "report.junit").read_text()
    check_schema(text)
    assert [(one.name, one.status) for one in shown_by_gitlab(text)][-2:] == [
        ("verdict", "success"),
        ("interrupted", "error"),
    ]
    assert watch(analysis, "--started-at", began, "--on-pass", command).exit_code == 0
    assert note.read_text() == "x\nx\n"
