"""The ids of an execution's parts: a judgement, and the values that it was made on.

A run's id names all of it; behind a dash the number of a judgement, from 1, names that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.errors import NotFound

_ID = re.compile(r"(?P<run>[^-]+)-(?P<number>[1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class ExecutionId:
    """A judgement of a run; ``number`` counts from 1."""

    run: str
    number: int

    def __str__(self) -> str:
        return f"{self.run}-{self.number}"

    @property
    def index(self) -> int:
        """The index of its look."""
        return self.number - 1


def execution_id_of(text: str) -> ExecutionId | None:
    """The judgement that ``text`` names; None where it is no such id."""
    found = _ID.fullmatch(text)
    return None if found is None else ExecutionId(found["run"], int(found["number"]))


def unknown_execution(text: str) -> NotFound:
    """What is said of an execution that is not there, or not there for who asks."""
    return NotFound(f"there is no execution {text!r:.100}; ask by the id that starting it gave")
