"""From an analysis as written to one with nothing left to look up.

Owned here: what fields must fit together, which defaults follow from others, and putting the
resolved analysis together. Promised: all issues are found in one go; nothing is resolved in part.
Not here: single fields (`analysis`), queries (`queries`), limits (`limits`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from judge.errors import Issue, SpecError
from judge.spec import judges, rendering, tracks, variables
from judge.spec.analysis import AnalysisWritten, SpecWritten
from judge.spec.before import before_issues, default_past
from judge.spec.faults import faults, lasting_fault, variant_fault
from judge.spec.metric_template import MetricTemplate, is_path, load_template
from judge.spec.metrics import MetricWritten
from judge.spec.parts import part_faults
from judge.spec.queries import Scope, render_metric
from judge.spec.resolved import Metric, PrometheusConfig, ResolvedAnalysis, Track
from judge.spec.rules import Rules
from judge.spec.schedule import schedule_issues
from judge.spec.written import Path as Where
from judge.spec.written import Written


@dataclass(frozen=True)
class Surroundings:
    """What an analysis is resolved in: the caller's variables, the settings' servers, a folder.

    ``folder`` is where paths of templates begin; None where paths are refused (a request).
    ``offered`` are variables of the caller's that count only where the analysis lists them under
    its inputs; ``namespace`` is whose it is where it does not say itself.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    prometheus: Mapping[str, PrometheusConfig] = field(default_factory=dict)
    folder: Path | None = None
    offered: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None

    def inputs(self, listed: Collection[str]) -> dict[str, str]:
        """The caller's variables: those that he sets, and of those offered the ones listed."""
        taken = {name: text for name, text in self.offered.items() if name in listed}
        return {**taken, **self.variables}


@dataclass(frozen=True)
class Loaded:
    """A resolved analysis, and what its author should know though nothing is wrong."""

    analysis: ResolvedAnalysis
    notices: tuple[Issue, ...] = ()


def resolve(model: AnalysisWritten, written: Written, around: Surroundings) -> Loaded:
    """The analysis with templates rendered and limits filled in. Raises `SpecError`."""
    resolver = _Resolver(model, written, around)
    loaded = resolver.run()
    if resolver.issues:
        raise SpecError(resolver.issues)
    return loaded


