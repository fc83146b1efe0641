"""A Judge with a hook's token for one namespace, and tokens of people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.api.tokens import hash_token
from tests.api.running import Server, running

TOKENS: dict[str, dict[str, Any]] = {
    "hook": {"role": "hook", "namespaces": ["test"]},
    "viewer": {"role": "view"},
    "asker": {"role": "judge"},
    "operator": {"role": "operate"},
    "tester": {"role": "operate", "namespaces": ["test"]},
}


def write_tokens(folder: Path) -> Path:
    entries = [
        {"name": name, "hash": hash_token(f"token-of-{name}"), **entry}
        for name, entry in TOKENS.items()
    ]
    path = folder / "tokens.yaml"
    path.write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("gates")
    with running(folder, daemon=False, token_file=write_tokens(folder)) as server:
        yield server
