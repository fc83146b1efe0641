"""Whom each operation under /kayenta lets in: whom the guide says, and nobody sees another's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from judge.api.principal import Role
from judge.api.tokens import hash_token
from tests.api.kayenta.test_openapi import GUIDE
from tests.api.running import Server, running

ROLES = [role for role in Role if role is not Role.HOOK]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("roles")
    entries = [
        {"name": role, "hash": hash_token(f"token-of-{role}"), "role": role, "namespaces": ["shop"]}
        for role in Role
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    with running(folder, daemon=False, token_file=folder / "tokens.yaml") as server:
        yield server


def told() -> list[tuple[str, str, str]]:
    """Method, path and role of every row of the guide's table."""
    rows = re.findall(r"^\| `(\w+) ([^`?]+)[^`]*` \| (\w+) \|", GUIDE.read_text(), re.MULTILINE)
    return [(method, re.sub(r"\{\w+\}", "none", path), role) for method, path, role in rows]


def test_the_guide_tells_roles() -> None:
    assert len(told()) >= 20
    assert {role for _, _, role in told()} == {"none", "view", "judge", "operate"}


def ask(server: Server, method: str, path: str, *, hook: str = "", **headers: str) -> Any:
    sent = {"Content-Type": "application/json", **headers}
    return server.http.request(method, f"{hook}/kayenta{path}", content=b"{}", headers=sent)


@pytest.mark.parametrize(("method", "path", "least"), told())
def test_each_operation_lets_in_whom_the_guide_says(
    server: Server, method: str, path: str, least: str
) -> None:
    for role in ROLES:
        answer = ask(server, method, path, Authorization=f"Bearer token-of-{role}")
        barred = least != "none" and not role.includes(Role(least))
        assert (answer.status_code == 403) is barred, (role, answer.text)
    nobody = ask(server, method, path)
    assert (nobody.status_code == 401) is (least != "none")


@pytest.mark.parametrize(("method", "path", "least"), told())
def test_a_hook_does_what_judge_does(server: Server, method: str, path: str, least: str) -> None:
    hooked = ask(server, method, path, hook=f"/hooks/token-of-{Role.HOOK}")
    with_header = ask(server, method, path, Authorization=f"Bearer token-of-{Role.JUDGE}")
    assert hooked.status_code == with_header.status_code
    assert (hooked.status_code == 403) is (least == "operate")
