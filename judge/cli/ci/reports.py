"""``--junit``, ``--markdown`` and ``--json``: what a command said, also as files.

Promised: a file is written whatever the verdict is, and where there is none it says why; files of
an earlier execution are gone by then; one that cannot be written is told, and changes nothing of
the verdict. Markdown is appended, so that a step adds its part to the summary of a job
(``GITHUB_STEP_SUMMARY``); the others are written anew. Not here: the forms (`judge.cli.render`,
`judge.cli.junit`).
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from judge.cli.junit import Problem, problem_junit, verdict_junit
from judge.cli.render import markdown_text, render
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Verdict

Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict with its analysis and its JSON form."""

    verdict: Verdict
    analysis: ResolvedAnalysis
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Reports:
    """The files that were asked for."""

    junit: Path | None = None
    markdown: Path | None = None
    json: Path | None = None
    _began: float = field(default_factory=time.monotonic)

    def prepare(self) -> None:
        """Take away what an earlier execution left. Raises `click.BadParameter` early."""
        for name, path in self._files().items():
            place = path if path.exists() else path.resolve().parent
            if not os.access(place, os.W_OK):
                raise click.BadParameter(
                    f"{path} cannot be written: {place} is not there, or not yours to write to",
                    param_hint=f"--{name}",
                )
            if name != "markdown" and path.is_file():
                with suppress(OSError):  # its folder is not ours; the file itself is
                    path.unlink()

    def __bool__(self) -> bool:
        return bool(self._files())

    def write(self, said: Said, *, problem: Problem | None = None, file: str = "") -> None:
        """The verdict in each file, with what came in its way. ``file`` is the analysis's."""
        if self.junit is not None:
            text = verdict_junit(
                said.verdict, said.analysis, problem=problem, file=file, seconds=self._seconds()
            )
            _write(self.junit, text)
        if self.json is not None:
            error = {} if problem is None else {"error": _error(problem)}
            _write(self.json, json.dumps({**said.document, **error}))
        if self.markdown is not None:
            _append(self.markdown, render(said.verdict, said.analysis, "markdown"))
            if problem is not None:
                _append(self.markdown, _paragraph(problem))

    def amend(self, said: Said, problem: Problem, *, file: str = "") -> None:
        """Add to what was written that something failed afterwards."""
        Reports(self.junit, None, self.json, self._began).write(said, problem=problem, file=file)
        if self.markdown is not None:
            _append(self.markdown, _paragraph(problem))

    def write_problem(self, name: str, problem: Problem, *, file: str = "") -> None:
        """Why there is no verdict on ``name``, in each file."""
        if self.junit is not None:
            _write(self.junit, problem_junit(name, problem, file=file, seconds=self._seconds()))
        if self.json is not None:
            _write(self.json, json.dumps({"verdict": None, "error": _error(problem)}))
        if self.markdown is not None:
            title = f"## NO VERDICT: {name}"
            _append(self.markdown, f"{markdown_text(title)}\n\n{_paragraph(problem)}")

    def _files(self) -> dict[str, Path]:
        named = {"junit": self.junit, "markdown": self.markdown, "json": self.json}
        return {name: path for name, path in named.items() if path is not None}

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def report_options(command: Command) -> Command:
    """``--junit``, ``--markdown`` and ``--json`` of a command that takes them as ``reports``."""

    @functools.wraps(command)
    def bundled(
        *arguments: Any,
        junit_file: Path | None,
        markdown_file: Path | None,
        json_file: Path | None,
        **options: Any,
    ) -> None:
        reports = Reports(junit_file, markdown_file, json_file)
        command(*arguments, reports=reports, **options)

    described = {
        "json": "Also write the verdict there as JSON.",
        "markdown": "Also append the verdict there as Markdown, as to $GITHUB_STEP_SUMMARY.",
        "junit": "Also write the verdict there as JUnit XML, for the tests of GitLab or Jenkins.",
    }
    for name, words in described.items():
        path = click.Path(path_type=Path, dir_okay=False)
        click.option(f"--{name}", f"{name}_file", type=path, metavar="FILE", help=words)(bundled)
    return bundled


def _error(problem: Problem) -> dict[str, str]:
    return {"kind": problem.kind, "message": problem.message}


def _paragraph(problem: Problem) -> str:
    return f"**{problem.kind}**: {markdown_text(problem.message)}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8", errors="replace")
    except OSError as error:
        click.echo(f"{path} cannot be written: {error.strerror}", err=True)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n\n")
    except OSError as error:
        click.echo(f"{path} cannot be written: {error.strerror}", err=True)
