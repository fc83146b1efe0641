"""A Canary's webhooks, called as Flagger calls them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from judge.store.run import Run
from tests.api.running import BEGIN, Server, document, until

A, B = "768ccb9bf5", "85d557f47b"


def write_analysis(folder: Path, name: str = "checkout", **spec: Any) -> Path:
    """Store an analysis on the server; ``namespace=None`` leaves the namespace out."""
    namespace = spec.pop("namespace", "shop")
    doc = document(**spec)
    doc["metadata"] = {"name": "checkout"}
    if namespace is not None:
        doc["metadata"]["namespace"] = namespace
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(doc), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Canary:
    """One Canary whose webhooks lead to ``server``."""

    server: Server
    analysis: str = "checkout"
    name: str = "podinfo"
    namespace: str = "shop"
    root: str = "/flagger"

    def call(
        self, hook: str, checksum: str = B, phase: str = "Progressing", **more: Any
    ) -> httpx.Response:
        """Call a webhook."""
        named = {"name": self.name, "namespace": self.namespace}
        body = {**named, "phase": phase, "checksum": checksum, **more}
        return self.server.http.post(f"{self.root}/{self.analysis}/{hook}", json=body)

    def status(self, hook: str, checksum: str = B, phase: str = "Progressing", **more: Any) -> int:
        """The status that a webhook is answered."""
        return self.call(hook, checksum, phase, **more).status_code

    def statuses(self, checksum: str = B) -> list[int]:
        """Of what is asked for a verdict: rollout, traffic, promotion, rollback."""
        asks = ("rollout", "confirm-traffic-increase", "confirm-promotion", "rollback")
        return [self.status(hook, checksum) for hook in asks]

    def runs(self) -> list[Run]:
        """The Canary's runs, the oldest first."""
        found = self.server.runs.find()
        return [run for run in reversed(found) if f"/{self.name}/" in (run.key or "")]

    def looked(self, looks: int) -> Run:
        """Let so many looks of its newest run be taken, or all there are; the run then."""
        run = self.runs()[-1]
        begins = run.started_at - BEGIN
        for wanted in range(run.next_index + 1, looks + 1):
            due = BEGIN + begins + 60.0 * wanted
            self.server.clock.now = max(self.server.clock.now, due)
            until(lambda: self._has_looked(wanted))  # noqa: B023
        return self.runs()[-1]

    def _has_looked(self, looks: int) -> bool:
        run = self.runs()[-1]
        return run.next_index >= looks or not run.state.active
