"""What a backtest is told on the command line: times, and what it goes over.

Owned here: times and stretches of time as people write them, files of rollouts, and evidence
bundles whose history stands for a Prometheus. Every refusal says what to write. Not here: options.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from judge.errors import BundleError
from judge.sources.recorded import RecordedSource
from judge.sources.recording import Bundle, read_bundle
from judge.spec.resolved import ResolvedAnalysis
from judge.spec.units import UnitError, parse_duration

_ABOUT = re.compile(rb'"format"\s*:\s*"judge-evidence/')
_CLOSE = 1e-3


def moment(text: str) -> float:
    """Unix seconds of a time: written so, or as ISO 8601, in UTC where it names no zone."""
    try:
        if text.replace(".", "", 1).isdecimal():
            return float(text)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no time; write 2026-05-04T12:30:00Z or Unix seconds"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def moment_option(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """The same, of an option that need not be there."""
    return None if text is None else moment(text)


def moments_option(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[float, ...]:
    """The same, of an option that may be repeated."""
    return tuple(moment(text) for text in texts)


def duration_option(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """Seconds of a duration such as 30m."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error


def since_of(text: str, until: float) -> float:
    """When a backtest begins: a time, or a duration before its end."""
    try:
        return until - parse_duration(text)
    except UnitError:
        pass
    try:
        return moment(text)
    except click.BadParameter as error:
        raise click.BadParameter(
            f"{text!r} is neither a duration such as 7d nor a time", param_hint="--since"
        ) from error


def rollouts_in(path: Path) -> list[float]:
    """The times in a file, one a line; what follows a # is left out."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(
            f"{path} cannot be read ({error.strerror if isinstance(error, OSError) else error})"
        ) from error
    found = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if text:
            try:
                found.append(moment(text))
            except click.BadParameter as error:
                raise click.BadParameter(f"{path}:{number}: {error.message}") from error
    return found


def is_bundle(path: Path) -> bool:
    """Whether a file is an evidence bundle and not an analysis."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if data.startswith(b"\x1f\x8b"):
        return True
    return data.lstrip()[:1] == b"{" and _ABOUT.search(data) is not None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A bundle's baseline as a source, from ``start`` to ``end`` (Unix seconds)."""

    analysis: ResolvedAnalysis
    source: RecordedSource
    start: float
    end: float


def recorded(path: Path) -> Recorded:
    """The history of a bundle, and its run where that follows on the same grid.

    Raises `BundleError` where it has none, or with a pause that is no whole interval.
    """
    bundle = read_bundle(path)
    past = bundle.history
    if not past:
        raise BundleError(
            f"{path}: has no history to go over; give a bundle of a run that had one, or an "
            "analysis and --prometheus"
        )
    step = bundle.analysis.interval
    if any(abs(one.end - one.start - step) > _CLOSE for one in past):
        raise BundleError(
            f"{path}: its history's intervals are not all as long as the analysis's ({step:g} s)"
        )
    run = bundle.intervals if _on_grid(bundle, step) else ()
    every = (*past, *run)
    played = Bundle(replace(bundle.analysis, delay=0.0), past, every)
    source = RecordedSource(played, started_at=every[0].start)
    return Recorded(played.analysis, source, every[0].start, every[-1].end)


def _on_grid(bundle: Bundle, step: float) -> bool:
    if not bundle.intervals:
        return False
    after = (bundle.intervals[0].start - bundle.history[-1].end) / step
    return abs(after - round(after)) * step < _CLOSE
