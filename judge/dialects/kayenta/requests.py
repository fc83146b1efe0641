"""From what a caller of Kayenta's asks to a run: an analysis, its start, and what is kept to tell.

Promised: what could never be judged is refused when it is asked for, everything at once and each
with its field's path; what Kayenta runs, runs. `POST /canary` is one look over the scopes' own
times; a standalone analysis is a look an interval. Not here: the bodies' fields (`bodies`), the
judgements' times (`schedule`), the analysis (`resolving`), what is answered later (`answers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from judge.dialects.kayenta.asked import Asked, ExecutionKind
from judge.dialects.kayenta.bodies import (
    CanaryRequest,
    CanaryScope,
    StandaloneRequest,
    Thresholds,
    read_body,
)
from judge.dialects.kayenta.config import CanaryConfig
from judge.dialects.kayenta.echoes import canary_echo, standalone_echo
from judge.dialects.kayenta.reading import check_runnable, read_config
from judge.dialects.kayenta.resolving import (
    CONFIG,
    MOST_POINTS,
    Labelled,
    LookTimes,
    Pair,
    analysis_of,
    closer,
    metrics_of,
    points_of,
)
from judge.dialects.kayenta.schedule import MINUTE, Schedule, ScheduleError, Times, schedule
from judge.dialects.kayenta.scopes import Scope
from judge.errors import Issue, SpecError
from judge.spec.rendering import unknown
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis
from judge.spec.schedule import MOST_LOOKS
from judge.spec.units import LONGEST

T = TypeVar("T")

SHORTEST = 1.0  # seconds: the shortest interval that a run can have

Servers = Mapping[str, PrometheusConfig]
"""The metrics accounts, by name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the parameters of a call say, its defaults filled in but for the metrics account."""

    namespace: str
    application: str
    user: str = "anonymous"
    parent: str | None = None
    metrics_account: str | None = None
    storage_account: str | None = None
    configuration_account: str | None = None
    config_id: str | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """A run that is to be started. ``started_at`` in Unix seconds; ``asked`` is kept with it."""

    analysis: ResolvedAnalysis
    started_at: float
    asked: Asked


def canary_execution(
    config: Any, request: Any, caller: Caller, *, servers: Servers, prefix: str = ""
) -> Execution:
    """The run of a `POST /canary` with its ``config`` and ``request``, both parsed JSON.

    ``prefix`` stands before the paths of the request. Raises `SpecError`.
    """
    issues: list[Issue] = []
    read = _kept(issues, lambda: _config(config))
    body = _kept(issues, lambda: read_body(CanaryRequest, request, prefix=prefix))
    account = _kept(issues, lambda: _account(caller, servers))
    if read is None or body is None:
        raise SpecError(issues)
    issues += _threshold_issues(body.thresholds, prefix) + _end_issues(body, prefix)
    times = _own_times(read, body)
    pairs = _own_pairs(body, times.started_at)
    found = _kept(issues, lambda: metrics_of(read, pairs, longest=times.interval, prefix=prefix))
    if issues or account is None or found is None:
        raise SpecError(issues)
    labelled = _labelled(caller, read)
    analysis = analysis_of(read, found, body.thresholds, times, labelled, servers[account])
    asked = _asked(ExecutionKind.CANARY, caller, account, config, canary_echo(body))
    return Execution(analysis, times.started_at, asked)


def standalone_execution(
    config: Any, request: Any, caller: Caller, *, servers: Servers, now: float, prefix: str = ""
) -> Execution:
    """The run of a `POST /standalone_canary_analysis`, asked for at ``now`` (Unix seconds).

    Otherwise as `canary_execution`.
    """
    issues: list[Issue] = []
    read = _kept(issues, lambda: _config(config))
    body = _kept(issues, lambda: read_body(StandaloneRequest, request, prefix=prefix))
    account = _kept(issues, lambda: _account(caller, servers))
    if read is None or body is None:
        raise SpecError(issues)
    issues += _threshold_issues(body.thresholds, prefix)
    planned = _kept(issues, lambda: _schedule(body, now, prefix))
    longest = 0.0 if planned is None else max(planned.longest, planned.longest_reading)
    issues += [] if planned is None else _reading_issues(planned, body.scopes[0].step, prefix)
    pairs = _standalone_pairs(body)
    found = _kept(issues, lambda: metrics_of(read, pairs, longest=longest, prefix=prefix))
    if issues or account is None or found is None or planned is None:
        raise SpecError(issues)
    metrics = closer(found, planned.common_step(body.scopes[0].step))
    times, labelled = _standalone_times(body, planned), _labelled(caller, read)
    analysis = analysis_of(read, metrics, body.thresholds, times, labelled, servers[account])
    asked = _asked(ExecutionKind.STANDALONE, caller, account, config, standalone_echo(body))
    return Execution(analysis, times.started_at, asked)


def _kept(issues: list[Issue], read: Callable[[], T]) -> T | None:
    """What ``read`` gives, or None and why among ``issues``: the rest is looked at too."""
    try:
        return read()
    except SpecError as error:
        issues += error.issues
        return None


def _config(config: Any) -> CanaryConfig:
    read = read_config(config, prefix=CONFIG)
    check_runnable(read, prefix=CONFIG)
    return read


def _account(caller: Caller, servers: Mapping[str, PrometheusConfig]) -> str:
    """The Prometheus that is asked; where nobody says which, the first of the settings."""
    named = caller.metrics_account or next(iter(servers), None)
    if named is None:
        message = "there is none; name a Prometheus under prometheus in the server's settings"
        raise SpecError([Issue("metricsAccountName", message)])
    if named not in servers:
        known = unknown(named, servers) if servers else "the server's settings name none"
        raise SpecError(
            [
                Issue(
                    "metricsAccountName",
                    f"{named!r:.100} is no Prometheus of the settings; {known}",
                )
            ]
        )
    return named


def _threshold_issues(thresholds: Thresholds, prefix: str) -> list[Issue]:
    if thresholds.passing >= thresholds.marginal:
        return []
    message = f"{thresholds.passing:g} is below marginal ({thresholds.marginal:g}); write it higher"
    return [Issue(f"{prefix}thresholds.pass", message)]


def _end_issues(body: CanaryRequest, prefix: str) -> list[Issue]:
    """Scopes that end before they start, or last longer than a run can."""
    return [
        Issue(f"{prefix}scopes.{name}.{field}.end", wrong)
        for name, pair in body.scopes.items()
        for field, scope in (
            ("controlScope", pair.control_scope),
            ("experimentScope", pair.experiment_scope),
        )
        if (wrong := _end_fault(scope))
    ]


def _end_fault(scope: CanaryScope) -> str:
    if scope.end < scope.start:
        return "lies before start; write a later end"
    if scope.end - scope.start > LONGEST:
        return "lies more than ten years after start; write an earlier end"
    return ""


def _own_times(config: CanaryConfig, body: CanaryRequest) -> LookTimes:
    """One look, over the stretch of time of the first metric's experiment."""
    pair = body.scopes.get(config.metrics[0].scope_name) or next(iter(body.scopes.values()))
    scope = pair.experiment_scope
    return LookTimes(scope.start, max(SHORTEST, round(scope.end - scope.start, 3)), looks=1)


