"""What the pages on continuous integration say is what the commands have."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from judge.cli.ci.reaction import environment
from judge.cli.start import start
from judge.cli.verdict import verdict
from judge.cli.wait import wait
from judge.cli.watch import watch
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Outcome, Promise, Verdict

DOCS = Path(__file__).parents[2] / "docs"
CI = (DOCS / "ci.md").read_text("utf-8")
PAGES = ("ci.md", "coming-from-kayenta.md", "watch.md")
STEPS = [verdict, watch, wait, start]


def options(command: click.Command) -> set[str]:
    return {one.opts[0] for one in command.params if isinstance(one, click.Option)}


def section(text: str, heading: str) -> str:
    return text.partition(f"{heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("command", STEPS)
def test_every_step_has_the_same_files_and_commands(command: click.Command) -> None:
    named = set(re.findall(r"^\| `(--\w+) FILE` \|", section(CI, "## Reports"), re.MULTILINE))
    named |= set(re.findall(r"`(--on-\w+) CMD`", section(CI, "## Acting")))
    assert named == {
        "--junit", "--markdown", "--json", "--on-pass", "--on-fail", "--on-inconclusive"
    }  # fmt: skip
    assert named <= options(command)
    assert "--timeout" in options(command)


def test_the_page_on_watch_has_every_option() -> None:
    text = (DOCS / "watch.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(--[\w-]+)", text, re.MULTILINE)) == options(watch)


def test_every_variable_of_a_command() -> None:
    nothing = Verdict(Outcome.PASS, "", None, Promise.EXACT)
    told = environment(nothing, ResolvedAnalysis("a", ()), run="", evidence=None)
    rows = re.findall(r"^\| (`JUDGE_.*?) \|", CI, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"JUDGE_\w+", row)} == set(told)


def test_every_exit_code() -> None:
    codes = re.findall(r"^\| (\d+) \|", section(CI, "## Exit codes"), re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "130"]
    watched = (DOCS / "watch.md").read_text("utf-8")
    assert re.findall(r"^\| (\d+) \|", section(watched, "## Exit codes"), re.MULTILINE) == codes


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", (DOCS / page).read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (DOCS / path).resolve() if path else DOCS / page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            found = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
            assert anchor in found, link


def test_the_examples_are_those_of_their_readme() -> None:
    folder = DOCS.parent / "deploy" / "examples" / "ci"
    linked = re.findall(r"\]\(([\w./-]+)\)", (folder / "README.md").read_text("utf-8"))
    inside = {one.rstrip("/") for one in linked if not one.startswith("..")}
    there = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.name != "README.md"}
    assert inside == there
    assert YAML(typ="safe").load((folder / "checkout.yaml").read_text())["kind"] == "Analysis"
