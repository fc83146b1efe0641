"""The documentation tells every field, as the schemas have it, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.spec.loading import load_analysis
from judge.spec.metric_template import shipped_names, template_from_text
from judge.spec.resolved import Bound, Compare, JudgeName, Kind, WeightQuery
from judge.spec.schema import analysis_schema
from judge.spec.template_document import TemplateWritten

from .fields_table import rows

DOCS = Path(__file__).parents[2] / "docs"
ANALYSIS = (DOCS / "analysis.md").read_text(encoding="utf-8")
TEMPLATES = (DOCS / "metric-templates.md").read_text(encoding="utf-8")
PAGES = {
    "analysis.md": (ANALYSIS, rows(analysis_schema())),
    "metric-templates.md": (TEMPLATES, rows(TemplateWritten.model_json_schema())),
}


def blocks(page: str, *, beginning: str) -> list[str]:
    """The YAML blocks of a page whose first line of YAML begins with a text."""
    found = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [block for block in found if re.search(rf"^{re.escape(beginning)}", block, re.MULTILINE)]


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_hold_every_field_and_no_other(name: str) -> None:
    page, fields = PAGES[name]
    told = [line for line in page.splitlines() if re.match(r"\| `[a-z]", line)]
    assert sorted(told) == sorted(fields)


def test_the_first_example_is_an_analysis() -> None:
    (whole,) = blocks(ANALYSIS, beginning="apiVersion:")
    assert load_analysis(whole).name == "checkout"


def test_the_example_of_a_weight_can_be_used() -> None:
    (whole,) = blocks(ANALYSIS, beginning="apiVersion:")
    (tracks,) = blocks(ANALYSIS, beginning="tracks:")
    before, after = whole.split("  tracks:\n")
    indented = "".join(f"  {line}\n" for line in tracks.splitlines())
    named = before.replace("{name: checkout}", "{name: checkout, namespace: shop}")
    analysis = load_analysis(named + indented + after[after.index("  metrics:") :])
    asked = 'flagger_canary_weight{namespace="shop",workload="checkout"}'
    assert analysis.tracks["canary"].weight_query == WeightQuery(asked, of=100.0)


def test_the_examples_of_metrics_can_be_used() -> None:
    (whole,) = blocks(ANALYSIS, beginning="apiVersion:")
    (metrics,) = blocks(ANALYSIS, beginning="metrics:")
    indented = "".join(f"  {line}\n" for line in metrics.splitlines())
    refused, time, memory, leak = load_analysis(
        whole[: whole.index("  metrics:")] + indented
    ).metrics
    assert (refused.limit, refused.bound) == (1.1, Bound(max=0.05))
    assert (time.limit, time.bound) == (1.2, Bound(max=0.5))
    assert (memory.limit, memory.bound) == (1.3, Bound(max=2e9, lasting=300.0))
    assert (leak.limit, leak.compare) == (1.1, Compare.SLOPE)


def test_the_example_of_kayentas_judge_can_be_used() -> None:
    (own,) = blocks(ANALYSIS, beginning="metadata: {name: checkout-as-kayenta}")
    analysis = load_analysis("apiVersion: judge/v1\nkind: Analysis\n" + own)
    assert analysis.judge is JudgeName.KAYENTA
    errors, latency, rate = analysis.metrics
    assert errors.kayenta is not None
    assert errors.kayenta.effect.allowed_increase == 1.1
    assert rate.kayenta is not None
    assert rate.kayenta.effect.allowed_increase == 1.25  # its template's limit, said once more
    assert latency.queries["canary"]["values"].step == 30.0


def test_the_examples_of_templates_can_be_used() -> None:
    (own,) = blocks(TEMPLATES, beginning="apiVersion:")
    assert template_from_text(own, source="docs").rules.limit == 1.1
    (pods,) = blocks(TEMPLATES, beginning="metadata: {name: checkout, namespace")
    head = "apiVersion: judge/v1\nkind: Analysis\n"
    assert [metric.template for metric in load_analysis(head + pods).metrics] == [
        "http-error-rate",
        "pods-crashing",
    ]


def test_the_examples_of_kinds_can_be_used() -> None:
    (both,) = blocks(TEMPLATES, beginning="spec:\n  kind: histogram")
    head = "apiVersion: judge/v1\nkind: MetricTemplate\nmetadata: {name: a}\n"
    latency, queue = [template_from_text(head + one, source="docs") for one in both.split("---\n")]
    assert (latency.kind, latency.rules.limit) == (Kind.HISTOGRAM, 1.2)
    assert (queue.kind, queue.rules.limit, queue.rules.max) == (Kind.GAUGE, None, 5000.0)


def test_the_templates_that_have_a_section_are_there() -> None:
    told = re.findall(r"^### (.*)$", TEMPLATES, re.MULTILINE)
    assert set(told) <= set(shipped_names())
    assert "http-error-rate" in told
