"""Who asks, and what they may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What a token may do; each role but the last may do all that those before it may."""

    VIEW = "view"  # read runs, events, evidence and metrics
    JUDGE = "judge"  # and ask for verdicts and start runs
    OPERATE = "operate"  # and steer runs: cancel, promote, roll back, approve, hold
    ADMIN = "admin"  # and name files on the server in what they send
    HOOK = "hook"  # as judge, but under /hooks alone

    def includes(self, other: Role) -> bool:
        """Whether this role may do what ``other`` may."""
        return _RANKS[self] >= _RANKS[other]


_RANKS = {Role.VIEW: 0, Role.JUDGE: 1, Role.HOOK: 1, Role.OPERATE: 2, Role.ADMIN: 3}


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request. ``namespaces`` is None where all may be seen."""

    name: str
    role: Role
    namespaces: frozenset[str] | None = None

    def sees(self, namespace: str) -> bool:
        """Whether runs of ``namespace`` exist for this caller."""
        return self.namespaces is None or namespace in self.namespaces


LOCAL = Principal("loopback", Role.ADMIN)
"""Whoever asks over loopback where there is no token file."""
