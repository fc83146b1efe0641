"""``judge import kayenta``: what is written, what is told, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SpecError
from judge.spec.loading import load_analysis

CONFIGS = sorted((Path(__file__).parents[1] / "dialects/kayenta/configs").glob("*.json"))
CONFIG: dict[str, Any] = {
    "name": "checkout",
    "id": "7",
    "metrics": [
        {
            "name": "errors",
            "query": {"type": "prometheus", "customInlineTemplate": "PromQL:e{a='${scope}'}"},
            "groups": ["all"],
            "scopeName": "default",
        }
    ],
    "classifier": {"groupWeights": {"all": 100}},
}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(judge, [*map(str, arguments)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kayenta.json"
    path.write_text(json.dumps(CONFIG, indent=2))
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_is_written_passes_judge_check(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "analysis.yaml"
    assert run("import", "kayenta", path, "--output", output).exit_code == 0
    checked = run("check", output)
    assert checked.exit_code == 0, checked.output
    assert "is well written: 1 looks of 1h" in checked.output


def test_the_analysis_and_the_list_come_out_apart(config: Path) -> None:
    done = run("import", "kayenta", config)
    assert done.exit_code == 0
    assert load_analysis(done.stdout).name == "checkout"
    assert done.stderr.splitlines() == [
        f"{config}:3:9: id: stays behind; an analysis is found by its name",
        (
            f"{config}:9:33: metrics[0].query.customInlineTemplate: ${{scope}} becomes "
            "baselineScope and canaryScope; in a string its value is escaped, so write a "
            "backslash once"
        ),
    ]


def test_with_an_output_the_list_and_the_next_step_are_printed(
    config: Path, tmp_path: Path
) -> None:
    output = tmp_path / "analysis.yaml"
    done = run("import", "kayenta", config, "-o", output)
    assert load_analysis(output.read_text()).name == "checkout"
    first, *_, what, following = done.stdout.splitlines()
    assert first.startswith(f"{config}:3:9: id: ")
    assert (what, following) == (
        f"{output}: fill in what Kayenta's requests carry. Next:",
        f"  judge check {output}",
    )
    assert done.stderr == ""


def test_everything_wrong_is_told_with_its_line_and_nothing_is_written(
    config: Path, tmp_path: Path
) -> None:
    doc = {**CONFIG, "judge": {"name": "other"}, "metrics": [{**CONFIG["metrics"][0]}]}
    doc["metrics"][0]["analysisConfigurations"] = {"canary": {"critical": "true"}}
    config.write_text(json.dumps(doc, indent=2))
    output = tmp_path / "analysis.yaml"
    done = run("import", "kayenta", config, "-o", output)
    assert isinstance(done.exception, SpecError)
    assert [(one.path, one.line > 0) for one in done.exception.issues] == [
        ("judge.name", True),
        ("metrics[0].analysisConfigurations.canary.critical", True),
    ]
    assert not output.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '"text"', "\x00"])
def test_what_is_no_configuration_is_told(config: Path, text: str) -> None:
    config.write_text(text)
    done = run("import", "kayenta", config)
    assert isinstance(done.exception, SpecError)


def test_files_that_cannot_be_read_or_written(config: Path, tmp_path: Path) -> None:
    assert isinstance(run("import", "kayenta", tmp_path / "none.json").exception, SpecError)
    done = run("import", "kayenta", config, "-o", tmp_path / "none" / "analysis.yaml")
    assert done.exit_code == 2
    assert "cannot be written" in done.output
