"""The end of a step: the reports, the command that the verdict sets off, and the exit code.

Owned here: whether a command may run (not while observing, not for what is held, once for each
decision of a recorded run), and what is said where it could not. Promised: exit code 0 means that
the verdict is a pass and that what was to be done after it was done. Not here: the verdict itself.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from judge.cli.ci.reaction import Reactions, carry_out, environment, option_of
from judge.cli.ci.reports import Reports, Said
from judge.cli.junit import Problem
from judge.cli.moments import clock_time
from judge.errors import ActionError, JudgeError, ServerUnavailable, SourceError, StoreError
from judge.verdict.verdict import Outcome

if TYPE_CHECKING:
    from judge.store.local_commands import LocalCommand

COULD_NOT_JUDGE = 4
EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}
_NOT_JUDGED = (SourceError, StoreError, ServerUnavailable, ActionError)


class Ledger(Protocol):
    """Where it is written down which commands of a run were carried out."""

    def begin(self, run_id: str, option: str) -> LocalCommand | None:
        """Write down that it begins; or the earlier time, where it should not begin again."""
        ...

    def end(self, run_id: str, option: str, exit_code: int) -> None:
        """Write down how it ended."""
        ...


@dataclass
class Step:
    """One command's end. ``name`` stands in the reports where there is no analysis to name.

    ``evidence`` is where the evidence bundle was written. Without a ``ledger`` each execution
    carries its command out.
    """

    name: str
    reports: Reports = field(default_factory=Reports)
    reactions: Reactions = field(default_factory=Reactions)
    file: str = ""
    evidence: Path | None = None
    ledger: Ledger | None = None
    _reacted: dict[Outcome, Problem | None] = field(default_factory=dict)
    _concluded: Said | None = None

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Report what comes in the way of a verdict, and let it go on."""
        self.reports.prepare()
        try:
            yield
        except KeyboardInterrupt:
            self._interrupted()
            raise
        except _NOT_JUDGED as error:
            self._report("could-not-judge", str(error))
            raise
        except (JudgeError, click.ClickException) as error:
            said = error.format_message() if isinstance(error, click.ClickException) else str(error)
            self._report("configuration", said)
            raise
        except Exception as error:
            self._report("could-not-judge", f"an error of Judge's own: {error!r}")
            raise

    def conclude(
        self, said: Said, *, run: str = "", held: bool = False, decided: bool = True
    ) -> int:
        """Report the verdict, carry out what it sets off; the exit code.

        ``decided`` False: the verdict is not the run's last word, and not written down as such.
        """
        self.reports.write(said, file=self.file)
        self._concluded = said
        problem = self.react(said, run=run, held=held, decided=decided)
        if problem is None:
            return EXIT_CODES[said.verdict.verdict]
        self.reports.amend(said, problem, file=self.file)
        return COULD_NOT_JUDGE

    def could_not(self, said: Said, message: str) -> int:
        """Report a verdict that was reached without having seen anything; the exit code."""
        click.echo(message, err=True)
        self.reports.write(said, problem=Problem("could-not-judge", message), file=self.file)
        return COULD_NOT_JUDGE

    def no_verdict(self, message: str) -> int:
        """Report why there is no verdict; the exit code."""
        click.echo(message, err=True)
        self._report("could-not-judge", message)
        return COULD_NOT_JUDGE

    def react(
        self, said: Said, *, run: str = "", held: bool = False, decided: bool = True
    ) -> Problem | None:
        """Carry out the command of this verdict, once in this step; what came in its way."""
        outcome = said.verdict.verdict
        command = self.reactions.to(outcome)
        if command is None:
            return None
        if outcome not in self._reacted:
            problem = self._react(command, said, run=run, held=held, decided=decided)
            self._reacted[outcome] = problem
            if problem is not None:
                click.echo(problem.message, err=True)
        return self._reacted[outcome]

    def _react(
        self, command: str, said: Said, *, run: str, held: bool, decided: bool
    ) -> Problem | None:
        outcome = said.verdict.verdict
        option = option_of(outcome)
        if said.analysis.mode.value == "observe":
            click.echo(f"--{option} is not run: the analysis only observes", err=True)
            return None
        if held:
            return Problem(
                option,
                f"--{option} is not run: run {run} is held; approve it, and call this again",
            )
        ledger = self.ledger if decided else None
        earlier = None if ledger is None else ledger.begin(run, option)
        if earlier is not None:
            return _not_again(earlier)
        told = environment(said.verdict, said.analysis, run=run, evidence=self.evidence)
        code = -signal.SIGTERM
        try:
            code = carry_out(command, told)
        finally:
            if ledger is not None:
                ledger.end(run, option, code)
        if code == 0:
            return None
        return Problem(
            option,
            f"the verdict is {outcome.value}, but the command of --{option} failed: {_how(code)}",
        )

    @property
    def concluded(self) -> bool:
        """Whether the verdict is reported."""
        return self._concluded is not None

    def _interrupted(self) -> None:
        if self._concluded is None:
            self._report("interrupted", "interrupted before there was a verdict")
            return
        option = option_of(self._concluded.verdict.verdict)
        message = f"interrupted while the command of --{option} was carried out"
        click.echo(message, err=True)
        self.reports.amend(self._concluded, Problem("interrupted", message), file=self.file)

    def _report(self, kind: str, message: str) -> None:
        self.reports.write_problem(self.name, Problem(kind, message), file=self.file)


def _not_again(earlier: LocalCommand) -> Problem | None:
    begun = f"--{earlier.option} began at {clock_time(earlier.started_at)}"
    if earlier.exit_code == 0:
        click.echo(f"{begun} and went well; it is not run again", err=True)
        return None
    return Problem(
        earlier.option,
        f"{begun}, and nobody knows how it ended; it is not run again: see what it did, and do "
        "the rest by hand",
    )


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
