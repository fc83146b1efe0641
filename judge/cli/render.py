"""A verdict as text, JSON, JUnit XML or Markdown: what a command prints.

Owned here: the four forms, which all say the same. Text is coloured on a terminal and plain
elsewhere. JUnit is `judge.cli.junit`'s. Not here: the verdict's words (`judge.verdict.reasons`).
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.cli import kayenta_words as kayenta
from judge.cli.junit import verdict_junit
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import (
    BoundVerdict,
    Difference,
    MetricVerdict,
    Outcome,
    Promise,
    Verdict,
    document,
)

OUTPUTS = ("text", "json", "junit", "markdown")
PLAIN_WIDTH = 120

_WORDS = {
    Outcome.PASS: "PROMOTE",
    Outcome.FAIL: "ROLL BACK",
    Outcome.INCONCLUSIVE: "NOT KNOWN YET",
}
_STYLES = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
}
_PROMISES = {
    Promise.EXACT: "the promise on false rollbacks is exact as far as the history shows",
    Promise.CALIBRATED: "the promise on false rollbacks is measured on this service's own history",
    Promise.EMPIRICAL: "the promise on false rollbacks is empirical: measured on past days' pairs",
    Promise.UNCALIBRATED: (
        "the promise on false rollbacks is not measured: it rests on noise as learned or assumed"
    ),
    Promise.NONE: "no promise on false rollbacks: Kayenta's judge makes none",
}
_DIFFERENCES = {
    Difference.BETTER: "better",
    Difference.WORSE: "worse",
    Difference.NONE: "no difference",
}
_COLUMNS = ("metric", "verdict", "ratio", "between", "limit", "evidence", "why")
_KAYENTA_COLUMNS = ("metric", "verdict", "says", "ratio", "tolerated", "why")


def render(verdict: Verdict, analysis: ResolvedAnalysis, output: str) -> str:
    """``verdict`` in the form ``output`` (one of `OUTPUTS`), without a newline at the end."""
    if output == "json":
        return json.dumps(document(verdict))
    if output == "junit":
        return verdict_junit(verdict, analysis)
    if output == "markdown":
        return _markdown(verdict, analysis)
    return _text(verdict, analysis)


def _comparisons(verdict: Verdict) -> Mapping[str, Mapping[str, MetricVerdict]]:
    """The metrics by comparison; "" names the only one."""
    return verdict.comparisons if len(verdict.comparisons) > 1 else {"": verdict.metrics}


def _named(track: str, metric: str) -> str:
    return f"{track}: {metric}" if track else metric


def _rows(verdict: Verdict) -> Iterator[tuple[MetricVerdict, tuple[str, ...]]]:
    """A row of the verdict's `_columns` for each metric."""
    figures = kayenta.figures if verdict.promise is Promise.NONE else _figures
    for track, metrics in _comparisons(verdict).items():
        for name, one in metrics.items():
            yield (
                one,
                (
                    _named(track, name),
                    one.verdict.value + _more(one),
                    *figures(one),
                    one.reason,
                ),
            )


def _columns(verdict: Verdict) -> tuple[str, ...]:
    return _KAYENTA_COLUMNS if verdict.promise is Promise.NONE else _COLUMNS


def _more(one: MetricVerdict) -> str:
    """What there is to add to a metric's verdict: an A/B test's answer, or that it is proven."""
    if one.difference is not None:
        return f" ({_DIFFERENCES[one.difference]})"
    return " (proven)" if one.proven else ""


def _figures(one: MetricVerdict) -> tuple[str, str, str, str]:
    """Ratio, interval, limit and evidence; a metric held to its fixed bound alone has no ratio."""
    if one.limit is None and one.bound is not None:
        bound = one.bound
        ends = {"min": bound.min, "max": bound.max}
        limits = " ".join(f"{name} {_number(end)}" for name, end in ends.items() if end is not None)
        return "-", "-", limits, _evidence(bound) if bound.promised else "-"
    between = f"{_number(one.low)} - {_number(one.high)}"
    return _number(one.estimate), between, _number(one.limit), _evidence(one)


def _evidence(judged: MetricVerdict | BoundVerdict) -> str:
    return f"{_number(judged.evidence)} of {_number(judged.threshold)}"


def _number(value: float | None) -> str:
    # Adding zero turns a negative zero into a plain one.
    return "?" if value is None else f"{round(value, 9) + 0.0:.3g}"


def _points(score: float | None) -> str:
    return "no score" if score is None else f"score {score:.0f}"


def _text(verdict: Verdict, analysis: ResolvedAnalysis) -> str:
    terminal = sys.stdout.isatty()
    sink = io.StringIO()
    console = Console(
        file=sink,
        force_terminal=terminal,
        width=None if terminal else PLAIN_WIDTH,
        highlight=False,
        emoji=False,
    )
    proven = ", proven" if verdict.proven else ""
    console.print(
        Text.assemble(
            (_WORDS[verdict.verdict], _STYLES[verdict.verdict]),
            f"  {analysis.namespace}/{analysis.name}: {verdict.verdict.value}{proven}, "
            f"{_points(verdict.score)}",
        )
    )
    console.print(Text(verdict.reason))
    for line in _others(verdict):
        console.print(Text(line))
    console.print(_table(verdict))
    console.print(Text(_PROMISES[verdict.promise], style="dim"))
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())


def _others(verdict: Verdict) -> list[str]:
    """What is said beside: of a shadow, of Kayenta's groups, by another judge."""
    tracks = [
        f"{track}, which decides nothing: {one.verdict.value}, {_points(one.score)}: {one.reason}"
        for track, one in list(verdict.tracks.items())[1:]
    ]
    return [*tracks, *kayenta.groups(verdict), *kayenta.beside(verdict)]


def _table(verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in _columns(verdict):
        table.add_column(column, no_wrap=column != "why", overflow="fold")
    for one, cells in _rows(verdict):
        table.add_row(*(Text(cell) for cell in cells), style=_STYLES[one.verdict].split()[1])
    return table


def _markdown(verdict: Verdict, analysis: ResolvedAnalysis) -> str:
    title = f"## {_WORDS[verdict.verdict]}: {analysis.namespace}/{analysis.name}"
    proven = " (proven)" if verdict.proven else ""
    facts = (
        f"**{verdict.verdict.value}**{proven}, {_points(verdict.score)}, promise: {verdict.promise}"
    )
    columns = _columns(verdict)
    rows = [columns, ("---",) * len(columns), *(cells for _, cells in _rows(verdict))]
    table = "\n".join("| " + " | ".join(map(markdown_text, row)) + " |" for row in rows)
    said = [markdown_text(one) for one in (verdict.reason, *_others(verdict))]
    return "\n\n".join([markdown_text(title), facts, *said, table])


def markdown_text(text: str) -> str:
    """``text`` on one line, its markup taken literally."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))
