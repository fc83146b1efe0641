"""What becomes of a Canary's metrics: each as Judge measures it, held to Flagger's range.

Owned here: which queries a metric has, and its fields in the analysis. Promised: what is carried
over can be loaded; a metric, or a part of one, that is not has a remark with its place; what
Flagger itself could not use is refused. Not here: the queries' places (`queries`), the range
(`bounds`), taking a query apart (`promql_shapes`), builtin metrics (`builtins`), the tracks
(`tracks`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from judge.dialects.flagger.builtins import Builtin, builtin
from judge.dialects.flagger.importing.bounds import BUILTINS, Bounds, bounds_of
from judge.dialects.flagger.importing.canary import Analysis, Canary, Metric
from judge.dialects.flagger.importing.fields import (
    SHOWN,
    Plan,
    apart,
    fault_of,
    fields_of,
    shown,
    uses_of,
)
from judge.dialects.flagger.importing.queries import (
    Names,
    NotWritable,
    Rendered,
    matches_primary,
    names_of,
    rendered,
)
from judge.dialects.flagger.importing.server import Origin
from judge.dialects.flagger.importing.templates import Templates, is_elsewhere
from judge.dialects.flagger.importing.tracks import Variables, filled_in
from judge.errors import Issue, SpecError
from judge.spec.flagger_template import FlaggerTemplate, ProviderWritten
from judge.spec.go_template import GoTemplateError
from judge.spec.promql import PromqlError
from judge.spec.promql_shapes import Measured, Quantile, measured, shape_of
from judge.spec.rendering import RenderingError, unknown
from judge.spec.suggestion.draft import DraftMetric
from judge.spec.units import UnitError, parse_duration
from judge.spec.written import Path, Written

DEFAULT_WINDOW = "1m"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 100


@dataclass(frozen=True)
class Carried:
    """The metrics of an analysis, and what differs.

    ``tracks`` are their fields, ``apart`` whether any metric tells them apart; ``inputs`` is what a
    caller has to set; ``origins`` are the servers that the numbers come from.
    """

    metrics: tuple[DraftMetric, ...]
    tracks: Mapping[str, Mapping[str, Any]]
    apart: bool
    inputs: tuple[str, ...]
    origins: tuple[Origin, ...]
    remarks: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query of one metric, where it is written, and what to call it.

    A builtin's is known whole; ``made`` is what Judge makes of it.
    """

    name: str
    at: Path
    bounds: Bounds
    what: str
    query: Rendered | None = None
    made: tuple[Measured, ...] = ()


