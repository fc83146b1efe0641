"""The pages on Argo Rollouts: their example is what comes out, their tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.cli.import_argo import argo
from judge.dialects.argo.conditions import Conditions, Phase
from judge.dialects.argo.expressions import parse
from judge.dialects.argo.importing.analysis import imported
from judge.spec.written import read_documents
from tests.dialects.argo.playing import EXAMPLES

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "coming-from-argo.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "argo.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TEMPLATE, ROLLOUT, ANALYSIS = BLOCKS[:3]


def test_the_example_is_what_comes_out() -> None:
    documents = [
        *read_documents(TEMPLATE, source="template.yaml"),
        *read_documents(ROLLOUT, source="rollout.yaml"),
    ]
    made = imported(documents)
    lines = [line for line in made.text.splitlines() if not line.lstrip().startswith("#")]
    assert lines == ANALYSIS.splitlines()
    (listed,) = re.findall(r"with this list:\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert listed.splitlines()[:-2] == [str(remark) for remark in made.remarks]


def test_every_option_is_told() -> None:
    for parameter in argo.params:
        for option in parameter.opts:
            assert not option.startswith("-") or f"`{option}`" in PAGE, option


def test_the_conditions_of_the_table_are_read() -> None:
    table = PAGE.split("### The conditions\n", 1)[1].split("\n\nFailure", 1)[0]
    rows = [line.replace(r"\|", "¦").split("|")[1] for line in table.splitlines() if "|" in line]
    written = [one.replace("¦", "|") for row in rows for one in re.findall(r"`([^`]+)`", row)]
    whole = [
        one.replace("...", "result[0] < 1") for one in written if re.search("[<>]|\\.\\.\\.", one)
    ]
    assert len(whole) >= 9
    for one in whole:
        assert parse(one)


def test_every_phase_is_told() -> None:
    phases = PAGE.split("The phases:", 1)[1].split("\n\nA condition", 1)[0]
    for phase in Phase:
        assert f"| {phase} |" in phases


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_the_readme_leads_to_every_example(name: str) -> None:
    assert f"]({name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_the_guide_shows_conditions_that_the_examples_have() -> None:
    text = (EXAMPLES / "analysis-run.yaml").read_text(encoding="utf-8")
    fields = re.findall(r"^ {6}(\w+): (\S.*?)(?:  #.*)?$", text, re.MULTILINE)
    assert len(fields) >= 7
    for name, value in fields:
        assert f"{name}: {value}" in GUIDE, name


def test_a_strict_bound_is_told_as_the_page_says() -> None:
    read = Conditions(parse("result[0] < 500"), None)
    assert read.of_value(500.0) is Phase.FAILED
    assert read.of_value(499.0) is Phase.SUCCESSFUL