def _own_pairs(body: CanaryRequest, started_at: float) -> dict[str, Pair]:
    return {
        name: Pair(
            _own_scope(pair.control_scope, started_at),
            _own_scope(pair.experiment_scope, started_at),
            (f"scopes.{name}.controlScope", f"scopes.{name}.experimentScope"),
        )
        for name, pair in body.scopes.items()
    }


def _own_scope(scope: CanaryScope, started_at: float) -> Scope:
    return Scope(
        scope=scope.scope,
        location=scope.location,
        params=scope.extended_scope_params,
        step=float(scope.step),
        begins=round(scope.start - started_at, 3),
        lasts=round(scope.end - scope.start, 3),
    )


def _schedule(body: StandaloneRequest, now: float, prefix: str) -> Schedule:
    first = body.scopes[0]
    times = Times(
        start=first.start_time_iso,
        end=first.end_time_iso,
        lifetime=body.lifetime_duration_mins,
        interval=body.analysis_interval_mins,
        begin_after=body.begin_after_mins,
        lookback=body.lookback_mins,
    )
    try:
        planned = schedule(times, now=round(now, 3))
    except ScheduleError as error:
        raise SpecError([Issue(f"{prefix}{error.field}", str(error))]) from error
    if planned.judgements > MOST_LOOKS:
        message = f"asks for {planned.judgements} judgements; write a longer one, for {MOST_LOOKS}"
        raise SpecError([Issue(f"{prefix}analysisIntervalMins", message)])
    return planned


def _reading_issues(planned: Schedule, step: int, prefix: str) -> list[Issue]:
    """A step that fits the windows' starts so badly that a look would read far too much."""
    closer_step = planned.common_step(step)
    longest = planned.longest_reading
    if closer_step == step or points_of(longest, closer_step) <= MOST_POINTS:
        return []
    message = (
        f"makes windows whose values lie {closer_step} s apart, too many to read; write one that "
        f"divides analysisIntervalMins and lookbackMins, such as {MINUTE:g}"
    )
    return [Issue(f"{prefix}scopes[0].step", message)]


def _standalone_times(body: StandaloneRequest, planned: Schedule) -> LookTimes:
    warmup = 0.0 if planned.at_once else body.begin_after_mins * MINUTE
    return LookTimes(
        started_at=round(planned.begins - warmup, 3),
        interval=planned.interval,
        looks=planned.judgements,
        warmup=warmup,
        lookback=planned.lookback,
        at_once=planned.at_once,
    )


def _standalone_pairs(body: StandaloneRequest) -> dict[str, Pair]:
    """By scope's name, the last of each; step and times are the first scope's for all."""
    step = float(body.scopes[0].step)
    return {
        one.scope_name: Pair(
            Scope(
                scope=one.control_scope,
                location=one.control_location,
                params=one.extended_scope_params,
                step=step,
                begins=-one.control_offset_in_minutes * MINUTE or 0.0,
            ),
            Scope(
                scope=one.experiment_scope,
                location=one.experiment_location,
                params=one.extended_scope_params,
                step=step,
            ),
            ("scopes[0]", "scopes[0]"),
        )
        for one in body.scopes
    }


def _labelled(caller: Caller, config: CanaryConfig) -> Labelled:
    name = config.name or caller.config_id or ""
    return Labelled(caller.namespace, caller.application, name, caller.strict)


def _asked(
    kind: ExecutionKind, caller: Caller, account: str, config: Any, request: dict[str, Any]
) -> Asked:
    return Asked(
        kind=kind,
        application=caller.application,
        user=caller.user,
        parent=caller.parent,
        config_id=caller.config_id,
        metrics_account=account,
        storage_account=caller.storage_account,
        configuration_account=caller.configuration_account,
        config=config,
        request=request,
    )
