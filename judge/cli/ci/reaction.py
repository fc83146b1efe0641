"""``--on-pass``, ``--on-fail``, ``--on-inconclusive``: a local command, once there is a verdict.

Owned here: which command a verdict means, what it is told, and carrying it out. It is the caller's
own text, given to the shell as it is; what the verdict says reaches it in its environment alone,
so that no reason, which may quote label values, is ever read as shell. Whether it may run, and
once only, is `step`'s.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Outcome, Verdict

Command = Callable[..., None]

LONGEST = 4096  # characters of a value in the environment
_GRACE = 10.0  # seconds that a command has to end when we are interrupted
_LAST_WORDS = 1.0  # seconds for output that comes after a command's end
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Reactions:
    """The commands that were given, by what they answer to."""

    on_pass: str | None = None
    on_fail: str | None = None
    on_inconclusive: str | None = None

    def __bool__(self) -> bool:
        return any(self.to(outcome) is not None for outcome in Outcome)

    def to(self, outcome: Outcome) -> str | None:
        """The command for a verdict; None where none was given."""
        match outcome:
            case Outcome.PASS:
                return self.on_pass
            case Outcome.FAIL:
                return self.on_fail
            case Outcome.INCONCLUSIVE:
                return self.on_inconclusive


def option_of(outcome: Outcome) -> str:
    """The option's name, without its dashes in front."""
    return f"on-{outcome.value}"


def reaction_options(command: Command) -> Command:
    """The three options of a command that takes them as ``reactions``."""

    @functools.wraps(command)
    def bundled(
        *arguments: Any,
        on_pass: str | None,
        on_fail: str | None,
        on_inconclusive: str | None,
        **options: Any,
    ) -> None:
        command(*arguments, reactions=Reactions(on_pass, on_fail, on_inconclusive), **options)

    described = {
        "on-inconclusive": "Have the shell run this where it is inconclusive (exit code 3).",
        "on-fail": "Have the shell run this after a fail: roll back, say.",
        "on-pass": "Have the shell run this after a pass: promote, say.",
    }
    for name, words in described.items():
        click.option(f"--{name}", metavar="CMD", callback=_not_empty, help=words)(bundled)
    return bundled


def environment(
    verdict: Verdict, analysis: ResolvedAnalysis, *, run: str, evidence: Path | None
) -> dict[str, str]:
    """What a command is told, beside our own environment. Absent things are empty."""
    told = {
        "VERDICT": verdict.verdict.value,
        "SCORE": "" if verdict.score is None else f"{verdict.score:g}",
        "REASON": verdict.reason,
        "RUN": run,
        "NAME": analysis.name,
        "NAMESPACE": analysis.namespace,
        "EVIDENCE": "" if evidence is None else str(evidence),
    }
    return {f"JUDGE_{name}": _plain(value) for name, value in told.items()}


def carry_out(command: str, told: Mapping[str, str]) -> int:
    """Have the shell run ``command``; its exit code, negative where a signal ended it.

    What it prints goes to our standard error. It is a process group of its own: where we are
    interrupted all of it is ended, and KeyboardInterrupt goes on.
    """
    process = subprocess.Popen(  # noqa: S602 -- the caller's own command line, with nothing of ours
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **told},
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 -- it is a pipe
    reader = threading.Thread(target=_pass_on, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        raise
    finally:
        # A server that the command has left behind may hold the pipe open for good.
        reader.join(_LAST_WORDS)
    return code


def _pass_on(output: IO[bytes]) -> None:
    with output:
        for line in output:
            click.echo(line.decode(errors="replace").rstrip("\n"), err=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        return


def _plain(text: str) -> str:
    """On one line, and of a length that an environment holds."""
    return _CONTROL.sub(" ", text)[:LONGEST]


def _not_empty(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("is empty: nothing would be done; leave it out, or write true")
    return value
