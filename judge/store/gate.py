"""A gate that people open for a rollout, and what a check, an opening and a closing make of it.

Pure: no table, no clock. A gate is open for one revision of its Canary, never for the next. A
revision is told by Flagger's checksum and by whether its analysis has begun: before that, while
Flagger waits for the confirmation of a rollout, the checksum is still the one before's, so that
the same checksum means two things. A revision that comes again is another rollout too, which the
checksum does not tell: then an opening ends where its rollout is known to have ended. Who knows no
checksum opens for the revision that asked last.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Self

_STARTING = "start "

FIRST = frozenset({"Initialized", "Succeeded", "Failed"})
"""Phases of a Canary at rest: Flagger asks so once, when it sees a new revision."""

AT_REST = FIRST | {"Waiting"}
"""And while it waits for the confirmation."""


class GateKind(enum.StrEnum):
    """The gates of a Canary. Open, the first lets a rollout go on; the second rolls it back."""

    GATE = "gate"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a gate is asked and opened for. ``starting``: its analysis has not begun."""

    checksum: str
    starting: bool = False

    @property
    def text(self) -> str:
        """As it is stored."""
        return _STARTING + self.checksum if self.starting else self.checksum

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """What `text` stands for."""
        if text is None:
            return None
        return cls(text.removeprefix(_STARTING), text.startswith(_STARTING))


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody says of the rollout that he means: a checksum, a phase, or neither ("")."""

    checksum: str = ""
    phase: str = ""

    def revision(self, last: Revision | None) -> Revision | None:
        """The revision that is meant, where ``last`` is the one that asked last.

        None where no checksum is told. Without a phase the checksum means what it did last.
        """
        if not self.checksum:
            return None
        if not self.phase and last is not None and last.checksum == self.checksum:
            return last
        return Revision(self.checksum, starting=self.phase in AT_REST)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one Canary.

    ``revision`` is what it is open for, None the first that asks; ``asked`` is what asked last, of
    whichever of the Canary's gates. ``by`` is who opened or closed it, None where a check did.
    ``changed_at`` is in Unix seconds.
    """

    namespace: str
    name: str
    gate: GateKind
    changed_at: float
    open: bool = False
    revision: Revision | None = None
    asked: Revision | None = None
    by: str | None = None
    seq: int = 0

    def checked(self, asking: Asking, *, now: float) -> Self:
        """The gate after one of the Canary's gates was asked: the same where nothing changes.

        An opening that waits for the first revision is for this one. One for another ends here,
        and so does one for the start of a rollout that is over, where the next begins.
        """
        revision = asking.revision(self.asked)
        if revision is None:
            return self
        gate = self if self.asked == revision else replace(self, asked=revision)
        if not self.open:
            return gate
        if self.revision is None:
            return replace(gate, revision=revision)
        if self.revision == revision and asking.phase not in FIRST:
            return gate
        return gate.ended(now=now)

    def ended(self, *, now: float) -> Self:
        """The gate once the rollout that it was open for is over."""
        return replace(self, open=False, revision=None, by=None, changed_at=now)

    def opened(self, asking: Asking, *, by: str, now: float) -> Self:
        """The gate once somebody has opened it for what he means, or for what asked last."""
        revision = asking.revision(self.asked) or self.asked
        return replace(self, open=True, revision=revision, by=by, changed_at=now)

    def closed(self, *, by: str, now: float) -> Self:
        """The gate once somebody has closed it, whatever it was open for."""
        if not self.open:
            return self
        return replace(self, open=False, revision=None, by=by, changed_at=now)