class _Resolver:
    """Goes through one analysis, gathering issues as it goes."""

    def __init__(self, model: AnalysisWritten, written: Written, around: Surroundings) -> None:
        self.model = model
        self.spec: SpecWritten = model.spec
        self.written = written
        self.around = around
        self.given = around.inputs(model.spec.inputs)
        self.namespace = model.metadata.namespace or around.namespace
        self.issues: list[Issue] = []
        self.templates: dict[int, MetricTemplate] = {}

    def run(self) -> Loaded:
        server = self.prometheus()
        self.issues += schedule_issues(self.spec, self.written)
        self.issues += before_issues(self.spec, self.written)
        self.issues += judges.written_issues(self.spec, self.written)
        self.issues += self.spec.issues(self.written)
        self.issues += tracks.track_issues(self.spec.tracks, self.written)
        self.issues += variables.shared_issues(self.spec, self.given, self.written)
        scope, populations = self.scope(server)
        metrics = self.metrics(scope)
        told = (*self.unused_variables(), *judges.notices(self.spec, self.written))
        whole = self.whole(server, metrics, populations)
        return Loaded(judges.with_judges(whole, self.spec), told)

    def scope(self, server: PrometheusConfig) -> tuple[Scope, dict[str, Track]]:
        """What queries can name, and the tracks that are made of it."""
        shared, written = variables.shared(self.model, self.given, self.namespace), self.written
        own, wrong = tracks.variables_of(self.spec.tracks, shared, written)
        populations, wrong_too = tracks.resolved_tracks(
            self.spec.tracks, shared, own, written, pod_label=server.pod_label
        )
        self.issues += wrong + wrong_too
        selectors = {name: track.selector for name, track in populations.items()}
        apart = not self.spec.baseline_offset
        return Scope(shared, own, selectors, server.pod_label, apart), populations

    def whole(
        self,
        server: PrometheusConfig,
        metrics: list[Metric],
        populations: Mapping[str, Track],
    ) -> ResolvedAnalysis:
        spec, metadata = self.spec, self.model.metadata
        return ResolvedAnalysis(
            name=metadata.name,
            namespace=self.namespace or "default",
            labels=dict(metadata.labels),
            metrics=tuple(metrics),
            prometheus=server,
            tracks=populations,
            interval=spec.interval,
            duration=spec.duration,
            warmup=spec.warmup,
            delay=spec.delay,
            history=default_past(spec, spec.duration + spec.keep_watching)
            if spec.history is None
            else spec.history,
            baseline_offset=spec.baseline_offset or 0.0,
            mode=spec.mode,
            risk=spec.risk.resolved(),
            score=spec.score.resolved(),
            actions=spec.actions(),
            early_pass=spec.early_pass,
            keep_watching=spec.keep_watching,
        )

    def fault(self, path: Where, message: str, *, key: bool = False) -> None:
        self.issues.append(self.written.issue(("spec", *path), message, key=key))

    def prometheus(self) -> PrometheusConfig:
        """The server: written out, named, or the settings' ``default``."""
        wanted, servers = self.spec.prometheus, self.around.prometheus
        if wanted is None:
            return servers.get("default", PrometheusConfig())
        if isinstance(wanted, str):
            if wanted not in servers:
                self.fault(
                    ("prometheus",),
                    f"the settings have no Prometheus named {wanted}; "
                    f"{rendering.unknown(wanted, servers)}; or write prometheus: {{address: ...}}",
                )
            return servers.get(wanted, PrometheusConfig())
        self.issues += wanted.issues(self.written, ("spec", "prometheus"))
        return wanted.resolved()

    def metrics(self, scope: Scope) -> list[Metric]:
        found = []
        first: dict[str, int] = {}
        for i, metric in enumerate(self.spec.metrics):
            if metric.name in first:
                message = f"another metric is called {metric.name}; give each its own name"
                self.fault(("metrics", i, "name"), message)
            first.setdefault(metric.name, i)
            template = self.template(metric, i)
            if template:
                self.templates[i] = template
                found.append(self.metric(metric, template, scope, ("metrics", i)))
        return found

    def template(self, metric: MetricWritten, i: int) -> MetricTemplate | None:
        """The metric's template, or the like of one for a metric with its queries in place."""
        if metric.template is not None:
            return self.named_template(metric, metric.template, i)
        if metric.queries is None or metric.kind is None:
            given = {"kind": metric.kind, "queries": metric.queries}
            missing = " and ".join(name for name, one in given.items() if one is None)
            self.fault(("metrics", i), f"has no template; name one, or write {missing} in place")
            return None
        parts = metric.queries.resolved()
        for path, message in part_faults(parts.keys(), metric.kind):
            self.fault(("metrics", i, "queries", *path), message)
        return MetricTemplate(name="", kind=metric.kind, queries=parts)

    def named_template(self, metric: MetricWritten, name: str, i: int) -> MetricTemplate | None:
        for rival in ("kind", "queries"):
            if getattr(metric, rival) is not None:
                message = f"the template {name} has its own {rival}; remove one of the two"
                self.fault(("metrics", i, rival), message, key=True)
        if is_path(name) and self.around.folder is None:
            message = (
                "a template's path can only stand in a file; name a shipped template, or write "
                "kind and queries in place"
            )
            self.fault(("metrics", i, "template"), message)
            return None
        try:
            return load_template(name, folder=self.around.folder).beside(metric.rules())
        except SpecError as error:
            for issue in error.issues:
                self.fault(("metrics", i, "template"), str(issue))
            return None

    def metric(
        self, metric: MetricWritten, template: MetricTemplate, scope: Scope, path: Where
    ) -> Metric:
        rules = self.rules(metric, template, path)
        queries, issues = render_metric(metric, template, scope, self.written, ("spec", *path))
        self.issues += issues
        return rules.metric(
            metric.name,
            template.kind,
            template=template.name,
            pod_label=metric.pod_label or template.pod_label,
            queries=queries,
            kayenta=judges.rules_of(metric),
        )

    def rules(self, metric: MetricWritten, template: MetricTemplate, path: Where) -> Rules:
        """How the metric is judged; a template cannot know how long an interval is."""
        interval, rules = self.spec.interval, metric.rules().over(template.rules)
        wrong_for = judges.metric_faults(metric, template, self.spec)
        unclear = template.taken.faults(metric.rules()) if template.taken else ()
        for inside, message in (*faults(rules, template.kind), *wrong_for, *unclear):
            self.fault((*path, *inside), message)
        rules = judges.without_bounds(rules, self.spec)
        wrong = variant_fault(rules, template.queries, before_after=bool(self.spec.baseline_offset))
        if wrong:
            self.fault((*path, "better"), wrong)
        wrong = lasting_fault(metric.for_, interval)
        if wrong:
            self.fault((*path, "for"), wrong)
        return (
            rules if rules.lasting is None else replace(rules, lasting=max(rules.lasting, interval))
        )

    def unused_variables(self) -> tuple[Issue, ...]:
        """Notices of variables that nothing uses; what looks misspelt is an issue."""
        if len(self.templates) < len(self.spec.metrics):
            return ()
        needed = frozenset().union(*(one.takes for one in self.templates.values()))
        self.issues += tracks.unused(self.spec.tracks, needed, self.written)
        issues, notices = variables.unused(
            self.spec, needed | tracks.named(self.spec.tracks), self.written
        )
        self.issues += issues
        return notices
