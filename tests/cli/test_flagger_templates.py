"""Templates of Flagger's in the commands, as their page tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SpecError

PAGE = (Path(__file__).parents[2] / "docs" / "flagger-templates.md").read_text(encoding="utf-8")
TEMPLATE, ANALYSIS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "error-rate.yaml").write_text(TEMPLATE)
    (tmp_path / "analysis.yaml").write_text(ANALYSIS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(judge, arguments)


def test_the_pages_command_says_what_the_page_says(folder: Path) -> None:
    (shown,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    command, output = shown.split("\n", 1)
    done = run(*command.removeprefix("$ judge ").split())
    assert (done.exit_code, done.output) == (0, output)


def test_the_pages_analysis_is_one(folder: Path) -> None:
    done = run("check", "analysis.yaml")
    assert done.exit_code == 0
    assert 'kubernetes_pod_name=~"podinfo-primary-[0-9a-z]+-[0-9a-z]+", status=~"5.."' in (
        done.output
    )


def test_a_template_is_shown(folder: Path) -> None:
    assert run("templates", "show", "./error-rate.yaml").output == TEMPLATE
    told = json.loads(run("templates", "show", "./error-rate.yaml", "--output", "json").output)
    assert (told["kind"], told["direction"], told["podLabel"]) == (
        "proportion",
        "increase",
        "kubernetes_pod_name",
    )
    assert [one["name"] for one in told["variables"]] == ["namespace", "target"]


def test_one_that_asks_for_a_value_is_refused_with_its_line(folder: Path) -> None:
    text = TEMPLATE.replace("* 100", '* {{ if eq target "a" }}100{{ end }}')
    (folder / "error-rate.yaml").write_text(text)
    done = run("check", "analysis.yaml")
    assert done.exit_code != 0
    said = done.output + str(done.exception)
    assert "error-rate.yaml:15:13: spec.query: eq: a comparison is made" in said
    shown = run("templates", "render", "./error-rate.yaml")
    assert isinstance(shown.exception, SpecError)
