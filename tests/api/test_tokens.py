"""The token file: who is let in, rereading, and files that cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from judge.api.principal import Principal, Role
from judge.api.tokens import TokenFile, hash_token, new_token
from judge.errors import SettingsError


def _write(path: Path, *entries: dict[str, object]) -> Path:
    path.write_text(json.dumps({"tokens": list(entries)}), encoding="utf-8")
    return path


def test_a_token_is_found_by_its_hash_with_its_role_and_namespaces(tmp_path: Path) -> None:
    token = new_token()
    path = _write(
        tmp_path / "tokens.yaml",
        {"name": "ci", "hash": hash_token(token), "role": "judge", "namespaces": ["shop"]},
        {"name": "other", "hash": hash_token(new_token()), "role": "admin"},
    )
    assert TokenFile(path).find(token) == Principal("ci", Role.JUDGE, frozenset({"shop"}))
    assert TokenFile(path).find(token + "x") is None
    assert TokenFile(path).find(hash_token(token)) is None


def test_tokens_are_long_random_and_different() -> None:
    assert new_token() != new_token()
    assert len(new_token()) >= 43 + len("judge_")


def test_a_change_of_the_file_counts_at_once(tmp_path: Path) -> None:
    first, second = new_token(), new_token()
    path = _write(tmp_path / "t", {"name": "a", "hash": hash_token(first), "role": "view"})
    tokens = TokenFile(path)
    assert tokens.find(first) is not None
    _write(path, {"name": "b", "hash": hash_token(second), "role": "view"})
    os.utime(path, ns=(1, 1))
    assert tokens.find(first) is None
    assert tokens.find(second) == Principal("b", Role.VIEW)


@pytest.mark.parametrize("broken", ["tokens: [", None], ids=["no YAML", "gone"])
def test_a_file_that_breaks_leaves_the_tokens_before_in_force(
    tmp_path: Path, broken: str | None
) -> None:
    token = new_token()
    path = _write(tmp_path / "t", {"name": "a", "hash": hash_token(token), "role": "view"})
    tokens = TokenFile(path)
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken, encoding="utf-8")
    assert tokens.find(token) is not None


GOOD = {"name": "a", "hash": "sha256:" + "0" * 64, "role": "view"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tokens: [", "is no YAML"),
        ("[]", "the whole: Input should be a valid dictionary"),
        ("", "the whole: Input should be a valid dictionary"),
        (json.dumps({"tokens": [{**GOOD, "role": "root"}]}), r"tokens\.0\.role: .*'view'"),
        (json.dumps({"tokens": [{**GOOD, "hash": "judge_secret"}]}), r"0\.hash: .*judge tokens"),
        (json.dumps({"tokens": [{**GOOD, "namespaces": []}]}), r"tokens\.0\.namespaces"),
        (json.dumps({"tokens": [{**GOOD, "expires": "never"}]}), r"tokens\.0\.expires: Extra"),
        (json.dumps({"tokens": [GOOD, GOOD]}), "the name a is given to two tokens"),
        ("tokens: []\ntokens: []\n", "is no YAML.*(?s:.*)duplicate"),
    ],
    ids=[
        "broken",
        "a list",
        "empty",
        "unknown role",
        "a token for its hash",
        "no namespaces",
        "an unknown field",
        "a name twice",
        "a key twice",
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said) as caught:
        TokenFile(path)
    assert "judge_secret" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the token file: No such file"):
        TokenFile(tmp_path / "none")


def test_roles_are_ordered() -> None:
    ordered = [Role.VIEW, Role.JUDGE, Role.OPERATE, Role.ADMIN]
    assert [[a.includes(b) for b in ordered] for a in ordered] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_a_hook_may_do_what_judge_may() -> None:
    assert [role for role in Role if Role.HOOK.includes(role)] == [Role.VIEW, Role.JUDGE, Role.HOOK]


def test_namespaces_limit_what_is_seen() -> None:
    assert Principal("all", Role.VIEW).sees("shop")
    assert Principal("some", Role.VIEW, frozenset({"shop"})).sees("shop")
    assert not Principal("some", Role.VIEW, frozenset({"shop"})).sees("bank")
