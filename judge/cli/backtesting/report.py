"""A backtest as text and as Markdown: the same sentences and tables, laid out.

Text is coloured on a terminal and plain elsewhere. Not here: the sentences (`words`), JSON
(`document`).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from judge.cli.backtesting.words import headline, notes, outcomes, stamp, title
from judge.runs.backtest.backtest import Backtested
from judge.runs.backtest.figures import Figures, Found, MetricFigures, Offender
from judge.runs.backtest.results import RolloutResult
from judge.spec.units import format_duration

PLAIN_WIDTH = 120
MOST_OFFENDERS = 20
WRAPPED = ("why", "pods", "known by", "metric")
GAP = 2
MOST_NAME = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A title, sentences, and a table of rows under the names of its columns; any may be empty."""

    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def text(one: Backtested) -> str:
    """For a terminal or a log."""
    terminal = sys.stdout.isatty()
    sink = io.StringIO()
    console = Console(
        file=sink,
        force_terminal=terminal,
        width=None if terminal else PLAIN_WIDTH,
        highlight=False,
        emoji=False,
    )
    console.print(Text(_title(one), style="bold"))
    for part in parts(one):
        console.print()
        console.print(Text(part.title, style="bold cyan"))
        for sentence in part.sentences:
            console.print(Text(sentence))
        if part.rows:
            console.print(_laid_out(part, console))
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())


def markdown(one: Backtested) -> str:
    """For a pull request or a wiki."""
    blocks = [f"## {_cell(_title(one))}"]
    for part in parts(one):
        blocks.append(f"### {_cell(part.title)}")
        blocks += [_cell(sentence) for sentence in part.sentences]
        if part.rows:
            rows = [part.columns, ("---",) * len(part.columns), *part.rows]
            lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def parts(one: Backtested) -> list[Part]:
    """All that is told, in order."""
    found = one.figures
    told = []
    if found is not None:
        alpha = one.analysis.risk.false_rollback
        sentences = (headline(found, alpha), *((outcomes(found),) if found.judged else ()))
        told.append(Part(title(one), sentences))
        if found.judged:
            told.append(_metrics(found.metrics, found.judged))
        if found.offenders:
            told.append(_offenders(found))
    if one.rollouts:
        told.append(_rollouts(one.rollouts))
    said = notes(one)
    if said:
        told.append(Part("What to know", tuple(f"- {sentence}" for sentence in said)))
    return told


def _title(one: Backtested) -> str:
    analysis, plan = one.analysis, one.plan
    run = format_duration(analysis.all_looks * analysis.interval)
    return (
        f"{analysis.namespace}/{analysis.name}: runs of {run}, every "
        f"{format_duration(plan.every)}, from {stamp(plan.since)} to {stamp(plan.until)} UTC"
    )


def _metrics(metrics: Sequence[MetricFigures], judged: int) -> Part:
    ratios = sorted({each.ratio for one in metrics for each in one.found})
    heads = [f"{ratio:g}x {how}" for ratio in ratios for how in ("found in", "uncalibrated")]
    rows = []
    for one in metrics:
        by_ratio = {each.ratio: each for each in one.found}
        cells = [cell for ratio in ratios for cell in _times(by_ratio.get(ratio))]
        rows.append((one.name, _rolled_back(one, judged), _threshold(one), _raised(one), *cells))
    columns = ("metric", "rolled back", "threshold", "raised by", *heads)
    sentence = (
        "What calibration added to each threshold (log E: median, least to most), and the median "
        "time in which a regression put into a pod is found, calibrated and not."
    )
    return Part("Thresholds, and what they cost", (sentence,), columns, tuple(rows))


def _rolled_back(one: MetricFigures, judged: int) -> str:
    """How often; nothing is known of a metric that was split in no window."""
    return "-" if sum(one.unsplit.values()) >= judged else f"{one.rolled_back:,}"


def _threshold(one: MetricFigures) -> str:
    return "-" if one.plain is None else f"{one.plain:.1f}"


def _raised(one: MetricFigures) -> str:
    if one.raised is None:
        return "-"
    least, middle, most = one.raised
    return f"{middle:.1f} ({least:.1f} - {most:.1f})"


def _times(one: Found | None) -> tuple[str, str]:
    if one is None or not one.tried:
        return "-", "-"
    return _time(one.after, one.seen, one.tried), _time(
        one.uncalibrated_after, one.uncalibrated, one.tried
    )


def _time(after: float | None, seen: int, tried: int) -> str:
    share = f"{100 * seen / tried:.0f} %"
    return f"{format_duration(after)} ({share})" if after is not None else f"not ({share})"


def _offenders(found: Figures) -> Part:
    rows = [_offender(one) for one in found.offenders[:MOST_OFFENDERS]]
    more = len(found.offenders) - len(rows)
    sentences = (f"The first {len(rows)}; --output json has all.",) if more > 0 else ()
    columns = ("run began", "pods", "metric", "ratio", "between", "after", "promise")
    return Part("Rolled back", sentences, columns, tuple(rows))


def _offender(one: Offender) -> tuple[str, ...]:
    first = one.split.failed[0] if one.split.failed else None
    names = ", ".join(each.metric for each in one.split.failed)
    return (
        stamp(one.window.start),
        ", ".join(one.split.pods) or "all",
        names or "the score",
        _number(first.estimate if first else None),
        f"{_number(first.low)} - {_number(first.high)}" if first else "-",
        format_duration(one.after),
        one.split.promise.value,
    )


def _rollouts(rollouts: Sequence[RolloutResult]) -> Part:
    rows = tuple(_rollout(one) for one in rollouts)
    columns = ("began", "known by", "compared", "verdict", "after", "why")
    return Part("Rollouts", (), columns, rows)


def _rollout(one: RolloutResult) -> tuple[str, ...]:
    proven = " (proven)" if one.proven else ""
    return (
        stamp(one.at),
        one.found,
        one.compared or "nothing",
        "-" if one.outcome is None else one.outcome.value + proven,
        "-" if one.decided is None else format_duration(round(one.decided - one.at)),
        one.reason,
    )


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"


def _laid_out(part: Part, console: Console) -> Table:
    """The part's table; in a terminal that is too narrow for it every column may be wrapped."""
    least = GAP * len(part.columns)
    for place, column in enumerate(part.columns):
        cells = [column, *(row[place] for row in part.rows)]
        pieces = [word for cell in cells for word in cell.split()] if column in WRAPPED else cells
        least += max(map(len, pieces), default=0)
    return _table(part, WRAPPED if least <= console.width else part.columns)


def _table(part: Part, wrapped: Sequence[str]) -> Table:
    """``wrapped``: the columns that go on in further lines. The first names its row, in one."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    names = max((len(word) for row in part.rows for word in row[0].split()), default=0)
    for place, column in enumerate(part.columns):
        least = None if place else min(names, MOST_NAME)
        table.add_column(column, no_wrap=column not in wrapped, overflow="fold", min_width=least)
    for row in part.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _cell(words: str) -> str:
    """Words on one line, their markup taken literally; a list's dash stays one."""
    line = " ".join(words.split())
    mark, rest = ("- ", line[2:]) if line.startswith("- ") else ("", line)
    return mark + re.sub(r"([\\`*_|<>\[\]])", r"\\\1", rest)
