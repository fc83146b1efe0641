"""What a canary configuration's metric is among ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge.dialects.kayenta.metrics import group_weights, metric_of
from judge.dialects.kayenta.reading import read_config
from judge.dialects.kayenta.scopes import Scope
from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.resolved import Direction, JudgeName, Kind, Query, Reading, ResolvedAnalysis, Track

CONFIGS = sorted((Path(__file__).parent / "configs").glob("*.json"))
BASELINE = Scope("checkout-baseline", "eu", {"namespace": "shop"}, step=30.0, begins=-3600.0)
CANARY = Scope("checkout-canary", "eu", {"namespace": "shop"}, step=30.0, lasts=600.0)

SERVICES = read_config(json.loads((Path(__file__).parent / "configs/services.json").read_text()))


def test_each_field_has_its_meaning() -> None:
    errors = metric_of(SERVICES, 0, baseline=BASELINE, canary=CANARY)
    assert (errors.name, errors.kind) == ("Error rate", Kind.SERIES)
    assert (errors.direction, errors.critical, errors.observe) == (Direction.INCREASE, True, False)
    assert errors.kayenta == KayentaRules(
        nan_strategy=NanStrategy.REPLACE,
        outlier_factor=None,
        must_have_data=True,
        effect=EffectSize(EffectMeasure.MEAN_RATIO, 1.1, 1.0, 5.0, 1.0),
        groups=("Errors",),
    )


def test_what_is_not_said_is_the_measures_own_neutral_value() -> None:
    latency = metric_of(SERVICES, 1, baseline=BASELINE, canary=CANARY).kayenta
    assert latency == KayentaRules(
        outlier_factor=2.5,
        effect=EffectSize(EffectMeasure.CLES, 0.6, 0.5, 0.5, 0.5),
        groups=("Latency",),
    )


def test_a_metric_that_says_nothing_is_held_in_both_directions_and_is_not_critical() -> None:
    cpu = metric_of(SERVICES, 2, baseline=BASELINE, canary=CANARY)
    assert (cpu.direction, cpu.critical) == (Direction.EITHER, False)


def test_muted_is_observed() -> None:
    doc = json.loads((Path(__file__).parent / "configs/rollouts.json").read_text())
    memory = metric_of(read_config(doc), 1, baseline=BASELINE, canary=CANARY)
    assert memory.observe


def test_each_side_has_its_query_and_its_time() -> None:
    cpu = metric_of(SERVICES, 2, baseline=BASELINE, canary=CANARY)
    text = 'avg(container_cpu_usage{{app="{}",namespace="shop",container!="POD"}}) by (container)'
    assert cpu.queries == {
        "baseline": {
            "values": Query(text.format("checkout-baseline"), Reading.SERIES, 30.0, -3600.0)
        },
        "canary": {
            "values": Query(text.format("checkout-canary"), Reading.SERIES, 30.0, 0.0, 600.0)
        },
    }


def test_a_variable_that_neither_scope_sets_is_told_once_where_the_metric_needs_it() -> None:
    with pytest.raises(SpecError) as raised:
        metric_of(SERVICES, 2, baseline=Scope("a"), canary=Scope("b"))
    (issue,) = raised.value.issues
    assert issue.path == "metrics[2].query.customFilterTemplate"
    assert "namespace has no value" in issue.message


def test_weights_are_the_groups() -> None:
    assert group_weights(SERVICES) == {"Errors": 50, "Latency": 30, "Saturation": 20}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_run_with_such_metrics_is_stored_and_read_back_as_it_was(path: Path) -> None:
    config = read_config(json.loads(path.read_text()))
    analysis = ResolvedAnalysis(
        name="canary",
        metrics=tuple(
            metric_of(config, i, baseline=BASELINE, canary=CANARY)
            for i in range(len(config.metrics))
        ),
        tracks={"baseline": Track(""), "canary": Track("")},
        judge=JudgeName.KAYENTA,
        group_weights=group_weights(config),
        interval=3600.0,
        duration=3600.0,
        history=0.0,
    )
    stored = json.loads(json.dumps(to_document(analysis)))
    assert from_document(stored) == analysis
