"""The page of resource templates tells each of them as it is; its examples can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.spec.loading import load_analysis
from judge.spec.metric_template import load_template
from judge.spec.resolved import Compare, Metric

PAGE = (Path(__file__).parents[3] / "docs" / "metric-templates" / "resources.md").read_text(
    encoding="utf-8"
)
ROWS = [
    [cell.strip() for cell in row.split("|")[1:-1]]
    for row in re.findall(r"^\| `.*$", PAGE, re.MULTILINE)
]
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TRACKS = (
    "tracks: {baseline: {selector: 'track=\"stable\"'}, canary: {selector: 'track=\"canary\"'}}\n"
)


def words(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_a_row_says_what_is_read_and_how_it_is_judged(row: list[str]) -> None:
    name, reads, kind, unit, limit, floor, variables = row
    template = load_template(name.strip("`"))
    assert all(word in template.text for word in words(reads))
    assert (template.kind, template.rules.unit) == (kind, unit)
    assert words(variables) == [one.name for one in template.variables]
    assert (template.rules.floor or 0.0) == float(floor or 0)
    if template.rules.limit is None:
        assert all(f"\n  {rule}\n" in template.text for rule in words(limit))
    else:
        hourly = template.rules.compare is Compare.SLOPE
        assert limit == f"{template.rules.limit:g}{' an hour' if hourly else ''}"


def metrics(block: str) -> tuple[Metric, ...]:
    """The metrics of an example, completed to an analysis where it is a part of one."""
    if not block.startswith("metadata:"):
        tracks = "" if block.startswith("tracks:") else TRACKS
        spec = "".join(f"  {line}\n" for line in f"{tracks}{block}".splitlines())
        block = f"metadata: {{name: checkout}}\nspec:\n{spec}"
    return load_analysis(f"apiVersion: judge/v1\nkind: Analysis\n{block}").metrics


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_can_be_used(block: str) -> None:
    found = metrics(block)
    assert [one.name for one in found] == re.findall(r"- \{name: ([a-z-]+),", block)
    assert all(one.template and set(one.queries) == {"baseline", "canary"} for one in found)


def test_the_example_of_a_leak_watches_the_slope() -> None:
    (leak,) = metrics(next(block for block in BLOCKS if "slope" in block))
    assert (leak.compare, leak.limit) == (Compare.SLOPE, 1.1)
