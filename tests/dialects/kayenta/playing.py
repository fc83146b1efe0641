"""Executions played against a store: started, looked at with made-up values, and told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.dialects.kayenta.executions import Executions
from judge.dialects.kayenta.requests import Caller, canary_execution, standalone_execution
from judge.runs.run import ends, is_last, look_window
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Absence, Interval, Series
from judge.store.claims import Claims, Note
from judge.store.database import migrate, open_database
from judge.store.run import EventType, Run
from judge.store.runs import Runs
from judge.verdict.judging import make_judge

START = 1_790_000_040.0
START_ISO = "2026-09-21T14:14:00Z"
SERVERS = {"main": PrometheusConfig("http://127.0.0.1:9/?a=b")}
SILENT = "Prometheus at http://127.0.0.1:9 does not answer"
TOLD = "Prometheus main does not answer"

Value = Callable[[str, str, float], float]
"""What a metric of a track is at a time."""


def steady(metric: str, track: str, at: float) -> float:
    """The same for both tracks, but not all the same."""
    return 10.0 + (at // 60) * 7 % 5


def worse(metric: str, track: str, at: float) -> float:
    """The canary is half as high again."""
    return steady(metric, track, at) * (1.5 if track == "canary" else 1.0)


def config(**more: Any) -> dict[str, Any]:
    """A metric a group: errors with 60 % of the weight, latency with 25, cpu with the rest."""
    return {
        "name": "checkout",
        "applications": ["shop"],
        "metrics": [
            {
                "name": name,
                "query": {
                    "type": "prometheus",
                    "customInlineTemplate": f"PromQL:{name}{{pod='${{scope}}'}}",
                },
                "groups": [name],
                "analysisConfigurations": {"canary": {"direction": "increase"}},
                "scopeName": "default",
            }
            for name in ("errors", "latency", "cpu")
        ],
        "classifier": {"groupWeights": {"errors": 60, "latency": 25}},
        **more,
    }


def canary_request(minutes: int = 60) -> dict[str, Any]:
    """An hour of v2 beside v1."""
    end = f"2026-09-21T{14 + (14 + minutes) // 60}:{(14 + minutes) % 60:02d}:00Z"
    sides = {
        f"{side}Scope": {"scope": scope, "start": START_ISO, "end": end, "step": 60}
        for side, scope in (("control", "v1"), ("experiment", "v2"))
    }
    return {"scopes": {"default": sides}, "thresholds": {"pass": 90, "marginal": 50}}


def standalone_request(**more: Any) -> dict[str, Any]:
    """An hour from a given start, judged every twenty minutes."""
    scope = {"controlScope": "v1", "experimentScope": "v2", "startTimeIso": START_ISO}
    return {
        "scopes": [{**scope, **more.pop("scope", {})}],
        "thresholds": {"pass": 90, "marginal": 50},
        "lifetimeDurationMins": 60,
        "analysisIntervalMins": 20,
        **more,
    }


@dataclass
class Stage:
    """A store with a clock, and the executions in it."""

    runs: Runs
    claims: Claims
    now: float = START

    def __post_init__(self) -> None:
        self.executions = Executions(self.runs, clock=lambda: self.now)

    def canary(self, request: Any = None, *, of: Any = None, **caller: Any) -> str:
        """Start a canary; its id."""
        asker = Caller("shop", "checkout", storage_account="judge", **caller)
        asked = canary_request() if request is None else request
        return self.executions.start(
            canary_execution(of or config(), asked, asker, servers=SERVERS)
        )

    def standalone(self, request: Any = None, **caller: Any) -> str:
        """Start a standalone analysis; its id."""
        asker = Caller("shop", "checkout", storage_account="judge", **caller)
        asked = standalone_request() if request is None else request
        return self.executions.start(
            standalone_execution(config(), asked, asker, servers=SERVERS, now=self.now)
        )

    def play(
        self, value: Value = steady, *, looks: int = 99, holes: Sequence[int] = ()
    ) -> Run | None:
        """Take the looks of the run that is due, to its end or for so many; the run as it is."""
        self.now = max(self.now, START) + 90_000
        (run,) = self.claims.claim("test", limit=1, lease=1e9)
        run = self.claims.record_history(run, [], delay=0, next_due=0.0)
        judge, seen = make_judge(run.analysis, []), []
        while run.state.active and run.next_index < looks:
            index = run.next_index
            silent = index in holes
            seen.append(_hole(run) if silent else _interval(run, value))
            verdict = judge.look(seen, finished=is_last(run))
            note = Note(EventType.HOLE, {"index": index, "reason": SILENT})
            due = None if ends(run, verdict) else 0.0
            run = self.claims.record_look(
                run, seen[-1], verdict, next_due=due, notes=[note] if silent else []
            )
        return run


def staged(folder: Path) -> Stage:
    """A stage with a database in ``folder``."""
    engine = open_database(f"sqlite:///{folder}/judge.db")
    migrate(engine)
    now: list[Stage] = []

    def clock() -> float:
        return now[0].now

    stage = Stage(Runs(engine, clock=clock), Claims(engine, clock=clock, wall=clock))
    now.append(stage)
    return stage


def _interval(run: Run, value: Value) -> Interval:
    window = look_window(run, run.next_index)
    samples = {
        metric.name: {
            track: {"{}": _series(value, metric.name, track, window.start, window.end)}
            for track in ("baseline", "canary")
        }
        for metric in run.analysis.metrics
    }
    return Interval(window.start, window.end, samples)


def _series(value: Value, metric: str, track: str, start: float, end: float) -> Series:
    at = tuple(60.0 * i for i in range(int((end - start) / 60) + 1))
    return Series(at, tuple(value(metric, track, start + one) for one in at))


def _hole(run: Run) -> Interval:
    window = look_window(run, run.next_index)
    absent = {
        metric.name: dict.fromkeys(("baseline", "canary"), Absence.UNREACHABLE)
        for metric in run.analysis.metrics
    }
    return Interval(window.start, window.end, {}, absent=absent)
