"""docs/kayenta-import.md: its example is what comes out, its tables name every field and option."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from judge.cli.importing import kayenta
from judge.dialects.kayenta.config import (
    AnalysisConfigurations,
    CanaryAnalysis,
    CanaryConfig,
    Classifier,
    EffectSizeConfig,
    JudgeConfig,
    MetricConfig,
    Outliers,
    QueryConfig,
    ScoreThresholds,
)
from judge.dialects.kayenta.importing.analysis import imported
from judge.spec.written import read_written

PAGE = (Path(__file__).parents[3] / "docs" / "kayenta-import.md").read_text(encoding="utf-8")

MODELS: tuple[type[BaseModel], ...] = (
    AnalysisConfigurations,
    CanaryAnalysis,
    CanaryConfig,
    Classifier,
    EffectSizeConfig,
    JudgeConfig,
    MetricConfig,
    Outliers,
    QueryConfig,
    ScoreThresholds,
)


def block(language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found[number]


def told(heading: str) -> set[str]:
    """The last words of the names in the tables below a heading."""
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    names = re.findall(r"`([^`]+)`", " ".join(row.split("|")[1] for row in rows))
    return {part for name in names for part in re.split(r"[.…\[\]]+", name) if part}


def test_the_example_is_what_comes_out() -> None:
    made = imported(read_written(block("json"), source="checkout.json"), shown="checkout.json")
    assert made.text == block("yaml")
    (listed,) = re.findall(r"with this list:\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert listed.splitlines()[:-2] == [str(remark) for remark in made.remarks]


def test_every_field_is_told_and_no_other() -> None:
    known = {info.alias or name for model in MODELS for name, info in model.model_fields.items()}
    assert told("## What a configuration may say") | told("### Queries") == known


def test_every_option_is_told() -> None:
    options = [name for option in kayenta.params for name in option.opts if name.startswith("-")]
    assert re.findall(r"`(-[^`]+)`", PAGE.split("| option |")[1].split("\n\n")[0]) == options
