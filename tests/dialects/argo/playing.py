"""Argo Rollouts' analysis with its web provider, as far as our examples use it.

What it sends, what it takes for an error, how it counts and when it ends a metric is what
metricproviders/webmetric and analysis/analysis.go of Argo Rollouts do. Nothing sleeps: ``wait``
says how many seconds Argo Rollouts would wait for the next measurement.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from judge.dialects.argo.conditions import Phase
from tests.api.kayenta.argo import substituted

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples" / "argo"
ERROR_RETRY = 10.0  # seconds
JUDGE = "http://judge.judge.svc:8080"

_CONDITION = re.compile(r'result\.(\w+) == "(\w+)"')
_JSON_PATH = re.compile(r"\{\$((?:\.\w+)*)\}")


class Away(Exception):
    """The measurement is an error: the message says why."""


@dataclass
class Analysis:
    """One metric of an AnalysisRun. ``args`` have been filled in; ``url`` is the test's server."""

    metric: Mapping[str, Any]
    url: str
    counts: dict[Phase, int] = field(default_factory=lambda: dict.fromkeys(Phase, 0))
    in_a_row: dict[Phase, int] = field(default_factory=lambda: dict.fromkeys(Phase, 0))
    phase: Phase | None = None
    """What the metric has come to; None while it goes on."""
    last: Phase | None = None
    values: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def wait(self) -> float:
        """Seconds to the next measurement."""
        if self.last is Phase.ERROR:
            return ERROR_RETRY
        return {"s": 1.0, "m": 60.0}[self.metric["interval"][-1]] * float(
            self.metric["interval"][:-1]
        )

    def measure(self) -> Phase:
        """Take a measurement, and assess the metric with it."""
        try:
            value = self._asked()
            self.values.append(json.dumps(value))
            self.last = self._phase(value)
        except Away as why:
            self.messages.append(str(why))
            self.last = Phase.ERROR
        self.counts[self.last] += 1
        for phase in Phase:
            self.in_a_row[phase] = self.in_a_row[phase] + 1 if phase is self.last else 0
        self.phase = self._assessed()
        return self.last

    def _assessed(self) -> Phase | None:
        limit = self.metric.get
        if self.in_a_row[Phase.ERROR] > limit("consecutiveErrorLimit", 4):
            return Phase.ERROR
        if self.counts[Phase.INCONCLUSIVE] > limit("inconclusiveLimit", 0):
            return Phase.INCONCLUSIVE
        if 0 <= limit("failureLimit", 0) < self.counts[Phase.FAILED]:
            return Phase.FAILED
        if 0 < limit("consecutiveSuccessLimit", 0) <= self.in_a_row[Phase.SUCCESSFUL]:
            return Phase.SUCCESSFUL
        measured = sum(self.counts.values()) - self.counts[Phase.ERROR]
        if limit("count", 0 if "interval" in self.metric else 1) in range(1, measured + 1):
            return Phase.SUCCESSFUL
        return None

    def _phase(self, value: Any) -> Phase:
        good = _holds(self.metric["successCondition"], value)
        bad = _holds(self.metric["failureCondition"], value)
        if bad:
            return Phase.FAILED
        return Phase.SUCCESSFUL if good else Phase.INCONCLUSIVE

    def _asked(self) -> Any:
        web = self.metric["provider"]["web"]
        target = urlsplit(web["url"].replace(JUDGE, self.url))
        headers = {one["key"]: one["value"] for one in web.get("headers", [])}
        began = time.monotonic()
        connection = http.client.HTTPConnection(
            target.netloc, timeout=web.get("timeoutSeconds", 10)
        )
        try:
            connection.request(
                web.get("method", "GET"),
                f"{target.path}?{target.query}",
                json.dumps(web["jsonBody"], separators=(",", ":")).encode(),
                {**headers, "Content-Type": "application/json", "User-Agent": "Go-http-client/1.1"},
            )
            answer = connection.getresponse()
            text = answer.read()
        except OSError as exc:
            raise Away(str(exc)) from exc
        finally:
            connection.close()
            self.slowest = max(self.slowest, time.monotonic() - began)
        if not 200 <= answer.status < 300:
            raise Away(f"received non 2xx response code: {answer.status}")
        return _picked(web["jsonPath"], json.loads(text))


def _picked(path: str, value: Any) -> Any:
    match = _JSON_PATH.fullmatch(path)
    assert match is not None, f"{path} is more than this fake reads"
    for name in match[1].split(".")[1:]:
        if not isinstance(value, dict) or name not in value:
            raise Away(f"Could not find JSONPath in body: {name} is not found")
        value = value[name]
    return value


def _holds(condition: str, value: Any) -> bool:
    match = _CONDITION.fullmatch(condition)
    assert match is not None, f"{condition} is more than this fake reads"
    if match[1] not in value:
        raise Away(f"no field {match[1]}")
    return bool(value[match[1]] == match[2])


def documents(name: str) -> list[Any]:
    """The documents of an example's file."""
    with (EXAMPLES / name).open(encoding="utf-8") as file:
        return list(YAML(typ="safe").load_all(file))


def analysis(name: str, url: str, args: Mapping[str, str]) -> Analysis:
    """What an AnalysisRun of an example's template is, with these arguments and its defaults."""
    (template,) = documents(name)
    declared = {one["name"]: one.get("value") for one in template["spec"]["args"]}
    given = {**{k: v for k, v in declared.items() if v is not None}, **args}
    assert set(given) == set(declared), "every argument needs a value, and no other has one"
    (metric,) = template["spec"]["metrics"]
    filled = substituted(metric, given)
    assert "{{" not in json.dumps(filled)
    return Analysis(filled, url)
