"""From a service to a proposed analysis of it.

Owned here: the order of the questions, and what of the answers stands in the analysis. Promised:
what is proposed has series, and is not judged twice. Not here: the questions (`survey`, `trials`),
the choice and the words (`judge.spec.suggestion`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from judge.cli.suggesting.measurements import Measured, measured, remarks
from judge.cli.suggesting.survey import Survey, Wanted, survey
from judge.cli.suggesting.trials import TRACKS, findings
from judge.errors import Issue, SpecError
from judge.sources.catalogue import Catalogue
from judge.spec.metric_template import MetricTemplate
from judge.spec.resolved import BASELINE, CANARY, PrometheusConfig
from judge.spec.suggestion import pod_names
from judge.spec.suggestion.aims import AIMS, aim_of
from judge.spec.suggestion.candidates import (
    candidates,
    lacking,
    reads,
    told_labels,
)
from judge.spec.suggestion.choice import Finding, chosen
from judge.spec.suggestion.draft import Draft, DraftMetric
from judge.spec.suggestion.sentences import beside, counted

# Fresh pods are not ready, and use more than they will.
WARMUP = "2m"


def propose(
    catalogue: Catalogue,
    wanted: Wanted,
    *,
    templates: Sequence[MetricTemplate],
    config: PrometheusConfig,
    server: str,
) -> Draft:
    """The analysis proposed for the service that is ``wanted``.

    ``server`` is the name of ``config`` in the settings, "" where it is written by its address.
    Raises `SpecError` where no template finds anything of the service, and `SourceError`.
    """
    seen = survey(catalogue, wanted, labels=told_labels(templates))
    found = _findings(seen, templates, catalogue, config)
    best = chosen(found)
    if not best:
        raise SpecError([_nothing(seen, wanted)])
    looked_at = [
        measured(one, seen.service, catalogue=catalogue, config=config) for one in best.values()
    ]
    proposed = [one for one in looked_at if one.testable]
    untestable = [one.finding.candidate.template.name for one in looked_at if not one.testable]
    needing = [
        (one, some)
        for one in templates
        if (some := lacking(one, seen.service)) and reads(one, seen.service)
    ]
    return Draft(
        name=seen.service.name,
        namespace=seen.service.namespace,
        spec=_spec(seen, proposed, config, server),
        tracks=_tracks(seen, wanted, proposed),
        metrics=[_metric(one, seen, config, server) for one in proposed],
        on_tracks=_on_tracks(seen, proposed),
        beside=beside(best, found, needing, untestable),
    )


def _findings(
    seen: Survey,
    templates: Sequence[MetricTemplate],
    catalogue: Catalogue,
    config: PrometheusConfig,
) -> list[Finding]:
    """What templates find by their own names, and by other names where an aim is unserved."""

    def tried(some: Iterable[MetricTemplate], *, guess: bool) -> list[Finding]:
        ways = [way for one in some for way in candidates(one, service, guess=guess)]
        return findings(ways, service, seen.pods, catalogue=catalogue, config=config)

    service = seen.service
    usable = [one for one in templates if not lacking(one, service)]
    found = tried(usable, guess=False)
    served = chosen(found)
    unserved = [aim for aim in AIMS if aim.name not in served]
    return found + tried([one for one in usable if aim_of(one) in unserved], guess=True)


def _spec(
    seen: Survey, proposed: Sequence[Measured], config: PrometheusConfig, server: str
) -> dict[str, Any]:
    label = seen.service.pod_label
    written: dict[str, Any] = {"address": config.address}
    if label not in ("", config.pod_label):
        written["podLabel"] = label
    spec: dict[str, Any] = {"prometheus": server or written}
    if seen.division.variables:
        spec["variables"] = dict(seen.division.variables)
        spec["inputs"] = list(seen.division.variables)
    spec |= {"interval": "1m", "duration": "30m"}
    if any(one.about_pods for one in proposed):
        spec["warmup"] = WARMUP
    return spec


def _tracks(
    seen: Survey, wanted: Wanted, proposed: Sequence[Measured]
) -> dict[str, dict[str, Any]]:
    division, names = seen.division, seen.names
    tracks: dict[str, dict[str, Any]] = {
        BASELINE: {"selector": f"{wanted.selector},{division.baseline}"},
        CANARY: {"selector": f"{wanted.selector},{division.canary}"},
    }
    if names is not None and any(_by_pod_names(one) for one in proposed):
        tracks[BASELINE]["variables"] = {pod_names.VARIABLE: names.baseline}
        tracks[CANARY]["variables"] = {pod_names.VARIABLE: names.canary}
    return tracks


def _on_tracks(seen: Survey, proposed: Sequence[Measured]) -> list[str]:
    division, names = seen.division, seen.names
    found = [f"{counted(seen.pods[track], 'pod')} in the {track}" for track in TRACKS]
    remarks = [f"The tracks: {division.why}. Found: {' and '.join(found)}."]
    if not division.sure:
        remarks.append("Look at the selectors: they are the most plausible guess.")
    if division.variables:
        given = " ".join(f"--set {name}=NEXT" for name in division.variables)
        remarks.append(f"For the next release: judge start FILE {given}")
    if names is not None and not names.lasting and any(_by_pod_names(one) for one in proposed):
        remarks.append("The pods are named as they are now: look at them for each release.")
    if len(seen.namespaces) > 1:
        spaces = ", ".join(seen.namespaces)
        remarks.append(
            f"The service is in several namespaces ({spaces}): with one of them in the selector "
            "its pods could be looked up in kube-state-metrics and cAdvisor, too."
        )
    return remarks


def _metric(one: Measured, seen: Survey, config: PrometheusConfig, server: str) -> DraftMetric:
    candidate = one.finding.candidate
    aim = aim_of(candidate.template)
    fields: dict[str, Any] = {
        "name": aim.name if aim else candidate.template.name,
        "template": candidate.template.name,
    }
    label = candidate.labelled(seen.service)
    written = candidate.template.pod_label or (config.pod_label if server else "")
    if candidate.pod_label or (written and label != written):
        fields["podLabel"] = label
    if candidate.variables:
        fields["variables"] = dict(candidate.variables)
    if one.limit is not None:
        fields["limit"] = {"ratio": one.limit}
    if one.worst is not None:
        fields["worst"] = {"ratio": one.worst}
    return DraftMetric(fields | (dict(aim.fields) if aim else {}), remarks(one))


def _by_pod_names(one: Measured) -> bool:
    """Whether a metric's template takes its pods by their names."""
    return pod_names.VARIABLE in one.finding.candidate.template.needs


def _nothing(seen: Survey, wanted: Wanted) -> Issue:
    names = sorted({name for some in seen.service.exported for name in some.names})
    shown = ", ".join(names[:10]) + (" and more" if len(names) > 10 else "")
    message = (
        f"none of the shipped templates reads what {wanted.selector} exports ({shown}); write a "
        "template of your own, as docs/metric-templates.md tells, or select the service by the "
        "labels that its mesh or ingress gives it"
    )
    return Issue("", message, "--selector")
