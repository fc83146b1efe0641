"""``judge tokens``: what it prints is a token and the entry that lets it in."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from judge.api.principal import Principal, Role
from judge.api.tokens import TokenFile
from judge.cli.main import judge


def test_the_entry_lets_the_token_in(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        judge, ["tokens", 'ci "1"', "--role", "operate", "--namespace", "shop"]
    )
    path = tmp_path / "tokens.yaml"
    path.write_text("tokens:\n" + done.stderr, encoding="utf-8")
    found = TokenFile(path).find(done.stdout.strip())
    assert found == Principal('ci "1"', Role.OPERATE, frozenset({"shop"}))
    assert done.stdout.strip() not in done.stderr


def test_an_unknown_role_is_a_usage_error() -> None:
    assert CliRunner().invoke(judge, ["tokens", "ci", "--role", "root"]).exit_code == 2


def test_a_hooks_entry_is_one_that_the_file_knows(tmp_path: Path) -> None:
    done = CliRunner().invoke(judge, ["tokens", "argo", "--role", "hook", "--namespace", "shop"])
    path = tmp_path / "tokens.yaml"
    path.write_text("tokens:\n" + done.stderr, encoding="utf-8")
    found = TokenFile(path).find(done.stdout.strip())
    assert found == Principal("argo", Role.HOOK, frozenset({"shop"}))
    assert done.stdout.strip().isascii()
    assert "/" not in done.stdout
