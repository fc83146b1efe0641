"""The door for imports: a configuration's text in, an analysis's text and its remarks out.

Promised: the analysis can be loaded as it stands, and judges by the same rules; whatever differs
has a remark with its place in the file. What only a request of Kayenta's says (scopes, times,
thresholds) stands there to be filled in. Not here: what becomes of a metric (`metrics`, `texts`),
the remarks on single fields (`remarks`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.dialects.kayenta.checks import Fault
from judge.dialects.kayenta.config import CanaryConfig
from judge.dialects.kayenta.importing.metrics import metric_fields, names_of, shortest
from judge.dialects.kayenta.importing.remarks import ALL, remarks, renamed, variable_remark
from judge.dialects.kayenta.importing.texts import text_of
from judge.dialects.kayenta.importing.variables import FILL_IN, TRACKS, Needed, Variables
from judge.dialects.kayenta.reading import config_of
from judge.errors import Issue, SpecError
from judge.spec.loading import load_analysis
from judge.spec.suggestion.draft import Draft, DraftMetric, written
from judge.spec.written import Written

PASS, MARGINAL = 75.0, 50.0
LENGTH = "1h"
OFFSET = "1h"

_ONE_LOOK = (
    "One look at the end, as where a request of Kayenta's has no analysisIntervalMins; write that "
    "as the interval, and lifetimeDurationMins as the duration."
)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Imported:
    """An analysis as YAML, and what it could not say the same way, in the order of the file."""

    text: str
    remarks: tuple[Issue, ...]


def imported(config: Written, *, shown: str) -> Imported:
    """The analysis that a configuration becomes. ``shown``: the file's name.

    Raises `SpecError` for what is no configuration, or has no metric that could be carried over.
    """
    importer = _Importer(config_of(config), config)
    text = importer.text(shown)
    load_analysis(text, source=f"the analysis made of {shown}")
    found = sorted(importer.found, key=lambda issue: (issue.line, issue.column))
    return Imported(text, tuple(found))


class _Importer:
    """Goes through one configuration, gathering remarks as it goes."""

    def __init__(self, config: CanaryConfig, read: Written) -> None:
        self.config = config
        self.read = read
        self.found: list[Issue] = []
        for fault in remarks(config, read.data):
            self.remark(fault)
        self.needed = self._needed()
        self.variables = Variables(list(self.needed.values()))

    def remark(self, fault: Fault) -> None:
        self.found.append(self.read.issue(*fault))

    def text(self, shown: str) -> str:
        spec = {
            "judge": "kayenta",
            **self._inputs(),
            "interval": LENGTH,
            "duration": LENGTH,
            **({"baselineOffset": OFFSET} if self.by_time_alone else {}),
            "score": self._score(),
            **self._group_weights(),
        }
        name = self._name()
        draft = Draft(
            name=name,
            namespace="",
            labels=self._labels(),
            spec=spec,
            tracks={track: self._track(track) for track in TRACKS},
            metrics=self._metrics(),
            head=self._head(shown),
            on_fields=self._on_fields(),
        )
        return written(draft)

    @property
    def by_time_alone(self) -> bool:
        """Whether no metric tells the sides apart: then only their times can differ."""
        return not any(one.text.uses for one in self.needed.values())

    def _needed(self) -> dict[int, Needed]:
        """The texts of the metrics that can be carried over, by index."""
        found: dict[int, Needed] = {}
        for i, metric in enumerate(self.config.metrics):
            if metric.query is None:
                raise ValueError(f"the metric {metric.name} was never checked: it has no query")
            try:
                found[i] = Needed(metric.scope_name, text_of(self.config, metric.query))
            except SpecError as error:
                for issue in error.issues:
                    at = ("query", issue.path) if issue.path else ("query",)
                    self.remark((("metrics", i, *at), f"{issue.message}; the metric is left out"))
        if any(one.text.uses for one in found.values()):
            for i in [i for i, one in found.items() if not one.text.uses]:
                message = (
                    "names no variable, so that both sides read the same series and are found "
                    "equal wherever they are read at the same time; the metric is left out"
                )
                self.remark((("metrics", i, "query"), message))
                del found[i]
        if not found:
            message = "there is no metric that could be carried over"
            raise SpecError([*self.found, self.read.issue(("metrics",), message)])
        return found

    def _name(self) -> str:
        before = self.config.name or "canary"
        name = _NOT_IN_NAMES.sub("-", before)[:100].strip("-._") or "canary"
        for fault in renamed(("name",), before, name):
            self.remark(fault)
        return name

    def _labels(self) -> dict[str, str]:
        applications = self.config.applications
        if not applications:
            return {}
        name = "application" if len(applications) == 1 else "applications"
        return {name: ", ".join(applications)}

    def _inputs(self) -> dict[str, Any]:
        for i, key in self._first_named():
            at = ("metrics", i, "query", self.needed[i].text.field)
            self.remark((at, variable_remark(self.variables, key)))
        values = self.variables.values()
        return {"inputs": list(values), "variables": values} if values else {}

    def _first_named(self) -> list[tuple[int, tuple[str, str]]]:
        """Each variable with the metric that names it first."""
        first: dict[tuple[str, str], int] = {}
        for i, one in self.needed.items():
            for key in one.keys:
                first.setdefault(key, i)
        return [(i, key) for key, i in first.items()]

    def _track(self, track: str) -> dict[str, Any]:
        own = self.variables.of_track(track)
        if self.variables.selector or not own:
            matcher = f'{FILL_IN}="{track}"'
            return {"selector": matcher, **({"variables": own} if own else {})}
        return {"variables": own}

    def _score(self) -> dict[str, Any]:
        classifier = self.config.classifier
        thresholds = classifier.score_thresholds if classifier else None
        passing = thresholds.passing if thresholds else None
        marginal = thresholds.marginal if thresholds else None
        wanted = {
            "pass": PASS if passing is None else passing,
            "marginal": min(MARGINAL, passing or PASS) if marginal is None else marginal,
        }
        if not 0 <= wanted["marginal"] <= wanted["pass"] <= ALL:
            message = f"cannot be used; pass: {PASS:g} and marginal: {MARGINAL:g} are written"
            self.remark((("classifier", "scoreThresholds"), message))
            return {"pass": PASS, "marginal": MARGINAL}
        return {name: shortest(value) for name, value in wanted.items()}

    def _group_weights(self) -> dict[str, Any]:
        classifier = self.config.classifier
        weights = classifier.group_weights if classifier else {}
        share = ALL / max(ALL, sum(weights.values()))
        scaled = {name: shortest(weight * share) for name, weight in weights.items()}
        return {"groupWeights": scaled} if scaled else {}

    def _metrics(self) -> list[DraftMetric]:
        names = names_of(self.config.metrics)
        found = []
        for i, needed in self.needed.items():
            metric = self.config.metrics[i]
            for fault in renamed(("metrics", i, "name"), metric.name, names[i]):
                self.remark(fault)
            found.append(DraftMetric(metric_fields(metric, names[i], needed, self.variables)))
        return found

    def _head(self, shown: str) -> list[str]:
        description = " ".join(self.config.description.split())
        about = f": {description}" if description else ""
        return [
            f"Imported from {shown}{about}",
            f"Fill in what Kayenta has from each request: {FILL_IN}, interval, duration and score.",
        ]

    def _on_fields(self) -> Mapping[str, list[str]]:
        notes = {
            "inputs": ["What a caller sets: the scopes and what else Kayenta's requests carry."],
            "interval": [_ONE_LOOK],
            "score": ["The thresholds of the requests."],
        }
        if self.by_time_alone:
            offset = ["No query tells the sides apart: the baseline is read so long ago."]
            notes["baselineOffset"] = offset
        return notes if self.variables.values() else {k: notes[k] for k in notes if k != "inputs"}
