"""Every shipped template that needs no variables set is found where its exporter's series are."""

from __future__ import annotations

import pytest

from judge.cli.suggesting.trials import findings
from judge.sources.catalogue import Catalogue
from judge.sources.prometheus import PrometheusSource
from judge.spec.metric_template import shipped_templates
from judge.spec.resolved import PrometheusConfig
from judge.spec.suggestion.candidates import Exported, Service, candidates
from tests.spec.templates.cases import CASES
from tests.spec.templates.harness import END, Case

AS_THEY_ARE = [case for case in CASES if not case.variables and len(case.tracks) == 2]


def exported(case: Case) -> Exported:
    """What the case's exporter exports, with its values of each label."""
    names: dict[str, dict[str, set[str]]] = {}
    for one in case.series:
        labels = names.setdefault(one.name, {})
        for label, value in one.labels.items():
            labels.setdefault(label, set()).add(value)
    return Exported(names, pod_label=case.fields.get("podLabel", ""))


@pytest.mark.parametrize("case", AS_THEY_ARE, ids=[case.id for case in AS_THEY_ARE])
def test_it_is_found_with_all_its_pods(case: Case, prometheus: str) -> None:
    template = shipped_templates()[case.template]
    service = Service(
        name="trial",
        namespace="shop",
        pod_label="pod",
        selectors=dict(case.tracks),
        variables=dict(case.track_variables),
        exported=(exported(case),),
    )
    config = PrometheusConfig(prometheus)
    ways = candidates(template, service, guess=False)
    assert ways
    with PrometheusSource(config) as source:
        catalogue = Catalogue(source.client, at=END)
        pods = {track: frozenset(case.expected[track]) for track in case.tracks}
        found = findings(ways, service, pods, catalogue=catalogue, config=config)
    assert {track: set(one.pods) for track, one in found[0].tracks.items()} == {
        track: set(one) for track, one in case.expected.items()
    }
