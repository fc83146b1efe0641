"""A release from its first tick to its last: the fake Flagger and a real Judge, in step.

Judge is whole (`tests.api.running`), its Prometheus made up by `Traffic`, its clock this stage's.
A minute passes before each tick, and Judge has looked at all that is due by then before Flagger
asks; so a course is the same each time. Either side can be started anew between ticks, or be away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.store.run import ACTIVE, Run
from tests.api.running import Clock, Server, Traffic, document, running, until
from tests.flagger.canary import Analysis, Canary, Status, Type, Webhook, checksum
from tests.flagger.fake_flagger import FakeFlagger, Tick

MINUTE = 60.0
GOOD, BAD = 0.005, 0.05  # shares of errors; the baseline's is the good one
NOBODY = "http://127.0.0.1:9"
ALL = tuple(one for one in Type if one is not Type.EVENT)

STEPS = Analysis(step_weight=20, max_weight=40, threshold=5)
BLUE_GREEN = Analysis(iterations=3, threshold=5)
SINGLE = Analysis(iterations=1, threshold=5)
AB = Analysis(iterations=3, match=True, threshold=5)
MIRROR = Analysis(step_weight=20, max_weight=40, mirror=True, threshold=5)
MIRRORED_GREEN = Analysis(iterations=3, mirror=True, threshold=5)


@dataclass
class Stage:
    """One Canary under one stored analysis called ``podinfo``.

    ``hooks`` are the webhooks of Judge's that the Canary has; ``others`` come after them.
    """

    folder: Path
    analysis: Analysis = STEPS
    spec: Mapping[str, Any] = field(default_factory=dict)
    hooks: tuple[Type, ...] = ALL
    others: list[Webhook] = field(default_factory=list)
    prefix: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    traffic: Traffic = field(default_factory=lambda: Traffic(canary=GOOD))
    ticks: list[Tick] = field(default_factory=list)

    def __post_init__(self) -> None:
        stored = self.folder / "analyses"
        stored.mkdir(exist_ok=True)
        spec = {"duration": "5m", "history": "1h", **self.spec}
        self.stored = stored / "podinfo.json"
        self.stored.write_text(json.dumps(document(name="podinfo", namespace="test", **spec)))
        self.flagger = self._flagger_of("podinfo", self.analysis, "istio")
        self._url = NOBODY
        self._judge: AbstractContextManager[Server] | None = None
        self.server: Server | None = None

    # -- Judge

    def __enter__(self) -> Stage:
        self.start_judge()
        self.flagger.tick()  # initialises the Canary
        return self

    def __exit__(self, *failed: object) -> None:
        self.stop_judge()

    def start_judge(self) -> None:
        self._judge = running(self.folder, analyses=self.stored.parent, **self.settings)
        self.server = self._judge.__enter__()
        self.server.traffic.canary, self.server.traffic.fails = (
            self.traffic.canary,
            self.traffic.fails,
        )
        self.traffic = self.server.traffic
        self.server.clock.now = self.clock.now
        self.point_hooks(self.server.url + self.prefix)

    def stop_judge(self) -> None:
        if self._judge is not None:
            self._judge.__exit__(None, None, None)
            self._judge, self.server = None, None
            self.point_hooks(NOBODY)

    def point_hooks(self, url: str) -> None:
        """Lead the Canary's hooks to the Judge at ``url``."""
        self._url = url
        hooks = [Webhook(one, f"{url}/flagger/podinfo/{one}", one) for one in self.hooks]
        analysis = replace(self.flagger.canary.analysis, webhooks=(*hooks, *self.others))
        self.flagger.canary.analysis = analysis

    def put_on(self, name: str, analysis: Analysis, provider: str = "istio") -> None:
        """Another Canary in the place of the one before."""
        assert self.server is not None
        self.flagger = self._flagger_of(name, analysis, provider)
        self.point_hooks(self.server.url + self.prefix)
        self.flagger.tick()

    def _flagger_of(self, name: str, analysis: Analysis, provider: str) -> FakeFlagger:
        return FakeFlagger(Canary(analysis, name=name, provider=provider), clock=self.clock)

    def add(self, hook: Webhook) -> None:
        """A hook that is not Judge's."""
        self.others.append(hook)
        self.point_hooks(self._url)

    def restart_judge(self) -> None:
        self.stop_judge()
        self.start_judge()

    def restart_flagger(self) -> None:
        self.flagger = FakeFlagger(self.flagger.canary, clock=self.clock)

    # -- time

    def release(self, revision: str, *, errors: float = GOOD) -> None:
        """Deploy ``revision``, whose share of errors is ``errors``."""
        self.flagger.canary.revision = revision
        self.traffic.canary = errors

    def pass_time(self, seconds: float = MINUTE) -> None:
        """Let time pass, and Judge look at all that is due then."""
        self.clock.now += seconds
        if self.server is not None:
            self.server.clock.now = self.clock.now
            settle(self.server)

    def tick(self) -> Tick:
        """A minute, and Flagger's tick."""
        self.pass_time()
        done = self.flagger.tick()
        self.ticks.append(done)
        return done

    def until_phase(self, *phases: str, most: int = 30) -> list[Tick]:
        """Tick until the Canary is in one of ``phases``; what ticks that took, one at least."""
        begun = len(self.ticks)
        self.tick()
        while self.status.phase not in phases:
            assert len(self.ticks) - begun < most, [one.events for one in self.ticks[begun:]]
            self.tick()
        return self.ticks[begun:]

    # -- what became of it

    @property
    def status(self) -> Status:
        return self.flagger.canary.status

    def steer(self, command: str) -> None:
        """A person's order for the latest run."""
        assert self.server is not None
        answer = self.server.http.post(f"/api/v1/runs/{self.runs()[-1].id}/{command}", json={})
        assert answer.status_code == 200, answer.text

    def runs(self) -> list[Run]:
        """All runs of the Canary, oldest first."""
        assert self.server is not None
        found = self.server.runs.find(name="podinfo", limit=1000)[::-1]
        return [one for one in found if _canary_of(one) == self.flagger.canary.name]

    def runs_of(self, revision: str) -> list[Run]:
        """Those of one revision."""
        key = f"flagger/{self.flagger.canary.name}/{checksum(revision)}"
        return [one for one in self.runs() if one.key is not None and one.key.startswith(key)]


def settle(server: Server) -> None:
    """Wait until Judge has looked at all that is due."""
    until(lambda: _is_settled(server))


def _is_settled(server: Server) -> bool:
    return all(
        run.due_at is None or (run.due_at > server.clock.now and run.owner is None)
        for state in ACTIVE
        for run in server.runs.find(state=state, limit=1000)
    )


def _canary_of(run: Run) -> str:
    assert run.key is not None
    return run.key.split("/")[1]


def answers(ticks: list[Tick], hook: Type) -> list[int]:
    """What a hook was answered in these ticks, in order."""
    return [status for tick in ticks for status in tick.asked(hook)]


def reasons(ticks: list[Tick], hook: Type) -> list[str]:
    """With which lines a hook was declined."""
    return [
        one.answer.error
        for tick in ticks
        for one in tick.calls
        if one.hook is hook and not one.answer.passed
    ]
