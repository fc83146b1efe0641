"""The door for imports: files of Argo Rollouts' in, an analysis's text and its remarks out.

Promised: the analysis can be loaded as it stands; whatever differs has a remark with its place. A
metric that cannot be carried over is left out with a remark, and where none is left the files are
refused. Not here: what becomes of a metric (`metrics`), of arguments (`arguments`, `queries`), of
times (`schedule`), of the server (`server`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judge.dialects.argo.importing.arguments import Argument, Arguments, merged
from judge.dialects.argo.importing.documents import Found, Template, found_in
from judge.dialects.argo.importing.metrics import (
    MetricRead,
    metrics_of,
    read_metric,
    remarks_of,
    safe_name,
)
from judge.dialects.argo.importing.parts import Part
from judge.dialects.argo.importing.queries import FILL_IN, tracks_of
from judge.dialects.argo.importing.schedule import Schedule, schedule_of
from judge.dialects.argo.importing.server import chosen, written
from judge.errors import Issue, SpecError
from judge.spec.loading import load_analysis
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.suggestion.draft import Draft, DraftMetric
from judge.spec.suggestion.draft import written as drafted
from judge.spec.units import format_duration
from judge.spec.written import Written

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Imported:
    """An analysis as YAML, and what it could not say the same way, in the order of the files."""

    text: str
    remarks: tuple[Issue, ...]
    to_fill_in: bool


def imported(documents: Sequence[Written], *, given: Mapping[str, str] | None = None) -> Imported:
    """The analysis that templates become. ``given``: values for their arguments.

    Raises `SpecError` where there is no template, or none of its metrics could be carried over.
    """
    importer = _Importer(found_in(documents), given or {})
    text = importer.text()
    load_analysis(text, source="the analysis made of the templates")
    order = {one.source: i for i, one in enumerate(documents)}
    remarks = sorted(
        importer.remarks, key=lambda one: (order.get(one.source, -1), one.line, one.column)
    )
    return Imported(text, tuple(dict.fromkeys(remarks)), FILL_IN in text)


class _Importer:
    """Goes through the templates, gathering remarks as it goes."""

    def __init__(self, found: Found, given: Mapping[str, str]) -> None:
        self.found = found
        self.remarks: list[Issue] = list(found.remarks)
        self.arguments = [Arguments(template, given) for template in found.templates]
        for one in self.arguments:
            self.remarks += one.remarks
        self.known = merged(self.arguments)
        for name in given:
            if name not in self.known:
                message = f"{name} is no argument of the templates; look at their args"
                raise SpecError([Issue("--set", message)])
        self.read: list[tuple[MetricRead, Arguments]] = []

    def text(self) -> str:
        for template, arguments in zip(self.found.templates, self.arguments, strict=True):
            self._read(template, arguments)
        self._of_one_server()
        if not self.read:
            first = self.found.templates[0].spec
            raise SpecError(
                [*self.remarks, first.issue("has no metric that could be carried over")]
            )
        timings = [one.timing for one, _ in self.read]
        schedule, differing = schedule_of(timings, self.found.rollout)
        self.remarks += differing
        metrics = self._metrics(schedule)
        server, about = written(chosen([one.server for one, _ in self.read]))
        self.remarks += about
        return drafted(self._draft(schedule, server, metrics))

    def _read(self, template: Template, arguments: Arguments) -> None:
        dry = _dry(template)
        for part in template.spec.parts("metrics"):
            try:
                name = part.text("name")
                is_dry = any(_matches(pattern, name) for pattern in dry)
                read = read_metric(part, arguments, dry=is_dry)
            except SpecError as error:
                self._leave_out(error)
            else:
                self.read.append((read, arguments))
                self.remarks += remarks_of(read, arguments)

    def _leave_out(self, error: SpecError) -> None:
        for issue in error.issues:
            message = f"{issue.message}; the metric is left out"
            self.remarks.append(Issue(issue.path, message, issue.source, issue.line, issue.column))

    def _of_one_server(self) -> None:
        """Leave out the metrics of other servers than the one that most of them read."""
        if not self.read:
            return
        server = chosen([one.server for one, _ in self.read])
        for one, _ in self.read:
            if one.server.key != server.key:
                message = (
                    f"an analysis reads one Prometheus, {server.address or 'the default'} here"
                )
                self._leave_out(SpecError([one.server.part.issue(message, "address")]))
        self.read = [one for one in self.read if one[0].server.key == server.key]

    def _metrics(self, schedule: Schedule) -> list[DraftMetric]:
        names: set[str] = set()
        made: list[DraftMetric] = []
        for read, _ in self.read:
            name = safe_name(read.name, names)
            if name != read.name:
                self.remarks.append(read.part.issue(f"becomes {name}", "name"))
            found = metrics_of(read, name, schedule)
            names |= {str(one.fields["name"]) for one in found}
            made += found
        return made

    def _draft(
        self, schedule: Schedule, server: Mapping[str, Any], metrics: list[DraftMetric]
    ) -> Draft:
        sides = dict.fromkeys(side for one, _ in self.read for side in one.query.sides)
        tracks, inputs = tracks_of(sides, self.known)
        values = self._values(inputs)
        spec: dict[str, Any] = {
            **({"prometheus": server} if server else {}),
            **({"inputs": list(values), "variables": values} if values else {}),
            "interval": format_duration(schedule.interval),
            "duration": format_duration(schedule.duration),
            **({"warmup": format_duration(schedule.warmup)} if schedule.warmup else {}),
        }
        return Draft(
            name=self._name(),
            namespace=self._namespace(),
            spec=spec,
            tracks={track: _track(track, tracks[track]) for track in (BASELINE, CANARY)},
            metrics=metrics,
            head=self._head(values),
            on_fields={"duration": [schedule.why]},
            on_tracks=[] if sides else [_NOT_APART],
        )

    def _values(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """The variables that a caller sets, with what stands for them."""
        values = dict(inputs)
        for argument in dict.fromkeys(use for one, _ in self.read for use in one.query.uses):
            values.setdefault(argument.variable, _value(argument))
        return values

    def _main(self) -> Part:
        return self.found.rollout or self.found.templates[0].part

    def _name(self) -> str:
        name = _metadata(self._main(), "name") or self.found.templates[0].name
        return _NOT_IN_NAMES.sub("-", name)[:100].strip("-._") or "imported"

    def _namespace(self) -> str:
        name = _metadata(self._main(), "namespace")
        if name and not _NAME.fullmatch(name):
            raise self._main().refused(f"{name!r:.80} is no namespace", "metadata", "namespace")
        return name

    def _head(self, values: Mapping[str, str]) -> list[str]:
        names = ", ".join(dict.fromkeys(one.name for one in self.found.templates))
        head = [f"Imported from Argo Rollouts' {names}"]
        if any(FILL_IN in value for value in values.values()):
            head.append(f"A caller sets the inputs that say {FILL_IN}, or you write them here.")
        return head


_NOT_APART = (
    "No query tells the versions apart: every metric is held to its bound alone, and none asks for "
    "these selectors. To compare, write {{ selector }} into the queries, and yours here."
)
_LABEL = "rollouts_pod_template_hash"


def _value(argument: Argument) -> str:
    return FILL_IN if argument.value is None else argument.value


def _track(track: str, variables: Mapping[str, str]) -> dict[str, Any]:
    return {"variables": dict(variables)} if variables else {"selector": f'{_LABEL}="{track}"'}


def _metadata(part: Part, name: str) -> str:
    metadata = part.part("metadata")
    return metadata.text(name) if metadata else ""


def _dry(template: Template) -> list[str]:
    """The patterns of the metrics that run dry."""
    places: Iterable[Part] = [template.spec]
    if template.reference is not None:
        places = [template.spec, template.reference.part]
    return [one.text("metricName") for place in places for one in place.parts("dryRun")]


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return pattern == name
