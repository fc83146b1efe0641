"""``--sequence``: verdicts with what was said of each metric after every look.

Owned here: the option of the commands that judge a finished window or a bundle, and its two forms.
The charts are `sequence_chart`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import click

from judge.cli.render import render
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.sequence import with_sequences
from judge.verdict.verdict import Verdict, document

Command = Callable[..., None]


def sequence_option(command: Command) -> Command:
    """``--sequence``, which asks for what was said of each metric after every look."""
    return click.option(
        "--sequence",
        is_flag=True,
        help="Also each metric's ratio and interval after every look: charts in text, lists in "
        "json. Takes as long as all looks together.",
    )(command)


def check_form(output: str, *, sequence: bool) -> None:
    """Raise `click.UsageError` for forms that have no place for sequences."""
    if sequence and output not in ("text", "json"):
        raise click.UsageError(f"--sequence goes with --output text or json, not {output}")


def document_by_look(verdict: Verdict, told: Sequence[Verdict]) -> dict[str, Any]:
    """The JSON form of ``verdict``, with the sequences of those ``told`` by look, if any."""
    said = document(verdict)
    return with_sequences(said, [document(one) for one in told]) if told else said


def render_by_look(
    verdict: Verdict, told: Sequence[Verdict], analysis: ResolvedAnalysis, output: str
) -> str:
    """``verdict`` in the form ``output``, with the sequences of those ``told`` by look, if any."""
    if output == "json":
        return json.dumps(document_by_look(verdict, told))
    rendered = render(verdict, analysis, output)
    if not told:
        return rendered
    from judge.cli.sequence_chart import charts

    drawn = charts(document_by_look(verdict, told), looks=analysis.all_looks)
    return f"{rendered}\n{drawn}" if drawn else rendered
