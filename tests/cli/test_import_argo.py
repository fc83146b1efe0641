"""``judge import argo``: what is written, what is told, and how it exits."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SpecError
from judge.spec.loading import load_analysis
from tests.dialects.argo.test_docs import ROLLOUT, TEMPLATE


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(judge, [*map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    template, rollout = tmp_path / "template.yaml", tmp_path / "rollout.yaml"
    template.write_text(TEMPLATE)
    rollout.write_text(ROLLOUT)
    return template, rollout


def test_what_is_written_passes_judge_check(files: tuple[Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "analysis.yaml"
    done = run("import", "argo", *files, "--output", output)
    assert done.exit_code == 0
    checked = run("check", output)
    assert checked.exit_code == 0, checked.output
    assert "is well written: 20 looks of 1m" in checked.output
    first, *_, what, following = done.stdout.splitlines()
    assert first.startswith(f"{files[0]}:15:25: spec.metrics[0].successCondition: ")
    assert (what, following) == (
        f"{output}: fill in what a rollout sets, or pass it. Next:",
        f"  judge check {output}",
    )


def test_the_analysis_and_the_list_come_out_apart(files: tuple[Path, Path]) -> None:
    done = run("import", "argo", *files)
    assert done.exit_code == 0
    assert load_analysis(done.stdout).name == "checkout"
    assert len(done.stderr.splitlines()) == 6


def test_several_documents_of_one_file_and_a_value(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(f"{TEMPLATE}---\n{ROLLOUT}---\n# nothing more\n")
    done = run("import", "argo", file, "--set", "app=cart")
    assert "app: cart" in done.stdout


def test_an_anchor_of_the_file_is_followed(tmp_path: Path) -> None:
    anchored = TEMPLATE.replace("interval: 1m", "interval: &often 1m", 1)
    anchored = anchored.replace("interval: 1m", "interval: *often", 1)
    file = tmp_path / "all.yaml"
    file.write_text(anchored)
    assert "interval: 1m" in run("import", "argo", file).stdout


@pytest.mark.parametrize("text", ["", "[]", "{", '"text"', "\x00", "kind: Rollout\n"])
def test_what_holds_no_template_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(text)
    assert isinstance(run("import", "argo", file).exception, SpecError)


def test_files_that_cannot_be_read_or_written(files: tuple[Path, Path], tmp_path: Path) -> None:
    assert isinstance(run("import", "argo", tmp_path / "none.yaml").exception, SpecError)
    done = run("import", "argo", *files, "-o", tmp_path / "none" / "analysis.yaml")
    assert done.exit_code == 2
    assert "cannot be written" in done.output
    assert run("import", "argo", *files, "--set", "app").exit_code == 2
    assert run("import", "argo").exit_code == 2
