"""The page on shapes says what becomes of its queries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.spec.promql_shapes import measured, parsing, shape_of

PAGE = (Path(__file__).parents[3] / "docs" / "promql-shapes.md").read_text()
ROWS = re.findall(r"^\| `(.+)` \| at (least|most) ([0-9.]+) \| (.+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("query", "end", "number", "metric"), ROWS)
def test_a_query_becomes_what_the_page_says(query: str, end: str, number: str, metric: str) -> None:
    ends = {"min" if end == "least" else "max": float(number)}
    made, *_ = measured(shape_of(query), name="metric", **ends)  # type: ignore[arg-type]
    counted = made.queries.get("events") or made.queries.get("buckets")
    name, value = next((end, made.rules[end]) for end in ("max", "min") if end in made.rules)
    shown = f"{made.kind} of `{counted}`" if counted else str(made.kind)
    assert f"{shown}, {name} {value:g}" == metric


def test_the_page_has_examples() -> None:
    assert len(ROWS) > 7


def test_the_page_says_how_large_a_query_may_be() -> None:
    large = f"{parsing.LONGEST:,} characters, {parsing.MOST_OPERATORS} operators"
    assert f"{large} or {parsing.DEEPEST} nested brackets" in PAGE
