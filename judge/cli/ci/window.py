"""``judge verdict --wait``: where the window ends, and waiting until its samples are there.

Owned here: the end that the options mean, and a wait with a bound. It judges nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import click

from judge.cli.moments import clock_time
from judge.errors import QueryTooLarge, SourceUnavailable
from judge.spec.resolved import ResolvedAnalysis
from judge.spec.units import format_duration
from judge.verdict.promise import unmeasured
from judge.verdict.verdict import Outcome, Verdict

PATIENCE = 120.0  # seconds for which Prometheus may be out of reach once the window is over
_PAUSE = 10.0  # seconds until it is asked again
_GLANCE = 1.0  # seconds between looks at the clock, which may jump

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say of the window. Unix seconds, and seconds."""

    at: float | None = None
    started_at: float | None = None
    lookback: float | None = None
    wait: bool = False
    timeout: float | None = None

    def check(self, analysis: ResolvedAnalysis, *, now: float) -> None:
        """Raise `click.UsageError` where they do not go together, or with the analysis."""
        if self.lookback is not None and self.lookback < analysis.interval:
            raise click.BadParameter(
                f"shorter than one interval of the analysis ({analysis.interval:g} s)",
                param_hint="--lookback",
            )
        if self.at is not None and self.started_at is not None:
            raise click.UsageError("--at and --started-at both say where the window is; give one")
        if self.timeout is not None and not self.wait:
            raise click.UsageError("--timeout bounds a wait; add --wait")
        end = self.end(analysis, now=now)
        if not self.wait and end is not None and end > now:
            raise click.UsageError(
                f"the window's end, {clock_time(end)}, is not in the past; add --wait, or name "
                "an earlier one"
            )

    def end(self, analysis: ResolvedAnalysis, *, now: float) -> float | None:
        """Where the window ends, None for as late as samples have settled.

        A rollout that began at ``started_at``, or begins now where we wait, is judged over all of
        what a run would look at.
        """
        if self.at is not None:
            return self.at
        begins = now if self.wait and self.started_at is None else self.started_at
        if begins is None:
            return None
        duration = analysis.duration if self.lookback is None else self.lookback
        looks = int(duration / analysis.interval + 1e-9)
        return begins + analysis.warmup + looks * analysis.interval


def wait_until(
    ready: float,
    *,
    timeout: float | None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until ``ready`` (Unix seconds), for ``timeout`` seconds at most; whether it is ready.

    The wait is told on standard error: kept up to date on a terminal, once elsewhere.
    """
    left = ready - clock()
    if left <= 0:
        return True
    ends = None if timeout is None else monotonic() + timeout
    click.echo(_announced(ready, left, timeout), err=True)
    while (left := ready - clock()) > 0:
        pause = min(left, _GLANCE)
        if ends is not None:
            pause = min(pause, ends - monotonic())
        if pause <= 0:
            return False
        if sys.stderr.isatty():
            click.echo(f"\r{format_duration(round(left))} to go ", nl=False, err=True)
        sleep(pause)
    if sys.stderr.isatty():
        click.echo("", err=True)
    return True


def patiently(
    judge: Callable[[], T],
    *,
    patience: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """What ``judge`` says, asked again for ``patience`` seconds where Prometheus is out of reach.

    Who has waited for half an hour need not lose it to a restart of Prometheus. Raises
    `SourceError` in the end.
    """
    ends = monotonic() + patience
    while True:
        try:
            return judge()
        except QueryTooLarge:
            raise
        except SourceUnavailable as error:
            if monotonic() + _PAUSE > ends:
                raise
            click.echo(f"{error}; it is asked again", err=True)
            sleep(_PAUSE)


def not_yet(analysis: ResolvedAnalysis, ready: float, timeout: float) -> Verdict:
    """What is said where the wait was given up."""
    reason = (
        f"not judged: the window and its samples are complete at {clock_time(ready)}, and the wait "
        f"was given up after {format_duration(timeout)}"
    )
    return Verdict(Outcome.INCONCLUSIVE, reason, None, unmeasured(analysis))


def _announced(ready: float, left: float, timeout: float | None) -> str:
    said = f"waiting for the window's samples until {clock_time(ready)}"
    if timeout is not None and timeout < left:
        return f"{said}, which --timeout ends before that"
    return said
