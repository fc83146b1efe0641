"""The door for imports: files of Flagger's in, an analysis and its webhooks out.

Promised: the analysis can be loaded as it stands; whatever it does not say the same way has a
remark with its place. Not here: what becomes of metrics (`metrics`), of the server (`server`), of
the webhooks (`hooks`, `editing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from judge.dialects.flagger.importing.bounds import BUILTINS
from judge.dialects.flagger.importing.canary import ISTIO, Analysis, Canary
from judge.dialects.flagger.importing.editing import WEBHOOKS, listed, with_hooks
from judge.dialects.flagger.importing.fields import Plan
from judge.dialects.flagger.importing.hooks import Hook, missing
from judge.dialects.flagger.importing.metrics import Carried, Carrier
from judge.dialects.flagger.importing.queries import PRIMARY
from judge.dialects.flagger.importing.reading import Found, found_in
from judge.dialects.flagger.importing.remarks import Fault, remarks, webhook_remarks
from judge.dialects.flagger.importing.server import server_of
from judge.dialects.flagger.importing.templates import Templates
from judge.dialects.flagger.importing.ticks import (
    KUBERNETES_ITERATIONS,
    Strategy,
    Ticks,
    interval_of,
    ticks_of,
)
from judge.dialects.flagger.importing.tracks import filled_in
from judge.errors import Issue, SpecError
from judge.spec.loading import load_analysis
from judge.spec.suggestion.draft import Draft, written
from judge.spec.units import format_duration
from judge.spec.written import Path, Written, dotted


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says. ``stored_as``: what the analysis will be found by; "": by its own name.

    ``provider`` is Flagger's own setting, ``prometheus`` the address of the server to read.
    """

    canary: str = ""
    stored_as: str = ""
    judge_url: str = ""
    provider: str = ""
    prometheus: str = ""


@dataclass(frozen=True)
class Imported:
    """An analysis as YAML, what differs, and the webhooks that the Canary lacks."""

    name: str
    text: str
    remarks: tuple[Issue, ...]
    hooks: tuple[Hook, ...]
    documents: tuple[Written, ...]
    read: Written
    at: Path

    @property
    def hooks_at(self) -> str:
        """The field that webhooks belong under."""
        return dotted((*self.at, WEBHOOKS))

    def hook_lines(self) -> list[str]:
        """The lacking webhooks as YAML."""
        return listed(self.hooks)

    def canary_text(self) -> str:
        """The Canary's file with them. Raises `SpecError` where it leaves no place for them."""
        if not self.hooks:
            return self.read.text
        return with_hooks(self.documents, self.read, self.at, self.hooks)


def imported(documents: Sequence[Written], wanted: Wanted) -> Imported:
    """The analysis that a Canary becomes, out of the documents of all files.

    Raises `SpecError` where there is no such Canary, where it or a template that it names is
    faulty, and where none of its metrics could be carried over.
    """
    found = found_in(documents, name=wanted.canary)
    analysis = _analysed(found)
    return _Importer(found, analysis, wanted).imported(documents)


def _analysed(found: Found) -> Analysis:
    analysis = found.canary.spec.analysed
    if analysis is None:
        message = "has no analysis, so that Flagger promotes without a look; add spec.analysis"
        raise SpecError([found.read.issue(("spec",), message)])
    return analysis


