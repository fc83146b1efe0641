"""``judge demo``: the judge at work, on recorded rollouts or live.

The recorded demo needs nothing but Python; the live one a Prometheus. In both the real daemon
judges with its database and HTTP API, and delivers signed webhooks to a receiver that checks them.
Exit codes: 0 where every verdict is the right one and its webhook arrived, else 4.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

NOT_AS_IT_SHOULD_BE = 4
_FAULTS = ("none", "errors", "slow", "outage")


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """The seconds of a duration as an analysis has it."""
    from judge.spec.units import UnitError, parse_duration

    try:
        return parse_duration(value)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error


def _folder(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    """A folder that can be written to, made now: not found out at the end of a long recording."""
    if path is None:
        return None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be made: {error.strerror}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{path} cannot be written to; name another folder")
    return path


@click.command()
@click.option("--live", is_flag=True, help="A real Prometheus, an application under load.")
@click.option("--fault", type=click.Choice(_FAULTS), default="errors", show_default=True)
@click.option(
    "--prometheus", default="prometheus", show_default=True, help="Live: the program to start."
)
@click.option("--history", callback=_seconds, default="4m", show_default=True, help="Live.")
@click.option("--duration", callback=_seconds, default="6m", show_default=True, help="Live.")
@click.option("--interval", callback=_seconds, default="5s", show_default=True, help="Live.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_folder,
    help="Live: write the run's evidence, with its history, to this folder.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=1, max=100),
    default=24,
    show_default=True,
    help="Recorded: how many times as fast as it was.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_folder,
    help="Where database and evidence are left.  [default: a new temporary folder]",
)
def demo(live: bool, folder: Path | None, **options: Any) -> None:
    """Judge two recorded rollouts, or with --live one that happens now.

    Recorded: a release with four times the errors and a good one, each a real rollout with an hour
    of history before it. Live: an application with three tracks is brought up, put under load and
    scraped by a Prometheus of its own; once there is some history, a release with --fault follows.
    """
    from judge.cli.interruption import INTERRUPTED, interrupted_once
    from judge.cli.live.screen import console_on

    kept = folder is not None
    place = folder or Path(tempfile.mkdtemp(prefix="judge-demo-"))
    console = console_on(sys.stdout)
    try:
        with interrupted_once():
            show = _live if live else _recorded
            right = show(place, console, **options)
        kept = True
    except KeyboardInterrupt:
        click.echo("\ninterrupted; everything that the demo started has ended", err=True)
        sys.exit(INTERRUPTED)
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)
    sys.exit(0 if right else NOT_AS_IT_SHOULD_BE)


def _recorded(folder: Path, console: Console, *, speed: float, **_: Any) -> bool:
    from judge.cli.demonstration.closing import Shown, close
    from judge.cli.demonstration.recorded import play_recordings
    from judge.cli.household import log_to_stderr
    from judge.lab.demo.recordings import recordings

    log_to_stderr(logging.ERROR)
    found = recordings()
    played = play_recordings(found, folder=folder, speed=speed, console=console)
    shown = [
        Shown(recording.title, recording.expected, one)
        for recording, one in zip(found, played, strict=True)
    ]
    return close(shown, folder=folder, console=console)


def _live(
    folder: Path,
    console: Console,
    *,
    fault: str,
    prometheus: str,
    record: Path | None,
    interval: float,
    duration: float,
    history: float,
    **_: Any,
) -> bool:
    from judge.cli.demonstration.closing import Shown, close
    from judge.cli.demonstration.evidence import write_evidence
    from judge.cli.demonstration.live import Rollout, play_live
    from judge.cli.household import log_to_stderr
    from judge.lab.demo.analysis import Schedule
    from judge.lab.demo.application import Fault
    from judge.lab.demo.prometheus import find_prometheus

    program = find_prometheus(prometheus)
    log_to_stderr(logging.ERROR)
    rollout = Rollout(Fault(fault), Schedule(interval, duration, history))
    played = play_live(rollout, program=program, folder=folder, console=console)
    if record is not None:
        console.print(f"recorded: {write_evidence(played.evidence, record)}")
    shown = [Shown(rollout.title, rollout.expected, played)]
    return close(shown, folder=folder, console=console)