class Carrier:
    """Carries the metrics of one Canary over, gathering remarks as it goes."""

    def __init__(
        self, canary: Canary, analysis: Analysis, read: Written, templates: Templates, plan: Plan
    ) -> None:
        self.canary = canary
        self.analysis = analysis
        self.read = read
        self.templates = templates
        self.plan = plan
        self.names: Names = names_of(canary)
        self.variables = Variables(self.names)
        self.at: Path = ("spec", canary.spec.field, "metrics")
        self.found: list[Issue] = []
        self.origins: list[Origin] = []
        self.taken: set[str] = set()
        self.inputs: dict[str, None] = {}

    def carried(self) -> Carried:
        """The metrics that can be carried over.

        Raises `SpecError` where Flagger itself could not use one, and where none is left.
        """
        made: list[DraftMetric] = []
        wrong: list[Issue] = []
        for i, metric in enumerate(self.analysis.metrics):
            try:
                for asked in self._asked(i, metric):
                    made += self._drafts(asked)
            except SpecError as error:
                wrong += error.issues
        if not made and not wrong:
            message = "there is no metric that could be carried over; judge suggest proposes some"
            wrong = [*self.found, self.read.issue(self.at, message)]
        if wrong:
            raise SpecError(wrong)
        uses = frozenset().union(*(uses_of(one.fields) for one in made))
        return Carried(
            tuple(made),
            self.variables.tracks(uses),
            bool(uses),
            tuple(self.inputs),
            tuple(self.origins),
            tuple(self.found),
        )

    def remark(self, path: Path, message: str) -> None:
        """Note what differs at ``path`` of the metrics."""
        self.found.append(self.read.issue((*self.at, *path), message))

    def _asked(self, i: int, metric: Metric) -> Iterator[_Asked]:
        """Every query that Flagger asks for the metric: a builtin's name, and what is beside it."""
        if metric.name not in BUILTINS and not metric.query and not metric.template_ref:
            message = (
                f"is no builtin metric ({' or '.join(BUILTINS)}) and has neither a templateRef nor "
                "a query, so that each check of Flagger's fails; add one"
            )
            raise SpecError([self.read.issue((*self.at, i, "name"), message)])
        self._check_window(i, metric.interval)
        if metric.name in BUILTINS:
            yield self._builtin(i, metric)
        bounds = bounds_of(metric)
        if metric.query:
            yield self._inline(i, metric, bounds)
        if metric.template_ref:
            yield from self._template(i, metric, bounds)

    def _check_window(self, i: int, window: str) -> None:
        """Raises `SpecError` for a window that no query can have."""
        try:
            usable = not window or parse_duration(window) > 0
        except UnitError:
            usable = False
        if not usable:
            message = f"{window!r:.40} is no window that a query can have; write 1m, say"
            raise SpecError([self.read.issue((*self.at, i, "interval"), message)])

    def _builtin(self, i: int, metric: Metric) -> _Asked:
        kind, window = self.canary.spec.target_ref.kind, metric.interval or DEFAULT_WINDOW
        found: Builtin = builtin(self.plan.provider, metric.name, kind=kind or "Deployment")
        own = self.names.places()
        bounds = bounds_of(metric, metric.name)
        name = self._name(i, metric.name)
        self.variables.add(found.variables(own))
        self.inputs |= dict.fromkeys(found.inputs)
        self._reads(self.canary.spec.metrics_server)
        made = found.measured(own, interval=window, min=bounds.least, max=bounds.most, name=name)
        return _Asked(name, (i, "name"), bounds, f"Flagger's {metric.name}", made=made)

    def _inline(self, i: int, metric: Metric, bounds: Bounds) -> _Asked:
        at = (i, "query")
        query = self._rendered(metric.query, metric, self.read, (*self.at, *at))
        self._reads(self.canary.spec.metrics_server)
        return _Asked(self._name(i, metric.name), at, bounds, "A query in place", query)

    def _template(self, i: int, metric: Metric, bounds: Bounds) -> Iterator[_Asked]:
        template = self._found(i, metric)
        at = (i, "templateRef", "name")
        if is_elsewhere(template):
            message = f"takes its numbers from {template.provider.type}; the metric is left out"
            self.remark(at, message)
            return
        if not metric.interval and "interval" in template.places:
            message = (
                "without an interval Flagger renders none into a template, and its query fails; "
                f"{DEFAULT_WINDOW} is written"
            )
            self.remark((i,), message)
        query = self._rendered(template.query, metric, template.read, ("spec", "query"))
        self.origins.append(Origin(template.provider, template.read, _ADDRESS))
        name = f"{metric.name}-template" if metric.name in BUILTINS else metric.name
        yield _Asked(self._name(i, name), at, bounds, f"MetricTemplate {template.name}", query)

    def _found(self, i: int, metric: Metric) -> FlaggerTemplate:
        reference, namespace = metric.template_ref, self.canary.metadata.namespace
        if reference is None:
            raise ValueError("the metric names no template")
        template = self.templates.find(reference, namespace)
        if template is None:
            wanted = f"{reference.namespace or namespace}/{reference.name}"
            message = (
                f"there is no MetricTemplate {wanted} in the files; name the file that has it too "
                f"({unknown(wanted, self.templates.known())})"
            )
            raise SpecError([self.read.issue((*self.at, i, "templateRef", "name"), message)])
        return template

    def _rendered(self, text: str, metric: Metric, read: Written, at: Path) -> Rendered:
        """The query of ``text``, which stands at ``at``. Raises `SpecError` with its place."""
        window = metric.interval or DEFAULT_WINDOW
        variables = metric.template_variables
        try:
            return rendered(text, self.names, interval=window, variables=variables)
        except GoTemplateError as error:
            issue = read.issue(at, error.message, offset=error.offset)
        except NotWritable as error:
            issue = read.issue(at, f"the query {error}")
        raise SpecError([issue])

    def _reads(self, address: str) -> None:
        """Note the Prometheus of Flagger's own queries, where the Canary names one."""
        if address:
            provider = ProviderWritten(address=address)
            self.origins.append(Origin(provider, self.read, ("spec", "metricsServer")))

    def _name(self, i: int, wanted: str) -> str:
        """``wanted`` as a metric may be called, and no other is."""
        found = self._free(wanted)
        if found != wanted:
            message = f"{wanted!r:.100} becomes {found}; an analysis's names are plain, and unique"
            self.remark((i, "name"), message)
        return found

    def _free(self, wanted: str) -> str:
        name = _NOT_IN_NAMES.sub("-", wanted).strip("-")[:_LONGEST] or "metric"
        rivals = (f"{name}-{i}" for i in range(2, len(self.taken) + 3))
        found = next(one for one in (name, *rivals) if one not in self.taken)
        self.taken.add(found)
        return found

    def _named(self, one: Measured, asked: _Asked) -> Measured:
        """A part of a metric's own has a name that no other has."""
        return one if one.name == asked.name else replace(one, name=self._free(one.name))

    def _drafts(self, asked: _Asked) -> Iterator[DraftMetric]:
        """The metrics that a query becomes; nothing, with a remark, where it becomes none."""
        if asked.bounds.silent:
            self.remark(asked.at[:1], asked.bounds.silent)
        try:
            made = asked.made if asked.query is None else self._measured(asked, asked.query)
        except (PromqlError, RenderingError) as error:
            self.remark(asked.at, f"is no PromQL: {error}; the metric is left out")
            return
        if not made:
            self.remark(asked.at, "there is nothing to judge it by; the metric is left out")
        yield from self._checked(made, asked)

    def _measured(self, asked: _Asked, query: Rendered) -> tuple[Measured, ...]:
        """What Judge makes of a query. Raises `PromqlError` and `RenderingError`."""
        if query.remark:
            self.remark(asked.at, f"{query.remark}; it is held to its range alone")
        elif not query.uses:
            message = "does not name the target: both sides read the same, so only its range holds"
            self.remark(asked.at, message)
        elif matches_primary(query.text, self.names):
            message = "reads the primary's pods with the canary's; close the expression"
            self.remark(asked.at, message)
        shape, least = shape_of(query.text), asked.bounds.least
        if isinstance(shape, Quantile) and shape.scale > 0 and least is not None and least <= 0:
            least = None  # every quantile of durations, sizes and the like is above that
        return measured(
            shape,
            name=asked.name,
            min=least,
            max=asked.bounds.most,
            compared=bool(query.uses),
        )

    def _checked(self, made: Iterable[Measured], asked: _Asked) -> Iterator[DraftMetric]:
        """Those that can be loaded; the others have a remark."""
        for one in made:
            for text in one.remarks:
                self.remark(asked.at, text)
        for one in (self._named(part, asked) for whole in made for part in apart(whole)):
            fields = fields_of(one, self.plan)
            tracks = self.variables.tracks(uses_of(fields))
            variables = filled_in(self.inputs)
            wrong = fault_of(fields, self.plan, tracks=tracks, variables=variables)
            if wrong:
                self.remark(asked.at, f"{wrong}; the metric is left out")
            else:
                said = SHOWN if one.rules.get("observe") else shown(asked.bounds)
                yield DraftMetric(fields, (f"{asked.what}: {said}",))


_ADDRESS = ("spec", "provider", "address")
