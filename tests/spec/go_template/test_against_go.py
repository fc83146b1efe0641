"""What Go itself answered, case by case (tests/data/go-templates.json tells how)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judge.spec.go_template import GoTemplateError, render

RECORDED = json.loads(
    (Path(__file__).parents[2] / "data" / "go-templates.json").read_text(encoding="utf-8")
)
REFUSED = [one for one in RECORDED["cases"] if "error" in one or "refused" in one]
RENDERED = [one for one in RECORDED["cases"] if one not in REFUSED]


def answer(case: dict[str, Any]) -> str:
    variables = RECORDED["variables"][case["variables"]]
    return render(case["template"], {**RECORDED["functions"], "variables": variables or {}})


def test_what_go_renders_is_rendered_the_same() -> None:
    assert [answer(case) for case in RENDERED] == [case["text"] for case in RENDERED]


@pytest.mark.parametrize("case", REFUSED, ids=range(len(REFUSED)))
def test_what_go_refuses_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(GoTemplateError) as caught:
        answer(case)
    lines = case["template"].split("\n")
    assert 1 <= caught.value.line <= len(lines)
    assert 1 <= caught.value.column <= len(lines[caught.value.line - 1]) + 1


def test_enough_is_recorded() -> None:
    """A data file that lost its cases would hold nothing."""
    assert len(RENDERED) > 350
    assert len(REFUSED) > 200
