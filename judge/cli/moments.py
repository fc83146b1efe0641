"""Times and durations on the command line, as callbacks of click's options."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from judge.spec.units import UnitError, parse_duration


def moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Unix seconds of a time: written so, or as ISO 8601, in UTC where it names no zone."""
    if value is None:
        return None
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-05-04T12:30:00Z or Unix seconds"
        ) from error
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Seconds of a duration such as 30m."""
    if value is None:
        return None
    try:
        return parse_duration(value)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error


def clock_time(at: float) -> str:
    """Unix seconds as a person reads them, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
