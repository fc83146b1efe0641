"""Who asks, and what they may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What a token may do; each role may do all that those before it may."""

    VIEW = "view"  # read runs, events, evidence and metrics
    JUDGE = "judge"  # and ask for verdicts and start runs
    OPERATE = "operate"  # and steer runs: cancel, promote, roll back, approve, hold
    ADMIN = "admin"  # and name files on the server in what they send

    def includes(self, other: Role) -> bool:
        """Whether this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


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
