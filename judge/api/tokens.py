"""The token file: whose tokens are let in, as what.

Owns its format, its rereading when it changes, and the comparison. Only SHA-256 hashes are stored:
tokens have 256 bits of randomness, so that a slow hash would protect nothing more. Promises that a
file that breaks while the daemon runs leaves the tokens before it in force, with an error in the
log; a daemon does not start on a broken one.

    tokens:
      - name: ci
        hash: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        role: judge               # view, judge, operate, admin; or hook, for /hooks alone
        namespaces: [shop]        # left out: all
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from judge.api.principal import Principal, Role
from judge.errors import SettingsError

PREFIX = "judge_"
_log = structlog.get_logger(__name__)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    role: Role
    namespaces: frozenset[Annotated[str, Field(min_length=1)]] | None = Field(None, min_length=1)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: list[_Entry]


def new_token() -> str:
    """A token with 256 bits of randomness; its prefix lets secret scanners know it."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What the token file keeps of ``token``."""
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class TokenFile:
    """The tokens in a file, as it is now.

    Raises `SettingsError` if the file cannot be used when it is first read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _state(path)
        self._entries = _read(path)

    def find(self, token: str) -> Principal | None:
        """Whose ``token`` it is, or None. Looks at every entry, whichever matches.

        Where it lets him in is the door's: a hook's nowhere but under /hooks, no other there.
        """
        self._reread()
        hashed = hash_token(token)
        found = None
        for entry in self._entries:
            if hmac.compare_digest(entry.hash, hashed):
                found = Principal(entry.name, entry.role, entry.namespaces)
        return found

    def _reread(self) -> None:
        state = _state(self._path)
        if state == self._state:
            return
        self._state = state
        try:
            self._entries = _read(self._path)
        except SettingsError as exc:
            _log.error("the token file is not used: the tokens before stay valid", reason=str(exc))
        else:
            _log.info("token file read again", tokens=len(self._entries))


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever the file does; None where it cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> tuple[_Entry, ...]:
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        entries = _Document.model_validate(document).tokens
    except OSError as exc:
        raise SettingsError(f"{path}: cannot read the token file: {exc.strerror}") from exc
    except (YAMLError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path}: the token file is no YAML: {exc}") from exc
    except ValidationError as exc:
        raise SettingsError(_explain(path, exc)) from exc
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"{path}: the name {twice[0]} is given to two tokens: rename one")
    return tuple(entries)


def _explain(path: Path, exc: ValidationError) -> str:
    """Every fault with its place. Never the value: it may be a token put where its hash belongs."""
    lines = []
    for error in exc.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in error["loc"]) or "the whole"
        hint = " (make one with: judge tokens NAME)" if place.endswith("hash") else ""
        lines.append(f"{path}: {place}: {error['msg']}{hint}")
    return "\n".join(lines)
