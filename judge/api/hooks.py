"""``/hooks/{token}/...``: the same routes for callers that can send no header.

Owns the form of such a path, what of any path may be written down, and which dialects' callers
want to be refused in a line of text. The token is a secret that
stands in a URL, so it is made for this alone: it lets in nowhere else, what is behind it are other
systems' dialects alone, and no token of another role is looked at here. Who is let in is decided
by the door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "/hooks"
DIALECTS = ("flagger", "gate", "rollback", "kayenta")
PLAIN = frozenset({"flagger", "gate", "rollback"})
"""Dialects whose caller shows a refusal's body to people as it is."""

HIDDEN = "***"
_HOOKS = re.compile(r"/hooks\b", re.IGNORECASE)
_TOKEN = re.compile(r"judge_[\w-]+")


@dataclass(frozen=True, slots=True)
class HookPath:
    """A path under `ROOT`: whose it says it is, and ``path``, which it stands for."""

    token: str
    path: str

    @property
    def leads_somewhere(self) -> bool:
        """Whether it stands for a dialect's path, and for that as it is written."""
        first, *rest = self.path.removeprefix("/").split("/")
        return first in DIALECTS and not {"", ".", ".."} & set(rest)


def hook_path(path: str) -> HookPath | None:
    """What ``path`` (decoded) says under `ROOT`; None elsewhere. One slash at its end is nothing.

    A redirect to the path without that slash would lose the token.
    """
    if path != ROOT and not path.startswith(ROOT + "/"):
        return None
    token, _, rest = path.removeprefix(ROOT).removeprefix("/").partition("/")
    return HookPath(token, "/" + rest.removesuffix("/"))


def speaks_plainly(path: str) -> bool:
    """Whether ``path``, behind a hook or not, is meant for a dialect of `PLAIN`.

    As it is meant: a slash too many, a hook without its token, or one with nothing behind it,
    where the load tester runs commands, are their callers' too.
    """
    hook = hook_path(path)
    inside = path if hook is None else hook.path
    first = inside.lstrip("/").partition("/")[0]
    return first in PLAIN or (hook is not None and (not first or hook.token in PLAIN))


def writable(path: str) -> str:
    """``path`` as a log may have it: nothing that is, or was meant as, a token."""
    found = _HOOKS.search(path)
    if found is not None:
        path = path[: found.end()] + "/" + HIDDEN
    return _TOKEN.sub(HIDDEN, path)