class _Importer:
    """Goes through one Canary, gathering remarks as it goes."""

    def __init__(self, found: Found, analysis: Analysis, wanted: Wanted) -> None:
        self.canary: Canary = found.canary
        self.read = found.read
        self.analysis = analysis
        self.wanted = wanted
        self.at: Path = ("spec", found.canary.spec.field)
        self.templates = Templates(found.templates)
        self.found: list[Issue] = list(found.remarks)
        self.provider = found.canary.spec.provider or wanted.provider or ISTIO
        self.ticks = ticks_of(analysis, self.provider)
        self.interval = interval_of(analysis)

    def imported(self, documents: Sequence[Written]) -> Imported:
        name = self.canary.metadata.name
        stored = self.wanted.stored_as or name
        self.remark(remarks(self.canary, self.read.data, self.analysis, self.ticks))
        hooks = self._hooks(stored)
        text = self.text()
        load_analysis(text, source=f"the analysis made of {self.read.source}")
        own = tuple(one for one in documents if one.source == self.read.source)
        ordered = sorted(self.found, key=lambda one: (one.source, one.line, one.column))
        return Imported(name, text, tuple(ordered), hooks, own, self.read, self.at)

    def remark(self, faults: Iterable[Fault]) -> None:
        self.found += [self.read.issue(*fault) for fault in faults]

    def _hooks(self, stored: str) -> tuple[Hook, ...]:
        url, webhooks = self.wanted.judge_url, self.analysis.webhooks
        hooks = missing(webhooks, self.ticks.strategy, analysis=stored, url=url)
        lacking = [hook.type for hook in hooks]
        self.remark(webhook_remarks(self.analysis, self.at, name=stored, lacking=lacking))
        return hooks

    def text(self) -> str:
        duration = self.interval * (self.ticks.count or KUBERNETES_ITERATIONS)
        plan = Plan(self._observed(), self.interval, duration, self.analysis.most_failures)
        made = Carrier(self.canary, self.analysis, self.read, self.templates, plan).carried()
        self.found += made.remarks
        server = server_of(made.origins, given=self.wanted.prometheus)
        self.found += server.remarks
        self.remark(self._own_settings(server.written))
        metadata = self.canary.metadata
        spec: dict[str, Any] = {
            **({"prometheus": server.written} if server.written else {}),
            **_inputs(made.inputs),
            "interval": format_duration(self.interval),
            "duration": format_duration(duration),
        }
        return written(
            Draft(
                name=metadata.name,
                namespace=metadata.namespace,
                spec=spec,
                tracks=made.tracks,
                metrics=made.metrics,
                head=self._head(),
                on_fields=self._on_fields(),
                on_tracks=self._on_tracks(made),
            )
        )

    def _observed(self) -> str:
        """Whose builtin metrics Flagger reads: Linkerd's wherever it is set up for Linkerd."""
        if "linkerd" in self.wanted.provider:
            return "linkerd"
        target = self.canary.spec.target_ref
        service = target.kind == "Service" and "knative" not in target.api_version
        return f"{self.provider}:service" if service else self.provider

    def _own_settings(self, server: Any) -> Iterator[Fault]:
        """What Flagger takes from its own settings, which no file here tells."""
        metrics = self.analysis.metrics
        first = next(
            (i for i, one in enumerate(metrics) if one.name in BUILTINS or one.query), None
        )
        if first is None:
            return
        at = (*self.at, "metrics", first, "name")
        if not self.canary.spec.provider and not self.wanted.provider:
            message = (
                "Flagger's own -mesh-provider says which mesh's metrics these are; Istio's are "
                "read here (--provider)"
            )
            yield at, message
        if not self.canary.spec.metrics_server and not self.wanted.prometheus:
            said = server["address"] if server else "the server that Judge's settings call default"
            message = f"Flagger reads this from its own -metrics-server; here {said} is read"
            yield at, message

    def _head(self) -> list[str]:
        file = PurePath(self.read.source).name
        return [f"Imported from Flagger's Canary {self.canary.metadata.name} ({file})"]

    def _on_fields(self) -> Mapping[str, Sequence[str]]:
        return {"duration": [_duration_remark(self.ticks)]}

    def _on_tracks(self, made: Carried) -> list[str]:
        if not made.apart:
            return ["No metric tells the sides apart: each is held to its bound alone."]
        target = self.canary.spec.target_ref.name
        return [f"Flagger calls what runs now {target}{PRIMARY}."]


def _inputs(names: Sequence[str]) -> dict[str, Any]:
    """What a caller has to set, with something in its place until then."""
    if not names:
        return {}
    return {"inputs": list(names), "variables": filled_in(names)}


def _duration_remark(ticks: Ticks) -> str:
    if ticks.count is None:
        return "Flagger would never promote; this is a guess."
    kind = {
        Strategy.CANARY: "steps of traffic",
        Strategy.BLUE_GREEN: "iterations",
        Strategy.AB_TEST: "iterations",
    }[ticks.strategy]
    return (
        f"Flagger's {ticks.count} {kind}. With the webhook confirm-promotion it waits for the "
        "verdict, so more is possible, and often better: judge plan says what a duration can see."
    )
