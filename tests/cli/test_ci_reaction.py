"""A local command after a verdict: what it is told, what it may print, and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from judge.cli.ci.reaction import LONGEST, Reactions, carry_out, environment, reaction_options
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Outcome, Promise, Verdict

ANALYSIS = ResolvedAnalysis("checkout", (), namespace="shop")
PASS = Verdict(Outcome.PASS, "as good as the baseline", 87.5, Promise.EXACT)


def told(verdict: Verdict = PASS) -> dict[str, str]:
    return environment(verdict, ANALYSIS, run="r1", evidence=Path("e.json.gz"))


def test_each_verdict_has_its_command() -> None:
    reactions = Reactions("p", "f", "i")
    assert [reactions.to(one) for one in (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)] == [
        "p",
        "f",
        "i",
    ]
    assert not Reactions()
    assert Reactions(on_fail="f")


def test_the_verdict_is_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "told"
    assert carry_out(f"env | grep ^JUDGE_ | sort > {shlex.quote(str(file))}", told()) == 0
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert {name: lines[name] for name in told()} == {
        "JUDGE_VERDICT": "pass",
        "JUDGE_SCORE": "87.5",
        "JUDGE_REASON": "as good as the baseline",
        "JUDGE_RUN": "r1",
        "JUDGE_NAME": "checkout",
        "JUDGE_NAMESPACE": "shop",
        "JUDGE_EVIDENCE": "e.json.gz",
    }


def test_what_is_absent_is_empty() -> None:
    unknown = Verdict(Outcome.INCONCLUSIVE, "", None, Promise.EXACT)
    said = environment(unknown, ANALYSIS, run="", evidence=None)
    assert (said["JUDGE_SCORE"], said["JUDGE_RUN"], said["JUDGE_EVIDENCE"]) == ("", "", "")


def test_a_reason_is_never_read_as_shell(tmp_path: Path) -> None:
    file = tmp_path / "touched"
    reason = f"$(touch {file}) `touch {file}`; touch {file}\n\x00end " + "x" * 300_000
    said = told(Verdict(Outcome.PASS, reason, 1.0, Promise.EXACT))
    assert carry_out(f'printf %s "$JUDGE_REASON" > {tmp_path / "reason"}', said) == 0
    assert not file.exists()
    written = (tmp_path / "reason").read_text()
    assert written.startswith(f"$(touch {file})")
    assert f"touch {file} end x" in written
    assert len(written) == LONGEST


def test_what_it_prints_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert carry_out("echo one; echo two >&2; printf '\\377 three'", told()) == 0
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["one", "two", "\ufffd three"]


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("no-such-command-here", 127)])
def test_its_exit_code_is_told(command: str, code: int) -> None:
    assert carry_out(command, told()) == code


def test_a_command_that_a_signal_ends_has_a_negative_code() -> None:
    assert carry_out("kill -TERM $$", told()) == -signal.SIGTERM


def test_it_cannot_read_our_input() -> None:
    assert carry_out("read line", told()) == 1


def test_a_server_that_it_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    began = time.monotonic()
    assert carry_out(f"sleep 60 & echo $! > {file}", told()) == 0
    assert time.monotonic() - began < 20
    os.kill(int(file.read_text()), signal.SIGKILL)  # it was left alone


SCRIPT = """
from judge.cli.ci.reaction import carry_out
from judge.cli.interruption import interrupted_once
try:
    with interrupted_once():
        carry_out(COMMAND, {})
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_us(tmp_path: Path, number: int) -> None:
    began, ended = tmp_path / "began", tmp_path / "ended"
    inner = f"trap 'touch {ended}; exit 1' TERM; touch {began}; while :; do sleep 0.05; done"
    program = SCRIPT.replace("COMMAND", repr(f"sh -c {shlex.quote(inner)}"))
    process = subprocess.Popen([sys.executable, "-c", program])
    while not began.exists():
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(30) == 130
    assert ended.exists()


@pytest.mark.parametrize("option", ["--on-pass", "--on-fail", "--on-inconclusive"])
def test_an_empty_command_is_refused(option: str) -> None:
    @click.command()
    @reaction_options
    def command(reactions: Reactions) -> None:
        click.echo(repr(reactions))

    refused = CliRunner().invoke(command, [option, " "])
    assert refused.exit_code == 2
    assert "nothing would be done" in refused.output
    assert "'x'" in CliRunner().invoke(command, [option, "x"]).output
