"""The models that the OpenAPI shows hold for the verdicts of each judge."""

from __future__ import annotations

import json

import numpy as np
import pytest

from judge.api.documents import VerdictDocument
from judge.spec.resolved import BASELINE, CANARY, SHADOW, JudgeName, Track
from judge.verdict.judging import make_judge
from judge.verdict.verdict import document
from tests.verdict import rollouts
from tests.verdict.kayenta.series import alone, analysis, intervals, metric


def held(written: dict) -> None:
    """The document is one of the model's, with nothing that it does not know."""
    again = VerdictDocument.model_validate_json(json.dumps(written)).model_dump(
        mode="json", exclude_unset=True
    )
    assert again == written


@pytest.mark.parametrize("canary", [(1.0, 2.0), (3.0, 4.0)])
def test_kayentas_verdicts_are_as_declared(canary: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    errors = {CANARY: alone(rng.uniform(*canary, 61)), BASELINE: alone(np.zeros(61))}
    single = {CANARY: alone([2.0]), BASELINE: alone([1.9])}
    looks = intervals(10, {"errors": errors, "one": single, "gone": {}})
    of = analysis(metric("errors"), metric("one"), metric("gone", critical=False))
    told = make_judge(of, []).verdicts(looks)
    for one in told:
        held(document(one))
    labels = {one["classification"] for m in told[0].metrics.values() for one in m.kayenta}
    assert labels == {"High", "Error", "Nodata"}


def test_verdicts_with_another_judges_beside_are_as_declared() -> None:
    rng = np.random.default_rng(1)
    tracks = {BASELINE: 1.0, CANARY: 1.0, SHADOW: 1.0}
    of = rollouts.analysis(
        rollouts.metric(),
        rollouts.metric("slow", limit=None, worst=None),
        also_judge=JudgeName.KAYENTA,
        tracks=dict.fromkeys(tracks, Track("")),
    )
    looks = rollouts.intervals(rng, 3, tracks=tracks)
    told = make_judge(of, rollouts.history(rng)).look(looks, finished=False)
    held(document(told))
    assert told.also["kayenta"]["leftOut"] == ["slow"]
