"""Asking what candidates find: their series by pod, and how much happens there.

Owned here: the PromQL that a template's rendered queries are tried with. Promised: a few queries
for all candidates together; one that is refused says why and hinders no other. Not here: which
candidates there are, which of them is taken (`judge.spec.suggestion`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from judge.sources.catalogue import Answer, Catalogue
from judge.sources.queries import by_pod, deduplicated
from judge.sources.selectors import selector
from judge.spec.resolved import BASELINE, CANARY, PARTS, Kind, PrometheusConfig, Query, Reading
from judge.spec.suggestion.candidates import BOUND, Candidate, Service
from judge.spec.suggestion.choice import Finding, Found

TRACKS = (BASELINE, CANARY)
RECENT = "5m"
LATELY = "1h"


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate in one track: its rendered queries, and how its server is read."""

    candidate: Candidate
    track: str
    queries: Mapping[str, Query]
    config: PrometheusConfig

    @property
    def main(self) -> Query:
        """The query that finds every pod: of a proportion, its total."""
        return self.queries[PARTS[self.candidate.template.kind][-1]]

    def pods(self) -> str:
        """How many series each pod has."""
        return by_pod("count", deduplicated(Query(self._main_values()), self.config), self.config)

    def traffic(self, part: str = "") -> str:
        """Events a second of ``part``, the main one by default; "" for what counts nothing."""
        query = self.queries[part] if part else self.main
        chosen = selector(query.expr)
        if chosen is None or query.reading is not Reading.COUNTER or self._kind is Kind.GAUGE:
            return ""
        if self._kind is Kind.HISTOGRAM and self.candidate.classic:
            chosen = chosen.exactly({BOUND: "+Inf"})
        rate = f"rate({chosen}[{RECENT}])"
        if self._kind is Kind.HISTOGRAM and not self.candidate.classic:
            rate = f"histogram_count({rate})"
        return f"sum({deduplicated(Query(rate), self.config)})"

    def level(self) -> str:
        """The mean over pods of a gauge metric; of a counter, of what it grows by in a second."""
        counter = self.main.reading is Reading.COUNTER
        values = f"rate({self.main.expr}[{RECENT}])" if counter else self.main.expr
        return f"avg({by_pod('sum', deduplicated(Query(values), self.config), self.config)})"

    def buckets(self) -> str:
        """Observations a second of a histogram: by bound, or as one native histogram."""
        rate = f"rate({self.main.expr}[{LATELY}])"
        if not self.candidate.classic:
            return f"sum({rate})"  # replicas' shares of the buckets are alike
        return f"sum by ({BOUND}) ({deduplicated(Query(rate), self.config)})"

    @property
    def _kind(self) -> Kind:
        return self.candidate.template.kind

    def _main_values(self) -> str:
        native = self._kind is Kind.HISTOGRAM and not self.candidate.classic
        return f"histogram_count({self.main.expr})" if native else self.main.expr


def trial(candidate: Candidate, service: Service, track: str, config: PrometheusConfig) -> Trial:
    """The candidate on a track."""
    own = replace(config, pod_label=candidate.labelled(service))
    return Trial(candidate, track, candidate.rendered(service, track), own)


def findings(
    candidates: Iterable[Candidate],
    service: Service,
    pods: Mapping[str, frozenset[str]],
    *,
    catalogue: Catalogue,
    config: PrometheusConfig,
) -> list[Finding]:
    """What each candidate finds; ``pods`` are the service's own by track. Raises `SourceError`."""
    planned = [
        [trial(candidate, service, track, config) for track in TRACKS] for candidate in candidates
    ]
    exprs = [
        expr for some in planned for one in some for expr in (one.pods(), one.traffic()) if expr
    ]
    answers = dict(zip(exprs, catalogue.ask(exprs), strict=True))
    return [_finding(some, pods, answers) for some in planned]


def _finding(
    trials: Sequence[Trial], pods: Mapping[str, frozenset[str]], answers: Mapping[str, Answer]
) -> Finding:
    tracks = {one.track: _found(one, answers) for one in trials}
    own = any(pods[track] & found.pods.keys() for track, found in tracks.items())
    refused = next((answers[one.pods()].refused for one in trials), "")
    return Finding(trials[0].candidate, tracks, own, refused)


def _found(one: Trial, answers: Mapping[str, Answer]) -> Found:
    counted = answers[one.pods()].values
    label, traffic = one.config.pod_label, one.traffic()
    return Found(
        pods={labels.get(label, ""): int(value) for labels, value in counted if value},
        traffic=answers[traffic].total if traffic else None,
    )
