"""docs/coming-from-flagger.md: its example is what comes out, its table names every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from judge.cli.import_flagger import flagger
from judge.cli.main import judge

PAGE = (Path(__file__).parents[3] / "docs/coming-from-flagger.md").read_text(encoding="utf-8")
FILES = ("canary.yaml", "templates.yaml", "checkout.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_is_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary, templates, analysis, hook = blocks("yaml")
    monkeypatch.chdir(tmp_path)
    for name, text in zip(FILES, (canary, templates), strict=False):
        Path(name).write_text(text, encoding="utf-8")
    command, check = blocks("sh")[0].splitlines()
    done = CliRunner().invoke(judge, command.split()[1:])
    assert done.exit_code == 0, done.output
    assert Path("checkout.yaml").read_text(encoding="utf-8") == analysis
    (listed,) = re.findall(r"with this list:\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert done.stdout == listed
    assert hook in Path("with-judge.yaml").read_text(encoding="utf-8")
    assert CliRunner().invoke(judge, check.split()[1:]).exit_code == 0


def test_every_option_is_told() -> None:
    options = [name for option in flagger.params for name in option.opts if name.startswith("-")]
    table = PAGE.split("| option |")[1].split("\n\n")[0]
    named = [cell for row in table.splitlines()[2:] for cell in [row.split("|")[1]]]
    assert re.findall(r"`(-[^`]+)`", " ".join(named)) == options
