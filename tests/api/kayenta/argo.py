"""Argo Rollouts' kayenta provider as a test has it: its three calls, and what it makes of answers.

What it sends and what it accepts is what metricproviders/kayenta of Argo Rollouts does: no header
of its own beside the content type, 15 seconds for a whole call, exactly 200, fields of the types
that its structs have. Whatever it would report as an error of the measurement is an `ArgoError`.
Until October 2025 it sent each scope's `region` by that name, left times that were not given empty,
and went on without a configuration: `Argo.old`.
"""

from __future__ import annotations

import enum
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 15.0  # seconds


class ArgoError(Exception):
    """The measurement has failed, and with too many of them the analysis."""


class Phase(enum.StrEnum):
    """What a measurement comes to."""

    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    INCONCLUSIVE = "Inconclusive"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement; ``score`` is None while it runs."""

    phase: Phase
    score: int | None = None


def substituted(template: Any, args: Mapping[str, str]) -> Any:
    """``template`` with its ``{{args.name}}``, as the controller fills them in before a call."""
    text = json.dumps(template)
    for name, value in args.items():
        text = text.replace("{{args." + name + "}}", json.dumps(value)[1:-1])
    return json.loads(text)


class Argo:
    """The provider for one metric; ``spec`` is what stands under ``provider.kayenta``.

    ``began`` is when the analysis did and ``interval`` (seconds) the metric's, for scopes without
    times. ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        *,
        old: bool = False,
        began: float = 0.0,
        interval: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spec = spec
        self._old = old
        self._began = began
        self._interval = interval
        self._clock = clock
        self.slowest = 0.0
        """Seconds that the slowest call so far took."""

    def measure(self) -> str:
        """Begin: find the configuration by its name and start a canary; its execution's id."""
        config = self.config_id()
        if not config and not self._old:
            raise ArgoError("Canary config not found")
        target = (
            f"/canary/{config}?application={self._spec['application']}"
            f"&metricsAccountName={self._spec['metricsAccountName']}"
            f"&configurationAccountName={self._spec['configurationAccountName']}"
            f"&storageAccountName={self._spec['storageAccountName']}"
        )
        started = str(self._call("POST", target, self._payload()).get("canaryExecutionId"))
        if not started:
            raise ArgoError("Invalid canaryExecutionId")
        return started

    def config_id(self) -> str:
        """The id of the configuration; empty where none has the name."""
        # It does send the storage account's name here.
        account = self._spec["storageAccountName"]
        target = f"/canaryConfig?application={self._spec['application']}"
        found = self._call("GET", f"{target}&configurationAccountName={account}")
        if not isinstance(found, list):
            raise ArgoError("json: cannot unmarshal into []kayenta.canaryConfig")
        for one in found:
            _check_types(one)
        named = (one for one in found if one["name"] == self._spec["canaryConfigName"])
        return str(next(named, {"id": ""})["id"])

    def resume(self, execution_id: str) -> Measured:
        """Ask how it goes, as every 15 seconds."""
        said = self._call("GET", f"/canary/{execution_id}")
        complete = said.get("complete")
        if not isinstance(complete, bool):
            raise ArgoError("Missing Complete Status")
        if not complete:
            return Measured(Phase.RUNNING)
        found: Any = said
        for key in ("result", "judgeResult", "score", "score"):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise ArgoError("Missing Score")
        score = int(found)
        return Measured(self._phase(score), score)

    def _phase(self, score: int) -> Phase:
        threshold = self._spec["threshold"]
        if score >= threshold["pass"]:
            return Phase.SUCCESSFUL
        return Phase.INCONCLUSIVE if score >= threshold["marginal"] else Phase.FAILED

    def _payload(self) -> bytes:
        sides = ("controlScope", "experimentScope")
        scopes = {
            one["name"]: {side: self._scope(one[side]) for side in sides}
            for one in self._spec["scopes"]
        }
        threshold = self._spec["threshold"]
        thresholds = {"pass": threshold["pass"], "marginal": threshold["marginal"]}
        return json.dumps({"scopes": scopes, "thresholds": thresholds}, indent=8).encode()

    def _scope(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """A scope with all fields of its struct, texts that were not given empty."""
        step, scope = detail.get("step", 0), detail.get("scope", "")
        region, start, end = (detail.get(name, "") for name in ("region", "start", "end"))
        if self._old:
            return {"scope": scope, "region": region, "step": step, "start": start, "end": end}
        now = self._clock()
        since = self._began if self._spec.get("lookback") else now - self._interval
        return {
            "scope": scope,
            "location": region,
            "step": step,
            "start": start or _rfc3339(since),
            "end": end or _rfc3339(now),
        }

    def _call(self, method: str, target: str, body: bytes | None = None) -> Any:
        address = urlsplit(self._spec["address"])
        connection = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT)
        began = time.monotonic()
        try:
            connection.putrequest(method, address.path + target, skip_accept_encoding=True)
            connection.putheader("User-Agent", "Go-http-client/1.1")
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
                connection.putheader("Content-Type", "application/json")
            connection.putheader("Accept-Encoding", "gzip")
            connection.endheaders(body)
            answer = connection.getresponse()
            text = answer.read()
        except OSError as exc:
            raise ArgoError(f"{method}: {exc}") from exc
        finally:
            connection.close()
            self.slowest = max(self.slowest, time.monotonic() - began)
        return _said(answer, text, took=time.monotonic() - began)


def _said(answer: http.client.HTTPResponse, text: bytes, *, took: float) -> Any:
    if took > TIMEOUT:
        raise ArgoError("Client.Timeout exceeded")
    if answer.status != 200:
        raise ArgoError(f"Invalid Response: {answer.status} {text.decode(errors='replace')}")
    try:
        return json.loads(text)
    except ValueError as exc:
        raise ArgoError(f"no JSON: {text[:100]!r}") from exc


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_types(one: Any) -> None:
    """Go refuses a whole list for one field of another type."""
    fits = (
        isinstance(one, dict)
        and all(isinstance(one[name], str) for name in ("id", "name", "updatedTimestampIso"))
        and type(one["updatedTimestamp"]) is int
        and isinstance(one["applications"], list)
        and all(isinstance(name, str) for name in one["applications"])
    )
    if not fits:
        raise ArgoError(f"json: cannot unmarshal {one!r}")
