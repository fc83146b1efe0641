"""The pages of templates tell every shipped one as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.spec.loading import load_analysis
from judge.spec.metric_template import load_template, shipped_templates

PAGES = Path(__file__).parents[3] / "docs" / "metric-templates"
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (.*) \|$", re.MULTILINE)
PAGE = (PAGES / "requests.md").read_text(encoding="utf-8")
REQUESTS = ROW.findall(PAGE)
ANALYSIS = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
"""


def test_every_template_stands_in_one_table() -> None:
    pages = [page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md"))]
    told = [name for page in pages for name, _ in ROW.findall(page)]
    assert sorted(told) == sorted(shipped_templates())


@pytest.mark.parametrize(("name", "row"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_a_row_of_requests_says_what_is_read_and_by_what_it_is_judged(name: str, row: str) -> None:
    template = load_template(name)
    reads, pods, limit, variables = (cell.strip() for cell in row.split(" |"))
    written = template.text
    assert all(word in written for word in re.findall(r"`([^`]+)`", reads))
    assert template.pod_label == "".join(re.findall(r"`([^`]+)`", pods))
    assert re.findall(r"`([^`]+)`", variables) == [one.name for one in template.variables]
    rule = limit.strip("`") if limit.startswith("`") else f"limit: {{ratio: {limit}}}"
    assert f"\n  {rule}\n" in written


def test_the_example_of_a_native_histogram_can_be_used() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    indented = "".join(f"  {line}\n" for line in block.splitlines())
    (metric,) = load_analysis(ANALYSIS + indented).metrics
    assert metric.limit == 1.2
    assert metric.queries["canary"]["buckets"].expr.startswith("http_request_duration_seconds{")
