"""docs/prometheus.md names every option, field and reason there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import click

from judge.cli.verdict import verdict
from judge.spec.server import PrometheusWritten
from judge.stats.samples import Absence

TEXT = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text("utf-8")


def first_cells(heading: str) -> list[str]:
    """What stands in backticks first in each row of the table under a heading."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_option_of_the_command() -> None:
    options = [one for one in verdict.params if isinstance(one, click.Option)]
    written = first_cells("Judge a window that is over")
    assert sorted(written) == sorted(one.opts[0] for one in options)


def test_every_field_of_a_server() -> None:
    fields = PrometheusWritten.model_fields.values()
    assert sorted(first_cells("Where the server is")) == sorted(one.alias or "" for one in fields)


def test_every_reason_for_a_hole() -> None:
    assert first_cells("What a hole is told apart from") == [one.value for one in Absence]
